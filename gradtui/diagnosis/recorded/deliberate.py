"""Separates deliberate differences from the truth, and judges the rest accordingly."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import combinations
from typing import Any

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from gradtui.base.source import InputError
from gradtui.base.text import number
from gradtui.diagnosis.finding import Finding
from gradtui.diagnosis.recorded.around import has_shares
from gradtui.diagnosis.recorded.domain import cut_off
from gradtui.diagnosis.recorded.followed import followed
from gradtui.diagnosis.recorded.judge import Sifted, Wrong
from gradtui.diagnosis.recorded.jumping import Jumping, jumping
from gradtui.diagnosis.recorded.notes import note, seen_text, together
from gradtui.diagnosis.recorded.passes import Way, kinked
from gradtui.diagnosis.recorded.point import Point, is_close
from gradtui.diagnosis.recorded.points import smaller_points
from gradtui.diagnosis.recorded.runs import CodeFailed, Runs
from gradtui.diagnosis.recorded.stabilisers import Stabilisers, is_nearly_right
from gradtui.diagnosis.recorded.surrogates import (
    Surrogate,
    agreed,
    intended,
    is_handed_on,
    leads,
    past_flat,
    scale_on_purpose,
    surrogate,
)
from gradtui.diagnosis.recorded.target import Target
from gradtui.recording.tape import Leaf

Array = NDArray[Any]

_PASSING = 0.1
"""The share of the elements of a gradient that must pass a jump to tell how."""


def without_meant(
    runs: Runs, points: Sequence[Point], wrong: Sequence[Wrong], tolerance: float
) -> Sifted:
    """Return which wrong gradients are deliberate, and the right values of the others."""
    given = [value for value in runs.target.arguments.values() if isinstance(value, np.ndarray)]
    handed = bool(wrong) and runs.target.deliberate and is_handed_on(points, given)
    if handed and not _are_exchanged(points, [one.name for one in wrong], tolerance):
        return Sifted(tuple(_handed_on(runs, one) for one in wrong), points, ())
    points = _telling(runs, points, [one.name for one in wrong])
    jumps = jumping(runs, points if wrong else ())
    rates = {**jumps.idle, **_rates(runs, points[0])} if wrong else {}
    custom = runs.target.jumping is not None
    seen = _seen(points, [one.name for one in wrong])
    found = agreed(seen, points, tolerance, rates, custom=custom)
    # Beyond a bound that a gradient ignores, it is wrong with or without a small number.
    usual = cut_off(points[0].result.tape, points[0].root) if wrong else frozenset()
    within = [one for one in points if wrong and cut_off(one.result.tape, one.root) <= usual]
    omitting = Stabilisers(within or points, [one.name for one in wrong])
    notes, left = list[Finding](), list[Wrong]()
    for one in wrong:
        meant = found.meant.get(one.name)
        if meant is None and one.name in seen:
            meant = surrogate(
                one.name,
                points,
                tolerance,
                chooses=found.way is None and _chooses(runs, points, one.name),
                deliberate=runs.target.deliberate,
                common=found.way,
            )
        if meant:
            told: Finding | None = _straight_through(one, meant)
        else:
            told = _left_out(one, points, omitting, runs.target) or _put_in(one, omitting)
        if told is None:
            told = jumps.note(one, points, tolerance)
        if told is None and runs.target.deliberate:
            told = _of_its_own(runs, one, points, tolerance)
        if told is None:
            left.append(one)
        else:
            notes.append(told)
    names = {one.target for one in notes}
    own = [_as_meant(point, names, left, found.way, rates) for point in points] if notes else points
    others: Iterable[tuple[Sequence[Point], list[Wrong]]] = ()
    if notes and found.way is not None:
        first = next(name for name in found.meant)
        basis = f"the one that {found.way.told.partition(',')[0]} as that of {first} does"
        left = [_wrong(one.name, own, tolerance, basis) for one in left]
    else:
        at = {id(point): new for point, new in zip(points, own, strict=True)}
        left = [replace(one, point=at[id(one.point)]) for one in left]
        past = _past_jumps(own, left, jumps, tolerance)
        every = {one.name for one in wrong}
        intentions = _beside_the_intention(own, left, every, tolerance, past, rates)
        (own, left), *others = intentions
    otherwise = tuple((points, tuple(some)) for points, some in others)
    return Sifted(tuple(together(notes)), own, tuple(left), otherwise)


def _seen(points: Sequence[Point], names: Sequence[str]) -> Sequence[str]:
    """Return the names of gradients of which the recordings miss nothing.

    What they miss may have a slope, however flat it looks there.
    """
    return [name for name in names if not any(name in point.unseen for point in points)]


def _telling(runs: Runs, points: Sequence[Point], names: Sequence[str]) -> Sequence[Point]:
    """Return points that tell which jumps are passed: more if most elements of gradients are 0.

    A window around a jump is known by numbers inside it and outside of it.
    """
    flat = [name for name in names if not any(np.any(point.true[name]) for point in points)]
    passing = [np.concatenate([point.hand[name].ravel() != 0 for point in points])
               for name in flat]  # fmt: skip
    if all(np.mean(one) >= _PASSING or not np.any(one) for one in passing):
        return points
    return [*points, *smaller_points(runs, points[0], (*points[0].true,))]


def _as_meant(
    point: Point, meant: Collection[str], left: Sequence[Wrong], way: Way | None,
    rates: Mapping[str, float],
) -> Point:  # fmt: skip
    """Return a point with deliberate gradients taken as true, and the others to match."""
    true = {name: point.hand[name] if name in meant else own for name, own in point.true.items()}
    if way is not None:
        for one in left:
            passed = way.passed(point, one.name)
            if passed is not None:
                true[one.name] = scale_on_purpose(point, one.name, rates) * passed
    return replace(point, true=true)


def _beside_the_intention(
    points: Sequence[Point], left: Sequence[Wrong], wrong: Collection[str], tolerance: float,
    past: Mapping[str, Way], rates: Mapping[str, float],
) -> Iterator[tuple[Sequence[Point], list[Wrong]]]:  # fmt: skip
    """Yield points and wrong gradients, with what may be meant in place of the truth.

    Nobody writes a gradient for what is flat but to pass it, nor detaches a value but to stop
    there: what is wrong is the rest of it.  `past` are the ways past custom functions that jump,
    `wrong` the gradients that are not the truth.
    """
    known, flat, others = dict[str, Way](), list[str](), list[str]()
    seen = _seen(points, [one.name for one in left])
    others += [one.name for one in left if one.name not in seen]
    for name in seen:
        way = followed(name, points) or past.get(name)
        zero = not any(np.any(point.true[name]) for point in points)
        if way is None and not zero:
            way = intended(name, points, wrong)
        if way is not None:
            known[name] = way
        else:
            (flat if zero else others).append(name)
    straight = [*kinked(points, straight=True)] if others and not flat else []
    possible = past_flat([*flat, *others], points) if flat else straight
    for own in possible:
        # What one gradient passes on purpose, the others do.
        ways = {one.name: known.get(one.name, own) for one in left}
        yield _compared(
            points, left, {n: way for n, way in ways.items() if leads(way, n, points)},
            tolerance, rates,
        )  # fmt: skip
    if not flat or not possible:
        yield _compared(points, left, known, tolerance, {})


def _compared(
    points: Sequence[Point], left: Sequence[Wrong], ways: Mapping[str, Way], tolerance: float,
    rates: Mapping[str, float],
) -> tuple[Sequence[Point], list[Wrong]]:  # fmt: skip
    """Return points and wrong gradients, with those by some ways in place of the truth."""
    own = list(points)
    for name, way in ways.items():
        passed = [_scaled(point, name, way, rates) for point in points]
        own = [point if true is None else replace(point, true={**point.true, name: true})
               for point, true in zip(own, passed, strict=True)]  # fmt: skip
    at = {id(point): new for point, new in zip(points, own, strict=True)}
    found = list[Wrong]()
    for one in left:
        if one.name not in ways:
            found.append(replace(one, point=at[id(one.point)]))
            continue
        new = _wrong(one.name, own, tolerance, _basis(ways[one.name]))
        point = next(point for point in points if at[id(point)] is new.point)
        whole = point.true[one.name] / point.weight
        if np.any(whole):
            said = f"the whole one is {number(float(whole[new.element]))}, {new.basis}"
            new = replace(new, basis=said)
        found.append(new)
    return own, found


def _scaled(point: Point, name: str, way: Way, rates: Mapping[str, float]) -> Array | None:
    """Return a gradient by a way, times the number by which the code scales it on purpose."""
    passed = way.passed(point, name)
    return None if passed is None else scale_on_purpose(point, name, rates) * passed


def _basis(way: Way) -> str:
    """Return what a gradient is compared with, in words that stand at another line."""
    told = f"the one that {way.told.partition(',')[0]}"
    line = f"in line {way.place.line}" if way.place is not None else "there"
    return told.replace(" here", f" {line}", 1)


def _wrong(name: str, points: Sequence[Point], tolerance: float, basis: str) -> Wrong:
    """Return where a gradient is off by more than rounding, preferably at the user's own point."""

    def off(point: Point) -> float:
        return float(np.max(np.abs(point.hand[name] - point.true[name]), initial=0.0))

    start = points[0]
    shows = not is_close(start.hand[name], start.true[name], tolerance)
    point = start if shows else max(points, key=off)
    apart = np.abs(point.hand[name] - point.true[name])
    at = tuple(int(i) for i in np.unravel_index(int(np.argmax(apart)), apart.shape))
    return Wrong.at(point, name, at, at_own=point is start, basis=basis)


