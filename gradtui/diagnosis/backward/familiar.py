"""Known values: those that the model and its true backward pass compute."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from gradtui.diagnosis.backward.trial import TOLERANCE, Trial, constant_ratio
from gradtui.engine.graph import Kind
from gradtui.engine.interpreter import fitted
from gradtui.engine.shapes import Shape

Array = NDArray[np.float64]

FEWEST = 3
"""With this many numbers, two values are proportional by no coincidence."""
_FIRST = 64
"""Numbers of a value compared before all others."""
_SLOPES, _LONGEST = 20_000, 20
"""Slopes that are known by themselves; of each value, at least as many."""
_SLACK = 2.1
"""Tolerances by which some numbers may differ if all differ by one from the same multiple."""


class Familiar:
    """The known values at all points: those of nodes, and slopes along several edges."""

    def __init__(self, trial: Trial) -> None:
        self.trial = trial
        self._by_shape: dict[tuple[Shape, bool], tuple[list[Array], Array, Array]] = {}
        """Values of a shape, with the first numbers of each at every random point, and at one."""
        self._slopes: dict[tuple[int, int], Array] | None = None

    def holds(self, value: Array, shape: Shape, *, parts: bool = True) -> bool:
        """Return whether a value of a shape, (points, …), is known.

        Without `parts`, unnamed values other than derivatives do not count: they are parts.
        """
        if not np.all(np.isfinite(value[1:])):
            return False
        if not value.size:
            return True
        if value[0].size == 1 and np.all(value == value[0]):
            return self.is_size(float(value.flat[0]))
        if (shape, parts) not in self._by_shape:
            values = [*self._values(shape, parts)] or [np.full_like(value, np.nan)]
            heads = np.stack([_head(one) for one in values])
            self._by_shape[shape, parts] = values, heads, heads[:, 0, 0].copy()
        values, heads, firsts = self._by_shape[shape, parts]
        head = _head(value)
        alike = np.flatnonzero(_alike(firsts, head[0, 0]))
        alike = alike[_alike(heads[alike], head).all(axis=(1, 2))]
        return any(_alike(values[at][1:], value[1:]).all() for at in alike)

    def are_flows(self, values: Sequence[Array]) -> bool:
        """Return whether values, (points, …), are different contributions to one gradient."""
        shape = values[0].shape[1:]
        if any(one.shape[1:] != shape for one in values):
            return False
        heads = np.stack([*map(_head, values)])[:, None]
        for flows in self._flows_of(shape, len(values)):
            alike = np.asarray(_alike(np.stack([*map(_head, flows)]), heads).all(axis=(2, 3)))
            if np.all(np.any(alike, axis=1)) and len({*np.argmax(alike, axis=1)}) == len(values):
                return True
        return False

    def _flows_of(self, shape: Shape, least: int) -> Iterator[Collection[Array]]:
        """Yield the contributions to each gradient of a shape that has at least so many."""
        nodes, reverse = self.trial.graph.nodes, self.trial.reverse
        sources = Counter(nodes[op].inputs[slot] for op, slot in reverse.contribution)
        for source, count in sources.items():
            if count >= least and nodes[source].shape == shape:
                yield self.trial.flows(source).values()

    def is_size(self, value: float) -> bool:
        """Return whether a number is one that programs commonly divide by or multiply with."""
        usual = {1.0, 2.0, 0.5}
        for node in (*self.trial.graph.parameters, *self.trial.graph.data):
            for size in (*node.shape, int(np.prod(node.shape[:2], dtype=np.int64))):
                usual |= {float(size), 1 / max(size, 1), 2 / max(size, 1)}
        return any(abs(value - one) < 1e-12 * one for one in usual)

    def is_count(self, value: float) -> bool:
        """Return whether a number is a count of something, or its inverse."""
        counts = {
            float(size)
            for node in (*self.trial.graph.parameters, *self.trial.graph.data)
            for size in (*node.shape, int(np.prod(node.shape[:2], dtype=np.int64)))
        }
        return any(abs(max(value, 1 / value) - one) < 1e-12 * one for one in counts)

    def _values(self, shape: Shape, parts: bool) -> Iterator[Array]:
        reverse = self.trial.reverse
        steps = {*reverse.local.values(), *reverse.contribution.values()}
        steps |= {*reverse.adjoint.values(), *reverse.named_local.values()}
        for node in reverse.nodes:
            whole = parts or node.name or node.id in steps
            if node.shape == shape and node.kind is not Kind.CONSTANT and whole:
                yield self.trial.world.value(node.id)
        if self._slopes is None:
            self._slopes = _slopes(self.trial)
        for value in self._slopes.values():
            if value.shape[1:] == shape:
                yield value


def _head(value: Array) -> Array:
    """Return the first numbers of a value at every random point."""
    return value[1:].reshape(len(value) - 1, -1)[:, :_FIRST]


def _alike(value: Array, wanted: Array) -> NDArray[np.bool_]:
    with np.errstate(all="ignore"):
        return np.asarray(abs(value - wanted) <= TOLERANCE * abs(wanted))


def _slopes(trial: Trial) -> dict[tuple[int, int], Array]:
    """Return (source, root) -> ∂root/∂source along all paths, if all of these are elementwise.

    A function written in several statements, such as GELU, has no single one with its slope.
    """
    nodes, found = trial.graph.nodes, dict[tuple[int, int], Array]()
    sources = [node.id for node in nodes if node.name]
    most = max(_LONGEST, _SLOPES // max(1, len(sources)))
    reads = [
        (one.root, {id for op in one.operations for id in nodes[op].inputs if nodes[id].name})
        for one in trial.graph.statements
    ]
    for source in sources:
        slopes: dict[int, Array | None] = {}
        for root, read in reads:
            if len(slopes) == most:
                break
            if source not in read and read.isdisjoint(slopes):
                continue
            middles = [id for id in read - {root} if id == source or id in slopes]
            if middles:
                slopes[root] = _slope(trial, root, {id: slopes.get(id) for id in middles}, source)
        found |= {(source, root): one for root, one in slopes.items() if one is not None}
    return found


def _slope(
    trial: Trial, root: int, before: Mapping[int, Array | None], source: int
) -> Array | None:
    """Return ∂root/∂source, given those of the root's inputs; None if not all are elementwise."""
    shape = trial.graph.nodes[root].shape
    total = np.zeros(1)
    for middle, slope in before.items():
        step = trial.reverse.named_local.get((middle, root))
        if step is None or (slope is None and middle != source):
            return None
        along = np.ones((1, *shape)) if slope is None else fitted(slope, shape)
        total = total + fitted(trial.world.value(step), shape) * along
    return total


