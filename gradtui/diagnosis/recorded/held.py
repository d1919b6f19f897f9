"""The ways that stop at values which the code itself detaches, such as `stop_gradient(w)`.

What such a call returns is, for a tape, the value itself: only the written operand tells them
apart.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache, partial
from itertools import chain
from typing import Any

from msgspec.structs import replace
from numpy.typing import NDArray

from gradtui.diagnosis.recorded.detaching import (
    detached_operands,
    is_within_block,
    says_detached,
)
from gradtui.diagnosis.recorded.flat import flat_calls
from gradtui.diagnosis.recorded.passes import Way, detached_calls, rounded
from gradtui.diagnosis.recorded.point import Point, written_calls
from gradtui.diagnosis.recorded.windows import windowed
from gradtui.recording.sweep import gradients
from gradtui.recording.tape import Call

Array = NDArray[Any]


def held(points: Sequence[Point]) -> Iterator[Way]:
    """Yield the way that stops at all that the code detaches, and that at detached operands alone.

    Nothing if there is nothing.
    """
    operands = _held(points[0])
    calls = [*detached_calls(points[0]), *_within_blocks(points[0])]
    if operands or calls:
        yield _way(points[0], operands, calls)
    if operands and calls:
        yield _way(points[0], operands, ())


def rounded_beside(points: Sequence[Point]) -> Iterator[Way]:
    """Yield the ways past flat functions that stop at all that the code detaches, if it does.

    Such as the largest element, by which an array is scaled before it is rounded.
    """
    lines = _lines(points[0], _stops(points[0])) if flat_calls(points[0]) else ()
    if not lines:
        return
    own = {id(point): _stopping(point) for point in points}
    stopping = [own[id(point)] for point in points]
    for way in chain(rounded(stopping), windowed(stopping)):

        def passed(point: Point, name: str, way: Way = way) -> Array | None:
            return way.passed(own.get(id(point)) or _stopping(point), name)

        told = f"{way.told}, and stops at what is detached in {' and '.join(lines)}"
        yield Way(told, way.place, passed)


def _stopping(point: Point) -> Point:
    """Return a point that takes for constants what the code detaches."""
    tape = point.result.tape.holding(_stops(point))
    return replace(point, result=point.result.with_tape(tape))


def _stops(point: Point) -> list[tuple[int, int]]:
    """Return all calls with the positions of operands by which no gradient is meant to pass."""
    tape, calls = point.result.tape, {*detached_calls(point), *_within_blocks(point)}
    results = [
        (id, at) for id in range(point.root)
        if isinstance(node := tape.nodes[id], Call) and id not in calls
        for at, one in enumerate(node.inputs) if one in calls
    ]  # fmt: skip
    return list(dict.fromkeys([*results, *_held(point)]))


def _lines(start: Point, operands: Sequence[tuple[int, int]]) -> list[str]:
    """Return the lines whose results are detached operands, in words."""
    nodes = start.result.tape.nodes
    found = [node for id, at in operands if isinstance(node := nodes[id], Call)]
    places = [nodes[node.inputs[at]].place or node.place
              for node, (_, at) in zip(found, operands, strict=True)]  # fmt: skip
    return [f"line {one}" for one in sorted({one.line for one in places if one is not None})]


def _way(start: Point, operands: Sequence[tuple[int, int]], calls: Sequence[int]) -> Way:
    nodes = start.result.tape.nodes
    uses = [id for id, at in operands
            if isinstance(node := nodes[id], Call) and node.inputs[at] not in calls]  # fmt: skip
    found = [nodes[id].place for id in sorted({*calls, *uses})]
    places = list({one.line: one for one in found if one is not None}.values())
    told = "stops at the detached value here"
    if len(places) > 1:
        lines = " and ".join(f"in line {one.line}" for one in places[1:])
        told = f"stops at the detached values here and {lines}"
    return Way(told, places[0], partial(_gradient, whole=bool(calls)))


def _gradient(point: Point, name: str, *, whole: bool) -> Array:
    tape = point.result.tape.holding(_held(point))
    calls = [*detached_calls(point), *_within_blocks(point)] if whole else ()
    leaf = tape.arguments[name]
    return gradients(tape, point.root, [leaf], links=dict.fromkeys(calls))[leaf]


def _within_blocks(point: Point) -> list[int]:
    """Return the calls in blocks such as `with torch.no_grad():`."""
    says, within = cache(says_detached), cache(is_within_block)
    return [id for id, _, place in written_calls(point) if says(place.file) and within(place)]


def _held(point: Point) -> list[tuple[int, int]]:
    """Return calls with the positions of their operands that are detached values."""
    tape, found, says = point.result.tape, list[tuple[int, int]](), cache(says_detached)
    operands = cache(lambda place: tuple(detached_operands(place)))
    for id, node, place in written_calls(point):
        written = operands(place) if says(place.file) else ()
        if len(written) == len(node.inputs):
            found += [(id, at) for at, one in enumerate(node.inputs)
                      if tape.active[one] and written[at]]  # fmt: skip
    return found
