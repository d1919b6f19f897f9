"""Quantisers whose functions undo each other around what is flat, such as `2**round(log2(x))`.

Where the flat function rounded nothing, the result would be the value that is made coarse: a
gradient may pass all of it with the slope 1.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import product
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from gradtui.base.source import Place
from gradtui.diagnosis.recorded.domain import rectifies
from gradtui.diagnosis.recorded.flat import flat_calls
from gradtui.diagnosis.recorded.linked import gradient_past
from gradtui.diagnosis.recorded.passes import (
    BOUNDING,
    STEP,
    STRAIGHT,
    Way,
    bounding_calls,
)
from gradtui.diagnosis.recorded.point import Point
from gradtui.diagnosis.recorded.quantisers import SIGNS, quantisers
from gradtui.diagnosis.recorded.steps import placed, steps_of
from gradtui.recording.sweep import Link, Replay
from gradtui.recording.tape import Call, Leaf, Tape

Array = NDArray[Any]

_CLOSE, _ROUNDED = 1e-9, 1e3
"""The relative difference of what is the same, at least, and in units of its last place."""
_MOST = 6
"""Most flat functions looked at."""
_CUTS = ("smooth", "rounded", "within", "")
"""Where a gradient stops: where bounds change what is not rounded, or cut what is, also if that is
at a bound, or nowhere."""


class _Whole(Struct, frozen=True):
    """A flat function with all that undoes each other around it."""

    flat: int
    inner: int
    """The value that the flat function makes coarse."""
    source: int
    result: int

    def link(self, point: Point, cut: str) -> Link:
        """Return the source of the result, and the slope by it."""
        tape = point.result.tape
        passed = np.ones(tape.shape(self.result))
        if cut == "smooth":
            world = Replay(tape, handing={self.flat: self.inner})
            return self.source, passed * _alike(world.value(self.result), tape.value(self.source))
        between = tape.sources(self.result) if cut else ()
        for id, source in bounding_calls(point) if cut else ():
            if id > self.source and id in between and tape.shape(id) == passed.shape:
                passed = passed * (tape.value(id) == tape.value(source))
                if cut == "within":
                    passed = passed * ~_is_at_bound(tape, id, source)
        return self.source, passed


def whole(points: Sequence[Point]) -> Iterator[Way]:
    """Yield the ways past all of such quantisers, nearest first, with the slope 1 or a mask."""
    tape = points[0].result.tape
    if any(len(point.result.tape) != len(tape) or point.root != points[0].root for point in points):
        return
    found = [some for flat, inner in _coarse(points) if (some := _wholes(points, flat, inner))]
    if not found:
        return
    for at, cut in product((0, -1), _CUTS):
        wholes = [some[at] for some in found]
        told, place = _told(tape, wholes[-1])
        yield Way(told, place, partial(_passed, wholes=wholes, cut=cut))


def _told(tape: Tape, one: _Whole) -> tuple[str, Place | None]:
    """Return what is passed, in words, and its place."""
    node = tape.nodes[one.flat]
    if one.result == one.flat:
        return STEP + STRAIGHT, placed(tape, one.flat, one.inner)
    place = node.place or tape.nodes[one.result].place
    name = node.name if isinstance(node, Call) and tape.active[one.flat] else "a step"
    return f"passes through the whole quantiser around {name}, which is flat, {STRAIGHT}", place


def _passed(point: Point, name: str, wholes: Sequence[_Whole], cut: str) -> Array | None:
    tape = point.result.tape
    if any(one.result >= point.root for one in wholes):
        return None
    links: dict[int, Link] = {}
    for id in flat_calls(point):
        node = tape.nodes[id]
        if isinstance(node, Call) and node.name not in SIGNS:
            links[id] = node.inputs[0], np.ones(tape.shape(id))
    return gradient_past(point, name, {**links, **{one.result: one.link(point, cut)
                                                   for one in wholes}})  # fmt: skip


def _coarse(points: Sequence[Point]) -> Iterator[tuple[int, int]]:
    """Yield flat functions and choices of the nearest level, each with what it makes coarse."""
    tape = points[0].result.tape
    for id in flat_calls(points[0])[:_MOST]:
        node = tape.nodes[id]
        if isinstance(node, Call) and node.name not in SIGNS:
            yield id, _inner(tape, node)
    found = set[int]()
    for step, source in steps_of(points):
        if step not in found and _is_nearest(points, step, source):
            found.add(step)
            yield step, source


def _inner(tape: Tape, flat: Call) -> int:
    """Return what a function rounds: `x` in `floor(x + 0.5)`, or with a random number for 0.5."""
    inner = flat.inputs[0]
    node = tape.nodes[inner]
    if flat.name == "floor" and isinstance(node, Call) and node.name == "add":
        for own, moved in (node.inputs, node.inputs[::-1]):
            by = tape.value(moved)
            if tape.active[own] and not tape.active[moved] and np.all((by >= 0) & (by <= 1)):
                return own
    return inner


def _is_nearest(points: Sequence[Point], step: int, source: int) -> bool:
    """Return whether a choice is that level, of all that occur, that is nearest to a value."""
    tapes = [point.result.tape for point in points]
    if any(tape.shape(step) != tape.shape(source) for tape in tapes):
        return False  # at another point, the nodes are those of another path
    to, at = (np.concatenate([tape.value(id).ravel() for tape in tapes]) for id in (step, source))
    levels = np.unique(to)
    if len(levels) < 2 or not np.all(np.isfinite(at)):
        return False
    above = np.clip(np.searchsorted(levels, at), 1, len(levels) - 1)
    least = np.minimum(np.abs(levels[above] - at), np.abs(levels[above - 1] - at))
    room = _CLOSE * np.max(np.abs(at))
    return bool(np.all(np.abs(to - at) <= least + room))


def _wholes(points: Sequence[Point], flat: int, inner: int) -> list[_Whole]:
    """Return the nearest and the farthest results that would be their source without rounding.

    Such is a choice itself; a flat function, and its scales, have ways of their own.
    """
    tape, root = points[0].result.tape, points[0].root
    node = tape.nodes[flat]
    plain = quantisers(tape, [flat]) if isinstance(node, Call) and tape.active[flat] else []
    known = {(one.source, one.result) for one in plain}
    sources = [id for id in reversed(tape.sources(inner)) if tape.active[id]]
    worlds = [_world(point, flat, inner) for point in points]
    found = list[_Whole]()
    alone = [] if tape.active[flat] else [flat]
    for result in (*alone, *_after(tape, flat, root)):
        if found and _is_one_sided(tape, result):
            break  # no bound of the quantiser, but a function of what it gives
        same = [
            id for id in sources
            if (id, result) not in known and tape.shape(id) == tape.shape(result)
            and all(_is_close(world.value(result), point.result.tape.value(id))
                    for point, world in zip(points, worlds, strict=True))
            and _leaves(tape, result) <= _leaves(tape, id)
        ]  # fmt: skip
        if same:
            found.append(_Whole(flat, inner, same[-1 if found else 0], result))
    return [found[0], found[-1]] if found else []


def _world(point: Point, flat: int, inner: int) -> Replay:
    """Return the values of a run if a function rounded nothing, and no bound cut anything."""
    tape = point.result.tape
    bounds = {id: source for id, source in bounding_calls(point) if not rectifies(tape, id)}
    return Replay(tape, handing={**bounds, flat: inner})


def _is_one_sided(tape: Tape, id: int) -> bool:
    """Return whether a call bounds a value from one side that nothing bounds from the other."""
    node = tape.nodes[id]
    if not isinstance(node, Call) or node.name not in BOUNDING:
        return False
    others = (tape.nodes[one] for one in node.inputs if tape.active[one])
    beside = any(isinstance(one, Call) and one.name in BOUNDING for one in others)
    return not beside and sum(not tape.active[one] for one in node.inputs) < 2


def _after(tape: Tape, flat: int, root: int) -> list[int]:
    """Return what is computed from a flat function on the way to the loss, in order."""
    reached, way = {flat}, set(tape.sources(root))
    for id in range(flat + 1, root):
        node = tape.nodes[id]
        if id in way and not isinstance(node, Leaf) and not reached.isdisjoint(node.inputs):
            reached.add(id)
    return sorted(reached - {flat})


def _leaves(tape: Tape, id: int) -> set[int]:
    """Return the arguments that a value depends on: no other's gradient may be left out."""
    return {one for one in tape.sources(id)
            if tape.active[one] and isinstance(tape.nodes[one], Leaf)}  # fmt: skip


def _is_close(one: Array, other: Array) -> bool:
    return bool(np.all(_alike(one, other)))


def _alike(one: Array, other: Array) -> Array:
    """Return which elements are the same but for rounding."""
    eps = float(np.finfo(other.dtype).eps) if other.dtype.kind == "f" else 0.0
    with np.errstate(all="ignore"):
        room = max(_CLOSE, _ROUNDED * eps) * np.abs(other)
        return np.asarray(np.abs(one - other) <= room)


def _is_at_bound(tape: Tape, id: int, source: int) -> Array:
    node = tape.nodes[id]
    assert isinstance(node, Call)
    ends = [tape.value(one) for one in node.inputs if one != source]
    at = [tape.value(source) == end for end in ends]
    return np.asarray(np.logical_or.reduce([np.broadcast_to(o, tape.shape(id)) for o in at]))
