"""The optimizer's computation, part by part, on a few sequences: the right values of lines.

Knows no rule.  A line is recognised by its values, however it is written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from msgspec import Struct

from gradtui.diagnosis.updates.motion import Motion
from gradtui.diagnosis.updates.probes import Array, Probes, Target
from gradtui.diagnosis.updates.scope import MEANS, values_in
from gradtui.engine.handwritten import UpdateProgram
from gradtui.engine.interpreter import Interpreter, fitted
from gradtui.engine.shapes import stretches
from gradtui.language.parser import Call, Name, Tree
from gradtui.language.trees import Path, part_at, replaced, shape_of

_CLOSE = 1e-8


class Part(Struct, frozen=True, eq=False):
    """A part of one line of the optimizer's program."""

    line: int
    path: Path
    values: Array
    """(steps, sequences), its value."""


class Reference:
    """The optimizer's program and its values."""

    def __init__(self, program: UpdateProgram, probes: Probes, target: Target) -> None:
        self.program, self.probes, self.target = program, probes, target
        motion = self._motion_of(program)
        world = motion.unrolled(probes)
        self.before = {name: world.value(leaf) for name, leaf in motion.names.items()}
        """Name -> its value at the beginning of each step."""
        self.results = {line.name: world.value(line.node) for line in motion.lines}
        """Name -> its value at the end of each step."""
        self.parts = sorted(self._parts(motion, world), key=lambda part: len(part.path))
        self._at = {(part.line, part.path): part for part in self.parts}
        self._written = {shape_of(line.value) for line in program.lines}
        operations = [part for part in self.parts if self._is_operation(part)]
        self.operations = np.stack([part.values for part in operations])
        self.whole = np.stack([part.values for part in self.parts if not part.path])
        self.known = np.concatenate([self.operations, *self._scaled()])

    def _motion_of(self, program: UpdateProgram) -> Motion:
        return Motion(program, self.probes.constants, self.probes.shape)

    def _parts(self, motion: Motion, world: Interpreter) -> Iterator[Part]:
        """Yield every part of every line."""
        for index, line in enumerate(motion.lines):
            expression = motion.editable(index)
            at = world.extended(expression.builder.nodes)
            for path, _ in values_in(line.tree):
                yield Part(index, path, self._full(at.value(expression.ids[path])))

    def _full(self, values: Array) -> Array:
        """Return values at all steps, one for each element of the parameter."""
        return fitted(values, self.probes.shape, 2)

    def _scaled(self) -> Iterator[Array]:
        """Yield the rate, and states that may contain the rate, or be unweighted."""
        probes, lines = self.probes, self.program.lines
        steps = [part.values for part in self.parts if self._is_step(part)]
        kept = [self.before[name] for name in self.program.state]
        kept += [p.values for p in self.parts if not p.path and lines[p.line].name != "w"]
        lr = probes.lr.reshape(*probes.lr.shape, *(1 for _ in probes.shape))
        weights = [probes.constants[name] for name in MEANS if name in probes.constants]
        yield np.broadcast_to(lr, probes.g.shape)[None]
        with np.errstate(all="ignore"):  # the rate may be 0
            for one in kept:
                yield np.stack([one, lr * one, -lr * one, *(one / (1 - w) for w in weights)])
            for step in steps:
                yield np.stack([-step, step / lr])
            timed = [p.values for p in self.parts if np.all(p.values == p.values[:, :1])]
            yield from (one[None] / (1 - weight) for one in timed for weight in weights)
            yield from (1 / one[None] for one in timed)

    def quiet(self, program: Motion, names: Sequence[str]) -> Mapping[str, Array]:
        """Return a program's states of these names; right for those that no gradient changes."""
        world = program.unrolled(self.probes)
        return {name: world.value(program.names[name]) for name in names}

    def _is_operation(self, part: Part) -> bool:
        return isinstance(part_at(self.program.lines[part.line].value, part.path), Call)

    def _is_step(self, part: Part) -> bool:
        """Whether a part is the move of w."""
        line = self.program.lines[part.line]
        subtracts = isinstance(line.value, Call) and line.value.function == "-"
        return line.name == "w" and subtracts and part.path == (1,)

    def writes(self, tree: Tree) -> bool:
        """Whether the optimizer has a line with this expression."""
        return shape_of(tree) in self._written

    def likeness(self, program: UpdateProgram) -> tuple[int, int]:
        """Return the number of lines with a part's value, and of whole lines with it."""
        motion = self._motion_of(program)
        world = motion.unrolled(self.probes)
        values = (world.value(line.node) for line in motion.lines)
        lines = [self._full(one) for one in values if self._fits(one)]
        alike = sum(bool(same(self.known, values).any()) for values in lines)
        reached = np.any([same(self.whole, values) for values in lines], axis=0)
        return alike, int(np.sum(reached))

    def _fits(self, values: Array) -> bool:
        """Whether there is a value for each element of the parameter."""
        return stretches(values.shape[2:], self.probes.shape)

    def true_line(self, program: UpdateProgram) -> tuple[int, Tree] | None:
        """Return a line, with the expression that makes the program right in its place.

        It is the first fitting line, with the optimizer's expression in the program's own names.
        """
        last = len(program.lines) - 1
        while program.lines[last].name != "w":
            last -= 1
        motion = self._motion_of(program)
        for index in (*(i for i in range(len(program.lines)) if i != last), last):
            for part in self._filling(motion, index):
                tree = self._expressed(part, self._scope_at(motion, index, part.values))
                if tree is not None:
                    return index, tree
        return None

    def _filling(self, motion: Motion, index: int) -> list[Part]:
        """Return the parts that make w right as the result of a line."""
        if motion.shape_of(index) != self.probes.shape:
            return []  # the line's readers need another shape
        return [*motion.followed(
            index, self.parts, lambda part, step, _: part.values[step], self.probes, self.target
        )]  # fmt: skip

    def _scope_at(self, motion: Motion, index: int, values: Array) -> Mapping[str, Array]:
        """Return each name's value before a line whose result is `values`."""
        line, kept = motion.lines[index], motion.first(self.probes)
        seen: dict[str, list[Array]] = {name: [] for name in line.scope}
        for step in range(len(self.probes.g)):
            world = motion.at(self.probes, step, kept).replacing({line.node: values[step]})
            for name, id in line.scope.items():
                seen[name].append(world.value(id))
            kept = motion.after(world)
        own = {name: np.stack(rows) for name, rows in seen.items()}
        return {name: self._full(one) for name, one in own.items() if self._fits(one)}

    def _expressed(self, part: Part, scope: Mapping[str, Array]) -> Tree | None:
        """Return the optimizer's expression with names of the same value, if there are any."""
        tree = part_at(self.program.lines[part.line].value, part.path)
        for path, leaf in list(values_in(tree)):
            if not isinstance(leaf, Name):
                continue
            named = self._named(part.line, (*part.path, *path), scope)
            if named is None:
                return None
            tree = replaced(tree, path, named)
        return tree

    def _named(self, line: int, path: Path, scope: Mapping[str, Array]) -> Tree | None:
        leaf = part_at(self.program.lines[line].value, path)
        assert isinstance(leaf, Name)
        own = self._at[line, path]
        matching = [name for name, values in scope.items() if same(values[None], own.values)[0]]
        if matching:
            return Name(leaf.name if leaf.name in matching else matching[0], leaf.place)
        for above in range(line - 1, -1, -1):
            if self.program.lines[above].name == leaf.name:
                return self._expressed(self._at[above, ()], scope)
        return None


def same(many: Array, one: Array) -> Array:
    """Return, for each of many, whether it has the same numbers, in whatever shape."""
    if one.size != many[0].size:
        return np.zeros(len(many), dtype=bool)
    near = np.isclose(many, one.reshape(1, *many.shape[1:]), rtol=_CLOSE, atol=0.0, equal_nan=True)
    return np.asarray(np.all(near.reshape(len(many), -1), axis=1))
