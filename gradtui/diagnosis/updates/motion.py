"""An update's program on nodes, executed along sequences of gradients. Knows no rule.

Compiled for all steps of many sequences; interpreted with changed lines: a change of a line is one
more node, whose value replaces the line's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import copy
from typing import Any, TypeVar

import numpy as np
from msgspec import Struct

from gradtui.base.source import InputError
from gradtui.diagnosis.edits import Editable
from gradtui.diagnosis.updates.probes import Array, Probes, Target
from gradtui.engine.builder import Builder
from gradtui.engine.compiler import Compiler, Mode, mode_for
from gradtui.engine.graph import Kind
from gradtui.engine.handwritten import UpdateProgram, fitted_to, resolver
from gradtui.engine.interpreter import Interpreter, fitted
from gradtui.engine.lowering import lower_tree
from gradtui.engine.ops import OPS
from gradtui.engine.rounding import Shaken
from gradtui.engine.shapes import Shape, stretches
from gradtui.language.parser import Call, Tree
from gradtui.language.trees import parts_of

Variant = TypeVar("Variant")
Values = Mapping[int, Array]
"""Node -> its value at every point."""


class UpdateLine(Struct, frozen=True, eq=False):
    """One line of a program."""

    name: str
    tree: Tree
    node: int
    """The node of its value, and of nothing else."""
    scope: Mapping[str, int]
    """The names that it can read -> their nodes."""


def elementwise(program: UpdateProgram) -> bool:
    """Whether every element of a parameter is moved by its own gradient alone."""
    parts = (part for line in program.lines for _, part in parts_of(line.value))
    calls = (part.function for part in parts if isinstance(part, Call))
    values = map(np.ravel, program.state.values())
    uniform = all(value.size and np.all(value == value[0]) for value in values)
    return uniform and all(one in OPS and OPS[one].elementwise for one in calls)


class Motion:
    """How a program moves the parameters of one shape; raises InputError if it does not fit."""

    def __init__(
        self, program: UpdateProgram, constants: Mapping[str, float], shape: Shape = ()
    ) -> None:
        builder, self.program = Builder(), program
        self._constants, self._shape = constants, shape
        kept = {name: builder.leaf(Kind.STATE, name, shape) for name in ("w", *program.state)}
        given = {"g": shape, "lr": (), "t": ()}
        self._given = {name: builder.leaf(Kind.DATA, name, own) for name, own in given.items()}
        fixed = {name: builder.constant(value) for name, value in constants.items()}
        scope, lines = {**kept, **fixed, **self._given}, list[UpdateLine]()
        for line in program.lines:
            first = len(builder.nodes)
            node = lower_tree(line.value, builder, resolver(scope, program.lines))
            if line.name in kept:
                node = fitted_to(builder, node, shape, line, "of the parameter")
            if node < first or builder.nodes[node].kind is not Kind.OPERATION:
                node = builder.apply("identity", (node,))
            builder.rename(node, line.name, line.place)
            lines.append(UpdateLine(line.name, line.value, node, dict(scope)))
            scope[line.name] = node
        self.lines = tuple(lines)
        self._kept = {old: scope[name] for name, old in kept.items()}
        self.names = kept | self._given
        """Name -> its leaf, for everything that changes from step to step."""
        self.result = scope["w"]
        """The node of the new weight."""
        self._blank = Interpreter(tuple(builder.nodes), {}, 1)
        self._together = shape == () and elementwise(program)
        self._compiled: dict[Mode, Callable[..., Any]] = {}

    def running(self, program: UpdateProgram) -> Motion:
        """Return a program with the same states; raises InputError if it does not fit."""
        if program.lines != self.program.lines:
            return Motion(program, self._constants, self._shape)
        fresh = copy(self)
        fresh.program = program
        return fresh

    def takes(self, program: UpdateProgram) -> bool:
        """Return whether a program with the same states fits the parameter."""
        try:
            self.running(program)
        except InputError:
            return False
        return True

    def editable(self, index: int) -> Editable:
        """Return the expression of a line, ready to be changed."""
        line = self.lines[index]
        return Editable(line.tree, self._blank.nodes, line.scope)

    def shape_of(self, index: int) -> Shape:
        """Return the shape of a line's value."""
        return self._blank.nodes[self.lines[index].node].shape

    def may_hold(self, index: int, shape: Shape) -> bool:
        """Return whether a line may have a value of a shape without changing its readers.

        States are broadcast to the parameter's shape.
        """
        kept = self.lines[index].name in ("w", *self.program.state)
        return stretches(shape, self.shape_of(index)) if kept else shape == self.shape_of(index)

    def weights(self, probes: Probes) -> Array:
        """Return w after each step, (steps, sequences, *shape)."""
        steps, count = probes.g.shape[:2]
        if self._together and count > 1:
            rows = np.empty((steps, 1, count))
            self._run(
                Mode.ARRAY, probes.w, zip(probes.g, probes.lr, _times(steps), strict=True), rows
            )
            return rows[:, 0]
        mode = mode_for(self._blank.nodes, "float64")
        found = np.empty(probes.g.shape)
        for at in range(count):
            rows = np.empty((steps, probes.w[at].size))
            g, lr, w = probes.g[:, at], probes.lr[:, at], probes.w[at]
            if mode is Mode.FLOAT:
                g, lr, w = g.tolist(), lr.tolist(), float(w)
            self._run(mode, w, zip(g, lr, _times(steps), strict=True), rows)
            found[:, at] = rows.reshape(steps, *self._shape)
        return found

    def _run(self, mode: Mode, w: Any, inputs: Iterator[Any], rows: Array) -> None:
        kept = [np.broadcast_to(value, np.shape(w)) for value in self.program.state.values()]
        state = (w, *map(float, kept)) if mode is Mode.FLOAT else (w, *kept)
        self._loop(mode)(state, inputs, rows)

    def _loop(self, mode: Mode) -> Callable[..., Any]:
        if mode not in self._compiled:
            compiler = Compiler(self._blank.nodes, {}, mode, "float64")
            self._compiled[mode] = compiler.train(
                [*self._kept], [*self._kept.values()], [*self._given.values()], [self.result]
            )
        return self._compiled[mode]

    def first(self, probes: Probes) -> Values:
        """Return the states before the first step."""
        state, shape = self.program.state, probes.w.shape
        values = {name: np.broadcast_to(np.asarray(state[name], float), shape) for name in state}
        return {self.names["w"]: probes.w, **{self.names[at]: one for at, one in values.items()}}

    def at(self, probes: Probes, step: int, kept: Values) -> Interpreter:
        """Return all values at a step; states may have a leading axis of variants."""
        given = (probes.g[step], probes.lr[step], np.full(len(probes.w), step + 1.0))
        leaves = {**kept, **dict(zip(self._given.values(), given, strict=True))}
        own = len(probes.shape)
        leads = (one.shape[: one.ndim - own] for one in kept.values())
        return self._blank.elsewhere(leaves, *max(leads, key=len))

    def after(self, world: Interpreter) -> Values:
        """Return the states after the step of a world."""
        return {old: world.value(new) for old, new in self._kept.items()}

    def worlds(self, probes: Probes) -> Iterator[Interpreter]:
        """Yield the values step by step."""
        kept = self.first(probes)
        for step in range(len(probes.g)):
            world = self.at(probes, step, kept)
            yield world
            kept = self.after(world)

    def unrolled(self, probes: Probes) -> Interpreter:
        """Return the values at all steps: (steps, sequences, …)."""
        worlds = list(self.worlds(probes))
        return self.given({
            name: np.stack([world.value(leaf) for world in worlds])
            for name, leaf in self.names.items()
        })  # fmt: skip

    def given(self, values: Mapping[str, Array]) -> Interpreter:
        """Return the values, given everything that changes at all steps."""
        lead = values["lr"].shape
        return self._blank.elsewhere({leaf: values[at] for at, leaf in self.names.items()}, *lead)

    def shaken(
        self, probes: Probes, rng: np.random.Generator, passes: int
    ) -> Iterator[tuple[Array, Array]]:
        """Yield w after each step, plain and in all passes with moved rounding."""
        kept = self.first(probes)
        for world in self.worlds(probes):
            leaves = {leaf: world.value(leaf) for leaf in self._given.values()}
            moved = Shaken(world, {**leaves, **kept}, rng, passes=passes)
            kept = self.after(moved)
            yield world.value(self.result), moved.value(self.result)

    def followed(
        self,
        index: int,
        variants: Sequence[Variant],
        value: Callable[[Variant, int, Interpreter], Array],
        probes: Probes,
        target: Target,
    ) -> Sequence[Variant]:
        """Return the variants of a line that make w right at every step.

        `value` returns the line's value, (sequences, …), for a variant at a step, with everything
        else as in that variant.
        """
        left, kept, shape = variants, self.first(probes), self.shape_of(index)
        for step in range(len(probes.g)):
            if not left:
                break
            world = self.at(probes, step, kept)
            own = (world.at(row) if step else world for row in range(len(left)))
            ways = ((one, step, at) for one, at in zip(left, own, strict=True))
            rows = [fitted(value(*which), shape) for which in ways]
            after = world.replacing({self.lines[index].node: np.stack(rows)})
            good = is_right(target, step, after.value(self.result))
            left = [one for one, is_good in zip(left, good, strict=True) if is_good]
            kept = {old: one[good] for old, one in self.after(after).items()}
        return left


def is_right(target: Target, step: int, w: Array) -> Array:
    """Return, for each of (variants, sequences, *shape), whether all its weights are right."""
    agreed = target.agrees(step, w)
    return np.asarray(agreed.all(axis=tuple(range(agreed.ndim - target.w.ndim + 1, agreed.ndim))))


def _times(steps: int) -> Iterator[np.float64]:
    return map(np.float64, range(1, steps + 1))
