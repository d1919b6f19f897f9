"""Ways in which a gradient may pass operations without one, and the resulting gradients.

Judges nothing: each way gives the gradient of a point.
"""

from __future__ import annotations

import linecache
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, partial
from itertools import product
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from gradtui.base.source import Place
from gradtui.diagnosis.recorded.detaching import is_detached, says_detached
from gradtui.diagnosis.recorded.flat import flat_calls, named
from gradtui.diagnosis.recorded.linked import Links, LinksAt, gradient_past, linked
from gradtui.diagnosis.recorded.point import Point, written_calls
from gradtui.diagnosis.recorded.quantisers import (
    SIGNS,
    bounds_of,
    longest,
    quantisers,
    scaled_to,
    tightest,
)
from gradtui.diagnosis.recorded.steps import MOST_STEPS, follows, placed, selected, steps_of
from gradtui.recording.sweep import gradients
from gradtui.recording.tape import Call, Leaf, Tape

Array = NDArray[Any]
Slope = Callable[[Array], Array]

STEP = "passes through a step, which is flat, "
BOUNDING = frozenset({"clip", "maximum", "minimum", "hardtanh"})
STRAIGHT = "with the slope 1 (straight-through; Bengio et al., 2013)"
SLOPES: Mapping[Slope, str] = {
    np.ones_like: STRAIGHT,
    lambda x: 1.0 * (np.abs(x) <= 1): "with the slope of a hard tanh (Hubara et al., 2016)",
    lambda x: 1.0 * (np.abs(x) <= 0.5): "with a rectangle for a slope (Wu et al., 2018)",
    lambda x: 1.0 * ((x >= 0) & (x <= 1)): "with the slope 1 from 0 to 1 alone",
    lambda x: 1.0 * (x > 0): "with the slope of a ReLU",
    lambda x: np.maximum(0.0, 1 - np.abs(x)): "with a triangle for a slope (Esser et al., 2016)",
    lambda x: 2 * np.maximum(0.0, 1 - np.abs(x)):
        "with a triangle for a slope, twice as high (Liu et al., 2018)",
    lambda x: 1 - np.tanh(x) ** 2: "with the slope of tanh",
    lambda x: np.exp(-np.abs(x)) / (1 + np.exp(-np.abs(x))) ** 2: "with the slope of a sigmoid",
    lambda x: 1 / (1 + np.abs(x)) ** 2:
        "with the slope of a fast sigmoid (Zenke and Ganguli, 2018)",
}  # fmt: skip
"""Surrogate slopes of a flat function, the plainest first -> what they are, in words."""
_SIGNS: Sequence[Slope] = (lambda x: np.clip(x, -1, 1), np.tanh)
"""Surrogate slopes of `abs`, whose own slope jumps."""
_DIFFERING = frozenset({"subtract", "sub", "rsub"})
_LINEAR = frozenset({"sum", "mean", "negative", "neg", "add", "subtract", "sub"})
_ABS = ("abs", "absolute")
_TIMES = frozenset({"multiply", "mul"})
_SCALING = _TIMES | {"divide", "div", "true_divide"}
_COPIED = re.compile(r"\bcopy\(")
_BESIDE, _FAR, _TRIED = 1e-3, 10.0, 2001
"""How far beside a jump its slope is taken, and the numbers at which it may be larger."""
_MOST = 6
"""Most detached values tried, most steps, and most values that each may be a step of."""


class Way(Struct, frozen=True, eq=False):
    """A way for gradients to pass an operation without one."""

    told: str
    """Its description, as the end of a sentence that begins with the gradient's name."""
    place: Place | None
    passed: Callable[[Point, str], Array | None]
    """A point and the name of a gradient -> that gradient by this way; None if impossible."""


