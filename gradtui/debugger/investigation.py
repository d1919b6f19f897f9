"""What is known to be wrong with a session's run.

All of it is computed on demand, also in another thread; nothing waits for it.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable
from functools import cache, cached_property, partial
from typing import TYPE_CHECKING, Any

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from gradtui.base.failures import report_failure
from gradtui.debugger.branches import Branch
from gradtui.debugger.steps import Level
from gradtui.debugger.structure import Structure, build_structure
from gradtui.diagnosis.finding import Finding, gravest_first
from gradtui.diagnosis.judgement import Judgement
from gradtui.engine.curvature import Curvature, Gauge, gauge
from gradtui.engine.jacobian import Jacobians
from gradtui.engine.tape import Tape
from gradtui.scenario.problem import Problem

if TYPE_CHECKING:
    from gradtui.diagnosis.recorded.elsewhere import Elsewhere

COMPUTING = "computing …"
WAITING = "still "
"""How a message begins that something is not known yet."""
_AT_ONCE, _FEW = 6_000, 60
"""Limits for computing a gauge at once: the numbers of the gauge (about a millisecond), and the
nodes of the model for the first gauge, which compiles."""
_MOMENT = 0.008
"""Seconds of the processor: after a gauge that took no longer, the next is computed at once.

Half of what a key may take: a gauge of a thread comes with a second paint, 60 ms after the key.
"""
_AHEAD = 0.001, 0.03
"""Seconds of the processor for a gauge from which and up to which the next is computed ahead: a
shorter one is no work for a thread, and a step of a larger model would hold up the screen."""
_QUICK = 1_500
"""Largest run, in numbers, that is examined at once: about ten milliseconds."""
_WORSE = 2.0
"""A branch is worse if it ends at this many times the loss of the run that it left."""
_MOST = 20_000_000
"""Largest gauge, in numbers, that is computed at all."""
_CLOSE = {np.dtype(np.float64): 1e-6, np.dtype(np.float32): 1e-3}
"""How far a hand-written gradient may be from the true one, relative to its largest number."""


class Version:
    """One version of a scenario's text, with its drawings and its findings.

    `problem` is the first with this text; others may have different settings.
    """

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.structure: Callable[[Level, frozenset[int]], Structure] = cache(
            partial(build_structure, problem.trainer.program, call=problem.call)
        )
        self.jacobians = Jacobians(problem.graph, problem.trainer.dtype)
        self.judgement: Judgement | None = None
        """The judgement of the hand-written code; None until something is known."""
        self._elsewhere: Elsewhere | None = None
        """The check of a call's code while it goes on in another process."""
        self.found: tuple[Finding, ...] = ()
        """All findings, including those that a comment silences."""

    @property
    def judged(self) -> bool:
        """Whether the hand-written code has been judged, or there is none."""
        done = self.judgement is not None and self._elsewhere is None
        return not self.problem.by_hand or done

    @property
    def comparing(self) -> str:
        """What is being done to judge the hand-written code; empty once it is judged."""
        if self.judged:
            return ""
        if self._elsewhere is None or not self._elsewhere.tried:
            return "comparing what was written by hand …"
        return f"searching for the wrong line: {self._elsewhere.tried:,} edits tried …"

    def take(self, judged: Judgement | Elsewhere | None) -> None:
        """Take over a judgement, or the check that will find it."""
        if judged is None or isinstance(judged, Judgement):
            self.judgement = judged
        else:
            self._elsewhere = judged

    def look_in(self) -> None:
        """Take over what another process knows by now."""
        if self._elsewhere is not None:
            self.judgement = self.judgement or self._elsewhere.compared

    def stop(self) -> bool:
        """End a check in another process; return whether there was one."""
        if self._elsewhere is None:
            return False
        self._elsewhere.stop()
        return True

    def judge(self) -> None:
        """Judge the hand-written code, unless that is done."""
        if self.judged:
            return
        if self._elsewhere is not None:
            self.judgement, self._elsewhere = self._elsewhere.judgement(), None
            return
        # Importing the diagnosis must not slow the start.
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
    """Everything known of a run so far."""

    judgement: Judgement | None
    """The judgement of the hand-written code; None until it is known."""
    run_findings: tuple[Finding, ...] | None
    """The findings of the run, causes first; None until they are known."""
    findings: tuple[Finding, ...]
    """All findings so far, the gravest first."""
    comparing: str
    """What is being done to judge the hand-written code; empty once it is judged."""
    chosen: int | None
    """The number of the finding that the cursor went to."""
    gauge: Gauge | str
    """How near the learning rate is to the largest stable one, or why that is unknown."""
    silenced: int
    """How many findings a comment silences."""
    setback: Setback | None
    """Set if the branch ends worse than the run that it left."""

    @property
    def untold(self) -> Known:
        """The same without any finding."""
        return Known(None, None, (), "", None, self.gauge, 0, None)


