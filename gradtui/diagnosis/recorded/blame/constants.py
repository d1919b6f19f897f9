"""Factors by which an expression may be off, as the user would write them."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache, partial
from itertools import combinations, permutations
from math import log, prod

from msgspec import Struct

from gradtui.base.text import number
from gradtui.diagnosis.recorded.blame.candidates import Statement
from gradtui.diagnosis.recorded.blame.trees import walked

_CLOSE, _LEAST = 1e-6, 1e-100
"""Numbers that near are the same; smaller ones, and their inverses, are guards and no factors."""
_WHOLE = 10_000
"""Above this, almost any number is close to a whole one."""
_MADE: Mapping[str, Callable[[float], float]] = {
    "* {}": lambda v: v,
    "/ {}": lambda v: 1 / v,
    "* 2 * {}": lambda v: 2 * v,
    "* (1 - {})": lambda v: 1 - v,
    "/ (1 - {})": lambda v: 1 / (1 - v),
}
"""Numbers derived from a number in scope, none of them 0 or 1."""


_TIMES = (1.0, 2.0, 0.5, 4.0)
"""Small numbers that multiply a product of others."""
_MOST = 8
"""Most numbers of which two are multiplied."""
_BASES = (2, 10)
"""The bases of logarithms whose slopes have a factor of their own."""
_FILES = 32
"""Most files whose numbers are kept, and most functions of which is known what they do."""


class Constant(Struct, frozen=True):
    """A number as a user would write it after an expression."""

    text: str
    """Its text, such as `* 2` or `/ N`."""
    told: str
    known: bool
    """Whether it is an expected number: a whole one, or a named one."""


def constants(s: Statement, value: float) -> Iterator[Constant]:
    """Yield a factor as the user would write it, the likeliest first."""
    if same(abs(value), 2):
        yield Constant(f"* {number(value)}", f"the factor {number(value)} is missing", True)
    yield from named(s, value)
    if same(abs(value), 0.5):
        yield Constant(f"/ {number(1 / value)}", "it is twice what it must be", True)
    inverse, divides = 1 / value if value else 0.0, _divides(s.unit.node)
    for text, size in sizes(s):
        if size > 1 and same(inverse, size):
            yield Constant(f"/ {text}", f"the division by {text} is missing", True)
        if size > 1 and same(value, size) and divides:
            yield Constant(f"* {text}", f"there is an extra division by {text}", True)
        if size > 1 and same(inverse, size**0.5):
            root = f"{text} ** -0.5"  # such as the scale of attention scores
            yield Constant(f"* {root}", f"the factor {root} is missing", True)
    for text, size in (*_counts(s), *sizes(s)):
        if size > 2 and same(2 * inverse, size):  # of the mean of squares
            yield Constant(f"* 2 / {text}", f"the factor 2 / {text} is missing", True)
    if value and same(value, round(value)) and abs(value) < _WHOLE:
        yield Constant(f"* {round(value)}", f"the factor {round(value)} is missing", True)
    elif value and same(inverse, round(inverse)) and abs(inverse) < _WHOLE:
        yield Constant(f"/ {round(inverse)}", f"the division by {round(inverse)} is missing", True)
    for text, factor in _logarithms(s):
        if same(value, factor):
            yield Constant(f"* {text}", f"the factor {text} is missing", True)
        if same(inverse, factor):
            yield Constant(f"/ {text}", f"the division by {text} is missing", True)
    yield Constant(f"* {number(value)}", f"the factor {number(value)} is missing", False)


@lru_cache(_FILES)
def _divides(function: ast.AST) -> bool:
    """Return whether a function divides by what is no written number, or takes means."""
    for node in walked(function):
        match node:
            case ast.BinOp(op=ast.Div(), right=below) | ast.AugAssign(op=ast.Div(), value=below):
                if not isinstance(below, ast.Constant):
                    return True
            case ast.Attribute(attr="mean" | "average"):
                return True
    return False


def named(s: Statement, value: float) -> Iterator[Constant]:
    """Yield a factor that is a number in scope, or derived from one."""
    single = [
        (text, held.value)
        for text, held in s.scope.items()
        if held.value is not None and held.value not in (0.0, 1.0)
        if not held.shape and text not in s.loops
    ]
    single.sort(key=partial(_strangeness, s))
    for form, result in _MADE.items():
        for text, held in single:
            if same(result(held), value):
                told = form.format(text)
                what = f"the factor {told[2:]}" if told[0] == "*" else f"the division by {told[2:]}"
                yield Constant(told, f"{what} is missing", True)


def _strangeness(s: Statement, named: tuple[str, object]) -> tuple[bool, int]:
    """Return the sort key of a name: a function's own come before the module's, then short ones."""
    text = named[0]
    return re.split(r"\W", text)[0] not in s.locals, len(text)


def made_of_two(s: Statement, value: float) -> Iterator[str]:
    """Yield a number as a product or quotient of two in scope, times a small one.

    Those in the statement precede the latest others.
    """
    own = {ast.unparse(one) for one in s.nodes if isinstance(one, ast.expr)}
    single = [(text, held.value) for text, held in s.scope.items()
              if held.value is not None and _LEAST < abs(held.value) < 1 / _LEAST
              and held.value != 1.0 and not held.shape]  # fmt: skip
    single.sort(key=lambda pair: (pair[0] not in own, -s.recent.get(pair[0], 0)))
    single = single[:_MOST]
    for (one, first), (two, second) in permutations(single, 2):
        for text, made in (
            (f"{one} * {two}", first * second), (f"{one} / {two}", first / second),
            (f"{one} / {two}**2", first / second**2), (f"{one}**2 / {two}", first**2 / second),
        ):  # fmt: skip
            for times in _TIMES:
                if same(times * made, value):
                    yield text if times == 1 else f"{number(times)} * {text}"


@lru_cache(_FILES)
def _counted(tree: ast.Module) -> Mapping[float, int]:
    """Return how often a file has each number that is written with a point."""
    found = (one.value for one in walked(tree) if isinstance(one, ast.Constant))
    return Counter(value for value in found if type(value) is float)


@lru_cache(_FILES)
def written(tree: ast.Module) -> Sequence[float]:
    """Return the numbers that are written in a file with a point, the most frequent first."""
    return sorted(counted := _counted(tree), key=lambda value: -counted[value])


def is_agreed(tree: ast.Module, value: float) -> bool:
    """Return whether a file has a number several times that is no half: no slip of the pen."""
    return _counted(tree).get(value, 0) > 1 and not same(2 * value, round(2 * value))


def _logarithms(s: Statement) -> Iterator[tuple[str, float]]:
    """Yield the logarithms of other logarithms' bases, as the code would write them."""
    own = s.numpy if s.dialect.module.__name__ == "numpy" else ""
    module = own or ("math." if "math" in s.unit.globals else "")
    for base in _BASES if module else ():
        yield f"{module}log({base})", log(base)