def rounded(points: Sequence[Point]) -> Iterator[Way]:
    """Yield the ways past flat functions; all gradients of a function share one."""
    flat = flat_calls(points[0])
    if not flat:
        return
    node = points[0].result.tape.nodes[flat[0]]
    assert isinstance(node, Call)
    told = f"passes through {node.name}, which is flat, "
    tape = points[0].result.tape
    found = quantisers(tape, flat)
    # The numbers between two bounds are known: a gradient that keeps others is wrong.
    bounded = node.name not in SIGNS and bool(bounds_of(tape, found))
    slopes = [*SLOPES][: bounded or None]
    ways: list[tuple[str, LinksAt]] = [(SLOPES[one], partial(_sloped, slope=one)) for one in slopes]
    ways += [(STRAIGHT, partial(_at_bounds, inside=inside)) for inside in (False, True)]
    for slope_told, links_at in [*ways, (STRAIGHT, _bounded_before)]:
        yield Way(told + slope_told, node.place, partial(linked, links_at=links_at))
    yield Way(told + STRAIGHT, node.place, _as_if_smooth)
    yield Way(told + STRAIGHT, node.place, partial(linked, links_at=_unbounded))
    kinds = dict.fromkeys(one.kind(tape) for one in found if not one.plain)
    for kind in [*kinds][:_MOST]:
        for slope in slopes:
            links_at = partial(_whole, kind=kind, slope=slope)
            yield Way(told + SLOPES[slope], node.place, partial(linked, links_at=links_at))


def kinked(points: Sequence[Point], *, straight: bool) -> Iterator[Way]:
    """Yield the ways past the distances of all pairs, if `straight` by the differences themselves.

    Networks that add instead of multiplying are trained so (Chen et al., 2020, section 3.2); to a
    mere magnitude another slope than its sign is wrong.
    """
    tape = points[0].result.tape
    sources = _sources(tape, named(points[0], *_ABS))
    if not sources or not all(
        _is_of_pairs(tape, source) and _is_summed(tape, id, points[0].root)
        for id, source in sources.items()
    ):
        return
    # If nothing is larger than 1, a slope clipped there is the operand itself.
    cut = any(np.any(np.abs(point.result.tape.value(id)) > 1)
              for point in points for id in named(point, *_ABS))  # fmt: skip
    slopes = [*(_SIGNS if cut else _SIGNS[1:]), *([_itself] if straight else [])]
    for slope in slopes:
        told = "passes through abs with a slope of its own"
        links_at = partial(_kinked, slope=slope)
        yield Way(told, tape.nodes[min(sources)].place, partial(linked, links_at=links_at))


def detached(points: Sequence[Point], *, zero: bool) -> Iterator[Way]:
    """Yield the ways that stop at explicitly detached values."""
    tape = points[0].result.tape
    for at, id in enumerate(detached_calls(points[0], copied=zero)[:_MOST]):
        links_at = partial(_stopped, at=at, zero=zero)
        told = "stops at the detached value here"
        yield Way(told, tape.nodes[id].place, partial(linked, links_at=links_at))


def stepped(points: Sequence[Point], most: int = MOST_STEPS) -> Iterator[Way]:
    """Yield the ways past numbers that jump with an argument, such as `where(w > 0, 1, -1)`.

    The last steps are tried, `most` of them, each with as many values.
    """
    tape = points[0].result.tape
    for step, source in steps_of(points, most):
        if not follows(points, step, source):
            continue
        slopes = [one for one in SLOPES if is_at_jump(tape, source, one)]
        for whole, slope in product((step, *scaled_to(tape, step, source)), slopes):
            links_at = partial(_past, step=whole, source=source, slope=slope)
            yield Way(
                STEP + SLOPES[slope],
                placed(tape, step, source),
                partial(linked, links_at=links_at),
            )


def thresholds(tape: Tape, source: int) -> set[float]:
    """Return the numbers from outside that a value is compared with."""
    bounds = [one.bound for one in tape.choices if source in one.inputs and one.bound is not None]
    return {low for low, high in bounds if low == high}


def is_at_jump(tape: Tape, source: int, slope: Slope) -> bool:
    """Return whether a slope is the largest where a value jumps, if that is at one number alone."""
    found = thresholds(tape, source)
    if len(found) != 1:
        return True
    (at,) = found
    near = np.max(slope(np.array([at - _BESIDE, at + _BESIDE])))
    return bool(near >= (1 - 2 * _BESIDE) * np.max(slope(np.linspace(-_FAR, _FAR, _TRIED))))


