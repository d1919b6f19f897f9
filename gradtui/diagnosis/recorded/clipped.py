"""Gradients that the code clips: they are compared as they are before.

A bound of their elements or of their norm keeps them from exploding (Pascanu et al., 2013, section
3.2); what it cuts off tells nothing of the lines before it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import permutations

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from gradtui.base.source import Place
from gradtui.base.text import number
from gradtui.diagnosis.finding import Finding
from gradtui.diagnosis.recorded.notes import note, together
from gradtui.diagnosis.recorded.point import Point
from gradtui.recording.sweep import Replay
from gradtui.recording.tape import Array, Call, Leaf, Moved, Tape, evaluate

_SAME, _CLOSE = 1e-9, 1e-4
_SEED = 20_240_229
_LARGEST = 5_000
"""Largest tape searched for what scales a value by its own size, in nodes."""
_BELOW, _ABOVE = frozenset({"minimum", "fmin"}), frozenset({"maximum", "fmax"})
_MULTIPLYING = frozenset({"multiply", "mul"})
_DIVIDING = frozenset({"divide", "true_divide", "div"})


class Clip(Struct, frozen=True):
    """The last call on the way to a gradient, which clips it."""

    node: int
    """What it clips."""
    operand: int
    """Which of its operands that is."""
    place: Place
    bound: float | None
    """The largest element that it leaves; None if it scales all by a number made of them."""

    @property
    def told(self) -> str:
        """What it does, in words."""
        return (
            "scaled by its own size" if self.bound is None else f"clipped at {number(self.bound)}"
        )


class Unclipped(Struct, frozen=True, eq=False):
    """Points with some gradients as they are before they are clipped."""

    points: Sequence[Point]
    notes: Sequence[Finding]


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
    found = {name: clip for name in points[0].hand if (clip := _clip_of(points, name)) is not None
             and (clip.bound is not None or name not in own)}  # fmt: skip
    # A single number alone is multiplied by its own slope, as the chain rule has it.
    arrays = {clip.place for name, clip in found.items() if points[0].hand[name].size > 1}
    found = {name: clip for name, clip in found.items()
             if clip.bound is not None or clip.place in arrays}  # fmt: skip
    cutting = {clip.place for name, clip in found.items()
               if name in wrong and _is_cut(points, name, clip)}  # fmt: skip
    names = [name for name, clip in found.items() if clip.place in cutting]
    if not names:
        return _unscaled(points, [name for name in wrong if not _is_of_one_norm(points, name)])
    told = [_note(name, found[name]) for name in names if _is_cut(points, name, found[name])]
    return Unclipped([_before(point, names) for point in points], [*together(told)])


def _unscaled(points: Sequence[Point], wrong: Sequence[str]) -> Unclipped | None:
    """Return the points without what scales a value by its own size on the way back."""
    found = [_scalings(point, wrong) for point in points]
    if not any(found):
        return None
    bare = [_without(point, own) for point, own in zip(points, found, strict=True)]
    clip = next(one for own in found for one in own.values())
    told = [_note(name, clip) for name in wrong
            if any(np.any(one.hand[name] != point.hand[name])
                   for one, point in zip(bare, points, strict=True))]  # fmt: skip
    return Unclipped(bare, [*together(told)])


def _is_of_one_norm(points: Sequence[Point], name: str) -> bool:
    """Return whether the norm of a gradient tells nothing of a loss."""
    norms = [np.linalg.norm(point.hand[name]) for point in points]
    return bool(np.ptp(norms) <= _SAME * np.max(norms))


def _scalings(point: Point, names: Sequence[str]) -> dict[int, Clip]:
    """Return the calls behind gradients that scale a value by its own size."""
    tape = point.result.tape
    ends = [node for name in names if (node := point.nodes[name]) is not None]
    if len(tape) > _LARGEST or not ends:
        return {}
    behind = {id for end in ends for id in tape.sources(end)}.difference(tape.sources(point.root))
    calls = [(id, call) for id in sorted(behind) if isinstance(call := tape.nodes[id], Call)]
    scaled = [(id, call.place and _scaling(point, call, call.place)) for id, call in calls]
    return {id: clip for id, clip in scaled if clip is not None
            and tape.value(clip.node).size > 1}  # fmt: skip


def _without(point: Point, clips: Mapping[int, Clip]) -> Point:
    handing = {**point.handing, **{id: clip.node for id, clip in clips.items()}}
    world = Replay(point.result.tape, handing=handing)
    places = frozenset((one.place, one.operand) for one in clips.values())
    return replace(point, hand=point.claimed(world), handing=handing, clips=places)


def _note(name: str, clip: Clip) -> Finding:
    text = f"the gradient of {name} is {clip.told} here, and compared as it is before"
    return note("straight-through", "info", name, text, clip.place)


def _clip_of(points: Sequence[Point], name: str) -> Clip | None:
    """Return the call that clips a gradient at all points, or wherever its norm is too large."""
    found = [_last(point, point.nodes[name]) for point in points]
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


def _before(point: Point, names: Sequence[str]) -> Point:
    hand, nodes, tape = dict(point.hand), dict(point.nodes), point.result.tape
    clips = set[tuple[Place, int]]()
    for name in names:
        clip = _last(point, nodes[name])
        if clip is not None:
            nodes[name] = clip.node
            hand[name] = tape.value(clip.node).reshape(hand[name].shape)
            clips.add((clip.place, clip.operand))
    return replace(point, hand=hand, nodes=nodes, clips=frozenset(clips))


def _last(point: Point, id: int | None) -> Clip | None:
    """Return the call that clips a gradient, if it only passes on its result from there."""
    tape = point.result.tape
    while id is not None:
        node = tape.nodes[id]
        if isinstance(node, Moved) and _hands_on(tape, node):
            (id,) = node.inputs
        elif isinstance(node, Call) and node.place is not None:
            return _clip(tape, node, node.place) or _scaling(point, node, node.place)
        else:
            return None
    return None


def _clip(tape: Tape, node: Call, place: Place) -> Clip | None:
    """Return a call that bounds all elements alike, or two that do."""
    outer = _bound(tape, node)
    inner = None if outer is None else tape.nodes[node.inputs[outer[0]]]
    within = _bound(tape, inner) if isinstance(inner, Call) else None
    if outer and within and isinstance(inner, Call) and outer[1] == -within[1]:
        above = node if outer[1] > 0 else inner
        meant = above.name in _BELOW and {node.name, inner.name} & _ABOVE
        return Clip(inner.inputs[within[0]], outer[0], place, abs(outer[1])) if meant else None
    if node.name != "clip" or len(node.inputs) != 3:
        return None
    low, high = (tape.value(one) for one in node.inputs[1:])
    still = not any(tape.active[one] for one in node.inputs[1:])
    alike = still and low.size == high.size == 1 and -low.item() == high.item()
    return Clip(node.inputs[0], 0, place, float(high.item())) if alike else None


def _bound(tape: Tape, node: Call) -> tuple[int, float] | None:
    """Return which operand a call bounds from one side, and the bound; None for another call."""
    if node.name not in _BELOW | _ABOVE or len(node.inputs) != 2:
        return None
    for own, other in ((0, 1), (1, 0)):
        bound = tape.value(node.inputs[other])
        if bound.size == 1 and not tape.active[node.inputs[other]]:
            return own, float(bound.item())
    return None


def _scaling(point: Point, node: Call, place: Place) -> Clip | None:
    """Return a call that scales a gradient by its own norm, as that of a loss never is."""
    tape, divides = point.result.tape, node.name in _DIVIDING
    if not (divides or node.name in _MULTIPLYING) or len(node.inputs) != 2:
        return None
    operands = enumerate(permutations(node.inputs))
    for operand, (own, scale) in [*operands][: 1 if divides else 2]:
        if tape.value(scale).size != 1 or own == scale or own in tape.sources(point.root):
            continue
        if own in tape.sources(scale):
            scaled = _is_by_norm(tape, own, scale, -1 if divides else 1)
        else:
            sizes = [one for one in _beside(point, scale) if own in tape.sources(one)]
            scaled = any(_is_by_norm(tape, own, one, -1) for one in sizes)
        if scaled:
            return Clip(own, operand, place, None)
    return None


def _beside(point: Point, scale: int) -> set[int]:
    """Return the numbers that code compared with one of which a scale is made.

    The largest of several, which Python's own `max` finds, is that of another gradient.
    """
    tape = point.result.tape
    made = set(tape.sources(scale)).difference(tape.sources(point.root))
    pairs = [(one, other) for choice in tape.choices if choice.of_numbers
             for one, other in permutations(choice.inputs)]  # fmt: skip
    found, latest = set[int](), made
    while latest:
        latest = {other for one, other in pairs if one in latest and other is not None}
        latest -= found | made
        found |= latest
    return found


def _is_by_norm(tape: Tape, own: int, scale: int, power: int) -> bool:
    """Return whether a power of a number falls with a norm of an array, at most as its inverse.

    A norm does not change with the signs or the order of the elements along an axis, and an element
    as large as all together has at least theirs: the least element and the median are none.
    """
    value, sources = tape.value(own), tape.sources(scale)
    drawn = np.random.default_rng(_SEED).normal(size=value.shape)
    drawn *= float(np.max(np.abs(value), initial=0.0)) or 1.0

    def factor(other: Array) -> float:
        found = {own: other.astype(value.dtype)}
        for id in sources:
            node = tape.nodes[id]
            if id > own and not isinstance(node, Leaf) and not found.keys().isdisjoint(node.inputs):
                found[id] = evaluate(node, lambda one: found.get(one, tape.value(one)))
        return float(np.float64(found[scale].item()) ** power)

    alike, alone = [-drawn], np.zeros_like(drawn)
    for axis, index in enumerate(np.indices(drawn.shape)):
        alike += [np.roll(drawn, 1, axis), np.where(index == 0, -drawn, drawn)]
    alone.flat[0] = np.sum(np.abs(drawn))
    with np.errstate(all="ignore"):
        usual, twice, least = factor(drawn), factor(2 * drawn), factor(alone)
        same = np.allclose([factor(one) for one in alike], usual, rtol=_CLOSE, atol=0)
    most = (1 + _CLOSE) * usual
    return bool(0 < usual < np.inf and same and usual <= 2 * (1 + _CLOSE) * twice
                and twice <= most and least <= most)  # fmt: skip


def _hands_on(tape: Tape, node: Moved) -> bool:
    """Return whether elements stay as they follow one another."""
    same = len(node.inputs) == 1 and tape.value(node.inputs[0]).size == node.index.size
    return same and np.array_equal(node.index.reshape(-1), np.arange(node.index.size))
