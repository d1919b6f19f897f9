"""Columns and vectors of one length, computed with element by element: each row with each."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from gradtui.diagnosis.recorded.blame.candidates import Candidate, Statement


def crossed(s: Statement) -> Iterator[Candidate]:
    """Yield the operations with a column and a vector that give a square, with a column for both.

    Or with a vector for both.
    """
    for node in s.nodes:
        if isinstance(node, ast.BinOp) and not isinstance(node.op, ast.MatMult):
            for column, vector in ((node.left, node.right), (node.right, node.left)):
                whole, flat = s.shape(column), s.shape(vector)
                if flat and whole == (*flat, 1) and flat[0] > 1 == len(flat):
                    yield from _of(s, node, column, vector, flat[0])


def _of(
    s: Statement, node: ast.BinOp, column: ast.expr, vector: ast.expr, n: int
) -> Iterator[Candidate]:
    told = f"{s.text(column)} has the shape [{n}×1] and {s.text(vector)} [{n}]: together they give "
    told += f"[{n}×{n}], each row with each"
    for one, index in ((vector, "[:, None]"), (column, "[:, 0]")):
        text = f"{s.inside(one, 9)}{index}"
        yield Candidate((s.replaced(one, text),), "wrong-axis", told, 0, text, node)
