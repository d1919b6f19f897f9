"""Deliberate gradients of operations without one: rounding passed as if it were not there.

A hand-written gradient is deliberate if it is, at all points, the gradient of the run with another
slope for a flat function, or for one whose result is detached.
"""

from __future__ import annotations

import linecache
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain, permutations
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from gradtui.base.source import Place
from gradtui.base.text import number
from gradtui.diagnosis.recorded.bumps import sloping
from gradtui.diagnosis.recorded.held import held, rounded_beside
from gradtui.diagnosis.recorded.learned import StepScale, step_scale
from gradtui.diagnosis.recorded.passes import (
    STEP,
    Way,
    chosen,
    detached,
    kinked,
    returning,
    rounded,
    stepped,
)
from gradtui.diagnosis.recorded.point import Point
from gradtui.diagnosis.recorded.scaled import scaled_levels
from gradtui.diagnosis.recorded.switches import switched
from gradtui.diagnosis.recorded.whole import whole
from gradtui.diagnosis.recorded.windows import windowed
from gradtui.recording.tape import Added, Call, Leaf, Moved, Tape

Array = NDArray[Any]

_SAME = 1e-6
_SCALING = frozenset({"multiply", "divide"})
_NAMED_SCALE = re.compile(r"\b\w*(?:grad\w*scal|scal\w*grad)\w*\b", re.IGNORECASE)
_FEW = 3
"""Most steps that a gradient passes beside other terms, and most values of each."""
_WAYS, _DIGITS = 4, 9
"""Most ways that a gradient may mean, and the decimals in which they are told apart."""
_LIKELY = 3
"""With this many points, a constant norm of a gradient is no coincidence."""


class Surrogate(Struct, frozen=True):
    """An operation that a gradient passes, or stops at, on purpose."""

    told: str
    """Its description, as the end of a sentence that begins with the gradient's name."""
    place: Place | None


class Agreed(Struct, frozen=True, eq=False):
    """The common way of several gradients of a function."""

    meant: Mapping[str, Surrogate]
    way: Way | None = None
    """That way; None if none explains any."""


def agreed(
    names: Sequence[str], points: Sequence[Point], tolerance: float, rates: Mapping[str, float],
    *, custom: bool,
) -> Agreed:  # fmt: skip
    """Return the way in which most wrong gradients pass rounding, if that explains any.

    `rates` are the numbers that the code is given, any of which may scale a gradient on purpose if
    the forward pass has no other use for it; so may one that the backward pass names for that, as
    learned step sizes have it (Esser et al., 2020, section 2.2).  Code with `custom` functions may
    take for a constant what scales a sign.
    """
    rates = {name: rate for name, rate in {**_named_scales(points[0]), **rates}.items()
             if not _is_used(points[0], rate)}  # fmt: skip
    steps = {name: step_scale(points[0], name) for name in names}
    best = Agreed({})
    scaled = scaled_levels(points, held=custom)
    flat = rounded(points), windowed(points), rounded_beside(points)
    for way in chain(*flat, whole(points), scaled):
        found = dict[str, Surrogate]()
        for name in names:
            told = _explained(way, name, points, tolerance, rates, steps[name])
            if told is not None:
                found[name] = Surrogate(way.told + told, way.place)
        if len(found) > len(best.meant):
            best = Agreed(found, way)
    return best


def surrogate(
    name: str, points: Sequence[Point], tolerance: float, *, chooses: bool, deliberate: bool,
    common: Way | None = None,
) -> Surrogate | None:  # fmt: skip
    """Return the other intention behind a wrong gradient; None if it is just wrong.

    `chooses` tells whether the loss changes with its argument, by jumps alone; `deliberate` whether
    the code may exist for the sake of its gradient, which then may have any length.  A step that
    others pass in a `common` way, it does not pass in another one.
    """
    if not any(np.any(point.hand[name]) for point in points):
        return None
    length = _is_of_one_length(name, points)
    along = length and _is_along(None, name, points)
    ways = _ways(name, points, tolerance, straight=length, chooses=chooses)
    for way in (*ways, *(returning(points) if deliberate else ())):
        if common is not None and way.told.startswith(STEP) and way.place == common.place:
            continue
        # A mere magnitude may be a mistake; with another direction, too, it is none.
        if length and (deliberate or not along) and _is_along(way, name, points):
            return Surrogate(f"{way.told}, and has a magnitude of its own", way.place)
        if _explained(way, name, points, tolerance, {}) is not None:
            return Surrogate(way.told, way.place)
    zero = not any(np.any(point.true[name]) for point in points)
    if zero and (own := sloping(points, name)) is not None:
        return Surrogate(*own)
    if deliberate and along:
        return Surrogate("has a magnitude of its own", None)
    return None


def of_own_norm(names: Sequence[str], points: Sequence[Point], tolerance: float) -> list[str]:
    """Return the wrong gradients of code that exists for them that one norm alone sets apart.

    It is brought to that norm at all points, and passes an operation on purpose or none.
    """
    return [name for name in names if _is_of_one_length(name, points) and surrogate(
        name, points, tolerance, chooses=False, deliberate=True
    )]  # fmt: skip


