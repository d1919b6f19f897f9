"""Adjoints that the code clips on their way to a gradient: it is compared as it is without that.

What is linear in the loss, as all adjoints are, is bounded by no derivative.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cache, partial
from itertools import chain, permutations

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from gradtui.base.source import Place
from gradtui.diagnosis.recorded.clips import (
    DIVIDING,
    MULTIPLYING,
    Clip,
    Unclipped,
    clip_of,
    is_by_norm,
    note_of,
    scaling_of,
)
from gradtui.diagnosis.recorded.point import Point
from gradtui.recording.sweep import Replay
from gradtui.recording.tape import Call, Leaf, Tape

_LARGEST = 5_000
"""Largest tape searched for what clips a value, in nodes."""
_SAME, _CLOSE = 1e-9, 1e-4
_MOVED, _BENT, _SEED = 0.1, 1e-3, 20_260_712
"""By how much a value is moved, beside its size, and how far a line may be from straight."""
_POWERS = (1.0, 0.5)
"""What makes a norm of a number that falls with one: a sum of squares has a root."""

Site = tuple[Place, int]
"""A call that scales a value, with the position of that operand."""


class _Scaled(Struct, frozen=True):
    """A call that multiplies a value by a number from outside."""

    node: int
    site: Site
    own: int
    """The value."""
    factor: float
    size: float = np.nan
    """The norm, once it is known."""


def uncapped(points: Sequence[Point], wrong: Collection[str]) -> Unclipped | None:
    """Return the points without what clips adjoints; None if that changes no wrong gradient."""
    numbers = _by_numbers(points, wrong) if wrong else []
    sites = _clipping([one for own in numbers for one in own], numbers)
    norms = [name for name in wrong if _is_of_one_norm(points, name)]
    names = [name for name in wrong if name not in norms]
    found = [
        _clips(point, names, [one for one in own if one.site in sites])
        for point, own in zip(points, numbers, strict=bool(wrong))
    ]
    if not any(found):
        return None
    bare = [_without(point, own) for point, own in zip(points, found, strict=True)]
    clip = next(one for own in found for one in own.values())
    told = [note_of(name, clip) for name in wrong
            if any(np.any(one.hand[name] != point.hand[name])
                   for one, point in zip(bare, points, strict=True))]  # fmt: skip
    return Unclipped(bare, told) if told else None


def _is_of_one_norm(points: Sequence[Point], name: str) -> bool:
    """Return whether the norm of a gradient tells nothing of a loss."""
    norms = [np.linalg.norm(point.hand[name]) for point in points]
    return bool(np.ptp(norms) <= _SAME * np.max(norms))


def _calls(point: Point, names: Collection[str]) -> list[tuple[int, Call, Place]]:
    """Return the calls behind gradients that are none on the way to the loss."""
    tape = point.result.tape
    ends = [end for name in names if (end := point.nodes[name]) is not None]
    if len(tape) > _LARGEST or not ends:
        return []
    behind = set(tape.sources(*ends)).difference(tape.sources(point.root))
    return [(id, node, node.place) for id in sorted(behind)
            if isinstance(node := tape.nodes[id], Call) and node.place is not None]  # fmt: skip


def _clips(point: Point, names: Collection[str], numbers: Sequence[_Scaled]) -> dict[int, Clip]:
    """Return the calls behind gradients that clip an adjoint."""
    tape, found = point.result.tape, dict[int, Clip]()
    bounding, forward = dict[int, Clip](), frozenset(tape.sources(point.root))
    for one in numbers:
        found[one.node] = Clip(one.own, one.site[1], one.site[0], None)
    for id, node, place in _calls(point, names):
        scaled = scaling_of(tape, node, place, forward)
        if scaled is not None and tape.value(scaled.node).size > 1:
            if _is_passed_on(point, id, names):
                found[id] = scaled
        elif (bound := clip_of(tape, node, place)) is not None:
            bounding[id] = bound
    return {**found, **_of_adjoints(point, found, bounding)}


def _is_passed_on(point: Point, id: int, names: Collection[str]) -> bool:
    """Return whether gradients are linear in a value, as they are in each of their parts.

    Else it is no part of one, but data brought to a size of 1.
    """
    value = point.result.tape.value(id)
    size = _MOVED * float(np.max(np.abs(value), initial=0.0))
    way = size * np.random.default_rng(_SEED).normal(size=value.shape)
    none, once, twice = (
        point.claimed(Replay(point.result.tape, {id: value + times * way}, point.handing))
        for times in range(3)
    )
    return all(
        np.all(np.abs(twice[name] - 2 * once[name] + none[name])
               <= _BENT * np.max(np.abs(twice[name] - none[name]), initial=_SAME))
        for name in names
    )  # fmt: skip


def _of_adjoints(
    point: Point, scaled: Mapping[int, Clip], bounding: Mapping[int, Clip]
) -> dict[int, Clip]:
    """Return the calls that bound what is twice as large for twice the loss."""
    weights = _weights(point) if bounding else {}
    if not weights:
        return {}
    handing = {id: clip.node for id, clip in {**scaled, **bounding}.items()}
    tape = point.result.tape
    once, twice = (
        Replay(tape, {id: times * tape.value(id) for id in weights}, handing) for times in (1, 2)
    )
    found = dict[int, Clip]()
    for id, clip in bounding.items():
        own, other = once.value(clip.node), twice.value(clip.node)
        room = _SAME * float(np.max(np.abs(own), initial=0.0))
        if room and np.all(np.abs(other - 2 * own) <= room):
            found[id] = clip
    return found


def _weights(point: Point) -> set[int]:
    """Return what the outputs are multiplied by for a loss, outside of the user's code."""
    tape = point.result.tape
    return {
        source
        for id in tape.sources(point.root)
        if isinstance(node := tape.nodes[id], Call) and node.place is None
        and node.name in MULTIPLYING
        for source in node.inputs
        if isinstance(tape.nodes[source], Leaf) and not tape.active[source]
    }  # fmt: skip


