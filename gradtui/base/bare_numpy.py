"""NumPy, without its help texts and most types of its annotations, which nothing here reads.

They take a third of the time of that import, for which every command waits.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.machinery import ModuleSpec
from os.path import join
from types import GenericAlias, ModuleType
from typing import Any, TypeVar

_TEXTS = frozenset({"numpy._core._add_newdocs", "numpy._core._add_newdocs_scalars"})
_TYPES = ("numpy._typing", "numpy.typing")
_Scalar = TypeVar("_Scalar")


class _Early:
    """An array, while there are none yet: NumPy itself annotates with it."""

    def __class_getitem__(cls, kind: object) -> GenericAlias:
        return GenericAlias(cls, kind)


class _Types(ModuleType):
    """Stands for a module of types, and gives way to it once it is asked for more than arrays."""

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)  # asked for by the import system
        if name == "NDArray":
            numpy: Any = sys.modules["numpy"]
            if not hasattr(numpy, "ndarray"):
                return _Early
            return numpy.ndarray[tuple[Any, ...], numpy.dtype[_Scalar]]
        give_way()
        return getattr(import_module(self.__name__), name)


class _Finder:
    """Finds empty modules in the place of those left out."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return what is loaded by that name; called by the import system, as are the others."""
        if name not in _TEXTS and name not in _TYPES:
            return None
        spec = ModuleSpec(name, self)  # type: ignore[arg-type]
        if name in _TYPES and path is not None:  # the modules in it can be imported
            spec.submodule_search_locations = [join(path[0], name.rpartition(".")[2])]
        return spec

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Return the module, before it is filled."""
        return (_Types if spec.name in _TYPES else ModuleType)(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Fill the module with nothing."""


_FINDER = _Finder()


def leave_out() -> None:
    """Have NumPy imported without them, if it was not imported before."""
    if "numpy" not in sys.modules and _FINDER not in sys.meta_path:
        sys.meta_path.insert(0, _FINDER)


def give_way() -> None:
    """Have all modules imported as they are from now on."""
    if _FINDER in sys.meta_path:
        sys.meta_path.remove(_FINDER)
    for name in _TYPES:
        if isinstance(sys.modules.get(name), _Types):
            del sys.modules[name]
