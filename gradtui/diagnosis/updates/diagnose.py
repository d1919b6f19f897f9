"""An update written by hand, compared with the optimizer: which line, what is wrong, the fix."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from gradtui.diagnosis.finding import Finding
from gradtui.diagnosis.spelling import spell
from gradtui.diagnosis.updates.execution import elementwise, trajectory, with_line
from gradtui.diagnosis.updates.probes import Probes, Target, draw_probes, target_of
from gradtui.diagnosis.updates.reference import Reference
from gradtui.diagnosis.updates.repairs import Repair
from gradtui.diagnosis.updates.scope import UNEXPLAINED, scope_of
from gradtui.diagnosis.updates.search import (
    Remedy,
    Start,
    applied,
    cost_of,
    find_remedies,
    fits,
    screen,
)
from gradtui.diagnosis.updates.trees import names_in, part_at, parts_of
from gradtui.diagnosis.updates.wording import Change, Parting, message_of, start_message
from gradtui.engine.expression import Number, Tree
from gradtui.engine.handwritten import UpdateProgram
from gradtui.engine.program import update_of
from gradtui.engine.shapes import Shape
from gradtui.scenario.problem import Problem
from gradtui.source import Place

_COMPARED = 12
"""Remedies that are compared by how much of the optimizer they bring back."""
_PLAIN = (2.0, -1.0, 0.5, 3.0, 1.0, -2.0)
"""Gradients on which a mistake is shown, if it shows on them."""
_HARMLESS = (0.0, 0.5, 1.0, 2.0)
"""Numbers that cannot stand for a learning rate that happens to be equal."""


class UpdateReport(Struct, frozen=True):
    """What became of a hand-written update."""

    findings: tuple[Finding, ...]
    wrong: bool
    claims: int
    """How many updates were compared: one or none."""


class Setting(Struct, frozen=True, eq=False):
    """What an update is compared with, and where."""

    optimizer: str
    constants: Mapping[str, float]
    """All of the optimizer's."""
    lr: float
    scheduled: bool = False
    """Whether the learning rate changes from step to step."""
    shapes: tuple[Shape, ...] = ((),)
    """Those of the parameters."""


class Source(Struct, frozen=True, eq=False):
    """Where an update is written."""

    lines: Sequence[str]
    """The text of the file."""
    state_places: Mapping[str, Place] = {}
    """Where the first values of what it keeps stand."""


@np.errstate(all="ignore")  # a trajectory may overflow, and so may what is compared with it
def diagnose_update(problem: Problem) -> UpdateReport:
    """Return what is wrong with the hand-written update of a scenario."""
    update = problem.update
    if update is None:
        return UpdateReport((), wrong=False, claims=0)
    program = UpdateProgram(update.program, update.state, "")
    shapes = tuple(dict.fromkeys(node.shape for node in problem.graph.parameters))
    setting = Setting(
        problem.optimizer, update.constants, problem.lr, problem.trainer.scheduled, shapes
    )
    findings = judge(program, setting, Source(update.lines, update.state_places))
    wrong = any(finding.severity == "error" for finding in findings)
    return UpdateReport(findings, wrong=wrong, claims=1)


def judge(program: UpdateProgram, setting: Setting, source: Source) -> tuple[Finding, ...]:
    """Return the findings of an update; none if it does what the optimizer does."""
    shapes: Sequence[Shape] = ((),) if elementwise(program) else setting.shapes
    for shape in shapes:
        case = _Case(program, setting, source, shape)
        if not case.right():
            return case.findings()
    return ()