def _by_numbers(points: Sequence[Point], names: Collection[str]) -> list[list[_Scaled]]:
    """Return the calls of points that multiply a value by a number, after a norm of it became one.

    Those that multiply by the same number each time clip nothing, whatever the norms.
    """
    every = [[*_multiplied(point, names)] for point in points]
    factors = defaultdict[Site, list[float]](list)
    for one in chain.from_iterable(every):
        factors[one.site].append(one.factor)
    shared = [{one.site for one in own} for own in every]
    fixed = {site for site, own in factors.items()
             if np.ptp(own) <= _SAME and all(site in sites for sites in shared)}  # fmt: skip
    return [
        [*_with_sizes(point, [one for one in own if one.site not in fixed])]
        for point, own in zip(points, every, strict=True)
    ]


def _multiplied(point: Point, names: Collection[str]) -> Iterator[_Scaled]:
    """Yield the calls that multiply a value by a number, if any norm has become one."""
    tape = point.result.tape
    forward = set(tape.sources(point.root)) if tape.converted else set[int]()
    for id, node, place in _calls(point, names) if not forward.issuperset(tape.converted) else ():
        divides = node.name in DIVIDING
        if not (divides or node.name in MULTIPLYING) or len(node.inputs) != 2:
            continue
        for operand, (own, scale) in [*enumerate(permutations(node.inputs))][: 1 if divides else 2]:
            if not isinstance(tape.nodes[scale], Leaf) or tape.shape(scale) or own in forward:
                continue
            if factor := float(tape.value(scale)):
                yield _Scaled(id, (place, operand), own, 1 / factor if divides else factor)


def _with_sizes(point: Point, every: Sequence[_Scaled]) -> Iterator[_Scaled]:
    """Yield the calls whose value has a norm that became a number before, with the latest one."""
    if not every:
        return
    tape, forward = point.result.tape, set(point.result.tape.sources(point.root))
    norms = {id: set(tape.sources(id)) for id in tape.converted if id not in forward}
    norm_of = cache(partial(_norm, tape))
    for one in every:
        behind = [id for id, sources in norms.items() if id < one.node and one.own in sources]
        sizes = (norm_of(one.own, id) for id in reversed(behind))
        if (size := next((size for size in sizes if size is not None), None)) is not None:
            yield replace(one, size=size)


def _norm(tape: Tape, own: int, number: int) -> float | None:
    """Return the norm of a value that a number, or its root, is; None if neither is one."""
    for power in _POWERS:
        if is_by_norm(tape, own, number, -power):
            return float(np.float64(tape.value(number).item()) ** power)
    return None


def _clipping(every: Sequence[_Scaled], numbers: Sequence[Sequence[_Scaled]]) -> set[Site]:
    """Return the calls whose factors bring norms to a bound, or leave smaller ones as they are.

    At one point alone, or if it is always the same, a factor may be any.
    """
    at = defaultdict[Site, list[_Scaled]](list)
    for one in every:
        at[one.site].append(one)
    found = set[Site]()
    for site, own in at.items():
        cut = [one for one in own if abs(one.factor - 1) > _SAME]
        bounds = [one.size * one.factor for one in cut]
        sizes = [one.size for one in own if one not in cut]
        always = all(any(one.site == site for one in point) for point in numbers)
        varying = len(sizes) or not always or np.ptp([one.factor for one in own]) > _CLOSE
        if not cut or not varying or np.ptp(bounds) > _CLOSE * max(bounds):
            continue
        if all(size <= (1 + _CLOSE) * max(bounds) for size in sizes):
            found.add(site)
    return found


def _without(point: Point, clips: Mapping[int, Clip]) -> Point:
    handing = {**point.handing, **{id: clip.node for id, clip in clips.items()}}
    world = Replay(point.result.tape, handing=handing)
    places = frozenset((one.place, one.operand) for one in clips.values())
    return replace(point, hand=point.claimed(world), handing=handing, clips=point.clips | places)
