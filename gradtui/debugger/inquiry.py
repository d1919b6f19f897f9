"""What is known to be wrong with a session's run, and where in a step each finding is seen."""

from __future__ import annotations

from gradtui.debugger.structure import Structure
from gradtui.debugger.survey import Survey
from gradtui.diagnosis.finding import Finding, gravest_first
from gradtui.diagnosis.judgement import Judgement
from gradtui.scenario.problem import Problem
from gradtui.scenario.rules import RUN_RULES


class Inquiry:
    """The findings about one branch: what was written by hand and its run, as they become known."""

    def __init__(self, survey: Survey) -> None:
        self.survey, self.version = survey, survey.version
        """The version is that of the cursor's step: a branch may have begun with another text."""
        self.chosen: Finding | None = None
        """The finding that the cursor went to."""

    @property
    def judgement(self) -> Judgement | None:
        """What was found of what is written by hand; None until that is known."""
        return self.version.judgement

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was found so far, the gravest first."""
        judged = () if self.judgement is None else self.judgement.findings
        return gravest_first((*judged, *(self.survey.findings or ())))

    @property
    def number(self) -> int | None:
        """Which of the findings the cursor went to."""
        findings = self.findings
        return findings.index(self.chosen) if self.chosen in findings else None

    @property
    def unknown(self) -> str:
        """What is being found out; nothing once all is known."""
        if not self.version.judged:
            return "comparing what was written by hand …"
        return "looking at the run …" if self.survey.findings is None else ""

    @property
    def ready(self) -> bool:
        """Whether the steps that are looked at are computed, so that looking does not."""
        from gradtui.diagnosis.runs.run import steps_looked_at

        return self.survey.history.known > steps_looked_at(self.survey.problem)

    @property
    def quick(self) -> bool:
        """Whether all there is to find out takes but a moment."""
        return not self.survey.problem.by_hand and self.ready and self.survey.quick

    def judge(self) -> None:
        """Find out what is wrong with what was written by hand, if that is not known yet."""
        self.version.judge()

    def look(self) -> None:
        """Find out what is wrong, with the hand-written code first, then with the run."""
        self.judge()
        self.survey.look()

    def next(self) -> Finding | None:
        """Return the finding after the chosen one, the first after the last; None without any."""
        findings, last = self.findings, self.number
        if not findings:
            return None
        return findings[0 if last is None else (last + 1) % len(findings)]

    def choose(self, finding: Finding) -> str:
        """Remember where the cursor goes; return what to say of it."""
        self.chosen = finding
        where = f", line {finding.line}" if finding.line else ""
        number = self.findings.index(finding) + 1
        return f"finding {number} of {len(self.findings)}{where}: {finding.message}"


def holds_from_then_on(finding: Finding) -> bool:
    """Return whether a finding is about a line: wrong at every step from its first one on."""
    return finding.of_gradient or finding.of_update


def seen_at(finding: Finding, problem: Problem, structure: Structure) -> tuple[int | None, int]:
    """Return the node that shows a finding, None if none does, and the position in the step."""
    end = structure.order.backward
    if finding.of_update:
        return None, end + 1
    node = _node_of(finding, problem, structure)
    if finding.of_gradient:
        done = _line_done(finding, problem, structure)
        return node, done or (end if node is None else _arrival(node, structure))
    if node is None:
        return None, end
    return node, structure.value_at.get(node, end)


def _node_of(finding: Finding, problem: Problem, structure: Structure) -> int | None:
    """Return the drawn node whose gradient a finding is about; None where it is about none."""
    if finding.rule in RUN_RULES and finding.place is not None:
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
