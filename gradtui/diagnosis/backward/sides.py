"""The sides of the kinks of a model on which points lie: elsewhere no gradient is compared.

A hinge whose gradient forgets the mask is right wherever every row is short of the kink.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from gradtui.diagnosis.finding import Finding
from gradtui.engine.formula import formula
from gradtui.engine.graph import Graph, Kind
from gradtui.engine.interpreter import Interpreter, fitted
from gradtui.engine.kinks import keeps_range, moving

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

SCALES = (1e1, 1e2, 1e3, 1e4, 1e5)
"""Multiples of the size of the parameters at which the other side of a kink is looked for."""
BELOW, ON, ABOVE = -1, 0, 1
"""Signs of the difference that is 0 on a kink."""
_BENT = frozenset({"relu", "abs", "maximum", "minimum", "<", ">", "<=", ">="})


class Bend(Struct, frozen=True):
    """A kink of a model: where two of its values are equal."""

    node: int
    """The operation with the kink."""
    left: int
    right: int | None
    """The values compared; None for 0."""


class Side(Struct, frozen=True):
    """A side of a kink, on which a gradient has a slope of its own."""

    bend: Bend
    sign: int
    """BELOW or ABOVE."""


def bends(graph: Graph, values: Mapping[int, Array]) -> tuple[Bend, ...]:
    """Return the kinks whose sides parameters decide, given the values of the leaves."""
    movers, found = moving(graph.nodes), list[Bend]()
    for node in graph.nodes:
        if node.op not in _BENT or movers.isdisjoint(node.inputs):
            continue
        left, *rest = node.inputs
        still = [graph.nodes[id] for id in node.inputs if id not in movers]
        bounds = [one.value if one.kind is Kind.CONSTANT else values.get(one.id) for one in still]
        if not any(bound is not None and keeps_range(bound) for bound in bounds):
            found.append(Bend(node.id, left, rest[0] if rest else None))
    return tuple(found)


def on_sides(wanted: Iterable[Side], world: Interpreter) -> dict[Side, Mask]:
    """Return, for each side, which points are on it with some element."""
    return {one: _compared(one.bend, world)[one.sign] for one in wanted}


def unseen(bends: Sequence[Bend], worlds: Iterable[Interpreter]) -> set[Side]:
    """Return the sides of kinks that none of some points is on."""
    left = {Side(bend, sign) for bend in bends for sign in (BELOW, ABOVE)}
    for world in worlds:
        left -= {side for side, mask in on_sides(left, world).items() if mask.any()}
    return left


def _compared(bend: Bend, world: Interpreter) -> dict[int, Mask]:
    shape, lead = world.nodes[bend.node].shape, world.lead
    left = fitted(world.value(bend.left), shape)
    right = 0.0 if bend.right is None else fitted(world.value(bend.right), shape)
    found = {BELOW: left < right, ON: left == right, ABOVE: left > right}
    own = tuple(range(len(lead), len(lead) + len(shape)))
    return {sign: one.any(axis=own) for sign, one in found.items()}


def remarks(graph: Graph, bends: Sequence[Bend], world: Interpreter) -> Iterator[Finding]:
    """Yield a remark on each kink of which the points of a trial are on one side alone.

    What comes to lie on the kink itself, as a square may, cannot get beyond.
    """
    for side in sorted(unseen(bends, [world]), key=lambda one: one.bend.node):
        bend, sign = side.bend, side.sign
        if _compared(bend, world)[ON].any():
            continue
        left, right = ("0" if id is None else _written(graph, id) for id in (bend.left, bend.right))
        here, there = (">", "<") if sign == BELOW else ("<", ">")
        statement = next(one for one in graph.statements if bend.node in one.operations)
        yield Finding(
            rule="relies-on-data",
            severity="info",
            target=statement.name,
            line=statement.place.line,
            message=f"{left} {here} {right} at all points tried, however large the parameters: "
            f"what the gradients are where {left} {there} {right} is not compared",
            evidence={"points": world.lead[0]},
        )


def _written(graph: Graph, id: int) -> str:
    node = graph.nodes[id]
    return node.name or formula(graph.nodes, id, lambda one: one.name or None)
