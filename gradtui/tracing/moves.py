"""Rearranged elements as operations: a transpose, a new shape, a repetition, else indexing."""

from __future__ import annotations

from itertools import permutations
from math import prod

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from gradtui.engine.shapes import Shape
from gradtui.language.parser import Option

Index = NDArray[np.intp]
_LARGEST = 1_000_000
"""Most elements of an index that is analysed."""
_MOST_AXES = 4


class Arrangement(Struct, frozen=True):
    """An operation that rearranges elements."""

    op: str
    options: tuple[tuple[str, Option], ...] = ()


def arrangement(shape: Shape, index: Index) -> Arrangement:
    """Return the operation that takes the elements of a `shape` at the positions of an index."""
    size = prod(shape)
    if index.size == size and np.array_equal(index.reshape(-1), np.arange(size)):
        return Arrangement("reshape", (("shape", index.shape),))
    if max(size, index.size) > _LARGEST:
        return Arrangement("gather")
    own = np.arange(size).reshape(shape)
    if index.size == size and len(shape) <= _MOST_AXES:
        for axes in permutations(range(len(shape))):
            if np.array_equal(own.transpose(axes), index):
                reversed_all = axes == tuple(range(len(shape)))[::-1]
                return Arrangement("T") if reversed_all else Arrangement(
                    "transpose", (("axes", axes),)
                )  # fmt: skip
    if _broadcasts(own, index):
        return Arrangement("broadcast_to", (("shape", index.shape),))
    shown = brackets(shape, index)
    if not shown and (turned := brackets(shape, index.T)):
        shown = f"{turned}.T"
    return Arrangement("gather", (("shown", shown),))


def _broadcasts(own: Index, index: Index) -> bool:
    try:
        return np.array_equal(np.broadcast_to(own, index.shape), index)
    except ValueError:
        return False


def brackets(shape: Shape, index: Index) -> str:
    """Return the brackets that choose these positions, such as [2, :, 1:3]; empty without any.

    Added axes, and orders other than the array's own, are not recognised.
    """
    if not index.size or not shape:
        return ""
    entries, axis = [], 0
    for places, size in zip(np.unravel_index(index, shape), shape, strict=True):
        if np.all(places == places.flat[0]):
            entries.append(str(int(places.flat[0])))
            continue
        while axis < index.ndim and index.shape[axis] == 1:
            axis += 1
        entry = _along(places, axis, size) if axis < index.ndim else ""
        if not entry:
            return ""
        entries.append(entry)
        axis += 1
    while len(entries) > 1 and entries[-1] == ":":
        entries.pop()
    return f"[{', '.join(entries)}]" if all(one == 1 for one in index.shape[axis:]) else ""


def _along(places: Index, axis: int, size: int) -> str:
    """Return the entry of an axis for these places along one axis of the result."""
    line = np.moveaxis(places, axis, 0)
    first = line.reshape(len(line), -1)[:, 0]
    if not np.all(line.reshape(len(line), -1) == first[:, None]):
        return ""
    steps = np.diff(first)
    if not np.all(steps == steps[0]) or steps[0] == 0:
        return ""
    start, step, count = int(first[0]), int(steps[0]), len(first)
    if step < 0:
        return f"::{step}" if (start, count) == (size - 1, size) else ""
    stop = start + (count - 1) * step + 1
    beginning = "" if start == 0 else str(start)
    end = "" if stop + step > size and (step > 1 or stop == size) else str(stop)
    return f"{beginning}:{end}" + (f":{step}" if step > 1 else "")