def returning(points: Sequence[Point]) -> Iterator[Way]:
    """Yield the way past bounds of the elements that a step would move back within them."""
    found = [one for point in points for one in _beyond(point)]
    # Without elements of both kinds, a gradient that ignores the bounds looks the same.
    if not any(back.any() for _, back, _ in found) or not any(out.any() for _, _, out in found):
        return
    tape = points[0].result.tape
    place = next((tape.nodes[id].place for id, _ in bounding_calls(points[0])), None)
    told = "also passes where a step moves the value back within its bounds"
    yield Way(told, place, partial(linked, links_at=_returning))


def chosen(points: Sequence[Point], name: str) -> Iterator[Way]:
    """Yield the ways from values straight to an argument of their shape, which chooses them.

    An example are the nearest entries of a codebook.  What is computed from them has a derivative.
    """
    start, tape = points[0], points[0].result.tape
    found = [
        id for id in selected(points, tape.arguments[name])
        if tape.nodes[id].place is not None
        and math.prod(tape.shape(id)) == start.true[name].size
    ]  # fmt: skip
    for id in reversed(found[-_MOST:]):
        place = tape.nodes[id].place
        for at, slope in enumerate(SLOPES):
            told = f"passes through what is computed here, which is flat, {SLOPES[slope]}"
            told = told if at else "is that of the values that it selects here"
            yield Way(told, place, partial(_arriving, id=id, slope=slope))


def _arriving(point: Point, name: str, id: int, slope: Slope) -> Array | None:
    tape = point.result.tape
    shape = point.true[name].shape
    if id >= point.root or math.prod(tape.shape(id)) != math.prod(shape):
        return None
    arriving = gradients(tape, point.root, [id])[id].reshape(shape)
    return arriving * slope_at(tape, tape.arguments[name], slope)


def _is_of_pairs(tape: Tape, id: int) -> bool:
    """Return whether a value is the difference of each row of an array and each of another."""
    node = tape.nodes[id]
    if not isinstance(node, Call) or node.name not in _DIFFERING or len(node.inputs) != 2:
        return False
    size = tape.value(id).size
    return all(tape.active[one] and tape.value(one).size < size for one in node.inputs)


def _is_summed(tape: Tape, id: int, root: int) -> bool:
    """Return whether the loss is linear in a value, of which it makes sums and multiples alone."""
    reached = {id}
    for later in range(id + 1, root + 1):
        node = tape.nodes[later]
        if isinstance(node, Leaf) or reached.isdisjoint(node.inputs):
            continue
        if isinstance(node, Call) and node.name not in _LINEAR:
            varying = sum(tape.active[one] for one in node.inputs)
            below = node.name not in _TIMES and node.inputs[0] not in reached
            if node.name not in _SCALING or varying > 1 or below:
                return False
        reached.add(later)
    return True


def _itself(x: Array) -> Array:
    return x


def _sources(tape: Tape, ids: Sequence[int]) -> dict[int, int]:
    return {id: node.inputs[0] for id in ids if isinstance(node := tape.nodes[id], Call)}


def _sloped(point: Point, slope: Slope) -> Links:
    """Return the flat functions with another slope."""
    tape = point.result.tape
    return {
        id: (source, slope_at(tape, source, slope))
        for id, source in _sources(tape, flat_calls(point)).items()
    }


def _kinked(point: Point, slope: Slope) -> Links:
    tape = point.result.tape
    return {
        id: (source, slope_at(tape, source, slope))
        for id, source in _sources(tape, named(point, *_ABS)).items()
    }


def bounding_calls(point: Point) -> Iterator[tuple[int, int]]:
    """Yield the nodes that bound a value, each with that value."""
    tape = point.result.tape
    for id in range(point.root):
        node = tape.nodes[id]
        if isinstance(node, Call) and node.name in BOUNDING and tape.active[id]:
            source = next(one for one in node.inputs if tape.active[one])
            if tape.shape(source) == tape.shape(id):
                yield id, source


def _returning(point: Point) -> Links:
    tape = point.result.tape
    passed = {id: back for id, back, _ in _beyond(point)}
    return {
        id: (source, 1.0 * (passed[id] | (tape.value(id) == tape.value(source))))
        for id, source in bounding_calls(point)
    }


