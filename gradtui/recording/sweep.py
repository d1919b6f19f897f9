"""Reverse mode over a tape: from one value back to the arguments, and all of it once more with
every rounding moved.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradtui.recording.slopes import flows
from gradtui.recording.tape import Added, Call, Leaf, Moved, Tape, evaluate

Array = NDArray[Any]
Values = Callable[[int], Array]

Link = tuple[int, Array] | None
"""An earlier node, and the slope by it; None if nothing flows back."""
_NONE: Mapping[int, Link] = MappingProxyType({})
_DRAWN = 1 << 14
"""Random directions of rounding drawn at a time."""


class _Adjoints:
    """The adjoint of each node so far."""

    def __init__(self, tape: Tape, gathered: Callable[[int, Array], object] | None = None) -> None:
        self._tape, self._gathered = tape, gathered
        self._held: dict[int, Array] = {}
        self._own: set[int] = set()
        """Those that are changed in place, whose elements lie in the order of their rows."""

    def pop(self, id: int) -> Array | None:
        self._own.discard(id)
        return self._held.pop(id, None)

    def add(self, id: int, flow: Array) -> None:
        """Add to all elements of a node."""
        before = self._held.get(id)
        if before is None:
            self._held[id] = flow
        elif id in self._own:
            before += flow
        else:
            self._held[id] = np.asarray(np.add(before, flow, order="C"))
            self._own.add(id)
        if self._gathered is not None:
            self._gathered(id, self._held[id])

    def add_at(self, id: int, index: Array, flow: Array) -> None:
        """Add to some elements of a node; indices may repeat."""
        if id not in self._own:
            held = self._held.get(id)
            shape = self._tape.shape(id)
            self._held[id] = np.zeros(shape) if held is None else np.array(held, float, order="C")
            self._own.add(id)
        np.add.at(self._held[id].reshape(-1), index.reshape(-1), flow.reshape(-1))
        if self._gathered is not None and index.size == self._held[id].size:
            self._gathered(id, self._held[id])


def gradients(
    tape: Tape, root: int, wanted: Collection[int], *, values: Values | None = None,
    moved: Callable[[Array], Array] | None = None, links: Mapping[int, Link] = _NONE,
    gathered: Callable[[int, Array], object] | None = None,
) -> dict[int, Array]:  # fmt: skip
    """Return d(root)/d(leaf) for wanted leaves, where `root` is a single number.

    `values` are those of the nodes, by default the recorded ones; `moved` moves rounded results;
    the adjoint of a node in `links` flows back to another alone; `gathered` receives the adjoint
    of a node whenever more is added.  Raises Untold if the derivative of a call is unknown.
    """
    value = values or tape.value
    adjoints = _Adjoints(tape, gathered)
    adjoints.add(root, np.ones(tape.shape(root)))
    found: dict[int, Array] = {}
    with np.errstate(all="ignore"):
        for id in range(root, -1, -1):
            arriving = adjoints.pop(id)
            if arriving is None or not tape.active[id]:
                continue
            if id in wanted:
                found[id] = np.asarray(arriving, dtype=np.float64)
            if id in links:
                link = links[id]
                if link is not None:
                    adjoints.add(link[0], arriving * link[1])
                continue
            _pass(tape, id, arriving, adjoints, value, moved, tape.active.__getitem__)
    return {id: found[id] if id in found else np.zeros(tape.shape(id)) for id in wanted}


def through(
    tape: Tape, id: int, arriving: Array, reaches: Callable[[int], bool] | None = None
) -> dict[int, Array]:
    """Return the contributions through one node to the adjoints of its inputs, by input.

    `arriving` is its own adjoint, or a part of it; `reaches` tells the inputs that are wanted, by
    default those that depend on an argument.  Raises Untold if its derivative is unknown.
    """
    adjoints, node = _Adjoints(tape), tape.nodes[id]
    with np.errstate(all="ignore"):
        _pass(tape, id, arriving, adjoints, tape.value, None, reaches or tape.active.__getitem__)
    inputs = () if isinstance(node, Leaf) else dict.fromkeys(node.inputs)
    found = {source: adjoints.pop(source) for source in inputs}
    return {source: flow for source, flow in found.items() if flow is not None}


def _pass(
    tape: Tape, id: int, arriving: Array, adjoints: _Adjoints, value: Values,
    moved: Callable[[Array], Array] | None, reaches: Callable[[int], bool],
) -> None:  # fmt: skip
    """Add the contributions through one node to the adjoints of its wanted inputs."""
    node = tape.nodes[id]
    match node:
        case Moved(inputs, index):
            _scatter(tape, inputs, index, arriving, adjoints, reaches)
        case Added(inputs, index):
            adjoints.add(inputs[0], arriving.reshape(-1)[index])
        case Call():
            wanted = tuple([reaches(source) for source in node.inputs])
            if not any(wanted):
                return
            operands = [value(source) for source in node.inputs]
            if moved is not None and not (node.elementwise or node.exact):
                operands, arriving = [moved(one) for one in operands], moved(arriving)
            found = flows(node, operands, value(id), arriving, wanted)
            for source, flow in zip(node.inputs, found, strict=True):
                if flow is not None:
                    adjoints.add(source, flow if moved is None else moved(flow))
        case Leaf():
            pass


def _scatter(
    tape: Tape, inputs: Sequence[int], index: Array, arriving: Array, adjoints: _Adjoints,
    reaches: Callable[[int], bool],
) -> None:  # fmt: skip
    if len(inputs) == 1:
        adjoints.add_at(inputs[0], index, arriving)
        return
    index, arriving = index.reshape(-1), arriving.reshape(-1)
    sizes = [int(np.prod(tape.shape(source), dtype=int)) for source in inputs]
    ends = np.cumsum(sizes)
    which = np.searchsorted(ends, index, side="right")
    for at, source in enumerate(inputs):
        if reaches(source):
            mine = which == at
            adjoints.add_at(source, index[mine] - (ends[at] - sizes[at]), arriving[mine])


class Replay:
    """All values of a tape with some leaves replaced; choices stay as they were."""

    def __init__(
        self, tape: Tape, given: Mapping[int, Array] = MappingProxyType({}),
        handing: Mapping[int, int] = MappingProxyType({}),
    ) -> None:  # fmt: skip
        """`handing` maps calls that pass on an input to that input."""
        self._tape, self._handing = tape, handing
        self._values: list[Array] = []
        with np.errstate(all="ignore"):
            for id in range(len(tape)):
                self._values.append(given[id] if id in given else self._computed(id))

    def value(self, id: int) -> Array:
        """Return a node's value."""
        return self._values[id]

    def moved(self, value: Array) -> Array:
        """Return a rounded result, unmoved."""
        return value

    def gradients(self, root: int, wanted: Collection[int]) -> Mapping[int, Array]:
        """Return d(root)/d(leaf) for wanted leaves."""
        return gradients(self._tape, root, wanted, values=self.value, moved=self.moved)

    def _computed(self, id: int) -> Array:
        if id in self._handing:
            return self._values[self._handing[id]]
        node = self._tape.nodes[id]
        if isinstance(node, Moved | Added):
            return evaluate(node, self.value)
        calm = self._tape.value(id)
        if isinstance(node, Leaf) or calm.dtype.kind != "f":
            return calm
        operands = [self._values[source] for source in node.inputs]
        if not (node.elementwise or node.exact):
            operands = [self.moved(one) for one in operands]
        value = np.asarray(node.compute(*operands)).astype(calm.dtype, copy=False)
        return value if node.exact else self.moved(value)


