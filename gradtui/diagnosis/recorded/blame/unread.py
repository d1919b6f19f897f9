"""Matrix products and states of a recurrence with a name that the function reads nowhere."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from gradtui.diagnosis.recorded.blame.candidates import Candidate, Statement, is_leaf
from gradtui.diagnosis.recorded.blame.watch import Shape

_NAMES, _OTHERS, _PLACES = 2, 8, 6
"""Most names that nothing reads, most by which each is multiplied, and most places for that."""


def unread(s: Statement) -> Iterator[Candidate]:
    """Yield sums with such a product, and recurrences that begin with such a name."""
    held = [(name, s.scope.get(name)) for name in s.idle]
    arrays = [(name, one) for name, one in held if one is not None and one.kind == "f"]
    for name, one in [pair for pair in arrays if pair[1].shape][:_NAMES]:
        for node, own in _places(s):
            yield from _products(s, node, own, name, one.shape)
            yield from _begun(s, node, own, name, one.shape)


def _places(s: Statement) -> list[tuple[ast.expr, Shape]]:
    """Return the arrays of a statement, whose value something may be missing in."""
    found = list[tuple[ast.expr, Shape]]()
    for node in s.nodes:
        plain = isinstance(node, ast.BinOp | ast.Call) or is_leaf(node)
        loaded = not isinstance(getattr(node, "ctx", None), ast.Store) and node not in s.indexing
        if isinstance(node, ast.expr) and plain and loaded:
            shape = s.shape(node) or s.shape_of_value(node)
            found += [(node, shape)] if shape else []
    found.sort(key=lambda pair: not is_leaf(pair[0]))
    return found[:_PLACES]


def _products(
    s: Statement, node: ast.expr, own: Shape, name: str, shape: Shape
) -> Iterator[Candidate]:
    """Yield the sums with a matrix product of a name with another one."""
    if len(own) != 2 or len(shape) != 2:
        return
    others = [
        (text, held.shape)
        for text, held in s.scope.items()
        if held.kind == "f" and len(held.shape) == 2 and text not in (name, s.text(node))
    ]
    others.sort(key=lambda pair: -s.recent.get(pair[0], 0))
    for other, size in others[:_OTHERS]:
        for left, rows in ((name, shape), (f"{name}{s.transpose}", shape[::-1])):
            for right, columns in ((other, size), (f"{other}{s.transpose}", size[::-1])):
                for (one, first), (two, last) in (
                    ((left, rows), (right, columns)),
                    ((right, columns), (left, rows)),
                ):
                    if first[1] == last[0] and (first[0], last[1]) == own:
                        term = f"{one} @ {two}"
                        text = f"{s.inside(node, 1)} + {term}"
                        told = f"the term {term} is missing: nothing uses {name}"
                        edit = s.replaced(node, text, 1)
                        yield Candidate((edit,), "missing-path", told, 0, term, node)


def _begun(
    s: Statement, node: ast.expr, own: Shape, name: str, shape: Shape
) -> Iterator[Candidate]:
    """Yield the values of a recurrence one step earlier, which begin with a name's."""
    if not is_leaf(node) or s.dialect.axis != "dim":
        return
    for axis in (0, 1):
        if len(own) == len(shape) + 1 and own[:axis] + own[axis + 1 :] == shape:
            cut = f"{':, ' * axis}:-1"
            text = f"{s.numpy}cat([{name}.unsqueeze({axis}), {s.text(node)}[{cut}]], dim={axis})"
            told = f"{s.text(node)} is needed one step earlier, begun with {name}"
            yield Candidate((s.replaced(node, text),), "wrong-variable", told, 0, text, node)
