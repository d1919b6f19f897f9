"""Numbers that code keeps under names: globals, attributes, entries of dicts, defaults, literals.

Arrays that it keeps so are among them. Judges nothing. A number from which another is derived
before any run is left out: the two would no longer belong together.
"""

from __future__ import annotations

import ast
import linecache
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import lru_cache, partial
from types import CellType, CodeType, FunctionType
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from gradtui.diagnosis.recorded.blame.definitions import definition_of, tree_of
from gradtui.diagnosis.recorded.blame.units import Edit, Unit, units_of
from gradtui.diagnosis.recorded.halves import called
from gradtui.recording.functions import function_of
from gradtui.recording.holdings import Holdings
from gradtui.recording.modules import is_users_module, modules_of
from gradtui.recording.places import is_users_file

Array = NDArray[Any]

_INITIAL = frozenset({"__init__", "__new__", "__post_init__"})
"""Functions that may run before any run, and keep what they derive."""
_NUMBERS = (float, np.float64, np.float32, int)
_MOST = 30
"""Most numbers that are looked at."""
_TREES = 256
"""Most files and functions of which it is known what numbers they assign."""
_Key = tuple[str, float]
"""A name and its number."""
_Wanted = Callable[[str, float], bool]
_Literal = tuple[Unit, ast.expr]
"""A number in a function's text, or a call that makes an array of ones."""


class Setting(Struct, frozen=True, eq=False):
    """One number under one name, wherever the code keeps it."""

    name: str
    value: float | Array
    puts: Sequence[Callable[[Any], object]]
    """Put another number in its place."""
    literals: Sequence[_Literal]
    """Those that functions which ran give the name."""

    @property
    def is_array(self) -> bool:
        """Whether it is an array made of that one number, as `np.ones(n)` is."""
        return any(isinstance(node, ast.Call) for _, node in self.literals)


def settings_of(
    function: Callable[..., Any], run: Callable[[], object], wanted: _Wanted
) -> list[Setting]:
    """Return the wanted numbers that a function can reach; `run` calls it once.

    Whole numbers are those alone that code multiplies or divides by, or raises to, by their name.
    """
    trees = [*_trees(function)]
    factors = frozenset[str]().union(*map(_factors, trees))

    def tried(name: str, value: float) -> bool:
        return (type(value) is not int or (name in factors and value > 0)) and wanted(name, value)

    numbers = _Numbers(tried)
    numbers.replace(function)
    passing = _Passing(trees, wanted)
    literal = any(_assigned(tree, tried) or passing.numbers(tree) for tree in trees)
    ran = _ran(run) if literal else []
    units = units_of([
        code for code, node in ran if _assigned(node, tried) or passing.numbers(node)
    ])  # fmt: skip
    literals = defaultdict[_Key, list[_Literal]](list)
    for unit in units:
        for key, node in _assigned(unit.node, tried):
            literals[key].append((unit, node))
    for key, own in passing.alone(units).items():
        literals[key] += own
    found = list[Setting]()
    for name, value in dict.fromkeys([*numbers.found, *literals]):
        puts = numbers.found.get((name, value), [])
        derived = bool(puts) and any(_is_derived(tree, name) for tree in trees)
        if not derived and not any(_changes(node, name) for _, node in ran):
            found.append(Setting(name, value, puts, literals.get((name, value), [])))
    return found[:_MOST]


def arrays_of(function: Callable[..., Any], wanted: Callable[[str, Array], bool]) -> list[Setting]:
    """Return the wanted arrays that a function can reach by a name, and that can be written."""
    arrays = _Arrays(wanted)
    arrays.replace(function)
    trees = [*_trees(function)]
    return [
        Setting(name, held.copy(), (partial(held.__setitem__, ...),), ())
        for name, held in arrays.found.values()
        if not any(_is_derived(tree, name) for tree in trees)
    ][:_MOST]


@contextmanager
def with_numbers(numbers: Mapping[Setting, float | Array]) -> Iterator[None]:
    """Let code run with other numbers; raises SyntaxError and ValueError if it cannot be edited."""
    edits = defaultdict[Unit, list[Edit]](list)
    for setting, value in numbers.items():
        for unit, node in setting.literals:
            scaled = "" if isinstance(node, ast.Constant) else f"{unit.text(node)} * "
            edits[unit].append(Edit(unit.start(node), unit.end(node), f"{scaled}{value!r}"))
    with ExitStack() as stack:
        for unit, own in edits.items():
            stack.enter_context(unit.running(unit.edited(own)))
        for setting, value in numbers.items():
            for put in setting.puts:
                put(value)
                stack.callback(put, setting.value)
        yield