def _rates(runs: Runs, start: Point) -> dict[str, float]:
    """Return the numbers that the code is given and that its loss does not depend on."""
    return {
        name: float(value)
        for name, value in runs.target.arguments.items()
        if isinstance(value, int | float) and not isinstance(value, bool)
        and name not in runs.given and _is_idle(runs, start, name, value)
    }  # fmt: skip


def _is_idle(runs: Runs, start: Point, name: str, value: float) -> bool:
    target = replace(runs.target, arguments={**runs.target.arguments, name: value + 1})
    try:
        loss, _ = runs.of(target).as_is(start.values)
    except (CodeFailed, InputError):
        return False
    return loss == start.loss


def _chooses(runs: Runs, points: Sequence[Point], name: str) -> bool:
    """Return whether the loss changes with an argument although its gradient is 0."""
    if any(np.any(point.true[name]) for point in points):
        return False
    start, *others = points
    for point in others:
        with suppress(CodeFailed):
            loss, _ = runs.as_is({**start.values, name: point.values[name]})
            if loss != start.loss:
                return True
    return False


def _are_exchanged(points: Sequence[Point], names: Sequence[str], tolerance: float) -> bool:
    """Return whether two gradients are each in the other's place, which nobody means."""
    return any(
        all(is_close(point.hand[one], point.true[other], tolerance)
            and is_close(point.hand[other], point.true[one], tolerance) for point in points)
        for one, other in combinations(names, 2)
    )  # fmt: skip


