"""Everything that is found of the user's own code: its verdict and its findings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, Literal

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from gradtui.base.source import InputError, Place
from gradtui.base.text import number, shape_text
from gradtui.diagnosis.backward.trial import TOLERANCE
from gradtui.diagnosis.finding import Finding, gravest_first
from gradtui.diagnosis.internal import internal
from gradtui.diagnosis.recorded.blame.gradients import blamed
from gradtui.diagnosis.recorded.blame.search import Blame
from gradtui.diagnosis.recorded.differences import COARSE, Apart, apart_by_differences
from gradtui.diagnosis.recorded.judge import SINGLE, Judge, Wrong
from gradtui.diagnosis.recorded.runs import Lost, Point, Runs
from gradtui.diagnosis.recorded.simple import explained
from gradtui.diagnosis.recorded.stabilisers import stabiliser
from gradtui.diagnosis.recorded.surrogates import Surrogate, surrogate
from gradtui.diagnosis.recorded.target import Target
from gradtui.diagnosis.silenced import lines_of_place, sifted
from gradtui.recording.kept import Kept
from gradtui.recording.run import Randomness
from gradtui.recording.slopes import Untold
from gradtui.recording.tape import Call, Leaf, Moved, Tape

Array = NDArray[Any]
_RATIOS = frozenset({"sign", "constant-factor", "extra-factor", "missing-factor"})
"""Rules that may say that one number is a multiple of another: what that is says it best."""
_SHAPES = frozenset({"unreduced-broadcast", "transposed", "wrong-axis"})
"""Rules that say why a gradient has another shape."""
Verdict = Literal["correct", "wrong", "not-compared"]


class Outcome(Struct, frozen=True, eq=False):
    """The outcome for one target."""

    target: Target
    verdict: Verdict
    findings: tuple[Finding, ...]
    claims: int = 0
    """How many gradients were compared."""
    points: int = 0
    tolerance: float = TOLERANCE
    silenced: int = 0
    """How many findings a comment on their line silences."""

    @property
    def failed(self) -> bool:
        """Whether there is a finding of severity error."""
        return any(finding.severity == "error" for finding in self.findings)

    @property
    def warned(self) -> bool:
        """Whether there is a finding of severity warning."""
        return any(finding.severity == "warning" for finding in self.findings)

    def as_dict(self, file: str) -> Mapping[str, Any]:
        """Return the outcome as `check --json` prints it."""
        return {
            "file": file,
            "verdict": self.verdict,
            "claims": self.claims,
            "findings": [
                finding.as_dict() | {"file": finding.place.file if finding.place else None}
                for finding in self.findings
            ],
            "inherited": [],
            **({"silenced": self.silenced} if self.silenced else {}),
        }


def check_target(target: Target) -> Outcome:
    """Run the user's code and judge the gradients that it returns; raises InputError.

    Exceptions of the user's code at its own arguments pass through.
    """
    before, kept = Randomness(), Kept(target.backward or target.function)
    try:
        return _heard(_Checking(target, kept).outcome())
    finally:
        before.restore()
        kept.put_back()


def _heard(outcome: Outcome) -> Outcome:
    """Return an outcome without what comments in the code silence."""
    kept, silenced = sifted(outcome.findings, lines_of_place)
    if not silenced:
        return outcome
    verdict = outcome.verdict if outcome.verdict == "not-compared" else _verdict(kept)
    return replace(outcome, findings=kept, verdict=verdict, silenced=silenced)


class _Checking:
    """One target, run as often as it takes."""

    def __init__(self, target: Target, kept: Kept) -> None:
        self.target = target
        self.runs = Runs(target, kept)
        loss, claimed = self.runs.as_is(self.runs.given, heard=True)
        self.loss, self.claimed = loss, {n: np.asarray(v) for n, v in claimed.items()}
        wanted = target.case.wrt or tuple(self.claimed)
        self.names = tuple(name for name in target.floats if name in wanted)
        if not self.names:
            raise InputError(f"there is nothing to judge: {target.name} returns no gradient",
                             target.place, file=target.file)  # fmt: skip

    def outcome(self) -> Outcome:
        if not np.isfinite(self.loss):
            return self._not_compared("the loss is not finite at the given arguments")
        again = self.runs.as_is(self.runs.given)
        if not _same(again[0], self.loss) or any(
            not _same(again[1].get(name), value) for name, value in self.claimed.items()
        ):
            return Outcome(self.target, "not-compared", (self._nondeterministic(),))
        drawn = {name: np.asarray(self.runs.given[name]) for name in self.names}
        absent = [self._absent(name) for name in self.names if name not in self.claimed]
        try:
            start = self.runs.point(drawn, self.names, near=True)
            points = [start, *self.runs.points(start, self.names)]
        except (Lost, Untold) as error:
            what = f"what {error} does is not known" if isinstance(error, Untold) else str(error)
            return self._by_differences(what)
        fitting = [n for n in self.names if n in self.claimed and self._fits(start, n)]
        misfits = [n for n in self.names if n in self.claimed and n not in fitting]
        single = any(value.dtype == np.float32 for value in drawn.values())
        tolerance = SINGLE if single or self._in_single(start) else TOLERANCE
        judge = Judge(self.runs, points, tolerance)
        judged = judge.judged(fitting)
        if judged.mistrusted:
            return self._by_differences("part of the loss does not pass NumPy's functions")
        found = [*absent, *self._mistakes(points, judge, misfits, judged.wrong)]
        found += [self._untold(name) for name in judged.untold
                  if name not in {one.name for one in judged.wrong}]  # fmt: skip
        verdict = _verdict(found)
        notes = _opaque(start) if verdict != "correct" else ()
        return Outcome(self.target, verdict, gravest_first([*found, *notes]), len(fitting),
                       len(points), tolerance)  # fmt: skip

    def _mistakes(
        self, points: Sequence[Point], judge: Judge, misfits: Sequence[str], wrong: Sequence[Wrong]
    ) -> list[Finding]:
        """Return what is found of gradients that are wrong: by line where an edit mends them."""
        meant = {
            one.name: note for one in wrong
            if (note := self._meant(points, one, judge.tolerance)) is not None
        }  # fmt: skip
        apart = {one.name: one for one in wrong if one.name not in meant}
        # The search begins where something is wrong: elsewhere all may be right.
        told_at = [one.point for one in apart.values()]
        ordered = list({id(one): one for one in (*told_at, *points[1:], points[0])}.values())
        blames, failed = self._blames(ordered, judge, [*misfits, *apart])
        told = {name for blame in blames for name in blame.results}
        return [
            *meant.values(),
            *(self._blamed(points, blame, apart) for blame in blames),
            *(self._misfit(points, name) for name in misfits if name not in told),
            *(self._wrong(points, one) for name, one in apart.items() if name not in told),
            *failed,
        ]

    def _blames(
        self, points: Sequence[Point], judge: Judge, wrong: Sequence[str]
    ) -> tuple[Sequence[Blame], Sequence[Finding]]:
        """Return the lines at fault, and what is found where gradtui itself fails at that."""
        if not wrong:
            return (), ()
        try:
            return blamed(self.runs, points, judge, wrong), ()
        except Exception as error:
            return (), (internal(self.target.file, error),)

    def _blamed(self, points: Sequence[Point], blame: Blame, apart: Mapping[str, Wrong]) -> Finding:
        """Return the finding for a line whose edit makes gradients right."""
        names = [name for name in self.names if name in blame.results]
        first = names[0]
        evidence: dict[str, Any] = {"gradients": names}
        one = apart.get(first)
        if one is None:
            hand, true = points[0].hand[first].shape, points[0].true[first].shape
            seen = f"{first} has the shape {shape_text(hand)}, not {shape_text(true)}"
            evidence["misfit"] = [list(hand), list(true)]
        else:
            seen = (f"{first}{_at(one.element)} is {number(one.claimed)}, the true one is "
                    f"{number(one.true)}")  # fmt: skip
            evidence |= {"claimed": one.claimed, "true": one.true, "element": list(one.element)}
        others = f", and {', '.join(names[1:])} with it" if len(names) > 1 else ""
        text = f"the gradient of {seen}{others}: {blame.told}"
        rule, factor = blame.rule, blame.factor
        simple = explained(first, points)
        if simple is not None and {simple.rule, rule} <= _RATIOS:
            rule, factor = simple.rule, simple.factor
        if one is None and rule not in _SHAPES:
            rule = "no-gradient"
        return Finding(rule, "error", first, blame.place.line, text, evidence,
                       factor=factor, fix=blame.fix, place=blame.place,
                       replaces=blame.lines)  # fmt: skip

    def _in_single(self, start: Point) -> bool:
        tape = start.result.tape
        return any(
            tape.active[id] and isinstance(tape.nodes[id], Call)
            and tape.value(id).dtype == np.float32
            for id in range(len(tape))
        )  # fmt: skip

    def _fits(self, start: Point, name: str) -> bool:
        return start.hand[name].shape == start.true[name].shape

    def _by_differences(self, why: str) -> Outcome:
        """Compare at the given arguments what the recording cannot tell the truth of."""
        sizes = {name: self.runs.given[name].size for name in self.names}
        fitting = [n for n in self.names if n in self.claimed and self.claimed[n].size == sizes[n]]
        apart, untold = apart_by_differences(self.runs, fitting)
        found = [self._absent(name) for name in self.names if name not in fitting]
        found += [self._apart(one) for one in apart]
        found += [self._untold(name) for name in untold]
        place = self.target.place
        text = f"compared by central differences alone, at the given arguments: {why}"
        note = Finding("opaque", "info", self.target.name, place.line if place else None, text, {},
                       place=place)  # fmt: skip
        return Outcome(self.target, _verdict(found), gravest_first([*found, note]), len(fitting),
                       1, COARSE)  # fmt: skip

    def _apart(self, one: Apart) -> Finding:
        text = (
            f"the gradient of {one.name}{_at(one.element)} is {number(one.claimed)}, by central "
            f"differences it is {number(one.slope)}"
        )
        evidence = {"claimed": one.claimed, "true": one.slope, "element": list(one.element)}
        return self._finding("unexplained", one.name, text, evidence, self.target.place)

    def _not_compared(self, why: str) -> Outcome:
        finding = self._finding(
            "not-compared",
            ", ".join(self.names),
            f"the gradients are not compared: {why}",
            {},
            self.target.place,
        )
        return Outcome(self.target, "not-compared", (finding,))

    def _untold(self, name: str) -> Finding:
        text = (
            f"the gradient of {name} is not compared: at every point it is lost in rounding, not "
            "finite, or the code fails beside it"
        )
        return self._finding("not-compared", name, text, {}, self.target.place)

    def _absent(self, name: str) -> Finding:
        text = f"no gradient is returned for {name}, which was to be judged"
        return self._finding("no-gradient", name, text, {}, self.target.place)

    def _misfit(self, points: Sequence[Point], name: str) -> Finding:
        hand, true = points[0].hand[name].shape, points[0].true[name].shape
        simple = explained(name, points)
        text = f"the gradient of {name} has the shape {shape_text(hand)}, not {shape_text(true)}"
        if simple is not None:
            text += f": {simple.text}"
        rule = "no-gradient" if simple is None else simple.rule
        return self._finding(rule, name, text, {"misfit": [list(hand), list(true)]},
                             place_of(points[0], name) or self.target.place)  # fmt: skip

    def _meant(self, points: Sequence[Point], wrong: Wrong, tolerance: float) -> Finding | None:
        """Return the note on a difference that is left out on purpose."""
        meant = surrogate(wrong.name, points, tolerance)
        if meant is not None:
            return _straight_through(wrong, meant)
        left_out = stabiliser(wrong.name, points)
        if left_out is None:
            return None
        value, place = left_out
        text = f"the gradient of {wrong.name} leaves out the {number(value)} that is added here"
        return Finding("missing-term", "info", wrong.name, place.line if place else None, text,
                       {"claimed": wrong.claimed, "true": wrong.true}, place=place)  # fmt: skip

    def _wrong(self, points: Sequence[Point], wrong: Wrong) -> Finding:
        simple = explained(wrong.name, points)
        text = (
            f"the gradient of {wrong.name}{_at(wrong.element)} is {number(wrong.claimed)}, "
            f"the true one is {number(wrong.true)}"
        )
        if simple is not None:
            text += f": {simple.text}"
        evidence = {"claimed": wrong.claimed, "true": wrong.true, "element": list(wrong.element)}
        place = place_of(wrong.point, wrong.name) or self.target.place
        rule = "unexplained" if simple is None else simple.rule
        factor = None if simple is None else simple.factor
        return self._finding(rule, wrong.name, text, evidence, place, factor)

    def _nondeterministic(self) -> Finding:
        place = None
        with suppress(Lost):
            first, second = (self.runs.recorded(self.runs.given).tape for _ in range(2))
            place = _first_difference(first, second)
        text = "two runs with the same arguments differ: numbers are drawn from a generator of the "
        text += "code's own, or something is kept from run to run"
        return self._finding("nondeterministic", self.target.name, text, {},
                             place or self.target.place)  # fmt: skip

    def _finding(
        self, rule: str, target: str, message: str, evidence: Mapping[str, Any],
        place: Place | None, factor: str | None = None,
    ) -> Finding:  # fmt: skip
        return Finding(rule, "error", target, place.line if place is not None else None, message,
                       evidence, factor=factor, place=place)  # fmt: skip


def _straight_through(wrong: Wrong, meant: Surrogate) -> Finding:
    """Return that a gradient passes what is flat, or stops, on purpose."""
    place, name = meant.place, wrong.name
    text = f"the gradient of {name} passes {meant.name}, which is flat, by a slope of its own"
    if not meant.name:
        text = f"the gradient of {name} stops at what is detached here"
    return Finding("straight-through", "info", name, place.line if place else None, text,
                   {"claimed": wrong.claimed, "true": wrong.true}, place=place)  # fmt: skip


def _at(element: Sequence[int]) -> str:
    return f"[{', '.join(map(str, element))}]" if element else ""


def place_of(point: Point, name: str) -> Place | None:
    """Return where a returned gradient was computed last; None where that was not recorded."""
    node = point.nodes[name]
    tape = point.result.tape
    while node is not None:
        entry = tape.nodes[node]
        if not isinstance(entry, Moved):
            return entry.place
        computed = [id for id in entry.inputs if not isinstance(tape.nodes[id], Leaf)]
        node = max(computed) if computed else None
        if node is None:
            return entry.place
    return None


def _first_difference(first: Tape, second: Tape) -> Place | None:
    """Return where two runs first take other numbers from outside."""
    for id, (one, two) in enumerate(zip(first.nodes, second.nodes, strict=False)):
        if not isinstance(one, Leaf) or not isinstance(two, Leaf):
            continue
        if not _same(first.value(id), second.value(id)):
            return one.place
    return None


def _same(one: Any, two: Any) -> bool:
    return np.array_equal(np.asarray(one), np.asarray(two), equal_nan=True)


def _opaque(start: Point) -> list[Finding]:
    """Return a note for each function on the way to the loss that the registry has nothing for."""
    tape, found = start.result.tape, dict[tuple[str, Place | None], Finding]()
    for id in range(start.root + 1):
        node = tape.nodes[id]
        if isinstance(node, Call) and node.form is None and tape.active[id]:
            place = node.place
            text = (
                f"what {node.name} does is not looked into: its derivative is that of differences"
            )
            found.setdefault(
                (node.name, place),
                Finding("opaque", "info", node.name, place.line if place is not None else None,
                        text, {}, place=place),
            )  # fmt: skip
    return list(found.values())


def _verdict(findings: Sequence[Finding]) -> Verdict:
    errors = {one.rule for one in findings if one.severity == "error"}
    if errors - {"not-compared"}:
        return "wrong"
    return "not-compared" if errors else "correct"
