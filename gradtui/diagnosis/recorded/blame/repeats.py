"""Lines as another function of the file has them.

A backward half that computes anew what the forward half has computed repeats its lines.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from functools import lru_cache

from gradtui.diagnosis.recorded.blame.candidates import Candidate, Statement
from gradtui.diagnosis.recorded.blame.expressions import names_in
from gradtui.diagnosis.recorded.blame.forms import does_nothing
from gradtui.diagnosis.recorded.blame.likeness import children, narrowed
from gradtui.diagnosis.recorded.blame.names import own_names, renamed
from gradtui.diagnosis.recorded.blame.trees import walked

_ALIKE = 0.6
"""The least share of words and signs that lines of two functions have in common."""
_WORD = re.compile(r"\w+|[^\w\s]")
_PARTS = 5
"""Most parts that are taken from a line alone."""
_SEVERAL = 4
"""The least names from which two lines compute the same on purpose."""
_FILES = 16
"""Most files whose lines are kept."""


def repeated(s: Statement) -> Iterator[Candidate]:
    """Yield a statement as another function of the file has it.

    That one stores the same name, or computes from as many names that are all the same.  It may
    take over all that the other has instead, or one part of it.
    """
    own = s.node
    if not isinstance(own, ast.Assign) or s.unpacks:
        return
    inside = {*s.unit.of(ast.Assign)}
    stored = [
        *_stored(s.unit.tree).get(ast.dump(own.targets[0]), ()),
        *_made_of(s.unit.tree).get(_names(own.value), ()),
    ]  # fmt: skip
    others = {ast.unparse(one.value): one for one in stored if one not in inside}
    for other in others.values():
        if not are_alike(own, other) and not does_nothing(own):
            continue
        for node, made in _parts_apart(own.value, other.value):
            names = names_in(made)
            kept = own_names(s, names)
            if node in s.parents and kept is not None:
                text = renamed(ast.unparse(made), kept)
                told = f"{s.text(node)} must be {text}, as in line {other.lineno}"
                edit = s.replaced(node, s.spelled(text), s.binding(made))
                yield Candidate((edit,), "wrong-variable", told, 0, text, node, named=True)


def are_alike(one: ast.stmt, other: ast.stmt) -> bool:
    """Return whether the values that two lines store have most words and signs in common."""
    words = [_WORD.findall(ast.unparse(node.value)) for node in (one, other)
             if isinstance(node, ast.Assign)]  # fmt: skip
    if len(words) < 2:
        return False
    return SequenceMatcher(None, words[0], words[1], autojunk=False).ratio() >= _ALIKE


@lru_cache(_FILES)
def _stored(tree: ast.Module) -> Mapping[str, Sequence[ast.Assign]]:
    """Return the lines of a file that store each target."""
    found = defaultdict[str, list[ast.Assign]](list)
    for one in walked(tree):
        if isinstance(one, ast.Assign):
            found[ast.dump(one.targets[0])].append(one)
    return found


@lru_cache(_FILES)
def _made_of(tree: ast.Module) -> Mapping[tuple[str, ...], Sequence[ast.Assign]]:
    """Return the lines of a file that store what is computed from several names, by these."""
    found = defaultdict[tuple[str, ...], list[ast.Assign]](list)
    for one in walked(tree):
        if isinstance(one, ast.Assign) and len({*(names := _names(one.value))}) >= _SEVERAL:
            found[names].append(one)
    return found


def _names(value: ast.expr) -> tuple[str, ...]:
    return tuple(sorted(one.id for one in walked(value) if isinstance(one, ast.Name)))


def _parts_apart(own: ast.expr, other: ast.expr) -> list[tuple[ast.expr, ast.expr]]:
    """Return the parts in which two expressions differ: together, and a few of them alone."""
    together = narrowed(own, other)
    alone = [pair for pair in _apart(*together) if pair != together]
    return [together, *alone[:_PARTS]]


def _apart(own: ast.expr, other: ast.expr) -> Iterator[tuple[ast.expr, ast.expr]]:
    """Yield the smallest parts in which two expressions differ."""
    pairs = children(own, other)
    if not pairs:
        yield own, other
    for one, two in pairs or ():
        if ast.dump(one) != ast.dump(two):
            yield from _apart(one, two)
