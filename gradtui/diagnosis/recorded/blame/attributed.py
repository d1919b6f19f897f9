"""Attributes of objects that are taken for their gradients, or these for them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import lru_cache
from inspect import getattr_static
from types import FunctionType

from gradtui.diagnosis.recorded.blame.candidates import Candidate, Statement
from gradtui.diagnosis.recorded.blame.meaning import meant
from gradtui.diagnosis.recorded.blame.names import is_of_gradient, value_of
from gradtui.diagnosis.recorded.blame.trees import nodes_of
from gradtui.recording.places import is_users_file

_GRADIENT, _VALUES = "grad", ("data", "value", "val", "values")
"""How objects most often name a gradient, and what it is of."""
_SLOPES = ("backward", "derivative", "gradient", "prime")
"""What methods are called that give slopes."""
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


def methods(s: Statement) -> Iterator[Candidate]:
    """Yield methods of objects that are called or kept as they are, as `layer.backward(d)`.

    They have the names of slopes, or of what the function calls of other objects.
    """
    called = {one.func.attr for one in s.unit.of(ast.Call) if isinstance(one.func, ast.Attribute)}
    for node in s.nodes:
        above = s.parents.get(node)
        used = node is s.value() or (isinstance(above, ast.Call) and above.func is node)
        if not used or not isinstance(node, ast.Attribute | ast.Name):
            continue
        owner = type(meant(s, node))
        for name in sorted(called.union(_SLOPES)):
            method = getattr_static(owner, name, None)
            if isinstance(method, FunctionType) and is_users_file(method.__code__.co_filename):
                text = f"{s.text(node)}.{name}"
                told, edit = f"{s.text(node)} must be {text}", s.replaced(node, text)
                told_by_name = is_of_gradient(_stored_as(s, node))
                yield Candidate((edit,), "wrong-variable", told, 1 - told_by_name, text, node,
                                named=told_by_name)  # fmt: skip


def _stored_as(s: Statement, node: ast.expr) -> str:
    """Return the name under which a statement stores an expression as it is; else empty."""
    match s.node:
        case ast.Assign([ast.Name(name)], value) if value is node:
            return name
        case _:
            return ""


@lru_cache(_ATTRIBUTES)
def _others(tree: ast.Module, attribute: str) -> list[tuple[str, int]]:
    """Return the attributes that a file stores as the gradient of one, or what that is one of."""
    stored = {one.attr for one in nodes_of(tree)
              if isinstance(one, ast.Attribute) and isinstance(one.ctx, ast.Store)}  # fmt: skip
    if attribute == _GRADIENT:
        return [(name, 0) for name in _VALUES if name in stored]
    return [
        *((name, 0) for name in sorted(stored & {_GRADIENT}) if attribute in _VALUES),
        *((name, 0) for name in sorted(stored) if value_of(name) == attribute),
        *((name, 1) for name in sorted(stored) if value_of(attribute) == name),
    ]
