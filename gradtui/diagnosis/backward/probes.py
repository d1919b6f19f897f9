"""The points at which programs are compared: the run's own start, and random ones.

A gradient is right if it is right on the user's own data: only parameters are drawn to judge it.
Redrawn data serve to explain: they tell x2 from 3.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradtui.base.source import InputError
from gradtui.diagnosis.backward.drawn import Drawn, NoPoints
from gradtui.diagnosis.backward.sides import SCALES, Bend, Side, bends, on_sides, unseen
from gradtui.diagnosis.backward.structure import Structure, redrawn, structures_of
from gradtui.engine.graph import Graph, Kind, Node
from gradtui.engine.interpreter import Interpreter
from gradtui.engine.lowering import Leaf, build_graph
from gradtui.engine.reverse import Reverse, differentiate
from gradtui.engine.trainer import Trainer
from gradtui.scenario.problem import Problem

Array = NDArray[np.float64]
Values = Mapping[str, Any]

POINTS, FEWEST = 12, 3
"""Points at which a program is compared: fewer for a large model, where each point compares more
numbers."""
NUMBERS = 1 << 23
"""Above this many numbers of a pass over all points, there are fewer points."""
_SEED = 20_240_229
_BOLD = (1.0, 0.75, 0.5, 0.25)
"""Distances from the start at which parameters and data are drawn; nearer ones if those leave the
domain."""
_SPREADS = (1.0, 0.1, 0.5)
"""Distances from the start at which parameters are drawn to judge: points of each."""
_NEARER = (0.01, 1e-3, 1e-5)
"""Distances used if the others leave the domain."""
ROWS = 3
"""Rows drawn instead of a single one; 2 is often a factor of the formula itself."""
_WORK = 2_000_000
"""Most numbers of the run's steps that are examined."""
_BEYOND = 2
"""Points on a side of a kink that the others are not on."""
NEAR = 0.1
"""The spread of points around the start."""


