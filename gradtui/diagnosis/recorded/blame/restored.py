"""Values that a backward half restores in another order than the forward half saved them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import combinations

from gradtui.diagnosis.recorded.blame.candidates import Candidate, Statement, swapped
from gradtui.diagnosis.recorded.blame.kept import kept_for

_MOST = 8
"""Most names that are swapped two by two."""
_APART, _OPEN, _ALIKE = 0, 1, 3
"""The costs of a swap: of names saved the other way round, of unknown ones, and of fitting ones."""


def restored(s: Statement) -> Iterator[Candidate]:
    """Yield what a context or a list has saved with two names swapped."""
    target = s.node.targets[0] if isinstance(s.node, ast.Assign) else None
    kept = kept_for(s.unit, s.node)
    if not isinstance(target, ast.Tuple | ast.List) or not (s.restores or kept):
        return
    names = target.elts
    saved = [ast.unparse(one) for one in kept.values] if kept is not None else []
    jumbled = kept is not None and kept.is_jumbled
    if kept is not None and kept.is_permuted and not jumbled:
        edits = tuple(s.replaced(one, text) for one, text in zip(names, saved, strict=True))
        told = "they must be restored in the order in which they are kept"
        yield Candidate(edits, "wrong-variable", told, 0, None, s.node, named=True)
    for one, two in combinations(range(min(_MOST, len(names))), 2):
        own = s.text(names[one]), s.text(names[two])
        before = tuple(saved[at] if at < len(saved) else "" for at in (one, two))
        fits = any(here == there for here, there in zip(own, before, strict=True))
        turned = any(here == there for here, there in zip(own, before[::-1], strict=True))
        cost = _OPEN if fits == turned else _ALIKE if fits or jumbled else _APART
        told = f"{own[0]} and {own[1]} are swapped"
        edits = swapped(s, names[one], names[two])
        named = cost == _APART
        yield Candidate(edits, "wrong-variable", told, cost, None, s.node, named=named)
