"""Programs of updates compiled, to follow many sequences of gradients for many steps."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from gradtui.diagnosis.updates.probes import Array, Probes
from gradtui.engine.builder import Builder
from gradtui.engine.compiler import Compiler, Mode, mode_for
from gradtui.engine.graph import Kind
from gradtui.engine.handwritten import UpdateProgram, lower_update
from gradtui.engine.ops import OPS
from gradtui.engine.shapes import Shape
from gradtui.language.parser import Call
from gradtui.language.trees import parts_of


def elementwise(program: UpdateProgram) -> bool:
    """Whether every number of a parameter is moved by its own gradient alone."""
    parts = (part for line in program.lines for _, part in parts_of(line.value))
    calls = (part.function for part in parts if isinstance(part, Call))
    values = map(np.ravel, program.state.values())
    uniform = all(value.size and np.all(value == value[0]) for value in values)
    return uniform and all(one in OPS and OPS[one].elementwise for one in calls)


class Motion:
    """How a program moves the parameters of one shape; raises InputError where it does not fit."""

    def __init__(
        self, program: UpdateProgram, constants: Mapping[str, float], shape: Shape = ()
    ) -> None:
        self.program = program
        self._together = shape == () and elementwise(program)
        builder = Builder()
        given = {
            name: builder.leaf(Kind.HYPERPARAMETER, name, ()) for name in ("lr", "t", *constants)
        }
        names = {name: builder.leaf(Kind.PARAMETER, name, shape) for name in ("w", "g")}
        self._update, initial = lower_update(builder, {**names, **given}, program, "w")
        self._initial = [value for _, value in initial]
        self._nodes, self._shape = builder.nodes, shape
        self._fixed = {given[name]: value for name, value in constants.items()}
        self._varying = (names["g"], given["lr"], given["t"])
        self._compiled: dict[Mode, Callable[..., Any]] = {}

    def weights(self, probes: Probes) -> Array:
        """Return w after each step, (steps, sequences, *shape)."""
        steps, count = probes.g.shape[:2]
        if self._together and count > 1:
            rows = np.empty((steps, 1, count))
            self._run(
                Mode.ARRAY, probes.w, zip(probes.g, probes.lr, _times(steps), strict=True), rows
            )
            return rows[:, 0]
        mode = mode_for(self._nodes, "float64")
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
        kept = [np.broadcast_to(value, np.shape(w)) for value in self._initial]
        state = (w, *map(float, kept)) if mode is Mode.FLOAT else (w, *kept)
        self._loop(mode)(state, inputs, rows)

    def _loop(self, mode: Mode) -> Callable[..., Any]:
        if mode not in self._compiled:
            compiler = Compiler(self._nodes, self._fixed, mode, "float64")
            before = [old for old, _ in self._update.state]
            after = [new for _, new in self._update.state]
            written = [self._update.result]
            self._compiled[mode] = compiler.train(before, after, self._varying, written)
        return self._compiled[mode]


def _times(steps: int) -> Iterator[np.float64]:
    return map(np.float64, range(1, steps + 1))
