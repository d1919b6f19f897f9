"""The structure of given data, such as rows with a single 1, and random data that keep it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from gradtui.engine.graph import Graph, Kind, Node
from gradtui.engine.ops import OPS
from gradtui.engine.shapes import Shape

Array = NDArray[np.float64]

_CLOSE = 1e-9
_TOLD = ("one-hot", "sums")
"""Structures that tell more of an array than its derivation from others."""
COUNT = "count"
"""The kind of a number that equals the size of an axis."""
_FEW = 4
"""With this many elements, only two different values are a code, not measurements."""
_LARGEST = 500
"""Most rows or columns of a matrix whose products with itself are examined."""


Make = Callable[[Array], Array]
"""An array -> a value derived from it."""


class Structure(Struct, frozen=True):
    """The structure of one array of the data."""

    text: str
    """In words, such as "has a single 1 along axis 1"; empty without structure."""
    kind: str
    axis: int = 0
    source: int = -1
    """The data node that the array is derived from, if any."""
    make: Make | None = None


def structures_of(graph: Graph, values: Mapping[str, Array]) -> dict[int, Structure]:
    """Return data node -> the structure of its values, for nodes that have one."""
    found = dict[int, Structure]()
    sizes = {
        float(size): words
        for node in reversed(graph.nodes)
        if node.kind in (Kind.PARAMETER, Kind.DATA)
        for size, words in zip(node.shape, _axes(node), strict=True)
        if size > 1
    }
    labels = whole_numbers(graph)
    arrays = {node.id: np.asarray(values[node.name], np.float64) for node in graph.data}
    names = {node.id: node.name for node in graph.data}
    # Of two that derive from each other, the later one counts as derived.
    for id, value in reversed(arrays.items()):
        if id in labels:
            found[id] = Structure("", "labels")
            continue
        one = _structure(value, sizes)
        others = {at: array for at, array in arrays.items() if not _is_made_of(at, id, found)}
        made = _made(value, others, names, labels)
        if made is not None:
            one = replace(made, text=one.text) if one is not None and one.kind in _TOLD else made
        if one is not None:
            found[id] = one
    return {id: found[id] for id in arrays if id in found}


def _axes(node: Node) -> Iterable[str]:
    """Return the words for what each axis of a leaf counts."""
    if len(node.shape) > 2:
        return (f"the size of axis {axis} of {node.name}" for axis in range(len(node.shape)))
    counted = ("rows", "columns") if len(node.shape) == 2 else ("elements",)
    return (f"the number of {one} of {node.name}" for one in counted[: len(node.shape)])


def _is_made_of(id: int, other: int, found: Mapping[int, Structure]) -> bool:
    """Return whether an array is another, or derives from it, directly or not."""
    while id != other and id in found and found[id].make is not None:
        id = found[id].source
    return id == other


def whole_numbers(graph: Graph) -> frozenset[int]:
    """Return the nodes with whole numbers that an operation uses as indices."""
    found = set[int]()
    for node in graph.nodes:
        entry = OPS.get(node.op) if node.kind is Kind.OPERATION else None
        if entry is not None and entry.index:
            found.add(node.inputs[entry.operands.index(entry.index)])
    return frozenset(found)


def _structure(value: Array, sizes: Mapping[float, str]) -> Structure | None:
    """Return the structure of an array by itself; an array with two structures is held."""
    if not np.all(np.isfinite(value)):
        return Structure("", "held")
    if value.ndim == 0:
        return _number(float(value), sizes)
    if value.size < 2:
        return None
    if not value.any():
        return Structure("is 0 everywhere", "held")
    square = value.ndim == 2 and value.shape[0] == value.shape[1]
    if np.all((value == 0) | (value == 1)):
        return _binary(value, square=square)
    found = [*_sums(value), *(_of_products(value) if value.ndim == 2 else ())]
    found += _of_squares(value) if square else ()
    if np.all(np.abs(value) == 1):
        found.append(Structure("is 1 or -1 everywhere", "signs"))
    elif value.size >= _FEW and np.unique(value).size == 2:
        found.append(Structure("has only two values", "held"))
    if len(found) > 1:
        return Structure(" and ".join(one.text for one in found[:2]), "held")
    return found[0] if found else None


def _sums(value: Array) -> Iterator[Structure]:
    """Yield structures in the sums over rows, columns and other axes."""
    largest = float(np.max(np.abs(value)))
    for axis in reversed(range(value.ndim)):
        if value.shape[axis] < 2:
            continue
        total, squares = value.sum(axis=axis), np.square(value).sum(axis=axis)
        where = _along(value, axis)
        if np.all(value >= 0) and np.allclose(total, 1, rtol=0, atol=_CLOSE):
            yield Structure(f"sums to 1{where}", "sums", axis)
        elif np.allclose(squares, 1, rtol=0, atol=_CLOSE):
            yield Structure(f"has length 1{where}", "norm", axis)
        elif np.all(np.abs(total) <= _CLOSE * largest * value.shape[axis]):
            yield Structure(f"sums to 0{where}", "centred", axis)


def _of_products(value: Array) -> Iterator[Structure]:
    """Yield structures in the products of a matrix's rows, and of its columns."""
    for one, what in ((value, "rows"), (value.T, "columns")):
        if 1 < len(one) <= _LARGEST:
            products = one @ one.T
            diagonal = np.diag(np.diag(products))
            if np.allclose(products, diagonal, rtol=0, atol=_CLOSE * np.max(np.abs(diagonal))):
                yield Structure(f"has orthogonal {what}", "held")


