"""Which values a function has made itself, so that a new line may change them in place."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from gradtui.diagnosis.recorded.blame.candidates import Statement
from gradtui.diagnosis.recorded.blame.watch import VIEWS

_SHARING = VIEWS | {
    "asarray", "asanyarray", "as_tensor", "ascontiguousarray", "atleast_1d", "atleast_2d",
    "broadcast_to", "chunk", "conj", "detach", "diagonal", "double", "expand_dims", "float",
    "from_numpy", "get", "moveaxis", "numpy", "split", "to", "type_as", "unbind",
}  # fmt: skip
"""Functions whose result may be what they are given."""


def is_own(s: Statement, text: str, *, before: bool = False) -> bool:
    """Return whether a value is the function's own behind a statement, or one that it changes.

    What it is given, has saved, or takes a view of is the user's.  `before` is for the value that
    the statement finds.
    """
    if any(ast.unparse(one) == text for one in _changed(s)):
        return True
    made = [
        (one.lineno, value) for one in s.unit.of(ast.Assign)
        if one.lineno <= s.node.lineno - before
        for target in one.targets for part, value in _pairs(target, one.value)
        if ast.unparse(part) == text
    ]  # fmt: skip
    return bool(made) and _is_new(s, max(made, key=lambda pair: pair[0])[1])


def copied_first(s: Statement, name: str) -> str:
    """Return the line needed before one that changes a part of a value; empty for an own one."""
    return "" if is_own(s, name) else f"{name} = {name}.{s.copying}()\n{s.margin}"


def _changed(s: Statement) -> Iterator[ast.expr]:
    """Yield what the function changes in place."""
    yield from (one.target for one in s.unit.of(ast.AugAssign))
    yield from (one.value for one in s.unit.of(ast.Subscript) if isinstance(one.ctx, ast.Store))
    for one in s.unit.of(ast.Expr):
        if isinstance(one.value, ast.Call):
            yield from one.value.args[:1]  # the target of np.add.at and the like


def _pairs(target: ast.expr, value: ast.expr) -> Iterator[tuple[ast.expr, ast.expr | None]]:
    """Yield the parts of a target with what is stored there; None if that is not told."""
    if not isinstance(target, ast.Tuple | ast.List):
        yield target, value
        return
    told = isinstance(value, ast.Tuple | ast.List) and len(value.elts) == len(target.elts)
    for at, part in enumerate(target.elts):
        yield part, value.elts[at] if told and isinstance(value, ast.Tuple | ast.List) else None


def _is_new(s: Statement, value: ast.expr | None) -> bool:
    """Return whether an expression makes a new array."""
    match value:
        case ast.BinOp() | ast.UnaryOp():
            return True
        case ast.Call(func=ast.Attribute(owner, name)) if name not in _SHARING and name[-1] != "_":
            return f"{ast.unparse(owner)}." == s.numpy or name in s.dialect.methods
        case ast.Call(func=ast.Attribute(owner, name)) if name in VIEWS:
            return _is_new(s, owner)  # of a new array
        case _:
            return False
