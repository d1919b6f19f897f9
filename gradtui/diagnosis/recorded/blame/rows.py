"""Whether an edit gives one of a row another sign or name than the others have."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from gradtui.diagnosis.recorded.blame.given import hands_unlike
from gradtui.diagnosis.recorded.blame.trees import block_of, walked
from gradtui.diagnosis.recorded.blame.units import Edit, Unit
from gradtui.diagnosis.recorded.blame.unnamed import (
    STORING,
    form_of,
    signs_beside,
    statement_after,
    step_of,
    value_of,
)

_ADDING = (ast.Add, ast.Sub)
_LINES = 4096
"""Most lines of which is kept what is asked again for every edit."""
_NUMBER = re.compile(r"\d+")
_PART = re.compile(r"[^\W\d_]+|\d+|[^\w\s]")
"""A part of a name, a number or a sign."""
_WORDS, _FEW = 5, 3
"""Fewest of these that a line is known by, and most that one has more than that beside it."""
_ROW = 3
"""Fewest signs of a kind that make a row."""


def breaks_row(unit: Unit, own: ast.stmt, edits: Sequence[Edit]) -> bool:
    """Return whether one of a row gets another sign or name, or divides by a power."""
    line = unit, own, edits
    odd = _becomes_odd(*line) or _becomes_divided(*line) or _becomes_unlike(*line)
    return odd or hands_unlike(*line) or _becomes_unsorted(*line) or _becomes_doubled(*line)


def _becomes_odd(unit: Unit, own: ast.stmt, edits: Sequence[Edit]) -> bool:
    """Return whether a line or a term gets another sign than all others in its row."""
    edited = statement_after(unit, own, edits)
    if isinstance(own, ast.AugAssign) and isinstance(edited, ast.AugAssign):
        kept = _is_kept(own.target)  # what an object keeps is no row with what is handed to it
        row = [type(one.op) for one in unit.of(ast.AugAssign)
               if isinstance(one.op, _ADDING) and _is_kept(one.target) == kept]  # fmt: skip
        turned = type(own.op) is not type(edited.op) and isinstance(edited.op, _ADDING)
        turned |= _is_negated(own.value, edited.value)
        step = step_of(own)
        beside = () if step is None else signs_beside(unit, own, step)
        return turned and step is not None and (_is_row(row) or beside == {type(own.op)})
    before, after = value_of(own), value_of(edited) if edited is not None else None
    if before is None or after is None:
        return False
    powers = _exponents(before)
    return any(
        len(was) == len(now)
        and (_is_row(was) or (_adds_up(one, was) and one not in powers))
        and len({*now}) > 1
        for (one, was), (_, now) in zip(_signs_in(before), _signs_in(after), strict=False)
    )


def _becomes_unlike(unit: Unit, own: ast.stmt, edits: Sequence[Edit]) -> bool:
    """Return whether a line no longer repeats its names as another one of its form does.

    Such as `dr * h * (1 - r)` for `dr * r * (1 - r)` beside `dz * z * (1 - z)`.
    """
    edited = statement_after(unit, own, edits)
    if edited is None or not isinstance(own, STORING) or form_of(edited) != form_of(own):
        return False
    before, after = _repeats(own), _repeats(edited)
    storing = (one for one in unit.of(ast.stmt) if isinstance(one, STORING) and one is not own)
    others = [_repeats(one) for one in storing if form_of(one) == form_of(own)]
    return len({*before}) < len(before) and before in others and after not in others


@lru_cache(_LINES)
def _repeats(node: ast.stmt) -> tuple[int, ...]:
    """Return the numbers of the names that a line uses, in the order in which they come first."""
    value = value_of(node)
    names = [one.id for one in walked(value) if isinstance(one, ast.Name)] if value else []
    at = {name: number for number, name in enumerate(dict.fromkeys(names))}
    return tuple(at[name] for name in names)


def _becomes_unsorted(unit: Unit, own: ast.stmt, edits: Sequence[Edit]) -> bool:
    """Return whether names that differ in their numbers alone no longer stand in their order."""
    edited = statement_after(unit, own, edits)
    if not isinstance(own, ast.Assign | ast.Return) or edited is None:
        return False
    before, after = _numbered(own), _numbered(edited)
    return any(
        one != other and one == sorted(one) and sorted(other) == one
        for one, other in zip(before, after, strict=False)
    )


def _becomes_doubled(unit: Unit, own: ast.stmt, edits: Sequence[Edit]) -> bool:
    """Return whether a call for its effect, such as one that saves arrays, gets one of them twice.

    Such as `save_for_backward(x, x)` for `save_for_backward(x, b)`.
    """
    edited = statement_after(unit, own, edits) if isinstance(own, ast.Expr) else None
    return edited is not None and _doubles(edited) > _doubles(own)


@lru_cache(_LINES)
def _doubles(node: ast.stmt) -> int:
    """Return how many arguments of a statement's call it has before."""
    call = node.value if isinstance(node, ast.Expr) else None
    args = [ast.dump(one) for one in call.args] if isinstance(call, ast.Call) else []
    return len(args) - len({*args})


