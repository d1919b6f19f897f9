"""The explanation of a wrong update: the line, the rule, the fix, and the numbers that show it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from gradtui.base.source import Place
from gradtui.base.text import EXACT, number
from gradtui.diagnosis.edits import edited
from gradtui.diagnosis.finding import Finding
from gradtui.diagnosis.updates.additions import lacking_lines
from gradtui.diagnosis.updates.differing import first_parting, where_they_part
from gradtui.diagnosis.updates.evidence import (
    Course,
    Origin,
    astray,
    course_of,
    fits,
    in_sequences,
    joined,
)
from gradtui.diagnosis.updates.line_edits import LineEdit
from gradtui.diagnosis.updates.motion import Motion
from gradtui.diagnosis.updates.probes import Array, Probes
from gradtui.diagnosis.updates.ranking import ranked
from gradtui.diagnosis.updates.reference import Reference
from gradtui.diagnosis.updates.remedies import (
    Added,
    Moved,
    Remedy,
    Start,
    Step,
    applied,
    other_orders,
    unstored_in,
)
from gradtui.diagnosis.updates.scope import RELIES, UNEXPLAINED, Rules, scope_of
from gradtui.diagnosis.updates.search import Search
from gradtui.diagnosis.updates.wording import (
    Parting,
    Replacement,
    lacking_message,
    message_of,
    order_message,
    remark_of,
    start_message,
    storing_message,
    unstored_message,
)
from gradtui.engine.handwritten import UpdateProgram
from gradtui.engine.printer import spell
from gradtui.language.parser import Name, Number, Tree
from gradtui.language.trees import names_read, part_at

_PLAIN = (2.0, -1.0, 0.5, 3.0, 1.0, -2.0)
"""Gradients on which a mistake is shown, if possible."""
_SCREEN, _LATEST = 4, 48
"""Steps on which changes are tried first; more for a mistake that shows later."""
_FEW = 6
"""Sequences of a course on which they are tried, and as many that show the mistake."""


class Source(Struct, frozen=True, eq=False):
    """The place where an update is written."""

    lines: Sequence[str]
    """The text of the file."""
    state_places: Mapping[str, Place] = {}
    """The place of the initial values of its states."""


class Comparison(Struct, frozen=True, eq=False):
    """A program, the optimizer's, and the courses of both for parameters of one shape."""

    motion: Motion
    """The courses of the hand-written program."""
    optimizer: str
    ours: UpdateProgram
    constants: Mapping[str, float]
    courses: Sequence[Course]
    steps: int
    """The length of the run."""
    lr: float
    """The first rate."""
    numbers: Sequence[float]
    """Those of the schedule and of the clipping."""

    def up_to(self, origin: Origin) -> list[Course]:
        """Return the courses of an origin and of those nearer to the run."""
        return [course for course in self.courses if course.origin <= origin]


def explained(compared: Comparison, failed: Course, source: Source) -> tuple[Finding, ...]:
    """Return the findings of a program that fails a course."""
    return _Explanation(compared, failed, source).findings()


def remarked(compared: Comparison, failed: Course, source: Source) -> tuple[Finding, ...]:
    """Return the findings of a program that is right on the run and fails another course."""
    where = where_they_part(compared.motion, failed, compared.steps)
    return tuple(
        replace(
            finding,
            rule=RELIES,
            severity="info",
            alternatives=(finding.rule, *finding.alternatives),
        )
        for finding in _Explanation(compared, failed, source, where).findings()
    )


