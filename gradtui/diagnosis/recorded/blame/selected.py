"""One side of a `where` that is a factor of that side of another with the same condition.

What it selects from has that slope by what the factor is multiplied by.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TypeGuard

from gradtui.diagnosis.recorded.blame.candidates import Candidate, Statement
from gradtui.diagnosis.recorded.blame.expressions import multiplied, name_of, names_in

_COST = 1
_PARTS = 3
"""The condition of a `where`, and its two sides."""


def selected(s: Statement) -> Iterator[Candidate]:
    """Yield the factors of the same side of another `where` of the function."""
    for node in s.nodes:
        if not _selects(node):
            continue
        for other in s.unit.of(ast.Call):
            if other is node or not _selects(other) or not _same(other.args[0], node.args[0]):
                continue
            for side, like in zip(node.args[1:], other.args[1:], strict=True):
                yield from _factors(s, side, like)


def _factors(s: Statement, side: ast.expr, like: ast.expr) -> Iterator[Candidate]:
    factors = [*multiplied(like)]
    for factor in factors if len(factors) > 1 else ():
        if not _same(factor, side) and names_in(factor) <= {*s.scope, *s.unit.globals}:
            text = s.spelled(ast.unparse(factor))
            told = f"{s.text(side)} must be {text}, as in line {like.lineno}"
            edit = s.replaced(side, text, s.binding(factor))
            yield Candidate((edit,), "wrong-variable", told, _COST, text, side)


def _selects(node: ast.AST) -> TypeGuard[ast.Call]:
    return isinstance(node, ast.Call) and name_of(node.func) == "where" and len(node.args) == _PARTS


def _same(one: ast.expr, other: ast.expr) -> bool:
    return ast.dump(one) == ast.dump(other)
