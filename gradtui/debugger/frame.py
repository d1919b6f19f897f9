"""One moment of the debugger as frozen data: the nodes done, the selection, the numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from itertools import pairwise
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from gradtui.debugger.boundary import Boundary, boundary_of
from gradtui.debugger.breakpoints import Breakpoint, Watched
from gradtui.debugger.folds import Fold
from gradtui.debugger.guide import Progress
from gradtui.debugger.investigation import Known
from gradtui.debugger.looked import Drawn, Looked
from gradtui.debugger.moments import node_of
from gradtui.debugger.steps import Level, Moment, Pass, StepOrder
from gradtui.debugger.structure import DrawnEdge, Structure, edges_of
from gradtui.debugger.surface import Surface
from gradtui.engine.formula import Texts
from gradtui.engine.graph import Graph, Kind, Statement
from gradtui.engine.indices import Index
from gradtui.engine.jacobian import Jacobians
from gradtui.engine.tape import Tape
from gradtui.scenario.problem import Problem

if TYPE_CHECKING:
    from gradtui.engine.lens import Trace

Array = NDArray[Any]


class Frame(Struct, frozen=True, eq=False, dict=True, kw_only=True):
    """Everything that the debugger shows at one moment."""

    problem: Problem
    tape: Tape
    structure: Structure
    position: int
    """How many moments of the step have been done."""
    jacobians: Jacobians
    """Local derivatives element by element, compiled when asked for."""
    looked: Looked
    known: Known
    drawn: Drawn
    breakpoints: tuple[Breakpoint, ...]
    watched: tuple[Watched, ...]
    """The watches, with their values at this step."""
    branch: str
    """The name of the current branch; empty if there is only one."""
    message: str
    """The message of the last command."""
    trouble: str
    """The error in the file's present text, as a report, if any."""
    outdated: bool
    """Whether the file has changed since it was run."""
    lesson: Progress | None = None
    """The progress of the lesson, if one has begun."""
    runs_again: bool = False
    """Whether the code of a call can be run again from here."""
    folds: frozenset[Fold] = frozenset()
    """The loops of a call that are folded."""

    @property
    def seen(self) -> tuple[object, ...]:
        """What decides all that is shown of the moment itself, and not of the run around it."""
        looked, known = self.looked, self.known
        return (
            self.problem, self.tape, self.structure, self.position,
            looked.node, looked.pinned, looked.lens, looked.jacobian,
            known.judgement, known.findings, known.chosen, self.lesson, self.folds,
        )  # fmt: skip

    @property
    def asking(self) -> bool:
        """Whether a question is open, so that later moments are hidden."""
        return self.lesson is not None and self.lesson.asking

    @property
    def untold(self) -> frozenset[int]:
        """The nodes asked for at this step or later in a lesson: they are not shown ahead."""
        asked = () if self.lesson is None else self.lesson.untold_values
        return frozenset(node for node, step in asked if step >= self.step)

    @property
    def untold_moves(self) -> frozenset[int]:
        """The nodes asked for at the next step: where this one takes them is not shown."""
        asked = () if self.lesson is None else self.lesson.untold_values
        return frozenset(node for node, step in asked if step == self.step + 1)

    def selecting(self, node: int) -> Frame:
        """Return the same moment with another node selected."""
        return replace(self, looked=replace(self.looked, node=node, pinned=True))

    @property
    def selected(self) -> int:
        """The selected node."""
        return self.looked.node

    @property
    def apart(self) -> bool:
        """Whether the selected node differs from the one at the cursor."""
        return self.now is not None and node_of(self.now, self.problem) != self.selected

    @property
    def step(self) -> int:
        """The training step; its state is that before update `step`."""
        return self.tape.step

    @property
    def loss(self) -> float:
        """The loss of this step."""
        return float(self.tape.value(self.graph.loss))

    @property
    def validation_loss(self) -> float | None:
        """The loss on the validation data before this step's update; None without such data."""
        return self.tape.validation_loss

    @cached_property
    def texts(self) -> Texts:
        """The expressions of nodes, in the names on screen, for nodes that have them."""
        return {}

    @cached_property
    def values(self) -> Mapping[str, Any]:
        """Name -> value, a float where it is a scalar."""
        return self._by_name(self.graph.names.items(), self.tape.value)

    @cached_property
    def gradients(self) -> Mapping[str, Any]:
        """Name -> dLoss/dname by reverse mode, a float where it is a scalar."""
        return self._by_name(self.graph.names.items(), self.tape.adjoint)

    @cached_property
    def parameters(self) -> Mapping[str, Any]:
        """Parameter -> its value before this step's update."""
        return self._by_name(((n.name, n.id) for n in self.graph.parameters), self.tape.value)

    @cached_property
    def hand(self) -> Mapping[str, Any]:
        """Name -> value, for each line of the hand-written backward pass.

        Lines without a value, because their shapes do not fit, are absent.
        """
        backward, program = self.problem.backward, self.tape.program.hand
        if backward is None or program is None:
            return MappingProxyType({})
        written = ((one.line.name, one.written) for one in program.lines)
        nodes = [(name, node) for name, node in written if node is not None]
        return self._by_name(nodes, self.tape.value)

    @cached_property
    def claims(self) -> Mapping[str, Any]:
        """Name -> its hand-written gradient, in whatever shape that has."""
        backward = self.problem.backward
        if backward is None:
            return MappingProxyType({})
        if backward.numbers:
            numbers = backward.numbers if self.step == 0 else {}
            return MappingProxyType({name: plain(value) for name, value in numbers.items()})
        hand = self.hand
        return MappingProxyType({t: hand[n] for n, t in backward.claims.items() if n in hand})

    def local(self, source: str, target: str) -> Any:
        """Return ∂target/∂source with other names held; None if the edge is not elementwise.

        Raises KeyError if there is no such edge.
        """
        edge = (self.graph.names[source], self.graph.names[target])
        if edge not in self.structure.named_edges:
            raise KeyError(f"no edge from {source} to {target}")
        value = self.tape.named_local(*edge)
        return None if value is None else plain(value)

    def _by_name(self, items: Any, read: Any) -> Mapping[str, Any]:
        return MappingProxyType({name: plain(read(id)) for name, id in items})

    @property
    def graph(self) -> Graph:
        """The model."""
        return self.problem.graph

    @property
    def level(self) -> Level:
        """The named graph or the graph of operations."""
        return self.order.level

    @property
    def order(self) -> StepOrder:
        """The moments of a step at this level."""
        return self.structure.order

    def edge_local(self, source: int, target: int) -> Array | None:
        """Return the local derivative on a drawn edge; None if it is not elementwise."""
        if target in self.structure.whole:
            return self.tape.named_local(source, target)
        slots = [i for i, id in enumerate(self.graph.nodes[target].inputs) if id == source]
        parts = [self.tape.local((target, slot)) for slot in slots]
        if any(part is None for part in parts):
            return None
        total: Array = sum(part for part in parts if part is not None)  # type: ignore[assignment]
        return total

    def edge_contribution(self, source: int, target: int) -> Array:
        """Return the contribution along a drawn edge, in the source's shape."""
        return self.tape.named_contribution(source, self.step_to(target).operations)

    def step_to(self, target: int) -> Statement:
        """Return the statement that computes a drawn node, or its operation as one."""
        graph, structure = self.graph, self.structure
        if target in structure.whole:
            return structure.statement_of[target]
        line = graph.statements[structure.line_of[target]]
        return Statement(graph.nodes[target].name, target, (target,), line.place)

    def steps_from(self, node: int) -> tuple[Statement, ...]:
        """Return the nodes that read a drawn node at this level and matter to the loss."""
        readers = self.structure.consumers.get(node, ())
        return tuple(self.step_to(target) for target in readers if target in self.structure.useful)

    @property
    def looked_at(self) -> tuple[int, Index] | None:
        """The selected parameter and its element under the lens; None for another node."""
        places = {node.id: place for place, node in enumerate(self.graph.parameters)}
        lens = self.looked.lens
        if lens is not None and lens.node in places:
            return places[lens.node], lens.index
        return (places[self.selected], ()) if self.selected in places else None

    @property
    def edges(self) -> list[DrawnEdge]:
        """The edges whose Jacobians belong to the selected node."""
        return edges_of(self.structure, self.selected)

    @cached_property
    def trace(self) -> Trace | None:
        """The chain rule of the element under the lens; None without a lens."""
        from gradtui.engine.lens import trace

        lens = self.looked.lens
        return None if lens is None else trace(self.tape, self.jacobians, self.steps_from, lens)

    def surface(self, size: tuple[int, int]) -> Surface:
        """Return the loss surface on a grid of at most `size` columns and rows.

        Raises ValueError if the model is too large, or does not have the parameters.
        """
        assert self.looked.window is not None
        return self.drawn.surfaces.at(self.looked.window, self.step, self.problem.steps, size)

    def boundary(self, size: tuple[int, int]) -> Boundary:
        """Return the predictions across the data's plane on a grid of `size` columns and rows."""
        assert self.looked.plane is not None
        return boundary_of(self.graph, self.looked.plane, self.tape, size)

    @property
    def now(self) -> Moment | None:
        """The moment done last; None at the start of a step."""
        return self.order.moments[self.position - 1] if self.position else None

    @property
    def where(self) -> Pass:
        """The pass that the cursor is in."""
        return self.order.pass_at(self.position)

    @property
    def pass_done(self) -> bool:
        """Whether the pass that the cursor is in is complete."""
        return self.position in self.order.boundaries

    @property
    def done(self) -> tuple[Moment, ...]:
        """The moments done so far in this step, in order."""
        return self.order.moments[: self.position]

    def computed(self, node: int) -> bool:
        """Return whether a node's value is known at the cursor."""
        return self.position >= self.structure.value_at.get(node, 0)

    def flowed(self, source: int, target: int) -> bool:
        """Return whether the contribution along an edge has been taken at the cursor."""
        return self.position >= self.structure.flow_at.get((source, target), self.order.backward)

    def local_known(self, source: int, target: int) -> bool:
        """Return whether a local derivative is known at the cursor, and may be told.

        That on an edge to the loss is a gradient itself, which a lesson may ask for later.
        """
        if target == self.graph.loss and self.lesson is not None:
            gradient = self.graph.nodes[source].name, self.step
            told = not self.asking or gradient in self.lesson.told_gradients
            if gradient in self.lesson.untold_gradients or not told:
                return self.flowed(source, target)
        return self.computed(target)

    def written(self, index: int) -> bool:
        """Return whether a line of the hand-written backward pass has been done at the cursor."""
        return self.position >= self.structure.line_at.get(index, self.order.backward)

    def gradient_state(self, node: int) -> str:
        """Return `known`, `partial` or `unknown` for a node's gradient at the cursor.

        `none` for a value that the loss does not depend on.
        """
        operation = self.graph.nodes[node].kind is Kind.OPERATION
        if operation and node not in self.structure.useful:
            return "none"
        if self.position >= self.order.backward:
            return "known"
        if self.position <= self.order.forward:
            return "unknown"
        if node == self.graph.loss:
            return "known"
        incoming = self.structure.flows_into.get(node, ())
        taken = sum(self.flowed(node, target) for target in incoming)
        if taken < len(incoming):
            return "partial" if taken else "unknown"
        return "known" if incoming else "unknown"

    def gradient(self, node: int) -> Array:
        """Return a node's gradient, or the sum of the contributions taken so far."""
        if self.gradient_state(node) != "partial":
            return self.tape.adjoint(node)
        flows = [
            self.edge_contribution(node, target)
            for target in self.structure.flows_into[node]
            if self.flowed(node, target)
        ]
        return sum(flows[1:], start=flows[0])

    def moved(self, position: int) -> bool:
        """Return whether a parameter has been updated at the cursor."""
        return self.position >= self.order.backward + position + 1

    def count_paths(self, node: int) -> int:
        """Return how many paths lead from a node to the loss on the named graph, up to a limit."""
        return self.structure.path_counts.get(node, 0)

    def paths(self, node: int) -> list[tuple[int, ...]]:
        """Return the paths from a named node to the loss, the first 64 of them, as their nodes."""
        return self.structure.paths(node, self.graph.loss)

    def factors(self, path: tuple[int, ...]) -> list[float] | None:
        """Return the local derivatives along a path; None if one is not a scalar."""
        factors = []
        for source, target in pairwise(path):
            local = self.tape.named_local(source, target)
            if local is None or local.shape != () or self.graph.nodes[source].shape != ():
                return None
            factors.append(float(local))
        return factors

    @cached_property
    def _row(self) -> NDArray[np.float64]:
        """All parameters as one flat row."""
        return np.concatenate([self.tape.value(n.id).reshape(-1) for n in self.graph.parameters])

    def central(
        self, position: int, elements: Sequence[tuple[int, ...]]
    ) -> NDArray[np.float64] | None:
        """Return the central differences of given elements of a parameter, by their indices.

        None where the model is so large that running it twice for each would take a while.
        """
        trainer, known = self.problem.trainer, self.tape.measured
        if not trainer.measurable:
            return None
        missing = [index for index in elements if (position, index) not in known]
        if missing:
            found = trainer.central(self._row, position, missing, self.step)
            known.update(zip(((position, index) for index in missing), found.tolist(), strict=True))
        return np.array([known[position, index] for index in elements])


def plain(value: Array) -> Any:
    """Return a float for a scalar, the array itself otherwise."""
    return float(value) if value.shape == () else value
