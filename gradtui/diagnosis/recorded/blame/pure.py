"""The functions that only compute numbers from their arguments."""

from __future__ import annotations

import ast
import builtins
import dis
from collections.abc import Collection, Sequence
from functools import cache, lru_cache
from inspect import iscoroutinefunction
from types import CellType, CodeType, FunctionType, ModuleType

from msgspec import Struct

from gradtui.diagnosis.recorded.blame.units import Unit, Unreadable
from gradtui.recording.functions import asked, bare
from gradtui.recording.library import Dialect
from gradtui.recording.places import is_users_file

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
ADDRESSES = frozenset({"data_ptr", "ctypes"})
"""Attributes of arrays that lead to the address of their memory."""
_NATIVE = frozenset({"ctypes", "_ctypes", "cffi", "_cffi_backend"})
"""Modules that call native code, which reads and writes by the numbers that it is given."""
_FUNCTIONS = 256
"""Most functions of which is remembered what they store or reach."""
_PARTS = ("linalg", "fft", "special")
"""Modules of a library that have functions of arrays alone."""
_MAKING = frozenset({
    "zeros", "zeros_like", "ones", "ones_like", "empty", "empty_like", "full", "full_like", "eye",
    "copy", "clone",
})  # fmt: skip
_PLAIN = (int, float, complex, bool, str)
_RAISED = frozenset(
    name for name, one in vars(builtins).items()
    if isinstance(one, type) and issubclass(one, Exception)
)  # fmt: skip
_OF_SPARSE = frozenset({
    "getA", "getcol", "getrow", "maximum", "minimum", "multiply", "power", "toarray", "tocoo",
    "tocsc", "tocsr", "todense",
})  # fmt: skip
"""Methods of sparse matrices, and of sums of them, that check the sizes of what they are given."""
METHODS = _OF_SPARSE | {
    name for kind in (list, dict, tuple, set, str, int, float) for name in dir(kind)
}


class Owner(Struct, frozen=True):
    """An object whose methods may be called."""

    kind: type
    kept: frozenset[str]
    """The names of what it keeps."""
    numbers: frozenset[str]
    """Those of them that are plain numbers."""


def writes_parts(function: FunctionType, owner: Owner) -> bool:
    """Return whether a method may write into an array, or add to one in place.

    It may write into those that it makes itself, and count in a number that the object keeps.
    """
    try:
        nodes = Unit(function.__code__, [function]).nodes
    except Unreadable:
        return True
    own = _made_by(nodes, function)
    for node in nodes:
        if isinstance(node, ast.AugAssign):
            target: ast.expr | None = node.target
            if isinstance(target, ast.Attribute) and target.attr in owner.numbers:
                continue
        elif isinstance(node, ast.Subscript) and not isinstance(node.ctx, ast.Load):
            target = node
        else:
            continue
        while isinstance(target, ast.Subscript):
            target = target.value
        if not isinstance(target, ast.Name) or target.id not in own:
            return True
    return False


def _made_by(nodes: Sequence[ast.AST], function: FunctionType) -> set[str]:
    """Return the names that only hold numbers and arrays that a function makes itself."""
    made = {
        one.targets[0]: isinstance(one.value, ast.Constant | ast.List)
        or _makes(one.value, function)
        for one in nodes if isinstance(one, ast.Assign) and len(one.targets) == 1
    }  # fmt: skip
    added = {one.target for one in nodes if isinstance(one, ast.AugAssign)}
    stored = [
        one for one in nodes
        if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store) and one not in added
    ]  # fmt: skip
    return {one.id for one in stored} - {one.id for one in stored if not made.get(one, False)}


def _makes(value: ast.expr, function: FunctionType) -> bool:
    """Return whether an expression makes a new array, by a name of a library if it has no dot."""
    match value:
        case ast.Call(ast.Attribute(attr=name)):
            return name in _MAKING
        case ast.Call(ast.Name(name)) if name in _MAKING:
            own = getattr(function.__globals__.get(name), "__module__", None)
            return isinstance(own, str) and own.partition(".")[0] in MODULES
        case _:
            return False


