"""Values over many steps at once: the steps are one more axis in front."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradtui.engine.casting import cast
from gradtui.engine.compiler import Compiler, Mode, Slice
from gradtui.engine.graph import needed_for
from gradtui.engine.trainer import Row, Trainer

_TOGETHER = 2_000_000
"""Numbers that the values of the steps evaluated together may have."""


class Columns:
    """Evaluates nodes of a trainer's program at many states, compiled as they are asked for.

    The values are for drawing: they may differ in the last bits from those of a step's tape.
    """

    def __init__(self, trainer: Trainer) -> None:
        self._trainer = trainer
        self._compiler = Compiler(trainer.program.nodes, trainer.fixed, Mode.BATCH, trainer.dtype)
        self._function = cache(self._compile)

    def at(
        self, rows: Sequence[Row], steps: Sequence[int], nodes: Sequence[int]
    ) -> list[NDArray[np.float64]]:
        """Return each node's values, (len(steps), *shape); `rows` are the states of the steps."""
        trainer = self._trainer
        needed = needed_for(trainer.program.nodes, nodes)
        size = sum(math.prod(trainer.program.nodes[id].shape) for id in needed)
        window = max(1, _TOGETHER // max(1, size))
        parts = [
            self._window(rows[at : at + window], steps[at : at + window], tuple(nodes))
            for at in range(0, len(steps), window)
        ]
        if len(parts) == 1:
            return parts[0]
        return [np.concatenate(column) for column in zip(*parts, strict=True)]

    def _window(
        self, rows: Sequence[Row], steps: Sequence[int], nodes: tuple[int, ...]
    ) -> list[NDArray[np.float64]]:
        trainer, count = self._trainer, len(steps)
        held = dict(zip(trainer.before, trainer.slices, strict=True))
        if all(id in held for id in nodes):
            return [_stacked(rows, held[id]) for id in nodes]
        state = [cast(_stacked(rows, part), trainer.dtype) for part in trainer.slices]
        each = [[next(one) for one in trainer.series(step, 1)] for step in steps]
        varying = [cast(column, trainer.dtype) for column in zip(*each, strict=True)]
        found = self._function(nodes)(*state, *varying)
        shapes = [trainer.program.nodes[id].shape for id in nodes]
        return [
            np.broadcast_to(np.asarray(value, np.float64), (count, *shape))
            for value, shape in zip(found, shapes, strict=True)
        ]

    def _compile(self, nodes: tuple[int, ...]) -> Callable[..., tuple[Any, ...]]:
        inputs = [*self._trainer.before, *self._trainer.varying]
        return self._compiler.evaluate(inputs, nodes, inputs)


def _stacked(rows: Sequence[Row], part: Slice) -> NDArray[np.float64]:
    """Return a part of some states, (len(rows), *shape); of a single one without a copy."""
    parts = [row[part.start : part.stop] for row in rows]
    stacked = parts[0] if len(parts) == 1 else np.stack(parts)
    return stacked.reshape(len(rows), *part.shape)
