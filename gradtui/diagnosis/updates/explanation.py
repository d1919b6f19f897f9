"""What is wrong with an update: the line, the rule, the fix, and the numbers that show it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from gradtui.base.source import Place
from gradtui.base.text import EXACT, number
from gradtui.diagnosis.finding import Finding
from gradtui.diagnosis.updates.differing import first_parting, where_they_part
from gradtui.diagnosis.updates.evidence import (
    Level,
    Trial,
    astray,
    fits,
    in_sequences,
    joined,
    trial_of,
)
from gradtui.diagnosis.updates.execution import with_line
from gradtui.diagnosis.updates.line_edits import LineEdit
from gradtui.diagnosis.updates.motion import Motion
from gradtui.diagnosis.updates.probes import Array, Probes
from gradtui.diagnosis.updates.ranking import ranked
from gradtui.diagnosis.updates.reference import Reference
from gradtui.diagnosis.updates.remedies import Remedy, Start
from gradtui.diagnosis.updates.scope import RELIES, UNEXPLAINED, Rules, scope_of
from gradtui.diagnosis.updates.search import applied, find_remedies
from gradtui.diagnosis.updates.wording import (
    Parting,
    Replacement,
    message_of,
    remark_of,
    start_message,
    storing_message,
    unstored_message,
)
from gradtui.engine.handwritten import UpdateProgram
from gradtui.engine.printer import spell
from gradtui.language.parser import Number, Tree
from gradtui.language.trees import names_read, part_at

_PLAIN = (2.0, -1.0, 0.5, 3.0, 1.0, -2.0)
"""Gradients on which a mistake is shown, if it shows on them."""
_SCREEN = 4
"""Steps of the sequences on which changes are tried first."""
_FEW = 6
"""Sequences of a trial that are taken for them, and as many that show the mistake."""


class Source(Struct, frozen=True, eq=False):
    """Where an update is written."""

    lines: Sequence[str]
    """The text of the file."""
    state_places: Mapping[str, Place] = {}
    """Where the first values of what it keeps stand."""


class Case(Struct, frozen=True, eq=False):
    """A program, the optimizer's, and the trials of both for parameters of one shape."""

    motion: Motion
    """Of the program written by hand."""
    optimizer: str
    ours: UpdateProgram
    constants: Mapping[str, float]
    trials: Sequence[Trial]
    steps: int
    """The length of the run."""
    lr: float
    """The first rate."""
    numbers: Sequence[float]
    """Those of the schedule and of the clipping."""

    def up_to(self, level: Level) -> list[Trial]:
        """Return the trials of a level and of those nearer to the run."""
        return [trial for trial in self.trials if trial.level <= level]


def explained(case: Case, failed: Trial, source: Source) -> tuple[Finding, ...]:
    """Return the findings of a program that fails a trial."""
    return _Explanation(case, failed, source).findings()


def remarked(case: Case, failed: Trial, source: Source) -> tuple[Finding, ...]:
    """Return what to say of a program that is right on the run and fails another trial."""
    where = where_they_part(case.motion, failed, case.steps)
    return tuple(
        replace(
            finding,
            rule=RELIES,
            severity="info",
            alternatives=(finding.rule, *finding.alternatives),
        )
        for finding in _Explanation(case, failed, source, where).findings()
    )


