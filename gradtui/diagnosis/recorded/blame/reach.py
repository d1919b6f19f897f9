"""What code may add to an array by: its name, or what else holds it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import lru_cache

from gradtui.diagnosis.recorded.blame.begun import is_zero, pairs
from gradtui.diagnosis.recorded.blame.trees import walked


@lru_cache(64)
def may_reach(tree: ast.AST, name: str) -> bool:
    """Return whether code may write into an array that begins as zeros.

    It is a name, an attribute, or an entry of a dict; to return it is not to write into it.
    """
    owner, _, _ = name.rpartition("[")
    for node in walked(tree):
        written = (one for part in _written(node) for one in walked(part))
        if any(ast.unparse(one) == name or _is_any_of(one, owner) for one in written):
            return True
        if owner and any(ast.unparse(one) == owner for one in _handed(node)):
            return True
    return False


def _is_any_of(node: ast.AST, owner: str) -> bool:
    """Return whether a node is an entry of a dict by a computed key, which may be each of them."""
    computed = isinstance(node, ast.Subscript) and not isinstance(node.slice, ast.Constant)
    return computed and isinstance(node, ast.Subscript) and ast.unparse(node.value) == owner


def _written(node: ast.AST) -> Iterator[ast.expr]:
    """Yield what a statement writes, gives another name, or hands to a function."""
    match node:
        case ast.Assign(value=value):
            yield from (target for target, one in pairs(node) if not is_zero(one))
            if not is_zero(value) and not isinstance(value, ast.BinOp):
                yield value
        case ast.AugAssign(target=one) | ast.Expr(value=one) | ast.For(iter=one):
            yield one


def _handed(node: ast.AST) -> Iterator[ast.expr]:
    """Yield the arguments of a call, and what a loop goes through."""
    match node:
        case ast.Call(args=args, keywords=named):
            yield from (*args, *(one.value for one in named))
        case ast.For(iter=ast.Call(func=ast.Attribute(value=one))) | ast.For(iter=one):
            yield one
