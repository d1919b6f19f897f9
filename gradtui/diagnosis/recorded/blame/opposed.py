"""A value that is returned with a minus beside a gradient without one: the minus is of both."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from gradtui.diagnosis.recorded.blame.candidates import Candidate, Statement
from gradtui.diagnosis.recorded.blame.trees import walked
from gradtui.diagnosis.recorded.blame.units import Edit, Unit
from gradtui.diagnosis.recorded.blame.unnamed import statement_after


def opposed(s: Statement) -> Iterator[Candidate]:
    """Yield what a statement returns with a minus where only the value before it has one."""
    for one in _bare(s.node):
        edit = s.replaced(one, f"-{s.inside(one, 2)}", 3)
        told = "its sign is wrong: the value before it has a minus"
        yield Candidate((edit,), "sign", told, 0, "-1", one)


def is_opposed(node: ast.stmt | None) -> bool:
    """Return whether a statement returns a value with a minus and then something without one."""
    return any(True for _ in _bare(node))


def opposes(unit: Unit, own: ast.stmt, edits: Sequence[Edit]) -> bool:
    """Return whether edits give what is returned the minus of the value before it."""
    after = statement_after(unit, own, edits) if is_opposed(own) else None
    return after is not None and not is_opposed(after)


def _bare(node: ast.stmt | None) -> Iterator[ast.expr]:
    """Yield the only value without a minus that is returned behind one with a minus."""
    match node:
        case ast.Return(ast.Tuple([ast.UnaryOp(ast.USub()), other])):
            if not any(_is_minus(one) for one in walked(other)):
                yield other


def _is_minus(node: ast.AST) -> bool:
    """Return whether an expression is another one with a minus; the axis -1 is none."""
    minus = isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub)
    return minus and not isinstance(getattr(node, "operand", None), ast.Constant)
