"""Lines whose names tell which adjoint they hold, such as `dvar` that of `var`.

Where right values become wrong ones, the first that does not hold what its name tells is wrong.
"""

from __future__ import annotations

import ast
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence, Set
from typing import Any

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from gradtui.base.source import Place
from gradtui.diagnosis.recorded.blame.elements import reached
from gradtui.diagnosis.recorded.blame.expressions import parts_of
from gradtui.diagnosis.recorded.blame.marks import Mark, mark_of
from gradtui.diagnosis.recorded.blame.names import value_of
from gradtui.diagnosis.recorded.blame.suspect import Suspect
from gradtui.diagnosis.recorded.blame.told import Line
from gradtui.diagnosis.recorded.blame.units import Unit
from gradtui.diagnosis.recorded.blame.watch import Watched
from gradtui.diagnosis.recorded.point import Point
from gradtui.diagnosis.recorded.simple import ratio_of
from gradtui.recording.slopes import Untold
from gradtui.recording.tape import Leaf, Tape

Array = NDArray[Any]

_MOST = 100
"""Most rounds of a loop in which names are looked at."""
_LEAST = 2
"""How many names must hold what they tell for the code to be written so."""


class Labels(Struct, frozen=True, eq=False):
    """The lines of a run whose names tell which adjoint they hold."""

    kept: frozenset[Line] = frozenset()
    """Those that hold it."""
    broken: frozenset[Line] = frozenset()
    """The first of those that do not: such as are not computed from others of them."""

    def told(self, suspect: Suspect) -> Suspect:
        """Return a suspect as its name makes it: the first of those that do not hold it, first."""
        if suspect.line in self.broken:
            return replace(suspect, tier=min(suspect.tier, 0), label=-1)
        return replace(suspect, label=1) if suspect.line in self.kept else suspect


UNLABELLED = Labels()


class _Stored(Struct, frozen=True, eq=False):
    """A value that a function gives a name, in each round if it does so in a loop."""

    name: str
    line: Line
    ids: Sequence[int]
    renames: bool
    """Whether it has another name already."""
    alone: bool
    """Whether it is all that its line stores."""


class _Told(Struct, frozen=True, eq=False):
    """A value that is an adjoint by its name."""

    stored: _Stored
    values: Sequence[Sequence[int]]
    """The nodes of those that it may be the adjoint of, each with those of all rounds."""
    loose: bool
    """Whether it may well be another value, such as a part of a gradient."""
    sure: bool
    """Whether the name tells enough by itself: it renames, or its function computes the value."""


def labels_of(point: Point, watched: Watched, units: Sequence[Unit]) -> Labels:
    """Return the lines of a recorded run whose names are those of adjoints."""
    tape = point.result.tape
    forward = reached(tape, point.root)
    places = defaultdict[Place | None, list[int]](list)
    for id, node in enumerate(tape.nodes):
        if not isinstance(node, Leaf):
            places[node.place].append(id)
    stored = [*_stored(watched, units, places)]
    values = defaultdict[str, list[Sequence[int]]](list)
    for one in stored:
        if forward.issuperset(one.ids) and not one.renames:
            values[one.name].append(one.ids)
    given = {name: [[id]] for name, id in tape.arguments.items() if name not in values}
    wanted = {value_of(one.name) for one in stored} - values.keys() - given.keys()
    again = [one for one in stored if one.name in wanted and not one.renames]
    anew = _computed_again(tape, again, forward)
    told = [
        _Told(one, ids, one.renames or of in given, one.renames or of in anew)
        for one in sorted(stored, key=lambda one: one.ids[0])
        if (one.renames or forward.isdisjoint(one.ids)) and (of := value_of(one.name)) is not None
        and (ids := values.get(of) or given.get(of) or anew.get(of))
    ]  # fmt: skip
    try:
        nodes = {id for one in told for ids in one.values for id in ids}
        adjoints = point.adjoints(nodes) if told else {}
    except Untold:
        return UNLABELLED
    return _judged(tape, told, adjoints)


