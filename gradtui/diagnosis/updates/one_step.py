"""One step of the run that is looked at, as the corrected update or the optimizer would take it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from msgspec import Struct

from gradtui.base.source import InputError
from gradtui.diagnosis.correction import corrected_program
from gradtui.diagnosis.finding import Finding
from gradtui.diagnosis.updates.probes import Array
from gradtui.engine.builder import Builder
from gradtui.engine.graph import Kind
from gradtui.engine.handwritten import UpdateProgram, lower_update
from gradtui.engine.interpreter import Interpreter
from gradtui.engine.program import update_of
from gradtui.engine.tape import Tape
from gradtui.scenario.problem import Problem


class Right(Struct, frozen=True, eq=False):
    """Where a parameter should go."""

    weight: Array
    """Its right value after the step, in its shape."""
    by: str
    """The optimizer, or empty if it is the hand-written update with its fix."""


def right_step(problem: Problem, finding: Finding, tape: Tape, position: int) -> Right | None:
    """Return where the parameter at a position should go at a step; None if that is not known.

    The optimizer says it for the first step, and for every step if it keeps nothing.  Later its
    state would be another one, so there the fix says it, from the state that the run has.
    """
    if problem.update is None or not tape.program.moved_by_hand:
        return None
    constants = problem.update.constants
    ours = update_of(problem.optimizer, constants)
    if tape.step == 0 or not ours.state:
        return Right(_moved(ours, constants, tape, position, ours.state), problem.optimizer)
    try:
        lines = corrected_program(problem, finding)
        update = tape.program.updates[position]
        names = ["w", *problem.update.state]
        kept = {name: tape.value(old) for name, (old, _) in zip(names, update.state, strict=True)}
        program = UpdateProgram(lines, {name: kept[name] for name in problem.update.state}, "")
        return Right(_moved(program, constants, tape, position, program.state), "")
    except InputError:
        return None


def _moved(
    program: UpdateProgram,
    constants: Mapping[str, float],
    tape: Tape,
    position: int,
    state: Mapping[str, Any],
) -> Array:
    """Return the weight after one step of a program from the weight and gradient of a step."""
    update, builder = tape.program.updates[position], Builder()
    shape = tape.program.nodes[update.parameter].shape
    given: dict[str, Array] = {
        "w": tape.value(update.parameter), "g": tape.value(update.gradient),
        "lr": tape.value(tape.program.lr), "t": np.array(tape.step + 1.0),
    }  # fmt: skip
    names = {name: builder.leaf(Kind.DATA, name, value.shape) for name, value in given.items()}
    leaves = {names[name]: value for name, value in given.items()}
    names |= {name: builder.constant(value) for name, value in constants.items()}
    made, initial = lower_update(builder, names, program, "w")
    for name, (node, _) in zip(program.state, initial, strict=True):
        leaves[node] = np.broadcast_to(state[name], shape)
    points = {id: np.asarray(value, np.float64)[None] for id, value in leaves.items()}
    found: Array = Interpreter(builder.nodes, points, 1).value(made.result)[0]
    return found
