"""The parts of a run that make a value coarse, from that value to the result that stands for it.

A gradient may pass such a part on purpose as if it were not there.  Whatever else the run computes
with the result has a derivative, which no purpose leaves out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from gradtui.diagnosis.recorded.steps import is_level
from gradtui.recording.tape import Call, Moved, Tape

Array = NDArray[Any]

SIGNS = frozenset({"sign", "heaviside"})
_BOUNDS = frozenset({"clip", "hardtanh", "maximum", "minimum"})
_BOTH = frozenset({"clip", "hardtanh"})
_SAME, _CLOSE = 1e-9, 1e-6
_MOST_NODES = 12
"""Most values looked at before, and after, a flat function."""
_OPPOSITE = {"maximum": {"minimum"}, "relu": {"minimum"}, "minimum": {"maximum", "relu"}}


class Quantiser(Struct, frozen=True):
    """A flat function, with what scales and bounds its input before and its result after."""

    source: int
    """The value that is made coarse."""
    flat: int
    before: tuple[int, ...]
    """The nodes from the source to the input of the flat function, without the source."""
    after: tuple[int, ...]
    """The nodes from the result of the flat function to the one that stands for the source."""
    plain: bool
    """Whether its slope is 1 as soon as that of the flat function is, its scales included."""

    @property
    def result(self) -> int:
        """The node that stands for the source."""
        return self.after[-1] if self.after else self.flat

    def kind(self, tape: Tape) -> tuple[str, ...]:
        """Return the names of its functions, which runs and repetitions share."""
        return tuple(_name(tape, id) for id in (*self.before, self.flat, *self.after))

    def bounds(self, tape: Tape) -> dict[int, int]:
        """Return the nodes that bound a value from both sides, each with its operand."""
        found = dict[int, int]()
        for path, start in ((self.before, self.source), (self.after, self.flat)):
            names = [_name(tape, id) for id in path]
            for at, (id, name) in enumerate(zip(path, names, strict=True)):
                beside = {*names[max(at - 1, 0) : at], *names[at + 1 : at + 2]}
                if name in _BOTH or beside & _OPPOSITE.get(name, set()):
                    found[id] = path[at - 1] if at else start
        return found

    def smooth(self, tape: Tape) -> dict[int, Array]:
        """Return the values of its nodes from the flat function on, if that rounded nothing."""
        node = tape.nodes[self.flat]
        assert isinstance(node, Call)
        found = {self.flat: tape.value(node.inputs[0])}
        for id in self.after:
            node = tape.nodes[id]
            assert isinstance(node, Call)
            operands = [found.get(one, tape.value(one)) for one in node.inputs]
            found[id] = np.asarray(node.compute(*operands))
        return found


def quantisers(tape: Tape, flat: Sequence[int]) -> list[Quantiser]:
    """Return what stands for an unrounded value after some flat functions, nearest first.

    With the slope 1 for the flat function, and its scales held, that of the whole is 1.  The sign
    of a value stands for it, too, if no other function than choices follows, or if it is scaled to
    be as near as possible to it (Rastegari et al., 2016, section 3.1).
    """
    used = _users(tape) if flat else {}
    found = list[Quantiser]()
    for id in flat:
        node = tape.nodes[id]
        assert isinstance(node, Call)
        sign = node.name in SIGNS
        after = [*_after(tape, id, used, choices=sign)]
        for source, before, own in _before(tape, node.inputs[0]):
            for result, later, slope in after:
                rising = sign and bool(np.all(own > 0) and np.all(slope > 0))
                stands = rising and _stands_for(tape, result, {source, node.inputs[0]})
                path = (*before, *later)
                if stands or bool(np.all(np.abs(own * slope - 1) < _SAME)):
                    plain = not stands and not any(_is_special(tape, one) for one in path)
                    found.append(Quantiser(source, id, before, later, plain))
    return found


def scaled_to(tape: Tape, step: int, source: int) -> list[int]:
    """Return scaled values of a step, such as `where(w > 0, 1, -1)`, that are nearest its source.

    They stand for it as scaled signs do.
    """
    return [
        id for id, path, slope in _after(tape, step, _users(tape), choices=True)
        if path and np.all(slope > 0) and tape.active[id]
        and is_nearest(tape.value(id), tape.value(source))
    ]  # fmt: skip


def is_nearest(scaled: Array, value: Array) -> bool:
    """Return whether no multiple of a scaled step is nearer to a value.

    Its scale is then the mean size of the elements that are not 0.
    """
    return bool(np.isclose(np.sum(scaled * value), np.sum(scaled**2), rtol=_CLOSE))


def bounds_of(tape: Tape, found: Sequence[Quantiser]) -> dict[int, int]:
    """Return the nodes that bound what is rounded from both sides, each with its operand.

    A bound of a result that already stands for the source is none of them, unless the flat
    function alone gives that result.
    """
    bounds = dict[int, int]()
    whole = longest(found)
    for one in tightest(found):
        bounds |= one.bounds(tape)
        if not one.before and not one.after:
            for other in whole:
                bounds |= other.bounds(tape) if other.flat == one.flat else {}
    return bounds


def tightest(found: Sequence[Quantiser]) -> list[Quantiser]:
    """Return the quantiser of each flat function with the earliest source and, of it, the first
    result: what follows computes with that.
    """
    best = dict[int, Quantiser]()
    for one in found:
        held = best.get(one.flat)
        if held is None or (len(one.before), -len(one.after)) > (
            len(held.before), -len(held.after)
        ):  # fmt: skip
            best[one.flat] = one
    return list(best.values())


def longest(found: Sequence[Quantiser]) -> list[Quantiser]:
    """Return the quantiser of most nodes for each flat function."""
    best = dict[int, Quantiser]()
    for one in found:
        held = best.get(one.flat)
        if held is None or len(one.before) + len(one.after) > len(held.before) + len(held.after):
            best[one.flat] = one
    return list(best.values())


def _stands_for(tape: Tape, result: int, sources: Iterable[int]) -> bool:
    """Return whether a result of a sign has its values, or the mean size of a source for scale.

    The sign may be that of a moved value, and the size that of the value itself.
    """
    own = tape.value(result)
    sizes = [np.abs(tape.value(one)) for one in sources]
    return is_level(own) or any(is_nearest(np.abs(own), size) for size in sizes)


def _users(tape: Tape) -> dict[int, list[int]]:
    found = dict[int, list[int]]()
    for id, node in enumerate(tape.nodes):
        for one in dict.fromkeys(node.inputs) if isinstance(node, Call) else ():
            found.setdefault(one, []).append(id)
    return found


Step = tuple[int, tuple[int, ...], Array]


def _before(tape: Tape, start: int) -> Iterator[Step]:
    """Yield the values of which a node is a scaled or bounded one, with the nodes between."""
    found: list[Step] = [(start, (), np.ones(tape.shape(start)))]
    for id, path, slope in found:
        yield id, path, slope
        node = tape.nodes[id]
        for one in node.inputs if isinstance(node, Call) else ():
            own = _slope(tape, id, one, choices=False) if tape.active[one] else None
            if own is not None and len(found) < _MOST_NODES:
                found.append((one, (id, *path), slope * own))


def _after(tape: Tape, start: int, used: dict[int, list[int]], *, choices: bool) -> Iterator[Step]:
    """Yield the values that are a scaled or bounded one of a node, with the nodes between."""
    found: list[Step] = [(start, (), np.ones(tape.shape(start)))]
    for id, path, slope in found:
        yield id, path, slope
        for one in used.get(id, ()):
            own = _slope(tape, one, id, choices=choices)
            if own is not None and len(found) < _MOST_NODES:
                found.append((one, (*path, one), slope * own))


def _slope(tape: Tape, id: int, source: int, *, choices: bool) -> Array | None:
    """Return the slope of a node by an operand that it scales, moves or bounds; else None.

    With `choices` a value may also be replaced where a comparison says so.
    """
    node = tape.nodes[id]
    if not isinstance(node, Call) or tape.shape(id) != tape.shape(source):
        return None
    if node.inputs.count(source) != 1:
        return None
    shape, rest = tape.shape(id), [one for one in node.inputs if one != source]
    if any(tape.active[one] and tape.shape(one) == shape and not is_spread(tape, one)
           for one in rest):  # fmt: skip
        return None  # two values on a par: neither is the scale of the other
    others = [tape.value(one) for one in rest]
    match node.name:
        case "add":
            return np.ones(shape)
        case "subtract":
            return np.full(shape, 1.0 if node.inputs[0] == source else -1.0)
        case "multiply":
            (other,) = others
            chosen = choices and _decided(tape, rest[0])
            return np.ones(shape) if chosen else np.broadcast_to(other, shape)
        case "divide" if node.inputs[0] == source:
            with np.errstate(all="ignore"):
                return np.broadcast_to(1 / others[0], shape)
        case "where" if choices and node.inputs[0] != source and _decided(tape, node.inputs[0]):
            return np.ones(shape)
        case name if name in _BOUNDS or name == "relu":
            return np.ones(shape)
    return None


def _decided(tape: Tape, id: int) -> bool:
    """Return whether a condition depends on an argument, and is no mask from elsewhere.

    It may have become a number where no call is recorded.
    """
    value = tape.value(id)
    if value.dtype.kind != "b" and not np.all(np.isin(value, (0, 1))):
        return False
    alike = [id] if value.dtype.kind == "b" else [
        one for one in range(id)
        if tape.value(one).dtype.kind == "b" and np.array_equal(tape.value(one), value)
    ]  # fmt: skip
    return any(tape.active[source] for one in alike for source in tape.sources(one))


def is_spread(tape: Tape, id: int) -> bool:
    """Return whether a value repeats the elements of a smaller one."""
    node = tape.nodes[id]
    return isinstance(node, Moved) and len(np.unique(node.index)) < node.index.size


def _is_special(tape: Tape, id: int) -> bool:
    """Return whether a scale depends on an argument, or a value is replaced by another."""
    node = tape.nodes[id]
    assert isinstance(node, Call)
    scales = node.name in {"multiply", "divide"}
    return node.name == "where" or (scales and all(tape.active[one] for one in node.inputs))


def _name(tape: Tape, id: int) -> str:
    node = tape.nodes[id]
    return node.name if isinstance(node, Call) else ""
