"""Textual without what the first paint would wait for in vain: widgets, and the TLS of asyncio.

Of its public types some are those of widgets; Textual itself asks for one of its own.  Of its
palette the app asks for names, which it uses only to open it; ours is opened instead.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType

_PUBLIC = "textual.types"
_PALETTE = "textual.command"


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


class _Palette(ModuleType):
    """Stands for the palette: any class of it that is asked for is there, and empty."""

    def __getattr__(self, name: str) -> type:
        if name.startswith("__"):
            raise AttributeError(name)  # asked for by the import system
        return type(name, (), {})


def leave_out() -> None:
    """Have Textual imported without these widgets, if it was not imported before."""
    if "textual" not in sys.modules:
        import textual

        textual.types = sys.modules[_PUBLIC] = _Types(_PUBLIC)


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


def leave_out_palette() -> None:
    """Have the app imported without Textual's palette, if it was not imported before.

    Not where code of others is run, which may have an app with that palette.
    """
    if "textual.app" not in sys.modules and _PALETTE not in sys.modules:
        sys.modules[_PALETTE] = _Palette(_PALETTE)
        try:
            import_module("textual.app")
        finally:
            del sys.modules[_PALETTE]
