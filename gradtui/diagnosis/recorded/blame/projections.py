"""What the gradient of a normalisation lacks: its part along the normalised value."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from gradtui.diagnosis.recorded.blame.candidates import Candidate, Statement
from gradtui.diagnosis.recorded.blame.likeness import Filled
from gradtui.diagnosis.recorded.blame.material import arrays
from gradtui.diagnosis.recorded.blame.units import Edit

_FOLDS = ("mean", "sum")
_MOST = 8
"""Most arrays along which a part may be missing."""


def projections(s: Statement) -> Iterator[Candidate]:
    """Yield a value that is taken without its mean, without its part along an array as well."""
    for node in s.nodes:
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
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
    whole, fold = _fold(s, node)
    if fold is None:
        return
    value = _folded(fold)
    shape = s.shape(value)
    alike = [name for name, held in arrays(s) if shape and held.kind == "f" and held.shape == shape]
    alike.sort(key=lambda name: -s.recent.get(name, 0))
    for name in alike[:_MOST]:
        if name != s.text(value):
            other = ast.parse(name, mode="eval").body
            filled = Filled([value], ast.BinOp(value, ast.Mult(), other)).visit(whole)
            yield f"{name} * {ast.unparse(filled)}"


def _fold(s: Statement, node: ast.expr, *, named: bool = True) -> tuple[ast.expr, ast.Call | None]:
    """Return an expression without its sign, and the mean or sum in it, if it has one.

    That may be `named`, and is then spelled as where it gets its name.
    """
    match node:
        case ast.Call(func=ast.Attribute(attr=name)) if name in _FOLDS:
            return node, node
        case ast.UnaryOp(ast.USub(), operand):
            return _fold(s, operand, named=named)
        case ast.BinOp(left, ast.Mult() | ast.Div() as op, right):
            (one, fold), (two, other) = (_fold(s, part, named=named) for part in (left, right))
            return ast.BinOp(one, op, two), fold or other
        case ast.Name(name) if named and (stored := _stored(s, name)) is not None:
            whole, fold = _fold(s, stored, named=False)
            return (node, None) if fold is None else (whole, fold)
        case _:
            return node, None


def _stored(s: Statement, name: str) -> ast.expr | None:
    """Return the only expression that the function stores under a name; None without one."""
    made = [
        one.value for one in s.unit.of(ast.Assign)
        if ast.unparse(one.targets[0]) == name
    ]  # fmt: skip
    return made[0] if len(made) == 1 and made[0] is not s.value() else None


def _folded(call: ast.Call) -> ast.expr:
    """Return the value whose mean or sum a call is: its first argument, or what it is called on."""
    assert isinstance(call.func, ast.Attribute)
    of, given = call.func.value, call.args[0] if call.args else None
    module = isinstance(of, ast.Name) and isinstance(given, ast.Name | ast.BinOp | ast.Attribute)
    return given if module and given is not None else of
