"""Arrays as text: short for a line, aligned tables for a panel."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradtui.text import number, shape_text

Array = NDArray[Any]
UNKNOWN = "·"
"""Stands for what is not computed yet."""
_FEW = 3
LISTED = 400
"""Elements of one array that a panel lists; more are counted."""


def summary(value: Array, digits: int = 4) -> str:
    """Return an array in a few cells: `0.4`, `[0.8 1.5]`, or its shape and range `5×2 0.5…5`."""
    if value.shape == ():
        return number(float(value), digits)
    if value.ndim == 1 and value.size <= _FEW:
        return "[" + " ".join(number(x, digits) for x in value) + "]"
    known = value[~np.isnan(value)]
    head, tail = f"[{shape_text(value.shape)}] ", " and nan" if known.size < value.size else ""
    if not known.size:
        return head + "all nan"
    low, high = np.min(known), np.max(known)
    if low == high:
        return f"{head}all {number(low, 3)}{tail}"
    return f"{head}{number(low, 3)}…{number(high, 3)}{tail}"


def elements(name: str, value: Array) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Yield a label and an index for each element: `w[0]`, or just `w` for a scalar."""
    if value.shape == ():
        yield name, ()
        return
    for count, index in enumerate(np.ndindex(value.shape)):
        if count >= LISTED:
            return
        yield f"{name}[{','.join(map(str, index))}]", index


def unlisted(value: Array) -> int:
    """Return how many elements `elements` leaves out."""
    return max(0, value.size - LISTED)


def table(value: Array, digits: int = 4) -> list[str]:
    """Return an array as aligned rows of numbers; of one with more axes its matrices."""
    if value.shape == ():
        return [number(float(value), digits)]
    if value.size > LISTED:
        return [summary(value, digits)]
    flat = value.reshape(-1, value.shape[-1])
    cells = [[number(x, digits) for x in row] for row in flat]
    widths = [max(len(row[i]) for row in cells) for i in range(flat.shape[1])]
    rows = [
        "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True))
        for row in cells
    ]
    if value.ndim < 3:
        return rows
    height = value.shape[-2]
    parted: list[str] = []
    for start in range(0, len(rows), height):
        parted += [*rows[start : start + height], ""]
    return parted[:-1]
