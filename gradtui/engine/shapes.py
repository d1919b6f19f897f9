"""Shapes of results: broadcasting, axes and the shape rule of each kind of operation."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence

from gradtui.base.text import shape_text
from gradtui.language.parser import Option

Shape = tuple[int, ...]
Options = Mapping[str, Option]

MAX_RANK = 32
"""Most axes of a value; NumPy stops at 64, and batches need some leading ones."""

MAX_ELEMENTS = 100_000_000
"""Most elements made by repeating; more would only fill the memory."""

MAX_CLASSES = 100_000
"""Most classes of a one-hot row; more would only fill the memory."""


class ShapeError(ValueError):
    """The shapes of operands do not fit; the message completes `shapes … and … <message>`."""


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


def stretches(shape: Shape, wanted: Shape) -> bool:
    """Return whether a value of a shape can be broadcast to the wanted one."""
    try:
        return broadcast([shape, wanted], {}) == wanted
    except ShapeError:
        return False


def reduced(shapes: Sequence[Shape], options: Options) -> Shape:
    """Return the shape left by a reduction over `options["axis"]`, negative axes."""
    (shape,) = shapes
    axes = axes_of(options["axis"])
    kept = enumerate(shape, -len(shape))
    if options["keepdims"]:
        return tuple(1 if axis in axes else size for axis, size in kept)
    return tuple(size for axis, size in kept if axis not in axes)


def settled_reduction(shapes: Sequence[Shape], options: Options) -> dict[str, Option]:
    """Return a reduction's options with its axes counted from the end, and `n`, their size."""
    axes = negative_axes(options["axis"], len(shapes[0]))
    return {**options, "axis": axes, "n": count(shapes[0], axes)}


def same(shapes: Sequence[Shape], options: Options) -> Shape:
    """Return the shape as it is."""
    return shapes[0]


def settled_axis(shapes: Sequence[Shape], options: Options) -> dict[str, Option]:
    """Return the options with their axes counted from the end."""
    return {**options, "axis": negative_axes(options["axis"], len(shapes[0]))}


def settled_single(shape: Shape, options: Options) -> int:
    """Return the one axis that the options name, counted from the end of a shape."""
    axis = options["axis"]
    if axis is None or isinstance(axis, tuple):
        raise ShapeError("needs a single axis, such as axis=-1")
    return negative_axes(axis, len(shape))[0]


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


def indexed(shapes: Sequence[Shape], options: Options) -> Shape:
    """Return the shape of the elements of an array at an array of positions."""
    return _of_few_axes(shapes[1])


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


def dotted(shapes: Sequence[Shape], options: Options) -> Shape:
    """Return the shape of a product of vectors and matrices, where NumPy's dot and @ agree."""
    if max(map(len, shapes)) > 2:
        raise ShapeError("do not fit: dot takes vectors and matrices; stacks multiply with a @ b")
    if not all(shapes):
        raise ShapeError("cannot be multiplied with dot: a scalar has no axis to sum over, use *")
    return multiplied(shapes, options)


def crossed(shapes: Sequence[Shape], options: Options) -> Shape:
    """Return the shape of the outer product of two vectors."""
    if any(len(shape) != 1 for shape in shapes):
        raise ShapeError("do not fit: outer takes two vectors, of one axis each")
    return shapes[0] + shapes[1]


def permuted(shapes: Sequence[Shape], options: Options) -> Shape:
    """Return the shape with its axes in the order of `options["axes"]`, negative axes."""
    return tuple(shapes[0][axis] for axis in axes_of(options["axes"]))


def settled_order(shapes: Sequence[Shape], options: Options) -> dict[str, Option]:
    """Return the order of all axes counted from the end, and `back`, the one that undoes it."""
    (shape,), given = shapes, options["axes"]
    rank = len(shape)
    order = tuple(range(rank))[::-1] if given is None else axes_of(given)
    if len(order) != rank:
        raise ShapeError(f"cannot be transposed to {order}: it has {rank} axes to put in order")
    negative_axes(order, rank)
    order = tuple(axis % rank for axis in order)
    back = tuple(order.index(axis) for axis in range(rank))
    return {"axes": tuple(a - rank for a in order), "back": tuple(a - rank for a in back)}


