"""The lines of a function, and those that use a name."""

from __future__ import annotations

import ast

from gradtui.diagnosis.recorded.blame.flow import Line
from gradtui.diagnosis.recorded.blame.units import Unit


def lines_of(unit: Unit) -> set[Line]:
    """Return the lines of a function."""
    assert unit.node.end_lineno is not None
    return {(unit.file, line) for line in range(unit.first, unit.node.end_lineno + 1)}


def lines_with(unit: Unit, name: str | None, use: type[ast.expr_context]) -> set[Line]:
    """Return the lines of a function that read or store a name, and those of its statements."""
    return {
        (unit.file, line) for node in unit.nodes
        if isinstance(node, ast.Assign | ast.AugAssign | ast.Expr | ast.Return)
        for one in ast.walk(node)
        if isinstance(one, ast.Name) and one.id == name and isinstance(one.ctx, use)
        for line in (one.lineno, node.lineno)
    }  # fmt: skip
