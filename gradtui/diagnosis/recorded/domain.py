"""Whether a point lies in the domain that the user's own arguments show.

Code avoids undefined values by bounds: the argument of a root is at least 0. Beyond such a bound
that the user's own arguments respect, a gradient need not be right. Nor need it be where only there
the code warns, where a number becomes so small that the code does something else, or where a loop
does not settle: an implicit layer gives the gradient of its fixed point.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradtui.base.source import Place
from gradtui.recording.run import Result
from gradtui.recording.sweep import Replay
from gradtui.recording.tape import Call, Moved, Tape

_BOUNDING = frozenset({"clip", "maximum", "minimum", "hardtanh", "relu"})
_FOLDING = frozenset({"abs", "absolute", "fabs"})
_FLOORING = frozenset({"clip", "maximum", "fmax"})
SMALL = 1e-4
"""The largest number that only keeps others from 0."""
_ROUNDS = 8
"""Fewest rounds of a loop that settles."""
_MOVING, _SETTLED, _EXACT = 1e-3, 1e-6, 1e-13
"""Relative changes: the least in the first round of a loop that settles, the most in the last
two, and what is none.
"""
_UNLIKE = 10
"""A loop does not settle if it changes this many times more in the end than the user's own."""
_Bound = tuple[str, Place | None]
Array = NDArray[Any]


class Domain:
    """The domain that one run of the code shows, up to the node `root`."""

    def __init__(self, result: Result, root: int) -> None:
        tape = result.tape
        self._warned = result.warned
        self._bounds = frozenset(_key(tape, id) for id, _ in _binding(tape, root))
        """The bounds that some element exceeds, by name and place."""
        self._settled = _settled(tape, root)
        self._vanishing = _vanishing(tape)

    def excludes(self, result: Result, root: int, *, nearest: bool = False) -> bool:
        """Return whether another run is beyond what the code shows to be meant.

        Values that do not settle even `nearest` to the user's own have settled by chance.
        """
        tape = result.tape
        if result.warned - self._warned or self._is_beyond(tape, root):
            return True
        if not _vanishing(tape) <= self._vanishing:
            return True
        return not nearest and _is_unsettled(tape, root, self._settled)

    def _is_beyond(self, tape: Tape, root: int) -> bool:
        """Return whether a run is finite only because of bounds that are usually respected.

        No run is within bounds whose lower one is above the upper one.
        """
        if _is_crossed(tape, root):
            return True
        bounds = {
            id: source for id, source in _binding(tape, root) if _key(tape, id) not in self._bounds
        }
        if not bounds:
            return False
        # Each alone, too, because two negative factors hide each other.
        ways = [bounds, *({id: source} for id, source in bounds.items() if len(bounds) > 1)]
        return not all(np.isfinite(Replay(tape, handing=one).value(root)).all() for one in ways)


def _vanishing(tape: Tape) -> frozenset[_Bound]:
    """Return the comparisons, by name and place, in which a number is found too small.

    Code that divides by a probability asks first whether it is above 1e-15.
    """
    found = set[_Bound]()
    for one in tape.choices:
        if one.keeps_range and one.bound is not None and abs(one.bound[1]) < 1:
            below = -1 if one.inputs[1] is None else 1  # the side without a bound is the number
            if below in one.signs:
                found.add((one.name, one.place))
    return frozenset(found)


def cut_off(tape: Tape, root: int) -> frozenset[_Bound]:
    """Return the bounds that a run exceeds, by name and place, but for those of rectifiers.

    A sigmoid of `clip(z, -6, 6)` is flat there, which its gradient seldom takes into account.
    """
    return frozenset(_key(tape, id) for id, _ in _binding(tape, root) if not rectifies(tape, id))


def rectifies(tape: Tape, id: int) -> bool:
    """Return whether a call bounds its operand by 0 alone."""
    node = tape.nodes[id]
    assert isinstance(node, Call)
    bounds = [tape.value(one) for one in node.inputs if not tape.active[one]]
    return len(bounds) < 2 and not any(np.any(one) for one in bounds)


def unfolded(tape: Tape, root: int) -> int | None:
    """Return a call of `abs` that changes none of several numbers, in all rounds; None without one.

    Code that takes its arguments to have one sign computes such a penalty of them.
    """
    found = defaultdict[_Bound, dict[int, Array]](dict)
    for id in range(root):
        node = tape.nodes[id]
        if isinstance(node, Call) and node.name in _FOLDING and tape.active[id]:
            found[_key(tape, id)][id] = tape.value(node.inputs[0]).reshape(-1)
    on_the_way = set(tape.sources(root)) if found else set[int]()
    for calls in found.values():
        values, first = np.concatenate([*calls.values()]), min(calls)
        if first in on_the_way and values.size > 1 and np.all(values >= 0):
            return first
    return None


