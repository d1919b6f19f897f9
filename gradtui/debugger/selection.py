"""The selection on the graph: a node, an element under the lens, or a Jacobian."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from msgspec.structs import replace

from gradtui.base.source import did_you_mean
from gradtui.base.text import shape_text
from gradtui.debugger.moments import last_node
from gradtui.debugger.structure import DrawnEdge, Structure, edges_of
from gradtui.engine.elements import flat_index, place_of
from gradtui.engine.graph import Kind
from gradtui.engine.indices import Index
from gradtui.scenario.problem import Problem
from gradtui.scenario.references import as_shown, check_index, read_element

if TYPE_CHECKING:
    from gradtui.engine.lens import Lens, Trace


class Selection:
    """The selected node of a drawn graph, with its lens or its Jacobian.

    It follows the cursor until another node is selected.  `problem`, `structure`, `position` and
    `trace` (the chain rule of the lens) return what is at the cursor; `say` receives messages.
    """

    def __init__(
        self,
        problem: Callable[[], Problem],
        structure: Callable[[], Structure],
        position: Callable[[], int],
        trace: Callable[[], Trace | None],
        say: Callable[[str], None],
    ) -> None:
        self._problem, self._structure = problem, structure
        self._position, self._trace, self._say = position, trace, say
        self.own: int | None = None
        """The node that stays selected; None while it follows the cursor."""
        self.lens: Lens | None = None
        self._matrix: int | None = None

    @property
    def node(self) -> int:
        """The selected node."""
        return self._here if self.own is None else self.own

    @property
    def _here(self) -> int:
        return last_node(self._structure(), self._position(), self._problem())

    @property
    def pinned(self) -> bool:
        """Whether a node stays selected while the cursor moves."""
        return self.own is not None

    def follow(self) -> bool:
        """Follow the cursor again; return whether another node was selected."""
        pinned, self.own = self.pinned, None
        return pinned

    def rejoin(self) -> None:
        """Follow the cursor again if it is at the selected node."""
        if self.lens is None and self.own == self._here:
            self.follow()

    @property
    def selectable(self) -> tuple[int, ...]:
        """The drawn nodes, then the other named ones: data and what is computed from data alone."""
        drawn = self._structure().nodes
        beside = set(self._problem().graph.names.values()).difference(drawn)
        return (*drawn, *sorted(beside))

    def redraw(self) -> None:
        """Keep the selection in another drawing: a node that is not drawn becomes its statement."""
        drawn = self._structure().nodes
        if self.own is not None and self.own not in self.selectable:
            self.own = self._problem().graph.root_of(self.own)
        if self.lens is not None and self.lens.node not in drawn:
            self._aim(self.node)

    @property
    def jacobian(self) -> DrawnEdge | None:
        """The source and the target of the Jacobian on screen, if any."""
        if self._matrix is None:
            return None
        pairs = edges_of(self._structure(), self.node)
        return pairs[min(self._matrix, len(pairs) - 1)] if pairs else None

    def select(self, node: int) -> None:
        """Select a drawn node, or another named one."""
        if node in self.selectable and node != self.own:
            self.own = node
            if node not in self._structure().nodes:
                self.lens = None
            elif self.lens is not None:
                self._aim(node)

    def select_next(self, by: int = 1) -> None:
        """Select the next node in evaluation order, or the previous one if `by` is negative.

        With a lens, go to the node's next element instead.
        """
        if self.lens is not None:
            shape = self._problem().graph.nodes[self.lens.node].shape
            place = (place_of(self.lens.index, shape) + by) % max(1, math.prod(shape))
            self.lens = replace(self.lens, index=flat_index(place, shape))
            return
        nodes = self.selectable
        self.select(nodes[(nodes.index(self.node) + by) % len(nodes)])

    def select_input(self) -> None:
        """Select the first input of the selected node; data only if there is no other.

        Data have no inputs.
        """
        structure, node = self._structure(), self.node
        data = (source for source, root in structure.named_edges if root == node)
        self._move(
            (*structure.inputs.get(node, ()), *data), "is computed from nothing: it is given"
        )

    def select_consumer(self) -> None:
        """Select the first node that is computed from the selected one."""
        structure, node = self._structure(), self.node
        found = structure.consumers.get(node, ()) or structure.readers.get(node, ())
        self._move(found, "is the last: nothing is computed from it")

    def _move(self, found: Iterable[int], otherwise: str) -> None:
        """Select the first of some nodes; without any, say why the selection stays."""
        for there in found:
            self.select(there)
            return
        here = self._problem().graph.nodes[self.node]
        self._say(f"{self._problem().label(here.name) or here.op} {otherwise}")

    def look(self, text: str = "") -> None:
        """Put the lens on an element: `3,1`, `W[3,1]` or `3,1 row 2`; by default the first."""
        try:
            name, index, row = read_element(text, self._problem().graph.names)
            node = self._node_called(name) if name else self.node
            self._aim(node, self._checked(node, index), row)
        except ValueError as error:
            self._say(str(error))

    def leave(self) -> bool:
        """Remove the lens, or else the Jacobian; return whether there was one."""
        there = self.lens is not None or self._matrix is not None
        if self.lens is None:
            self._matrix = None
        self.lens = None
        return there

    def select_row(self, by: int) -> None:
        """Turn to the next row that the element affects, or to the previous one."""
        found = self._trace()
        if self.lens is not None and found is not None:
            rows = found.rows.touched or (found.lens.row,)
            behind = [
                row for row in rows if (row > found.lens.row if by > 0 else row < found.lens.row)
            ]
            at = (min(behind) if by > 0 else max(behind)) if behind else rows[0 if by > 0 else -1]
            self.lens = replace(self.lens, row=at)

    def show_jacobian(self) -> None:
        """Show the selected node's Jacobian by its first input, then by the next, then none.

        A parameter has no inputs: these are the Jacobians of the nodes that read it.
        """
        self.lens = None
        count = len(edges_of(self._structure(), self.node))
        following = 0 if self._matrix is None else self._matrix + 1
        self._matrix = following if following < count else None
        if not count and self.node in self._structure().nodes:
            self._say("nothing is computed from this node")
        elif not count:
            self._say(
                "this is not trained: a Jacobian is by a trained value, or by one that "
                "depends on it"
            )

    def find(self, text: str) -> bool:
        """Select the node called `text`, else the next whose name or operation contains it.

        A repeated search goes on to the next; False if there is none.
        """
        nodes, graph = self.selectable, self._problem().graph
        start = nodes.index(self.node)
        after = (*nodes[start + 1 :], *nodes[:start])
        sought = text.lower()

        def names(node: int) -> tuple[str, str]:
            name = graph.nodes[node].name
            return name, self._problem().label(name)

        exact = (node for node in after if text in names(node))
        called = (node for node in after if sought in map(str.lower, names(node)))
        has = (
            node
            for node in (*after, self.node)
            if any(sought in one.lower() for one in (*names(node), graph.nodes[node].op) if one)
        )
        for node in (*exact, *called, *has):
            self._found(node)
            return True
        self._say(f"no node is called '{text}'")
        return False

    def _found(self, node: int) -> None:
        """Select a node; for one that is not drawn, say which nodes read it."""
        self.select(node)
        structure, graph = self._structure(), self._problem().graph
        if node in structure.nodes:
            return
        found, label = graph.nodes[node], self._problem().label
        readers = [label(graph.nodes[id].name) for id in structure.readers.get(node, ())]
        read = f"read by {readers[0]}" if readers else "the loss does not depend on it"
        what = "data" if found.kind is Kind.DATA else "computed of data alone"
        self._say(f"{label(found.name)} is {what}, {shape_text(found.shape)}: {read}")

    def _aim(self, node: int, index: Index | None = None, row: int | None = None) -> None:
        """Put the lens on an element of a drawn node, by default its first."""
        from gradtui.engine.lens import Lens

        before, shape = self.lens, self._problem().graph.nodes[node].shape
        if node not in self._structure().nodes:
            self._say(
                "this is not trained: the lens is for trained values, and for those that "
                "depend on them"
            )
            return
        if 0 in shape:
            self.lens = None
            self._say("this array has no elements")
            return
        self.own = node
        kept = before.row if before is not None and before.node == node else 0
        self.lens = Lens(node, index or (0,) * len(shape), kept if row is None else row)
        found = self._trace()
        assert found is not None
        count = len(found.rows.contributions)
        if row is not None and row >= count:
            self.lens = before
            self._say(f"there is no row {row:,}: expected one below {count:,}")
        elif row is None and found.rows.touched and found.lens.row not in found.rows.touched:
            self.lens = replace(self.lens, row=found.rows.touched[0])

    def _node_called(self, name: str) -> int:
        """Return the drawn node with a name or a label; raises ValueError without one."""
        drawn = self._structure().nodes
        own = {n: id for n, id in self._problem().graph.names.items() if id in drawn}
        names = as_shown(own, self._problem())
        if name not in names:
            close = did_you_mean(name, names) or "; an element is numbers such as 1, or 3,1"
            raise ValueError(f"no node is called '{name}'{close}")
        return names[name]

    def _checked(self, node: int, index: Index) -> Index:
        """Return an index, the first if it is empty; raises ValueError if it does not fit."""
        found = self._problem().graph.nodes[node]
        index = index or (0,) * len(found.shape)
        check_index(index, self._problem().label(found.name) or found.op, found.shape, plain=True)
        return index