def _beyond(point: Point) -> Iterator[tuple[int, Array, Array]]:
    """Yield bounds with the elements beyond them that a step moves back, and the others."""
    tape = point.result.tape
    bounds = dict(bounding_calls(point))
    arriving = gradients(tape, point.root, [*bounds]) if bounds else {}
    for id, source in bounds.items():
        way = np.asarray(arriving[id]) * (tape.value(id) - tape.value(source))
        yield id, way < 0, way > 0


def _at_bounds(point: Point, *, inside: bool) -> Links:
    """Return flat functions with a slope of 1, and bounds that hold or not where a value is one.

    Rounded values often are.
    """
    tape, found = point.result.tape, dict(_sloped(point, np.ones_like))
    for id, source in bounding_calls(point):
        node = tape.nodes[id]
        assert isinstance(node, Call)
        others = [one for one in node.inputs if one != source]
        if not any(tape.active[one] for one in others):
            value, at = tape.value(source), [tape.value(one) for one in others]
            passed = tape.value(id) == value
            tied = np.logical_or.reduce([np.broadcast_to(value == one, passed.shape) for one in at])
            found[id] = (source, 1.0 * (passed if inside else passed & ~tied))
    return found


def _bounded_before(point: Point) -> Links:
    """Return flat functions with a slope of 1, and bounds applied to unrounded values."""
    tape, found = point.result.tape, dict(_sloped(point, np.ones_like))
    own = dict(bounding_calls(point))
    for one in longest(quantisers(tape, flat_calls(point))):
        smooth = one.smooth(tape)
        for id in one.after:
            if id in own:
                found[id] = (own[id], 1.0 * (smooth[id] == smooth[own[id]]))
    return found


def _unbounded(point: Point) -> Links:
    """Return flat functions, and the bounds on both sides of their values, with a slope of 1."""
    tape = point.result.tape
    bounds = {
        id: (source, np.ones(tape.shape(id)))
        for id, source in bounds_of(tape, quantisers(tape, flat_calls(point))).items()
    }
    return {**bounds, **_sloped(point, np.ones_like)}


def _whole(point: Point, kind: tuple[str, ...], slope: Slope) -> Links:
    """Return the results that stand for an unrounded value with another slope by that value.

    What scales them on the way is held.
    """
    tape = point.result.tape
    return {
        one.result: (one.source, slope_at(tape, one.source, slope))
        for one in quantisers(tape, flat_calls(point)) if one.kind(tape) == kind
    }  # fmt: skip


def _as_if_smooth(point: Point, name: str) -> Array:
    """Return the gradient by which what rounds rounds nothing; its result stays what it is."""
    tape, held = point.result.tape, dict[int, Array]()
    for one in tightest(quantisers(tape, flat_calls(point))):
        inner = one.smooth(tape)
        held.update({id: value for id, value in inner.items() if id != one.result})

    def value(id: int) -> Array:
        return held[id] if id in held else tape.value(id)

    return gradient_past(point, name, _sloped(point, np.ones_like), value)


def slope_at(tape: Tape, id: int, slope: Slope) -> Array:
    """Return the slopes at the elements of a value."""
    return np.asarray(slope(np.asarray(tape.value(id), np.float64)))


def detached_calls(point: Point, *, copied: bool = False) -> list[int]:
    """Return the calls whose result is explicitly detached, if `copied` also by a mere copy.

    A copy means that only if the gradient would be 0: most copies mean something else.
    """
    found, says, told = list[int](), cache(says_detached), cache(is_detached)
    for id, _, place in written_calls(point):
        mere = copied and _COPIED.search(linecache.getline(place.file, place.line))
        if mere or (says(place.file) and told(place)):
            found.append(id)
    return found


def _stopped(point: Point, at: int, *, zero: bool) -> Links | None:
    found = detached_calls(point, copied=zero)
    return {found[at]: None} if at < len(found) else None


def _past(point: Point, step: int, source: int, slope: Slope) -> Links | None:
    tape = point.result.tape
    if step >= len(tape) or tape.shape(source) != tape.shape(step):
        return None
    return {step: (source, slope_at(tape, source, slope))}
