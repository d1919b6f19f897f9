"""What is known of a session's run: what is wrong with it and where in a step that is seen.

All of it is found out when it is asked for, in another thread if one likes; nothing waits for it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from functools import cache, partial

from msgspec import Struct
from msgspec.structs import replace

from gradtui.base.failures import report_failure
from gradtui.debugger.branches import Branch
from gradtui.debugger.steps import Level
from gradtui.debugger.structure import Structure, build_structure
from gradtui.diagnosis.finding import Finding, gravest_first
from gradtui.diagnosis.judgement import Judgement
from gradtui.engine.curvature import Curvature, Gauge, gauge
from gradtui.engine.jacobian import Jacobians
from gradtui.engine.tape import Tape
from gradtui.scenario.problem import Call, Problem

COMPUTING = "computing …"
_AT_ONCE, _FEW = 6_000, 60
"""Numbers of a gauge up to which it is computed while one waits: about a millisecond; and nodes
of a model up to which it is while one waits for the first one, which compiles."""
_QUICK = 1_500
"""Numbers of a run up to which one waits until it is looked at: about ten milliseconds."""
_FAR_WORSE = 2.0
"""Times the loss of the run that a branch left at which its end is far worse."""
_MOST = 20_000_000
"""Numbers of a gauge beyond which it is left out."""


class Version:
    """One version of a scenario's text, with what is drawn of it and known of it.

    `problem` is the first that had it, whatever settings others have.
    """

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.structure: Callable[[Level, frozenset[int]], Structure] = cache(
            partial(build_structure, problem.trainer.program, call=problem.call)
        )
        self.jacobians = Jacobians(problem.graph, problem.trainer.dtype)
        self.judgement: Judgement | None = None
        """What was found of what is written by hand; None until that is known."""
        self.found: tuple[Finding, ...] = ()
        """All of it, what a comment silences included."""

    @property
    def judged(self) -> bool:
        """Whether all is known of what is written by hand."""
        return not self.problem.by_hand or self.judgement is not None

    def judge(self) -> None:
        """Find out what is wrong with what is written by hand, if that is not known yet."""
        if self.judged:
            return
        # A start need not wait for what judges.
        from gradtui.diagnosis.check import heard, judge
        from gradtui.diagnosis.internal import internal

        try:
            judged = judge(self.problem)
            kept, silenced = heard(self.problem, judged.findings)
            self.found, self.judgement = (
                judged.findings, replace(judged, findings=kept, silenced=silenced)
            )  # fmt: skip
        except Exception as error:
            failed = internal("what is written by hand", error)
            self.judgement = Judgement("not-compared", findings=(failed,))


class Setback(Struct, frozen=True):
    """How much worse a branch ends than the run that it left."""

    step: int
    loss: float
    before: float
    """The loss of the run that it left, at the same step."""


class Known(Struct, frozen=True, eq=False):
    """What is known of a run, as of now."""

    judgement: Judgement | None
    """What was found of hand-written code; None until that is known."""
    run_findings: tuple[Finding, ...] | None
    """What was found of the run, causes first; None until that is known."""
    findings: tuple[Finding, ...]
    """All that is known to be wrong, the gravest first."""
    chosen: int | None
    """Which of the findings the cursor went to."""
    gauge: Gauge | str
    """How near the rate of a step is to the largest stable one, or why that is not known."""
    silenced: int
    """How many findings a comment silences."""
    setback: Setback | None
    """Where the branch ends far worse than the run that it left."""

    @property
    def untold(self) -> Known:
        """The same as if nothing were found yet."""
        return Known(None, None, (), None, self.gauge, 0, None)


class Investigation:
    """One branch's run, whose text is that of `version`, and what becomes known of it."""

    def __init__(self, branch: Branch, version: Version) -> None:
        self._problem, self._history, self._version = branch.problem, branch.history, version
        self.version = version
        """That of the cursor's step: the branch may have begun with another text."""
        self.run_findings: tuple[Finding, ...] | None = None
        self.setback: Setback | None = None
        self._silenced = 0
        self.chosen: Finding | None = None
        """The finding that the cursor went to."""
        self._curvature = Curvature(branch.problem.trainer)
        self._gauges: dict[int, Gauge | str | None] = {}

    def known(self, tape: Tape) -> Known:
        """Return all that is known, at the step of a tape."""
        return Known(
            self.judgement, self.run_findings, self.findings, self.number, self.gauge(tape),
            self._silenced + (self.judgement.silenced if self.judgement else 0), self.setback,
        )  # fmt: skip

    @property
    def judgement(self) -> Judgement | None:
        """What was found of what is written by hand; None until that is known."""
        return self.version.judgement

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was found so far, the gravest first."""
        return gravest_first((*_findings(self.judgement), *(self.run_findings or ())))

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
        return "looking at the run …" if self.run_findings is None else ""

    @property
    def ready(self) -> bool:
        """Whether the steps that are looked at are computed, so that looking does not."""
        from gradtui.diagnosis.runs.run import steps_looked_at

        return self._history.known > steps_looked_at(self._problem)

    @property
    def quick(self) -> bool:
        """Whether all there is to find out takes but a moment."""
        numbers = self._problem.trainer.size * (self._problem.steps + 1)
        return not self._problem.by_hand and self.ready and numbers <= _QUICK

    def judge(self) -> None:
        """Find out what is wrong with what was written by hand, if that is not known yet."""
        self.version.judge()

    def look(self) -> None:
        """Find out what is wrong, if that is not known yet.

        What is written by hand comes before the run: it may drive it.
        """
        from gradtui.diagnosis.check import heard
        from gradtui.diagnosis.internal import internal

        self.judge()
        self._version.judge()
        if self.run_findings is None and self._problem.call is not None:
            self.run_findings = ()  # nothing moves, so no rule of a run holds or fails
        if self.run_findings is None:
            try:
                self.setback = self._setback()
                found = self._judge_run(self._version.found)
                self.run_findings, self._silenced = heard(self._problem, found)
            except Exception as error:
                self.run_findings = (internal("the run", error),)

    def _judge_run(self, judged: Iterable[Finding]) -> tuple[Finding, ...]:
        """Return what is wrong with the run; of a branch with the part that is not shared."""
        from gradtui.diagnosis.check import judge_run

        history, start = self._history.snapshot(), self._history.origin.start
        if start == 0:
            return judge_run(self._problem, judged, history)
        rest = max(1, self._problem.steps - start)
        own = self._problem.resumed(start, history.state(start), rest)
        return judge_run(own, judged, None, start)

    def _setback(self) -> Setback | None:
        history, last = self._history.snapshot(), self._problem.steps
        if history.parent is None or history.origin.start >= last:
            return None
        loss, before = (
            float(one.trainer.losses_at(one.state(last)[None], last)[0])
            for one in (history, history.parent)
        )
        worse = math.isfinite(before) and not loss <= _FAR_WORSE * before
        return Setback(last, loss, before) if worse and before > 0 else None

    def next(self) -> Finding | None:
        """Return the finding after the chosen one, the first after the last; None without any."""
        findings, last = self.findings, self.number
        at = 0 if last is None else last + 1
        return findings[at % len(findings)] if findings else None

    def gauge(self, tape: Tape) -> Gauge | str:
        """Return the gauge of a step, or why there is none; COMPUTING until it is measured."""
        if tape.program.moved_by_hand:
            return "unknown: update by hand"
        if self._curvature.numbers > _MOST:
            return "left out: the model is large"
        known = tape.step in self._gauges or self._curvature.numbers > _AT_ONCE
        if not known and (self._gauges or len(self._problem.graph.nodes) <= _FEW):
            self.measure(tape)
        found = self._gauges.get(tape.step, COMPUTING)
        return "not finite at this step" if found is None else found

    def measure(self, tape: Tape) -> None:
        """Compute the gauge of a step."""
        clip = tape.program.clip
        scale = 1.0 if clip is None else float(tape.value(clip.scale))
        try:
            found: Gauge | str | None = gauge(self._curvature, tape, tape.rate * scale)
        except Exception as error:
            found = report_failure("the curvature could not be measured", error)
        self._gauges[tape.step] = found


def _findings(judgement: Judgement | None) -> tuple[Finding, ...]:
    return () if judgement is None else judgement.findings


def key_of(finding: Finding) -> object:
    """Return what tells a finding from others, in whichever branch it is found."""
    return finding.rule, finding.target, finding.line, finding.step


def seen_at(finding: Finding, problem: Problem, structure: Structure) -> tuple[int | None, int]:
    """Return the node that shows a finding, None if none does, and the position in the step."""
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
    return node, structure.value_at.get(node, end)


def _node_of(finding: Finding, problem: Problem, structure: Structure) -> int | None:
    """Return the drawn node whose gradient a finding is about; None where it is about none."""
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
    """Return the position at which a finding's line is executed for its target, else the last time.

    0 where it is not.
    """
    place = finding.place
    times = () if place is None else call.at.get((place.file, place.line), ())
    ends = {at: position for position, at in structure.called.items()}
    here = {at: ends.get(call.done_with(at), 0) for at in times}
    meant = [here[at] for at in here if node is not None and call.lines[at].claims == node]
    return max(meant or here.values(), default=0)


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
