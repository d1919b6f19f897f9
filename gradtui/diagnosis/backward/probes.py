"""Random points at which programs are compared: away from the run, inside the model's domain."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from gradtui.engine.graph import Graph, Kind, Node, needed_for
from gradtui.engine.interpreter import Interpreter

Array = NDArray[np.float64]

POINTS, FEWEST = 12, 3
"""Points at which a program is compared: of a model of many numbers fewer, each of which compares
more of them."""
NUMBERS = 1 << 23
"""Numbers of a pass at all its points together from which there are fewer."""
_SEED = 20_240_229
_TRIES = 4
_LABELS = {"cross_entropy": 1, "one_hot": 0, "take": 1}
"""Operation -> which of its operands holds whole numbers."""


def points_for(nodes: Sequence[Node]) -> int:
    """Return at how many points a pass of these nodes is executed."""
    return min(POINTS, max(FEWEST, NUMBERS // _numbers(nodes)))


def _numbers(nodes: Sequence[Node]) -> int:
    return sum(math.prod(node.shape) for node in nodes)


def draw(
    graph: Graph,
    values: Mapping[str, Array],
    nodes: Sequence[Node],
    wanted: Sequence[int],
    seed: int,
    count: int,
) -> dict[int, Array] | None:
    """Return the leaves of `graph` at `count` points, the first of them the scenario's own.

    Only points where all of `wanted` are finite are taken; None if there are too few.  Labels
    stay labels, 0/1 data 0/1, positive data positive.
    """
    rng = np.random.default_rng([_SEED, seed])
    leaves = [node for node in graph.nodes if node.kind in (Kind.PARAMETER, Kind.DATA)]
    whole = _whole_numbers(graph)
    sizes = frozenset(size for node in leaves for size in node.shape if size > 1)
    needed = needed_for(nodes, wanted)
    own = {node.id: np.asarray(values[node.name], dtype=np.float64)[None] for node in leaves}
    kept = {id: [value] for id, value in own.items()}
    tried = min(4 * count, max(count, NUMBERS // _numbers(nodes)))
    for boldness in range(_TRIES, 0, -1):
        spread = boldness / _TRIES
        points = {
            node.id: _drawn(node, own[node.id][0], tried, spread, whole, sizes, rng)
            for node in leaves
        }
        good = _finite(nodes, points, [id for id in wanted if id in needed], tried)
        for id, value in points.items():
            kept[id].append(value[good])
        if sum(map(len, kept[leaves[0].id])) >= count:
            return {id: np.concatenate(parts)[:count] for id, parts in kept.items()}
    return None


def _drawn(
    node: Node, value: Array, count: int, spread: float, whole: frozenset[int],
    sizes: frozenset[int], rng: np.random.Generator,
) -> Array:  # fmt: skip
    shape = (count, *value.shape)
    repeated = np.broadcast_to(value, shape)
    if node.kind is Kind.DATA:
        if node.id in whole:
            return rng.permuted(repeated.reshape(count, -1), axis=1).reshape(shape)
        if np.all((value == 0) | (value == 1)):
            return _binary(value, shape, rng)
        if _is_structure(value, sizes):
            return repeated
        if np.all(np.abs(value) == 1):
            return np.where(rng.integers(0, 2, shape) == 1, 1.0, -1.0)
        if value.ndim == 2 and np.all(value >= 0) and np.allclose(value.sum(axis=1), 1):
            return rng.dirichlet(np.ones(value.shape[1]), shape[:2])
    size = (
        np.sqrt(np.mean(np.square(value), axis=0, keepdims=True)) if value.ndim else np.abs(value)
    )
    size = np.where(size > 0, size, 0.5)
    if value.ndim == 2 and value.shape[0] == value.shape[1] and np.array_equal(value, value.T):
        drawn = float(np.sqrt(np.mean(np.square(value)))) * rng.normal(size=shape)
        symmetric: Array = (drawn + np.swapaxes(drawn, 1, 2)) / np.sqrt(2)
        return symmetric
    if spread < 1 or (node.kind is Kind.DATA and np.all(value > 0)):
        grown = repeated * np.exp(spread * rng.normal(size=shape))
        return grown if node.kind is Kind.DATA else grown + 0.1 * spread * rng.normal(size=shape)
    return size * rng.normal(size=shape)


def _binary(value: Array, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    """Return random 0/1 data; rows with a single 1 keep a single 1."""
    if value.ndim == 2 and np.all(value.sum(axis=1) == 1):
        chosen = rng.integers(0, value.shape[1], shape[:2])
        return np.eye(value.shape[1])[chosen]
    return rng.integers(0, 2, shape).astype(np.float64)


def _is_structure(value: Array, sizes: frozenset[int]) -> bool:
    """Return whether data is a mask or the size of an axis rather than a measurement."""
    if value.ndim == 0:
        return float(value) in sizes
    return value.size >= 4 and np.unique(value).size == 2


def _whole_numbers(graph: Graph) -> frozenset[int]:
    return frozenset(node.inputs[_LABELS[node.op]] for node in graph.nodes if node.op in _LABELS)


def _finite(
    nodes: Sequence[Node], leaves: Mapping[int, Array], wanted: Sequence[int], count: int
) -> NDArray[np.bool_]:
    at = Interpreter(nodes, leaves, count)
    good = np.ones(count, dtype=bool)
    for id in wanted:
        good &= np.isfinite(at.value(id)).reshape(count, -1).all(axis=1)
    return good
