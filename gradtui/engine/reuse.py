"""Which results are written into the memory of an operand that nothing reads afterwards."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence

import numpy as np

from gradtui.engine.graph import Kind, Node
from gradtui.engine.ops import OPS

LEAST = 10_000
"""Numbers of an array from which on fresh memory takes longer than arithmetic on it."""
_FUNCTIONS = {"+": "add", "-": "subtract", "*": "multiply", "/": "divide", "neg": "negative",
              "sqrt": "sqrt"}  # fmt: skip
_POWERS = {2.0: "square", 0.5: "sqrt"}
"""NumPy's names of operations whose bits IEEE 754 guarantees, wherever they are written."""
WRITING = {name: getattr(np, name) for name in {*_FUNCTIONS.values(), *_POWERS.values()}}
"""The functions that the code calls."""


def reused(
    nodes: Sequence[Node], computed: Sequence[Node], ending: Mapping[int, Collection[int]]
) -> dict[int, int]:
    """Return the operand whose memory takes the result, by node.

    `ending` are the arrays that nothing reads after a node.  An array's memory is its own if it was
    made by an operation that copies, and if all that read it copy, too.
    """
    copied = {node.id for node in computed if _copies(node)}
    shared = {id for node in computed if node.id not in copied for id in node.inputs}
    found: dict[int, int] = {}
    for node in computed:
        if math.prod(node.shape) >= LEAST and _function(nodes, node):
            own = copied.intersection(ending.get(node.id, ())) - shared
            fitting = [id for id in node.inputs if id in own and nodes[id].shape == node.shape]
            if fitting:
                found[node.id] = fitting[0]
    return found


def code_into(nodes: Sequence[Node], node: Node, texts: Sequence[str], memory: str) -> str:
    """Return the Python expression of a node that writes its result into an array."""
    operands = texts[:1] if node.op == "**" else texts
    return f"{_function(nodes, node)}({', '.join([*operands, memory])})"


def _function(nodes: Sequence[Node], node: Node) -> str | None:
    """Return NumPy's name of a node's operation; None if its bits may depend on the memory."""
    if node.op != "**":
        return _FUNCTIONS.get(node.op)
    power = nodes[node.inputs[1]]
    return _POWERS.get(power.value) if power.kind is Kind.CONSTANT else None


def _copies(node: Node) -> bool:
    """Return whether an operation's result shares no memory with its operands."""
    if node.op not in OPS:
        return False
    return node.op == "@" or (OPS[node.op].elementwise and node.op != "identity")
