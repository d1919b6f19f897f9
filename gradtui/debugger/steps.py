"""The order of events inside one training step: what each press of "step into" does.

Knows the graph; knows no numbers and no screen.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence
from enum import Enum

from msgspec import Struct

from gradtui.engine.graph import Edge, Graph, Kind, Statement, depends_on
from gradtui.engine.handwritten import HandLine, HandPass
from gradtui.engine.program import StepProgram
from gradtui.scenario.problem import Call


class Level(Enum):
    """Which graph is stepped through and drawn."""

    NAMED = "named"
    OPERATIONS = "operations"


class Pass(Enum):
    """The part of a training step that the cursor is in."""

    START = "start"
    FORWARD = "forward"
    BACKWARD = "backward"
    UPDATE = "update"


class Compute(Struct, frozen=True):
    """A value of the forward pass is computed."""

    node: int
    operations: tuple[int, ...]
    """The nodes computed, in evaluation order: one, or all of a statement."""


class Seed(Struct, frozen=True):
    """The backward pass starts: dLoss/dLoss = 1."""

    node: int


class Flow(Struct, frozen=True):
    """A contribution flows back from `target` to its input `source`."""

    source: int
    target: int
    edges: tuple[Edge, ...]
    """The edges between operations that carry the contribution."""


class Move(Struct, frozen=True):
    """A parameter is moved by the optimizer."""

    position: int
    """The number of the parameter, in the order of the file."""


class Written(Struct, frozen=True):
    """A line of the hand-written backward pass is done, or a line of the called code.

    Lines of called code that compute values of the model are `Compute` instead.
    """

    index: int
    """The number of the line, in the order of the program, or of execution."""
    name: str
    """The name that it assigns."""


Moment = Compute | Seed | Flow | Written | Move


class StepOrder(Struct, frozen=True):
    """All moments of one training step, in order, at one level."""

    level: Level
    moments: tuple[Moment, ...]
    forward: int
    """The number of moments up to the end of the forward pass."""
    backward: int
    """The number of moments up to the end of the backward pass."""

    @property
    def end(self) -> int:
        """The last position: the step is done."""
        return len(self.moments)

    def pass_at(self, position: int) -> Pass:
        """Return the pass that the last moment done belongs to."""
        if position == 0:
            return Pass.START
        if position <= self.forward:
            return Pass.FORWARD
        return Pass.BACKWARD if position <= self.backward else Pass.UPDATE

    @property
    def boundaries(self) -> tuple[int, ...]:
        """The positions at which a pass begins or ends."""
        return tuple(sorted({0, self.forward, self.backward, self.end}))


def build_order(
    program: StepProgram,
    level: Level,
    folded: frozenset[int] = frozenset(),
    call: Call | None = None,
) -> StepOrder:
    """Return the moments of one training step, by statement or by operation.

    `folded` are the roots of statements that stay one moment among operations.  A `call` has all
    its lines in the order of execution.
    """
    graph = program.graph
    whole = whole_statements(graph, level, folded)
    trained = depends_on(graph.nodes, frozenset({Kind.PARAMETER}))
    carried = [edge for edge in program.reverse.order if _source(graph, edge) in trained]
    computed: dict[int, list[Moment]] = {}
    target, inside = dict[int, int](), set[int]()
    for s in graph.statements:
        if s.root in whole:
            computed[s.root] = [Compute(s.root, computed_by(s))]
            target |= dict.fromkeys(s.operations, s.root)
            inside.update(op for op in s.operations if op != s.root)
        else:
            computed[s.root] = [Compute(id, (id,)) for id in computed_by(s)]
            target |= {op: op for op in s.operations}
    flows = _flows(graph, [e for e in carried if _source(graph, e) not in inside], target)
    lines = _hand_lines(graph, program.hand) if call is None else _call_lines(call)
    forward = _in_lines(computed, call)
    backward: list[Moment] = [Seed(graph.loss), *_beside(flows, lines)]
    moves = [Move(at) for at, update in enumerate(program.updates) if update.lines]
    done = len(forward) + len(backward)
    return StepOrder(level, (*forward, *backward, *moves), len(forward), done)


def computed_by(statement: Statement) -> tuple[int, ...]:
    """Return the nodes that a statement computes, in evaluation order, bare numbers included."""
    return tuple(sorted(statement.operations)) or (statement.root,)


def whole_statements(graph: Graph, level: Level, folded: frozenset[int]) -> frozenset[int]:
    """Return the roots of the statements that are one drawn node."""
    return frozenset(s.root for s in graph.statements) if level is Level.NAMED else folded


def _in_lines(computed: Mapping[int, Sequence[Moment]], call: Call | None) -> list[Moment]:
    """Return the computations, with the other lines of a call in between."""
    left = dict(computed)
    found: list[Moment] = []
    for index, line in enumerate(call.lines if call else ()):
        if not (line.nodes or line.backward or line.waits):
            found.append(Written(index, line.name))
        for node in line.nodes:
            found += left.pop(node)
    return [*found, *(moment for moments in left.values() for moment in moments)]


def _hand_lines(graph: Graph, hand: HandPass | None) -> list[tuple[Written, int]]:
    """Return the lines of a hand-written pass, each with the node whose gradient it is."""
    lines = enumerate(hand.lines if hand else ())
    return [(Written(at, line.line.name), _claimed(graph, line)) for at, line in lines]


def _call_lines(call: Call) -> list[tuple[Written, int]]:
    """Return the lines of the backward pass of a call, each with the node whose gradient it is."""
    return [
        (Written(at, line.name), -1 if line.claims is None else line.claims)
        for at, line in enumerate(call.lines)
        if line.backward and not line.waits
    ]


def _beside(flows: Sequence[Flow], written: Iterable[tuple[Written, int]]) -> list[Moment]:
    """Return the flows and the hand-written lines, each as soon as its claim is known.

    The lines keep their own order.
    """
    coming = Counter(flow.source for flow in flows)
    lines = deque(written)
    found: list[Moment] = []
    for flow in (None, *flows):
        if flow is not None:
            found.append(flow)
            coming[flow.source] -= 1
        while lines and not coming[lines[0][1]]:
            found.append(lines.popleft()[0])
    return found


def _claimed(graph: Graph, line: HandLine) -> int:
    """Return the node whose gradient a line computes, by claim or by name; None for a helper."""
    if line.target is not None:
        return line.target
    name = line.line.name
    return graph.names.get(name.removeprefix("d"), -1) if name.startswith("d") else -1


def translate(position: int, before: StepOrder, after: StepOrder) -> int:
    """Return the position in `after` with no more done than at `position` in `before`."""
    if position >= before.backward:
        return after.backward + position - before.backward
    if position > before.forward:
        done = before.moments[before.forward + 1 : position]
        following = after.moments[after.forward + 1 : after.backward]
        return after.forward + 1 + _covered(following, done, after.level)
    done_operations = {op for m in before.moments[:position] for op in _operations(m)}
    count = 0
    for moment in after.moments[: after.forward]:
        if not set(_operations(moment)) <= done_operations:
            break
        count += 1
    return count


def _source(graph: Graph, edge: Edge) -> int:
    return graph.nodes[edge[0]].inputs[edge[1]]


def _flows(graph: Graph, carried: Sequence[Edge], target: Mapping[int, int]) -> list[Flow]:
    """Return one flow for each pair of nodes, in the order of completion.

    `target` returns the node that stands for an operation: its statement's root, or itself.
    """
    gathered: dict[tuple[int, int], list[Edge]] = {}
    for edge in carried:
        key = (_source(graph, edge), target[edge[0]])
        gathered[key] = [*gathered.pop(key, []), edge]
    return [Flow(source, root, tuple(edges)) for (source, root), edges in gathered.items()]


def _operations(moment: Moment) -> tuple[int, ...]:
    return moment.operations if isinstance(moment, Compute) else ()


def _edges(moments: Sequence[Moment]) -> set[Edge]:
    return {edge for m in moments if isinstance(m, Flow) for edge in m.edges}


def _covered(moments: Sequence[Moment], done: Sequence[Moment], level: Level) -> int:
    """Return how many of `moments` are done when those of another level in `done` are.

    Between two flows of the named graph lie edges inside a statement, which no named flow lists:
    on the operations graph all up to the last listed edge count.
    """
    crossed, lines = _edges(done), {m for m in done if isinstance(m, Written)}
    whole = [m in lines or (bool(edges := _edges([m])) and edges <= crossed) for m in moments]
    if level is Level.OPERATIONS:
        return max((index + 1 for index, covered in enumerate(whole) if covered), default=0)
    return whole.index(False) if False in whole else len(whole)