def _handed_on(runs: Runs, wrong: Wrong) -> Finding:
    text = f"the gradient of {wrong.name} is changed on purpose on its way back: "
    text += "the forward pass hands the value on unchanged"
    return note("straight-through", "info", wrong.name, text, runs.target.place, wrong.evidence)


def _past_jumps(
    points: Sequence[Point], left: Sequence[Wrong], jumps: Jumping, tolerance: float
) -> dict[str, Way]:
    """Return the ways past custom functions that jump."""
    ways = {one.name: jumps.way(one.name, points, tolerance) for one in left}
    return {name: way for name, way in ways.items() if way is not None}


def _of_its_own(
    runs: Runs, wrong: Wrong, points: Sequence[Point], tolerance: float
) -> Finding | None:
    """Return the note on a gradient that uses an argument unused by the forward pass.

    Except for that argument it must be right: multiplied by it, or with it for the shares of 1
    that the true one has.
    """
    for name, value in runs.target.arguments.items():
        if not isinstance(value, np.ndarray) or value.size < 2 or name in runs.given:
            continue
        tried = [_apart_from(value, wrong.name, point) for point in points]
        own = [one for one in tried if one is not None]
        if len(own) < len(points) or not own:
            continue
        told = None
        if all(is_close(hand, true, tolerance) for hand, true in own):
            told = f"is multiplied by {name}, which nothing else uses, on purpose"
        elif has_shares(value) and all(_have_shares(hand, true, value) for hand, true in own):
            told = (
                f"is right if {name}, which nothing else uses, holds the shares that belong there"
            )
        if told is not None:
            text = f"the gradient of {wrong.name} {told}"
            return note("straight-through", "info", wrong.name, text, runs.target.place,
                        wrong.evidence)  # fmt: skip
    return None


def _apart_from(value: Array, name: str, point: Point) -> tuple[Array, Array] | None:
    """Return a gradient with 1 for all of an argument that only it uses, and the true gradient."""
    tape, node = point.result.tape, point.nodes[name]
    if node is None:
        return None
    before, after = (
        [id for id in tape.sources(one) if isinstance(tape.nodes[id], Leaf)
         and np.array_equal(tape.value(id), value)]
        for one in (point.root, node)
    )  # fmt: skip
    if before or not after:
        return None
    hand, _ = point.with_values({id: np.ones_like(tape.value(id)) for id in after})
    return hand[name], point.true[name]


def _have_shares(hand: Array, true: Array, value: Array) -> bool:
    """Return whether an argument that a gradient is multiplied by must hold shares of 1."""
    with np.errstate(all="ignore"):
        needed = true / hand
    return needed.shape == value.shape and has_shares(needed)


def _straight_through(wrong: Wrong, meant: Surrogate) -> Finding:
    text = f"the gradient of {wrong.name} {meant.told}"
    return note("straight-through", "info", wrong.name, text, meant.place, wrong.evidence)


def _left_out(
    wrong: Wrong, points: Sequence[Point], omitting: Stabilisers, target: Target
) -> Finding | None:
    """Return the note on a small number that a gradient leaves out, an error if that is much."""
    found = omitting.omitted(wrong.name)
    if found is None:
        return None
    (value, place), much = found, not is_nearly_right(wrong.name, points)
    own = f"{seen_text(wrong, target)}: it" if much else wrong.name
    text = f"the gradient of {own} leaves out the {number(value)} that is added here"
    return note("missing-term", "error" if much else "info", wrong.name, text, place,
                wrong.evidence)  # fmt: skip


def _put_in(wrong: Wrong, omitting: Stabilisers) -> Finding | None:
    """Return the note on a small number that only a gradient has."""
    found = omitting.added(wrong.name)
    if found is None:
        return None
    text = f"the gradient of {wrong.name} is right but for the {number(found[0])} that is added "
    text += "here, which the forward pass does not have"
    return note("missing-term", "info", wrong.name, text, found[1], wrong.evidence)
