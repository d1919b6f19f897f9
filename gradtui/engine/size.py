"""How much one training step may take: numbers in memory, multiplications of matrix products."""

from __future__ import annotations

import math
from collections.abc import Sequence

from gradtui.base.source import InputError
from gradtui.base.text import shape_text
from gradtui.engine.graph import Graph, Kind, Node
from gradtui.engine.indices import multiplied
from gradtui.engine.ops import OPS

MAX_OPERATIONS = 12_000
"""Operations of a model, as it is written."""
MAX_NUMBERS = 50_000_000
"""Numbers in all values of a step together, gradients and update included: 400 MB in float64."""
MAX_PRODUCTS = 2_000_000_000
"""Multiplications in all its matrix products together: about a second."""


def check_operations(graph: Graph) -> None:
    """Raise InputError, at the first operation too many, for a model of too many."""
    operations = [node for node in graph.nodes if node.kind is Kind.OPERATION]
    if len(operations) > MAX_OPERATIONS:
        raise InputError(
            f"the model is too large: {len(operations):,} operations, the limit is "
            f"{MAX_OPERATIONS:,}",
            operations[MAX_OPERATIONS].place,
        )


def check_size(nodes: Sequence[Node]) -> None:
    """Raise InputError, at what takes the most, for a step that is too large to be looked at."""
    for measured, limit, what in (
        ([math.prod(node.shape) for node in nodes], MAX_NUMBERS, "numbers"),
        ([_multiplications(nodes, node) for node in nodes], MAX_PRODUCTS, "multiplications"),
    ):
        if sum(measured) > limit:
            most = max((n for n in nodes if n.place), key=lambda node: measured[node.id])
            raise InputError(
                f"the model is too large: a step takes {sum(measured):,} {what}, the limit is "
                f"{limit:,}; most are in this array of shape {shape_text(most.shape)}",
                most.place,
            )


def _multiplications(nodes: Sequence[Node], node: Node) -> int:
    if node.kind is not Kind.OPERATION or OPS[node.op].elements is not multiplied:
        return 0
    return math.prod(node.shape) * math.prod(nodes[node.inputs[0]].shape[-1:])