class Shaken(Replay):
    """All values with every rounded result moved by one unit in the last place.

    Parker 1997, "Monte Carlo Arithmetic"; comparisons, choices and draws stay as they were.
    """

    def __init__(
        self, tape: Tape, seed: Sequence[int], handing: Mapping[int, int] = MappingProxyType({}),
        given: Mapping[int, Array] = MappingProxyType({}),
    ) -> None:  # fmt: skip
        self._rng = np.random.default_rng(seed)
        self._up = self._rng.integers(0, 2, _DRAWN, dtype=np.int8) * 2.0 - 1.0
        self._at = 0
        self._factors: dict[np.dtype[Any], Array] = {}
        """Type of numbers -> what moves each of them, as far as that is drawn once."""
        super().__init__(tape, given, handing)

    def moved(self, value: Array) -> Array:
        """Return numbers, each moved up or down by one unit in the last place; 0 stays 0."""
        if value.dtype.kind != "f":
            return value
        factors = self._factors_of(value.dtype, value.size)
        moved: Array = value * factors.reshape(value.shape)
        return moved

    def _factors_of(self, dtype: np.dtype[Any], count: int) -> Array:
        """Return 1 plus or minus one unit for each number, drawn once for many calls."""
        if count > _DRAWN:
            return _factors(self._rng.integers(0, 2, count, dtype=np.int8) * 2.0 - 1.0, dtype)
        if dtype not in self._factors:
            self._factors[dtype] = _factors(self._up, dtype)
        if self._at + count > _DRAWN:
            self._at = int(self._rng.integers(0, _DRAWN - count + 1))
        self._at += count
        return self._factors[dtype][self._at - count : self._at]


def _factors(signs: Array, dtype: np.dtype[Any]) -> Array:
    return np.asarray((1 + np.finfo(dtype).eps * signs).astype(dtype))
