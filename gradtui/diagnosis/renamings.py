"""Other names in an expression: in one place, in all of them, or in one more term of a sum."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product

from gradtui.diagnosis.edits import Editable, EditKind, Pool, Tweak
from gradtui.engine.shapes import Shape
from gradtui.language.parser import Call, Name, Tree
from gradtui.language.trees import NOWHERE, Path, call, names_read, operands_of, substituted

MOST_ALIKE = 12
"""Most names tried in place of each name that a term reads."""


def renamings(expression: Editable, pool: Pool) -> Iterator[Tweak]:
    """Yield the edits that replace one name, or one step's names, throughout."""
    yield from _everywhere(expression, pool)
    yield from _of_other_steps(expression, pool)


def other_names(expression: Editable, path: Path, part: Name, pool: Pool) -> Iterator[Tweak]:
    """Yield the edits that replace a name in one place."""
    nodes, own = expression.builder.nodes, expression.names.get(part.name)
    if own is None:
        return
    for name, id in pool.names.items():
        if id != own and nodes[id].shape == nodes[own].shape:
            yield Tweak(path, Name(name, NOWHERE), EditKind.REPLACE, part, Name(name, NOWHERE))


def more_alike(expression: Editable, pool: Pool) -> Iterator[Tweak]:
    """Yield one more term like an existing one with other names: that of another step or path."""
    nodes = expression.builder.nodes
    for term in operands_of(expression.tree, "+", "-"):
        read = list(dict.fromkeys(names_read(term)))
        own = [expression.names[name] for name in read if name in expression.names]
        if not 0 < len(own) == len(read) <= 2 or any(nodes[id].shape == () for id in own):
            continue
        others = (
            [name for name, id in pool.names.items() if id != at and nodes[id].shape == shape]
            for at, shape in zip(own, (nodes[id].shape for id in own), strict=True)
        )
        for names in product(*(one[-MOST_ALIKE:] for one in others)):
            new = renamed(term, dict(zip(read, names, strict=True)))
            for sign in "+-":
                yield Tweak((), call(sign, expression.tree, new), EditKind.ADD_TERM, None, new)


def _everywhere(expression: Editable, pool: Pool) -> Iterator[Tweak]:
    """Yield another name in all places of one: a slope at another point, p*(1 - p)."""
    nodes, read = expression.builder.nodes, Counter(names_read(expression.tree))
    for name in (one for one, times in read.items() if times > 1 and one in expression.names):
        own = expression.names[name]
        for other, id in pool.names.items():
            if id != own and _stretches(nodes[id].shape, nodes[own].shape):
                tree = renamed(expression.tree, {name: other})
                yield Tweak((), tree, EditKind.REPLACE, Name(name, NOWHERE), Name(other, NOWHERE))


def _of_other_steps(expression: Editable, pool: Pool) -> Iterator[Tweak]:
    """Yield a sum or a term with all names of one number for those of another.

    One step's for two: m1 and P1 for m0 and P0.
    """
    numbers = sorted({number for name in pool.names if (number := _numbered(name)[1])})
    for path, part in expression.parts.items():
        parent = expression.parts[path[:-1]] if path else None
        if parent is not None and not (isinstance(parent, Call) and parent.function in ("+", "-")):
            continue
        for names in _renumbered([*names_read(part)], numbers):
            if len(names) > 1 and all(new in pool.names for new in names.values()):
                old, new = next(iter(names.items()))
                tree = renamed(part, names)
                yield Tweak(path, tree, EditKind.REPLACE, Name(old, NOWHERE), Name(new, NOWHERE))


def _renumbered(read: Sequence[str], numbers: Iterable[str]) -> Iterator[dict[str, str]]:
    """Yield the names of one number renumbered, and those of one stem a step early or late."""
    parts = {name: _numbered(name) for name in read}
    times = Counter(number for _, number in parts.values())
    for own in (number for number in numbers if times[number] > 1):
        for other in (number for number in numbers if number != own):
            yield {name: f"{stem}{other}" for name, (stem, at) in parts.items() if at == own}
    for stem in dict.fromkeys(stem for stem, at in parts.values() if at):
        for step in (-1, 1):
            yield {name: f"{stem}{int(at) + step}" for name, (own, at) in parts.items()
                   if own == stem and at}  # fmt: skip


def _numbered(name: str) -> tuple[str, str]:
    """Return a name without the number at its end, and that number."""
    stem = name.rstrip("0123456789")
    return stem, name[len(stem) :]


def _stretches(shape: Shape, other: Shape) -> bool:
    """Return whether a value of one shape fits wherever one of another does."""
    return shape == other or (shape == other[len(other) - len(shape) :] and shape != ())


def renamed(tree: Tree, names: Mapping[str, str]) -> Tree:
    """Return a tree with some names replaced."""
    return substituted(tree, {old: Name(new, NOWHERE) for old, new in names.items()})