@lru_cache(_LINES)
def _numbered(node: ast.stmt) -> list[list[int]]:
    """Return the numbers of each tuple's names that differ in nothing else."""
    found = list[list[int]]()
    for one in walked(node):
        names = [ast.unparse(part) for part in one.elts] if isinstance(one, ast.Tuple) else []
        if len(names) > 1 and len({_NUMBER.sub("", name) for name in names}) == 1:
            numbers = [[int(number) for number in _NUMBER.findall(name)] for name in names]
            found += [[own for (own,) in numbers]] if {*map(len, numbers)} == {1} else []
    return found


def _becomes_divided(unit: Unit, own: ast.stmt, edits: Sequence[Edit]) -> bool:
    """Return whether one of a row of factors becomes a divisor, though it is made as a power.

    The power's sign is likelier wrong.
    """
    edited = statement_after(unit, own, edits)
    before, after = value_of(own), value_of(edited) if edited is not None else None
    if before is None or after is None:
        return False
    turned = {
        one.id for was, now in zip(_products(before), _products(after), strict=False)
        if len(was) == len(now) and _is_row([power for _, power in was])
        for one, power in now if power < 0 and isinstance(one, ast.Name)
    }  # fmt: skip
    return bool(turned) and any(
        isinstance(one, ast.Assign) and isinstance(one.targets[0], ast.Name)
        and isinstance(one.value, ast.BinOp) and isinstance(one.value.op, ast.Pow)
        and one.targets[0].id in turned
        for one in unit.nodes
    )  # fmt: skip


@lru_cache(_LINES)
def _products(value: ast.expr) -> Sequence[Sequence[tuple[ast.expr, int]]]:
    """Return the factors and divisors of each product in an expression that is no factor."""
    return [[*_powers(one, 1)] for one in _outermost(value)]


def _outermost(node: ast.AST, *, inside: bool = False) -> Iterator[ast.expr]:
    """Yield the products in an expression that are no factors of others."""
    product = isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.Div)
    if isinstance(node, ast.expr) and product and not inside:
        yield node
    for one in ast.iter_child_nodes(node):
        yield from _outermost(one, inside=product)


def _powers(node: ast.expr, power: int) -> Iterator[tuple[ast.expr, int]]:
    """Yield each factor of a product with 1, and each divisor with -1."""
    match node:
        case ast.BinOp(left, ast.Mult() | ast.Div() as op, right):
            yield from _powers(left, power)
            yield from _powers(right, power if isinstance(op, ast.Mult) else -power)
        case _:
            yield node, power


@lru_cache(_LINES)
def _exponents(value: ast.expr) -> Sequence[ast.expr]:
    """Return what exponentials are taken of: sums of logarithms, from which a total is taken."""
    calls = (one for one in walked(value) if isinstance(one, ast.Call))
    return [arg for one in calls if ast.unparse(one.func).endswith("exp") for arg in one.args]