def directions(name: str, points: Sequence[Point]) -> list[Sequence[Array]]:
    """Return what a gradient may be in the direction of at all points, with a norm of its own.

    Most have the length that they have: empty if it passes no distances with a slope of its own.
    """
    passed = ([way.passed(point, name) for point in points]
              for way in kinked(points, straight=True))  # fmt: skip
    told = ([one for one in some if one is not None and np.any(one)] for some in passed)
    return [some for some in told if len(some) == len(points)]


def is_in_direction(hands: Sequence[Array], directions: Sequence[Array]) -> bool:
    """Return whether gradients have one norm, and the directions of others."""
    norms = [float(np.linalg.norm(one)) for one in hands]
    return bool(norms[0]) and np.ptp(norms) <= _SAME * norms[0] and all(
        hand.shape == way.shape
        and np.max(np.abs(hand / norm - way / np.linalg.norm(way))) <= _SAME
        for hand, norm, way in zip(hands, norms, directions, strict=False)
    )  # fmt: skip


def intended(name: str, points: Sequence[Point], wrong: Collection[str]) -> Way | None:
    """Return the way that a wrong gradient that is not 0 most likely means, if not the truth.

    It stops at all that the code detaches, unless nothing is left, or right gradients of other
    arguments do not.
    """
    way = next(held(points), None)
    if way is None or not leads(way, name, points) or not _differs(way, name, points):
        return None
    others = [one for one in points[0].true if one not in wrong]
    return None if any(_differs(way, one, points) for one in others) else way


def past_flat(names: Sequence[str], points: Sequence[Point]) -> list[Way]:
    """Return the ways that wrong gradients may mean of which the first has 0 for its truth.

    They pass what is flat at the first place that leads anywhere, each to other gradients, the
    plainest first.
    """
    name, *_ = names
    ways = defaultdict[Place | None, list[Way]](list)
    flat = rounded_beside(points), rounded(points), whole(points)
    for one in chain(*flat, stepped(points), switched(points)):
        ways[one.place].append(one)
    found = next((some for some in ways.values() if leads(some[0], name, points)), [])
    apart = dict[bytes, Way]()
    for one in found:
        if leads(one, name, points):
            passed = (one.passed(point, each) for each in names for point in points)
            apart.setdefault(b"".join(np.round(own, _DIGITS).tobytes() for own in passed
                                      if own is not None), one)  # fmt: skip
    return [*apart.values()][:_WAYS]


def leads(way: Way, name: str, points: Sequence[Point]) -> bool:
    """Return whether a way has a gradient at all points, and one that is not 0 at some."""
    passed = [way.passed(point, name) for point in points]
    told = [one for one in passed if one is not None and np.all(np.isfinite(one))]
    return len(told) == len(points) and any(np.any(one) for one in told)


def _differs(way: Way, name: str, points: Sequence[Point]) -> bool:
    """Return whether a way has another gradient than the truth somewhere."""
    for point in points:
        passed, true = way.passed(point, name), point.true[name]
        room = _SAME * float(np.max(np.abs(true), initial=0.0))
        if passed is not None and np.any(np.abs(passed - true) > room):
            return True
    return False


def is_handed_on(points: Sequence[Point], given: Sequence[Array]) -> bool:
    """Return whether the user's lines compute and move nothing on the way to the loss.

    They pass on one of the arrays that they are `given`.
    """
    return all(_is_handed_on(point.result.tape, point.root, given) for point in points)


def _is_handed_on(tape: Tape, root: int, given: Sequence[Array]) -> bool:
    found, handed = {root}, tape.active[root]
    for id in range(root, -1, -1):
        node = tape.nodes[id]
        if id not in found:
            continue
        if isinstance(node, Leaf):
            handed |= any(np.array_equal(tape.value(id), one, equal_nan=True) for one in given)
        elif node.place is not None or isinstance(node, Moved | Added):
            return False
        else:
            found.update(node.inputs)
    return handed


def _ways(
    name: str, points: Sequence[Point], tolerance: float, *, straight: bool, chooses: bool
) -> Iterator[Way]:
    zero = not any(np.any(point.true[name]) for point in points)
    yield from kinked(points, straight=straight)
    yield from detached(points, zero=zero)
    yield from held(points)
    if zero:
        yield from stepped(points)
        yield from switched(points)
    else:
        # Most wrong gradients pass no step: they are told apart at one point.
        few = chain(stepped(points, _FEW), switched(points, _FEW))
        yield from (way for way in few if _explained(way, name, points[:1], tolerance, {}) == "")
    yield from chosen(points, name) if zero and chooses else ()


