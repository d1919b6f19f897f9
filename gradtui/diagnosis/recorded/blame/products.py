"""Matrix products that lack an operand, which the shape of a wrong result tells."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from gradtui.diagnosis.recorded.blame.candidates import Candidate, Statement
from gradtui.diagnosis.recorded.blame.scope import Shape
from gradtui.diagnosis.recorded.blame.trees import walked

_MOST = 12
"""Most names that are tried as an operand."""


def products(s: Statement) -> Iterator[Candidate]:
    """Yield matrix products that have the shape of a wrong result, of a matrix that has not."""
    for own in s.values:
        shape = s.shape(own) or s.shape_of_value(own)
        made = isinstance(own, ast.Attribute) or (isinstance(own, ast.Name) and own.id in s.recent)
        if made and isinstance(s.node, ast.Return):
            continue  # what is made elsewhere is wrong there
        if shape is None or len(shape) != 2 or shape in s.wanted:
            continue
        text = s.inside(own, 3)
        for other, found in [*_matrices(s, own)][:_MOST]:
            for one, turned in ((other, found), (f"{other}{s.transpose}", found[::-1])):
                if shape[1] == turned[0] and (shape[0], turned[1]) in s.wanted:
                    yield _of(s, own, text, one, one)
                if turned[1] == shape[0] and (turned[0], shape[1]) in s.wanted:
                    yield _of(s, own, one, text, one)


def _of(s: Statement, own: ast.expr, left: str, right: str, other: str) -> Candidate:
    dotted = bool(s.numpy) and b"@" not in s.unit.source and b"dot(" in s.unit.source
    made = f"{s.numpy}dot({left}, {right})" if dotted else f"{left} @ {right}"
    told = f"the factor {other} is missing"
    return Candidate((s.replaced(own, made, 2),), "missing-factor", told, 0, other, own)


def _matrices(s: Statement, own: ast.expr) -> Iterator[tuple[str, Shape]]:
    """Yield the matrices that an expression does not have already, the latest first."""
    known = {ast.unparse(one) for one in walked(own) if isinstance(one, ast.expr)}
    for text in sorted(s.scope, key=lambda text: -s.recent.get(text, 0)):
        held = s.scope[text]
        if held.kind == "f" and len(held.shape) == 2 and text not in known:
            yield text, held.shape
