"""What the gradient of a normalisation lacks: its part along the normalised value."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from gradtui.diagnosis.recorded.blame.candidates import Candidate, Statement
from gradtui.diagnosis.recorded.blame.material import arrays
from gradtui.diagnosis.recorded.blame.units import Edit

_FOLDS = ("mean", "sum")
_MOST = 8
"""Most arrays along which a part may be missing."""


def projections(s: Statement) -> Iterator[Candidate]:
    """Yield a value that is taken without its mean, without its part along an array as well."""
    for node in s.nodes:
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub):
            for term in _terms(s, node.right):
                edit = s.replaced(node, f"{s.text(node)} - {term}", 1)
                yield _lacking(term, edit, node)
    if isinstance(s.node, ast.AugAssign) and isinstance(s.node.op, ast.Sub):
        for term in _terms(s, s.node.value):
            edit = s.replaced(s.node.value, f"{s.text(s.node.value)} + {term}", 1)
            yield _lacking(term, edit, s.node.value)


def _lacking(term: str, edit: Edit, node: ast.expr) -> Candidate:
    return Candidate((edit,), "missing-term", f"the term -{term} is missing", 1, term, node)


def _terms(s: Statement, node: ast.expr) -> Iterator[str]:
    """Yield what a mean, or a part of it, is of a value's product with an array, times that."""
    fold = _fold(node)
    value = _folded(fold) if fold is not None else None
    shape = s.shape(value) if value is not None else None
    if value is None or not shape or "\n" in s.text(node):
        return
    own, start = s.unit.source, s.unit.start(node)
    first, last = s.unit.start(value), s.unit.end(value)
    before, after = s.unit.between(start, first), s.unit.between(last, s.unit.end(node))
    alone = own[first - 1 : first] + own[last : last + 1] in (b"()", b"(,")
    alike = [name for name, held in arrays(s) if held.kind == "f" and held.shape == shape]
    alike.sort(key=lambda name: -s.recent.get(name, 0))
    for name in alike[:_MOST]:
        times = f"{s.inside(value, 2)} * {name}"
        if name != s.text(value):
            yield f"{name} * {before}{times if alone else f'({times})'}{after}"


def _fold(node: ast.expr) -> ast.Call | None:
    """Return the mean or sum in an expression, which may be scaled."""
    match node:
        case ast.Call(func=ast.Attribute(attr=name)) if name in _FOLDS:
            return node
        case ast.BinOp(left, ast.Mult() | ast.Div(), right):
            return _fold(left) or _fold(right)
        case _:
            return None


def _folded(call: ast.Call) -> ast.expr:
    """Return the value whose mean or sum a call is: its first argument, or what it is called on."""
    assert isinstance(call.func, ast.Attribute)
    of = call.func.value
    module = isinstance(of, ast.Name) and call.args and not isinstance(call.args[0], ast.Constant)
    return call.args[0] if module and not isinstance(call.args[0], ast.Tuple | ast.UnaryOp) else of