def kept_positive(tape: Tape, root: int) -> int | None:
    """Return a call behind the loss, at `root`, that bounds an argument of positive numbers.

    The bound is a small number that none is below: there, division guards against 0. None if no
    call does.
    """
    arguments = set(tape.arguments.values())
    for id in range(root, len(tape)):
        node = tape.nodes[id]
        if not isinstance(node, Call) or node.name not in _FLOORING or len(node.inputs) != 2:
            continue
        source, bound = node.inputs[0], tape.value(node.inputs[1])
        while isinstance(before := tape.nodes[source], Moved) and len(before.inputs) == 1:
            source = before.inputs[0]
        small = bound.size == 1 and 0 < float(bound.reshape(-1)[0]) <= SMALL
        if small and source in arguments and np.all(tape.value(source) > bound):
            return id
    return None


def _settled(tape: Tape, root: int) -> dict[_Bound, float]:
    """Return the values of loops on the way to a node that come to rest, by name and place.

    With each goes its change in the last rounds.
    """
    found = dict[_Bound, float]()
    for key, ids in _rounds(tape, root).items():
        last = max(_change(tape, *ids[-2:]), _change(tape, *ids[-3:-1]))
        if last <= _SETTLED and _change(tape, *ids[:2]) > _MOVING:
            found[key] = last
    return found


def _is_unsettled(tape: Tape, root: int, usual: Mapping[_Bound, float]) -> bool:
    """Return whether one of the values that `usual`ly come to rest still changes at the end."""
    rounds = _rounds(tape, root) if usual else {}
    return any(
        _change(tape, *rounds[key][-2:]) > _UNLIKE * max(_EXACT, last)
        for key, last in usual.items() if key in rounds
    )  # fmt: skip


def _rounds(tape: Tape, root: int) -> dict[_Bound, list[int]]:
    """Return the nodes of calls that are repeated on the way to a node, by name and place."""
    found = defaultdict[_Bound, list[int]](list)
    for id in range(root):
        node = tape.nodes[id]
        if isinstance(node, Call) and tape.active[id] and node.place is not None:
            found[node.name, node.place].append(id)
    many = {key: ids for key, ids in found.items() if len(ids) >= _ROUNDS}
    on_the_way = set(tape.sources(root)) if many else set[int]()
    return {key: ids for key, ids in many.items() if ids[-1] in on_the_way}


def _change(tape: Tape, one: int, two: int) -> float:
    """Return the change from one value to another, relative to it; infinite if unlike."""
    before, after = tape.value(one), tape.value(two)
    if before.shape != after.shape:
        return np.inf
    size = float(np.max(np.abs(after), initial=0.0))
    with np.errstate(all="ignore"):
        change = float(np.max(np.abs(after - before), initial=0.0)) / size if size else np.inf
    return np.inf if np.isnan(change) else change


def _is_crossed(tape: Tape, root: int) -> bool:
    """Return whether some lower bound is above the upper one."""
    return any(
        np.any(low > high)
        for node in tape.nodes[:root] if isinstance(node, Call)
        for low, high in _intervals(tape, node)
    )  # fmt: skip


def _intervals(tape: Tape, node: Call) -> Iterator[tuple[Array | float, Array]]:
    """Yield the bounds that a call cuts its operand at, those of the call before it included."""
    if node.name == "clip" and len(node.inputs) == 3:
        yield tape.value(node.inputs[1]), tape.value(node.inputs[2])
    if node.name != "minimum":
        return
    for inner, bound in (node.inputs, node.inputs[::-1]):
        before = tape.nodes[inner]
        if isinstance(before, Call) and before.name == "relu":
            yield 0.0, tape.value(bound)
        elif isinstance(before, Call) and before.name in ("maximum", "clip"):
            others = [one for one in before.inputs[:2] if not tape.shape(one)]
            yield from ((tape.value(one), tape.value(bound)) for one in others)


def _binding(tape: Tape, root: int) -> Iterator[tuple[int, int]]:
    """Yield the nodes that bound an operand, each with the operand's node."""
    for id in range(root):
        node = tape.nodes[id]
        if not isinstance(node, Call) or node.name not in _BOUNDING or not tape.active[id]:
            continue
        sources = [one for one in node.inputs if tape.active[one]]
        if len(sources) != 1 or tape.shape(sources[0]) != tape.shape(id):
            continue
        if not np.array_equal(tape.value(id), tape.value(sources[0]), equal_nan=True):
            yield id, sources[0]


def _key(tape: Tape, id: int) -> _Bound:
    node = tape.nodes[id]
    assert isinstance(node, Call)
    return node.name, node.place
