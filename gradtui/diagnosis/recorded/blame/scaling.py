"""How an edit scales a value, beside how the code scales others."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from functools import lru_cache

from gradtui.diagnosis.recorded.blame.candidates import Candidate
from gradtui.diagnosis.recorded.blame.expressions import summands
from gradtui.diagnosis.recorded.blame.filed import values_kept
from gradtui.diagnosis.recorded.blame.names import is_of_gradient
from gradtui.diagnosis.recorded.blame.suspect import Suspect
from gradtui.diagnosis.recorded.blame.trees import walked

_SUMS = ast.Add | ast.Sub
_FUNCTIONS = 256
"""Most functions, classes and terms of which it is known what they scale by."""


def scales_alike(suspect: Suspect, candidate: Candidate) -> bool:
    """Return whether it divides by what its function divides by elsewhere.

    Or it scales by what the object keeps, as another method of its class does, or what a call is
    given as all other calls do.
    """
    if isinstance(suspect.statement.node, ast.Expr) and candidate.named:
        return candidate.rule == "constant-factor"
    unit, factor = suspect.statement.unit, candidate.factor or ""
    divisor = factor.removeprefix("1/")
    owner = unit.owner if divisor.startswith(f"{unit.given}.") else None
    scaling = _scaling(owner or unit.node, below=divisor != factor)
    drops = candidate.rule == "extra-factor"
    return not drops and divisor in scaling and (divisor != factor or owner is not None)


def joins_terms(suspect: Suspect, candidate: Candidate) -> bool:
    """Return whether a term becomes divided by what another term of its sum is divided by."""
    s, divisor = suspect.statement, (candidate.factor or "").removeprefix("1/")
    top = candidate.node
    if divisor == candidate.factor or not isinstance(top, ast.expr):
        return False
    while isinstance(above := s.parents.get(top), ast.BinOp) and isinstance(above.op, _SUMS):
        top = above
    terms = [*summands(top)] if candidate.node is not top else []
    return candidate.node in terms and any(
        divisor in _scaling(one, below=True) for one in terms if one is not candidate.node
    )


@lru_cache(_FUNCTIONS)
def _scaling(code: ast.AST, *, below: bool) -> frozenset[str]:
    """Return what code divides by, or else the factors of its products."""
    products = (one for one in walked(code) if isinstance(one, ast.BinOp))
    return frozenset(ast.unparse(side) for one in products for side in _scaled_by(one, below=below))


def _scaled_by(node: ast.BinOp, *, below: bool) -> Sequence[ast.expr]:
    """Return what a calculation divides by, or else the factors of a product."""
    if below:
        return [node.right] if isinstance(node.op, ast.Div) else []
    return [node.left, node.right] if isinstance(node.op, ast.Mult) else []


def shares_factor(suspect: Suspect, candidate: Candidate) -> bool:
    """Return whether what is returned beside the loss becomes scaled as that is."""
    part = isinstance(candidate.node, ast.expr) and candidate.rule == "missing-factor"
    returned = suspect.forward and isinstance(suspect.statement.node, ast.Return)
    return part and candidate.named and returned


def scales_for_later(suspect: Suspect, candidate: Candidate) -> bool:
    """Return whether it scales what the forward half keeps, such as a mask, for the backward half.

    Nobody forgets that there, where it changes no loss.
    """
    node = suspect.statement.node
    target = node.targets[0] if isinstance(node, ast.Assign) else None
    name = target.attr if isinstance(target, ast.Attribute) else getattr(target, "id", "")
    kept = suspect.forward and bool(values_kept(node)) and not is_of_gradient(name)
    return kept and candidate.rule == "constant-factor"


def resizes(suspect: Suspect, candidate: Candidate) -> bool:
    """Return whether it asks another array for its size, which may be a multiple by chance."""
    s, node = suspect.statement, candidate.node
    above = None if node is None else s.parents.get(node)
    asked = isinstance(above, ast.Attribute) and above.attr in ("shape", "size")
    if isinstance(above, ast.Call):
        asked = isinstance(above.func, ast.Name) and above.func.id == "len"
    named = isinstance(node, ast.Name | ast.Attribute)
    return asked and named and candidate.rule == "wrong-variable"
