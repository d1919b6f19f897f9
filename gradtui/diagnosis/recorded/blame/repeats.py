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
from gradtui.diagnosis.recorded.blame.forms import does_nothing
from gradtui.diagnosis.recorded.blame.likeness import children, narrowed

_ALIKE = 0.6
"""The least share of words and signs that lines of two functions have in common."""
_WORD = re.compile(r"\w+|[^\w\s]")
_PARTS = 5
"""Most parts that are taken from a line alone."""
_FILES = 16
"""Most files whose lines are kept."""


def repeated(s: Statement) -> Iterator[Candidate]:
    """Yield a statement as another function of the file has it, which stores the same name.

    It may take over all that the other has instead, or one part of it.
    """
    own = s.node
    if not isinstance(own, ast.Assign) or s.unpacks:
        return
    words, inside = _WORD.findall(ast.unparse(own.value)), {*s.unit.of(ast.Assign)}
    stored = _stored(s.unit.tree).get(ast.dump(own.targets[0]), ())
    others = {ast.unparse(one.value): one.value for one in stored if one not in inside}
    for whole, other in others.items():
        ratio = SequenceMatcher(None, words, _WORD.findall(whole), autojunk=False).ratio()
        if ratio < _ALIKE and not does_nothing(own):
            continue
        for node, made in _parts_apart(own.value, other):
            if node in s.parents:
                text = ast.unparse(made)
                told = f"{s.text(node)} must be {text}, as in line {other.lineno}"
                edit = s.replaced(node, s.spelled(text), s.binding(made))
                yield Candidate((edit,), "wrong-variable", told, 0, text, node, named=True)


@lru_cache(_FILES)
def _stored(tree: ast.Module) -> Mapping[str, Sequence[ast.Assign]]:
    """Return the lines of a file that store each target."""
    found = defaultdict[str, list[ast.Assign]](list)
    for one in ast.walk(tree):
        if isinstance(one, ast.Assign):
            found[ast.dump(one.targets[0])].append(one)
    return found


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
