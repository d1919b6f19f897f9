"""The calls of a backward pass that clip a value: its elements, or by its own size."""

from __future__ import annotations

from collections.abc import Sequence, Set
from itertools import permutations

import numpy as np
from msgspec import Struct

from gradtui.base.source import Place
from gradtui.base.text import number
from gradtui.diagnosis.finding import Finding
from gradtui.diagnosis.recorded.notes import note
from gradtui.diagnosis.recorded.point import Point
from gradtui.recording.tape import Array, Call, Leaf, Tape, evaluate

_CLOSE = 1e-4
_SEED = 20_240_229
MULTIPLYING = frozenset({"multiply", "mul"})
DIVIDING = frozenset({"divide", "true_divide", "div"})
_BELOW, _ABOVE = frozenset({"minimum", "fmin"}), frozenset({"maximum", "fmax"})


class Clip(Struct, frozen=True):
    """A call that clips a value on the way to a gradient."""

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


def note_of(name: str, clip: Clip) -> Finding:
    """Return the note on a gradient that is clipped."""
    text = f"the gradient of {name} is {clip.told} here, and compared as it is before"
    return note("straight-through", "info", name, text, clip.place)


def clip_of(tape: Tape, node: Call, place: Place) -> Clip | None:
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


def scaling_of(tape: Tape, node: Call, place: Place, forward: Set[int]) -> Clip | None:
    """Return a call that scales a gradient by its own norm, as that of a loss never is.

    `forward` is what the loss is made from.
    """
    divides = node.name in DIVIDING
    if not (divides or node.name in MULTIPLYING) or len(node.inputs) != 2:
        return None
    operands = enumerate(permutations(node.inputs))
    for operand, (own, scale) in [*operands][: 1 if divides else 2]:
        if _reduced(tape.shape(own), tape.shape(scale)) is None or own == scale:
            continue
        if own in forward:
            continue
        if own in tape.sources(scale):
            scaled = is_by_norm(tape, own, scale, -1 if divides else 1)
        else:
            sizes = [one for one in _beside(tape, scale, forward) if own in tape.sources(one)]
            scaled = any(is_by_norm(tape, own, one, -1) for one in sizes)
        if scaled:
            return Clip(own, operand, place, None)
    return None


def _beside(tape: Tape, scale: int, forward: Set[int]) -> set[int]:
    """Return the numbers that code compared with one of which a scale is made.

    The largest of several, which Python's own `max` finds, is that of another gradient.
    """
    pairs = [(one, other) for choice in tape.choices if choice.of_numbers
             for one, other in permutations(choice.inputs)]  # fmt: skip
    if not pairs:
        return set()
    made = set(tape.sources(scale)) - forward
    found, latest = set[int](), made
    while latest:
        latest = {other for one, other in pairs if one in latest and other is not None}
        latest -= found | made
        found |= latest
    return found


def is_by_norm(tape: Tape, own: int, scale: int, power: float) -> bool:
    """Return whether a power of a number falls with a norm of an array, at most as its inverse.

    It may be one number for each row, or along other axes.  A norm does not change with the signs
    or the order of the elements along an axis, and an element as large as all together has at
    least theirs: the least element and the median are none.
    """
    value, sources = tape.value(own), tape.sources(scale)
    axes = _reduced(value.shape, tape.shape(scale))
    if axes is None:
        return False
    drawn = np.random.default_rng(_SEED).normal(size=value.shape)
    drawn *= float(np.max(np.abs(value), initial=0.0)) or 1.0

    def factor(other: Array) -> Array:
        found = {own: other.astype(value.dtype)}
        for id in sources:
            node = tape.nodes[id]
            if id > own and not isinstance(node, Leaf) and not found.keys().isdisjoint(node.inputs):
                found[id] = evaluate(node, lambda one: found.get(one, tape.value(one)))
        return np.asarray(found[scale], np.float64) ** power

    alike, first = [-drawn], np.ones(value.shape, bool)
    for axis, index in enumerate(np.indices(drawn.shape)):
        alike += [np.roll(drawn, 1, axis)] if axis in axes else []
        alike += [np.where(index == 0, -drawn, drawn)]
        first &= (index == 0) if axis in axes else True
    alone = np.where(first, np.sum(np.abs(drawn), axis=axes, keepdims=True), 0.0)
    with np.errstate(all="ignore"):
        usual, twice, least = factor(drawn), factor(2 * drawn), factor(alone)
        same = np.allclose([factor(one) for one in alike], usual, rtol=_CLOSE, atol=0)
    most = (1 + _CLOSE) * usual
    falls = (usual > 0) & (usual < np.inf) & (usual <= 2 * (1 + _CLOSE) * twice)
    return same and bool(np.all(falls & (twice <= most) & (least <= most)))


def _reduced(own: Sequence[int], scale: Sequence[int]) -> tuple[int, ...] | None:
    """Return the axes along which an array is scaled alike; None if it is not so."""
    if all(one == 1 for one in scale):
        return tuple(range(len(own)))
    if len(own) != len(scale):
        return None
    axes = tuple(axis for axis, one in enumerate(scale) if one == 1 and own[axis] > 1)
    others = [axis for axis in range(len(own)) if axis not in axes]
    return axes if axes and all(own[axis] == scale[axis] for axis in others) else None
