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


def labels_of(point: Point, watched: Watched, units: Sequence[Unit]) -> Labels:
    """Return the lines of a recorded run whose names are those of adjoints."""
    tape, root = point.result.tape, point.root
    forward = set(tape.sources(root))
    places = {node.place: id for id, node in enumerate(tape.nodes) if not isinstance(node, Leaf)}
    values, stored = defaultdict[str, list[int]](list), list[tuple[int, Line, str]]()
    for name, line, id in _stored(watched, units, places):
        if id in forward:
            values[name].append(id)
        elif (of := value_of(name)) is not None:
            stored.append((id, line, of))
    told = [(id, line, values[of]) for id, line, of in sorted(stored) if of in values]
    try:
        adjoints = point.adjoints({id for _, _, ids in told for id in ids}) if told else {}
    except Untold:
        return UNLABELLED
    return _judged(tape, told, adjoints)


def _stored(
    watched: Watched, units: Sequence[Unit], places: Mapping[Place | None, int]
) -> Iterator[tuple[str, Line, int]]:
    """Yield the names that functions give to what they compute, each once and for all."""
    for unit in units:
        stores = Counter(_stores(unit))
        for node in unit.of(ast.Assign):
            target, values = node.targets[0], parts_of(node.value)
            names = target.elts if isinstance(target, ast.Tuple) else [target]
            line = unit.file, node.lineno
            if len(node.targets) > 1 or watched.times(line) > 1:
                continue
            for name, value in zip(map(_name, names), values, strict=False):
                id = places.get(unit.place(unit.start(value), unit.end(value)))
                if name and stores[name] == 1 and id is not None:
                    yield name, line, id


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


def _judged(
    tape: Tape, told: Sequence[tuple[int, Line, Sequence[int]]], adjoints: Mapping[int, Array]
) -> Labels:
    """Return which values are the adjoints of those that their names are made of."""
    kept, broken, wrong = set[Line](), set[Line](), set[int]()
    exact = set[int]()
    for id, line, ids in told:
        own = tape.value(id)
        ratios = [
            ratio_of([own], [adjoint]) for one in ids
            if (adjoint := adjoints.get(one)) is not None
            and adjoint.shape == own.shape and adjoint.any()
        ]  # fmt: skip
        if any(ratio is not None and np.isclose(ratio, 1) for ratio in ratios):
            kept.add(line)
            exact.add(id)
        elif len(ratios) == 1 and own.any():
            behind = set(tape.sources(id)) - {id}
            # The adjoints of a mean are often those of the sum, all of them.
            if (ratios[0] is None or not exact.isdisjoint(behind)) and wrong.isdisjoint(behind):
                broken.add(line)
            wrong.add(id)
    return Labels(frozenset(kept), frozenset(broken)) if len(kept) >= _LEAST else UNLABELLED