class Investigation:
    """The examination of one branch's run, whose text is that of `version`."""

    def __init__(self, branch: Branch, version: Version) -> None:
        self._problem, self._history, self._version = branch.problem, branch.history, version
        self.version = version
        """The version at the cursor's step: the branch may have begun with another."""
        self.run_findings: tuple[Finding, ...] | None = None
        self.setback: Setback | None = None
        self._corrected = branch.fix is not None
        """Whether the branch corrects a line, whose mistake may have made the steps longer."""
        self._silenced = 0
        self.chosen: Finding | None = None
        """The finding that the cursor went to."""
        self._curvature = Curvature(branch.problem.trainer)
        self._gauges: dict[int, Gauge | str | None] = {}
        self._right: dict[int, bool] = {}
        """Whether the gradients by hand are the true ones at a step, of those looked at."""
        self._took = math.inf
        """Seconds of the processor that the last gauge took."""

    def known(self, tape: Tape) -> Known:
        """Return everything known at the step of a tape."""
        silenced = self._silenced + (self.judgement.silenced if self.judgement else 0)
        return Known(
            self.judgement, self.run_findings, self.findings, self.comparing, self.number,
            self.gauge(tape), silenced, self.setback,
        )  # fmt: skip

    @property
    def judgement(self) -> Judgement | None:
        """The judgement of the hand-written code; None until it is known."""
        return self.version.judgement

    @property
    def comparing(self) -> str:
        """What is being done to judge the hand-written code; empty once it is judged."""
        return self.version.comparing

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The findings so far, the gravest first."""
        return gravest_first((*_findings(self.judgement), *(self.run_findings or ())))

    @property
    def number(self) -> int | None:
        """The number of the finding that the cursor went to."""
        findings = self.findings
        return findings.index(self.chosen) if self.chosen in findings else None

    @property
    def unknown(self) -> str:
        """The examination in progress; empty when all is known."""
        if self.comparing:
            return self.comparing
        return "looking at the run …" if self.run_findings is None else ""

    @property
    def ready(self) -> bool:
        """Whether the steps to examine are computed already."""
        return self._history.known > self._last_looked_at

    @cached_property
    def _last_looked_at(self) -> int:
        from gradtui.diagnosis.runs.run import steps_looked_at

        return steps_looked_at(self._problem)

    @property
    def quick(self) -> bool:
        """Whether the whole examination takes only a moment."""
        numbers = self._problem.trainer.size * (self._problem.steps + 1)
        return not self._problem.by_hand and self.ready and numbers <= _QUICK

    def judge(self) -> None:
        """Judge the hand-written code, unless that is done."""
        self.version.judge()

    def stop_search(self) -> bool:
        """End a search in another process, which leaves what it knows; return if there was one."""
        return self.version.stop()

    def look(self) -> None:
        """Examine everything, unless that is done.

        The hand-written code comes first, because it may drive the run.
        """
        from gradtui.diagnosis.check import heard
        from gradtui.diagnosis.internal import internal

        self.judge()
        self._version.judge()
        if self.run_findings is None and self._problem.call is not None:
            self.run_findings = ()  # nothing moves, so no rule about runs applies
        if self.run_findings is None:
            try:
                self.setback = self._setback()
                found = self._judge_run(self._version.found)
                self.run_findings, self._silenced = heard(self._problem, found)
            except Exception as error:
                self.run_findings = (internal("the run", error),)

    def _judge_run(self, judged: Iterable[Finding]) -> tuple[Finding, ...]:
        """Return the findings of the run; of a branch, only those of its own part."""
        from gradtui.diagnosis.check import judge_run

        history, start = self._history.snapshot(), self._history.origin.start
        if start == 0:
            return judge_run(self._problem, judged, history)
        rest = max(1, self._problem.steps - start)
        own = self._problem.resumed(start, history.state(start), rest)
        return judge_run(own, judged, None, start)

    def _setback(self) -> Setback | None:
        history, last = self._history.snapshot(), self._problem.steps
        if self._corrected or history.parent is None or history.origin.start >= last:
            return None
        loss, before = (
            float(one.trainer.losses_at(one.state(last)[None], last)[0])
            for one in (history, history.parent)
        )
        worse = math.isfinite(before) and not loss <= _WORSE * before
        return Setback(last, loss, before) if worse and before > 0 else None

    def next(self) -> Finding | None:
        """Return the finding after the chosen one, wrapping around; None without any."""
        findings, last = self.findings, self.number
        at = 0 if last is None else last + 1
        return findings[at % len(findings)] if findings else None

    def gauge(self, tape: Tape) -> Gauge | str:
        """Return the gauge of a step, or the reason for having none; COMPUTING until measured."""
        if reason := self._ungauged(tape):
            return reason
        if tape.step not in self._gauges and self._is_quick_to_measure:
            self.measure(tape)
        found = self._gauges.get(tape.step, COMPUTING)
        return "not finite at this step" if found is None else found

    @property
    def ahead(self) -> bool:
        """Whether gauges are worth computing before a key leads to their steps."""
        least, most = _AHEAD
        return least < self._took <= most

    def lacks(self, tape: Tape) -> bool:
        """Return whether a step's gauge can be computed and is not yet."""
        return tape.step not in self._gauges and not self._ungauged(tape)

    def _ungauged(self, tape: Tape) -> str:
        """Return the reason for which a step has no gauge, empty if it has one."""
        if tape.program.moved_by_hand:
            return "unknown: update by hand"
        if self._misled(tape):
            return "unknown: gradients by hand"
        return "left out: the model is large" if self._curvature.numbers > _MOST else ""

    @property
    def _is_quick_to_measure(self) -> bool:
        """Whether a gauge takes only a moment, by the last one or by estimate."""
        compiled = bool(self._gauges) or len(self._problem.graph.nodes) <= _FEW
        return self._took <= _MOMENT or (compiled and self._curvature.numbers <= _AT_ONCE)

    def _misled(self, tape: Tape) -> bool:
        """Return whether hand-written gradients that are not the true ones move the weights.

        The curvature says how far a step along the true ones goes too far, and nothing of others.
        """
        pairs = list(zip(tape.program.driving, tape.program.gradients, strict=True))
        if all(hand == true for hand, true in pairs):
            return False
        if self.judgement is not None and self.judgement.wrong - self.judgement.noted:
            return True
        if tape.step not in self._right:
            values = ((tape.value(hand), tape.value(true)) for hand, true in pairs if hand != true)
            self._right[tape.step] = all(_alike(hand, true) for hand, true in values)
        return not self._right[tape.step]

    def measure(self, tape: Tape) -> None:
        """Compute the gauge of a step."""
        clip = tape.program.clip
        scale = 1.0 if clip is None else float(tape.value(clip.scale))
        began = time.thread_time()
        try:
            found: Gauge | str | None = gauge(self._curvature, tape, tape.rate, scale)
        except Exception as error:
            found = report_failure("the curvature could not be measured", error)
        self._gauges[tape.step] = found
        self._took = time.thread_time() - began


def _findings(judgement: Judgement | None) -> tuple[Finding, ...]:
    return () if judgement is None else judgement.findings


def _alike(hand: NDArray[Any], true: NDArray[Any]) -> bool:
    """Return whether two gradients of one step are the same but for rounding."""
    close = _CLOSE[true.dtype]
    largest = float(np.max(np.abs(true), initial=0.0))
    if not np.isfinite(largest):
        return bool(np.array_equal(hand, true, equal_nan=True))
    # What np.allclose compares, which takes several times as long at every key.
    return bool((np.abs(hand - true) <= close * np.abs(true) + close * largest).all())
