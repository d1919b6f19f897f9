"""What the number in a wrong factor counts: the rows of an array, its columns, a mean's numbers.

It is told only where the code leaves no doubt: all axes of that size must be one and the same.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Iterator
from typing import Any

import numpy as np

from gradtui.diagnosis.recorded.point import Point
from gradtui.recording.tape import Call, Leaf, Tape

Axis = tuple[int, int]
"""(node, number of one of its axes)."""
_COUNT = re.compile(r"-?(?:1/)?(\d+)")
_MOST = 4_000
"""Most nodes of a loss that are looked at."""


def size_told(
    factor: str | None, point: Point, function: Callable[..., Any], judged: Collection[str]
) -> str:
    """Return `7 = the rows of X: the loss is a mean over them`; empty if that is not certain."""
    found = None if factor is None else _COUNT.fullmatch(factor)
    many = 0 if found is None else int(found[1])
    tape = point.result.tape
    nodes = tape.sources(point.root)
    if many < 2 or len(nodes) > _MOST or (many == 2 and _squares(tape, nodes)):
        return ""
    if any(_is_amount(tape, id, many) for id in nodes):
        return ""
    means = [call for id in nodes if (call := _average(tape, id, many)) is not None]
    groups = _groups(tape, nodes, many)
    if not groups:
        whole = any(math.prod(tape.shape(call.inputs[0])) == many for call in means)
        return f"{many:,} = the numbers that are averaged: the loss is a mean" if whole else ""
    if len(groups) > 1:
        return ""
    names = _names(tape, nodes, function)
    named = [(id, axis) for id, axis in groups[0] if id in names]
    if not named:
        return ""
    # Data come first, and matrices before vectors: these have rows and columns.
    id, axis = min(
        named, key=lambda one: (names[one[0]] in judged, len(tape.shape(one[0])) == 1, one[0])
    )
    over = ": the loss is a mean over them" if means else ""
    return f"{many:,} = {_axis_of(names[id], axis, len(tape.shape(id)))}{over}"


def _squares(tape: Tape, nodes: list[int]) -> bool:
    """Return whether there is a square, whose derivative has a 2 of its own."""
    calls = [one for id in nodes if isinstance(one := tape.nodes[id], Call)]
    return any(
        one.name in ("square", "power") or len(set(one.inputs)) < len(one.inputs) for one in calls
    )


def _is_amount(tape: Tape, id: int, many: int) -> bool:
    """Return whether a number of the program that is no integer may be the factor itself."""
    amount = isinstance(tape.nodes[id], Leaf) and not tape.shape(id) and id not in tape.whole
    value = abs(float(tape.value(id))) if amount and tape.value(id).dtype.kind == "f" else 0.0
    return value in (many, 1 / many)


def _average(tape: Tape, id: int, many: int) -> Call | None:
    """Return the call that takes a mean of so many numbers, or divides a sum by their number."""
    call = tape.nodes[id]
    if not isinstance(call, Call) or not call.inputs:
        return None
    size = math.prod(tape.shape(call.inputs[0]))
    if call.name == "mean":
        return call if size == many * math.prod(tape.shape(id)) else None
    if call.name != "divide" or size > 1 or tape.shape(call.inputs[-1]):
        return None
    before = [tape.nodes[source] for source in tape.sources(call.inputs[0])]
    summed = any(isinstance(one, Call) and one.name == "sum" for one in before)
    return call if summed and tape.value(call.inputs[-1]) == many else None


def _groups(tape: Tape, nodes: list[int], many: int) -> list[list[Axis]]:
    """Return the axes of a size, those that the code makes one and the same together."""
    parent: dict[Axis, Axis] = {
        (id, axis): (id, axis)
        for id in nodes
        for axis, size in enumerate(tape.shape(id))
        if size == many
    }

    def root_of(axis: Axis) -> Axis:
        while parent[axis] != axis:
            axis = parent[axis]
        return axis

    for id in nodes:
        for one, other in _same_axes(tape, id):
            if one in parent and other in parent:
                parent[root_of(one)] = root_of(other)
    groups = dict[Axis, list[Axis]]()
    for axis in parent:
        groups.setdefault(root_of(axis), []).append(axis)
    return list(groups.values())


def _same_axes(tape: Tape, id: int) -> Iterator[tuple[Axis, Axis]]:
    """Yield pairs of axes that a call makes one and the same."""
    call, rank = tape.nodes[id], len(tape.shape(id))
    if not isinstance(call, Call) or not call.inputs:
        return
    ranks = {source: len(tape.shape(source)) for source in call.inputs}
    if call.elementwise:
        for source, own in ranks.items():
            yield from (((source, own - at), (id, rank - at)) for at in range(1, own + 1))
    elif call.form is not None and call.form.text == "a@b":
        a, b = call.inputs
        yield (a, ranks[a] - 1), (b, max(0, ranks[b] - 2))
        if ranks[a] > 1:
            yield from (((a, at), (id, at + rank - ranks[a] + (ranks[b] < 2)))
                        for at in range(ranks[a] - 1))  # fmt: skip
        if ranks[b] > 1:
            yield (b, ranks[b] - 1), (id, rank - 1)
    elif call.form is not None and "axis" in (options := dict(call.form.options)):
        (source,) = call.inputs[:1]
        gone = options["axis"]
        gone = [gone] if isinstance(gone, int) else list(gone or range(ranks[source]))
        dropped = {at % ranks[source] for at in gone} if ranks[source] else set()
        left = [at for at in range(ranks[source]) if at not in dropped]
        kept = range(ranks[source]) if options.get("keepdims") else left
        yield from (((source, at), (id, to)) for to, at in enumerate(kept) if to < rank)


def _names(tape: Tape, nodes: list[int], function: Callable[..., Any]) -> dict[int, str]:
    """Return the names of leaves: those of arguments, and of the program's own arrays."""
    code, around = getattr(function, "__code__", None), getattr(function, "__globals__", {})
    arrays = {
        name: value
        for name in (code.co_names if code is not None else ())
        if isinstance(value := around.get(name), np.ndarray) and value.dtype.kind in "biufc"
    }
    found = dict[int, str]()
    for id in nodes:
        leaf = tape.nodes[id]
        if not isinstance(leaf, Leaf) or not tape.shape(id):
            continue
        same = (name for name, value in arrays.items() if np.array_equal(value, tape.value(id)))
        name = leaf.name or next(same, "")
        if name:
            found[id] = name
    return found


def _axis_of(name: str, axis: int, rank: int) -> str:
    if rank == 1:
        return f"the numbers in {name}"
    word = "rows" if axis == 0 else "columns" if axis == rank - 1 else ""
    return f"the {word} of {name}" if word else f"axis {axis} of {name}"
