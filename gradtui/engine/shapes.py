"""Shapes of results: broadcasting, axes and the shape rule of each kind of operation."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from gradtui.engine.expression import Option

Shape = tuple[int, ...]
Options = Mapping[str, Option]

MAX_RANK = 32
"""Axes of a value; NumPy stops at 64, and batches need some in front."""

MAX_CLASSES = 100_000
"""Classes of a one-hot row: an array of more would only fill the memory."""


class ShapeError(ValueError):
    """Operands whose shapes do not fit; the message completes `shapes … and … <message>`."""


def broadcast(shapes: Sequence[Shape], options: Options) -> Shape:
    """Return the shape that NumPy broadcasts `shapes` to; raises ShapeError."""
    rank = max(map(len, shapes), default=0)
    result = [1] * rank
    for shape in shapes:
        for axis, size in enumerate(shape, rank - len(shape)):
            if size != 1 and result[axis] not in (1, size):
                raise ShapeError("do not broadcast")
            if size != 1:
                result[axis] = size
    return tuple(result)


def reduced(shapes: Sequence[Shape], options: Options) -> Shape:
    """Return the shape left by a reduction over `options["axis"]`, negative axes."""
    (shape,) = shapes
    axes = axes_of(options["axis"])
    kept = enumerate(shape, -len(shape))
    if options["keepdims"]:
        return tuple(1 if axis in axes else size for axis, size in kept)
    return tuple(size for axis, size in kept if axis not in axes)


def settled_reduction(shapes: Sequence[Shape], options: Options) -> dict[str, Option]:
    """Return a reduction's options with its axes counted from the end, and `n`, what it folds."""
    axes = negative_axes(options["axis"], len(shapes[0]))
    return {**options, "axis": axes, "n": count(shapes[0], axes)}


def same(shapes: Sequence[Shape], options: Options) -> Shape:
    """Return the shape as it is."""
    return shapes[0]


def settled_axis(shapes: Sequence[Shape], options: Options) -> dict[str, Option]:
    """Return the options with their single axis counted from the end."""
    axis = options["axis"]
    if axis is None or isinstance(axis, tuple):
        raise ShapeError("is given no single axis, such as axis=-1")
    return {**options, "axis": negative_axes(axis, len(shapes[0]))[0]}


def scored(shapes: Sequence[Shape], options: Options) -> Shape:
    """Return the scalar shape of a loss of scores (…, classes) and labels (…)."""
    scores, labels = shapes
    if not scores or scores[:-1] != labels:
        raise ShapeError("do not fit: expected one label for each row of scores")
    if 0 in scores:
        raise ShapeError("hold no scores")
    return ()


def normed(shapes: Sequence[Shape], options: Options) -> Shape:
    """Return the shape as it is, of one axis or more."""
    if not shapes[0] or not shapes[0][-1]:
        raise ShapeError("has no last axis to normalise over")
    return shapes[0]


