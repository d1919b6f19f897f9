"""A program and the truth side by side at random points: which claims are right, which wrong."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from gradtui.diagnosis.backward.probes import POINTS, draw
from gradtui.diagnosis.backward.program import Line, Program, lower_program
from gradtui.engine.graph import Builder, Graph, Kind, needed_for
from gradtui.engine.interpreter import Interpreter
from gradtui.engine.reverse import Reverse
from gradtui.scenario.problem import Handwritten

Array = NDArray[np.float64]

TOLERANCE = 1e-6
"""Relative difference that counts; rounding of float64 stays far below, a mistake far above."""
_LINEAR = frozenset(
    {"neg", "identity", "T", "mT", "transpose", "expand", "stretch", "collect", "reshape", "sum",
     "mean", "scatter"}
)  # fmt: skip
"""Operations that take a sum to the sum of what they make of its terms."""


class Trial:
    """One program at POINTS points; the first of them is the scenario's own step 0."""

    def __init__(
        self, graph: Graph, reverse: Reverse, values: Mapping[str, Array], hand: Handwritten
    ) -> None:
        self.graph = graph
        self.reverse = reverse
        state = {name: np.asarray(value, dtype=np.float64) for name, value in hand.state.items()}
        shapes = {name: value.shape for name, value in state.items()}
        self.program = lower_program(graph, reverse.nodes, hand.program, hand.claims, shapes)
        self.builder = Builder(self.program.nodes, simplify=True)
        self._zero = self.builder.constant(0.0)
        targets = dict.fromkeys(
            line.target for line in self.program.lines if line.target is not None
        )
        self._size = {id: _magnitude(self.builder, graph, self.adjoint(id)) for id in targets}
        self.world = self._world(values, state)

    @property
    def lines(self) -> tuple[Line, ...]:
        """The program's lines."""
        return self.program.lines

    def adjoint(self, target: int) -> int:
        """Return the node of the true dLoss/dtarget, a zero where no path leads to the loss."""
        return self.reverse.adjoint.get(target, self._zero)

    def truth(self, target: int) -> Array:
        """Return dLoss/dtarget at every point, (points, *shape)."""
        shape = (POINTS, *self.graph.nodes[target].shape)
        return np.broadcast_to(self.world.value(self.adjoint(target)), shape)

    def size(self, target: int) -> Array:
        """Return what a difference is relative to: the sum of the |contributions|."""
        shape = (POINTS, *self.graph.nodes[target].shape)
        sizes = self._size.get(target)
        summed = self.world.value(sizes) if sizes is not None else np.zeros(1)
        return np.maximum(np.abs(self.truth(target)), np.broadcast_to(summed, shape))

    def is_right(self, line: Line, world: Interpreter) -> bool:
        """Return whether a claim holds at all points but the scenario's own."""
        assert line.target is not None
        if line.misfit and world is self.world:
            return False
        return close(world.value(line.node), self.truth(line.target), self.size(line.target))

    def is_right_here(self, line: Line) -> bool:
        """Return whether a claim holds at the scenario's own step 0."""
        assert line.target is not None
        true, size = self.truth(line.target)[:1], self.size(line.target)[:1]
        return not line.misfit and near(self.world.value(line.node)[:1], true, size)

    def _world(self, values: Mapping[str, Array], state: Mapping[str, Array]) -> Interpreter:
        nodes = self.builder.nodes
        wanted = [self.graph.loss, *(self.adjoint(node.id) for node in self.graph.parameters)]
        draws = [draw(self.graph, values, nodes, wanted, seed) for seed in range(1 + bool(state))]
        points = draws[0]
        if points is None or draws[-1] is None:
            raise NoPoints
        first = {self.program.state[name]: value for name, value in state.items()}
        if not state:
            return self._with_stand_ins(points, {})
        before = self._with_stand_ins(draws[-1], _repeated(first, nodes))
        kept = dict(_repeated(first, nodes))
        for name, leaf in self.program.state.items():
            line = self.program.line(name)
            if line is not None:
                kept[leaf] = before.value(line.node).copy()
                kept[leaf][0] = first[leaf]
        return self._with_stand_ins(points, kept)

    def _with_stand_ins(
        self, points: Mapping[int, Array], state: Mapping[int, Array]
    ) -> Interpreter:
        nodes = self.builder.nodes
        truth = Interpreter(nodes, points, POINTS)
        stand_ins = {
            line.node: truth.value(self.adjoint(line.target))
            for line in self.lines
            if line.misfit and line.target is not None
        }
        return Interpreter(nodes, {**points, **state, **stand_ins}, POINTS)


class NoPoints(Exception):
    """No random points were found at which the model and its gradient are finite."""


def close(value: Array, wanted: Array, size: Array) -> bool:
    """Return whether two values agree at all points but the first."""
    return near(value[1:], wanted[1:], size[1:])


def near(value: Array, wanted: Array, size: Array) -> bool:
    """Return whether two values agree, relative to `size`."""
    if value.shape != wanted.shape:
        return False
    with np.errstate(all="ignore"):
        return bool(np.all(np.abs(value - wanted) <= TOLERANCE * size))


def constant_ratio(value: Array, base: Array, size: Array) -> float | None:
    """Return c where `value` is c·`base` at all points but the first, else None."""
    if value.shape != base.shape:
        return None
    a, b = value[1:].reshape(-1), base[1:].reshape(-1)
    with np.errstate(all="ignore"):
        square = float(np.dot(b, b))
        if not 0 < square < np.inf or np.max(np.abs(b)) <= TOLERANCE * np.max(size[1:]):
            return None
        ratio = float(np.dot(a, b)) / square
        if not np.isfinite(ratio) or not near(
            value[1:], ratio * base[1:], max(1.0, abs(ratio)) * size[1:]
        ):
            return None
    return ratio


def dependents(program: Program, names: Iterable[str]) -> frozenset[str]:
    """Return `names` and those of all lines that are computed from them."""
    found = set(names)
    for line in program.lines:
        if line.reads & found:
            found.add(line.name)
    return frozenset(found)


def _repeated(values: Mapping[int, Array], nodes: Sequence[object]) -> dict[int, Array]:
    return {id: np.array(np.broadcast_to(value, (POINTS, *nodes[id].shape)))  # type: ignore[attr-defined]
            for id, value in values.items()}  # fmt: skip


def _magnitude(builder: Builder, graph: Graph, root: int) -> int:
    """Append the sum of the absolute values of all that is added up to make a derivative."""
    known: dict[int, int] = {}
    for id in sorted(needed_for(builder.nodes, [root])):
        node = builder.nodes[id]
        parts = [known.get(source, source) for source in node.inputs]
        if id < len(graph.nodes) or node.kind is not Kind.OPERATION:
            known[id] = builder.apply("abs", (id,))
        elif node.op in ("+", "-"):
            known[id] = builder.apply("+", (parts[0], parts[1]))
        elif node.op in ("*", "@", "/"):
            known[id] = builder.apply(node.op, (parts[0], parts[1]))
        elif node.op in _LINEAR:
            known[id] = builder.apply(node.op, (parts[0], *node.inputs[1:]), dict(node.options))
        else:
            known[id] = builder.apply("abs", (id,))
    return known[root]
