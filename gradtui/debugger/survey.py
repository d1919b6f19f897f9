"""What is known of a run as a whole: what is wrong with it, and its curvature step by step.

It is found out when it is asked for, in another thread if one likes; nothing waits for it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING

from msgspec import Struct

from gradtui.base.failures import report_failure
from gradtui.debugger.version import Version
from gradtui.engine.curvature import Curvature, Gauge, gauge
from gradtui.engine.history import History
from gradtui.engine.tape import Tape
from gradtui.scenario.problem import Problem

if TYPE_CHECKING:
    from gradtui.diagnosis.finding import Finding

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


class Setback(Struct, frozen=True):
    """How much worse a branch ends than the run that it left."""

    step: int
    loss: float
    before: float
    """The loss of the run that it left, at the same step."""


class Survey:
    """One run of a problem, whose text is that of `version`."""

    def __init__(self, problem: Problem, history: History, version: Version) -> None:
        self.problem, self.history, self.version = problem, history, version
        self.findings: tuple[Finding, ...] | None = None
        """What is wrong with the run, causes first; None until that is known."""
        self.setback: Setback | None = None
        """Where a branch ends far worse than the run that it left."""
        self._curvature = Curvature(problem.trainer)
        self._gauges: dict[int, Gauge | str | None] = {}

    @property
    def quick(self) -> bool:
        """Whether looking at the run takes but a moment."""
        return self.problem.trainer.size * (self.problem.steps + 1) <= _QUICK

    def look(self) -> None:
        """Find out what is wrong with the run, if that is not known yet.

        What is written by hand comes first: it may drive it.
        """
        from gradtui.diagnosis.internal import internal

        self.version.judge()
        if self.findings is None:
            judgement = self.version.judgement
            judged = () if judgement is None else judgement.findings
            try:
                self.setback = self._setback()
                self.findings = self._run_findings(judged)
            except Exception as error:
                self.findings = (internal("the run", error),)

    def _run_findings(self, judged: Iterable[Finding]) -> tuple[Finding, ...]:
        """Return what is wrong with the run; of a branch with the part that is not shared."""
        from gradtui.diagnosis.check import judge_run

        history, start = self.history.snapshot(), self.history.origin.start
        if start == 0:
            return judge_run(self.problem, judged, history)
        rest = max(1, self.problem.steps - start)
        own = self.problem.resumed(start, history.state(start), rest)
        return judge_run(own, judged, None, start)

    def _setback(self) -> Setback | None:
        history, last = self.history.snapshot(), self.problem.steps
        if history.parent is None or history.origin.start >= last:
            return None
        loss, before = (
            float(one.trainer.losses_at(one.state(last)[None], last)[0])
            for one in (history, history.parent)
        )
        worse = math.isfinite(before) and not loss <= _FAR_WORSE * before
        return Setback(last, loss, before) if worse and before > 0 else None

    def gauge(self, tape: Tape) -> Gauge | str:
        """Return the gauge of a step, or why there is none; COMPUTING until it is measured."""
        if tape.program.moved_by_hand:
            return "unknown: update by hand"
        if self._curvature.numbers > _MOST:
            return "left out: the model is large"
        known = tape.step in self._gauges or self._curvature.numbers > _AT_ONCE
        if not known and (self._gauges or len(self.problem.graph.nodes) <= _FEW):
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
