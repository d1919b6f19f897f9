"""The check of the user's own code: its verdict and its findings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradtui.base.source import InputError, Place
from gradtui.diagnosis.backward.trial import TOLERANCE
from gradtui.diagnosis.finding import Finding, gravest_first
from gradtui.diagnosis.recorded.around import Inner
from gradtui.diagnosis.recorded.compared import Compared, compared
from gradtui.diagnosis.recorded.conventions import started, told_by_differences
from gradtui.diagnosis.recorded.differences import COARSE, in_single
from gradtui.diagnosis.recorded.disjoint import masking_nothing
from gradtui.diagnosis.recorded.exchanged import exchanged
from gradtui.diagnosis.recorded.faithful import is_faithful
from gradtui.diagnosis.recorded.faults import Faults, unexplained
from gradtui.diagnosis.recorded.implicit import Standing, placeholder
from gradtui.diagnosis.recorded.judge import SINGLE
from gradtui.diagnosis.recorded.matrices import held_within
from gradtui.diagnosis.recorded.notes import (
    ended,
    holes,
    left_out,
    lost,
    misshapen,
    not_finite,
    note,
    one_side,
    opaque,
)
from gradtui.diagnosis.recorded.numeric import NumericJudge, numeric_points
from gradtui.diagnosis.recorded.outcome import Outcome, heard, verdict_of
from gradtui.diagnosis.recorded.point import Point
from gradtui.diagnosis.recorded.points import points_around
from gradtui.diagnosis.recorded.progress import Progress
from gradtui.diagnosis.recorded.refused import refused, repaired
from gradtui.diagnosis.recorded.repeated import repeated
from gradtui.diagnosis.recorded.reserved import reservations
from gradtui.diagnosis.recorded.runs import CodeFailed, Lost, Runs, raised
from gradtui.diagnosis.recorded.shut import shut
from gradtui.diagnosis.recorded.signs import folding, one_sided, turned
from gradtui.diagnosis.recorded.target import Misplaced, Misshapen, Target
from gradtui.diagnosis.recorded.unmended import end_of
from gradtui.diagnosis.recorded.unrecorded import by_differences
from gradtui.diagnosis.recorded.unscaled import unscaled
from gradtui.diagnosis.recorded.wanted import judged_names
from gradtui.diagnosis.recorded.withheld import withheld
from gradtui.recording.run import Answers, settled
from gradtui.recording.slopes import Untold
from gradtui.recording.tape import Call

Array = NDArray[Any]
_UNSEEN = "part of the loss passes through functions that cannot be recorded"
_DETACHED = "the loss depends on an argument by way of detached values"


def check_target(
    target: Target, progress: Progress | None = None, answers: Answers | None = None,
    crashed: str | None = None,
) -> Outcome:  # fmt: skip
    """Run the user's code and judge the gradients that it returns; raises InputError.

    It is told the `answers` of a run before. Exceptions of the user's code at its own arguments
    pass through, in whichever run. No line at fault is looked for if a signal has ended that
    before: `crashed`.
    """
    library = target.library
    with library.in_python(target.called):
        before, kept = library.randomness(None), library.kept(target.called)
        runs = Runs(target, kept, answers=answers, progress=progress, crashed=crashed)
        try:
            with settled(), runs.patience.at_work():
                try:
                    return heard(_outcome(runs))
                except Misplaced as error:
                    return heard(refused(runs, error))
                except Misshapen as error:
                    return heard(_reshaped(runs, refused(runs, error)))
                except CodeFailed as error:
                    failed = raised(error, target)
        finally:
            before.restore()
            kept.put_back()
    raise failed


def _outcome(runs: Runs) -> Outcome:
    checking = _Checking(runs)
    found = unscaled(runs)
    if found is None:
        return checking.outcome()
    return found.outcome(_Checking(found.runs, heard=False).outcome(), checking.outcome)


def _reshaped(runs: Runs, before: Outcome) -> Outcome:
    """Return the outcome for a gradient of a wrong shape, with the line at fault if it is found."""
    target, crashed = runs.target.leniently(), runs.crashed
    lenient = Runs(target, runs.kept, progress=runs.progress, crashed=crashed)
    try:
        return repaired(before, _Checking(lenient, heard=False).outcome())
    except (CodeFailed, InputError, Lost, Untold):
        return before


class _Checking:
    """One target, run as often as necessary."""

    def __init__(self, runs: Runs, *, heard: bool = True) -> None:
        """If the user's code is `heard` in its first run, it may print, and raise exceptions."""
        self.target, self.runs = runs.target, runs
        self._meant: Sequence[Finding] = ()
        """What the gradients of complex numbers are taken for, if that is not usual."""
        self._kept: Sequence[Finding] = ()
        """What the code keeps from run to run, if that changes its results."""
        loss, claimed = self.runs.first(heard=heard)
        self.loss = loss
        self.claimed: Mapping[str, Array] = {n: np.asarray(v) for n, v in claimed.items()}
        self._withheld = withheld(runs, claimed)
        self.names = judged_names(runs, claimed, known=bool(self._withheld))
        self._faults = Faults(runs, self.names)

    @np.errstate(all="ignore")  # a loss may be close to overflow, and what is compared beyond it
    def outcome(self) -> Outcome:
        if not self.names:
            return Outcome(self.target, "wrong", gravest_first(self._withheld))
        if not np.isfinite(self.loss):
            why, place = not_finite(self.runs)
            return self._not_compared("the loss is not finite at the given arguments" + why, place)
        again = repeated(self.runs, self.loss, self.claimed)
        if not again.alike:
            return Outcome(self.target, "not-compared", again.findings)
        self.loss, self.claimed, self._kept = again.loss, again.claimed, again.findings
        drawn = {name: np.asarray(self.runs.given[name]) for name in self.names}
        lacking = self._lacking(self.names)
        if lacking and (told := exchanged(self.runs, self.names, lacking)) is not None:
            return Outcome(self.target, "wrong", (told,))
        absent = [*self._withheld, *map(self._absent, lacking)]
        try:
            start = self._start(drawn)
            fold, within = folding(start), held_within(start)
            around = points_around(
                self.runs, start, self.names, signed=fold is not None, within=within
            )
            points: Sequence[Point] = [start, *around]
        except (Lost, Untold) as error:
            unknown = f"gradtui does not know what {error} does"
            return self._by_differences(unknown if isinstance(error, Untold) else str(error))
        fitting = [n for n in self.names if n in self.claimed
                   and start.hand[n].shape == start.true[n].shape]  # fmt: skip
        misfits = [n for n in self.names if n in self.claimed and n not in fitting]
        single = any(value.dtype == np.float32 for value in drawn.values())
        self.runs.single = self._in_single(start)
        tolerance = SINGLE if single or self.runs.single else TOLERANCE
        standing, target = placeholder(self.runs, points), self.runs.target
        if standing is not None and not standing.beside:
            return self._of_a_solution(standing, points, fitting)
        seen = compared(self.runs, points, fitting, tolerance, solved=standing is not None)
        if seen.judged.mistrusted:
            detached = bool(start.result.tape.stopped)
            why = _DETACHED if detached else _UNSEEN
            sloped = self._by_slopes(seen.points, fitting, why, detached=detached)
            return sloped or self._by_differences(_UNSEEN)
        seen, mistakes = self._faults.likeliest(seen, misfits)
        if (whole := self._as_a_whole(seen.points, fitting, mistakes)) is not None:
            return whole
        found = [*absent, *mistakes]
        found += [self._untold(name) for name in seen.judged.untold
                  if name not in {one.name for one in seen.judged.wrong}]  # fmt: skip
        found += shut(seen.points, fitting)
        verdict = verdict_of(found)
        if verdict == "correct" and standing is not None:
            self.runs.target = target  # what passes gradients on hides what gives them
            return self._of_a_solution(standing, points, fitting)
        notes = [*seen.notes, *self._notes()]
        if verdict == "correct":
            notes += self._reservations(seen, fitting, fold, within, tolerance)
            notes += masking_nothing(seen.points, found)
        else:
            notes += opaque(start)
        return Outcome(self.target, verdict, gravest_first([*found, *notes]), len(fitting),
                       len(seen.points), tolerance, self._unjudged())  # fmt: skip

    def _start(self, drawn: Mapping[str, Array]) -> Point:
        """Return the recorded run at the given arguments; raises Lost and Untold."""
        start, self._meant = started(self.runs, drawn, self.names)
        # A plain run there is known already, but for gradients of another meaning.
        own = self.runs.as_is(start.values) if self._meant else (self.loss, self.claimed)
        if not is_faithful(start, *own):
            raise Lost("the code computes something else where it is recorded")
        return start

    def _reservations(
        self, seen: Compared, names: Sequence[str], fold: int | None, within: Inner,
        tolerance: float,
    ) -> Iterator[Finding]:  # fmt: skip
        """Yield the notes on what right gradients rely on."""
        points = seen.points
        apart = {one.name for one in seen.judged.wrong}  # deliberately: they are told already
        right = tuple(name for name in names if name not in apart)
        yield from reservations(self.runs, points, right, within, tolerance)
        if fold is None:
            yield from one_side(self.runs, points)
            return
        beyond = turned(self.runs, points[0], fold, len(points))
        signs = [*one_sided(self.runs, points[0], fold, beyond, names, tolerance)]
        yield from signs or one_side(self.runs, [*points, *beyond])

    def _of_a_solution(
        self, standing: Standing, points: Sequence[Point], names: Sequence[str]
    ) -> Outcome:
        """Compare an implicit layer with the slopes of the whole."""
        why = f"{standing.name} gives a gradient to what autograd does not see"
        near = [one for one in points if one.near]
        return self._by_slopes(near, names, why, detached=False) or self._by_differences(why)

    def _as_a_whole(
        self, points: Sequence[Point], names: Sequence[str], mistakes: Sequence[Finding]
    ) -> Outcome | None:
        """Compare with the slopes of all that is done, detached or not, where that explains more.

        None if it does not, or if nothing is detached.
        """
        if not (points[0].result.tape.stopped and unexplained(mistakes)):
            return None
        whole = self._by_slopes(points, names, _DETACHED, detached=True)
        told = whole is not None and whole.verdict == "wrong" and not unexplained(whole.findings)
        return whole if told else None

    def _by_slopes(
        self, points: Sequence[Point], names: Sequence[str], why: str, *, detached: bool
    ) -> Outcome | None:
        """Compare with central differences of all elements; None if they are uncertain.

        What the recording misses may be `detached`, so that a gradient may stop there on purpose.
        """
        found = numeric_points(self.runs, points, names, detached=detached)
        if not found:
            return None
        judge = NumericJudge(self.runs, found)
        findings = self._faults.of(found, judge, (), judge.judged(names).wrong)
        findings += self._unfit(names)
        sides = one_side(self.runs, found) if verdict_of(findings) == "correct" else ()
        text = f"compared by central differences: {why}"
        seen = note("opaque", "info", self.target.name, text, self.target.place)
        told = [*findings, seen, *self._notes(), *sides]
        return Outcome(self.target, verdict_of(findings), gravest_first(told),
                       len(names), len(found), COARSE, self._unjudged())  # fmt: skip

    def _in_single(self, start: Point) -> bool:
        """Return whether something on the way to the loss is in single precision."""
        tape = start.result.tape
        return any(
            tape.active[id] and isinstance(tape.nodes[id], Call)
            and tape.value(id).dtype == np.float32
            for id in tape.sources(start.root)
        )  # fmt: skip

    def _by_differences(self, why: str) -> Outcome:
        """Compare gradients whose truth the recording cannot tell."""
        fitting = [n for n in self.names if n in self.claimed and self._fits(n)]
        self.runs.single |= in_single(self.runs)
        self._meant = told_by_differences(self.runs, fitting)
        compared = by_differences(self.runs, fitting)
        found = self._unfit(fitting)
        found += [*compared.findings, *(self._untold(name) for name in compared.untold)]
        alone = ", at the given arguments" if compared.points == 1 else ""
        text = f"compared by central differences alone{alone}: {why}"
        told = note("opaque", "info", self.target.name, text, self.target.place)
        alone_for = ended(self.runs) if compared.points == 1 else ()
        findings = gravest_first([*found, *self._notes(), told, *alone_for])
        return Outcome(self.target, verdict_of(found), findings, len(fitting), compared.points,
                       COARSE, self._unjudged())  # fmt: skip

    def _unjudged(self) -> tuple[str, ...]:
        """Return the arrays and the numbers without a gradient, no settings held in containers."""
        if self.target.wanted:
            return ()
        parts = self.target.parts
        held = {parts[name].path[0] for name in self.claimed if name in parts}
        return tuple(
            name
            for name in self._lacking(tuple(parts))
            if parts[name].is_array or len(parts[name].path) == 1 or parts[name].path[0] in held
        )

    def _notes(self) -> list[Finding]:
        return [*self._kept, *self._meant, *left_out(self.runs), *holes(self.runs, self.names)]

    def _not_compared(self, why: str, place: Place | None) -> Outcome:
        text = f"the gradients are not compared: {why}"
        place = place or self.target.place
        finding = note("not-compared", "error", ", ".join(self.names), text, place)
        return Outcome(self.target, "not-compared", (finding,))

    def _untold(self, name: str) -> Finding:
        text = f"the gradient of {name} is not compared: {lost(self.runs)}"
        return note("not-compared", "error", name, text, self.target.place)

    def _absent(self, name: str) -> Finding:
        text = f"no gradient is returned for {name}, which should be judged"
        place = end_of(self.target, name, absent=True)
        return note("no-gradient", "error", name, text, place)

    def _fits(self, name: str) -> bool:
        own, given = self.claimed[name], self.runs.given[name]
        return own.shape == given.shape if self.target.exact else own.size == given.size

    def _unfit(self, fitting: Sequence[str]) -> list[Finding]:
        """Return the findings of gradients that are missing or have another shape."""
        others = [name for name in self.names if name in self.claimed and name not in fitting]
        absent = map(self._absent, self._lacking(self.names))
        return [*self._withheld, *absent, *map(self._misfit, others)]

    def _lacking(self, names: Sequence[str]) -> list[str]:
        """Return those of some arguments without a gradient that nothing is told of yet."""
        told = {name for one in self._withheld for name in one.evidence["gradients"]}
        return [name for name in names if name not in self.claimed and name not in told]

    def _misfit(self, name: str) -> Finding:
        hand, true = self.claimed[name].shape, self.runs.given[name].shape
        text = f"the gradient of {misshapen(name, hand, true)}"
        evidence = {"misfit": [list(hand), list(true)]}
        return note("no-gradient", "error", name, text, end_of(self.target, name), evidence)
