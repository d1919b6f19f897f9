"""Attributes of objects that are taken for their gradients, or these for them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import lru_cache

from gradtui.diagnosis.recorded.blame.candidates import Candidate, Statement
from gradtui.diagnosis.recorded.blame.names import value_of
from gradtui.diagnosis.recorded.blame.trees import nodes_of

_ATTRIBUTES = 1024
"""Most attributes of files of which the others are known."""


def attributed(s: Statement) -> Iterator[Candidate]:
    """Yield the gradient that an object keeps beside an attribute for that, or the reverse.

    The object may have no name, as in `layers[i].b`.
    """
    for node in s.nodes:
        called = isinstance(up := s.parents.get(node), ast.Call) and up.func is node
        if not isinstance(node, ast.Attribute) or not isinstance(node.ctx, ast.Load) or called:
            continue
        for name, cost in _others(s.unit.tree, node.attr):
            text = f"{s.text(node.value)}.{name}"
            told = f"{s.text(node)} must be {text}"
            yield Candidate((s.replaced(node, text),), "wrong-variable", told, cost, text, node)


@lru_cache(_ATTRIBUTES)
def _others(tree: ast.Module, attribute: str) -> list[tuple[str, int]]:
    """Return the attributes that a file stores as the gradient of one, or what that is one of."""
    stored = {one.attr for one in nodes_of(tree)
              if isinstance(one, ast.Attribute) and isinstance(one.ctx, ast.Store)}  # fmt: skip
    return [
        *((name, 0) for name in sorted(stored) if value_of(name) == attribute),
        *((name, 1) for name in sorted(stored) if value_of(attribute) == name),
    ]
