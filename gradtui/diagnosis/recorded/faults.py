"""Finds what makes gradients wrong: the lines at fault, or what else is known of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from gradtui.diagnosis.finding import Finding
from gradtui.diagnosis.internal import internal
from gradtui.diagnosis.recorded.approximate import approximate, is_measured
from gradtui.diagnosis.recorded.blame.gradients import Blamed
from gradtui.diagnosis.recorded.blame.hits import Blame
from gradtui.diagnosis.recorded.blame.primals import Primal
from gradtui.diagnosis.recorded.bounds import ignored
from gradtui.diagnosis.recorded.compared import Compared
from gradtui.diagnosis.recorded.deliberate import without_meant
from gradtui.diagnosis.recorded.domain import cut_off
from gradtui.diagnosis.recorded.fewer import blamed_on_fewer
from gradtui.diagnosis.recorded.judge import Judge, Wrong
from gradtui.diagnosis.recorded.kernels import with_kernels
from gradtui.diagnosis.recorded.leftovers import left_over
from gradtui.diagnosis.recorded.level import levelled
from gradtui.diagnosis.recorded.notes import (
    misshapen,
    note,
    search_crashed,
    seen_text,
)
from gradtui.diagnosis.recorded.outcome import Outcome, heard
from gradtui.diagnosis.recorded.point import Point
from gradtui.diagnosis.recorded.runs import Runs
from gradtui.diagnosis.recorded.simple import explained
from gradtui.diagnosis.recorded.sizes import size_told
from gradtui.diagnosis.recorded.stabilisers import leaving_out
from gradtui.diagnosis.recorded.unmended import Unmended
from gradtui.diagnosis.recorded.upstream import place_of

_RATIOS = frozenset({"sign", "constant-factor", "extra-factor", "missing-factor"})
"""Rules that may give a multiple, which a known quantity explains best."""
_BRIEF = 0.5
"""The share of the usual time of a search for each thing that gradients may mean."""
_SHAPES = frozenset({"unreduced-broadcast", "transposed", "wrong-axis"})
"""Rules that explain a wrong shape of a gradient."""


class Faults:
    """Tells what makes gradients of a target wrong."""

    def __init__(self, runs: Runs, names: Sequence[str]) -> None:
        """`names` are all that are judged."""
        self._runs, self._target, self._names = runs, runs.target, names

    def likeliest(
        self, seen: Compared, misfits: Sequence[str]
    ) -> tuple[Compared, Sequence[Finding]]:
        """Return what is wrong, in the comparison for which there is an explanation."""
        found = self.of(seen.points, seen.judge, misfits, seen.judged.wrong)
        other = seen.otherwise
        if other is None or not unexplained(found):
            return seen, found
        others = self.of(other.points, other.judge, misfits, other.judged.wrong)
        return (seen, found) if unexplained(others) else (other, others)

    def of(
        self, points: Sequence[Point], judge: Judge, misfits: Sequence[str], wrong: Sequence[Wrong]
    ) -> list[Finding]:
        """Return the findings of wrong gradients, by line if an edit repairs them."""
        kept, fresh = left_over(self._runs, wrong, judge.tolerance)
        level = levelled(self._target, points, fresh, judge.tolerance)
        meant = without_meant(self._runs, level.points, level.wrong, judge.tolerance)
        meanings = [(meant.points, meant.wrong), *meant.otherwise]
        brief = [(*one, _BRIEF) for one in meanings] if len(meanings) > 1 else []
        found = list[Finding]()
        for own, left, share in (*brief, (*meanings[0], 1.0)):
            found = self._by_line(own, judge, misfits, left, share)
            if not unexplained(found):
                break
        return [*kept, *level.findings, *meant.findings, *found]

    def _by_line(
        self, points: Sequence[Point], judge: Judge, misfits: Sequence[str],
        wrong: Sequence[Wrong], share: float,
    ) -> list[Finding]:  # fmt: skip
        """Return the findings of wrong gradients, by line if an edit brings them to the truth."""
        beyond = ignored(self._target, points, wrong, judge.tolerance)
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
            *Unmended(self._runs, points, left, judge.tolerance).findings(searched=not failed),
        ]
        if blames.forward is not None and found:
            found[0] = _with_forward(found[0], blames.forward, self._target.file)
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
        told = heard(Outcome(self._target, "wrong", tuple(found), len(self._names)))
        if told.findings:
            self._runs.progress.compared = told

    def _blames(
        self, points: Sequence[Point], judge: Judge, wrong: Sequence[str], share: float
    ) -> tuple[Blamed, Sequence[Finding]]:
        """Return the lines at fault, with a finding if gradtui itself fails at that."""
        if not wrong:
            return Blamed(), ()
        if self._runs.crashed:
            return Blamed(), (search_crashed(self._runs),)
        try:
            return blamed_on_fewer(self._runs, points, judge, wrong, share), ()
        except Exception as error:
            return Blamed(), (internal(self._target.file, error),)

    def _blamed(self, points: Sequence[Point], blame: Blame, apart: Mapping[str, Wrong]) -> Finding:
        """Return the finding for a line whose edit makes gradients right."""
        names = [name for name in self._names if name in blame.results]
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
            counted = size_told(factor, points[0], self._target.function, self._names)
            text += f"; {counted}" if counted else ""
        return Finding(rule, "error", first, blame.place.line, text, evidence,
                       factor=factor, fix=blame.fix, place=blame.place,
                       replaces=blame.lines)  # fmt: skip

    def _is_measured(self, name: str, points: Sequence[Point], judge: Judge) -> bool:
        """Return whether a gradient is off by as little as those taken by differences are."""
        slight = approximate(name, points, judge.tolerance) is not None
        return slight and is_measured(name, points)

    def _misfit(self, points: Sequence[Point], name: str) -> Finding:
        hand, true = points[0].hand[name].shape, points[0].true[name].shape
        simple = explained(name, points)
        text = f"the gradient of {misshapen(name, hand, true)}"
        if simple is not None:
            text += f": {simple.text}"
        rule = "no-gradient" if simple is None else simple.rule
        place = place_of(points[0], name) or self._target.place
        return note(rule, "error", name, text, place, {"misfit": [list(hand), list(true)]})

    def _seen(self, one: Wrong) -> str:
        return seen_text(one, self._target)


def unexplained(findings: Sequence[Finding]) -> bool:
    """Return whether a finding says what is wrong without a way to mend it."""
    return any(one.severity == "error" and one.fix is None for one in findings)


def _with_forward(found: Finding, other: Primal, file: str) -> Finding:
    evidence = {**found.evidence, "forward": [other.line, other.text]}
    return replace(found, message=f"{found.message}; {other.said(file)}", evidence=evidence)
