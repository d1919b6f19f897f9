"""A hand-written backward pass on the nodes of its model: the reads and claims of each line."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from functools import cached_property

from gradtui.base.source import Place
from gradtui.engine.builder import Builder
from gradtui.engine.graph import Graph
from gradtui.engine.handwritten import BackwardProgram, HandLine, lower_backward
from gradtui.engine.reverse import Reverse
from gradtui.engine.shapes import stretches
from gradtui.language.parser import Tree
from gradtui.language.trees import names_read
from gradtui.scenario.problem import Handwritten


class Line:
    """One line of the program."""

    def __init__(self, lowered: HandLine, node: int) -> None:
        self.name = lowered.line.name
        self.tree: Tree = lowered.line.value
        self.place: Place = lowered.line.place
        self.shared = lowered.line.shared
        """Whether it cannot be replaced alone, since its line in the file assigns others too."""
        self.node = node
        """The node of its value; that of the true gradient if the shapes of a claim do not fit."""
        self.target = lowered.target
        """The node of the model whose adjoint it claims to be; None for a helper."""
        self.claimed = lowered.target is not None
        """Whether its value is compared: not if only its name tells its target."""
        self.scope = lowered.scope
        """The names that it can read -> their nodes."""
        self.misfit = lowered.misfit
        """The error in its shapes, if any."""

    @cached_property
    def reads(self) -> frozenset[str]:
        """The names it reads."""
        return frozenset(names_read(self.tree))


class Program:
    """All lines, lowered on the nodes of a model and of its true backward pass."""

    def __init__(
        self, graph: Graph, reverse: Reverse, hand: Handwritten, exact: Collection[str] = ()
    ) -> None:
        builder = Builder(reverse.nodes)
        program = BackwardProgram(hand.program, hand.claims, hand.state, hand.given)
        lowered = lower_backward(builder, graph, reverse.adjoint, program, exact)
        self.lines = tuple(Line(one, one.node) for one in lowered.lines if one.node is not None)
        self.lost = tuple(one for one in lowered.lines if one.node is None)
        """The helpers without a value, because their shapes do not fit."""
        self.nodes = tuple(builder.nodes)
        self.state: Mapping[str, int] = lowered.kept
        """Name that keeps the previous step's value -> the leaf of that value."""
        self._dependents: dict[frozenset[str], frozenset[str]] = {}
        self._by_name = {line.name: line for line in self.lines}
        self.odd = tuple(line.name for line in self.lines if self._is_odd(graph, line))
        """Claims in a shape that does not broadcast to their target's, which makes them helpers."""
        for name in self.odd:
            odd = self._by_name[name]
            odd.target, odd.claimed = None, False
        self.compact: dict[str, int] = {}
        """Line -> the value it is named after, if the shapes differ: one number for several."""
        for name, model in hand.intermediate.items():
            line, target = self.line(name), graph.names[model]
            if line and builder.nodes[line.node].shape == graph.nodes[target].shape:
                line.target = target
            elif line and stretches(builder.nodes[line.node].shape, graph.nodes[target].shape):
                self.compact[name] = target

    def _is_odd(self, graph: Graph, line: Line) -> bool:
        if line.target is None or line.misfit:
            return False
        return not stretches(self.nodes[line.node].shape, graph.nodes[line.target].shape)

    def line(self, name: str) -> Line | None:
        """Return the line that assigns a name."""
        return self._by_name.get(name)

    def unread(self, name: str = "", reads: Collection[str] = ()) -> frozenset[str]:
        """Return the helpers that no line would read if line `name` read `reads`."""
        read = {one for line in self.lines for one in (reads if line.name == name else line.reads)}
        for lost in self.lost:
            read |= set(names_read(lost.line.value))
        helpers = {one.name for one in self.lines if one.target is None}
        return frozenset(helpers - read - set(self.state))

    def dependents(self, names: Iterable[str]) -> frozenset[str]:
        """Return `names` and those of all lines computed from them."""
        key = frozenset(names)
        if key not in self._dependents:
            self._dependents[key] = self._computed_from(key)
        return self._dependents[key]

    def _computed_from(self, names: frozenset[str]) -> frozenset[str]:
        found = set(names)
        for line in self.lines:
            if line.reads & found:
                found.add(line.name)
        return frozenset(found)
