"""A tape -> a graph: everything that the loss depends on, as operations of the registry."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from gradtui.base.source import Place
from gradtui.base.text import clean
from gradtui.engine.builder import Builder
from gradtui.engine.graph import Graph, Kind, Statement
from gradtui.engine.lowering import lower_tree
from gradtui.language.parser import Name, parse_rule
from gradtui.recording.slopes import slopes
from gradtui.recording.tape import Added, Call, Leaf, Moved, Tape, operands
from gradtui.tracing.moves import Arrangement, arrangement
from gradtui.tracing.naming import Names, bound_names, computed_name, leaf_name, loss_name
from gradtui.tracing.visits import Visits

Array = NDArray[Any]
_rule = lru_cache(1024)(parse_rule)
"""A run of many rounds repeats the same operations."""
_CONTRACTIONS = {2: "einsum", 3: "einsum3"}
"""The number of operands -> the operation."""


class Lowered(Struct, frozen=True, eq=False):
    """The forward pass of a recorded run as a graph."""

    graph: Graph
    values: Mapping[str, Array]
    """The values of all leaves by name."""
    root: int
    """The node of the tape that is the loss."""
    nodes: Mapping[int, int]
    """Node of the tape -> the node of the graph with its value: leaves and statements."""
    statements: Mapping[int, int]
    """The nodes among them that are statements."""


def lower_tape(
    tape: Tape, root: int, visits: Visits, parameters: Sequence[str], place: Place
) -> Lowered:
    """Return a graph whose loss is a node of a tape, with everything it was computed from.

    `parameters` are the arguments whose gradients matter; `place` is that of the function, for
    nodes without a line of the user's.  Raises InputError if a graph cannot hold them all.
    """
    return _Lowering(tape, root, visits, parameters, place).lowered()


class _Lowering:
    def __init__(
        self, tape: Tape, root: int, visits: Visits, parameters: Sequence[str], place: Place
    ) -> None:
        self.tape, self.root, self.visits, self.place = tape, root, visits, place
        self.parameters = parameters
        self.builder = Builder()
        self.bound = bound_names(visits)
        self.loss = loss_name(visits, root)
        self.names = Names(last=self.loss)
        self.values: dict[str, Array] = {}
        self.named: dict[str, int] = {}
        self.floats = _floats(tape)
        self.done: dict[int, int] = {}
        """Node of the tape -> node of the graph."""

    def lowered(self) -> Lowered:
        for name, id in self.tape.arguments.items():
            kind = Kind.PARAMETER if name in self.parameters else Kind.DATA
            self.done[id] = self._leaf(kind, name, self.tape.value(id))
        roots = self._roots()
        statements = [self._statement(id, roots) for id in sorted(roots)]
        loss = self.done[self.root]
        graph = Graph(
            tuple(self.builder.nodes), MappingProxyType(dict(self.named)), tuple(statements), loss
        )
        own = {id: self.done[id] for id in roots}
        return Lowered(graph, MappingProxyType(self.values), self.root,
                       MappingProxyType(self.done), MappingProxyType(own))  # fmt: skip

    def _computed(self, id: int) -> bool:
        """Return whether a node becomes operations; otherwise it is a given value."""
        node = self.tape.nodes[id]
        if isinstance(node, Leaf) or not self.floats[id]:
            return False
        if self.tape.active[id] or isinstance(node, Added) or id in self.tape.contractions:
            return True
        return len(node.inputs) == 1 if isinstance(node, Moved) else node.form is not None

    def _sources(self, id: int) -> tuple[int, ...]:
        if id in self.tape.contractions:
            return self.tape.contractions[id].inputs
        node = self.tape.nodes[id]
        return () if isinstance(node, Leaf) else tuple(node.inputs)

    def _roots(self) -> frozenset[int]:
        """Return the nodes that are statements: named ones, and those that several lines read.

        Unnamed rearrangements of elements belong to each line that reads them.
        """
        roots = {self.root}
        homes: dict[int, set[int]] = {self.root: {self.root}}
        for id in range(self.root, -1, -1):
            if id not in homes or not self._computed(id):
                continue
            moved = isinstance(self.tape.nodes[id], Moved)
            if id in self.bound or not (moved or self._alone(id, homes[id])):
                roots.add(id)
            if id in roots:
                homes[id] = {id}
            for source in self._sources(id):
                homes.setdefault(source, set()).update(homes[id])
        return frozenset(roots)

    def _alone(self, id: int, homes: Collection[int]) -> bool:
        """Return whether a single statement, of the same visit, reads a node."""
        return len(homes) == 1 and all(self.visits.of(h) == self.visits.of(id) for h in homes)

    def _statement(self, root: int, roots: frozenset[int]) -> Statement:
        """Append the operations of a statement and name its value."""
        builder, first = self.builder, len(self.builder.nodes)
        place = self._place(root)
        made = dict[int, int]()
        pending = [root]
        while pending:
            id = pending[-1]
            if id in made or id in self.done:
                pending.pop()
                continue
            if id != root and (id in roots or not self._computed(id)):
                made[id] = self._given(id)
                continue
            missing = [one for one in self._sources(id) if one not in made and one not in self.done]
            if missing:
                pending += missing
                continue
            made[id] = self._operation(id, [made.get(i, self.done.get(i, -1)) for i in
                                            self._sources(id)], place)  # fmt: skip
        node = made.get(root, self.done.get(root, -1))
        if node < first or builder.nodes[node].kind is not Kind.OPERATION:
            node = builder.apply("identity", (node,), place=place)
        name = clean(self.loss)
        if root != self.root:
            name = self.names.take(computed_name(self.tape, root, self.visits, self.bound))
        builder.rename(node, name, place)
        self.done[root] = self.named[name] = node
        inside = range(len(builder.nodes) - 1, first - 1, -1)
        own = tuple(id for id in inside if builder.nodes[id].kind is Kind.OPERATION)
        return Statement(name, node, own, place)

    def _place(self, root: int) -> Place:
        visit = self.visits.of(root)
        if visit < 0:
            return self.tape.nodes[root].place or self.place
        here = self.visits.visits[visit]
        return Place(here.first, file=here.file)

    def _given(self, id: int) -> int:
        """Return the leaf for a value that the run did not compute."""
        value, node = self.tape.value(id), self.tape.nodes[id]
        if isinstance(node, Leaf) and node.place is None and value.shape == ():
            return self.builder.constant(float(value))
        if id in self.done:
            return self.done[id]
        outside = isinstance(node, Leaf) and self.visits.precedes(id)
        kind = Kind.DATA if outside else Kind.RECORDED
        if isinstance(node, Leaf):
            text = leaf_name(self.tape, id, self.visits, self.bound)
        else:
            text = computed_name(self.tape, id, self.visits, self.bound)
        self.done[id] = self._leaf(kind, text, value)
        return self.done[id]

    def _leaf(self, kind: Kind, text: str, value: Array, *, shown: bool = True) -> int:
        name = self.names.take(text)
        with np.errstate(over="ignore"):  # a longdouble may be larger than any float64
            self.values[name] = np.asarray(value, dtype=np.float64)
        leaf = self.builder.leaf(kind, name, value.shape)
        if shown:
            self.named[name] = leaf
        return leaf

    def _operation(self, id: int, inputs: Sequence[int], place: Place) -> int:
        """Append a node of the tape, given the nodes of its operands."""
        node = self.tape.nodes[id]
        place = node.place or place
        if id in self.tape.contractions:
            told = {"subscripts": self.tape.contractions[id].subscripts}
            return self.builder.apply(_CONTRACTIONS[len(inputs)], tuple(inputs), told, place)
        match node:
            case Moved(sources, index):
                return self._moved(sources, inputs, index, place)
            case Added(_, index, shape):
                leaf = self._index(index)
                return self.builder.apply("spread", (inputs[0], leaf), {"shape": shape}, place)
            case Call(form=None):
                return self._opaque(node, inputs, self.tape.value(id))
            case Call():
                names = dict(zip(operands(len(inputs)), inputs, strict=True))
                assert node.form is not None
                return self._written(node.form.text, names, dict(node.form.options))
            case Leaf():
                raise AssertionError("a leaf is no operation")

    def _written(self, text: str, names: Mapping[str, int], options: Mapping[str, Any]) -> int:
        def resolve(name: Name) -> int:
            return names[name.name]

        return lower_tree(_rule(text), self.builder, resolve, options)

    def _index(self, index: NDArray[np.intp]) -> int:
        return self._leaf(Kind.RECORDED, "positions", index, shown=False)

    def _moved(
        self, sources: Sequence[int], inputs: Sequence[int], index: NDArray[np.intp], place: Place
    ) -> int:
        """Append rearranged elements of several concatenated values."""
        builder = self.builder
        if len(inputs) == 1:
            way, node = arrangement(self.tape.shape(sources[0]), index), inputs[0]
        elif (filled := self._filled(sources, inputs, index, place)) is not None:
            return filled
        else:
            way, node = Arrangement("gather"), self._joined(inputs, place)
        options = dict(way.options)
        if way.op != "gather":
            return builder.apply(way.op, (node,), options, place)
        return builder.apply("gather", (node, self._index(index)), options, place)

    def _filled(
        self, sources: Sequence[int], inputs: Sequence[int], index: NDArray[np.intp], place: Place
    ) -> int | None:
        """Append a value with some elements overwritten by a number, such as `x[x < 0] = 0`.

        None if the index means something else.
        """
        shapes = [self.tape.shape(source) for source in sources]
        whole = [at for at, shape in enumerate(shapes) if shape == index.shape and index.size > 1]
        if len(shapes) != 2 or len(whole) != 1 or math.prod(shapes[1 - whole[0]]) != 1:
            return None
        at = whole[0]
        starts = (0, math.prod(shapes[0]))
        kept = index == np.arange(index.size).reshape(index.shape) + starts[at]
        if not np.all(kept | (index == starts[1 - at])):
            return None
        mask = self._leaf(Kind.RECORDED, "mask", kept, shown=False)
        number = inputs[1 - at]
        if self.builder.nodes[number].shape:
            number = self.builder.apply("reshape", (number,), {"shape": ()}, place)
        return self.builder.apply("where", (mask, inputs[at], number), {}, place)

    def _joined(self, inputs: Sequence[int], place: Place) -> int:
        """Append the elements of several values, flattened and concatenated."""
        builder = self.builder
        parts = [
            builder.apply("reshape", (id,), {"shape": (math.prod(builder.nodes[id].shape),)}, place)
            for id in inputs
        ]
        while len(parts) > 1:
            # In halves: one by one, thousands of arrays would be copied thousands of times.
            parts = [
                builder.apply("concat", tuple(parts[at : at + 2]), {"axis": 0}, place)
                if at + 1 < len(parts) else parts[at]
                for at in range(0, len(parts), 2)
            ]  # fmt: skip
        return parts[0]

    def _opaque(self, call: Call, inputs: Sequence[int], value: Array) -> int:
        """Append a recorded value that changes linearly, with its central differences as slope."""
        values = [self.tape.value(id) for id in call.inputs]
        node = self._leaf(Kind.RECORDED, f"value of {call.name}", value, shown=False)
        wanted = [at for at, id in enumerate(call.inputs) if self.tape.active[id]]
        for at in wanted:
            slope = slopes(call, values, at)
            names = {
                "value": node,
                "moved": inputs[at],
                "at": self._leaf(Kind.RECORDED, f"point of {call.name}", values[at], shown=False),
                "slope": self._leaf(Kind.RECORDED, f"slope of {call.name}", slope, shown=False),
            }
            shape = {"flat": (values[at].size,), "whole": value.shape}
            node = self._written(_POINTWISE if call.elementwise else _MIXING, names, shape)
        return node


_POINTWISE = "value + slope*(moved - at)"
_MIXING = "value + reshape(slope@reshape(moved - at, shape=flat), shape=whole)"


def _floats(tape: Tape) -> list[bool]:
    """Return which nodes are of floats, without moving any elements."""
    found: list[bool] = []
    for id, node in enumerate(tape.nodes):
        if isinstance(node, Moved | Added):
            found.append(any(found[source] for source in node.inputs))
        else:
            found.append(tape.value(id).dtype.kind == "f")
    return found
