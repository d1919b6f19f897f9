"""The plane of a classifier's two features: the data, and the class predicted at each point.

Knows a step's numbers; knows no screen.
"""

from __future__ import annotations

import math

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from gradtui.engine.classifier import find_classifier
from gradtui.engine.graph import Graph, Kind, needed_for
from gradtui.engine.tape import Tape

Array = NDArray[np.float64]
Classes = NDArray[np.int64]
Range = tuple[float, float]

_MARGIN = 0.1
"""Margin on each side, as a part of the data's extent."""
_NUMBERS = 2_000_000
"""Limit on the numbers that evaluating a grid takes."""


class Plane(Struct, frozen=True):
    """The nodes of a classifier whose scores depend on two features of each row."""

    data: int
    """(rows, 2) the features."""
    scores: int
    """(rows, classes)."""
    labels: int
    """(rows,)."""


class Boundary(Struct, frozen=True, eq=False):
    """The classes that a classifier predicts across its plane at a step."""

    name: str
    """Of the data."""
    ranges: tuple[Range, Range]
    """Of the first feature, to the right, and of the second, upward."""
    said: Classes
    """(rows, columns) of the grid, the class with the largest score at the middle of each part."""
    places: Array
    """(k, 2) the step's rows of the data."""
    labels: Classes
    """(k,) their true classes."""
    found: Classes
    """(k,) their predicted classes."""

    @property
    def accuracy(self) -> float:
        """The part of the step's rows whose predicted class is right."""
        return float(np.mean(self.labels == self.found))


def find_plane(graph: Graph) -> Plane | None:
    """Return the plane of a model's classifier; None without a classifier of two features."""
    nodes = graph.nodes
    found = find_classifier(nodes, range(len(nodes)))
    if found is None or len(nodes[found.scores].shape) != 2:
        return None
    rows = nodes[found.scores].shape[0]
    read = needed_for(nodes, [found.scores])
    given = [n for n in nodes if n.kind is Kind.DATA and n.id in read and n.shape[:1] == (rows,)]
    if len(given) != 1 or given[0].shape != (rows, 2):
        return None
    return Plane(given[0].id, found.scores, found.labels)


@np.errstate(all="ignore")
def boundary_of(graph: Graph, plane: Plane, tape: Tape, size: tuple[int, int]) -> Boundary:
    """Return the predictions at a step on a grid of at most `size` columns and rows."""
    places = np.asarray(tape.value(plane.data), np.float64)
    low, high = places.min(axis=0), places.max(axis=0)
    span = np.where(high > low, high - low, 1.0)
    low, high = low - _MARGIN * span, high + _MARGIN * span
    columns, rows = _affordable(graph, plane, size)
    axes = [
        start + (stop - start) * (np.arange(count) + 0.5) / count
        for start, stop, count in zip(low, high, (columns, rows), strict=True)
    ]
    grid = np.stack(np.meshgrid(*axes), axis=-1).reshape(-1, 2)
    said = np.argmax(_scores(graph, plane, tape, grid), axis=1).reshape(rows, columns)
    scores = np.asarray(tape.value(plane.scores))
    labels = np.asarray(tape.value(plane.labels), np.int64)
    ranges = tuple(zip(low.tolist(), high.tolist(), strict=True))
    return Boundary(
        graph.nodes[plane.data].name, (ranges[0], ranges[1]), said, places, labels,
        np.argmax(scores, axis=1),
    )  # fmt: skip


def _affordable(graph: Graph, plane: Plane, size: tuple[int, int]) -> tuple[int, int]:
    rows = graph.nodes[plane.scores].shape[0]
    each = sum(math.prod(graph.nodes[id].shape) for id in needed_for(graph.nodes, [plane.scores]))
    part = min(1.0, math.sqrt(_NUMBERS * rows / max(1, each) / math.prod(size)))
    return max(2, int(size[0] * part)), max(2, int(size[1] * part))


def _scores(graph: Graph, plane: Plane, tape: Tape, points: Array) -> Array:
    """Return the scores of points, (k, classes), computed in batches as large as a step's."""
    from gradtui.engine.interpreter import Interpreter

    rows, classes = graph.nodes[plane.scores].shape
    count = -(-len(points) // rows)
    filled = np.resize(points, (count * rows, 2)).reshape(count, rows, 2)
    leaves = {
        node.id: np.broadcast_to(np.asarray(tape.value(node.id), np.float64), (count, *node.shape))
        for node in graph.nodes
        if node.kind not in (Kind.OPERATION, Kind.CONSTANT)
    }
    at = Interpreter(graph.nodes, {**leaves, plane.data: filled}, count)
    found: Array = at.value(plane.scores).reshape(-1, classes)[: len(points)]
    return found
