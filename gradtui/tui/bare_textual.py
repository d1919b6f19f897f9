"""Textual without what the first paint would wait for in vain: widgets, and the TLS of asyncio.

Of its public types some are those of widgets; Textual itself asks for one of its own.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType

_PUBLIC = "textual.types"
_UNUSED = ("textual.command", "textual.widgets._toast", "rich.table")
"""Textual asks for names in them, which it uses only to open its palette, to show notifications,
or to print colours.
"""


class _Types(ModuleType):
    """Stands for the public types, and gives way to them once it is asked for one of a widget."""

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)  # asked for by the import system
        own = import_module("textual._types")
        if hasattr(own, name):
            return getattr(own, name)
        if sys.modules.get(_PUBLIC) is self:
            del sys.modules[_PUBLIC]
        return getattr(import_module(_PUBLIC), name)


class _Hollow(ModuleType):
    """Stands for a module: any class of it that is asked for is there, and empty."""

    def __getattr__(self, name: str) -> type:
        if name.startswith("__"):
            raise AttributeError(name)  # asked for by the import system
        return type(name, (), {})


def leave_out(*, unused: bool) -> None:
    """Have Textual imported without these widgets, if it was not imported before.

    If `unused`, also without what our app never uses of it: not where code of others is run, which
    may have an app that does.
    """
    if "textual" in sys.modules:
        return
    hollow = [name for name in _UNUSED if unused and name not in sys.modules]
    sys.modules.update((name, _Hollow(name)) for name in hollow)
    try:
        import textual

        textual.types = sys.modules[_PUBLIC] = _Types(_PUBLIC)
        import_module("textual.app")
    finally:
        for name in hollow:
            del sys.modules[name]


def leave_out_tls() -> None:
    """Have asyncio imported without OpenSSL, if it was not imported before.

    Not where code of others is run, which may speak TLS by asyncio.
    """
    if "asyncio" not in sys.modules and "ssl" not in sys.modules:
        sys.modules["ssl"] = None  # type: ignore[assignment]
        try:
            import_module("asyncio")
        finally:
            del sys.modules["ssl"]