def _computed_again(
    tape: Tape, again: Sequence[_Stored], forward: Set[int]
) -> Mapping[str, list[Sequence[int]]]:
    """Return the nodes of the forward pass that have the values of names, where all have one."""
    alike = defaultdict[Mark, list[int]](list)
    for id in sorted(forward) if again else ():
        alike[mark_of(tape.value(id))].append(id)
    found = dict[str, list[Sequence[int]]]()
    for one in again:
        ids = [alike[mark_of(tape.value(id))] for id in one.ids]
        if all(len(many) == 1 for many in ids):
            found[one.name] = [[id for (id,) in ids]]
    return found


def _stored(
    watched: Watched, units: Sequence[Unit], places: Mapping[Place | None, Sequence[int]]
) -> Iterator[_Stored]:
    """Yield what functions give names to, each once and for all."""
    for unit in units:
        stores, found = Counter(_stores(unit)), dict[str, Sequence[int]]()
        beside = Counter(one.lineno for one in unit.of(ast.stmt))
        for node in unit.of(ast.Assign):
            target, values = node.targets[0], [*parts_of(node.value)]
            names = target.elts if isinstance(target, ast.Tuple) else [target]
            line = unit.file, node.lineno
            times = max(1, watched.times(line))
            if len(node.targets) > 1 or times > _MOST:
                continue
            for name, value in zip(map(_name, names), values, strict=False):
                ids = places.get(unit.place(unit.start(value), unit.end(value)))
                own = found.get(_name(value)) if ids is None else ids
                if name and stores[name] == 1 and own is not None and len(own) == times:
                    found[name] = own
                    alone = beside[node.lineno] == len(values) == 1
                    yield _Stored(name, line, own, ids is None, alone)


def _stores(unit: Unit) -> Iterator[str]:
    """Yield the names that a function stores something in, or in parts of."""
    for name in unit.of(ast.Name):
        yield from [name.id] if isinstance(name.ctx, ast.Store) else ()
    for kept in unit.of(ast.Attribute):
        yield from [_name(kept)] if isinstance(kept.ctx, ast.Store) else ()
    for part in unit.of(ast.Subscript):
        yield from [_name(part.value)] if isinstance(part.ctx, ast.Store) else ()


def _name(node: ast.expr) -> str:
    """Return the name of a variable or of an object's own attribute; empty if it is another."""
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _judged(tape: Tape, told: Sequence[_Told], adjoints: Mapping[int, Array]) -> Labels:
    """Return which values are the adjoints of those that their names are made of."""
    kept, broken, wrong, exact = set[Line](), set[Line](), set[int](), set[int]()
    for one in told:
        ids, own = one.stored.ids, [tape.value(id) for id in one.stored.ids]
        ratios = [ratio for row in one.values for ratio in _ratios(own, row, adjoints)]
        if any(ratio is not None and np.isclose(ratio, 1) for ratio in ratios):
            kept |= {one.stored.line} if one.stored.alone else set()
            exact.update(ids)
        elif len(ratios) == 1 and any(map(np.any, own)) and not one.loose:
            behind = set(tape.sources(*ids)) - {*ids}
            # The adjoints of a mean are often those of the sum, all of them.
            if (ratios[0] is None or not exact.isdisjoint(behind)) and wrong.isdisjoint(behind):
                broken.add(one.stored.line)
            wrong.update(ids)
    # Of a single right name, others tell nothing.
    alone = {one.stored.line for one in told if one.sure}
    sure = [one for one in told if not one.loose and exact.issuperset(one.stored.ids)]
    several = len([one for one in told if exact.issuperset(one.stored.ids)]) >= _LEAST
    return Labels(
        frozenset(kept if len(sure) >= _LEAST else kept & alone),
        frozenset(broken if several else ()),
    )


def _ratios(
    own: Sequence[Array], nodes: Sequence[int], adjoints: Mapping[int, Array]
) -> Iterator[float | None]:
    """Yield how many times an adjoint a value is.

    Of a loop, the first round tells that: wrong values that a later round is given may come from
    another line. It belongs to the first or the last round of the forward pass.
    """
    rows = [adjoints[id] for id in nodes if id in adjoints]
    for row in (rows, rows[::-1])[: len(rows)]:
        pairs = zip(own, row, strict=False)
        first = next((pair for pair in pairs if pair[0].any() or pair[1].any()), None)
        if first is not None and first[0].shape == first[1].shape and first[1].any():
            yield ratio_of(first[:1], first[1:])
