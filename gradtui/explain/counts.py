"""Over how many values the loss takes a mean on the way from a node."""

from __future__ import annotations

import math
from collections.abc import Iterable

from gradtui.debugger.frame import Frame
from gradtui.explain.symbols import label


def reached(frame: Frame, node: int) -> set[int]:
    """Return the nodes that are computed from a node, directly or not."""
    found = {node}
    for later in frame.graph.nodes:
        if found.intersection(later.inputs):
            found.add(later.id)
    return found - {node}


def counts(frame: Frame, nodes: Iterable[int]) -> set[int]:
    """Return over how many values nodes take means."""
    return {_averaged(frame, node) for node in nodes} - {0, 1}


def of_sum(frame: Frame, count: int) -> str:
    """Return what a gradient is that was not divided by the count of a mean."""
    loss = frame.graph.loss
    whole = f"{label(frame, loss)} is" if _averaged(frame, loss) == count else "the loss takes"
    return f"the gradient of the sum; {whole} a mean: divide by {count:,}"


def _averaged(frame: Frame, node: int) -> int:
    """Return the number of values that a node averages; 0 if it takes no mean."""
    nodes = frame.graph.nodes
    found = nodes[node]
    if found.op == "mean":
        return math.prod(nodes[found.inputs[0]].shape) // max(1, math.prod(found.shape))
    return math.prod(nodes[found.inputs[1]].shape) if found.op == "cross_entropy" else 0
