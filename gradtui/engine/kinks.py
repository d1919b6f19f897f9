"""The nodes of a step that are exactly where a derivative jumps. Has no words of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradtui.engine.builder import Builder
from gradtui.engine.compiler import Compiler, Mode
from gradtui.engine.graph import Kind, Node
from gradtui.engine.operation import Kink
from gradtui.engine.ops import OPS
from gradtui.engine.reverse import apply_rule, unreduced
from gradtui.engine.tape import Tape

Mask = NDArray[np.bool_]
_TINY, _HUGE = 1e-3, 1e3
"""Sizes of bounds that are closer to 0, or larger, than what a model means."""


def on_kink(tape: Tape, node_id: int) -> str | None:
    """Return the convention for a node's derivative, if it is exactly on a kink."""
    kink = _kink_of(tape.program.graph.nodes, node_id)
    return kink.convention if kink and kink_mask(tape, node_id) is not None else None


def kink_mask(tape: Tape, node_id: int) -> Mask | None:
    """Return, in a node's shape, which elements are exactly on a kink; None if none is.

    A node counts only if its value there changes with a parameter: a mask computed from data alone
    never moves, so its derivative is not in question.
    """
    nodes = tape.program.graph.nodes
    kink = _kink_of(nodes, node_id)
    if kink is None or not _concerns(kink, nodes[node_id], moving(nodes)):
        return None
    builder, node = Builder(nodes, simplify=True), nodes[node_id]
    where = apply_rule(builder, kink.where, node, {"out": unreduced(builder, node, node_id)})
    operands = {node_id, *node.inputs}
    given = [n.id for n in nodes if n.kind is not Kind.CONSTANT
             and (n.kind is not Kind.OPERATION or n.id in operands)]  # fmt: skip
    dtype = tape.value(tape.program.graph.loss).dtype.name
    compiler = Compiler(builder.nodes, {}, Mode.ARRAY, dtype)
    (found,) = compiler.evaluate(given, [where])(*(tape.value(id) for id in given))
    mask = _mask(found, node)
    return mask if np.any(mask) else None


def keeps_range(bound: NDArray[Any] | float) -> bool:
    """Return whether a bound only keeps numbers from 0, or from overflow.

    Gradients seldom take such a one into account.
    """
    size = np.abs(np.asarray(bound, np.float64))
    return bool(np.all(((size > 0) & (size < _TINY)) | (size > _HUGE)))


def _kink_of(nodes: Sequence[Node], id: int) -> Kink | None:
    entry = OPS.get(nodes[id].op) if id < len(nodes) else None
    return entry.kink if entry else None


def _concerns(kink: Kink, node: Node, moving: frozenset[int]) -> bool:
    """Return whether an operand that causes the kink moves."""
    formals = OPS[node.op].operands
    named = kink.operands or formals
    return any(i in moving for f, i in zip(formals, node.inputs, strict=True) if f in named)


def moving(nodes: Sequence[Node]) -> frozenset[int]:
    """Return the nodes whose derivative by some parameter is not 0 everywhere."""
    found: set[int] = set()
    for node in nodes:
        if node.kind is Kind.PARAMETER or any(
            source in found and not _is_flat(nodes, node, slot)
            for slot, source in enumerate(node.inputs)
        ):
            found.add(node.id)
    return frozenset(found)


def _is_flat(nodes: Sequence[Node], node: Node, slot: int) -> bool:
    entry = OPS[node.op]
    if entry.partials:
        return entry.partials[slot] == "0"
    assert entry.vjps is not None
    return entry.vjps([nodes[id].shape for id in node.inputs])[slot] == "0"


def _mask(value: Any, node: Node) -> Mask:
    found: Mask = np.asarray(value) != 0
    if OPS[node.op].reduction:
        found = found.reshape(node.shape)
    return np.broadcast_to(found, node.shape)
