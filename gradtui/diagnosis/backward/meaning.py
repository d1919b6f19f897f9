"""The intended meaning of a line of a hand-written backward pass, and whether its step is right.

A claim tells its meaning by its name.  A helper may be an adjoint, too (of an unnamed value, or
under a name of its own), a local derivative, or anything else.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from gradtui.diagnosis.backward.familiar import Familiar, Multiples
from gradtui.diagnosis.backward.helpers import HelperChanges
from gradtui.diagnosis.backward.hypotheses import Hits
from gradtui.diagnosis.backward.likeness import Likeness
from gradtui.diagnosis.backward.program import Line
from gradtui.diagnosis.backward.steps import Reading, Steps
from gradtui.diagnosis.backward.trial import Trial, close, constant_ratio
from gradtui.engine.builder import Builder
from gradtui.engine.graph import Kind
from gradtui.engine.interpreter import Interpreter, fitted
from gradtui.engine.shapes import Shape
from gradtui.language.parser import Call, Name

Array = NDArray[np.float64]

_HELD = ("+", "-", "*", "/", "@", "neg")
"""Operations whose unnamed results people still claim gradients of: before a function."""


class Readings:
    """The readings of a program's lines, made on demand."""

    def __init__(self, trial: Trial) -> None:
        self.trial = trial
        self.familiar = Familiar(trial)
        self.likeness = Likeness(trial.lines)
        self._of: dict[str, Reading] = {}
        self._adjoints: dict[Shape, tuple[int, ...]] = {}
        self._multiples: dict[Shape, Multiples] = {}
        self.steps = Steps(trial, self.of)
        self._is_true_step: dict[str, bool] = {}
        self._before: tuple[Interpreter | None, dict[str, float]] = None, {}
        self.hits: dict[Hashable, Hits] = {}
        """Changes of lines, for the repairs examined so far."""
        self.helpers = HelperChanges(trial, self.familiar)

    def of(self, line: Line) -> Reading:
        """Return the reading of a line."""
        if line.name not in self._of:
            self._of[line.name] = self._read(line)
        return self._of[line.name]

    def _read(self, line: Line) -> Reading:
        trial = self.trial
        if line.target is not None:
            scale = self._ratio(line, line.target)
            return Reading((line.target,), True, scale)
        if isinstance(line.tree, Call) and line.tree.function in ("len", "shape"):
            return Reading((), False, known=True)
        targets = self._may_be(line)
        held = {target: self._ratio(line, target) for target in self._may_be_multiple(line)}
        scales = {target: scale for target, scale in held.items() if scale is not None}
        if scales:
            # A sum and its terms share one adjoint: people mean that of the sum.
            target = max(scales, key=lambda one: (scales[one] > 0, one))
            return Reading((target,), True, scales[target], known=True)
        return Reading(targets, False, None, self._is_familiar(line, trial.world))

    def _may_be(self, line: Line) -> tuple[int, ...]:
        """Return the values of a helper's shape whose adjoint has a name or deserves one."""
        trial, shape = self.trial, self.trial.builder.nodes[line.node].shape
        if shape not in self._adjoints:
            self._adjoints[shape] = tuple(
                node.id
                for node in trial.graph.nodes
                if node.shape == shape and node.id in trial.reverse.adjoint
                and (node.name or node.op in _HELD)
                and node.kind is not Kind.CONSTANT and node.id != trial.graph.loss
            )  # fmt: skip
        return self._adjoints[shape]

    def _may_be_multiple(self, line: Line) -> list[int]:
        """Return those among them whose adjoint it may hold, up to a constant."""
        targets = self._may_be(line)
        if not targets:
            return []
        multiples = self._multiples_of(self.trial.builder.nodes[line.node].shape)
        return [targets[at] for at in multiples.of(self.trial.world.value(line.node))]

    def _multiples_of(self, shape: Shape) -> Multiples:
        if shape not in self._multiples:
            targets, trial = self._adjoints[shape], self.trial
            values = [[of(one) for one in targets] for of in (trial.truth, trial.size)]
            self._multiples[shape] = Multiples(*values)
        return self._multiples[shape]

    def _is_familiar(self, line: Line, world: Interpreter) -> bool:
        """Return whether a helper holds a value that the true backward pass computes.

        A scalar factor may be left for later: a learned scale.
        """
        shape = self.trial.builder.nodes[line.node].shape
        value = world.value(line.node)
        if line.name in self.trial.program.compact:
            true = self.trial.truth(self.trial.program.compact[line.name])
            if close(fitted(value, true.shape[1:]), true, np.abs(true)):
                return True
        if self.familiar.holds(value, shape):
            return True
        return bool(self._may_be(line)) and self._multiples_of(shape).holds(value)

    def further(self, line: Line) -> tuple[int, ...]:
        """Return the values that a helper may be the adjoint of if it has lost its own step.

        These are the operands of the value whose adjoint it holds.
        """
        reading, nodes = self.of(line), self.trial.graph.nodes
        if line.target is not None or not reading.targets_certain:
            return ()
        (held,) = reading.targets
        shape = self.trial.builder.nodes[line.node].shape
        return tuple(
            id
            for id in nodes[held].inputs
            if nodes[id].shape == shape and id in self.trial.reverse.adjoint
        )

    def strangers(self, world: Interpreter, repaired: Line) -> list[Line]:
        """Return the helpers with values that the true backward pass does not compute.

        Helpers that a repair does not reach stay as they were.  One that only renames another value
        may have lost its purpose.
        """
        reached = self.trial.program.dependents([repaired.name])

        def is_strange(line: Line) -> bool:
            if line.name not in reached:
                return not self.is_known(line)
            if line is repaired or not isinstance(line.tree, Name):
                return not self._is_familiar(line, world)
            return True

        return [line for line in self.trial.lines if line.target is None and is_strange(line)]

    def adds_flows(self, line: Line, world: Interpreter) -> bool:
        """Return whether a helper is a sum of several contributions to one gradient.

        A gradient with many of them is often added up in parts.
        """
        pending, terms = [line.node], list[int]()
        while pending:
            node = self.trial.builder.nodes[pending.pop()]
            if node.op == "+" and (node.id == line.node or not node.name):
                pending += node.inputs
            else:
                terms.append(node.id)
        return len(terms) > 1 and self.familiar.are_flows([*map(world.value, terms)])

    @cached_property
    def first_strangers(self) -> frozenset[str]:
        """The lines that hold no true value, though all lines that they read do.

        With them come the helpers that they read, up to the adjoints: those may hold another's
        value.  Sums of contributions count if there are no others.
        """
        sound, found, sums = set[str](), set[str](), set[str]()
        for line in self.trial.lines:
            read = {name for name in line.reads if self.trial.program.line(name) is not None}
            if read <= sound:
                reading = self.of(line)
                if reading.scale == 1.0 or (reading.known and reading.scale is None):
                    sound.add(line.name)
                elif line.target is None and self.adds_flows(line, self.trial.world):
                    sums.add(line.name)
                else:
                    found.add(line.name)
        found = found or sums
        for line in reversed(self.trial.lines):
            if line.name in found:
                others = map(self.trial.program.line, line.reads)
                found |= {one.name for one in others if one and not self.of(one).targets_certain}
        return frozenset(found)

    def is_known(self, line: Line) -> bool:
        """Return whether a helper computes a known value.

        One that only renames another value may have lost its purpose.
        """
        return self.of(line).known and not isinstance(line.tree, Name)

    def _hands_on(self, line: Line) -> bool:
        """Return whether a helper holds one of the values that it reads, or a multiple of it.

        It may have lost its purpose.
        """
        world = self.trial.world
        value = world.value(line.node)
        read = (world.value(line.scope[name]) for name in line.reads if name in line.scope)
        return any(constant_ratio(value, one, np.abs(one)) is not None for one in read)

    def _was_one_path(self, line: Line, after: Interpreter) -> bool:
        """Return whether a helper holds the contribution along one of several paths, then all."""
        trial = self.trial
        held, value = trial.world.value(line.node), after.value(line.node)
        for target in self._may_be(line):
            flows, true = trial.flows(target).values(), trial.truth(target)
            if len(flows) > 1 and close(value, true, np.abs(true)):
                return any(constant_ratio(held, one, np.abs(one)) == 1.0 for one in flows)
        return False

    def is_true(self, line: Line) -> bool:
        """Return whether a line holds exactly the gradient that it is read as."""
        reading = self.of(line)
        return reading.targets_certain and reading.scale == 1.0

    def scales_in(self, world: Interpreter) -> dict[str, float]:
        """Return c for each line that holds c·dLoss/dtarget in a world with others repaired."""
        found = {}
        for line in self.trial.lines:
            reading = self.of(line)
            if reading.targets_certain and len(reading.targets) == 1:
                scale = self._ratio(line, reading.targets[0], world)
                if scale is not None:
                    found[line.name] = scale
        return found

    def _ratio(self, line: Line, target: int, world: Interpreter | None = None) -> float | None:
        trial = self.trial
        if line.misfit:
            return None
        true = trial.truth(target)
        size = np.maximum(np.abs(true), trial.size(target))
        held = fitted((world or trial.world).value(line.node), true.shape[1:])
        return constant_ratio(held, true, size)

    def is_true_step(self, line: Line) -> bool:
        """Return whether a claim is right given its inputs, up to a positive constant."""
        if line.name not in self._is_true_step:
            right = False
            if line.target is not None and not line.misfit:
                builder, root = self.steps.true_step(
                    line, line.target, scales=self._sizes_above(line)
                )
                world = self.trial.world
                at = world.extended(builder.nodes)
                wanted = at.value(root)
                size = np.maximum(np.abs(wanted), self.trial.size(line.target))
                ratio = constant_ratio(self.trial.held(line), wanted, size)
                right = ratio is not None and ratio > 0
            self._is_true_step[line.name] = right
        return self._is_true_step[line.name]

    def _sizes_above(self, line: Line) -> dict[str, float]:
        """Return the constants, without signs, of the claims that a line starts from.

        Claims often leave a factor such as 1/m for later, but never a sign.
        """
        scales = {
            one: self.of(above).scale
            for one in self.steps.upstream(line)
            if (above := self.trial.program.line(one)) is not None and above.claimed
        }
        return {one: abs(scale) for one, scale in scales.items() if scale}

    @cached_property
    def _own_steps(self) -> Sequence[tuple[Builder, Mapping[Line, int]]]:
        """The right results of the claims from their inputs, without a change of scale."""
        claims = {line: line.target for line in self.trial.lines
                  if line.target is not None and not line.misfit}  # fmt: skip
        return self.steps.own_steps(claims)

    def bridges(self, world: Interpreter) -> int:
        """Return the number of claims that change the scale of their inputs.

        A program that keeps a constant outside, such as the size of the batch, changes the scale
        where it leaves the constant out and where it puts it in; a wrong constant adds a place.
        """
        count = 0
        for builder, roots in self._own_steps:
            at = world.extended(builder.nodes)
            for line, root in roots.items():
                wanted = at.value(root)
                ratio = constant_ratio(self.trial.held(line, world), wanted, np.abs(wanted))
                count += ratio != 1.0
        return count

    def order(
        self, line: Line, scale: float, after: Interpreter, before: Interpreter
    ) -> tuple[float, ...]:
        """Return the sort key of repairs that fix as much; the smallest is the best.

        The best repair leaves most claims right; next comes that of a line whose own step is
        wrong, then that of a claim.
        """
        reached = self.trial.program.dependents([line.name])
        left = sum(
            self._wrongness(one, after) if one.name in reached else self._was_wrong(one, before)
            for one in self.trial.lines
            if one.target is not None and one is not line
        )
        own = 0.0 if scale == 1.0 or line.target is None else 0.5 if scale > 0 else 2.0
        if line.target is not None:
            sound = float(self.is_true_step(line))
        else:
            sound = self._soundness(line, after)
        return (left + own, sound, float(line.target is None))

    def _soundness(self, line: Line, after: Interpreter) -> float:
        """Return 1 if a helper is right as it is, -1 if it may have lost its purpose."""
        compact = line.name in self.trial.program.compact and self.is_known(line)
        if self._hands_on(line) and not compact:
            return -1.0
        shape = self.trial.builder.nodes[line.node].shape
        held = self.trial.world.value(line.node)
        whole = compact or self.familiar.holds(held, shape, parts=False)
        return float(whole and self.is_known(line) and not self._was_one_path(line, after))

    def _was_wrong(self, claim: Line, before: Interpreter) -> float:
        """Return the same in the world in which many repairs are compared."""
        world, known = self._before
        if world is not before:
            self._before = before, (known := {})
        if claim.name not in known:
            known[claim.name] = self._wrongness(claim, before)
        return known[claim.name]

    def _wrongness(self, claim: Line, world: Interpreter) -> float:
        """Return 0 if a claim holds, 1/2 if only a positive constant is wrong, else 1."""
        if self.trial.is_right(claim, world):
            return 0.0
        ratio = self._ratio(claim, claim.target or 0, world)
        return 0.5 if ratio is not None and ratio > 0 else 1.0
