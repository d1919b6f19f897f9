"""Gradients that the code clips: they are compared as they are before.

A bound of their elements or of their norm keeps them from exploding (Pascanu et al., 2013, section
3.2); what it cuts off tells nothing of the lines before it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence, Set

import numpy as np
from msgspec.structs import replace

from gradtui.base.source import Place
from gradtui.diagnosis.recorded.clips import Clip, Unclipped, clip_of, note_of, scaling_of
from gradtui.diagnosis.recorded.point import Point
from gradtui.recording.tape import Call, Moved, Tape

_SAME = 1e-9


def unclipped(
    points: Sequence[Point], wrong: Collection[str], own: Collection[str]
) -> Unclipped | None:
    """Return the points with wrong gradients before they are clipped, and others of those calls.

    Those that are scaled by a number made of them count, too, but for those whose norm is known to
    be their `own`. None if none is clipped below the true one: the slope of a Huber loss is as
    large as its bound.
    """
    if not wrong:
        return None
    forward = [frozenset(point.result.tape.sources(point.root)) for point in points]
    every = {name: _clip_of(points, forward, name) for name in points[0].hand}
    found = {name: clip for name, clip in every.items() if clip is not None
             and (clip.bound is not None or name not in own)}  # fmt: skip
    # A single number alone is multiplied by its own slope, as the chain rule has it.
    arrays = {clip.place for name, clip in found.items() if points[0].hand[name].size > 1}
    found = {name: clip for name, clip in found.items()
             if clip.bound is not None or clip.place in arrays}  # fmt: skip
    cutting = {clip.place for name, clip in found.items()
               if name in wrong and _is_cut(points, name, clip)}  # fmt: skip
    names = [name for name, clip in found.items() if clip.place in cutting]
    if not names:
        return None
    told = [note_of(name, found[name]) for name in names if _is_cut(points, name, found[name])]
    before = [_before(*pair, names) for pair in zip(points, forward, strict=True)]
    return Unclipped(before, told)


def _clip_of(points: Sequence[Point], forward: Sequence[Set[int]], name: str) -> Clip | None:
    """Return the call that clips a gradient at all points, or wherever its norm is too large.

    `forward` is what the loss of each point is made from.
    """
    pairs = zip(points, forward, strict=True)
    found = [_last(point.result.tape, point.nodes[name], own) for point, own in pairs]
    clips = {(one.place, one.bound): one for one in found if one is not None}
    if len(clips) != 1:
        return None
    (clip,) = clips.values()
    return None if clip.bound is not None and None in found else clip


def _is_cut(points: Sequence[Point], name: str, clip: Clip) -> bool:
    """Return whether a true gradient is larger than the bound at some point.

    It has no bound of its own, which several elements would reach, or a number at several points.
    """
    if clip.bound is None:
        return True
    sizes = np.stack([np.abs(point.true[name]).reshape(-1) for point in points])
    largest = float(np.max(sizes, initial=0.0))
    reached = sizes >= (1 - _SAME) * largest
    times = np.sum(np.any(reached, axis=0)) if sizes.shape[1] > 1 else np.sum(reached)
    return largest > clip.bound and int(times) == 1


def _before(point: Point, forward: Set[int], names: Sequence[str]) -> Point:
    hand, nodes, tape = dict(point.hand), dict(point.nodes), point.result.tape
    clips = set[tuple[Place, int]]()
    for name in names:
        clip = _last(tape, nodes[name], forward)
        if clip is not None:
            nodes[name] = clip.node
            hand[name] = tape.value(clip.node).reshape(hand[name].shape)
            clips.add((clip.place, clip.operand))
    return replace(point, hand=hand, nodes=nodes, clips=frozenset(clips))


def _last(tape: Tape, id: int | None, forward: Set[int]) -> Clip | None:
    """Return the call that clips a gradient, if it only passes on its result from there."""
    while id is not None:
        node = tape.nodes[id]
        if isinstance(node, Moved) and _hands_on(tape, node):
            (id,) = node.inputs
        elif isinstance(node, Call) and node.place is not None:
            return clip_of(tape, node, node.place) or scaling_of(tape, node, node.place, forward)
        else:
            return None
    return None


def _hands_on(tape: Tape, node: Moved) -> bool:
    """Return whether elements stay as they follow one another."""
    same = len(node.inputs) == 1 and tape.value(node.inputs[0]).size == node.index.size
    return same and np.array_equal(node.index.reshape(-1), np.arange(node.index.size))
