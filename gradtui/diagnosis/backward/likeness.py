"""Likeness between the lines of a hand-written backward pass: the form of their expressions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from itertools import takewhile

from gradtui.diagnosis.backward.program import Line
from gradtui.diagnosis.renamings import renamed
from gradtui.engine.printer import spell
from gradtui.language.parser import Name, Tree
from gradtui.language.trees import NOWHERE, mapped, names_read, shape_of

FEWEST = 3
"""With this many names, an expression has the form of another by no coincidence."""
_ANY = Name("name", NOWHERE)


class Likeness:
    """The forms of a program's lines: lines written for one step recur for the next."""

    def __init__(self, lines: Iterable[Line]) -> None:
        self._forms = Counter(_form(line.tree) for line in lines)

    def gained(self, line: Line, tree: Tree) -> int:
        """Return 1 if a line that becomes `tree` reads like another, -1 if it no longer does."""
        own = _form(line.tree)
        before = _tells(line.tree) and self._forms[own] > 1
        after = _tells(tree) and self._forms[_form(tree)] > (_form(tree) == own)
        return after - before


def twins_of(lines: Iterable[Line], line: Line) -> list[Tree]:
    """Return the expressions of lines with similar names, in a line's own names: rb's for ra.

    The lines of a hundred layers have few different ones.
    """
    found = dict[str, Tree]()
    for other in lines:
        own, theirs = _differing(line.name, other.name)
        if not own or not theirs:
            continue
        changed = {name: name.replace(theirs, own) for name in other.reads}
        names = {old: new for old, new in changed.items() if new != old and new in line.scope}
        if names and other.reads - {*names} <= {*line.scope}:
            tree = renamed(other.tree, names)
            found.setdefault(spell(tree), tree)
    return [*found.values()]


def _differing(one: str, other: str) -> tuple[str, str]:
    """Return two names without their common start and end."""
    start = _alike(one, other)
    one, other = one[start:], other[start:]
    end = _alike(one[::-1], other[::-1])
    return one[: len(one) - end], other[: len(other) - end]


def _alike(one: str, other: str) -> int:
    pairs = zip(one, other, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _tells(tree: Tree) -> bool:
    return sum(1 for _ in names_read(tree)) >= FEWEST


def _form(tree: Tree) -> str:
    """Return an expression without its names."""
    return shape_of(mapped(tree, lambda part: _ANY if isinstance(part, Name) else None))