class _Numbers(Holdings):
    """Finds the numbers that a program's names, objects and dicts hold."""

    def __init__(self, wanted: _Wanted) -> None:
        super().__init__(lambda value: value)
        self._wanted = wanted
        self.found = defaultdict[_Key, list[Callable[[Any], object]]](list)

    def _note(self, name: Any, held: Any, put: Callable[[Any], object]) -> None:
        if isinstance(name, str) and type(held) in _NUMBERS:
            kind, number = type(held), held if type(held) is int else float(held)
            if self._wanted(name, number):
                self.found[name, number].append(
                    lambda value: put(value if kind is int else kind(value))
                )

    def _put(self, container: Any, key: Any, held: Any) -> None:
        if type(container) is dict:
            self._note(key, held, partial(container.__setitem__, key))
        super()._put(container, key, held)

    def _object(self, value: Any) -> None:
        new = id(value) not in self._seen
        super()._object(value)
        if not new:
            return
        if isinstance(value, FunctionType) and is_users_module(value.__module__):
            self._in_function(value)
        elif isinstance(value, type) and is_users_module(value.__module__):
            for name, held in list(vars(value).items()):
                self._note(name, held, partial(setattr, value, name))

    def _in_function(self, function: FunctionType) -> None:
        code = function.__code__
        for name, cell in zip(code.co_freevars, function.__closure__ or (), strict=True):
            held = _held(cell)
            self._note(name, held, partial(setattr, cell, "cell_contents"))
        for at, (name, held) in enumerate(_defaults(function)):
            self._note(name, held, partial(_default, function, at))
        named = function.__kwdefaults__ or {}
        for name, held in named.items():
            self._note(name, held, partial(named.__setitem__, name))


class _Arrays(Holdings):
    """Finds the arrays that a program's names, objects and dicts hold."""

    def __init__(self, wanted: Callable[[str, Array], bool]) -> None:
        super().__init__(lambda value: value)
        self._wanted = wanted
        self.found = dict[int, tuple[str, Array]]()
        """Id of an array -> its first name, and the array."""

    def _note(self, name: Any, held: Any) -> None:
        known = isinstance(name, str) and type(held) is np.ndarray and held.flags.writeable
        if known and self._wanted(name, held):
            self.found.setdefault(id(held), (name, held))

    def _put(self, container: Any, key: Any, held: Any) -> None:
        self._note(key, held)
        super()._put(container, key, held)

    def _attribute(self, kind: type, name: str, held: Any) -> None:
        self._note(name, held)
        super()._attribute(kind, name, held)

    def _object(self, value: Any) -> None:
        if isinstance(value, FunctionType) and id(value) not in self._seen:
            for name, cell in zip(value.__code__.co_freevars, value.__closure__ or (), strict=True):
                self._note(name, _held(cell))
            for name, held in (*_defaults(value), *(value.__kwdefaults__ or {}).items()):
                self._note(name, held)
        super()._object(value)


