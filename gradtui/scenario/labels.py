"""Labels and tokens in the data: whole numbers from 0, below the count that the model gives."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gradtui.base.text import number
from gradtui.engine.graph import Graph, Kind, Node
from gradtui.engine.ops import OPS
from gradtui.scenario.data import Data


def check_labels(graph: Graph, tables: Sequence[Data]) -> None:
    """Refuse the first label that is not a class, or token that is not a row, in all the data.

    The graph takes a name from the last of the `tables` that has it.
    """
    for node in graph.nodes:
        entry = OPS.get(node.op)
        if entry is None or entry.below is None:
            continue
        operands = [graph.nodes[id] for id in node.inputs]
        source = operands[entry.operands.index(entry.index)]
        while source.kind is Kind.OPERATION and OPS[source.op].rearranges:
            source = graph.nodes[source.inputs[0]]
        table = next((t for t in reversed(tables) if source.name in t.values), None)
        if source.kind is Kind.DATA and table is not None:
            count = entry.below([operand.shape for operand in operands], node.shape)
            _check(table, source.name, node, count)


def label_names(graph: Graph) -> frozenset[str]:
    """Return the names of data that the model only indexes with, which have no gradient."""
    numbers, read = set[int](), set[int]()
    for node in reversed(graph.nodes):
        entry = OPS.get(node.op)
        if entry is None:
            continue
        read.update(node.inputs)
        index = entry.operands.index(entry.index) if entry.index else None
        if not entry.rearranges or node.id in numbers:
            numbers.update(id for slot, id in enumerate(node.inputs) if slot != index)
    return frozenset(node.name for node in graph.data if node.id in read - numbers)


def _check(table: Data, name: str, node: Node, count: int) -> None:
    values = table.values[name]
    bad = np.argwhere((values != np.floor(values)) | (values < 0) | (values >= count))
    if not len(bad):
        return
    index = tuple(int(i) for i in bad[0])
    got = number(float(values[index]))
    line = f" ({node.op} in line {node.place.line})" if node.place else ""
    said = f"'{name}' must hold whole numbers from 0 to {count - 1}{line}, got {got}"
    first = values.min()
    if first > 0 and values.max() - first < count and np.all(values == np.floor(values)):
        said += f": these begin at {number(float(first))}; count from 0 in the model, with "
        said += f"{name} - {number(float(first))}"
    raise table.error(name, index, said)
