"""Sizes that a line unpacks in another order than another line of the file does."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import combinations

from gradtui.diagnosis.recorded.blame.candidates import Candidate, Statement, swapped
from gradtui.diagnosis.recorded.blame.trees import nodes_of
from gradtui.diagnosis.recorded.blame.units import Unit

_FILES = 32
"""Most files of which it is kept what they unpack."""


def unpacked(s: Statement) -> Iterator[Candidate]:
    """Yield two sizes in the order in which they are unpacked elsewhere."""
    names = _names(s.node)
    for one, two in _turned(s.unit, s.node):
        first, last = names[one], names[two]
        told = f"{first.id} and {last.id} are swapped, as another line unpacks them"
        yield Candidate(swapped(s, first, last), "wrong-variable", told, 0, None, named=True)


def unpacks_unlike(unit: Unit, node: ast.stmt) -> bool:
    """Return whether a statement unpacks two sizes in another order than another line."""
    return any(True for _ in _turned(unit, node))


def _turned(unit: Unit, node: ast.stmt) -> Iterator[tuple[int, int]]:
    """Yield the places of names that change places elsewhere."""
    own = tuple(one.id for one in _names(node))
    others = [one for one in _unpacked(unit.tree) if len(one) == len(own)] if own else []
    if others.count(own) > 1:
        return  # another line has the same order
    for one, two in combinations(range(len(own)), 2):
        if any(other[one] == own[two] and other[two] == own[one] for other in others):
            yield one, two


@lru_cache(_FILES)
def _unpacked(tree: ast.Module) -> Sequence[tuple[str, ...]]:
    """Return the names of all sizes that a file unpacks, line by line."""
    lines = ([one.id for one in _names(node)] for node in nodes_of(tree))
    return [tuple(one) for one in lines if one]


def _names(node: ast.AST) -> Sequence[ast.Name]:
    """Return the names that a statement gives to the sizes of an array; empty if it gives none."""
    match node:
        case ast.Assign([ast.Tuple(names)], ast.Attribute(attr="shape") | ast.Call() as value):
            called = value.func if isinstance(value, ast.Call) else value
            sizes = isinstance(called, ast.Attribute) and called.attr in ("shape", "size")
            named = [one for one in names if isinstance(one, ast.Name)]
            return named if sizes and len(named) == len(names) else ()
        case _:
            return ()
