"""Gradients that the code clips last of all: they are compared as they are before.

Such a bound keeps a gradient from exploding (Pascanu et al., 2013, section 3.2); what it cuts off
tells nothing of the lines before it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from gradtui.base.source import Place
from gradtui.base.text import number
from gradtui.diagnosis.finding import Finding
from gradtui.diagnosis.recorded.notes import note
from gradtui.diagnosis.recorded.runs import Point
from gradtui.recording.tape import Call, Moved, Tape

_SAME = 1e-9


class Clip(Struct, frozen=True):
    """The last call on the way to a gradient, which clips it."""

    node: int
    """What it clips."""
    bound: float
    place: Place


class Unclipped(Struct, frozen=True, eq=False):
    """Points with some gradients as they are before they are clipped."""

    points: Sequence[Point]
    notes: Sequence[Finding]


def unclipped(points: Sequence[Point], wrong: Collection[str]) -> Unclipped | None:
    """Return the points with wrong gradients before they are clipped, and others of those calls.

    None if none is clipped below the true one: the slope of a Huber loss is as large as its bound.
    """
    found = {name: clip for name in points[0].hand if (clip := _clip_of(points, name)) is not None}
    cutting = {clip.place for name, clip in found.items()
               if name in wrong and _is_cut(points, name, clip)}  # fmt: skip
    names = [name for name, clip in found.items() if clip.place in cutting]
    if not names:
        return None
    told = defaultdict[tuple[Place, float], list[str]](list)
    for name in names:
        if _is_cut(points, name, found[name]):
            told[found[name].place, found[name].bound].append(name)
    return Unclipped([_before(point, names) for point in points], [*_notes(told)])


def _notes(told: dict[tuple[Place, float], list[str]]) -> Iterator[Finding]:
    for (place, bound), names in told.items():
        several = len(names) > 1
        text = f"the gradient{'s' * several} of {', '.join(names)} {'are' if several else 'is'} "
        text += f"clipped at {number(bound)} here, and compared as "
        text += f"{'they are' if several else 'it is'} before"
        yield note("straight-through", "info", names[0], text, place)


def _clip_of(points: Sequence[Point], name: str) -> Clip | None:
    """Return the call that clips a gradient at all points, as it is at the first one."""
    found = [_last(point.result.tape, point.nodes[name]) for point in points]
    places = {None if one is None else one.place for one in found}
    return found[0] if len(places) == 1 else None


def _is_cut(points: Sequence[Point], name: str, clip: Clip) -> bool:
    """Return whether a true gradient is larger than the bound at some point.

    It has no bound of its own, which it would reach at several points.
    """
    sizes = [float(np.max(np.abs(point.true[name]), initial=0.0)) for point in points]
    largest = max(sizes)
    return largest > clip.bound and sum(one >= (1 - _SAME) * largest for one in sizes) == 1


def _before(point: Point, names: Sequence[str]) -> Point:
    hand, nodes, tape = dict(point.hand), dict(point.nodes), point.result.tape
    clips = set[Place]()
    for name in names:
        clip = _last(tape, nodes[name])
        assert clip is not None
        nodes[name] = clip.node
        hand[name] = tape.value(clip.node).reshape(hand[name].shape)
        clips.add(clip.place)
    return replace(point, hand=hand, nodes=nodes, clips=frozenset(clips))


def _last(tape: Tape, id: int | None) -> Clip | None:
    """Return the call that clips a gradient, if it only passes on its result from there."""
    while id is not None:
        node = tape.nodes[id]
        if isinstance(node, Moved) and _hands_on(tape, node):
            (id,) = node.inputs
        elif isinstance(node, Call) and node.name == "clip" and len(node.inputs) == 3:
            low, high = (tape.value(one) for one in node.inputs[1:])
            still = not any(tape.active[one] for one in node.inputs[1:])
            if still and node.place and low.size == high.size == 1 and -low.item() == high.item():
                return Clip(node.inputs[0], float(high.item()), node.place)
            return None
        else:
            return None
    return None


def _hands_on(tape: Tape, node: Moved) -> bool:
    """Return whether elements stay as they follow one another."""
    same = len(node.inputs) == 1 and tape.value(node.inputs[0]).size == node.index.size
    return same and np.array_equal(node.index.reshape(-1), np.arange(node.index.size))
