"""Slopes of activations that are taken for one another: `1 - a**2`, `a * (1 - a)`, `a > 0`."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import islice
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from gradtui.diagnosis.recorded.blame.candidates import Candidate, Statement
from gradtui.diagnosis.recorded.blame.constants import written
from gradtui.diagnosis.recorded.blame.expressions import is_leaf
from gradtui.diagnosis.recorded.blame.material import arrays
from gradtui.diagnosis.recorded.blame.meaning import meant

_COST, _CLOSE = 1, 1e-6
_SMOOTH = 2
"""Of the activations, those whose slopes are known by their values: tanh and sigmoid."""
_LONG = 40
"""Most characters of an expression that a fix repeats."""
_LEAKS = 3
"""Most numbers of the file that are tried as the slope of a leaky ReLU below 0."""


class _Slope(Struct, frozen=True, eq=False):
    """The slope of an activation, by its value, in a statement."""

    of: str
    """The function that it is the slope of."""
    value: ast.expr
    node: ast.BinOp | ast.Compare
    """The expression of which it is the last part."""
    before: ast.expr | None = None
    """What it is multiplied by in that expression."""


def activations(s: Statement) -> Iterator[Candidate]:
    """Yield the slopes of the other activations in place of each slope of one.

    A function that returns the activation itself is asked for its slope.
    """
    yield from _of_returned(s)
    yield from _of_factors(s)
    yield from _forgotten(s)
    for found in filter(None, (_slope(s, node) for node in s.nodes)):
        yield from _of_shares(s, found)
        yield from _superfluous(s, found)
        for name, text, binding in _written(s, s.inside(found.value, 9)):
            if name == found.of or (name == "relu" and _is_above(_array(s, found.value))):
                continue
            made = text
            if found.before is not None:
                made = f"{s.inside(found.before, 2)} * {f'({text})' if binding == 1 else text}"
                binding = 2
            told = f"that is {found.of}'s slope, and {name}'s is needed: {text}"
            edit = s.replaced(found.node, made, binding)
            yield Candidate((edit,), "wrong-point", told, _COST, text, found.node)


def _of_returned(s: Statement) -> Iterator[Candidate]:
    value = s.node.value if isinstance(s.node, ast.Return) else None
    if value is None or isinstance(value, ast.Tuple) or _slope(s, value) is not None:
        return
    for name, text, binding in islice(_written(s, s.inside(value, 9)), _SMOOTH):
        told = f"that is {name} itself, and its slope is needed: {text}"
        edit = s.replaced(value, text, binding)
        yield Candidate((edit,), "wrong-point", told, _COST, text, value)


def _of_factors(s: Statement) -> Iterator[Candidate]:
    """Yield the mask of a factor that is what relu has made, with zeros and nothing below."""
    for factor in _factors(s):
        value = _array(s, factor)
        if value is not None and value.min() == 0 < value.max():
            text = f"({s.text(factor)} > 0)"
            told = f"that is relu itself, and its slope is needed: {text[1:-1]}"
            edit = s.replaced(factor, text, 9)
            yield Candidate((edit,), "wrong-point", told, _COST, text, factor)


def _of_shares(s: Statement, found: _Slope) -> Iterator[Candidate]:
    """Yield what flows back through a softmax, all of whose shares depend on all of its scores."""
    node, before = _applied(s, found)
    shares = _array(s, found.value)
    if found.of != "sigmoid" or shares is None or before is None:
        return
    if (text := _through_shares(s, before, s.text(found.value), shares)) is not None:
        told = f"that is a sigmoid's slope; each share of a softmax depends on all scores: {text}"
        yield Candidate((s.replaced(node, text, 2),), "missing-term", told, _COST, text, node)


def _forgotten(s: Statement) -> Iterator[Candidate]:
    """Yield what flows back through a softmax instead of what reaches its shares."""
    node = s.value() if isinstance(s.node, ast.Assign | ast.Return) else None
    while isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.Div):
        sides = [node.left, node.right] if isinstance(node.op, ast.Mult) else [node.left]
        node = next((one for one in sides if s.shape(one)), None)
    shape = None if node is None else s.shape(node)
    if node is None or not shape or len(s.text(node)) > _LONG:
        return
    for name, held in arrays(s):
        if held.kind != "f" or held.shape != shape or name == s.text(node):
            continue
        shares = _array(s, ast.parse(name, mode="eval").body)
        if shares is not None and (text := _through_shares(s, node, name, shares)):
            told = f"what flows back through the softmax {name} is left out: {text}"
            edit = s.replaced(node, text, 2)
            yield Candidate((edit,), "missing-factor", told, _COST, text, node)


def _through_shares(
    s: Statement, node: ast.expr, shares: str, values: NDArray[Any]
) -> str | None:  # fmt: skip
    """Return what flows back through a softmax to its scores; None if the values are no shares."""
    own, value = s.inside(node, 1), s.inside(node, 2)
    for axis in (-1, 0):
        whole = values.ndim and values.shape[axis] > 1 and np.all(values >= 0)
        if whole and np.allclose(values.sum(axis), 1, atol=_CLOSE):
            kept = f"{s.dialect.axis}={axis}, {s.dialect.keepdims}=True"
            return f"{shares} * ({own} - ({value} * {shares}).sum({kept}))"
    return None


def _superfluous(s: Statement, found: _Slope) -> Iterator[Candidate]:
    """Yield what a slope multiplies alone."""
    node, before = _applied(s, found)
    if before is not None:
        told = f"{found.of}'s slope does not belong here"
        edit = s.replaced(node, s.text(before), s.binding(before))
        yield Candidate((edit,), "extra-factor", told, _COST, None, node)


def _applied(s: Statement, found: _Slope) -> tuple[ast.expr, ast.expr | None]:
    """Return the product that a slope is a factor of, and the rest of it."""
    if found.before is not None:
        return found.node, found.before
    match s.parents.get(found.node):
        case ast.BinOp(left, ast.Mult(), right) as product:
            return product, right if left is found.node else left
        case _:
            return found.node, None


def _array(s: Statement, node: ast.expr) -> NDArray[Any] | None:
    """Return the numbers of a name, an attribute or an entry; None if it has none."""
    value = s.seen(meant(s, node)) if is_leaf(node) else None
    numbers = isinstance(value, np.ndarray) and value.dtype.kind == "f" and value.size
    return value if numbers else None


def _is_above(value: NDArray[Any] | None) -> bool:
    """Return whether all numbers are positive, so that they mask nothing."""
    return value is not None and bool(np.all(value > 0))


def _factors(s: Statement) -> Iterator[ast.expr]:
    """Yield the operands of products."""
    if isinstance(s.node, ast.AugAssign) and isinstance(s.node.op, ast.Mult):
        yield s.node.value
    for node in s.nodes:
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
            yield from (node.left, node.right)
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "multiply":
            yield from node.args[:2]


def _written(s: Statement, value: str) -> Iterator[tuple[str, str, int]]:
    """Yield functions with their slopes at a point of this value, and how closely these bind."""
    yield "tanh", f"1 - {value} ** 2", 1
    yield "sigmoid", f"{value} * (1 - {value})", 2
    yield "relu", f"({value} > 0)", 9
    for leak in [one for one in written(s.unit.tree) if 0 < one < 1][:_LEAKS] if s.numpy else ():
        yield "leaky relu", f"{s.numpy}where({value} > 0, 1.0, {leak!r})", 9


def _slope(s: Statement, node: ast.AST) -> _Slope | None:
    """Return the slope that ends an expression; None without one."""
    if isinstance(node, ast.Compare) and isinstance(s.parents.get(node), ast.BinOp):
        above = len(node.ops) == 1 and isinstance(node.ops[0], ast.Gt)
        if above and _is_number(node.comparators[0], 0):
            return _Slope("relu", node.left, node)
    if not isinstance(node, ast.BinOp):
        return None
    squared = _squared(_rest(node))
    if squared is not None:
        return _Slope("tanh", squared, node)
    if not isinstance(node.op, ast.Mult):
        return None
    before, last = _last(node.left)
    for value, rest in ((last, _rest(node.right)), (node.right, _rest(last))):
        if rest is not None and ast.dump(value) == ast.dump(rest):
            return _Slope("sigmoid", value, node, before)
    return None


def _last(node: ast.expr) -> tuple[ast.expr | None, ast.expr]:
    """Return the factors of a product without the last one, if there are others, and that."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        return node.left, node.right
    return None, node


def _rest(node: ast.expr) -> ast.expr | None:
    """Return what is subtracted from 1; None if nothing is."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub) and _is_number(node.left, 1):
        return node.right
    return None


def _squared(node: ast.expr | None) -> ast.expr | None:
    """Return what is squared; None if nothing is."""
    match node:
        case ast.BinOp(op=ast.Pow(), left=value, right=power) if _is_number(power, 2):
            return value
        case ast.BinOp(op=ast.Mult(), left=value, right=other):
            return value if ast.dump(value) == ast.dump(other) else None
        case ast.Call(func=ast.Attribute(attr="square"), args=[value]):
            return value
        case _:
            return None


def _is_number(node: ast.expr, value: float) -> bool:
    return isinstance(node, ast.Constant) and type(node.value) in (int, float) and (
        node.value == value
    )  # fmt: skip
