"""The functions that only compute numbers from their arguments."""

from __future__ import annotations

from dis import get_instructions
from itertools import pairwise
from types import FunctionType, ModuleType

from msgspec import Struct

from gradtui.recording.library import Dialect

MODULES = ("numpy", "torch", "math", "cmath", "scipy", "itertools", "functools", "operator", "copy")
BUILTINS = frozenset({
    "abs", "all", "any", "bool", "dict", "divmod", "enumerate", "float", "getattr", "hasattr",
    "int", "isinstance", "iter", "len", "list", "map", "max", "min", "next", "pow", "range",
    "reversed", "round", "set", "slice", "sorted", "str", "sum", "super", "tuple", "zip",
})  # fmt: skip
FILES = frozenset({
    "save", "savez", "savez_compressed", "savetxt", "load", "loadtxt", "genfromtxt", "fromfile",
    "tofile", "dump", "memmap",
})  # fmt: skip
"""Functions of NumPy that read and write files."""
UNCHECKED = frozenset({
    "sparse", "as_strided", "ctypes", "frombuffer", "resize_", "storage", "untyped_storage",
    "set_", "data_ptr",
})  # fmt: skip
"""Functions that read memory by unchecked numbers: edited, they may crash the process.

Those that free memory are no part of a derivation, either.
"""
METHODS = frozenset({
    name for kind in (list, dict, tuple, set, str, int, float) for name in dir(kind)
})  # fmt: skip


class Owner(Struct, frozen=True):
    """An object whose methods may be called."""

    kind: type
    kept: frozenset[str]
    """The names of what it keeps."""
    numbers: frozenset[str]
    """Those of them that are plain numbers."""


def writes_parts(function: FunctionType, owner: Owner) -> bool:
    """Return whether a method may write into an array, or add to one in place."""
    steps = [one for one in get_instructions(function) if one.opname != "SWAP"]
    for one, after in pairwise(steps):
        if one.opname in ("STORE_SUBSCR", "STORE_SLICE", "DELETE_SUBSCR"):
            return True
        counted = after.opname == "STORE_ATTR" and after.argval in owner.numbers
        if one.opname == "BINARY_OP" and one.argrepr.endswith("=") and not counted:
            return True
    return False


def computes(
    function: FunctionType,
    dialect: Dialect,
    seen: frozenset[FunctionType] = frozenset(),
    owner: Owner | None = None,
) -> bool:
    """Return whether a function that may be called instead of another only computes.

    It uses only a library of arrays, its functions and methods, and functions that only compute,
    too.  A method of `owner` may use what that keeps, and its other methods.
    """
    if function in seen:
        return True
    for name in function.__code__.co_names:
        value = function.__globals__.get(name)
        method = getattr(owner.kind, name, None) if owner is not None else None
        if isinstance(method, FunctionType):
            if not computes(method, dialect, seen | {function}, owner):
                return False
            continue
        if isinstance(value, ModuleType):
            if value.__name__.partition(".")[0] not in MODULES:
                return False
        elif isinstance(value, FunctionType):
            if not computes(value, dialect, seen | {function}):
                return False
        elif name in FILES or not (
            hasattr(dialect.module, name)
            or name in dialect.methods
            or name in METHODS
            or name in BUILTINS
            or (owner is not None and name in owner.kept)
        ):
            return False
    return True
