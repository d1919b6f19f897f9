"""A program and the truth side by side at random points: which claims are right and which wrong."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from gradtui.diagnosis.backward.drawn import Draw
from gradtui.diagnosis.backward.program import Line, Program
from gradtui.diagnosis.sieve import FIRST, SLACK, Budget, Fits, near_at
from gradtui.engine.builder import Builder
from gradtui.engine.formula import Texts
from gradtui.engine.graph import Graph, Kind, Node
from gradtui.engine.interpreter import Interpreter, fitted
from gradtui.engine.reverse import Reverse
from gradtui.engine.rounding import Shaken, spread_of
from gradtui.engine.shapes import Shape
from gradtui.language.parser import Tree
from gradtui.scenario.problem import Handwritten

Array = NDArray[np.float64]

TOLERANCE = 1e-6
"""Least relative difference that counts; float64 rounding stays far below, mistakes far above."""
ROUNDED = 10.0
"""A difference counts only above this many times the spread of rounding."""
SHAKES = 10
"""Passes with every rounded result moved, to measure the spread of rounding."""
_CANCELLED = 1e-6
"""Share of a constant by which the rounding of a small slope may hide a fit."""
_TELLING = 8
"""Numbers of a claim that no other value has by chance, up to a constant."""
ROWS = 4000
"""Numbers of a claim examined to find a constant."""
_TOGETHER = 1 << 22
"""Numbers computed at once: small arrays take as long as larger ones."""
_SEED = 1997


class Trial:
    """One program at several points, the first of which is the scenario's own step 0."""

    def __init__(
        self,
        graph: Graph,
        reverse: Reverse,
        draw: Draw,
        hand: Handwritten,
        *,
        like: Trial | None = None,
        strict: bool = False,
    ) -> None:
        """Take the points that `draw` returns for a seed: 0, and 1 for those of the previous step.

        Results on the model from a trial `like` this one, at the same points, are reused.  If
        `strict`, a claim in a shape that does not broadcast is wrong.
        """
        self._like = like
        self.graph = graph
        self.reverse = reverse
        self.draw = draw
        self.points = len(draw(0))
        self.written: dict[int, Tree | None] = like.written if like is not None else {}
        """Nodes of the true backward pass as expressions, as far as needed so far."""
        self.texts: Texts = like.texts if like is not None else {}
        """The material of these, as text."""
        self.budget: Budget = like.budget if like is not None else Budget()
        state = {name: np.asarray(value, dtype=np.float64) for name, value in hand.state.items()}
        self._state = state
        self._build(state, hand, ())
        exact = [line.name for line in self.lines if not self._can_be_compact(line)]
        if strict or self.program.lost or any(line.misfit for line in self.lines):
            # A claim in an odd shape is a style only if everything else fits with it.
            exact += self.program.odd
        if exact:
            self._build(state, hand, exact)

    def _build(self, state: Mapping[str, Array], hand: Handwritten, exact: Sequence[str]) -> None:
        self.program = Program(self.graph, self.reverse, hand, exact)
        self.builder = Builder(self.program.nodes, simplify=True)
        zero = self.builder.constant(0.0)
        self._zeros = {
            node.id: self.builder.fit(zero, node.shape)
            for node in self.graph.nodes
            if node.id not in self.reverse.adjoint
        }
        like = self._like
        self._truths: dict[int, Array] = {} if like is None else like._truths
        self._flows: dict[int, Mapping[int, Array]] = {} if like is None else like._flows
        self._noise: dict[int, Array] = {}
        self._forget()
        self.leaves = self._leaves(state)
        self.world = Interpreter(self.builder.nodes, self.leaves, self.points)
        if like is not None:
            self.world.adopt(like.world, len(self.reverse.nodes))

    def _forget(self) -> None:
        """Forget the values that claims are compared with."""
        self._sizes = dict[int, Array]()
        self._fits = dict[int, Fits]()
        self._weighed = dict[tuple[int, int], tuple[Array, Array]]()

    def elsewhere(self, draw: Draw) -> Trial:
        """Return the same lines at other points, to judge their claims there."""
        other = copy(self)
        other.draw, other.points = draw, len(draw(0))
        other._truths, other._flows, other._noise = {}, {}, {}
        other._forget()
        other.leaves = other._leaves(self._state)
        other.world = self.world.elsewhere(other.leaves, other.points)
        return other

    @property
    def lines(self) -> tuple[Line, ...]:
        """The program's lines."""
        return self.program.lines

    def follow_convention(self) -> None:
        """Read lines named after a value as the gradient of that value's argument.

        People write dz for the gradient before the sigmoid of z.  If that holds for at least as
        many lines as the literal reading, all lines with such names are read so.
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
        return constant_ratio(held, true, self.size(target)) is not None

    def adjoint(self, target: int) -> int:
        """Return the node of the true dLoss/dtarget, a zero if no path leads to the loss."""
        found = self.reverse.adjoint.get(target)
        return self._zeros[target] if found is None else found

    def truth(self, target: int) -> Array:
        """Return dLoss/dtarget at every point, (points, *shape)."""
        if target not in self._truths:
            self._truths[target] = self.truth_in(self.world, target)
        return self._truths[target]

    def truth_in(self, world: Interpreter, target: int) -> Array:
        """Return dLoss/dtarget at every point of another world."""
        shape = (*world.lead, *self.graph.nodes[target].shape)
        return np.broadcast_to(world.value(self.adjoint(target)), shape)

    def flows(self, target: int) -> Mapping[int, Array]:
        """Return statement -> its contribution to a value's gradient, at every point."""
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

    def truth_of(self, line: Line, target: int) -> Array:
        """Return dLoss/dtarget in a line's shape, in which one element may represent many."""
        return _compact(self.truth(target), self.builder.nodes[line.node].shape)

    def size_of(self, line: Line, target: int) -> Array:
        """Return the scale of differences, in a line's shape."""
        return _compact(self.size(target), self.builder.nodes[line.node].shape)

    def _can_be_compact(self, line: Line) -> bool:
        """Return whether the truth has equal elements wherever a claim has one for several."""
        if line.target is None or self.builder.nodes[line.node].shape == self._shape(line.target):
            return True
        true = self.truth(line.target)
        if not true.size:
            return False
        whole = fitted(self.truth_of(line, line.target), true.shape[1:])
        return near(whole, true, np.abs(true)) or near(whole, true, self.size(line.target))

    def _shape(self, target: int) -> Shape:
        return self.graph.nodes[target].shape

    def size(self, target: int) -> Array:
        """Return the scale of differences: a gradient, or the rounding that swamps it."""
        if not self._noise:
            self._noise = self._measured()
        if target not in self._sizes:
            swamped, true = self._noise.get(target), np.abs(self.truth(target))
            known = true if swamped is None else np.maximum(true, ROUNDED / TOLERANCE * swamped)
            self._sizes[target] = known
        return self._sizes[target]

    def _measured(self) -> dict[int, Array]:
        """Return the spread of rounding of each gradient that a line claims.

        It is that of the gradient; for a right line, that of the difference; for a wrong line, as
        much as its size is off.
        """
        about = [line for line in self.lines if line.target is not None]
        lines = [line for line in about if not line.misfit]
        found = {line.target or 0: np.zeros_like(self.truth(line.target or 0)) for line in about}
        apart = {line: self.held(line) - self.truth(line.target or 0) for line in lines}
        own = {line: np.zeros_like(value) for line, value in apart.items()}
        between = {line: np.zeros_like(value) for line, value in apart.items()}
        for world in self.shaken(range(SHAKES)):
            true = {target: self.truth_in(world, target) for target in found}
            for target, known in found.items():
                np.fmax(known, spread_of(true[target], self.truth(target)), out=known)
            for line in lines:
                held = self.held(line, world)
                moved = spread_of(held - true[line.target or 0], apart[line])
                np.fmax(between[line], moved, out=between[line])
                np.fmax(own[line], spread_of(held, self.held(line)), out=own[line])
        for line in lines:
            target = line.target or 0
            largest = np.fmax(found[target], between[line])
            if not np.all(np.abs(apart[line][1:]) <= ROUNDED * largest[1:]):
                with np.errstate(all="ignore"):
                    share = np.fmin(np.abs(self.truth(target)) / np.abs(self.held(line)), 1.0)
                largest = np.fmax(found[target], share * own[line])
            found[target] = largest
        return found or {-1: np.zeros(0)}

    @property
    def together(self) -> int:
        """The number of times that all points may be computed at once."""
        numbers = self.points * sum(math.prod(node.shape) for node in self.builder.nodes)
        return max(1, _TOGETHER // max(1, numbers))

    def repeated(self, times: int) -> Interpreter:
        """Return the values at all points, repeated a number of times."""
        leaves = {id: np.concatenate([value] * times) for id, value in self.leaves.items()}
        return self.world.elsewhere(leaves, times * self.points)

    def shaken(self, seeds: range) -> Iterator[Interpreter]:
        """Yield worlds in which every rounded result is moved by a unit in the last place.

        One world for each seed, or several together as rows of one: `spread_of` compares them.
        """
        for at in range(0, len(seeds), self.together):
            some = seeds[at : at + self.together]
            rng = np.random.default_rng([_SEED, some[0]])
            yield Shaken(self.world, self.leaves, rng, passes=len(some))

    def is_right(self, line: Line, world: Interpreter) -> bool:
        """Return whether a claim holds at all points but the first."""
        assert line.target is not None
        if line.misfit and world is self.world:
            return False
        held, true = self.held(line, world), self.truth(line.target)
        return close(held, true, np.abs(true)) or close(held, true, self.size(line.target))

    def may_be_right(self, line: Line, held: Array) -> NDArray[np.bool_]:
        """Return, for each of some values at one point, whether a claim may hold with it."""
        target = line.target or 0
        if target not in self._fits:
            self._fits[target] = near_at(self.truth(target), self.size(target))
        return np.asarray(self._fits[target](held[:, None]))

    def telling(self, claims: Sequence[Line]) -> slice:
        """Return as many points as tell whether each of some claims holds up to a constant.

        One number does so whatever its value, if there is but one.
        """
        fewest = min(math.prod(self._shape(claim.target or 0)) for claim in claims)
        return slice(FIRST, FIRST + 1 if fewest >= _TELLING else self.points)

    def may_be_scaled(self, line: Line, held: Array) -> NDArray[np.bool_]:
        """Return, for values of a claim at some points, whether it may hold up to a constant.

        The constant is that of the line from which it is computed; the first of the values is that
        with this line 0.
        """
        target, points = line.target or 0, held.shape[1]
        if (target, points) not in self._weighed:
            wanted, size = (
                value[FIRST : FIRST + points].reshape(-1)[:ROWS]
                for value in (self.truth(target), self.size(target))
            )
            self._weighed[target, points] = wanted, 1 / np.where(size > 0, size, 1.0)
        wanted, weight = self._weighed[target, points]
        zero, *_ = rows = held.reshape(len(held), -1)[:, :ROWS]
        slopes, rest = (rows[1:] - zero) * weight, (wanted - zero) * weight
        scales = slopes @ rest / np.sum(slopes * slopes, axis=1)
        apart = np.linalg.norm(scales[:, None] * slopes - rest, axis=1)
        far = apart > SLACK * np.maximum(1.0, _CANCELLED * np.abs(scales)) * np.sqrt(rest.size)
        return np.asarray(~far)

    def held(self, line: Line, world: Interpreter | None = None) -> Array:
        """Return a claim's value at every point, in the shape of its target."""
        assert line.target is not None
        world = world or self.world
        shape = self.graph.nodes[line.target].shape
        return fitted(world.value(line.node), shape, len(world.lead))

    def is_right_here(self, line: Line, world: Interpreter | None = None) -> bool:
        """Return whether a claim holds at the scenario's own step 0."""
        assert line.target is not None
        true, size = self.truth(line.target)[:1], self.size(line.target)[:1]
        return not line.misfit and near(self.held(line, world)[:1], true, size)

    def _leaves(self, state: Mapping[str, Array]) -> Mapping[int, Array]:
        nodes, points = self.builder.nodes, self.draw(0).leaves
        if not state:
            return points
        first = {self.program.state[name]: value for name, value in state.items()}
        kept = _repeated(first, nodes, self.points)
        earlier = {id: _resized(value, self.points) for id, value in self.draw(1).leaves.items()}
        before = Interpreter(nodes, {**earlier, **kept}, self.points)
        for name, leaf in self.program.state.items():
            line = self.program.line(name)
            if line is not None:
                value = fitted(before.value(line.node), nodes[leaf].shape)
                known = self.draw(0).kept.get(name, value[:0])
                known = np.broadcast_to(known, (len(known), *nodes[leaf].shape))
                rest = value[1 + len(known) :]
                kept[leaf] = np.concatenate([kept[leaf][:1], known, rest])
        return {**points, **kept}


def _compact(value: Array, shape: Shape) -> Array:
    """Return the first elements of a value along axes that `shape` lacks, or has as 1."""
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
    """Return c if `value` is c·`base` at all points but the first, else None."""
    if value.shape != base.shape:
        return None
    a, b = value[1:].reshape(-1), base[1:].reshape(-1)
    with np.errstate(all="ignore"):
        largest = np.max(np.abs(b), initial=0.0)
        if not 0 < largest < np.inf or largest <= TOLERANCE * np.max(size[1:]):
            return None
        unit = b / largest
        ratio = float(np.dot(a / largest, unit)) / float(np.dot(unit, unit))
        if not np.isfinite(ratio) or not near(
            value[1:], ratio * base[1:], max(1.0, abs(ratio)) * size[1:]
        ):
            return None
    return rounded(ratio)


def rounded(value: float) -> float:
    """Return the simple fraction that equals a number up to rounding, or the number."""
    if not np.isfinite(value):
        return value
    simple = float(Fraction(value).limit_denominator(10_000))
    return simple if abs(simple - value) <= 1e-9 * abs(value) else value


def _repeated(values: Mapping[int, Array], nodes: Sequence[Node], points: int) -> dict[int, Array]:
    return {id: np.array(np.broadcast_to(value, (points, *nodes[id].shape)))
            for id, value in values.items()}  # fmt: skip


def _resized(value: Array, points: int) -> Array:
    """Return a given number of points, with the last one repeated."""
    return value[np.minimum(np.arange(points), len(value) - 1)]
