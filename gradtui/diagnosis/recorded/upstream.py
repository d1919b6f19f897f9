"""How far the adjoints on the way to a wrong gradient are right, if no edit repairs it."""

from __future__ import annotations

import linecache
import os
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from gradtui.base.source import Place
from gradtui.diagnosis.recorded.point import Point
from gradtui.diagnosis.recorded.simple import ratio_of
from gradtui.recording.slopes import Untold
from gradtui.recording.tape import Call, Leaf, Moved, Tape

Array = NDArray[Any]

_LARGEST = 20_000
"""Largest tape searched, in nodes."""
_DIGITS = 5


class Upstream(Struct, frozen=True, eq=False):
    """The lines between which a gradient becomes wrong."""

    right: Place
    """The last line whose value is the gradient of a value of the forward pass, up to a
    constant."""
    next: Place
    """The first line that computes a wrong value from it."""

    @property
    def told(self) -> str:
        """How far the adjoints are right, in words for the next line."""
        if not linecache.getline(self.next.file, self.next.line):
            return "the gradient that flows back to here is right; the source is not available"
        where = f"up to line {self.right.line}"
        if self.right.file != self.next.file:
            where += f" of {os.path.basename(self.right.file)}"
        elif self.right.line == self.next.line:
            where = "up to this line"
        return f"the gradient that flows back is right {where}; none of the edits tried repairs it"


def place_of(point: Point, name: str) -> Place | None:
    """Return the line that computed a returned gradient last; None if not recorded."""
    node = point.nodes[name]
    tape = point.result.tape
    while node is not None:
        entry = tape.nodes[node]
        if not isinstance(entry, Moved):
            return entry.place
        computed = [id for id in entry.inputs if not isinstance(tape.nodes[id], Leaf)]
        node = max(computed) if computed else None
        if node is None:
            return entry.place
    return None


def upstream(point: Point, name: str) -> Upstream | None:
    """Return where the adjoints on the way to a gradient stop being right; None if unknown."""
    tape, node = point.result.tape, point.nodes[name]
    if node is None or len(tape) > _LARGEST:
        return None
    sources, forward = tape.sources(node), tape.sources(point.root)
    try:
        true = _adjoints(point, forward)
    except Untold:
        return None
    back = sorted(set(sources).difference(forward))
    return _before(tape, node, [id for id in back if _is_one(tape.value(id), true)])


def _before(tape: Tape, node: int, right: Sequence[int]) -> Upstream | None:
    """Return the lines between which a value becomes wrong, given those that are right.

    What is added to right values may have become wrong at a line before, also by being written
    where other values are.
    """
    sources = tape.sources(node)
    own = [id for id in right if id in sources]
    last = _place(tape, own[-1]) if own and own[-1] != node else None
    if last is None:
        return None
    after = _after(tape, sources, own[-1])
    if after is None:
        entry = tape.nodes[node]
        written = isinstance(entry, Moved) and len(entry.inputs) > 1
        return Upstream(last, last) if written else None
    call = tape.nodes[after]
    assert isinstance(call, Call) and call.place is not None
    for one in call.inputs:
        earlier = _before(tape, one, right)
        if earlier is not None and _line(earlier.next) != _line(call.place):
            return earlier
    return Upstream(last, call.place)


def _line(place: Place) -> tuple[str, int]:
    return place.file, place.line


def stops_at(point: Point, name: str) -> Place | None:
    """Return the line of the forward pass whose value a wrong gradient is that of; None if none."""
    tape, node = point.result.tape, point.nodes[name]
    forward = tape.sources(point.root)
    if node is None or node in forward or len(tape) > _LARGEST:
        return None
    value, ids = tape.value(node), [id for id in forward if tape.active[id]]
    try:
        found = point.adjoints(ids)
    except Untold:
        return None
    if _likeness(value) is None:
        return None
    same = [
        id for id, one in found.items()
        if isinstance(tape.nodes[id], Call) and one.shape == value.shape
        and ratio_of([value.reshape(-1)], [one.reshape(-1)]) == 1
    ]  # fmt: skip
    return _place(tape, same[0]) if same else None


def _adjoints(point: Point, forward: Sequence[int]) -> dict[tuple[Any, ...], list[Array]]:
    """Return the gradients of all values behind the loss, by keys that multiples share."""
    ids = [id for id in forward if point.result.tape.active[id]]
    found = dict[tuple[Any, ...], list[Array]]()
    for value in point.adjoints(ids).values():
        key = _likeness(value)
        if key is not None:
            found.setdefault(key, []).append(value)
    return found


def _is_one(value: Array, true: dict[tuple[Any, ...], list[Array]]) -> bool:
    flat, alike = value.reshape(-1), true.get(_likeness(value) or (), ())
    return any((ratio_of([flat], [one.reshape(-1)]) or 0.0) > 0 for one in alike)


def _likeness(value: Array) -> tuple[Any, ...] | None:
    """Return a key that an array shares with its multiples; None if it could be anything."""
    if value.dtype.kind != "f" or value.size < 2 or not np.all(np.isfinite(value)):
        return None
    flat = value.reshape(-1)
    largest = flat[int(np.argmax(np.abs(flat)))]
    if largest == 0 or np.all(flat == flat[0]):
        return None
    return (value.shape, *np.round(flat[:8] / largest, _DIGITS).tolist())


def _after(tape: Tape, sources: list[int], right: int) -> int | None:
    """Return the first call of a line that computes something from right values."""
    reached = {right}
    for id in sources:
        node = tape.nodes[id]
        if isinstance(node, Leaf) or not reached.intersection(node.inputs):
            continue
        if isinstance(node, Call) and node.place is not None:
            return id
        reached.add(id)
    return None


def _place(tape: Tape, id: int) -> Place | None:
    """Return the line that computed a value, which may have been rearranged since."""
    return next(_places(tape, id), None)


def _places(tape: Tape, id: int) -> Iterator[Place]:
    while True:
        node = tape.nodes[id]
        if node.place is not None:
            yield node.place
        if isinstance(node, Call | Leaf):
            return
        id = max(node.inputs)
