"""Limits of one training step, which grow with the memory that a model may take."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

from gradtui.base.memory import VARIABLE, allowed_memory, grown, lifted, memory_text
from gradtui.base.source import InputError, Place
from gradtui.base.text import shape_text
from gradtui.engine.graph import Graph, Kind, Node
from gradtui.engine.indices import multiplied
from gradtui.engine.moves import left_out_of_tapes
from gradtui.engine.ops import OPS
from gradtui.engine.program import StepProgram

MAX_OPERATIONS = 12_000
"""Most operations of a model, as written, for each gigabyte."""
MAX_OF_CALL = 50_000
"""Most operations of a call of the user's own code, which is not trained, for each gigabyte."""
_BYTES, _COPIES = 8, 5
"""Bytes of a number; copies of the state in memory while a step is computed."""
MAX_PRODUCTS = 2_000_000_000
"""Most multiplications in all its matrix products, for each gigabyte: about a second."""
_CALL, _AT_A_TIME, _MULTIPLIED = 2.0, 500.0, 20_000.0
"""Estimated microseconds of an operation on arrays; numbers, and multiplications of a matrix
product, that take one microsecond more."""
_BARE = 0.2
"""Estimated microseconds of an operation on bare numbers."""


def check_operations(graph: Graph) -> None:
    """Raise InputError, at the first operation beyond the limit, for a model with too many."""
    operations = [node for node in graph.nodes if node.kind is Kind.OPERATION]
    count, most = len(operations), grown(MAX_OPERATIONS)
    if count > most:
        raise InputError(
            f"the model is too large: {count:,} operations, the limit is {most:,}"
            + lifted(count, MAX_OPERATIONS),
            operations[most].place,
        )


def check_call(graph: Graph) -> None:
    """Raise InputError, at the line with most operations, for a call with too many."""
    counts = Counter[Place]()
    for statement in graph.statements:
        counts[statement.place] += len(statement.operations)
    if counts.total() > grown(MAX_OF_CALL):
        place, most = counts.most_common(1)[0]
        raise InputError(
            f"the debugger opens calls of up to {grown(MAX_OF_CALL):,} operations, and this one "
            f"has {counts.total():,}, {most:,} of them here: give it fewer rounds or rows"
            + lifted(counts.total(), MAX_OF_CALL),
            place,
        )


def step_bytes(program: StepProgram) -> int:
    """Return the estimated bytes of a step and of the state it starts from."""
    left_out = left_out_of_tapes(program)
    shown = sum(_numbers(node) for node in program.nodes if node.id not in left_out)
    state = sum(_numbers(program.nodes[old]) for old, _ in program.state)
    return _BYTES * (shown + _COPIES * state)


def check_size(program: StepProgram) -> None:
    """Raise InputError, at its largest part, for a step that is too large."""
    nodes, needed, allowed = program.nodes, step_bytes(program), allowed_memory()
    if needed > allowed:
        most = max((node for node in nodes if node.place), key=_numbers)
        raise InputError(
            f"the model is too large: a step takes about {memory_text(needed)} of memory, the "
            f"limit is {memory_text(allowed)}; most of it is in arrays such as this one of shape "
            f"{shape_text(most.shape)}. {VARIABLE}={math.ceil(needed / 1e9)} allows "
            f"{math.ceil(needed / 1e9)} GB",
            most.place,
        )
    products = multiplications(nodes)
    if products > grown(MAX_PRODUCTS):
        most = max((n for n in nodes if n.place), key=lambda node: _multiplied(nodes, node))
        raise InputError(
            f"the model is too large: a step takes {products:,} multiplications, the limit is "
            f"{grown(MAX_PRODUCTS):,}; most are in this array of shape {shape_text(most.shape)}"
            + lifted(products, MAX_PRODUCTS),
            most.place,
        )


def _numbers(node: Node) -> int:
    return math.prod(node.shape)


def elements_cost(nodes: Sequence[Node], *, bare: bool) -> float:
    """Return the estimated microseconds of all operations of a program except matrix products.

    It is the same on every machine.  With `bare`, its values are numbers, not arrays.
    """
    operations = [node for node in nodes if node.inputs]
    if bare:
        return _BARE * len(operations)
    return sum(_CALL + math.prod(node.shape) / _AT_A_TIME for node in operations)


def products_cost(nodes: Sequence[Node]) -> float:
    """Return the microseconds, by estimate, that the matrix products of a program take."""
    return multiplications(nodes) / _MULTIPLIED


def multiplications(nodes: Sequence[Node]) -> int:
    """Return the number of multiplications in the matrix products of a program."""
    return sum(_multiplied(nodes, node) for node in nodes)


def _multiplied(nodes: Sequence[Node], node: Node) -> int:
    if node.kind is not Kind.OPERATION or OPS[node.op].elements is not multiplied:
        return 0
    return math.prod(node.shape) * math.prod(nodes[node.inputs[0]].shape[-1:])