def settled_shape(shapes: Sequence[Shape], options: Options) -> dict[str, Option]:
    """Return the new shape of as many elements, with the size that -1 stands for."""
    (shape,), given = shapes, options["shape"]
    if given is None or isinstance(given, str | bool):
        raise ShapeError("needs a new shape: reshape(x, (2, 3))")
    wanted, size = axes_of(given), math.prod(shape)
    if wanted.count(-1) == 1:
        known = math.prod(one for one in wanted if one != -1)
        wanted = tuple(size // known if one == -1 and known > 0 else one for one in wanted)
    if min(wanted, default=0) < 0 or math.prod(wanted) != size:
        raise ShapeError(f"cannot be given the shape {given}: it has {size} elements")
    return {"shape": _of_few_axes(wanted)}


def encoded(shapes: Sequence[Shape], options: Options) -> Shape:
    """Return the shape with an axis of `options["k"]` classes at its end."""
    k = options["k"]
    if not isinstance(k, int) or not 1 <= k <= MAX_CLASSES:
        raise ShapeError(f"needs the number of classes, 1 to {MAX_CLASSES}: one_hot(labels, 3)")
    return _of_few_axes((*shapes[0], k))


def gathered(shapes: Sequence[Shape], options: Options) -> Shape:
    """Return the shape of the rows of a table taken by an array of their numbers."""
    table, tokens = shapes
    if not table or not table[0]:
        raise ShapeError("do not fit: take needs an array with rows")
    return _of_few_axes(tokens + table[1:])


def scattered(shapes: Sequence[Shape], options: Options) -> Shape:
    """Return the shape of a table of `options["rows"]` rows to which rows are added."""
    added, tokens = shapes
    rows = options["rows"]
    assert isinstance(rows, int) and added[: len(tokens)] == tokens
    return (rows, *added[len(tokens) :])


def _of_few_axes(shape: Shape) -> Shape:
    if len(shape) > MAX_RANK:
        raise ShapeError(f"cannot be given more than {MAX_RANK} axes")
    return shape


def multiplied(shapes: Sequence[Shape], options: Options) -> Shape:
    """Return the shape of `a @ b` for operands of one axis or more, by NumPy's rules."""
    a, b = shapes
    if not a or not b:
        raise ShapeError("cannot be multiplied with @: a scalar has no axis to sum over, use *")
    inner = b[0] if len(b) == 1 else b[-2]
    if a[-1] != inner:
        raise ShapeError(f"cannot be multiplied with @: {a[-1]} columns against {inner} rows")
    batch = broadcast((a[:-2], b[:-2]), {})
    return batch + (a[-2:-1] if len(a) > 1 else ()) + (b[-1:] if len(b) > 1 else ())


def transposed(shapes: Sequence[Shape], options: Options) -> Shape:
    """Return the shape with its axes in reverse order."""
    return shapes[0][::-1]


def swapped(shapes: Sequence[Shape], options: Options) -> Shape:
    """Return the shape with its last two axes exchanged."""
    shape = shapes[0]
    return (*shape[:-2], shape[-1], shape[-2])


def expanded(shapes: Sequence[Shape], options: Options) -> Shape:
    """Return the shape with a new axis of size 1 at each position of `options["axis"]`."""
    (shape,), axes = shapes, axes_of(options["axis"])
    sizes = iter(shape)
    rank = len(shape) + len(axes)
    if rank > MAX_RANK:
        raise ShapeError(f"cannot be given more than {MAX_RANK} axes")
    return tuple(1 if axis in axes else next(sizes) for axis in range(-rank, 0))


def settled_expansion(shapes: Sequence[Shape], options: Options) -> dict[str, Option]:
    """Return the new axes counted from the end of the result."""
    axis = options["axis"]
    added = axis if isinstance(axis, tuple) else (int(axis or 0),)
    rank = len(shapes[0]) + len(added)
    entries = options.get("entries")
    if isinstance(entries, int) and entries > rank:
        raise ShapeError("has fewer axes than the brackets name")
    return {"axis": negative_axes(added, rank)}


def stated(shapes: Sequence[Shape], options: Options) -> Shape:
    """Return the shape that the options state."""
    return axes_of(options["shape"])


def axes_of(option: Option) -> tuple[int, ...]:
    """Return an axis option as a tuple; `None` must have been normalised before."""
    assert option is not None
    return option if isinstance(option, tuple) else (int(option),)


def negative_axes(axis: Option, rank: int) -> tuple[int, ...]:
    """Return the axes counted from the end, sorted; raises ShapeError if one is out of range."""
    if axis is None:
        return tuple(range(-rank, 0))
    axes = []
    for one in axes_of(axis):
        if not -rank <= one < rank:
            raise ShapeError(f"has no axis {one}")
        axes.append(one - rank if one >= 0 else one)
    if len(set(axes)) != len(axes):
        raise ShapeError("is given the same axis twice")
    return tuple(sorted(axes))


def count(shape: Shape, axes: Sequence[int]) -> int:
    """Return how many elements a reduction of `shape` over `axes` puts into each result."""
    return math.prod(shape[axis] for axis in axes)


def summed_axes(shape: Shape, target: Shape) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the axes that undo the broadcast of `target` to `shape`: (to drop, to keep as 1)."""
    drop = tuple(range(-len(shape), -len(target)))
    keep = tuple(
        axis
        for axis in range(-min(len(shape), len(target)), 0)
        if target[axis] == 1 and shape[axis] != 1
    )
    return drop, keep