class _Case:
    """A program, the optimizer's, and the sequences they are compared on."""

    def __init__(
        self, program: UpdateProgram, setting: Setting, source: Source, shape: Shape
    ) -> None:
        self.program, self.setting, self.source = program, setting, source
        self.ours = update_of(setting.optimizer, setting.constants)
        self.probes = draw_probes(setting.lr, setting.constants, shape, scheduled=setting.scheduled)
        self.target = self.reached(self.ours)

    def reached(self, program: UpdateProgram) -> Target:
        return target_of(np.stack(list(trajectory(program, self.probes))), self.probes.w)

    def right(self) -> bool:
        return fits(self.program, self.probes, self.target)

    def only_here(self) -> bool:
        """Whether the program is right at the file's own rate, if not at others."""
        own = np.flatnonzero(self.probes.own)
        return not self.setting.scheduled and fits(
            self.program, self.probes.only(own), self.target.only(own)
        )

    def findings(self) -> tuple[Finding, ...]:
        here = self.only_here()
        findings = self.explained("; at this file's rate it comes to the same" if here else "")
        if here and self.has_literal():
            return tuple(replace(finding, severity="info") for finding in findings)
        return findings

    def has_literal(self) -> bool:
        """Whether a number of the program may stand for the learning rate."""
        return any(
            isinstance(part, Number) and part.value not in _HARMLESS
            for line in self.program.lines
            for _, part in parts_of(line.value)
        )

    def explained(self, remark: str) -> tuple[Finding, ...]:
        reference = None if self.probes.shape else self.reference
        remedies = self.remedies(self.program, self.target, reference)
        if remedies:
            return self.written(self.ranked(remedies), remark)
        return self.unexplained(remark)

    def remedies(
        self, program: UpdateProgram, target: Target, reference: Reference | None = None
    ) -> list[Remedy]:
        timed = any("t" in names_in(line.value) for line in self.ours.lines)
        scope = scope_of(program.lines, tuple(program.state), self.setting.constants, timed=timed)
        return find_remedies(program, scope, self.probes, target, reference)

    def ranked(self, remedies: Sequence[Remedy]) -> list[tuple[tuple[float, ...], Remedy]]:
        """Return remedies, those first that bring back most of the optimizer's own lines.

        Each comes with its rank; two of the same rank are equally good but for their size.
        """
        if self.probes.shape:
            return [((0.0,), remedy) for remedy in remedies]
        reference = self.reference

        def rank(remedy: Remedy) -> tuple[float, ...]:
            right = applied(self.program, remedy)
            alike, whole = reference.likeness(right)
            return (_unread(right), -alike, -whole)

        ranked = [(rank(remedy), remedy) for remedy in remedies[:_COMPARED]]
        return sorted(ranked, key=lambda one: (one[0], cost_of(one[1])))

    @cached_property
    def reference(self) -> Reference:
        few, near = screen(self.probes, self.target)
        return Reference(self.ours, few, near)

    def written(
        self, ranked: Sequence[tuple[tuple[float, ...], Remedy]], remark: str
    ) -> tuple[Finding, ...]:
        """Return the findings for the best remedy, one for each line and rule."""
        rank, best = ranked[0]
        right = applied(self.program, best)
        others = [step for _, remedy in ranked[1:] for step in remedy]
        remark += self.elsewhere(best, [remedy for other, remedy in ranked[1:] if other == rank])
        findings = dict[tuple[str, int | None], Finding]()
        for step in best:
            also = (*step.also, *(other.rule for other in others if _rivals(step, other)))
            rules = tuple(dict.fromkeys(rule for rule in also if rule != step.rule))
            finding = self.finding(step, right, rules, remark)
            findings.setdefault((finding.rule, finding.line), finding)
        return tuple(sorted(findings.values(), key=lambda finding: finding.line or 0))

    def elsewhere(self, best: Remedy, others: Sequence[Remedy]) -> str:
        """Return another line that could be changed instead, as a remark."""
        for other in () if self.probes.shape else others:
            match best, other:
                case (Repair(value=value), *_), _ if self.reference.writes(value):
                    return ""
                case (Repair() as one,), (Repair() as two,) if one.line != two.line:
                    line = self.program.lines[two.line]
                    text = self.spelt(two.value, line.value)
                    return f"; or line {line.place.line} should be {line.name} = {text}"
        return ""

    def finding(
        self,
        step: Repair | Start,
        right: UpdateProgram,
        alternatives: tuple[str, ...],
        remark: str,
    ) -> Finding:
        parting, optimizer = self.parting, self.setting.optimizer
        fix = None
        if isinstance(step, Start):
            target, place = step.name, self.source.state_places.get(step.name)
            line = place.line if place else None
            first = float(np.ravel(self.program.state[step.name])[0])
            message = start_message(step.name, first, step.value, optimizer, parting)
        else:
            old, new = self.program.lines[step.line], right.lines[step.line]
            change = self.change(part_at(old.value, step.path), step.part, old.value)
            message = message_of(step.rule, change, optimizer, parting)
            target, line = old.name, old.place.line
            fix = f"{old.name} = {self.spelt(new.value, old.value)}"
        return Finding(
            rule=step.rule,
            severity="error",
            target=target,
            line=line,
            message=message + remark,
            evidence=parting.as_evidence(self.setting.optimizer),
            fix=fix,
            alternatives=alternatives,
        )

    def change(self, before: Tree, after: Tree, line: Tree) -> Change:
        names, others = frozenset(names_in(before)), frozenset(names_in(after))
        return Change(
            self.spelt(before, line), self.spelt(after, line), others - names, names - others
        )

    def spelt(self, tree: Tree, original: Tree) -> str:
        return spell(tree, original, self.source.lines)

    def unexplained(self, remark: str) -> tuple[Finding, ...]:
        """Return the finding for an update that no small change makes right.

        The rule is that of the change which makes the optimizer do the same, if there is one.
        """
        last = max(i for i, line in enumerate(self.program.lines) if line.name == "w")
        index, value = last, None
        if not self.probes.shape:
            true = self.reference.true_line(self.program)
            if true and fits(with_line(self.program, *true), self.probes, self.target):
                index, value = true
        rule, *alternatives = dict.fromkeys(self.mistakes()) or [UNEXPLAINED]
        old = self.program.lines[index]
        part = old.value if value is None else value
        step = Repair(index, part, rule, 0, (), part)
        right = self.program if value is None else with_line(self.program, index, part)
        finding = self.finding(step, right, tuple(alternatives), remark)
        return (finding if value is not None else replace(finding, fix=None),)

    def mistakes(self) -> list[str]:
        """Return the rules of the changes that make the optimizer do what the program does."""
        if self.probes.shape:
            return []
        remedies = self.remedies(self.ours, self.reached(self.program))
        return [step.rule for remedy in remedies for step in remedy]

    @cached_property
    def parting(self) -> Parting:
        """Return where the two part: on a plain sequence, else on that which shows it best."""
        rates = np.full((len(_PLAIN), 1), self.setting.lr)
        plain = replace(self.probes, w=np.ones(1), g=np.array(_PLAIN)[:, None], lr=rates, shape=())
        sequences = (self.probes,) if self.probes.shape else (plain, self.probes)
        found = (_parting(self.program, self.ours, one) for one in sequences)
        return next(parting for parting in found if parting is not None)


