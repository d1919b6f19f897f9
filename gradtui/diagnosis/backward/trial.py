"""A program and the truth side by side at random points: which claims are right, which wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from gradtui.diagnosis.backward.probes import draw, points_for
from gradtui.diagnosis.backward.program import Line, Program
from gradtui.diagnosis.sieve import Work, near_at_first
from gradtui.engine.expression import Tree
from gradtui.engine.graph import Builder, Graph, Kind, Node, needed_for
from gradtui.engine.interpreter import Interpreter
from gradtui.engine.reverse import Reverse
from gradtui.engine.shapes import Shape
from gradtui.scenario.problem import Handwritten

Array = NDArray[np.float64]

TOLERANCE = 1e-6
"""Relative difference that counts; rounding of float64 stays far below, a mistake far above."""
_ELEMENTS = 4
"""Elements of a parameter whose gradient is tried by central differences."""
_LINEAR = frozenset(
    {"identity", "T", "mT", "transpose", "expand", "stretch", "collect", "reshape", "sum",
     "mean", "scatter"}
)  # fmt: skip
"""Operations that take a sum to the sum of what they make of its terms."""


class Trial:
    """One program at several points; the first of them is the scenario's own step 0."""

    def __init__(
        self,
        graph: Graph,
        reverse: Reverse,
        values: Mapping[str, Array],
        hand: Handwritten,
        *,
        like: Trial | None = None,
        strict: bool = False,
    ) -> None:
        """Take the points from another trial if there is one `like` this.

        Where it is `strict`, a claim in a shape that does not stretch is wrong.
        """
        self.graph = graph
        self.reverse = reverse
        self.values = values
        self.points = points_for(reverse.nodes)
        self._draws: dict[int, dict[int, Array]] = like._draws if like is not None else {}
        self.written: dict[int, Tree | None] = like.written if like is not None else {}
        """Nodes of the true backward pass as expressions, where they have been asked for."""
        self.work: Work = like.work if like is not None else Work()
        state = {name: np.asarray(value, dtype=np.float64) for name, value in hand.state.items()}
        self._build(values, state, hand, ())
        exact = [line.name for line in self.lines if not self._can_be_compact(line)]
        if strict or self.program.lost or any(line.misfit for line in self.lines):
            # A claim in an odd shape is a way of writing only where all else fits with it.
            exact += self.program.odd
        if exact:
            self._build(values, state, hand, exact)

    def _build(
        self,
        values: Mapping[str, Array],
        state: Mapping[str, Array],
        hand: Handwritten,
        exact: Sequence[str],
    ) -> None:
        self.program = Program(self.graph, self.reverse, hand, exact)
        self.builder = Builder(self.program.nodes, simplify=True)
        zero = self.builder.constant(0.0)
        self._zeros = {
            node.id: self.builder.fit(zero, node.shape)
            for node in self.graph.nodes
            if node.id not in self.reverse.adjoint
        }
        targets = dict.fromkeys(
            line.target for line in self.program.lines if line.target is not None
        )
        self._size = {id: magnitude(self.builder, self.graph, self.adjoint(id)) for id in targets}
        self._truths: dict[int, Array] = {}
        self._flows: dict[int, Mapping[int, Array]] = {}
        self._sizes: dict[int, Array] = {}
        self.world = self._world(values, state)

    @property
    def lines(self) -> tuple[Line, ...]:
        """The program's lines."""
        return self.program.lines

    def follow_convention(self) -> None:
        """Take lines named after a value for the gradient of what it is a function of.

        People write dz for the gradient before the sigmoid of z.  Where as many lines do so as hold
        what their names say, all lines of such names do.
        """
        curves = {line: before for line in self.lines if (before := self._argument(line))}
        own = sum(self._holds(line, line.target or 0) for line in curves)
        if sum(self._holds(line, before) for line, before in curves.items()) >= max(own, 1):
            for line, before in curves.items():
                line.target, line.claimed = before, False

    def _argument(self, line: Line) -> int | None:
        """Return the argument of the function whose value a line is named after."""
        if line.target is None or line.misfit:
            return None
        node = self.graph.nodes[line.target]
        if node.kind is not Kind.OPERATION or len(node.inputs) != 1:
            return None
        (before,) = node.inputs
        fits = self.graph.nodes[before].shape == node.shape and before in self.reverse.adjoint
        return before if fits else None

    def _holds(self, line: Line, target: int) -> bool:
        true = self.truth(target)
        held = fitted(self.world.value(line.node), true.shape[1:])
        size = np.maximum(np.abs(true), self.size(target))
        return constant_ratio(held, true, size) is not None

    def adjoint(self, target: int) -> int:
        """Return the node of the true dLoss/dtarget, a zero where no path leads to the loss."""
        found = self.reverse.adjoint.get(target)
        return self._zeros[target] if found is None else found

    def truth(self, target: int) -> Array:
        """Return dLoss/dtarget at every point, (points, *shape)."""
        if target not in self._truths:
            shape = (self.points, *self.graph.nodes[target].shape)
            value = self.world.value(self.adjoint(target))
            self._truths[target] = np.broadcast_to(value, shape)
        return self._truths[target]

    def flows(self, target: int) -> Mapping[int, Array]:
        """Return statement -> what flows back through it to a value, at every point."""
        if target not in self._flows:
            found = dict[int, Array]()
            for statement in self.graph.statements:
                for op in statement.operations:
                    for slot, source in enumerate(self.graph.nodes[op].inputs):
                        id = self.reverse.contribution.get((op, slot))
                        if source == target and id is not None:
                            flow, before = self.world.value(id), found.get(statement.root)
                            found[statement.root] = flow if before is None else before + flow
            self._flows[target] = found
        return self._flows[target]

    def engine_agrees(self, target: int) -> bool:
        """Return whether the engine's own gradient of a parameter is that of central differences.

        A few elements at all points are tried; a kink between two losses may spoil some of them.
        """
        value, true = self.world.value(target), self.truth(target)
        steps = np.cbrt(np.finfo(np.float64).eps) * np.maximum(1.0, np.abs(value))
        size = self.size(target)
        elements = list(np.ndindex(*value.shape[1:]))[:: max(1, value[0].size // _ELEMENTS)]
        agree = []
        for element in elements[:_ELEMENTS]:
            at = (slice(None), *element)
            losses = []
            for sign in (1.0, -1.0):
                moved = value.copy()
                moved[at] += sign * steps[at]
                losses.append(self.world.replacing({target: moved}).value(self.graph.loss))
            slope = (losses[0] - losses[1]) / (2 * steps[at])
            noise = 1e-14 * np.abs(losses[0]) / steps[at]
            agree.append(np.abs(slope - true[at]) <= 1e-4 * size[at] + noise)
        return bool(np.mean(agree) > 0.5)

    def truth_of(self, line: Line, target: int) -> Array:
        """Return dLoss/dtarget in the shape that a line has, which may stand for many elements."""
        return _compact(self.truth(target), self.builder.nodes[line.node].shape)

    def size_of(self, line: Line, target: int) -> Array:
        """Return what a difference is relative to, in the shape that a line has."""
        return _compact(self.size(target), self.builder.nodes[line.node].shape)

    def _can_be_compact(self, line: Line) -> bool:
        """Return whether the truth has the same elements wherever a claim has one for several."""
        if line.target is None:
            return True
        true = self.truth(line.target)
        whole = fitted(self.truth_of(line, line.target), true.shape[1:])
        return close(whole, true, self.size(line.target))

    def size(self, target: int) -> Array:
        """Return what a difference is relative to: the sum of the |contributions|."""
        if target not in self._sizes:
            shape = (self.points, *self.graph.nodes[target].shape)
            sizes = self._size.get(target)
            summed = self.world.value(sizes) if sizes is not None else np.zeros(1)
            whole = np.broadcast_to(summed, shape)
            self._sizes[target] = np.maximum(np.abs(self.truth(target)), whole)
        return self._sizes[target]

    def is_right(self, line: Line, world: Interpreter) -> bool:
        """Return whether a claim holds at all points but the scenario's own."""
        assert line.target is not None
        if line.misfit and world is self.world:
            return False
        return close(self.held(line, world), self.truth(line.target), self.size(line.target))

    def may_be_right(self, line: Line, world: Interpreter) -> NDArray[np.bool_]:
        """Return for each row of a world of one point whether a claim may hold there."""
        assert line.target is not None
        fits = near_at_first(self.truth(line.target), self.size(line.target))
        return fits(self.held(line, world)[:, None])

    def held(self, line: Line, world: Interpreter | None = None) -> Array:
        """Return what a claim holds at every point, in the shape of what it is about."""
        assert line.target is not None
        value = (world or self.world).value(line.node)
        return fitted(value, self.graph.nodes[line.target].shape)

    def is_right_here(self, line: Line) -> bool:
        """Return whether a claim holds at the scenario's own step 0."""
        assert line.target is not None
        true, size = self.truth(line.target)[:1], self.size(line.target)[:1]
        return not line.misfit and near(self.held(line)[:1], true, size)

    def _world(self, values: Mapping[str, Array], state: Mapping[str, Array]) -> Interpreter:
        nodes = self.builder.nodes
        points, *more = [self._drawn(values, seed) for seed in range(1 + bool(state))]
        first = {self.program.state[name]: value for name, value in state.items()}
        if not state:
            return Interpreter(nodes, points, self.points)
        kept = _repeated(first, nodes, self.points)
        before = Interpreter(nodes, {**more[0], **kept}, self.points)
        for name, leaf in self.program.state.items():
            line = self.program.line(name)
            if line is not None:
                value = fitted(before.value(line.node), nodes[leaf].shape)
                kept[leaf] = np.concatenate([kept[leaf][:1], value[1:]])
        return Interpreter(nodes, {**points, **kept}, self.points)

    def _drawn(self, values: Mapping[str, Array], seed: int) -> dict[int, Array]:
        """Return the leaves of the model at random points, drawn once for each seed."""
        if seed not in self._draws:
            wanted = [self.graph.loss, *(self.adjoint(node.id) for node in self.graph.parameters)]
            points = draw(self.graph, values, self.builder.nodes, wanted, seed, self.points)
            if points is None:
                raise NoPoints
            self._draws[seed] = points
        return self._draws[seed]


class NoPoints(Exception):
    """No random points were found at which the model and its gradient are finite."""


def fitted(value: Array, shape: Shape) -> Array:
    """Return a value at every point, (points, …), broadcast to (points, *shape)."""
    own = value.shape[1:]
    if own == shape:
        return value
    points = len(value)
    value = value.reshape(points, *(1,) * (len(shape) - len(own)), *own)
    return np.broadcast_to(value, (points, *shape))


def _compact(value: Array, shape: Shape) -> Array:
    """Return the first elements of a value along the axes that `shape` has not, or has as 1."""
    for _ in range(value.ndim - 1 - len(shape)):
        value = value[:, 0]
    for axis, size in enumerate(shape, 1):
        if size == 1:
            value = value.take([0], axis)
    return value


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
    return rounded(ratio)


def rounded(value: float) -> float:
    """Return the simple fraction that a number is up to rounding, or the number."""
    simple = float(Fraction(value).limit_denominator(10_000))
    return simple if abs(simple - value) <= 1e-9 * abs(value) else value


def _repeated(values: Mapping[int, Array], nodes: Sequence[Node], points: int) -> dict[int, Array]:
    return {id: np.array(np.broadcast_to(value, (points, *nodes[id].shape)))
            for id, value in values.items()}  # fmt: skip


def magnitude(builder: Builder, graph: Graph, root: int) -> int:
    """Append the sum of the absolute values of all that is added up to make a derivative."""
    known: dict[int, int] = {}
    for id in sorted(needed_for(builder.nodes, [root])):
        node = builder.nodes[id]
        parts = [known.get(source, source) for source in node.inputs]
        if id < len(graph.nodes) or node.kind is not Kind.OPERATION:
            known[id] = builder.apply("abs", (id,))
        elif node.op == "neg":
            known[id] = parts[0]
        elif node.op in ("+", "-"):
            known[id] = builder.apply("+", (parts[0], parts[1]))
        elif node.op in ("*", "@", "/"):
            known[id] = builder.apply(node.op, (parts[0], parts[1]))
        elif node.op in _LINEAR:
            known[id] = builder.apply(node.op, (parts[0], *node.inputs[1:]), dict(node.options))
        else:
            known[id] = builder.apply("abs", (id,))
    return known[root]
