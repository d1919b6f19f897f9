"""NumPy's functions that are recorded as several calls, and those that write."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradtui.recording.array import Recorded, plain, recorder_of
from gradtui.recording.contractions import einsum
from gradtui.recording.moving import moved
from gradtui.recording.recorder import Recorder
from gradtui.recording.tape import form

Array = NDArray[Any]

_LONGEST = 256
"""Most factors of a running product that is recorded factor by factor."""


def array(
    recorder: Recorder, value: Any, *args: Any,
    making: Callable[..., Any] = np.array, **options: Any,
) -> Any:  # fmt: skip
    """Return `np.array(value)`, or what else is made so, recorded where it holds what is."""
    made = making(plain(value), *args, **options)
    if made.dtype.kind == "c":
        return recorder.joined(made, value)
    if made.dtype == object:
        return objects(made, value)
    if made.dtype.kind != "f":
        return made
    if isinstance(value, Recorded):
        shared = np.may_share_memory(made, np.ndarray.view(value, np.ndarray))
        own = np.ndarray.view(value, Recorded)  # of a matrix, too
        return (own if shared else _laid_out(recorder, own.astype(made.dtype), made)).reshape(
            made.shape
        )
    if not _holds_recorded(value):
        return recorder.constant(made)
    return moved(recorder, np.array, [value], {}, made, numbers=True)


def objects(made: Any, value: Any) -> Any:
    """Return an array of objects, those of a nested value, which are still recorded."""
    if isinstance(value, Recorded) or _holds_recorded(value):
        for at in np.ndindex(made.shape):
            held = value
            for index in at:
                held = held[index]
            made[at] = held.item() if isinstance(held, Recorded) and not held.ndim else held
    return made


def _laid_out(recorder: Recorder, own: Any, like: Any) -> Any:
    """Return an array with the layout of another of its shape in memory: code may go by that.

    So do `np.nditer`, `reshape(order="A")` and the flags.
    """
    if not isinstance(own, Recorded) or own.strides == np.asarray(like).strides:
        return own
    made = np.empty_like(like)
    made[...] = plain(own)
    return recorder.wrap(recorder.node_of(own), made) if made.shape == own.shape else own


def _holds_recorded(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return any(_holds_recorded(one) for one in value)
    return isinstance(value, Recorded)


def filled(
    recorder: Recorder, function: Callable[..., Any], args: Sequence[Any],
    options: Mapping[str, Any],
) -> Any:  # fmt: skip
    """Return what `np.full` or `np.full_like` makes, recorded where the number in it is."""
    made = function(*plain(tuple(args)), **plain(dict(options)))
    own = recorder.constant(made) if recorder.tape.open else made
    value = options["fill_value"] if len(args) < 2 else args[1]
    if isinstance(own, Recorded) and recorder_of((value,)) is not None:
        recorder.set_item(own, ..., array(recorder, value))
    return own


def from_iterable(
    recorder: Recorder, iterable: Iterable[Any], dtype: Any, count: int = -1, **options: Any
) -> Any:
    """Return what `np.fromiter` makes, recorded where its numbers are."""
    values = list(iterable if count < 0 else islice(iterable, count))
    made = np.fromiter(plain(values), dtype, count, **options)
    return array(recorder, values, made.dtype) if recorder.tape.open else made


def enumerated(values: Any) -> Iterator[tuple[tuple[int, ...], Any]]:
    """Return what `np.ndenumerate` does, whose elements are recorded."""
    if recorder_of((values,)) is None:
        return np.ndenumerate(plain(values))
    return ((at, values[at]) for at in np.ndindex(np.shape(values)))


def vectorized(recorder: Recorder, function: Any, single: Callable[..., Any]) -> Callable[..., Any]:
    """Return an `np.vectorize` whose elements are recorded one by one, by a `single` function."""

    def call(*args: Any, **options: Any) -> Any:
        made = function(*plain(args), **plain(options))
        plainly = not options and function.signature is None and isinstance(made, np.ndarray)
        if not plainly or made.dtype.kind != "f" or recorder_of(args) is None:
            return made
        rows = zip(*[_elements(one, made.shape) for one in args], strict=True)
        values = array(recorder, [single(*row) for row in rows])
        return np.reshape(values, made.shape).astype(made.dtype)

    return call


def _elements(value: Any, shape: tuple[int, ...]) -> list[Any]:
    """Return a value's elements, broadcast to a shape, as Python's numbers."""
    flat = np.ravel(np.broadcast_to(value, shape))
    if not isinstance(flat, Recorded):
        return list(flat.tolist())
    return [one.item() if isinstance(one, Recorded) else one for one in flat]


def at(recorder: Recorder, ufunc: np.ufunc, target: Any, key: Any, value: Any = 0.0) -> None:
    """Record `ufunc.at`, in which indices may repeat."""
    name = ufunc.__name__
    if name not in ("add", "subtract") or not isinstance(target, Recorded):

        def compute(array: Array, *values: Array) -> Array:
            made = np.array(array)
            ufunc.at(made, plain(key), *values)
            return made

        operands = [target] if ufunc.nin == 1 else [target, value]
        made = compute(*plain(operands))
        recorder.write(target, recorder.result(f"{name}.at", compute, operands, made, None))
        return
    places = np.arange(target.size, dtype=np.intp).reshape(target.shape)[plain(key)]
    whole = np.broadcast_to(value, places.shape)
    node = recorder.tape.added(recorder.node_of(whole), places, target.shape)
    addend = recorder.wrap(node, recorder.tape.value(node))
    recorder.write(target, ufunc(target, addend))


def crossed(a: Any, b: Any) -> tuple[Any, Any]:
    """Return two operands shaped so that all pairs of elements meet."""
    return np.reshape(a, (*np.shape(a), *(1,) * np.ndim(b))), b


def where_told(
    recorder: Recorder, ufunc: np.ufunc, inputs: Sequence[Any], options: Mapping[str, Any], out: Any
) -> Any:
    """Record a ufunc with `where`; elsewhere `out` keeps its values."""
    rest = {name: value for name, value in options.items() if name != "where"}
    shape = np.broadcast_shapes(*[np.shape(one) for one in (*inputs, options["where"])])
    mask = np.broadcast_to(plain(np.asarray(options["where"], bool)), shape)
    chosen = ufunc(*[np.broadcast_to(one, shape)[mask] for one in inputs], **rest)
    result = recorder.constant(np.zeros(shape)) if out is None else np.copy(out)
    result[mask] = chosen
    return result


def contracted(
    recorder: Recorder, name: str, ufunc: np.ufunc, inputs: Sequence[Any], value: Any
) -> Any:
    """Record a generalised ufunc other than matmul."""
    subscripts = {"vecdot": "...i,...i->...", "matvec": "...ij,...j->...i",
                  "vecmat": "...i,...ij->...j"}  # fmt: skip
    if name in subscripts:
        return np.einsum(subscripts[name], *inputs)
    return recorder.result(name, ufunc, inputs, value, None)


def cumsum(a: Any, axis: Any = None) -> Any:
    """Return running sums along an axis, as a product with a triangle of ones."""
    if axis is None:
        a, axis = np.ravel(a), 0
    last = np.moveaxis(a, axis, -1)
    triangle = np.triu(np.ones((last.shape[-1],) * 2))
    return np.moveaxis(last @ triangle, -1, axis)


def _cumprod(recorder: Recorder, a: Any, axis: Any = None, dtype: Any = None) -> Any:
    """Return running products along an axis, each that before it times the next element."""
    if dtype is not None or np.result_type(plain(a)).kind != "f":
        return NotImplemented
    rows = np.moveaxis(np.ravel(a) if axis is None else a, axis or 0, 0)
    if not 0 < len(rows) <= _LONGEST:
        return NotImplemented
    found = [rows[0]]
    for row in rows[1:]:
        found.append(found[-1] * row)
    return np.moveaxis(np.stack(found), 0, axis or 0)


def _dot(recorder: Recorder, a: Any, b: Any) -> Any:
    ranks = np.ndim(a), np.ndim(b)
    if 0 in ranks:
        return a * b
    if max(ranks) <= 2:
        return recorder.result("@", np.dot, [a, b], np.dot(*plain((a, b))), form("a@b"))
    return np.tensordot(a, b, axes=([-1], [0 if ranks[1] == 1 else -2]))


def _inner(recorder: Recorder, a: Any, b: Any) -> Any:
    if 0 in (np.ndim(a), np.ndim(b)):
        return a * b
    return np.tensordot(a, b, axes=([-1], [-1]))


def _vdot(recorder: Recorder, a: Any, b: Any) -> Any:
    return _dot(recorder, np.ravel(a), np.ravel(b))


def _outer(recorder: Recorder, a: Any, b: Any) -> Any:
    return np.reshape(a, (-1, 1)) * np.reshape(b, (1, -1))


def _tensordot(recorder: Recorder, a: Any, b: Any, axes: Any = 2) -> Any:
    left, right = np.ndim(a), np.ndim(b)
    if isinstance(axes, int | np.integer):
        axes = (list(range(left - axes, left)), list(range(axes)))
    one, other = ([axis] if np.ndim(axis) == 0 else list(axis) for axis in axes)
    one, other = [axis % left for axis in one], [axis % right for axis in other]
    kept = [axis for axis in range(left) if axis not in one]
    rest = [axis for axis in range(right) if axis not in other]
    shape = [np.shape(a)[axis] for axis in kept] + [np.shape(b)[axis] for axis in rest]
    inner = int(np.prod([np.shape(a)[axis] for axis in one], dtype=int))
    rows = np.reshape(np.transpose(a, kept + one), (-1, inner))
    columns = np.reshape(np.transpose(b, other + rest), (inner, -1))
    return np.reshape(rows @ columns, shape)


def _trace(recorder: Recorder, a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1,
           dtype: Any = None) -> Any:  # fmt: skip
    return np.sum(np.diagonal(a, offset, axis1, axis2), axis=-1)


def _cumsum(recorder: Recorder, a: Any, axis: Any = None, dtype: Any = None) -> Any:
    return _laid_out(recorder, cumsum(a, axis), np.cumsum(plain(a), axis))


def _sort(recorder: Recorder, a: Any, axis: Any = -1, **options: Any) -> Any:
    if axis is None:
        a, axis = np.ravel(a), -1
    made = np.take_along_axis(a, np.argsort(plain(a), axis=axis, kind="stable"), axis)
    return _laid_out(recorder, made, np.empty_like(plain(a)))


def _norm(recorder: Recorder, x: Any, ord: Any = None, axis: Any = None,
          keepdims: bool = False) -> Any:  # fmt: skip
    flat = axis is None or isinstance(axis, tuple)
    if ord is None or (ord == "fro" and flat) or (ord == 2 and (np.ndim(x) == 1 or not flat)):
        return np.sqrt(np.sum(x * x, axis=axis, keepdims=keepdims))
    if flat and np.ndim(x) > 1:
        return NotImplemented
    if ord == 1:
        return np.sum(np.abs(x), axis=axis, keepdims=keepdims)
    return np.max(np.abs(x), axis=axis, keepdims=keepdims) if ord == np.inf else NotImplemented


def _kron(recorder: Recorder, a: Any, b: Any) -> Any:
    if np.ndim(a) != 2 or np.ndim(b) != 2:
        return NotImplemented
    (m, n), (p, q) = np.shape(a), np.shape(b)
    return np.reshape(np.reshape(a, (m, 1, n, 1)) * np.reshape(b, (1, p, 1, q)), (m * p, n * q))


def _bincount(recorder: Recorder, x: Any, weights: Any = None, minlength: int = 0) -> Any:
    places = np.asarray(plain(x), dtype=np.intp)
    if weights is None:
        return np.bincount(places, minlength=minlength)
    count = max(minlength, int(places.max(initial=-1)) + 1)
    node = recorder.tape.added(recorder.node_of(weights), places, (count,))
    return recorder.wrap(node, np.bincount(places, plain(weights), minlength))


STAND_INS: Mapping[str, Callable[..., Any]] = {
    "dot": _dot,
    "inner": _inner,
    "vdot": _vdot,
    "outer": _outer,
    "linalg.outer": _outer,
    "tensordot": _tensordot,
    "einsum": einsum,
    "trace": _trace,
    "cumsum": _cumsum,
    "cumprod": _cumprod,
    "sort": _sort,
    "linalg.norm": _norm,
    "kron": _kron,
    "bincount": _bincount,
}
"""Function -> an equivalent in other calls, or NotImplemented."""


def _copyto(recorder: Recorder, target: Any, value: Any, casting: str = "same_kind",
            where: Any = True) -> None:  # fmt: skip
    if where is True:
        recorder.write(target, np.broadcast_to(value, np.shape(target)))
    else:
        recorder.write(target, np.where(plain(where), value, target))


def _fill_diagonal(recorder: Recorder, a: Any, value: Any, wrap: bool = False) -> None:
    rows = np.arange(min(np.shape(a)))
    recorder.set_item(a, (rows,) * np.ndim(a), value)


def _put_along_axis(recorder: Recorder, a: Any, indices: Any, values: Any, axis: Any) -> None:
    spots = np.take_along_axis(
        np.arange(np.size(a)).reshape(np.shape(a)), np.asarray(plain(indices)), axis
    )
    recorder.set_item(a, np.unravel_index(spots, np.shape(a)), values)


def _putmask(recorder: Recorder, a: Any, mask: Any, values: Any) -> None:
    recorder.set_item(a, plain(mask), np.resize(values, np.shape(a))[plain(mask)])


def _put(recorder: Recorder, a: Any, ind: Any, v: Any, mode: str = "raise") -> None:
    recorder.set_item(a, np.unravel_index(np.asarray(plain(ind)), np.shape(a)), v)


MUTATORS: Mapping[str, Callable[..., None]] = {
    "copyto": _copyto,
    "fill_diagonal": _fill_diagonal,
    "put_along_axis": _put_along_axis,
    "putmask": _putmask,
    "put": _put,
}
"""Functions that write into their first argument."""