def _parting(program: UpdateProgram, ours: UpdateProgram, probes: Probes) -> Parting | None:
    """Return the first step at which two programs part, in the sequence where they do most."""
    true = np.stack(list(trajectory(ours, probes)))
    made = np.stack(list(trajectory(program, probes)))
    target = target_of(true, probes.w)
    for step in range(len(true)):
        apart = ~target.agrees(step, made[step])
        if not apart.any():
            continue
        with np.errstate(all="ignore"):
            share = np.abs(made[step] - true[step]) / (np.abs(true[step]) + np.abs(made[step]))
        share = np.where(apart, np.nan_to_num(share, nan=1.0), -1.0)
        at = np.unravel_index(int(np.argmax(share)), share.shape)
        gradients = tuple(float(probes.g[k][at]) for k in range(step + 1))
        rate = float(probes.lr[step][at[0]])
        return Parting(
            step + 1, float(probes.w[at]), gradients, rate, float(made[step][at]),
            float(true[step][at]),
        )  # fmt: skip
    return None


def _unread(program: UpdateProgram) -> int:
    """Return how many names a program assigns and never reads."""
    read = {"w", *program.state, *(n for line in program.lines for n in names_in(line.value))}
    return sum(line.name not in read for line in program.lines)


def _rivals(step: Repair | Start, other: Repair | Start) -> bool:
    """Whether another change is another reading of the same mistake."""
    return other.rule != step.rule and other.cost <= step.cost + 0.5