def _of_squares(value: Array) -> Iterator[Structure]:
    """Yield structures of a square matrix."""
    if np.array_equal(value, value.T):
        yield Structure("is symmetric", "symmetric")
    elif np.array_equal(value, -value.T):
        yield Structure("is skew-symmetric", "held")
    if len(value) <= _LARGEST and np.allclose(value @ value, value, rtol=0, atol=_CLOSE):
        yield Structure("is a projection", "held")
    if not np.triu(value, 1).any() or not np.tril(value, -1).any():
        yield Structure("is triangular", "pattern")


def _number(value: float, sizes: Mapping[float, str]) -> Structure | None:
    """Return what a number counts: it may be meant so, or equal it by chance."""
    for size, words in sizes.items():
        if value == size:
            return Structure(f"is {size:g}, {words}", COUNT)
        if value and abs(value * size - 1) < _CLOSE:
            return Structure(f"is 1/{size:g}, and {size:g} is {words}", COUNT)
    return None


def _binary(value: Array, *, square: bool) -> Structure:
    """Return the structure of an array of 0 and 1."""
    if square and np.array_equal(value @ value.T, np.eye(len(value))):
        words = (
            "is the identity" if np.array_equal(value, np.eye(len(value))) else "is a permutation"
        )
        return Structure(words, "held")
    axes = [
        axis
        for axis in reversed(range(value.ndim))
        if value.shape[axis] > 1 and np.all(value.sum(axis=axis) == 1)
    ]
    if axes:
        words = " and".join(_along(value, axis) for axis in axes)
        return Structure(f"has a single 1{words}", "one-hot" if len(axes) == 1 else "held", axes[0])
    if square and (not np.triu(value, 1).any() or not np.tril(value, -1).any()):
        return Structure("is triangular", "held")
    if square and np.array_equal(value, value.T) and not np.all(value == value[0, 0]):
        return Structure("is symmetric", "symmetric-binary")
    if np.all(value == 1):
        return Structure("", "ones")
    return Structure("is 0 or 1 everywhere", "binary")


def _along(value: Array, axis: int) -> str:
    if value.ndim == 2:
        return " in every row" if axis == 1 else " in every column"
    return "" if value.ndim == 1 else f" along axis {axis}"


def _made(
    value: Array, others: Mapping[int, Array], names: Mapping[int, str], labels: Collection[int]
) -> Structure | None:
    """Return how an array derives from one of the others, if it does."""
    if value.size < 2 or not np.all(np.isfinite(value)):
        return None
    for id, array in others.items():
        if not np.all(np.isfinite(array)) or array.size < 2:
            continue
        ways = _of_classes(array, value.shape) if id in labels else _ways(array)
        with np.errstate(all="ignore"):
            for words, shape, make in ways:
                if shape == value.shape and np.allclose(
                    make(array), value, rtol=_CLOSE, atol=1e-12
                ):
                    return Structure(words.format(names[id]), "made", source=id, make=make)
    return None