class _Explanation:
    """The changes that make a program right, in the form of findings."""

    def __init__(
        self, compared: Comparison, failed: Course, source: Source, where: str = ""
    ) -> None:
        self.compared, self.failed, self.source, self.where = compared, failed, source, where
        self.program, self.ours = compared.motion.program, compared.ours
        self.shape = failed.probes.shape
        self.scheduled = any(np.ptp(course.probes.lr) for course in compared.up_to(Origin.DRAWN))
        self.needed = compared.up_to(max(failed.origin, Origin.DRAWN))

    def findings(self) -> tuple[Finding, ...]:
        search = self.search(self.program, self.few, self.needed)
        remedies = search.single()
        if not remedies and self.failed.origin is Origin.RUN:
            # A program right on the run alone may be intended: one change comes before several.
            own = self.compared.up_to(Origin.RUN)
            remedies = search.on(self.few_of(own), lambda one: fits(one, own)).single()
        moves = [one for one in other_orders(self.program, search.scope) if search.passes((one,))]
        lacking = set(unstored_in(self.program))
        if not lacking & {getattr(step, "name", "") for remedy in remedies for step in remedy}:
            remedies = self.additions(search) or remedies
        if not remedies and not self.shape:
            remedies = search.joint(self.reference)
        if moves:
            remedies = _within(remedies, moves) or [(move,) for move in moves]
        if not remedies:
            return self.unexplained()
        rates = [course for course in self.compared.courses if course.origin is Origin.RATES]
        asked = [] if self.scheduled else rates
        return self.written(ranked(remedies, self.program, self.reference, asked))

    def search(self, program: UpdateProgram, few: Course, needed: Sequence[Course]) -> Search:
        """Return the search for changes that make a program right on all needed courses."""
        timed = any("t" in names_read(line.value) for line in self.ours.lines)
        compared = self.compared
        scope = scope_of(
            program, compared.constants, lr=compared.lr, timed=timed, scheduled=self.scheduled,
            numbers=compared.numbers,
        )  # fmt: skip
        return Search(program, scope, few, lambda one: fits(one, needed))

    def additions(self, search: Search) -> list[Remedy]:
        """Return the lines that the program lacks, in a known form or with one change.

        If a name suffices, no expression is given.
        """
        lines = list(lacking_lines(self.program, self.ours, search.scope))
        right: list[Remedy] = [(line,) for line in lines if search.passes((line,))]
        if right:
            names = [one for one in right if isinstance(one[0].tree, Name)]
            return names or right
        for line in lines:
            longer = applied(self.program, (line,))
            if not self.compared.motion.takes(longer):
                continue
            edits = self.search(longer, self.few, self.needed).of_line(line.line)
            right += [(replace(line, tree=edited(line.tree, edit)),) for edit in edits]
        return right

    @cached_property
    def few(self) -> Course:
        return self.few_of(self.needed)

    def few_of(self, courses: Sequence[Course]) -> Course:
        """Return a few steps of varied sequences, and of some that deviate."""
        wrong = (in_sequences(astray(self.compared.motion, course)) for course in courses)
        first = min(int(np.argmax(one.any(axis=1))) for one in wrong if one.any())
        steps = min(
            max(_SCREEN, min(first + 2, _LATEST)), max(len(one.probes.g) for one in courses)
        )
        fitting = [course for course in courses if len(course.probes.g) >= steps]
        return joined([course.only(self.telling(course, steps), steps) for course in fitting])

    def telling(self, course: Course, steps: int) -> Array:
        part = course.only(slice(None), steps)
        wrong = np.flatnonzero(in_sequences(astray(self.compared.motion, part)).any(axis=0))
        every = np.arange(len(course.probes.w))
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
                case (LineEdit() as one, *_), _ if self.reference.writes(self.changed(one)):
                    return ""
                case (LineEdit() as one,), (LineEdit() as two,) if one.line != two.line:
                    line = self.program.lines[two.line]
                    text = self.spelt(self.changed(two), line.value)
                    return f"; or line {line.place.line} should be {line.name} = {text}"
        return ""

    def changed(self, step: LineEdit) -> Tree:
        """Return the right-hand side of a line with a change in it."""
        return edited(self.program.lines[step.line].value, step)

    def finding(
        self,
        step: Step,
        right: UpdateProgram,
        rules: Rules,
        remark: str = "",
    ) -> Finding:
        parting, optimizer, place = self.parting, self.compared.optimizer, None
        if isinstance(step, Start):
            target, place = step.name, self.source.state_places.get(step.name)
            line = place.line if place else None
            fix = None if place is None else self.restarted(place.line, right)
            first = float(np.ravel(self.program.state[step.name])[0])
            said = start_message(step.name, first, step.value, optimizer)
        elif isinstance(step, Added):
            target, line, fix, said = self.added(step)
        elif isinstance(step, Moved):
            moved, other = (self.program.lines[at] for at in (step.line, step.to))
            target, line, fix = moved.name, moved.place.line, None
            said = order_message(moved.name, other.name, other.place.line)
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
            alternatives=tuple(one for one in rules[1:] if one != UNEXPLAINED),
            place=place,
        )

    def added(self, step: Added) -> tuple[str, int, str, str]:
        """Return what a line that is missing assigns, the line at it, both, and that it is."""
        lines = self.program.lines
        at = lines[min(step.line, len(lines) - 1)]
        new = f"{step.name} = {spell(step.tree)}"
        old = f"{at.name} = {self.spelt(at.value, at.value)}"
        below = step.line == len(lines)
        rows = (old, new) if below else (new, old)
        said = lacking_message(step.name, new, "below" if below else "above")
        return step.name, at.place.line, "\n".join(rows), said

    def said(self, step: LineEdit, rule: str) -> str:
        """Return what is wrong with a line."""
        old = self.program.lines[step.line]
        if step.name in unstored_in(self.program):
            return storing_message(step.name, old.name)
        before, after = part_at(old.value, step.path), step.tree
        names, others = frozenset(names_read(before)), frozenset(names_read(after))
        written, belongs = self.spelt(before, old.value), self.spelt(after, old.value)
        if isinstance(before, Number) and belongs in self.compared.constants:
            belongs += f" ({number(self.compared.constants[belongs], EXACT)})"
        if step.name:
            written, belongs = f"{old.name} = {written}", f"{step.name} = {belongs}"
        change = Replacement(written, belongs, others - names, names - others)
        return (
            remark_of(change) if self.where else message_of(rule, change, self.compared.optimizer)
        )

    def restarted(self, line: int, right: UpdateProgram) -> str | None:
        """Return a line of initial values with all of them right; None if one continues below."""
        row, rest, old = self.source.lines[line - 1], "", self.program.state
        places = sorted(self.source.state_places.items(), key=lambda one: -one[1].column)
        for name, place in places:
            if place.line != line or right.state[name] is old[name]:
                continue
            if place.file:  # another file than that of the update
                return None
            start, end = place.column - 1, place.column - 1 + place.width
            if row[start:end].count("[") != row[start:end].count("]"):
                return None
            after = row[end:] if rest else row[end:].partition("#")[0]
            row, rest = row[:start], f"{right.state[name]!r}{after}{rest}"
        return f"{row}{rest}".strip()

    def spelt(self, tree: Tree, original: Tree) -> str:
        return spell(tree, original, self.source.lines)

    def unexplained(self) -> tuple[Finding, ...]:
        """Return the finding for an update without a small change that makes it right.

        The rule is that of a change that makes the optimizer do the same, if there is one.
        """
        rules = tuple(dict.fromkeys(self.mistakes())) or (UNEXPLAINED,)
        true = self.reference.true_line(self.program)
        if true is not None:
            index, value = true
            step = LineEdit((), value, index, rules, 0)
            right = applied(self.program, (step,))
            if fits(right, self.needed):
                return (self.finding(step, right, rules),)
        last = max(i for i, line in enumerate(self.program.lines) if line.name == "w")
        step = LineEdit((), self.program.lines[last].value, last, rules, 0)
        finding = self.finding(step, self.program, rules)
        said = "; ".join([*map(unstored_message, unstored_in(self.program)[:1]), finding.message])
        return (replace(finding, fix=None, message=said),)

    def mistakes(self) -> list[str]:
        """Return the rules of the changes that make the optimizer equal to the program."""
        if self.shape or not np.all(np.isfinite(self.compared.motion.weights(self.few.probes))):
            return []
        few, *needed = (
            course_of(course.origin, self.compared.motion, course.probes)
            for course in (self.few, *self.needed)
        )
        remedies = self.search(self.ours, few, needed).single()
        return [step.rules[0] for remedy in remedies for step in remedy]

    @cached_property
    def parting(self) -> Parting:
        """Return where the two part: on a plain sequence if possible, else on the failed one."""
        courses = [self.failed] if self.shape else [*self.plain(), self.failed]
        found = (first_parting(self.compared.motion, course) for course in courses)
        return next(parting for parting in found if parting is not None)

    def plain(self) -> list[Course]:
        """Return the course on a plain sequence, if gradients may be that large."""
        drawn = next(
            course.probes for course in self.compared.courses if course.origin is Origin.DRAWN
        )
        if np.max(np.abs(drawn.g)) < max(_PLAIN):
            return []
        steps = min(len(_PLAIN), len(drawn.lr))
        g, lr = np.array(_PLAIN[:steps])[:, None], drawn.lr[:steps, :1]
        probes = Probes(np.ones(1), g, lr, self.compared.constants)
        return [course_of(Origin.DRAWN, Motion(self.ours, self.compared.constants), probes)]


def _spread(many: Array, count: int) -> Array:
    """Return a number of items, evenly spread over many."""
    at = np.linspace(0, len(many) - 1, min(count, len(many))).astype(int)
    return np.asarray(many[at])


def _within(remedies: Sequence[Remedy], moves: Sequence[Moved]) -> list[Remedy]:
    """Return the remedies that move one line among lines in the wrong order.

    Remedies that change initial values count, too.
    """
    apart = {-1, *(at for move in moves for at in range(move.to, move.line + 1))}
    lines = ({-1 if isinstance(s, Start) else s.line for s in steps} for steps in remedies)
    return [
        remedy
        for remedy, changed in zip(remedies, lines, strict=True)
        if len(changed) == 1 and changed <= apart
    ]


def _rivals(step: Step, other: Step) -> bool:
    """Whether another change is another reading of the same mistake."""
    return other.rules[0] != step.rules[0] and other.cost <= step.cost + 0.5
