"""Whether an edit makes a line like another one of its function: code often stands in rows."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from copy import deepcopy

from gradtui.diagnosis.recorded.blame.units import Edit, Unit

_STORING = (ast.Assign, ast.AugAssign)


def becomes_alike(unit: Unit, own: ast.stmt, edits: Sequence[Edit]) -> bool:
    """Return whether a line becomes like another one, except for names and signs."""
    if isinstance(own, ast.For):
        return _is_round_alike(unit, own, edits)
    calculated = isinstance(own, _STORING) and any(
        isinstance(one, ast.BinOp) for one in ast.walk(own.value)
    )
    edited = _edited(unit, edits) if calculated else None
    if edited is None:
        return False
    form = _form(edited)
    return form != _form(own) and form in map(_form, _others(unit, own))


def becomes_sum(unit: Unit, own: ast.stmt, edits: Sequence[Edit]) -> bool:
    """Return whether a line adds to what it stores, as its function does elsewhere."""
    if [one.text for one in edits] != [b"+="] or not isinstance(own, ast.Assign):
        return False
    sums = [ast.dump(one.target) for one in unit.nodes if isinstance(one, ast.AugAssign)]
    return ast.dump(own.targets[0]) in sums


def _is_round_alike(unit: Unit, own: ast.For, edits: Sequence[Edit]) -> bool:
    """Return whether the rounds of a loop become like those of another one."""
    edited = _edited(unit, edits, " pass")
    others = (one for one in unit.nodes if isinstance(one, ast.For) and one is not own)
    form = _form(edited.iter) if isinstance(edited, ast.For) else None
    return form != _form(own.iter) and form in {_form(one.iter) for one in others}


def _edited(unit: Unit, edits: Sequence[Edit], more: str = "") -> ast.stmt | None:
    """Return a line with edits; None if it becomes several."""
    try:
        (edited,) = ast.parse(unit.line_after([*edits]).strip() + more).body
    except (SyntaxError, ValueError):
        return None
    return edited


def _others(unit: Unit, own: ast.stmt) -> Iterator[ast.stmt]:
    """Yield the other lines that store something."""
    for one in ast.walk(unit.node):
        if isinstance(one, _STORING) and one is not own:
            yield one


class _Unnamed(ast.NodeTransformer):
    """Leaves out of an expression what tells it from others like it."""

    def visit_Name(self, node: ast.Name) -> ast.AST:
        """Return it without the name."""
        return ast.Name("", node.ctx)

    def visit_Sub(self, node: ast.Sub) -> ast.AST:
        """Return a sum for a difference."""
        return ast.Add()


def _form(node: ast.stmt | ast.expr) -> str:
    """Return code without its names and signs."""
    return ast.dump(_Unnamed().visit(deepcopy(node)))
