"""The check of the user's own code: its verdict and its findings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from gradtui.base.source import Place
from gradtui.diagnosis.backward.trial import TOLERANCE
from gradtui.diagnosis.finding import Finding, gravest_first
from gradtui.diagnosis.internal import internal
from gradtui.diagnosis.recorded.approximate import approximate, is_measured
from gradtui.diagnosis.recorded.blame.gradients import Blamed
from gradtui.diagnosis.recorded.blame.hits import Blame
from gradtui.diagnosis.recorded.blame.primals import Primal
from gradtui.diagnosis.recorded.bounds import ignored
from gradtui.diagnosis.recorded.compared import Compared, compared
from gradtui.diagnosis.recorded.conventions import started, told_by_differences
from gradtui.diagnosis.recorded.deliberate import without_meant
from gradtui.diagnosis.recorded.differences import COARSE, in_single
from gradtui.diagnosis.recorded.disjoint import masking_nothing
from gradtui.diagnosis.recorded.domain import cut_off
from gradtui.diagnosis.recorded.exchanged import exchanged
from gradtui.diagnosis.recorded.faithful import is_faithful
from gradtui.diagnosis.recorded.fewer import blamed_on_fewer
from gradtui.diagnosis.recorded.judge import SINGLE, Judge, Wrong
from gradtui.diagnosis.recorded.kernels import with_kernels
from gradtui.diagnosis.recorded.leftovers import left_over
from gradtui.diagnosis.recorded.level import levelled
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
    search_crashed,
    seen_text,
)
from gradtui.diagnosis.recorded.numeric import NumericJudge, numeric_points
from gradtui.diagnosis.recorded.outcome import Outcome, heard, verdict_of
from gradtui.diagnosis.recorded.point import Point
from gradtui.diagnosis.recorded.points import points_around
from gradtui.diagnosis.recorded.progress import Progress
from gradtui.diagnosis.recorded.refused import refused
from gradtui.diagnosis.recorded.repeated import repeated
from gradtui.diagnosis.recorded.reserved import reservations
from gradtui.diagnosis.recorded.runs import CodeFailed, Lost, Runs, raised
from gradtui.diagnosis.recorded.shut import shut
from gradtui.diagnosis.recorded.signs import folding, one_sided
from gradtui.diagnosis.recorded.simple import explained
from gradtui.diagnosis.recorded.sizes import size_told
from gradtui.diagnosis.recorded.stabilisers import leaving_out
from gradtui.diagnosis.recorded.target import Misplaced, Misshapen, Target
from gradtui.diagnosis.recorded.unmended import Unmended, end_of
from gradtui.diagnosis.recorded.unrecorded import by_differences
from gradtui.diagnosis.recorded.unscaled import unscaled
from gradtui.diagnosis.recorded.upstream import place_of
from gradtui.diagnosis.recorded.wanted import judged_names
from gradtui.recording.run import Answers, settled
from gradtui.recording.slopes import Untold
from gradtui.recording.tape import Call

Array = NDArray[Any]
_RATIOS = frozenset({"sign", "constant-factor", "extra-factor", "missing-factor"})
"""Rules that may give a multiple, which a known quantity explains best."""
_UNSEEN = "part of the loss passes through functions that cannot be recorded"
_DETACHED = "the loss depends on an argument by way of detached values alone"
_BRIEF = 0.5
"""The share of the usual time of a search for each thing that gradients may mean."""
_SHAPES = frozenset({"unreduced-broadcast", "transposed", "wrong-axis"})
"""Rules that explain a wrong shape of a gradient."""


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
                except (Misplaced, Misshapen) as error:
                    return heard(refused(runs, error))
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
        self.names = judged_names(runs, claimed)

    @np.errstate(all="ignore")  # a loss may be close to overflow, and what is compared beyond it
    def outcome(self) -> Outcome:
        if not np.isfinite(self.loss):
            why, place = not_finite(self.runs)
            return self._not_compared("the loss is not finite at the given arguments" + why, place)
        again = repeated(self.runs, self.loss, self.claimed)
        if not again.alike:
            return Outcome(self.target, "not-compared", again.findings)
        self.loss, self.claimed, self._kept = again.loss, again.claimed, again.findings
        drawn = {name: np.asarray(self.runs.given[name]) for name in self.names}
        lacking = [name for name in self.names if name not in self.claimed]
        if lacking and (told := exchanged(self.runs, self.names, lacking)) is not None:
            return Outcome(self.target, "wrong", (told,))
        absent = [self._absent(name) for name in lacking]
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
        seen = compared(self.runs, points, fitting, tolerance)
        if seen.judged.mistrusted:
            return self._by_slopes(seen.points, fitting) or self._by_differences(_UNSEEN)
        seen, mistakes = self._mistaken(seen, misfits)
        points, judged = seen.points, seen.judged
        found = [*absent, *mistakes]
        found += [self._untold(name) for name in judged.untold
                  if name not in {one.name for one in judged.wrong}]  # fmt: skip
        found += shut(points, fitting)
        verdict = verdict_of(found)
        notes = [*seen.notes, *self._notes()]
        if verdict == "correct":
            apart = {one.name for one in judged.wrong}  # deliberately: they are told already
            right = tuple(name for name in fitting if name not in apart)
            notes += reservations(self.runs, points, right, within, tolerance)
            notes += (
                one_side(self.runs, points)
                if fold is None
                else one_sided(self.runs, start, fold, fitting, tolerance)
            )
            notes += masking_nothing(points, found)
        else:
            notes += opaque(start)
        return Outcome(self.target, verdict, gravest_first([*found, *notes]), len(fitting),
                       len(points), tolerance, self._unjudged())  # fmt: skip

    def _start(self, drawn: Mapping[str, Array]) -> Point:
        """Return the recorded run at the given arguments; raises Lost and Untold."""
        start, self._meant = started(self.runs, drawn, self.names)
        # A plain run there is known already, but for gradients of another meaning.
        own = self.runs.as_is(start.values) if self._meant else (self.loss, self.claimed)
        if not is_faithful(start, *own):
            raise Lost("the code computes something else where it is recorded")
        return start

    def _by_slopes(self, points: Sequence[Point], names: Sequence[str]) -> Outcome | None:
        """Compare with central differences of all elements; None if they are uncertain."""
        found = numeric_points(self.runs, points, names)
        if not found:
            return None
        judge = NumericJudge(self.runs, found)
        findings = self._mistakes(found, judge, (), judge.judged(names).wrong)
        findings += [self._unfit(name) for name in self.names if name not in names]
        sides = one_side(self.runs, found) if verdict_of(findings) == "correct" else ()
        why = _DETACHED if points[0].result.tape.stopped else _UNSEEN
        text = f"compared by central differences: {why}"
        seen = note("opaque", "info", self.target.name, text, self.target.place)
        told = [*findings, seen, *self._notes(), *sides]
        return Outcome(self.target, verdict_of(findings), gravest_first(told),
                       len(names), len(found), COARSE, self._unjudged())  # fmt: skip

    def _mistaken(
        self, seen: Compared, misfits: Sequence[str]
    ) -> tuple[Compared, Sequence[Finding]]:
        """Return what is wrong, in the comparison for which there is an explanation."""
        found = self._mistakes(seen.points, seen.judge, misfits, seen.judged.wrong)
        other = seen.otherwise
        if other is None or not _unexplained(found):
            return seen, found
        others = self._mistakes(other.points, other.judge, misfits, other.judged.wrong)
        return (seen, found) if _unexplained(others) else (other, others)

    def _mistakes(
        self, points: Sequence[Point], judge: Judge, misfits: Sequence[str], wrong: Sequence[Wrong]
    ) -> list[Finding]:
        """Return the findings of wrong gradients, by line if an edit repairs them."""
        kept, fresh = left_over(self.runs, wrong, judge.tolerance)
        level = levelled(self.target, points, fresh, judge.tolerance)
        meant = without_meant(self.runs, level.points, level.wrong, judge.tolerance)
        meanings = [(meant.points, meant.wrong), *meant.otherwise]
        brief = [(*one, _BRIEF) for one in meanings] if len(meanings) > 1 else []
        found = list[Finding]()
        for own, left, share in (*brief, (*meanings[0], 1.0)):
            found = self._by_line(own, judge, misfits, left, share)
            if not _unexplained(found):
                break
        return [*kept, *level.findings, *meant.findings, *found]

    def _by_line(
        self, points: Sequence[Point], judge: Judge, misfits: Sequence[str],
        wrong: Sequence[Wrong], share: float,
    ) -> list[Finding]:  # fmt: skip
        """Return the findings of wrong gradients, by line if an edit brings them to the truth."""
        beyond = ignored(self.target, points, wrong, judge.tolerance)
        points, apart = beyond.points, {one.name: one for one in beyond.wrong}
        # The search begins at a point where something is wrong: elsewhere all may be right.
        told_at = [one.point for one in apart.values()]
        ordered = list({id(one): one for one in (*told_at, *points[1:], points[0])}.values())
        names = [*misfits, *(name for name in apart if not self._is_measured(name, points, judge))]
        ordered = [known for one in ordered if (known := leaving_out(one, names)) is not None]
        if all(one.at_own for one in apart.values()):
            usual = cut_off(points[0].result.tape, points[0].root)
            ordered = [one for one in ordered if cut_off(one.result.tape, one.root) <= usual]
        self._tell(points, beyond.wrong, misfits)
        blames, failed = self._blames(ordered, judge, names, share)
        told = {name for blame in blames.lines for name in blame.results}
        left = [one for name, one in apart.items() if name not in told]
        found = [
            *(self._blamed(points, blame, apart) for blame in blames.lines),
            *(self._misfit(points, name) for name in misfits if name not in told),
            *Unmended(self.runs, points, left, judge.tolerance).findings(searched=not failed),
        ]
        if blames.forward is not None and found:
            found[0] = _with_forward(found[0], blames.forward, self.target.file)
        return [*beyond.findings, *with_kernels(points[0], found), *failed]

    def _tell(
        self, points: Sequence[Point], wrong: Sequence[Wrong], misfits: Sequence[str]
    ) -> None:
        """Say what is wrong before the lines at fault are looked for, which may take long."""
        found = [self._misfit(points, name) for name in misfits]
        found += [
            note("unexplained", "error", one.name, f"the gradient of {self._seen(one)}", None,
                 one.evidence)
            for one in wrong
        ]  # fmt: skip
        told = heard(Outcome(self.target, "wrong", tuple(found), len(self.names)))
        if told.findings:
            self.runs.progress.compared = told

    def _blames(
        self, points: Sequence[Point], judge: Judge, wrong: Sequence[str], share: float
    ) -> tuple[Blamed, Sequence[Finding]]:
        """Return the lines at fault, with a finding if gradtui itself fails at that."""
        if not wrong:
            return Blamed(), ()
        if self.runs.crashed:
            return Blamed(), (search_crashed(self.runs),)
        try:
            return blamed_on_fewer(self.runs, points, judge, wrong, share), ()
        except Exception as error:
            return Blamed(), (internal(self.target.file, error),)

    def _blamed(self, points: Sequence[Point], blame: Blame, apart: Mapping[str, Wrong]) -> Finding:
        """Return the finding for a line whose edit makes gradients right."""
        names = [name for name in self.names if name in blame.results]
        first = names[0]
        evidence: dict[str, Any] = {"gradients": names, **blame.evidence}
        one = apart.get(first)
        if one is None:
            hand, true = points[0].hand[first].shape, points[0].true[first].shape
            seen = misshapen(first, hand, true)
            evidence["misfit"] = [list(hand), list(true)]
        else:
            seen = self._seen(one)
            evidence |= one.evidence
        if blame.lines[0] < blame.lines[1]:
            evidence["replaces"] = [*blame.lines]
        others = f" (also wrong: {', '.join(names[1:])})" if len(names) > 1 else ""
        text = f"the gradient of {seen}{others}: {blame.said}"
        rule, factor = blame.rule, blame.factor
        simple = explained(first, points)
        if simple is not None and {simple.rule, rule} <= _RATIOS:
            rule, factor = simple.rule, simple.factor
        if simple is not None and simple.rule == "wrong-variable":
            rule, factor, text = simple.rule, simple.factor, f"{text}; {simple.text}"
        if one is None and rule not in _SHAPES:
            rule = "no-gradient"
        if rule == "constant-factor":
            counted = size_told(factor, points[0], self.target.function, self.names)
            text += f"; {counted}" if counted else ""
        return Finding(rule, "error", first, blame.place.line, text, evidence,
                       factor=factor, fix=blame.fix, place=blame.place,
                       replaces=blame.lines)  # fmt: skip

    def _is_measured(self, name: str, points: Sequence[Point], judge: Judge) -> bool:
        """Return whether a gradient is off by as little as those taken by differences are."""
        slight = approximate(name, points, judge.tolerance) is not None
        return slight and is_measured(name, points)

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
        found = [self._unfit(name) for name in self.names if name not in fitting]
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
            for name, part in parts.items()
            if name not in self.claimed
            and (part.is_array or len(part.path) == 1 or part.path[0] in held)
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

    def _unfit(self, name: str) -> Finding:
        """Return the finding of a gradient that is missing or has another shape."""
        if name not in self.claimed:
            return self._absent(name)
        hand, true = self.claimed[name].shape, self.runs.given[name].shape
        text = f"the gradient of {misshapen(name, hand, true)}"
        evidence = {"misfit": [list(hand), list(true)]}
        return note("no-gradient", "error", name, text, end_of(self.target, name), evidence)

    def _misfit(self, points: Sequence[Point], name: str) -> Finding:
        hand, true = points[0].hand[name].shape, points[0].true[name].shape
        simple = explained(name, points)
        text = f"the gradient of {misshapen(name, hand, true)}"
        if simple is not None:
            text += f": {simple.text}"
        rule = "no-gradient" if simple is None else simple.rule
        place = place_of(points[0], name) or self.target.place
        return note(rule, "error", name, text, place, {"misfit": [list(hand), list(true)]})

    def _seen(self, one: Wrong) -> str:
        return seen_text(one, self.runs.target)


def _unexplained(findings: Sequence[Finding]) -> bool:
    """Return whether a finding says what is wrong without a way to mend it."""
    return any(one.severity == "error" and one.fix is None for one in findings)


def _with_forward(found: Finding, other: Primal, file: str) -> Finding:
    evidence = {**found.evidence, "forward": [other.line, other.text]}
    return replace(found, message=f"{found.message}; {other.said(file)}", evidence=evidence)