@cache
def _names_of(library: ModuleType) -> frozenset[str]:
    """Return the names of a library, with those of its modules of functions of arrays."""
    parts = (getattr(library, name) for name in _PARTS if hasattr(library, name))
    return frozenset(name for one in (library, *parts) for name in dir(one))


@lru_cache(_FUNCTIONS)
def _stored_globally(code: CodeType) -> frozenset[str]:
    """Return the names of its module that a function stores or deletes."""
    changing = ("STORE_GLOBAL", "DELETE_GLOBAL")
    return frozenset(one.argval for one in dis.get_instructions(code) if one.opname in changing)


def is_native(value: object) -> bool:
    """Return whether a value is a native library, a function or number of one, or a way to one."""
    own = value.__name__ if isinstance(value, ModuleType) else type(value).__module__
    return str(own).partition(".")[0] in _NATIVE


def reaches_native(called: object) -> bool:
    """Return whether what is called is the user's own function that calls native code.

    So is an object that holds such a function, as an operator of PyTorch's that they define does.
    """
    function = bare(called)
    if isinstance(function, FunctionType):
        return _reaches_native(function)
    held = {} if isinstance(called, ModuleType | type) else asked(called, "__dict__", {})
    return any(is_native(one) or (isinstance(one, FunctionType) and _reaches_native(one))
               for one in [*held.values()])  # fmt: skip


@lru_cache(_FUNCTIONS)
def _reaches_native(function: FunctionType) -> bool:
    seen, left = set[FunctionType](), [function]
    while left:
        one = left.pop()
        if one in seen or not is_users_file(one.__code__.co_filename):
            continue
        seen.add(one)
        names = _names_in(one.__code__)
        used = [one.__globals__[name] for name in names if name in one.__globals__]
        used += [cell.cell_contents for cell in one.__closure__ or () if _is_filled(cell)]
        used += [part for value in used for part in _parts_of(value, names)]
        if not ADDRESSES.isdisjoint(names) or any(map(is_native, used)):
            return True
        left += [value for value in used if isinstance(value, FunctionType)]
    return False


def _names_in(code: CodeType) -> set[str]:
    """Return the names of globals and attributes in a code, and in those of functions inside."""
    inside = (_names_in(one) for one in code.co_consts if isinstance(one, CodeType))
    return set(code.co_names).union(*inside)


def _parts_of(value: object, names: Collection[str]) -> list[object]:
    """Return what a dict holds, or a module under some names."""
    if isinstance(value, ModuleType):
        return [vars(value)[name] for name in names if name in vars(value)]
    return [*value.values()] if type(value) is dict else []


def _is_filled(cell: CellType) -> bool:
    try:
        return cell.cell_contents is not None
    except ValueError:  # a name that has no value yet
        return False


def computes(
    function: FunctionType,
    dialect: Dialect,
    seen: frozenset[FunctionType] = frozenset(),
    owner: Owner | None = None,
) -> bool:
    """Return whether a function that may be called instead of another only computes.

    It uses only a library of arrays, its functions and methods, numbers, texts and arrays of its
    module, and functions that only compute, too.  A method of `owner` may use what that and its
    class keep, and its other methods.
    """
    if function in seen:
        return True
    if iscoroutinefunction(function):
        return False  # Python warns of a call that is never awaited
    stored = _stored_globally(function.__code__)
    for name in function.__code__.co_names:
        value = function.__globals__.get(name)
        method = getattr(owner.kind, name, None) if owner is not None else None
        if isinstance(method, FunctionType):
            if not computes(method, dialect, seen | {function}, owner):
                return False
            continue
        if type(method) is str:
            continue
        if isinstance(value, ModuleType):
            if value.__name__.partition(".")[0] not in MODULES:
                return False
        elif isinstance(value, FunctionType):
            if not computes(value, dialect, seen | {function}):
                return False
        elif (
            type(value) in _PLAIN or asked(value, "__array__") is not None
        ) and name not in stored:
            continue
        elif name in FILES or not (
            name in _names_of(dialect.module)
            or name in dialect.methods
            or name in METHODS
            or name in BUILTINS
            or name in _RAISED
            or (owner is not None and name in owner.kept)
        ):
            return False
    return True
