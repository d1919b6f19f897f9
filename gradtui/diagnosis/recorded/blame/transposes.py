"""Calls that put all axes of an array in another order, as they are written."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import TypeGuard


def is_order(node: ast.AST) -> TypeGuard[ast.Call]:
    """Return whether a call puts all axes of an array in another order, which it writes."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return False
    axes = _axes(node)
    whole = all(isinstance(one, ast.Constant) for one in axes) and len(axes) > 2
    return whole and node.func.attr in ("transpose", "permute")


def _axes(node: ast.Call) -> Sequence[ast.expr]:
    """Return the axes that a call is given, one by one or in a tuple."""
    given = node.args[0] if len(node.args) == 1 else None
    return given.elts if isinstance(given, ast.Tuple) else node.args


def order_of(node: ast.Call, *, undone: bool = False) -> tuple[str, int]:
    """Return the text that puts axes in the order of a call, or back, and their number."""
    axes = axes_of(node, undone=undone)
    text = ", ".join(map(str, axes))
    text = f"({text})" if isinstance(node.args[0], ast.Tuple) else text
    return f".{getattr(node.func, 'attr', '')}({text})", len(axes)


def axes_of(node: ast.Call, *, undone: bool = False) -> tuple[int, ...]:
    """Return the order in which a call puts axes, or that which puts them back."""
    axes = [int(ast.literal_eval(one)) for one in _axes(node)]
    return tuple(sorted(range(len(axes)), key=axes.__getitem__) if undone else axes)
