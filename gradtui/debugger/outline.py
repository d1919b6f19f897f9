"""The outline of a long curve: its lowest and highest values in blocks of steps, kept as it grows.

Knows no curve but its numbers, and draws none.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gradtui.engine.growing import Growing

Array = NDArray[np.float64]
Places = NDArray[np.intp]
LARGEST = 1e300
"""A number as large as this is not drawn."""
_BLOCK, _FEW = 256, 32
"""Steps of a block; blocks that are looked at number by number, where only these have any."""
_AT_ONCE = 1 << 16
"""Steps that are looked at together."""


def drawable(values: Array, *, log: bool) -> NDArray[np.bool_]:
    """Return which numbers can be drawn: those that are finite, above 0 on a log scale."""
    with np.errstate(invalid="ignore"):
        good: NDArray[np.bool_] = np.abs(values) < LARGEST
        return good & (values > 0) if log else good


class Outline:
    """Where the lowest and the highest numbers of a column are, one number a step from step 0."""

    def __init__(self, blocks: Array | None = None) -> None:
        self._blocks = Growing(np.empty((0, 3)) if blocks is None else blocks)
        """Of each block the places of the lowest, the highest and the lowest above 0; NaN for none.

        A block has no highest above 0 but its highest."""

    def fork(self, step: int) -> Outline:
        """Return the outline of a column that is the same up to a step."""
        return Outline(self._blocks.rows[: step // _BLOCK])

    def follow(self, column: Array) -> None:
        """Take in what the column has by now."""
        known, end = len(self._blocks.rows) * _BLOCK, len(column) // _BLOCK * _BLOCK
        for start in range(known, end, _AT_ONCE):
            stop = min(start + _AT_ONCE, end)
            part = column[start:stop].reshape(-1, _BLOCK)
            first = np.arange(start, stop, _BLOCK)
            good, above = drawable(part, log=False), drawable(part, log=True)
            found = [
                _placed(np.argmin(np.where(good, part, np.inf), axis=1), first, good),
                _placed(np.argmax(np.where(good, part, -np.inf), axis=1), first, good),
                _placed(np.argmin(np.where(above, part, np.inf), axis=1), first, above),
            ]
            self._blocks.extend(np.stack(found, axis=1))

    def places(self, steps: range, edges: tuple[int, int], columns: int, *, log: bool) -> Places:
        """Return the steps that a drawing of `steps` needs, ascending.

        Among them are the first lowest and the first highest of each of the `columns` between the
        edges, and both ends of what is drawable.
        """
        blocks = self._blocks.rows
        known = np.arange(min(steps.start // _BLOCK, len(blocks)), min(
            -(-steps.stop // _BLOCK), len(blocks)))  # fmt: skip
        starts, ends = known * _BLOCK, (known + 1) * _BLOCK - 1
        left, right = (column_at(at, edges, columns) for at in (starts, ends))
        whole = (starts >= steps.start) & (ends < steps.stop) & (left == right)
        found = blocks[known[whole]][:, [2, 1] if log else [0, 1]]
        found = found[~np.isnan(found[:, 0])]
        singly = [known[~whole]]
        if len(found) <= _FEW:
            singly, found = [*singly, found[:, 0].astype(np.intp) // _BLOCK], found[:0]
        each = np.concatenate(singly)[:, None] * _BLOCK + np.arange(_BLOCK)
        rest = np.arange(max(steps.start, len(blocks) * _BLOCK), steps.stop)
        places = np.sort(np.concatenate([found.astype(np.intp).ravel(), each.ravel(), rest]))
        places = places[(places >= steps.start) & (places < steps.stop)]
        return places[np.diff(places, prepend=-1) > 0]


def column_at(steps: NDArray[np.number], edges: tuple[int, int], columns: int) -> Places:
    """Return in which of `columns` between two edges each step stands."""
    first, last = edges
    place = (steps - first) * columns / max(1, last - first)
    found: Places = np.minimum(place.astype(np.intp), columns - 1)
    return found


def _placed(found: Places, first: Places, good: NDArray[np.bool_]) -> Array:
    return np.where(good.any(axis=1), found + first, np.nan)
