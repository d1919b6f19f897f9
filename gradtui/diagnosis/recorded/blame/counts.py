"""Numbers of elements that a mean divides by."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import lru_cache

from gradtui.diagnosis.recorded.blame.candidates import Candidate, Statement

_MEANS = {"mean": 1, "average": 1, "mse_loss": 2, "MSELoss": 0}
"""Functions that average, with their most arguments if they do so over all axes."""
_SIZES = ("size", "numel")
_MOST = 2
"""Most arrays whose elements are counted."""


def of_count(s: Statement, count: ast.expr) -> Iterator[Candidate]:
    """Yield all elements of an array in the place of its rows, in code that takes their mean."""
    if not _averages_all(s.unit.tree):
        return
    for array in [*_counted(s, count)][:_MOST]:
        text = f"{array}{s.dialect.size}"
        told = f"{s.text(count)} must be {text}: the mean is that of all elements"
        yield Candidate((s.replaced(count, text),), "constant-factor", told, 0, text, count)


def _counted(s: Statement, count: ast.expr) -> Iterator[str]:
    """Yield the arrays of several axes that an expression counts the rows of."""
    match count:
        case ast.Call(func=ast.Name(id="len"), args=[ast.expr() as array]):
            named = [s.text(array)]
        case ast.Subscript(value=ast.Attribute(value=array, attr="shape")):
            named = [s.text(array)]
        case ast.Call(func=ast.Attribute(value=array, attr="size"), args=[_]):
            named = [s.text(array)]
        case ast.Name() | ast.Attribute():
            own = s.held(count)
            number = None if own is None or own.shape else own.value
            arrays = (one for one in s.nodes if isinstance(one, ast.Name | ast.Attribute)
                      and number in (s.shape(one) or ())[:1])  # fmt: skip
            named = sorted(dict.fromkeys(map(s.text, arrays)), key=len)
        case _:
            return
    for text in named:
        held = s.scope.get(text)
        if held is not None and len(held.shape) > 1:
            yield text


@lru_cache(64)
def _averages_all(tree: ast.AST) -> bool:
    """Return whether code takes a mean of all elements, which an accuracy is not."""
    return any(
        node.attr in _SIZES if isinstance(node, ast.Attribute) else _is_mean(node)
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute | ast.Call)
    )


def _is_mean(node: ast.Call) -> bool:
    name = getattr(node.func, "attr", getattr(node.func, "id", ""))
    whole = name in _MEANS and not node.keywords and len(node.args) <= _MEANS[name]
    return whole and not any(isinstance(one, ast.Compare) for one in ast.walk(node))