def settled_broadcast(shapes: Sequence[Shape], options: Options) -> dict[str, Option]:
    """Return the shape to fill, which must be one that NumPy broadcasts the operand to."""
    given = options["shape"]
    if given is None or isinstance(given, str | bool):
        raise ShapeError("needs a shape to fill: broadcast_to(x, (2, 3))")
    wanted = _of_few_axes(axes_of(given))
    if min(wanted, default=0) < 0 or math.prod(wanted) > MAX_ELEMENTS:
        raise ShapeError(f"cannot fill the shape {given}")
    try:
        filled = broadcast((shapes[0], wanted), options)
    except ShapeError:
        filled = ()
    if filled != wanted:
        raise ShapeError(f"does not broadcast to {shape_text(wanted)}")
    return {"shape": wanted}


def joined(shapes: Sequence[Shape], options: Options) -> Shape:
    """Return the shape of two arrays concatenated along `options["axis"]`."""
    a, b = shapes
    axis = options["axis"]
    assert isinstance(axis, int)
    return (*a[:axis], a[axis] + b[axis], *a[axis:][1:])


def settled_join(shapes: Sequence[Shape], options: Options) -> dict[str, Option]:
    """Return the axis counted from the end, and `split`, where the second array starts."""
    a, b = shapes
    if not a or not b:
        raise ShapeError("cannot be joined: a scalar has no axis, write x[None] for one of it")
    axis = settled_single(a, options)
    if len(a) != len(b) or a[:axis] != b[:axis] or a[axis:][1:] != b[axis:][1:]:
        raise ShapeError(f"cannot be joined along axis {axis + len(a)}: the others must be equal")
    return {"axis": axis, "split": a[axis]}


def sliced(shapes: Sequence[Shape], options: Options) -> Shape:
    """Return the shape of the elements `start` to `stop` along `options["axis"]`."""
    (shape,), axis = shapes, options["axis"]
    start, stop = options["start"], options["stop"]
    assert isinstance(axis, int) and isinstance(start, int) and isinstance(stop, int)
    return _resized(shape, axis, stop - start)


def settled_part(shapes: Sequence[Shape], options: Options) -> dict[str, Option]:
    """Return the bounds as positions, and the shapes of what lies before and after the part.

    As in Python, a negative bound counts from the end and one outside is the end itself, but not
    that of a single element.
    """
    (shape,), axis, entries = shapes, options["axis"], options["entries"]
    if isinstance(entries, int) and entries > len(shape):
        few = (
            "has fewer axes than the brackets name" if shape else "is one number, without elements"
        )
        raise ShapeError(few)
    axis, first = settled_single(shape, options), options["start"]
    if options["single"] and isinstance(first, int) and not -shape[axis] <= first < shape[axis]:
        raise ShapeError(f"has no element {first} along axis {axis + len(shape)}")
    bounds = slice(options["start"], options["stop"]).indices(shape[axis])
    start, stop = bounds[0], max(bounds[:2])
    return {
        "axis": axis,
        "start": start,
        "stop": stop,
        "before": _resized(shape, axis, start),
        "after": _resized(shape, axis, shape[axis] - stop),
    }


def _resized(shape: Shape, axis: int, size: int) -> Shape:
    return tuple(size if at == axis else own for at, own in enumerate(shape, -len(shape)))


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
    """Return the number of elements per result of a reduction of `shape` over `axes`."""
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


def contracted(shapes: Sequence[Shape], options: Options) -> Shape:
    """Return the shape of a product of arrays whose axes have the letters of `subscripts`."""
    parts, result = letters_of(options)
    sizes = {c: size for part, shape in zip(parts, shapes, strict=True)
             for c, size in zip(part, shape, strict=True)}  # fmt: skip
    return tuple(sizes[c] for c in result)


def settled_contraction(shapes: Sequence[Shape], options: Options) -> dict[str, Option]:
    """Return the subscripts, and those of the product by each operand: `to_a`, `to_b`, `to_c`.

    In these, the letters of the result stand in the operand's place, and the other way round.
    """
    parts, result = letters_of(options)
    found: dict[str, Option] = {"subscripts": options["subscripts"]}
    for at, (name, own) in enumerate(zip("abc", parts, strict=False)):
        given = [result if other == at else part for other, part in enumerate(parts)]
        found[f"to_{name}"] = f"{','.join(given)}->{own}"
    return found


def letters_of(options: Options) -> tuple[list[str], str]:
    """Return the letters of each operand's axes, and those of the result's."""
    text = options["subscripts"]
    assert isinstance(text, str) and re.fullmatch("[A-Za-z,]*->[A-Za-z]*", text)
    given, _, result = text.partition("->")
    return given.split(","), result