class Probes:
    """The points of one scenario, drawn once for each seed and purpose."""

    def __init__(
        self, reverse: Reverse, graph: Graph, values: Values, trainer: Trainer, steps: int
    ) -> None:
        self.graph, self.reverse, self._trainer, self._steps = graph, reverse, trainer, steps
        self.start = {
            node.id: np.asarray(values[node.name], np.float64)
            for node in graph.nodes
            if node.kind in (Kind.PARAMETER, Kind.DATA)
        }
        self.nodes = reverse.nodes
        adjoints = (reverse.adjoint.get(node.id) for node in graph.parameters)
        self._wanted = [graph.loss, *(id for id in adjoints if id is not None)]
        self._numbers = max(1, sum(math.prod(node.shape) for node in self.nodes))
        self.count = min(POINTS, max(FEWEST, NUMBERS // self._numbers))
        """The greatest number of points."""
        self.structures: Mapping[int, Structure] = structures_of(graph, values)
        self._drawn: dict[tuple[object, ...], Drawn] = {}

    @classmethod
    def of(cls, problem: Problem) -> Probes:
        """Return the points of a scenario."""
        program = problem.trainer.program
        return cls(program.reverse, program.graph, problem.values, problem.trainer, problem.steps)

    def with_more_rows(self, problem: Problem) -> Probes | None:
        """Return the points of the same model with a few rows where the data have a single one.

        None if they have more than one, or if the model does not fit more.
        """
        single = [node.name for node in self.graph.data if node.shape[:1] == (1,)]
        if not single:
            return None
        values = dict(problem.values)
        values |= {name: np.concatenate([values[name]] * ROWS) for name in single}
        parameters, data = (
            [Leaf(node.name, np.shape(values[node.name])) for node in nodes]
            for nodes in (self.graph.parameters, self.graph.data)
        )
        loss = self.graph.nodes[self.graph.loss].name
        try:
            graph = build_graph(parameters, data, problem.model, loss)
        except InputError:
            return None
        return Probes(differentiate(graph), graph, values, problem.trainer, 0)

    def own(self, seed: int = 0) -> Drawn:
        """Return points on the user's own data: the start, others around it and farther out.

        With minibatches, they use several.  Raises NoPoints if the model is finite at none of them.
        """
        return self._once(("own", seed), lambda: self._draw_own(seed))

    def redrawn(
        self, seed: int = 0, held: Collection[int] = (), broken: Collection[int] = ()
    ) -> Drawn:
        """Return points on other data that keep the structure of the given ones.

        `held` data are the user's own; `broken` data lose their structure.  Raises NoPoints if the
        model is finite at too few of them.
        """
        key = ("redrawn", seed, frozenset(held), frozenset(broken))
        return self._once(key, lambda: self._draw_others(seed, frozenset(held), frozenset(broken)))

    def _once(self, key: tuple[object, ...], draw: Callable[[], Drawn]) -> Drawn:
        if key not in self._drawn:
            self._drawn[key] = draw()
        return self._drawn[key]

    def _draw_own(self, seed: int) -> Drawn:
        start = {id: value[None] for id, value in self.start.items()}
        # If the loss is nowhere finite, its gradient may still be, as for a square that overflows.
        for wanted in (self._wanted, self._wanted[1:]):
            rng = np.random.default_rng([_SEED, seed, 1])
            run, kept = self._of_run(wanted)
            rows, near = [start, run], [True] * (1 + len(next(iter(run.values()))))
            for spread, count in self._shares(self.count - len(near)):
                count = min(count, self.count - len(near))
                if not count:
                    break
                found = self._around(spread, count, len(near), wanted, rng)
                rows.append(found)
                near += [spread <= NEAR] * len(next(iter(found.values())))
            reach, farther = self._farther(rows, wanted, rng)
            for found in farther:
                rows.append(found)
                near += [False] * len(next(iter(found.values())))
            if len(near) > 1 or self._finite(start, 1, wanted)[0]:
                leaves = {id: np.concatenate([row[id] for row in rows]) for id in self.start}
                batches = self._trainer.batches
                seen = 1 if batches is None else min(batches.per_epoch, len(near))
                return Drawn(leaves, np.array(near), seen, reach, kept)
        raise NoPoints

    def _shares(self, count: int) -> Iterator[tuple[float, int]]:
        """Yield spreads with numbers of points to draw: nearer ones for those still lacking."""
        yield from ((spread, -(-count // len(_SPREADS))) for spread in _SPREADS)
        yield from ((spread, count) for spread in _NEARER)

    def _of_run(self, wanted: Sequence[int]) -> tuple[dict[int, Array], dict[str, Array]]:
        """Return points on the run's path, with the state that a program keeps there."""
        trainer, last = self._trainer, min(self._steps, _WORK // self._numbers)
        steps = sorted({1, last // 3, last} - {0})[: (self.count - 1) // len(_SPREADS)]
        at, row, rows = 0, trainer.initial, []
        for step in steps if last else ():
            row, at = trainer.run(row, step - at, at), step
            rows.append(row)
        points = {id: np.empty((0, *value.shape)) for id, value in self.start.items()}
        if not rows:
            return points, {}
        states = [dict(zip(trainer.before, trainer.state_of(row), strict=True)) for row in rows]
        batches = [trainer.batch(step) for step in steps]
        for id, value in self.start.items():
            found = [
                state.get(id, batch.get(id, value))
                for state, batch in zip(states, batches, strict=True)
            ]
            points[id] = np.stack(found)
        good = self._finite(points, len(rows), wanted)
        hand = trainer.program.hand
        kept = {} if hand is None else {
            name: np.stack([state[id] for state in states])[good]
            for name, id in hand.kept.items()
            if id in states[0]
        }  # fmt: skip
        return {id: value[good] for id, value in points.items()}, kept

    def _around(
        self, spread: float, count: int, first: int, wanted: Sequence[int], rng: np.random.Generator
    ) -> dict[int, Array]:
        """Return points on the user's own data with finite wanted values, at most `count`.

        With minibatches, they use those from the step `first` on.
        """
        tried = min(4 * count, max(count, NUMBERS // self._numbers))
        points = {
            id: self._parameter(self.graph.nodes[id], value, tried, spread, rng)
            for id, value in self.start.items()
        }
        points |= self._batches(first, tried)
        good = np.flatnonzero(self._finite(points, tried, wanted))[:count]
        return {id: value[good] for id, value in points.items()}

    def _farther(
        self, rows: Sequence[Mapping[int, Array]], wanted: Sequence[int], rng: np.random.Generator
    ) -> tuple[float, list[dict[int, Array]]]:
        """Return points on sides of kinks that no row is on, and how far out the last ones are."""
        missing = unseen(self.bends, map(self._world, rows)) if self.bends else set[Side]()
        reach, found = 1.0, list[dict[int, Array]]()
        for scale in SCALES if missing else ():
            points = self._around(scale, self.count, len(rows), wanted, rng)
            on = on_sides(missing, self._world(points))
            for rows_on in {tuple(np.flatnonzero(mask)[:_BEYOND]) for mask in on.values()} - {()}:
                found.append({id: value[[*rows_on]] for id, value in points.items()})
                reach = scale
            missing -= {side for side, mask in on.items() if mask.any()}
            if not missing:
                break
        return reach, found

    def _world(self, leaves: Mapping[int, Array]) -> Interpreter:
        return Interpreter(self.nodes, leaves, len(next(iter(leaves.values()))))

    @cached_property
    def bends(self) -> tuple[Bend, ...]:
        """The kinks on both sides of which gradients should be compared."""
        return bends(self.graph, self.start)

    def _batches(self, first: int, count: int) -> dict[int, Array]:
        """Return the rows that the run's steps see of data cut into minibatches."""
        trainer = self._trainer
        if trainer.batches is None:
            return {}
        steps = (first + at for at in range(count))
        rows = [trainer.batch(step) for step in steps]
        return {id: np.stack([row[id] for row in rows]) for id in trainer.cut}

    def _parameter(
        self, node: Node, value: Array, count: int, spread: float, rng: np.random.Generator
    ) -> Array:
        if node.kind is Kind.DATA:
            return np.broadcast_to(value, (count, *value.shape))
        symmetric = node.id in self._kept_symmetric
        return self._drawn_parameter(value, count, spread, rng, symmetric=symmetric)

    def _drawn_parameter(
        self, value: Array, count: int, spread: float, rng: np.random.Generator, *, symmetric: bool
    ) -> Array:
        shape, size = (count, *value.shape), size_of(value)
        if spread >= 1:
            drawn = spread * size * rng.normal(size=shape)
        else:
            grown = value * np.exp(spread * rng.normal(size=shape))
            drawn = grown + 0.1 * spread * size * rng.normal(size=shape)
        return (drawn + np.swapaxes(drawn, 1, 2)) / 2 if symmetric else drawn

    @cached_property
    def _kept_symmetric(self) -> frozenset[int]:
        """The parameters that are symmetric and stay so during the run.

        Their gradients are symmetric, and not only because they are 0, for any values of these and
        of the other parameters.
        """
        kept = {n.id for n in self.graph.parameters if is_symmetric(self.start[n.id])}
        kept &= self.reverse.adjoint.keys()
        if not kept:
            return frozenset()
        rng, count = np.random.default_rng([_SEED, 2]), self.count
        points = {
            id: self._drawn_parameter(value, count, 1.0, rng, symmetric=id in kept)
            if self.graph.nodes[id].kind is Kind.PARAMETER
            else np.broadcast_to(value, (count, *value.shape))
            for id, value in self.start.items()
        } | self._batches(0, count)
        at = Interpreter(self.nodes, points, count)
        gradients = {id: at.value(self.reverse.adjoint[id]) for id in kept}
        return frozenset(
            id
            for id, value in gradients.items()
            if value.any() and np.allclose(value, np.swapaxes(value, 1, 2), rtol=1e-9, atol=0)
        )

    def _draw_others(self, seed: int, held: frozenset[int], broken: frozenset[int]) -> Drawn:
        rng = np.random.default_rng([_SEED, seed])
        kept = {id: [value[None]] for id, value in self.start.items()}
        tried = min(4 * self.count, max(self.count, NUMBERS // self._numbers))
        for spread in _BOLD:
            points = {
                node.id: self._other(node, tried, spread, held, broken, rng)
                for node in self.graph.nodes
                if node.id in self.start
            }
            self._make(points, broken)
            good = self._finite(points, tried, self._wanted)
            for id, value in points.items():
                kept[id].append(value[good])
            if sum(map(len, next(iter(kept.values())))) >= self.count:
                leaves = {id: np.concatenate(parts)[: self.count] for id, parts in kept.items()}
                return Drawn(leaves, np.arange(self.count) == 0)
        raise NoPoints

    def _make(self, points: dict[int, Array], broken: frozenset[int]) -> None:
        """Recompute data derived from other data, even if those are held."""
        made = {
            id: one
            for id, one in self.structures.items()
            if one.make is not None and broken.isdisjoint((id, one.source))
        }
        while made:
            for id, one in list(made.items()):
                if one.make is not None and one.source not in made:
                    points[id] = np.stack([one.make(value) for value in points[one.source]])
                    del made[id]

    def _other(
        self, node: Node, count: int, spread: float, held: frozenset[int],
        broken: frozenset[int], rng: np.random.Generator,
    ) -> Array:  # fmt: skip
        value = self.start[node.id]
        shape = (count, *value.shape)
        repeated = np.broadcast_to(value, shape)
        data = node.kind is Kind.DATA
        if data:
            if node.id in held:
                return repeated
            structure = None if node.id in broken else self.structures.get(node.id)
            special = redrawn(structure, value, count, rng)
            if special is not None:
                return special
        elif node.id in self._kept_symmetric:
            drawn = float(np.sqrt(np.mean(np.square(value)))) * rng.normal(size=shape)
            symmetric: Array = (drawn + np.swapaxes(drawn, 1, 2)) / np.sqrt(2)
            return symmetric
        if spread < 1 or (data and np.all(value > 0)):
            grown = repeated * np.exp(spread * rng.normal(size=shape))
            if data:
                return grown
            return grown + 0.1 * spread * size_of(value) * rng.normal(size=shape)
        scales = np.resize([1.0, 1.0 if data else self.own().reach], count)
        return scales.reshape(-1, *(1,) * value.ndim) * size_of(value) * rng.normal(size=shape)

    def _finite(
        self, leaves: Mapping[int, Array], count: int, wanted: Sequence[int]
    ) -> NDArray[np.bool_]:
        at = Interpreter(self.nodes, leaves, count)
        good = np.ones(count, dtype=bool)
        for id in wanted:
            good &= np.isfinite(at.value(id)).reshape(count, -1).all(axis=1)
        return good


def size_of(value: Array) -> Array:
    """Return the size of an array's numbers; for a matrix, of each column's numbers."""
    if not value.size:
        return np.full(value.shape[1:], 0.5)
    largest = np.max(np.abs(value), axis=0, keepdims=True) if value.ndim else np.abs(value)
    safe = np.where(largest > 0, largest, 1.0)
    share = np.square(value / safe)
    mean = np.mean(share, axis=0, keepdims=True) if value.ndim else share
    return np.where(largest > 0, safe * np.sqrt(mean), 0.5)


def is_symmetric(value: Array) -> bool:
    """Return whether an array is a matrix with at least two rows that equals its transpose."""
    square = value.ndim == 2 and value.shape[0] == value.shape[1] > 1
    return square and np.array_equal(value, value.T)
