"""Modules that others import and hardly use: each is imported once something of it is used.

Every start waited for them.  Knows no other module of the package: it comes before all of them.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
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
    "tempfile": ("TemporaryFile", "gettempdir"),
    "textual.pilot": ("Pilot",),
    "textwrap": (),
    "tokenize": (),
    "urllib.parse": ("quote", "quote_from_bytes"),
    "zlib": (),
}
"""The name -> what others take out of it as they are imported, and call much later or never."""


class _Postponed(ModuleType):
    """Stands for a module, and gives way to it once something of it is used."""

    def __init__(self, name: str, callables: tuple[str, ...]) -> None:
        super().__init__(name)
        self._callables = callables

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)  # asked for by the import system
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
    for name, callables in _MODULES.items():
        if name not in sys.modules:
            sys.modules[name] = _Postponed(name, callables)


def give_way() -> None:
    """Have the modules themselves imported from now on, as code of others expects."""
    for name in _MODULES:
        if isinstance(sys.modules.get(name), _Postponed):
            del sys.modules[name]
