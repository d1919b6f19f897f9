"""The operand elements that make up an element of a result, one rule for each kind.

A rule yields a sum of products: for each term, the (operand, index) pairs that it multiplies.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradtui.engine.shapes import Options, Shape, axes_of, letters_of

Index = tuple[int, ...]
Factor = tuple[int, Index]
"""(number of the operand, index of its element)."""
Terms = Iterator[tuple[Factor, ...]]
Read = Callable[[int], NDArray[Any]]
"""Number of an operand -> its value, for operands with whole numbers."""
Elements = Callable[[Sequence[Shape], Options, Index, Read], Terms]


def aligned(index: Index, shape: Shape) -> Index:
    """Return the element of an operand that broadcasting puts at `index`."""
    if not shape:
        return ()
    own = index[len(index) - len(shape) :]
    return tuple(0 if size == 1 else i for i, size in zip(own, shape, strict=True))


def folded(shapes: Sequence[Shape], options: Options, index: Index, read: Read) -> Terms:
    """Yield the elements along the axes that a reduction removes."""
    (shape,), axes = shapes, axes_of(options["axis"])
    return _along(shape, axes, () if options["keepdims"] else axes, index)


def collected(shapes: Sequence[Shape], options: Options, index: Index, read: Read) -> Terms:
    """Yield the elements that broadcasting had made of one."""
    (shape,) = shapes
    drop, keep = axes_of(options["drop"]), axes_of(options["keep"])
    return _along(shape, drop + keep, drop, index)


def _along(shape: Shape, axes: Sequence[int], gone: Sequence[int], index: Index) -> Terms:
    """Yield the elements along `axes`, of which the result lacks `gone`."""
    rank, left = len(shape), iter(index)
    fixed = {axis: next(left) for axis in range(-rank, 0) if axis not in gone}
    ranges = [range(shape[a]) if a in axes else (fixed[a],) for a in range(-rank, 0)]
    for element in product(*ranges):
        yield ((0, element),)


def multiplied(shapes: Sequence[Shape], options: Options, index: Index, read: Read) -> Terms:
    """Yield the products of a row's and a column's elements."""
    a, b = shapes
    column = index[-1:] if len(b) > 1 else ()
    rest = index[: len(index) - len(column)]
    row = rest[-1:] if len(a) > 1 else ()
    lead = rest[: len(rest) - len(row)]
    lead_a, lead_b = aligned(lead, a[:-2]), aligned(lead, b[:-2])
    for k in range(a[-1]):
        yield (0, (*lead_a, *row, k)), (1, (*lead_b, k, *column))


def contracted(shapes: Sequence[Shape], options: Options, index: Index, read: Read) -> Terms:
    """Yield the products of the elements that agree in the axes of the same letter."""
    parts, result = letters_of(options)
    sizes = {c: size for part, shape in zip(parts, shapes, strict=True)
             for c, size in zip(part, shape, strict=True)}  # fmt: skip
    summed = [c for c in sizes if c not in result]
    for places in product(*[range(sizes[c]) for c in summed]):
        at = dict(zip([*result, *summed], (*index, *places), strict=True))
        yield tuple((k, tuple(at[c] for c in part)) for k, part in enumerate(parts))


def transposed(shapes: Sequence[Shape], options: Options, index: Index, read: Read) -> Terms:
    """Yield the element at the reversed index."""
    yield ((0, index[::-1]),)


def permuted(shapes: Sequence[Shape], options: Options, index: Index, read: Read) -> Terms:
    """Yield the element at the permuted index."""
    found = [0] * len(index)
    for place, axis in zip(index, axes_of(options["axes"]), strict=True):
        found[axis] = place
    yield ((0, tuple(found)),)


def crossed(shapes: Sequence[Shape], options: Options, index: Index, read: Read) -> Terms:
    """Yield the product of an element of each of two vectors."""
    yield (0, index[:1]), (1, index[1:])


def joined(shapes: Sequence[Shape], options: Options, index: Index, read: Read) -> Terms:
    """Yield the element of the array that is at this position."""
    axis, split = options["axis"], options["split"]
    assert isinstance(axis, int) and isinstance(split, int)
    second = index[axis] >= split
    yield ((int(second), _moved(index, axis, -split if second else 0)),)


def sliced(shapes: Sequence[Shape], options: Options, index: Index, read: Read) -> Terms:
    """Yield the element at the same distance from the part's start."""
    axis, start = options["axis"], options["start"]
    assert isinstance(axis, int) and isinstance(start, int)
    yield ((0, _moved(index, axis, start)),)


def _moved(index: Index, axis: int, by: int) -> Index:
    return tuple(i + by if at == axis else i for at, i in enumerate(index, -len(index)))


def swapped(shapes: Sequence[Shape], options: Options, index: Index, read: Read) -> Terms:
    """Yield the element with its last two indices exchanged."""
    yield ((0, (*index[:-2], index[-1], index[-2])),)


def expanded(shapes: Sequence[Shape], options: Options, index: Index, read: Read) -> Terms:
    """Yield the element without the added axes."""
    axes, rank = axes_of(options["axis"]), len(index)
    yield ((0, tuple(i for axis, i in enumerate(index, -rank) if axis not in axes)),)


def stretched(shapes: Sequence[Shape], options: Options, index: Index, read: Read) -> Terms:
    """Yield the element that is repeated."""
    yield ((0, aligned(index, shapes[0])),)


def reshaped(shapes: Sequence[Shape], options: Options, index: Index, read: Read) -> Terms:
    """Yield the element at the same place in row order."""
    place = np.ravel_multi_index(index, axes_of(options["shape"])) if index else 0
    yield ((0, _at(int(place), shapes[0])),)


def taken(shapes: Sequence[Shape], options: Options, index: Index, read: Read) -> Terms:
    """Yield the element of the row that a token names."""
    rank = len(shapes[1])
    row = int(read(1)[index[:rank]])
    yield ((0, (row, *index[rank:])),)


def scattered(shapes: Sequence[Shape], options: Options, index: Index, read: Read) -> Terms:
    """Yield the elements of all rows that a token puts into this one."""
    for token in np.argwhere(read(1) == index[0]):
        yield ((0, (*map(int, token), *index[1:])),)


def picked(shapes: Sequence[Shape], options: Options, index: Index, read: Read) -> Terms:
    """Yield the element at the position that the index holds."""
    yield ((0, _at(int(read(1)[index]), shapes[0])),)


def spread(shapes: Sequence[Shape], options: Options, index: Index, read: Read) -> Terms:
    """Yield the elements whose index holds this position."""
    shape = axes_of(options["shape"])
    place = int(np.ravel_multi_index(index, shape)) if shape else 0
    for found in np.argwhere(read(1) == place):
        yield ((0, tuple(map(int, found))),)


def _at(place: int, shape: Shape) -> Index:
    return tuple(map(int, np.unravel_index(place, shape))) if shape else ()


def encoded(shapes: Sequence[Shape], options: Options, index: Index, read: Read) -> Terms:
    """Yield 1, the empty product, at the label, and nothing elsewhere."""
    if read(0)[index[:-1]] == index[-1]:
        yield ()
