"""Edits that use what a function is given, or the line before stores, and nothing else uses."""

from __future__ import annotations

import ast
from collections.abc import Collection

from gradtui.diagnosis.recorded.blame.candidates import Statement
from gradtui.diagnosis.recorded.blame.forgotten import is_forgotten
from gradtui.diagnosis.recorded.blame.names import made_alike
from gradtui.diagnosis.recorded.blame.wasted import rewritten_in


def remembers(s: Statement, names: Collection[str]) -> bool:
    """Return whether some names are of what the function is given or keeps, and never uses.

    Or of what the statement writes over before anything has read it.  A count that is 2 tells
    nothing: most factors of 2 are those of squares.
    """
    if not rewritten_in(s.unit.node).get(s.node, frozenset()).isdisjoint(names):
        return True
    kept = {name: name.replace('"', "'") for name in names}
    return any(
        s.spelled(text) == name and is_forgotten(s, text)
        and ((one := s.scope.get(text)) is None or (one.kind, one.value) != ("i", 2))
        for name, text in kept.items()
    )  # fmt: skip


def continues(s: Statement, names: Collection[str]) -> bool:
    """Return whether a statement gets what the line just before stores, and nothing else uses.

    What is made in the same way as the line's own value is added to that elsewhere.
    """
    if s.handed not in names:
        return False
    stored = s.node.targets[0] if isinstance(s.node, ast.Assign) else None
    return not isinstance(stored, ast.Name) or s.handed not in made_alike(stored, s.unit)
