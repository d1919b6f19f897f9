"""Indices in one another's places, and with the bounds of those beside them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import combinations, pairwise

from gradtui.diagnosis.recorded.blame.candidates import Candidate, Statement, swapped
from gradtui.diagnosis.recorded.blame.trees import walked
from gradtui.diagnosis.recorded.blame.units import Edit

_PARTS = 4
"""Most indexed arrays of a statement whose indices are exchanged."""
_NEAR = 4
"""Largest distance between two numbers of an index that may be swapped."""
_RENAMED = 12
"""Most ways in which the names of a slice become those of another."""
_WORD = re.compile(r"(\w+)")
_FUNCTIONS = 256
"""Most functions of which is known by what they pick."""


def of_pairs(s: Statement, node: ast.Subscript, parts: Sequence[ast.expr]) -> Iterator[Candidate]:
    """Yield two indices, or two names in them, in each other's place."""
    for one, two in pairwise(parts):
        whole = not isinstance(one, ast.Slice) and not isinstance(two, ast.Slice)
        rule, cost = ("wrong-variable", 1) if whole else ("wrong-axis", 2)
        told = "its indices are swapped"
        usual = not whole and (ast.dump(two), ast.dump(one)) in _neighbours(s.unit.node)
        cost = 0 if usual else cost
        yield Candidate(swapped(s, one, two), rule, told, cost, None, node, named=usual)
        for own, other in ((one, two), (two, one)):
            text, slices = s.text(other), (own, other)
            bounded = all(isinstance(part, ast.Slice) and part.lower for part in slices)
            for made in (*_renamed(own, other, s), text) if bounded else ():
                if made != s.text(own):
                    told = f"{s.text(own)} must be {made}, as beside it"
                    edit = Edit(s.unit.start(own), s.unit.end(own), made)
                    yield Candidate((edit,), "wrong-variable", told, 1, made, node)
    atoms = [one for part in parts for one in atoms_of(part)]
    for at, one in enumerate(atoms):
        for two in atoms[at + 1 : at + _NEAR]:
            if s.text(one) != s.text(two):
                told = f"{s.text(one)} and {s.text(two)} are swapped"
                yield Candidate(swapped(s, one, two), "wrong-variable", told, 1, None, node)


def _renamed(own: ast.expr, other: ast.expr, s: Statement) -> Iterator[str]:
    """Yield a slice as that beside it is written, with the names that only the slice itself has.

    Or with one that is stored beside one of those.
    """
    names, others = _names(own), _names(other)
    mine, theirs = ([one for one in some if one not in rest]
                    for some, rest in ((names, others), (others, names)))  # fmt: skip
    given = [*combinations(theirs, len(mine))] if mine else []
    pairs = [
        *({old: new for old, new in zip(olds, mine, strict=True)} for olds in given),
        *({old: new} for old in theirs for new in sorted(_stored_with(s.unit.node, old))),
    ]
    for renamed in pairs[:_RENAMED]:
        words = _WORD.split(s.text(other))
        yield "".join(renamed.get(one, one) for one in words)


def _names(node: ast.AST) -> list[str]:
    """Return the names in an expression, in their order."""
    found = (one.id for one in walked(node) if isinstance(one, ast.Name))
    return [*dict.fromkeys(found)]


@lru_cache(_FUNCTIONS)
def _stored_with(function: ast.AST, name: str) -> frozenset[str]:
    """Return the names that stand beside another one where it is unpacked."""
    rows = ({one.id for one in node.elts if isinstance(one, ast.Name)} for node in walked(function)
            if isinstance(node, ast.Tuple) and isinstance(node.ctx, ast.Store))  # fmt: skip
    return frozenset().union(*[row - {name} for row in rows if name in row])


@lru_cache(_FUNCTIONS)
def _neighbours(function: ast.AST) -> frozenset[tuple[str, str]]:
    """Return the indices that a function picks by side by side."""
    picks = (one.slice for one in walked(function) if isinstance(one, ast.Subscript))
    listed = ([*map(ast.dump, one.elts)] for one in picks if isinstance(one, ast.Tuple))
    return frozenset(pair for some in listed for pair in pairwise(some))


def exchanged(s: Statement) -> Iterator[Candidate]:
    """Yield two arrays with each other's indices, such as `w[:-1] * x[1:]`."""
    found = [one for one in s.nodes if isinstance(one, ast.Subscript)
             and isinstance(one.ctx, ast.Load) and one not in s.indexing][:_PARTS]  # fmt: skip
    for one, two in combinations(found, 2):
        alike = _count(one.slice) == _count(two.slice)
        if alike and s.text(one.slice) != s.text(two.slice):
            edits = tuple(
                Edit(s.unit.start(own.slice), s.unit.end(own.slice), s.text(other.slice))
                for own, other in ((one, two), (two, one))
            )
            told = f"the indices of {s.text(one)} and {s.text(two)} are swapped"
            yield Candidate(edits, "wrong-variable", told, 1, None, one)


def _count(index: ast.expr) -> int:
    return len(index.elts) if isinstance(index, ast.Tuple) else 1


def atoms_of(node: ast.AST) -> Iterator[ast.expr]:
    """Yield the named numbers of an index, and those that are entries."""
    entry = isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant)
    if isinstance(node, ast.Name | ast.Attribute) or (entry and isinstance(node, ast.expr)):
        yield node
    else:
        for child in ast.iter_child_nodes(node):
            yield from atoms_of(child)
