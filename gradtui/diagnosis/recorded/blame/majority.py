"""An argument in which one of a row of calls differs from all others, which agree in it.

Such as the 1 of `c = x.sum(1)` beside `a = y.sum(0)` and `b = z.sum(0)`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from gradtui.diagnosis.recorded.blame.candidates import Candidate, Statement
from gradtui.diagnosis.recorded.blame.trees import block_of
from gradtui.diagnosis.recorded.blame.units import Unit

_OTHERS = 2
"""Fewest other calls of a row."""


class _Calls(NamedTuple):
    """The calls of a statement's value, one of what the other returns."""

    form: tuple[str, ...]
    """The names of the functions, and of their named arguments."""
    given: Sequence[ast.expr]


def majority(s: Statement) -> Iterator[Candidate]:
    """Yield the argument that the others of a row have."""
    if (odd := odd_one(s.unit, s.node)) is not None:
        node, text = odd
        told, edit = f"{s.text(node)} must be {text}, as beside it", s.replaced(node, text)
        yield Candidate((edit,), "wrong-variable", told, 0, text, node, named=True)


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