def made_by_logarithms(s: Statement, own: str, times: float) -> Iterator[str]:
    """Yield a number of the code with the logarithm of a base that multiplies or divides it."""
    for text, value in _logarithms(s):
        if same(times, value):
            yield text if own == "1" else f"{own} * {text}"
        if same(1 / times, value):
            yield f"{own} / {text}"


def made_of_written(s: Statement, value: float) -> Iterator[str]:
    """Yield a number as a product of two that the file has, times a small one.

    Such as the 3 * 0.79788456 * 0.044715 in the slope of an approximate GELU.
    """
    numbers = [one for one in written(s.unit.tree) if one not in (0.0, 1.0)][:_MOST]
    for one, two in combinations(numbers, 2):
        for times in (1, 2, 3, 4):
            if same(times * one * two, value):
                yield f"{times} * {one!r} * {two!r}" if times > 1 else f"{one!r} * {two!r}"


def _counts(s: Statement) -> Iterator[tuple[str, int]]:
    """Yield the whole numbers in scope that count no rounds."""
    for text, held in sorted(s.scope.items(), key=partial(_strangeness, s)):
        if (held.kind, held.shape) == ("i", ()) and held.value and text not in s.loops:
            yield text, int(held.value)


def sizes(s: Statement) -> Iterator[tuple[str, int]]:
    """Yield the lengths of axes and the sizes of arrays in scope, as the user would write them."""
    names = sorted(s.scope.items(), key=partial(_strangeness, s))
    for axis in range(4):
        for text, held in names:
            if axis < len(held.shape) and held.kind in "fi":
                yield f"{text}.shape[{axis}]" if axis else f"len({text})", held.shape[axis]
    for text, held in names:
        if len(held.shape) > 1:
            yield f"{text}{s.dialect.size}", prod(held.shape)


def divides(s: Statement, node: ast.expr) -> bool:
    """Return whether something is divided by an expression alone."""
    match s.parents.get(node):
        case ast.BinOp(op=ast.Div(), right=below) | ast.AugAssign(op=ast.Div(), value=below):
            return below is node
    return False


def count_below(s: Statement, node: ast.expr, value: float) -> str:
    """Return a whole number in scope, or a length, for a number that something is divided by.

    Empty if there is none, and of 2: many divide by that.
    """
    counts = [*_counts(s), *sizes(s)] if divides(s, node) else []
    return next((text for text, size in counts if size > 2 and same(size, value)), "")


def rows_divided_by(s: Statement, value: float) -> str:
    """Return the rows of an array in the statement that a factor divides by; empty if none do."""
    named = {s.text(node) for node in s.nodes if isinstance(node, ast.Name | ast.Attribute)}
    for name in sorted(named, key=len):
        held = s.scope.get(name)
        if held is not None and held.shape[:1] > (1,) and same(value * held.shape[0], 1):
            return f"len({name})"
    return ""


def same(one: float, two: float) -> bool:
    """Return whether two numbers are equal up to rounding."""
    return abs(one - two) <= _CLOSE * max(abs(one), abs(two))