class _Explanation:
    """The changes that make a program right, and what they say of it."""

    def __init__(self, case: Case, failed: Trial, source: Source, where: str = "") -> None:
        self.case, self.failed, self.source, self.where = case, failed, source, where
        self.program, self.ours = case.motion.program, case.ours
        self.shape = failed.probes.shape
        self.scheduled = any(np.ptp(trial.probes.lr) for trial in case.up_to(Level.DRAWN))
        self.needed = case.up_to(max(failed.level, Level.DRAWN))

    def findings(self) -> tuple[Finding, ...]:
        reference = None if self.shape else self.reference
        remedies = self.remedies(self.program, self.few, self.needed, reference)
        if not remedies and self.failed.level is Level.RUN:
            own = self.case.up_to(Level.RUN)
            remedies = self.remedies(self.program, self.few_of(own), own)
        if not remedies:
            return self.unexplained()
        rates = [trial for trial in self.case.trials if trial.level is Level.RATES]
        asked = [] if self.scheduled else rates
        return self.written(ranked(remedies, self.program, self.reference, asked))

    def remedies(
        self,
        program: UpdateProgram,
        few: Trial,
        needed: Sequence[Trial],
        reference: Reference | None = None,
    ) -> list[Remedy]:
        timed = any("t" in names_read(line.value) for line in self.ours.lines)
        case = self.case
        scope = scope_of(
            program, case.constants, lr=case.lr, timed=timed, scheduled=self.scheduled,
            numbers=case.numbers,
        )  # fmt: skip
        return find_remedies(program, scope, few, lambda one: fits(one, needed), reference)

    @cached_property
    def few(self) -> Trial:
        return self.few_of(self.needed)

    def few_of(self, trials: Sequence[Trial]) -> Trial:
        """Return a few steps of sequences that differ in everything, and of some that go astray."""
        steps = min(_SCREEN, max(len(trial.probes.g) for trial in trials))
        fitting = [trial for trial in trials if len(trial.probes.g) >= steps]
        return joined([trial.only(self.telling(trial, steps), steps) for trial in fitting])

    def telling(self, trial: Trial, steps: int) -> Array:
        part = trial.only(slice(None), steps)
        wrong = np.flatnonzero(in_sequences(astray(self.case.motion, part)).any(axis=0))
        every = np.arange(len(trial.probes.w))
        return np.unique(np.concatenate([_spread(wrong, _FEW), _spread(every, _FEW)]))

    @cached_property
    def reference(self) -> Reference:
        return Reference(self.ours, self.few.probes, self.few.target)

    def written(self, ranked: Sequence[tuple[tuple[float, ...], Remedy]]) -> tuple[Finding, ...]:
        """Return the findings for the best remedy, one for each line and rule."""
        rank, best = ranked[0]
        right = applied(self.program, best)
        others = [step for _, remedy in ranked[1:] for step in remedy]
        remark = self.elsewhere(best, [remedy for other, remedy in ranked[1:] if other == rank])
        findings = dict[tuple[str, int | None], Finding]()
        for step in best:
            rivals = (other.rules[0] for other in others if _rivals(step, other))
            rules = tuple(dict.fromkeys((*step.rules, *rivals)))
            finding = self.finding(step, right, rules, remark)
            findings.setdefault((finding.rule, finding.line), finding)
        return tuple(sorted(findings.values(), key=lambda finding: finding.line or 0))

    def elsewhere(self, best: Remedy, others: Sequence[Remedy]) -> str:
        """Return another line that could be changed instead, as a remark."""
        for other in others:
            match best, other:
                case (LineEdit(value=value), *_), _ if self.reference.writes(value):
                    return ""
                case (LineEdit() as one,), (LineEdit() as two,) if one.line != two.line:
                    line = self.program.lines[two.line]
                    text = self.spelt(two.value, line.value)
                    return f"; or line {line.place.line} should be {line.name} = {text}"
        return ""

    def finding(
        self,
        step: LineEdit | Start,
        right: UpdateProgram,
        rules: Rules,
        remark: str = "",
    ) -> Finding:
        parting, optimizer, place = self.parting, self.case.optimizer, None
        if isinstance(step, Start):
            target, place = step.name, self.source.state_places.get(step.name)
            line = place.line if place else None
            fix = None if place is None else self.restarted(place, step.value)
            first = float(np.ravel(self.program.state[step.name])[0])
            said = start_message(step.name, first, step.value, optimizer)
        else:
            old, new = self.program.lines[step.line], right.lines[step.line]
            target, line = old.name, old.place.line
            fix = f"{new.name} = {self.spelt(new.value, old.value)}"
            said = self.said(step, rules[0])
        if self.where:
            said = f"the same as {optimizer} on this run, not {self.where}: {said}"
        return Finding(
            rule=rules[0],
            severity="error",
            target=target,
            line=line,
            message=f"{said}; {parting.told(optimizer)}{remark}",
            evidence=parting.as_evidence(optimizer),
            fix=fix,
            alternatives=rules[1:],
            place=place,
        )

    def said(self, step: LineEdit, rule: str) -> str:
        """Return what is wrong with a line."""
        old = self.program.lines[step.line]
        if step.name in self.unstored:
            return storing_message(step.name, old.name)
        before, after = part_at(old.value, step.path), step.part
        names, others = frozenset(names_read(before)), frozenset(names_read(after))
        written, belongs = self.spelt(before, old.value), self.spelt(after, old.value)
        if isinstance(before, Number) and belongs in self.case.constants:
            belongs += f" ({number(self.case.constants[belongs], EXACT)})"
        if step.name:
            written, belongs = f"{old.name} = {written}", f"{step.name} = {belongs}"
        change = Replacement(written, belongs, others - names, names - others)
        return remark_of(change) if self.where else message_of(rule, change, self.case.optimizer)

    def restarted(self, place: Place, value: float) -> str | None:
        """Return the line with a first value as it is with another; None if it goes on below."""
        row = self.source.lines[place.line - 1]
        before, end = row[: place.column - 1], place.column - 1 + place.width
        if row[place.column - 1 : end].count("[") != row[place.column - 1 : end].count("]"):
            return None
        rest, _, _ = row[end:].partition("#")
        return f"{before}{value!r}{rest}".strip()

    def spelt(self, tree: Tree, original: Tree) -> str:
        return spell(tree, original, self.source.lines)

    def unexplained(self) -> tuple[Finding, ...]:
        """Return the finding for an update that no small change makes right.

        The rule is that of the change which makes the optimizer do the same, if there is one.
        """
        last = max(i for i, line in enumerate(self.program.lines) if line.name == "w")
        index, value = last, None
        true = self.reference.true_line(self.program)
        if true and fits(with_line(self.program, *true), self.needed):
            index, value = true
        rules = tuple(dict.fromkeys(self.mistakes())) or (UNEXPLAINED,)
        old = self.program.lines[index]
        part = old.value if value is None else value
        step = LineEdit(index, part, rules, 0, (), part)
        right = self.program if value is None else with_line(self.program, index, part)
        finding = self.finding(step, right, rules)
        if value is not None:
            return (finding,)
        said = "; ".join([*map(unstored_message, self.unstored[:1]), finding.message])
        return (replace(finding, fix=None, message=said),)

    @property
    def unstored(self) -> list[str]:
        """Return what the program keeps and no line assigns."""
        assigned = {line.name for line in self.program.lines}
        return [name for name in self.program.state if name not in assigned]

    def mistakes(self) -> list[str]:
        """Return the rules of the changes that make the optimizer do what the program does."""
        if self.shape or not np.all(np.isfinite(self.case.motion.weights(self.few.probes))):
            return []
        few, *needed = (
            trial_of(trial.level, self.case.motion, trial.probes)
            for trial in (self.few, *self.needed)
        )
        remedies = self.remedies(self.ours, few, needed)
        return [step.rules[0] for remedy in remedies for step in remedy]

    @cached_property
    def parting(self) -> Parting:
        """Return where the two part: on a plain sequence, else on that which they fail."""
        trials = [self.failed] if self.shape else [*self.plain(), self.failed]
        found = (first_parting(self.case.motion, trial) for trial in trials)
        return next(parting for parting in found if parting is not None)

    def plain(self) -> list[Trial]:
        """Return the trial on a plain sequence, where gradients may be so large."""
        drawn = next(trial.probes for trial in self.case.trials if trial.level is Level.DRAWN)
        if np.max(np.abs(drawn.g)) < max(_PLAIN):
            return []
        steps = min(len(_PLAIN), len(drawn.lr))
        g, lr = np.array(_PLAIN[:steps])[:, None], drawn.lr[:steps, :1]
        probes = Probes(np.ones(1), g, lr, self.case.constants)
        return [trial_of(Level.DRAWN, Motion(self.ours, self.case.constants), probes)]


def _spread(many: Array, count: int) -> Array:
    """Return so many of many, evenly."""
    at = np.linspace(0, len(many) - 1, min(count, len(many))).astype(int)
    return np.asarray(many[at])


def _rivals(step: LineEdit | Start, other: LineEdit | Start) -> bool:
    """Whether another change is another reading of the same mistake."""
    return other.rules[0] != step.rules[0] and other.cost <= step.cost + 0.5
