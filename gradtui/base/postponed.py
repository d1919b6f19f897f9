"""Modules that others import and hardly use: each is imported once something of it is used.

Every start waited for them.  Knows no other module of the package: it comes before all of them.
"""

from __future__ import annotations

import os
import sys
import typing
from collections.abc import Callable, Mapping
from importlib import import_module
from types import ModuleType

_MODULES: dict[str, tuple[str, ...]] = {
    "bz2": (),
    "ctypes": (),
    "difflib": ("get_close_matches",),
    "ipaddress": (),
    "lzma": (),
    "mimetypes": (),
    "msgspec._json_schema": (),
    "msgspec.inspect": (),
    "msgspec.json": (),
    "msgspec.msgpack": (),
    "msgspec.toml": (),
    "msgspec.yaml": (),
    "pickle": ("dumps", "loads"),
    "rich.markup": ("render",),
    "tempfile": ("TemporaryFile", "gettempdir"),
    "textual.markup": ("parse_style",),
    "textual.pilot": ("Pilot",),
    "textwrap": (),
    "tokenize": (),
    "urllib.parse": ("quote", "quote_from_bytes"),
    "zlib": (),
}
"""The name -> what others take out of it as they are imported, and call much later or never."""
_KNOWN: dict[str, Mapping[str, object]] = {
    "gettext": {"gettext": str, "ngettext": lambda one, more, number: one if number == 1 else more},
    "platform": {"system": lambda: os.uname().sysname},
    "typing_extensions": vars(typing),
}
"""The name -> what others use at once, and is known without it: argparse its words in English, as
all others here are, uuid the kernel, and Textual types that came into Python before ours.
"""


class _Postponed(ModuleType):
    """Stands for a module, and gives way to it once something of it is used."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._callables, self._known = _MODULES.get(name, ()), _KNOWN.get(name, {})

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)  # asked for by the import system
        if name in self._known:
            return self._known[name]
        if name not in self._callables:
            return getattr(_real(self), name)
        found = self.__dict__[name] = _called_later(self, name)
        return found


def _called_later(module: _Postponed, name: str) -> Callable[..., object]:
    def call(*arguments: object, **named: object) -> object:
        return getattr(_real(module), name)(*arguments, **named)

    return call


def _real(module: _Postponed) -> ModuleType:
    name = module.__name__
    if sys.modules.get(name) is module:
        del sys.modules[name]
    return import_module(name)


def postpone() -> None:
    """Have them imported once something of them is used, if they were not imported before."""
    for name in (*_MODULES, *_KNOWN):
        if name not in sys.modules:
            sys.modules[name] = _Postponed(name)


def give_way() -> None:
    """Have the modules themselves imported from now on, as code of others expects."""
    for name in (*_MODULES, *_KNOWN):
        if isinstance(sys.modules.get(name), _Postponed):
            del sys.modules[name]
