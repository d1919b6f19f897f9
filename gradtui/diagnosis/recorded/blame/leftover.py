"""Terms and factors missing in parentheses, which hold nothing that needs them any more."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from gradtui.diagnosis.recorded.blame.candidates import Candidate, Statement
from gradtui.diagnosis.recorded.blame.units import Edit

_MOST = 12
"""Most names that are tried as a term."""


def leftovers(s: Statement) -> Iterator[Candidate]:
    """Yield sums and products in parentheses that hold one value, as `dy * (y - 1)` for `(y)`.

    What has a minus, as in `p * (-D)`, lacks what stood before that.
    """
    for node in (one for one in _alone(s) if one in s.nodes):
        negated = node.operand if isinstance(node, ast.UnaryOp) else None
        own = s.text(node if negated is None else negated)
        terms = [*_names(s, node, {own})]
        if negated is not None:
            texts = [f"{term} - {own}" for term in ("1", *terms)]
        else:
            ones = [] if isinstance(node, ast.Constant) else [f"{own} - 1", f"1 + {own}"]
            squares = [f"1 - {term} ** 2" for term in terms] if own == "1" else []
            texts = [
                f"1 - {own}", *ones, *squares,
                *(text for term in terms for text in (f"{own} - {term}", f"{term} - {own}")),
                *(f"{own} {sign} {term}" for sign in "+*" for term in terms),
            ]  # fmt: skip
        for text in texts:
            edit = Edit(s.unit.start(node), s.unit.end(node), text)
            told = f"({s.text(node)}) must be ({text})"
            rule = "missing-factor" if " * " in text else "missing-term"
            yield Candidate((edit,), rule, told, 1, text, node)


def is_leftover(s: Statement, edits: Sequence[Edit]) -> bool:
    """Return whether edits change only what parentheses hold that nothing needs."""
    spans = [(s.unit.start(one), s.unit.end(one)) for one in _alone(s)]
    return bool(spans) and all(
        any(start <= edit.start and edit.end <= end for start, end in spans) for edit in edits
    )


def _alone(s: Statement) -> Sequence[ast.expr]:
    """Return the operands of a statement that stand in parentheses without need."""
    return [one for one in s.unit.bracketed if one in s.parents]


def _names(s: Statement, node: ast.expr, known: set[str]) -> Iterator[str]:
    """Yield the names of what may be added to an operand, the latest first, or elements of them."""
    if isinstance(node, ast.Subscript):
        index, whole = s.text(node.slice), s.shape(node.value)
        yield from (f"{text}[{index}]" for text, one in s.scope.items()
                    if one.kind == "f" and one.shape == whole and text != s.text(node.value)
                   )  # fmt: skip
    above, shapes = s.parents.get(node), {s.shape(node)}
    while isinstance(above, ast.BinOp):
        shapes.add(s.shape(above))
        above = s.parents.get(above)
    fits = [text for text, one in s.scope.items()
            if one.kind == "f" and one.shape in shapes and text not in known]  # fmt: skip
    yield from sorted(fits, key=lambda text: -s.recent.get(text, 0))[:_MOST]
