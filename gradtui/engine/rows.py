"""Stored rows of numbers: appended in blocks, thinned out, read one by one."""

from __future__ import annotations

from bisect import bisect_right
from copy import copy

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
_BLOCK = 1 << 16
"""Most numbers of a block into which narrow rows are copied."""
_FIRST = 16
"""Rows of the first block."""
_WIDE = 64
"""From this width of a row on, a matrix of rows is stored without a copy."""


class Rows:
    """Rows of one width, which can only be appended or thinned out.

    A view of each row would take seven times the memory of two numbers.
    """

    def __init__(self, width: int) -> None:
        self._width = width
        self._blocks: list[Matrix] = []
        self._starts: list[int] = []
        self._free: Matrix | None = None
        """The whole memory of the last block, if it has room for more rows."""
        self._count = 0

    def __len__(self) -> int:
        """Return the number of rows."""
        return self._count

    def __getitem__(self, index: int) -> Matrix:
        """Return a row, which is never written again."""
        block = bisect_right(self._starts, index) - 1
        row: Matrix = self._blocks[block][index - self._starts[block]]
        return row

    def extend(self, rows: Matrix) -> None:
        """Append the rows of a matrix that is not written afterwards."""
        if self._width >= _WIDE:
            self._append(rows)
            return
        while len(rows):
            if self._free is None or len(self._blocks[-1]) == len(self._free):
                fitting = min(max(_FIRST, self._count), _BLOCK // max(1, self._width))
                self._append(np.empty((fitting, self._width))[:0])
                self._free = self._blocks[-1].base
            assert self._free is not None
            filled = len(self._blocks[-1])
            some = rows[: len(self._free) - filled]
            self._free[filled : filled + len(some)] = some
            self._blocks[-1] = self._free[: filled + len(some)]
            self._count += len(some)
            rows = rows[len(some) :]

    def thin(self, every: int) -> None:
        """Keep the first row, and every n-th of the others."""
        blocks, self._blocks, self._starts = self._blocks[::-1], [], []
        at, self._count, self._free = 0, 0, None
        while blocks:
            block = blocks.pop()
            kept = block[-at % every :: every]
            at += len(block)
            if len(kept):
                self._append(kept if len(block) == 1 else kept.copy())

    def between(self, start: int, stop: int) -> Matrix:
        """Return the rows from `start` to before `stop` as one matrix."""
        parts, first = [np.empty((0, self._width))], bisect_right(self._starts, start) - 1
        for begin, block in zip(self._starts[first:], self._blocks[first:], strict=True):
            if begin >= stop:
                break
            parts.append(block[max(0, start - begin) : stop - begin])
        return parts[1] if len(parts) == 2 else np.concatenate(parts)

    def copy(self) -> Rows:
        """Return an independent copy, which shares the present rows."""
        other = copy(self)
        other._blocks, other._starts, other._free = list(self._blocks), list(self._starts), None
        return other

    def _append(self, block: Matrix) -> None:
        self._starts.append(self._count)
        self._blocks.append(block)
        self._count += len(block)