def _held(cell: CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # not assigned yet
        return None


def _defaults(function: FunctionType) -> Iterator[tuple[str, Any]]:
    """Yield the defaults of what may be given by position, with their names."""
    code, held = function.__code__, function.__defaults__ or ()
    names = code.co_varnames[: code.co_argcount][code.co_argcount - len(held) :]
    return zip(names, held, strict=True)


def _default(function: FunctionType, at: int, value: Any) -> None:
    own = list(function.__defaults__ or ())
    own[at] = value
    function.__defaults__ = tuple(own)


def _trees(function: Callable[..., Any]) -> Iterator[ast.Module]:
    """Yield the syntax trees of the user's files that a function can reach."""
    code = getattr(function_of(function), "__code__", None)
    files = [str(names.get("__file__")) for names in modules_of(function)]
    for file in dict.fromkeys([*([code.co_filename] if code else []), *files]):
        try:
            yield tree_of("".join(linecache.getlines(file)))
        except SyntaxError:
            continue


def _ran(run: Callable[[], object]) -> list[tuple[CodeType, ast.AST]]:
    """Return the code of the user's functions that a run calls, each with its definition."""
    with called() as codes:
        run()
    users = [one for one in codes.values() if is_users_file(one.co_filename)]
    return [(one, node) for one in users if (node := definition_of(one)) is not None]


def _assigned(tree: ast.AST, wanted: _Wanted) -> list[tuple[_Key, ast.expr]]:
    """Return the names that functions give a wanted number, with that and its literal."""
    return [(key, value) for key, value in _literals(tree) if wanted(*key)]


@lru_cache(_TREES)
def _literals(tree: ast.AST) -> Sequence[tuple[_Key, ast.expr]]:
    """Return the names that code gives a number, with that and its literal.

    0 is left out: it begins sums.
    """
    found = list[tuple[_Key, ast.expr]]()
    for node in ast.walk(tree):
        named = [(_named(target), value) for target, value in _pairs(node)]
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            named = [(one.arg, one.value) for one in node.keywords]
        found += [
            ((name, own), value) for name, value in named if name and (own := _number(value))
        ]  # fmt: skip
    return found


class _Passing:
    """Finds the wanted numbers that calls pass by position to functions of the user's."""

    def __init__(self, trees: Sequence[ast.AST], wanted: _Wanted) -> None:
        self._wanted = wanted
        self._parameters = {name: own for tree in trees for name, own in _parameters(tree)}

    def numbers(self, tree: ast.AST) -> list[tuple[_Key, ast.Constant]]:
        """Return the names of the parameters that get a number, with that and its literal."""
        found = list[tuple[_Key, ast.Constant]]()
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                names = self._parameters.get(node.func.id, ())
                pairs = [*zip(names, node.args, strict=False)]
                found += [((name, value.value), value) for name, value in pairs
                          if isinstance(value, ast.Constant) and type(value.value) is float
                          and self._wanted(name, value.value)]  # fmt: skip
        return found

    def alone(self, units: Sequence[Unit]) -> Mapping[_Key, list[_Literal]]:
        """Return the literals of each number that all calls pass under one name.

        Under two, it may be the same quantity.
        """
        found = defaultdict[_Key, list[_Literal]](list)
        for unit in units:
            for key, node in self.numbers(unit.node):
                found[key].append((unit, node))
        values = [value for _, value in found]
        return {key: own for key, own in found.items() if values.count(key[1]) == 1}


def _parameters(tree: ast.AST) -> Iterator[tuple[str, list[str]]]:
    """Yield the functions and classes of a file, each with the parameters that a call fills."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef):
            yield node.name, [one.arg for one in (*node.args.posonlyargs, *node.args.args)]
        elif isinstance(node, ast.ClassDef):
            own = dict(_parameters(node))
            yield node.name, own.get("__init__", [])[1:]


@lru_cache(_TREES)
def _factors(tree: ast.AST) -> frozenset[str]:
    """Return the names that code multiplies or divides by, and those of its exponents."""
    found = set[str | None]()
    for node in ast.walk(tree):
        match node:
            case ast.BinOp(left, ast.Mult(), right):
                found |= {_named(left), _named(right)}
            case ast.BinOp(_, ast.Div() | ast.Pow(), right):
                found.add(_named(right))
            case ast.Call(ast.Attribute(_, "power"), [_, exponent]):
                found.add(_named(exponent))
    return frozenset(name for name in found if name is not None)


def _number(node: ast.expr) -> float | None:
    """Return the number that is written, or of which an array is made; None for others."""
    match node:
        case ast.Constant(float() | int() as value) if not isinstance(value, bool):
            return value
        case ast.Call(ast.Attribute(_, "ones" | "ones_like")):
            return 1.0
        case _:
            return None


def _pairs(node: ast.AST) -> list[tuple[ast.expr, ast.expr]]:
    """Return what a statement assigns, with the value of each."""
    match node:
        case ast.Assign([ast.Tuple(targets)], ast.Tuple(values)) if len(targets) == len(values):
            return [*zip(targets, values, strict=True)]
        case ast.Assign(targets, value):
            return [(target, value) for target in targets]
        case ast.AnnAssign(target, _, ast.expr() as value):
            return [(target, value)]
        case _:
            return []


def _named(node: ast.expr) -> str | None:
    """Return the last name of what is read or assigned."""
    match node:
        case ast.Name(name) | ast.Attribute(_, name) | ast.Subscript(_, ast.Constant(str(name))):
            return name
        case _:
            return None


def _changes(tree: ast.AST, name: str) -> bool:
    """Return whether a function gives a name anything but numbers and its own value."""
    for node in ast.walk(tree):
        stored = [
            target for target, value in _pairs(node)
            if not (isinstance(value, ast.Constant) or _number(value) or _named(value) == name)
        ]  # fmt: skip
        if isinstance(node, ast.AugAssign | ast.For | ast.NamedExpr):
            stored = [node.target]
        parts = (part for one in stored for part in ast.walk(one))
        if any(isinstance(part, ast.expr) and _named(part) == name for part in parts):
            return True
    return False


def _is_derived(node: ast.AST, name: str, inside: bool = False) -> bool:
    """Return whether code that may run before any run reads a name, but to keep it under it.

    `inside` a function, `self.name = name` keeps it.
    """
    parts = ast.iter_child_nodes(node)
    match node:
        case ast.Name() | ast.Attribute() | ast.Subscript() if _named(node) == name:
            if isinstance(node.ctx, ast.Load):
                return True
        case ast.Assign() if inside:
            pairs = [pair for pair in _pairs(node) if {*map(_named, pair)} != {name}]
            parts = iter([part for pair in pairs for part in pair])
        case ast.FunctionDef(name=own) | ast.AsyncFunctionDef(name=own):
            inside = True
            if own not in _INITIAL:
                parts = iter([node.args, *node.decorator_list])
        case ast.Lambda():
            parts = iter([node.args])
    return any(_is_derived(part, name, inside) for part in parts)
