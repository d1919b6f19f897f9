"""Bundles the updates of several parameters: equal operations become one on a single vector.

Only arithmetic whose bits do not depend on the length of an array is bundled, so that updating
every parameter for itself gives the same bits.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence

from msgspec import Struct

from gradtui.engine.graph import Kind, Node
from gradtui.engine.handwritten import Update
from gradtui.engine.ops import is_exact
from gradtui.engine.shapes import Shape
from gradtui.engine.unrolling import Round
from gradtui.language.parser import Option

MAX_NUMBERS = 20_000
"""Longest vector: beyond it, copying takes longer than calls of NumPy."""
PACK, VIEW, FILL = "pack", "view", "fill"
"""Operations that join arrays into a vector, extract one, and repeat a number: they move numbers in
memory and compute nothing."""


def bundle(once: Round, updates: Sequence[Update]) -> Round | None:
    """Return a round with all updates in one; None if they differ, or if one is inspected.

    The state of a round begins with the parameters, followed by the first state of each, and so on.
    """
    nodes = once.nodes
    total = sum(math.prod(nodes[update.parameter].shape) for update in updates)
    if len(updates) < 2 or not 0 < total <= MAX_NUMBERS:
        return None
    numbers: dict[Hashable, int] = {}
    programs = [_read(nodes, update, numbers) for update in updates]
    first = programs[0]
    if first is None or any(one is None or one.result != first.result for one in programs):
        return None
    inside = {id for one in programs if one is not None for id in one.moving}
    given = {old for update in updates for old, _ in update.state}
    if any(id in inside and id not in given for id in once.written):
        return None
    return _Bundler(once, updates, total).round(first.moving)


class _Program(Struct, frozen=True):
    """The operations of an update, in the order of its nodes."""

    moving: tuple[int, ...]
    """Nodes computed from the parameter, its gradient or its states."""
    result: tuple[int, ...]
    """The numbers of its new values, equal for equal computations."""


def _read(nodes: Sequence[Node], update: Update, numbers: dict[Hashable, int]) -> _Program | None:
    """Return the program of an update; None if a part of it is not elementwise and exact."""
    shape = nodes[update.parameter].shape
    leaves = [update.gradient, *(old for old, _ in update.state)]
    known = {id: -1 - place for place, id in enumerate(leaves)}
    moving = dict.fromkeys(leaves)
    for id in _computed(nodes, [new for _, new in update.state], known):
        node = nodes[id]
        if not moving.keys().isdisjoint(node.inputs):
            if not (is_exact(nodes, node) and _fits(nodes, node, moving, shape)):
                return None
            moving[id] = None
        place: Hashable = id if not node.inputs and node.kind is not Kind.CONSTANT else None
        key = (node.op, node.options, node.value, place, tuple(known[i] for i in node.inputs))
        known[id] = numbers.setdefault(key, len(numbers))
    own = tuple(id for id in moving if id not in leaves)
    return _Program(own, tuple(known[new] for _, new in update.state))


def _fits(nodes: Sequence[Node], node: Node, moving: Mapping[int, None], shape: Shape) -> bool:
    """Return whether a node may be part of a vector: other operands are single numbers."""
    others = (nodes[id].shape for id in node.inputs if id not in moving)
    return node.shape == shape and all(other == () for other in others)


def _computed(nodes: Sequence[Node], wanted: Sequence[int], given: Mapping[int, int]) -> list[int]:
    """Return some nodes with their inputs, in order, up to the given ones."""
    found, pending = set[int](), list(wanted)
    while pending:
        id = pending.pop()
        if id not in given and id not in found:
            found.add(id)
            pending.extend(nodes[id].inputs)
    return sorted(found)


class _Bundler:
    def __init__(self, once: Round, updates: Sequence[Update], total: int) -> None:
        self.once, self.updates, self.total = once, updates, total
        self.nodes = list(once.nodes)
        self.place: dict[int, int] = {}
        """Node of the first update -> node of the vector."""
        self.changing = {*once.state, *once.varying}
        """The nodes whose values change from step to step."""
        for node in once.nodes:
            if not self.changing.isdisjoint(node.inputs):
                self.changing.add(node.id)

    def round(self, moving: Sequence[int]) -> Round:
        once, first = self.once, self.updates[0]
        kept = [self._whole(place) for place in range(len(first.state))]
        pack = tuple(update.gradient for update in self.updates)
        self.place[first.gradient] = self._append(Kind.OPERATION, PACK, pack)
        for id in moving:
            node = once.nodes[id]
            own = 1 if node.op == "**" else 0  # an exponent is a number of the code
            filled = node.inputs[: len(node.inputs) - own]
            inputs = (*map(self._operand, filled), *node.inputs[len(filled) :])
            self.place[id] = self._append(Kind.OPERATION, node.op, inputs, node.options)
        rest = len(self.updates) * len(kept)
        after = [self.place[new] for _, new in first.state]
        return Round(
            self.nodes,
            (*kept, *once.state[rest:]),
            (*after, *once.after[rest:]),
            once.varying,
            self._written(kept),
        )

    def _operand(self, id: int) -> int:
        """Return the replacement of an operand of the first update.

        NumPy takes half as long again for an array and a number as for two arrays.
        """
        if id not in self.place and id not in self.changing:
            self.place[id] = self._append(Kind.OPERATION, FILL, (id,))
        return self.place.get(id, id)

    def _whole(self, place: int) -> int:
        """Append the vector of the values at one place of each update's state.

        The separate values become parts of it.
        """
        whole = self._append(Kind.STATE, Kind.STATE.value)
        self.place[self.updates[0].state[place][0]] = whole
        at = 0
        for update in self.updates:
            old = update.state[place][0]
            shape = self.nodes[old].shape
            size = math.prod(shape)
            options = (("start", at), ("stop", at + size), ("shape", shape))
            self.nodes[old] = Node(old, Kind.OPERATION, VIEW, (whole,), shape, options)
            at += size
        return whole

    def _written(self, kept: Sequence[int]) -> tuple[int, ...]:
        """Return the values to write, with a vector in place of all its parts in order."""
        found, left, many = list[int](), list(self.once.written), len(self.updates)
        groups = {
            tuple(update.state[place][0] for update in self.updates): whole
            for place, whole in enumerate(kept)
        }
        gradients = tuple(update.gradient for update in self.updates)
        groups[gradients] = self.place[gradients[0]]
        while left:
            whole = groups.get(tuple(left[:many]))
            found.append(left[0] if whole is None else whole)
            del left[: 1 if whole is None else many]
        return tuple(found)

    def _append(
        self, kind: Kind, op: str, inputs: tuple[int, ...] = (),
        options: tuple[tuple[str, Option], ...] = (),
    ) -> int:  # fmt: skip
        self.nodes.append(Node(len(self.nodes), kind, op, inputs, (self.total,), options))
        return len(self.nodes) - 1
