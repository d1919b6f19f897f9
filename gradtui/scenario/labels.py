"""Labels and tokens that are data: whole numbers from 0 below the count that the model gives."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gradtui.base.text import number
from gradtui.engine.graph import Graph, Kind, Node
from gradtui.scenario.data import Data

_LABELS = {"cross_entropy": 1, "one_hot": 0, "take": 1}
"""Operation -> which operand counts something from 0."""
_REARRANGING = ("reshape", "T", "mT", "transpose", "expand")


def check_labels(graph: Graph, tables: Sequence[Data]) -> None:
    """Refuse the first label that is no class, or token that is no row, of all the data.

    The last of the `tables` that has a name is the one that the graph takes it from.
    """
    for node in graph.nodes:
        if node.op not in _LABELS:
            continue
        source = graph.nodes[node.inputs[_LABELS[node.op]]]
        while source.op in _REARRANGING:
            source = graph.nodes[source.inputs[0]]
        table = next((t for t in reversed(tables) if source.name in t.values), None)
        if source.kind is Kind.DATA and table is not None:
            _check(table, source.name, node, _count(graph, node))


def _count(graph: Graph, node: Node) -> int:
    """Return how many classes or rows there are to choose from."""
    if node.op == "one_hot":
        count = dict(node.options)["k"]
        assert isinstance(count, int)
        return count
    shape = graph.nodes[node.inputs[0]].shape
    return shape[0] if node.op == "take" else shape[-1]


def _check(table: Data, name: str, node: Node, count: int) -> None:
    values = table.values[name]
    bad = np.argwhere((values != np.floor(values)) | (values < 0) | (values >= count))
    if not len(bad):
        return
    index = tuple(int(i) for i in bad[0])
    got = number(float(values[index]))
    line = f" ({node.op} in line {node.place.line})" if node.place else ""
    raise table.error(
        name, index, f"'{name}' must hold whole numbers from 0 to {count - 1}{line}, got {got}"
    )
