"""Values over many steps at once, with the steps as a leading axis."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gradtui.engine.casting import cast
from gradtui.engine.compiler import Slice
from gradtui.engine.lowered import Row
from gradtui.engine.trainer import Trainer
from gradtui.engine.vectorized import Vectorized


class Columns:
    """Evaluates nodes of a trainer's program at many states, compiled on demand.

    The values are for drawing: they may differ in the last bits from those of a step's tape.
    """

    def __init__(self, trainer: Trainer) -> None:
        self._trainer = trainer
        leaves = [*trainer.before, *trainer.varying]
        self._program = Vectorized(trainer.program.nodes, leaves, (), trainer.fixed, trainer.dtype)

    def at(
        self, rows: Sequence[Row], steps: Sequence[int], nodes: Sequence[int]
    ) -> list[NDArray[np.float64]]:
        """Return each node's values, (len(steps), *shape); `rows` are the states of the steps."""
        window = self._program.together(nodes)
        parts = [
            self._window(rows[at : at + window], steps[at : at + window], nodes)
            for at in range(0, len(steps), window)
        ]
        if len(parts) == 1:
            return parts[0]
        return [np.concatenate(column) for column in zip(*parts, strict=True)]

    def _window(
        self, rows: Sequence[Row], steps: Sequence[int], nodes: Sequence[int]
    ) -> list[NDArray[np.float64]]:
        trainer = self._trainer
        held = dict(zip(trainer.before, trainer.slices, strict=True))
        if all(id in held for id in nodes):
            return [_stacked(rows, held[id]) for id in nodes]
        state = [cast(_stacked(rows, part), trainer.dtype) for part in trainer.slices]
        each = [[next(one) for one in trainer.series(step, 1)] for step in steps]
        varying = [cast(column, trainer.dtype) for column in zip(*each, strict=True)]
        found = self._program.evaluate(nodes, len(steps), [*state, *varying])
        return [np.asarray(value, np.float64) for value in found]


def _stacked(rows: Sequence[Row], part: Slice) -> NDArray[np.float64]:
    """Return a part of some states, (len(rows), *shape); of a single one without a copy."""
    parts = [row[part.start : part.stop] for row in rows]
    stacked = parts[0] if len(parts) == 1 else np.stack(parts)
    return stacked.reshape(len(rows), *part.shape)