class Multiples:
    """Values, with the scale of their differences, among which it finds multiples of another.

    It compares only their first numbers: whatever passes `constant_ratio` passes this too.
    """

    def __init__(self, values: Sequence[Array], sizes: Sequence[Array]) -> None:
        self._values, largest = (
            np.array([_head(one).reshape(-1) for one in some]) for some in (values, sizes)
        )
        self._full = values
        self._at_one = np.array([_head(one)[0] for one in values])
        self._norms = np.linalg.norm(self._values, axis=1)
        self._room = TOLERANCE * np.linalg.norm(largest, axis=1)

    def of(self, value: Array) -> Sequence[int]:
        """Return the indices of the values that a value may be a multiple of."""
        head = _head(value).reshape(-1)
        with np.errstate(all="ignore"):
            ratios = self._values @ head / np.square(self._norms)
            apart = np.linalg.norm(head - ratios[:, None] * self._values, axis=1)
            largest = np.maximum(1.0, 2 * np.linalg.norm(head) / self._norms)
            # A value that is little more than rounding may be a multiple of anything.
            near = ~(apart > 2 * largest * self._room) | ~(2 * self._room <= self._norms)
        found: list[int] = np.flatnonzero(near).tolist()
        return found

    def holds(self, value: Array) -> bool:
        """Return whether a value is one number times one of the values at every random point.

        Where each has but few numbers, the number is the same at all points.
        """
        if value[0].size < FEWEST:
            some = (self._full[at] for at in self.of(value))
            return any(constant_ratio(value, one, np.abs(one)) is not None for one in some)
        head, bases = _head(value)[0], self._at_one
        with np.errstate(all="ignore"):
            parts = (bases @ head / np.sum(bases * bases, axis=1))[:, None] * bases
            alike = np.all(np.abs(head - parts) <= _SLACK * TOLERANCE * np.abs(parts), axis=1)
        return any(_is_multiple(value, self._full[at]) for at in np.flatnonzero(alike).tolist())


def _is_multiple(value: Array, base: Array) -> bool:
    value, base = (
        fitted(one, base.shape[1:])[1:].reshape(len(one) - 1, -1) for one in (value, base)
    )
    with np.errstate(all="ignore"):
        ratio = np.sum(value * base, axis=1) / np.sum(base * base, axis=1)
        exact = np.abs(value - ratio[:, None] * base) <= TOLERANCE * np.abs(ratio[:, None] * base)
    return bool(np.all(exact) and np.all(ratio))