def _explained(
    way: Way, name: str, points: Sequence[Point], tolerance: float, rates: Mapping[str, float],
    step: StepScale | None = None,
) -> str | None:  # fmt: skip
    """Return the scale of a gradient that follows a way, in words; None if it does not."""
    hands, found = list[Array](), list[Array]()
    for point in points:
        hand, passed = point.hand[name], way.passed(point, name)
        if passed is None or hand.shape != passed.shape:
            return None
        hands.append(hand)
        found.append(passed)
    if not any(np.any(hand) for hand in hands):
        return None
    # If all of it is 0 at a point, cancelled values of another way are only rounding.
    largest = max(float(np.max(np.abs(passed), initial=0.0)) for passed in found)
    for told, scale in _scales(rates, step):
        room = tolerance * abs(scale) * largest
        if all(np.all(np.abs(hand - scale * passed) <= room)
               for hand, passed in zip(hands, found, strict=True)):  # fmt: skip
            return told
    bound = max(float(np.max(np.abs(hand), initial=0.0)) for hand in hands)
    cut = [np.clip(passed, -bound, bound) for passed in found]
    room = tolerance * bound
    close = (np.all(np.abs(hand - own) <= room) for hand, own in zip(hands, cut, strict=True))
    if largest > bound and _is_cut(found, bound) and all(close):
        return f", clipped at {number(bound)}"
    return None


def _is_cut(found: Sequence[Array], bound: float) -> bool:
    """Return whether a bound cuts several numbers: the largest of all is at it by chance."""
    return sum(int(np.count_nonzero(np.abs(passed) > bound)) for passed in found) > 1


def _scales(rates: Mapping[str, float], step: StepScale | None) -> Iterator[tuple[str, float]]:
    yield "", 1.0
    if step is not None:
        yield f", times {step.told}, as learned step sizes have it (Esser et al., 2020)", step.value
    for name, rate in rates.items():
        yield f", times {name}, which is {number(rate)}", rate
        yield f", divided by {name}, which is {number(rate)}", 1 / rate


def scale_on_purpose(point: Point, name: str, rates: Mapping[str, float]) -> float:
    """Return the number by which the backward pass scales a gradient on purpose, 1 if by none.

    It is one of some `rates`, has the name of a scale, or is that of a learned step size.
    """
    step = step_scale(point, name)
    if step is not None:
        return step.value
    node, tape = point.nodes[name], point.result.tape
    found = {value for line, value in _multiplied(point, [] if node is None else tape.sources(node))
             if value in rates.values() or _NAMED_SCALE.search(line)}  # fmt: skip
    return found.pop() if len(found) == 1 else 1.0


def _named_scales(point: Point) -> dict[str, float]:
    """Return the numbers that the backward pass multiplies by and names scales of gradients."""
    every = _multiplied(point, range(len(point.result.tape)))
    return {name: value for line, value in every for name in _NAMED_SCALE.findall(line)}


def _multiplied(point: Point, ids: Iterable[int]) -> Iterator[tuple[str, float]]:
    """Yield the numbers that the backward pass multiplies by, each with the line that does."""
    tape, forward = point.result.tape, set(point.result.tape.sources(point.root))
    for id in ids:
        node = tape.nodes[id]
        if isinstance(node, Call) and node.name == "multiply" and id not in forward and node.place:
            line = linecache.getline(node.place.file, node.place.line)
            for one in node.inputs:
                if isinstance(tape.nodes[one], Leaf) and tape.shape(one) == ():
                    yield line, float(tape.value(one))


def _is_used(point: Point, rate: float) -> bool:
    """Return whether the forward pass computes with a number."""
    tape = point.result.tape
    return rate == 0 or any(
        isinstance(tape.nodes[id], Leaf) and tape.shape(id) == () and abs(tape.value(id)) == rate
        for node in tape.nodes[: point.root] if isinstance(node, Call) for id in node.inputs
    )  # fmt: skip


def _is_of_one_length(name: str, points: Sequence[Point]) -> bool:
    """Return whether a gradient is brought to the same norm at all points, unlike the true one."""
    if len(points) < _LIKELY or points[0].hand[name].size < 2:
        return False
    own = [float(np.linalg.norm(point.hand[name])) for point in points]
    true = [float(np.linalg.norm(point.true[name])) for point in points]
    alike = own[0] and np.ptp(own) <= _SAME * own[0] and np.ptp(true) > _SAME * max(true)
    return bool(alike) and _is_scaled_by_itself(points[0], name)


def _is_scaled_by_itself(point: Point, name: str) -> bool:
    """Return whether a gradient is scaled by what is made of it, as by its own norm.

    Without that it has one norm by chance, such as a gradient of signs that lacks a factor.
    """
    tape, node = point.result.tape, point.nodes[name]
    if node is None:
        return True
    forward = set(tape.sources(point.root))
    return any(
        own not in forward and own != scale and own in tape.sources(scale)
        for id in tape.sources(node)
        if isinstance(call := tape.nodes[id], Call) and call.name in _SCALING
        for own, scale in permutations(call.inputs, 2)
    )


def _is_along(way: Way | None, name: str, points: Sequence[Point]) -> bool:
    """Return whether a gradient has the direction of another everywhere."""
    for point in points:
        hand, passed = point.hand[name], point.true[name]
        if way is not None:
            found = way.passed(point, name)
            if found is None:
                return False
            passed = found
        size, length = np.linalg.norm(passed), np.linalg.norm(hand)
        if not size or np.max(np.abs(hand / length - passed / size)) > _SAME:
            return False
    return True
