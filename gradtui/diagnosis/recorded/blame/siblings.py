"""Expressions of the user's code with all names renamed alike, such as those of another gate."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from gradtui.diagnosis.recorded.blame.candidates import Statement, is_leaf
from gradtui.diagnosis.recorded.blame.names import difference, renamed

_MOST = 24
"""Most siblings of the expressions at a statement."""


def siblings(s: Statement) -> list[str]:
    """Return the siblings of the expressions that can be computed at a statement.

    One of `dz @ Wz.T` is `dr @ Wr.T`, if the names that it needs have the same shapes.
    """
    known = {text for text, _ in s.expressions}
    found = dict[str, None]()
    for text, held in s.expressions:
        if held.kind == "f":
            found |= dict.fromkeys(one for one in _renamed(s, text) if one not in known)
    return [*found][:_MOST]


def _renamed(s: Statement, text: str) -> Iterator[str]:
    """Yield an expression with its names changed in the same way, in all ways that are known."""
    tree = ast.parse(text, mode="eval")
    names = dict.fromkeys(
        ast.unparse(one) for one in ast.walk(tree)
        if isinstance(one, ast.expr) and is_leaf(one) and s.held(one) is not None
    )  # fmt: skip
    for before, after in dict.fromkeys(change for name in names for change in _changes(s, name)):
        others = {name: name.replace(before, after) for name in names if before in name}
        if len(others) > 1 and all(_is_alike(s, *pair) for pair in others.items()):
            yield renamed(text, others)


def _changes(s: Statement, name: str) -> Iterator[tuple[str, str]]:
    """Yield the parts of a name that differ in others of the same shape, with what stands there."""
    own = s.scope[name]
    for other, held in s.scope.items():
        if other != name and (held.shape, held.kind) == (own.shape, own.kind):
            rest, more = difference(name, other)
            if rest and more:
                yield rest, more


def _is_alike(s: Statement, name: str, other: str) -> bool:
    one, two = s.scope[name], s.scope.get(other)
    return two is not None and (one.shape, one.kind) == (two.shape, two.kind)
