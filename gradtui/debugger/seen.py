"""Where in a step a finding is seen: the node that shows it, and the moment."""

from __future__ import annotations

from collections.abc import Sequence

from gradtui.base.source import Place
from gradtui.debugger.structure import Structure
from gradtui.diagnosis.finding import Finding
from gradtui.scenario.problem import Call, Problem

_ON_THE_WAY_BACK = frozenset({"vanishing-gradient", "exploding-gradient"})
"""Rules on the run whose findings are seen where a gradient has arrived, not where a value is."""


def key_of(finding: Finding) -> object:
    """Return a key that identifies a finding across branches."""
    return finding.rule, finding.target, finding.line, finding.step


def seen_at(finding: Finding, problem: Problem, structure: Structure) -> tuple[int | None, int]:
    """Return the node that shows a finding, if any, and the position in the step."""
    end = structure.order.backward
    if finding.of_update:
        return None, end + 1
    node = _node_of(finding, problem, structure)
    if problem.call is not None:
        return node, _executed(finding, node, problem.call, structure) or end
    if finding.of_gradient:
        done = _line_done(finding, problem, structure)
        return node, done or (end if node is None else _arrival(node, structure))
    if node is None:
        return None, end
    if finding.rule in _ON_THE_WAY_BACK:
        return node, _arrival(node, structure)
    return node, structure.value_at.get(node, end)


def _node_of(finding: Finding, problem: Problem, structure: Structure) -> int | None:
    """Return the drawn node whose gradient a finding is about; None without one."""
    if finding.of_run and finding.place is not None:
        written = (n.id for n in problem.graph.nodes if n.inputs and n.place == finding.place)
        node = next((id for id in written if id in structure.nodes), None)
        if node is not None:
            return node
    backward, names = problem.backward, problem.graph.names
    targets = [] if backward is None else [backward.claims.get(finding.target, "")]
    targets += [finding.edge[1] if finding.edge else "", finding.target]
    node = next((names[name] for name in targets if name in names), None)
    if node is None or node in structure.nodes:
        return node
    return structure.reader_of(problem.graph, node)


def _executed(finding: Finding, node: int | None, call: Call, structure: Structure) -> int:
    """Return the position at which a finding's line is executed for its target, else first.

    That is where its mistake begins.  0 if it is never executed.
    """
    place = finding.place
    times = () if place is None else _times_of(place, call)
    ends = {at: position for position, at in structure.called.items()}
    here = {at: ends.get(call.done_with(at), 0) for at in times}
    meant = [here[at] for at in here if node is not None and call.lines[at].claims == node]
    return max(meant) if meant else next(filter(None, here.values()), 0)


def _times_of(place: Place, call: Call) -> Sequence[int]:
    """Return all executions of a line, or of the statement that it is a part of."""
    return call.at.get((place.file, place.line)) or [
        at for at, line in enumerate(call.lines)
        if line.place.file == place.file and line.place.line <= place.line <= line.last
    ]  # fmt: skip


def _line_done(finding: Finding, problem: Problem, structure: Structure) -> int:
    """Return the position at which a finding's hand-written line is done; 0 for no line."""
    program = problem.backward.program if problem.backward else ()
    number = finding.line or 0
    at = [
        index
        for index, line in enumerate(program)
        if line.place.line <= number <= max(line.place.line, line.value.place.line)
    ]
    return structure.line_at.get(at[0], 0) if at else 0


def _arrival(node: int, structure: Structure) -> int:
    """Return the position at which a node's gradient is complete."""
    arrivals = [structure.flow_at[node, target] for target in structure.flows_into.get(node, ())]
    return max(arrivals, default=structure.order.backward)
