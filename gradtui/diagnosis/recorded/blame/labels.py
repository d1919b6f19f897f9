"""Lines whose names tell which adjoint they hold, such as `dvar` that of `var`.

Where right values become wrong ones, the first that does not hold what its name tells is wrong.
"""

from __future__ import annotations

import ast
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from gradtui.base.source import Place
from gradtui.diagnosis.recorded.blame.expressions import parts_of
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
    """A value that a function gives a name."""

    name: str
    line: Line
    id: int
    renames: bool
    """Whether it has another name already."""
    alone: bool
    """Whether it is all that its line stores."""


class _Told(Struct, frozen=True, eq=False):
    """A value that is an adjoint by its name."""

    stored: _Stored
    values: Sequence[int]
    """The nodes of those that it may be the adjoint of."""
    loose: bool
    """Whether it may well be another value, such as a part of a gradient."""


def labels_of(point: Point, watched: Watched, units: Sequence[Unit]) -> Labels:
    """Return the lines of a recorded run whose names are those of adjoints."""
    tape = point.result.tape
    forward = set(tape.sources(point.root))
    places = {node.place: id for id, node in enumerate(tape.nodes) if not isinstance(node, Leaf)}
    stored = [*_stored(watched, units, places)]
    values = defaultdict[str, list[int]](list)
    for one in stored:
        if one.id in forward and not one.renames:
            values[one.name].append(one.id)
    given = {name: [id] for name, id in tape.arguments.items() if name not in values}
    told = [
        _Told(one, ids, one.renames or of in given)
        for one in sorted(stored, key=lambda one: one.id)
        if (one.renames or one.id not in forward) and (of := value_of(one.name)) is not None
        and (ids := values.get(of) or given.get(of))
    ]  # fmt: skip
    try:
        adjoints = point.adjoints({id for one in told for id in one.values}) if told else {}
    except Untold:
        return UNLABELLED
    return _judged(tape, told, adjoints)


def _stored(
    watched: Watched, units: Sequence[Unit], places: Mapping[Place | None, int]
) -> Iterator[_Stored]:
    """Yield what functions give names to, each once and for all."""
    for unit in units:
        stores, found = Counter(_stores(unit)), dict[str, int]()
        beside = Counter(one.lineno for one in unit.of(ast.stmt))
        for node in unit.of(ast.Assign):
            target, values = node.targets[0], [*parts_of(node.value)]
            names = target.elts if isinstance(target, ast.Tuple) else [target]
            line = unit.file, node.lineno
            if len(node.targets) > 1 or watched.times(line) > 1:
                continue
            for name, value in zip(map(_name, names), values, strict=False):
                id = places.get(unit.place(unit.start(value), unit.end(value)))
                own = found.get(_name(value)) if id is None else id
                if name and stores[name] == 1 and own is not None:
                    found[name] = own
                    alone = beside[node.lineno] == len(values) == 1
                    yield _Stored(name, line, own, id is None, alone)


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
        id, own = one.stored.id, tape.value(one.stored.id)
        ratios = [
            ratio_of([own], [adjoint]) for at in one.values
            if (adjoint := adjoints.get(at)) is not None
            and adjoint.shape == own.shape and adjoint.any()
        ]  # fmt: skip
        if any(ratio is not None and np.isclose(ratio, 1) for ratio in ratios):
            kept |= {one.stored.line} if one.stored.alone else set()
            exact.add(id)
        elif len(ratios) == 1 and own.any() and not one.loose:
            behind = set(tape.sources(id)) - {id}
            # The adjoints of a mean are often those of the sum, all of them.
            if (ratios[0] is None or not exact.isdisjoint(behind)) and wrong.isdisjoint(behind):
                broken.add(one.stored.line)
            wrong.add(id)
    # A single right name tells only that what has another name is the adjoint.
    renaming = {one.stored.line for one in told if one.stored.renames}
    sure = {one.stored.id for one in told if not one.loose} & exact
    return Labels(
        frozenset(kept if len(sure) >= _LEAST else kept & renaming),
        frozenset(broken if len(exact) >= _LEAST else ()),
    )