def _ways(array: Array) -> Iterator[tuple[str, Shape, Make]]:
    """Yield common companions of an array: their names, shapes and derivations."""
    shape = array.shape
    yield "is 1 - {0}", shape, lambda a: 1 - a
    yield "is -{0}", shape, lambda a: -a
    yield "is {0}**2", shape, lambda a: a**2
    if array.ndim == 1:
        yield "is outer({0}, {0})", 2 * shape, lambda a: np.outer(a, a)
        yield "is diag({0})", 2 * shape, np.diag
    if array.ndim == 2:
        rows, columns = shape
        yield "is {0}.T", (columns, rows), lambda a: a.T
        yield "is 1 - {0}.T", (columns, rows), lambda a: 1 - a.T
        yield "is the sums of the rows of {0}", (rows,), lambda a: np.sum(a, axis=1)
        if max(shape) <= _LARGEST:
            yield "is {0}@{0}.T", (rows, rows), lambda a: a @ a.T
            yield "is {0}.T@{0}", (columns, columns), lambda a: a.T @ a
            words = "is diag of the sums of the rows of {0}"
            yield words, (rows, rows), lambda a: np.diag(np.sum(a, axis=1))
    if array.ndim > 1 and np.all((array == 0) | (array == 1)):
        yield "is the classes of {0}", shape[:-1], lambda a: np.argmax(a, axis=-1)
        yield "is the classes of {0}", shape[:-1], lambda a: 1 + np.argmax(a, axis=-1)


def _of_classes(array: Array, shape: Shape) -> Iterator[tuple[str, Shape, Make]]:
    """Yield the derivation of one-hot rows of a shape from class numbers."""
    words, count = "is the one-hot rows of {0}", shape[-1]
    yield words, (*array.shape, count), lambda a: np.equal.outer(a, np.arange(count)) + 0.0
    yield words, (*array.shape, count), lambda a: np.equal.outer(a, 1 + np.arange(count)) + 0.0


def redrawn(
    structure: Structure | None, value: Array, count: int, rng: np.random.Generator
) -> Array | None:
    """Return random data of the same structure, (count, *shape).

    None without structure: then any numbers of the same sizes are alike.
    """
    kind, axis = ("", 0) if structure is None else (structure.kind, structure.axis)
    shape = (count, *value.shape)
    repeated = np.broadcast_to(value, shape)
    drawn: Array
    match kind:
        case "held" | "count":
            return repeated
        case "labels":
            return rng.permuted(repeated.reshape(count, -1), axis=1).reshape(shape)
        case "one-hot":
            last = np.moveaxis(value, axis, -1).shape
            chosen = rng.integers(0, last[-1], (count, *last[:-1]))
            return np.moveaxis(np.eye(last[-1])[chosen], -1, axis + 1)
        case "binary" | "ones":
            return rng.integers(0, 2, shape).astype(np.float64)
        case "signs":
            return np.where(rng.integers(0, 2, shape) == 1, 1.0, -1.0)
        case "sums":
            last = np.moveaxis(value, axis, -1).shape
            return np.moveaxis(rng.dirichlet(np.ones(last[-1]), (count, *last[:-1])), -1, axis + 1)
        case "norm":
            drawn = rng.normal(size=shape)
            drawn /= np.sqrt(np.sum(drawn**2, axis=axis + 1, keepdims=True))
            return drawn
        case "centred":
            drawn = _size_of(value) * rng.normal(size=shape)
            drawn -= np.mean(drawn, axis=axis + 1, keepdims=True)
            return drawn
        case "symmetric":
            drawn = _size_of(value) * rng.normal(size=shape)
            mirrored: Array = (drawn + np.swapaxes(drawn, 1, 2)) / np.sqrt(2)
            return np.where(np.eye(len(value)) * (value == 0) == 1, 0.0, mirrored)
        case "symmetric-binary":
            upper = np.triu(rng.integers(0, 2, shape), 1)
            return np.where(np.eye(len(value)) == 1, value, upper + np.swapaxes(upper, 1, 2))
        case "pattern":
            return np.where(value == 0, 0.0, _size_of(value) * rng.normal(size=shape))
    return None


def _size_of(value: Array) -> float:
    """Return the root mean square of an array, or 1 if that is 0."""
    largest = float(np.max(np.abs(value), initial=0.0))
    return largest * float(np.sqrt(np.mean(np.square(value / largest)))) if largest else 1.0
