"""What one of a row of lines has otherwise than all others, which agree in it.

Such as the 1 of `c = x.sum(1)` beside `a = y.sum(0)` and `b = z.sum(0)`; or `dc = x` beside
`da = y / n` and `db = z / n`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from gradtui.diagnosis.recorded.blame.candidates import Candidate, Statement
from gradtui.diagnosis.recorded.blame.names import is_of_gradient
from gradtui.diagnosis.recorded.blame.trees import block_of
from gradtui.diagnosis.recorded.blame.units import Unit

_OTHERS = 2
"""Fewest other lines of a row."""
_PRODUCT = 2
"""How tightly a division binds."""


class _Calls(NamedTuple):
    """The calls of a statement's value, one of what the other returns."""

    form: tuple[str, ...]
    """The names of the functions, and of their named arguments."""
    given: Sequence[ast.expr]


def majority(s: Statement) -> Iterator[Candidate]:
    """Yield the argument, or the divisor, that the others of a row have."""
    if (odd := odd_one(s.unit, s.node)) is not None:
        node, text = odd
        told, edit = f"{s.text(node)} must be {text}, as beside it", s.replaced(node, text)
        yield Candidate((edit,), "wrong-variable", told, 0, text, node, named=True)
    if (odd := undivided(s.unit, s.node)) is not None:
        value, by = odd
        told = f"the division by {by} is missing, which the lines beside it have"
        edit = s.replaced(value, f"{s.inside(value, _PRODUCT)} / {by}", _PRODUCT)
        yield Candidate((edit,), "constant-factor", told, 0, by, value, named=True)


def stands_out(unit: Unit, node: ast.stmt) -> bool:
    """Return whether a statement has something otherwise than its row."""
    return odd_one(unit, node) is not None or undivided(unit, node) is not None


def undivided(unit: Unit, node: ast.stmt) -> tuple[ast.expr, str] | None:
    """Return the gradient that a line stores, and what all gradients beside it are divided by."""
    own = _gradient(node)
    if own is None or _divisor(own) is not None:
        return None
    beside = [_gradient(one) for one in block_of(unit.node, node) if one is not node]
    by = [_divisor(one) for one in beside if one is not None]
    if len(by) < _OTHERS or len({*by}) > 1 or by[0] is None:
        return None
    return own, by[0]


def _gradient(node: ast.stmt) -> ast.expr | None:
    """Return the gradient that a statement stores under its name."""
    match node:
        case ast.Assign([ast.Name(name)], value) if is_of_gradient(name):
            return value
        case _:
            return None


def _divisor(value: ast.expr) -> str | None:
    """Return the name that a value is divided by at last."""
    match value:
        case ast.BinOp(op=ast.Div(), right=ast.Name(name)):
            return name
        case _:
            return None


def odd_one(unit: Unit, node: ast.stmt) -> tuple[ast.expr, str] | None:
    """Return the only argument in which a statement differs from a row, and what that has."""
    own = _calls_of(node)
    if own is None:
        return None
    beside = [_calls_of(one) for one in block_of(unit.node, node) if one is not node]
    rows = [one.given for one in beside if one is not None and one.form == own.form]
    if len(rows) < _OTHERS:
        return None
    texts = [{ast.unparse(one) for one in column} for column in zip(*rows, strict=True)]
    odd = [
        (part, next(iter(common))) for part, common in zip(own.given, texts, strict=True)
        if len(common) == 1 and ast.unparse(part) not in common
    ]  # fmt: skip
    return odd[0] if len(odd) == 1 else None


def _calls_of(node: ast.stmt) -> _Calls | None:
    """Return the calls that a statement stores the result of; None if it stores another one."""
    value = node.value if isinstance(node, ast.Assign) else None
    form, given = list[str](), list[ast.expr]()
    while isinstance(value, ast.Call):
        named = [one.arg or "**" for one in value.keywords]
        called = value.func.attr if isinstance(value.func, ast.Attribute) else ast.dump(value.func)
        form += [called, str(len(value.args)), *named]
        given += [*value.args, *(one.value for one in value.keywords)]
        value = value.func.value if isinstance(value.func, ast.Attribute) else None
    return _Calls(tuple(form), given) if form else None