def _adds_up(node: ast.expr, signs: Sequence[int]) -> bool:
    """Return whether a sum of three is one of contributions, which are names and calls alone."""
    terms = [one for one in walked(node) if isinstance(one, ast.expr)]
    plain = (ast.BinOp, ast.Name, ast.Attribute, ast.Subscript, ast.Call)
    inner = [one for one in terms if isinstance(one, ast.BinOp) and isinstance(one.op, _ADDING)]
    parts = {part for one in inner for part in (one.left, one.right)} - {*inner}
    return [*signs] == [1, 1] and all(isinstance(one, plain[1:]) for one in parts)


def _is_kept(target: ast.expr) -> bool:
    """Return whether a target is an attribute, or a part of one."""
    while isinstance(target, ast.Subscript):
        target = target.value
    return isinstance(target, ast.Attribute)


def _is_row(signs: Sequence[object]) -> bool:
    return len(signs) >= _ROW and len({*signs}) == 1


def _is_negated(before: ast.expr, after: ast.expr) -> bool:
    """Return whether an expression is another one with a minus."""
    minus = isinstance(after, ast.UnaryOp) and isinstance(after.op, ast.USub)
    return minus and ast.dump(before) in map(ast.dump, ast.iter_child_nodes(after))


@lru_cache(_LINES)
def _signs_in(value: ast.expr) -> Sequence[tuple[ast.expr, Sequence[int]]]:
    """Return the sums in an expression, each with the signs of all its terms but the first."""
    return [(one, [*_signs(one, 1)][1:]) for one in _sums(value)]


def _sums(node: ast.AST) -> Iterator[ast.expr]:
    """Yield the sums in an expression that are no terms of others."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, _ADDING):
        yield node
        return
    for one in ast.iter_child_nodes(node):
        yield from _sums(one)


def _signs(node: ast.expr, sign: int) -> Iterator[int]:
    """Yield the signs of the terms of a sum."""
    match node:
        case ast.BinOp(left, ast.Add() | ast.Sub() as op, right):
            yield from _signs(left, sign)
            yield from _signs(right, sign if isinstance(op, ast.Add) else -sign)
        case ast.UnaryOp(ast.USub(), operand):
            yield from _signs(operand, -sign)
        case _:
            yield sign


def is_odd(unit: Unit, node: ast.stmt) -> bool:
    """Return whether a line is not quite as the one beside it, but for one part of its names.

    Such as `w0, w1 = w * s, w * s + k - 1` behind `h0, h1 = h * s, h * s + k`.
    """
    if not isinstance(node, ast.Assign):
        return False
    block = block_of(unit.node, node)
    at = block.index(node)
    beside = (one for one in (*block[max(0, at - 1) : at], *block[at + 1 : at + 2]))
    return any(_is_nearly(one, node) for one in beside if isinstance(one, ast.Assign))


def _is_nearly(one: ast.Assign, other: ast.Assign) -> bool:
    """Return whether two lines differ in a few words more than the part in which their names do."""
    names = [_PART.findall(ast.unparse(node.targets[0])) for node in (one, other)]
    if len(names[0]) != len(names[1]):
        return False
    parts = {pair for pair in zip(*names, strict=True) if len({*pair}) > 1}
    if len(parts) != 1:
        return False
    ((old, new),) = parts
    made = [new if word == old else word for word in _PART.findall(ast.unparse(one.value))]
    own = _PART.findall(ast.unparse(other.value))
    apart = abs(len(own) - len(made)) if sorted(own) != sorted(made) else 0
    return len(own) > _WORDS and made != own and 0 < apart <= _FEW and _has_all(own, made)


def _has_all(own: Sequence[str], made: Sequence[str]) -> bool:
    """Return whether one of two lines is the other with some words more."""
    short, long = sorted((own, made), key=len)
    words = iter(long)
    return all(word in words for word in short)
