"""A wrong backward pass -> the findings: the lines at fault, and the mistake in each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from gradtui.base.source import InputError
from gradtui.base.text import number
from gradtui.diagnosis.backward.account import best_account
from gradtui.diagnosis.backward.blame import find_repairs
from gradtui.diagnosis.backward.explain import Explanation, explain_helper
from gradtui.diagnosis.backward.meaning import Readings
from gradtui.diagnosis.backward.program import Line
from gradtui.diagnosis.backward.repair import Repair
from gradtui.diagnosis.backward.shapes import Reshaped, reshape_helper
from gradtui.diagnosis.backward.trial import Trial, constant_ratio
from gradtui.diagnosis.backward.wording import describe, evidence_of
from gradtui.diagnosis.edits import INSERTIONS
from gradtui.diagnosis.finding import Finding
from gradtui.engine.graph import Graph, Kind
from gradtui.engine.handwritten import HandLine
from gradtui.language.parser import Name, parse_program
from gradtui.language.refusals import READ
from gradtui.scenario.problem import Handwritten, Problem

MOST_HELPERS = 2
"""Most helpers that are changed to make the shapes of a program fit."""


class Culprits(Struct, frozen=True):
    """The diagnosis of a wrong backward pass."""

    findings: tuple[Finding, ...] = ()
    """Causes first."""
    wrong: frozenset[str] = frozenset()
    """Names of the claims that do not hold."""
    inherited: tuple[str, ...] = ()
    """Those of them that are wrong only because of another's mistake."""
    noted: frozenset[str] = frozenset()
    """Names of the wrong claims that leave every parameter's gradient right."""

    strained: int = 0
    """The number of lines that need two changes, or a far-fetched one."""

    @property
    def puzzles(self) -> bool:
        """Whether there is a wrong line that no small change repairs."""
        return self.rank[:3] != (0, 0, 0)

    @property
    def rank(self) -> tuple[int, int, int, int]:
        """How little it explains: lines without a reason, without a fix, strained, and in total."""
        errors = [finding for finding in self.findings if finding.severity == "error"]
        puzzling = sum(finding.rule == "unexplained" for finding in errors) + (not errors)
        unmended = sum(finding.fix is None for finding in errors)
        return puzzling, unmended, self.strained, _blamed(self)


def find_culprits(
    problem: Problem,
    trial: Trial,
    hand: Handwritten,
    helpers: int = MOST_HELPERS,
    *,
    strict: bool = False,
    lone: bool = False,
) -> Culprits:
    """Return the diagnosis of a program in a trial.

    Up to `helpers` are changed first to make shapes fit.  If `strict`, a claim in a shape that does
    not broadcast is wrong.  With `lone`, more than one wrong line is not explained.
    """
    claims = [line for line in trial.lines if line.claimed]
    judged = deciding(trial.graph, claims)
    wrong = [line for line in claims if not trial.is_right(line, trial.world)]
    if not trial.program.lost and not any(line in judged or line.misfit for line in wrong):
        return Culprits(tuple(notes_on(trial, wrong)), noted=frozenset(one.name for one in wrong))
    if trial.program.odd and not strict:
        changed = _changed(trial, hand, strict=True)
        strictly = find_culprits(problem, changed, hand, helpers, strict=True, lone=True)
        if [one.rule == "unexplained" for one in strictly.findings] == [False]:
            return strictly
    names = [line.name for line in judged]
    fits = not trial.program.lost and not any(line.misfit for line in trial.lines)
    reshaped = reshape_helper(trial, hand, names) if helpers and not fits else None
    if reshaped is not None and _helps(trial, reshaped):
        if lone and reshaped.after is None:
            return Culprits()
        return _with_helper(problem, trial, hand, reshaped, wrong, helpers - 1)
    trial.follow_convention()
    readings = Readings(trial)
    if lone and len(find_repairs(trial, readings, judged)) > 1:
        return Culprits()
    account = best_account(trial, readings, judged)
    repairs, explanations = account.repairs, account.explanations
    explained = _explained(problem, trial, hand, wrong, repairs, explanations)
    for repair, explanation in zip(repairs, explanations, strict=True) if helpers else ():
        if fits:
            if readings.first_strangers == {repair.line.name}:
                continue  # what it reads is right
            others = [one for one in repairs if one is not repair]
            reshaped = _instead(trial, hand, names, repair, explanation, others)
        if reshaped is None or not (fits or explanation.far_fetched):
            continue
        other = _with_helper(problem, trial, hand, reshaped, wrong, 0)
        return other if not fits or _blamed(other) <= _blamed(explained) else explained
    return explained


def deciding(graph: Graph, claims: Sequence[Line]) -> list[Line]:
    """Return the claims that decide: those of parameters, or all others if there are none."""
    parameters = [one for one in claims if graph.nodes[one.target or 0].kind is Kind.PARAMETER]
    return parameters or list(claims)


def _changed(trial: Trial, hand: Handwritten, *, strict: bool = False) -> Trial:
    """Return another program at the same points."""
    return Trial(trial.graph, trial.reverse, trial.draw, hand, like=trial, strict=strict)


def _blamed(culprits: Culprits) -> int:
    """Return the number of lines blamed."""
    return len({finding.target for finding in culprits.findings})


def _explained(
    problem: Problem,
    trial: Trial,
    hand: Handwritten,
    wrong: Sequence[Line],
    repairs: Sequence[Repair],
    explanations: Sequence[Explanation],
) -> Culprits:
    """Return the diagnosis made of explained repairs."""
    claims = [line for line in trial.lines if line.claimed]
    judged = deciding(trial.graph, claims)
    fixes = _fixes(trial, hand, explanations)
    findings = [
        finding
        for repair, explanation, fix in zip(repairs, explanations, fixes, strict=True)
        for finding in describe(
            problem, trial, explanation, fix, [one for one in repairs if one is not repair]
        )
    ]
    findings += [_lost(line) for line in trial.program.lost]
    if trial.budget.is_cut:
        findings = [_cut(finding, trial.budget.tried) for finding in findings]
    blamed = {repair.line.name for repair in repairs}
    world = trial.world.replacing({one.line.node: one.value for one in repairs})
    right = {line.name for line in claims if trial.is_right(line, world)}
    findings += [unexplained(trial, line) for line in judged if line.name not in right | blamed]
    inherited = (one.name for one in wrong if one.name in right - blamed)
    repaired = all(line.name in right | blamed for line in judged)
    # A claim that is still off by a constant usually leaves a factor such as 1/m for later.
    noted = frozenset(one.name for one in wrong if one.name not in right | blamed and repaired)
    spoilt = frozenset(line.name for line in wrong) - noted
    strained = sum(one.is_double or one.far_fetched for one in explanations)
    return Culprits(tuple(findings), spoilt, tuple(inherited), noted, strained)


def _cut(finding: Finding, tried: int) -> Finding:
    """Return a finding with a note that the search was cut."""
    cut = f"the search was cut after {tried:,} changes: there may be a better explanation"
    message = f"{finding.message}; {cut}"
    return replace(finding, message=message, evidence={**finding.evidence, "tried": tried})


def _helps(trial: Trial, reshaped: Reshaped) -> bool:
    """Return whether a changed helper better explains shapes that do not fit."""
    if reshaped.after is None:
        return True
    after = reshaped.after.program.line(reshaped.line.name)
    assert after is not None
    misfits = [line for line in trial.lines if line.misfit]
    if len(misfits) > 1:
        return True
    renamed = any(isinstance(line.tree, Name) for line in misfits)
    return not renamed and Readings(reshaped.after).of(after).known


def _instead(
    trial: Trial,
    hand: Handwritten,
    judged: Sequence[str],
    repair: Repair,
    explanation: Explanation,
    others: Sequence[Repair],
) -> Reshaped | None:
    """Return the change of a helper's shape that explains more than changing its reader.

    A far-fetched change explains little; an insertion may be the lost part of a helper that
    computes nothing; and of two changes the less far-fetched is likelier.
    """
    if explanation.far_fetched:
        return reshape_helper(trial, hand, judged, instead=repair, granted=others)
    (nearest, *_) = explanation.hits
    if any(edit.kind in INSERTIONS for edit in nearest.edits):
        found = reshape_helper(trial, hand, judged, instead=repair, granted=others, idle=True)
        if found is not None:
            return found
    return reshape_helper(trial, hand, judged, instead=repair, granted=others, nearer=nearest.cost)


def _with_helper(
    problem: Problem,
    trial: Trial,
    hand: Handwritten,
    reshaped: Reshaped,
    wrong: Sequence[Line],
    helpers: int,
) -> Culprits:
    """Return the finding of a helper, and those of the program with that helper changed."""
    rest = find_culprits(problem, _changed(trial, reshaped.hand), reshaped.hand, helpers)
    explanation = explain_helper(Readings(trial), reshaped.line, reshaped.edit)
    fix = next(explanation.fixes(hand.lines))
    found = (*describe(problem, trial, explanation, fix), *rest.findings)
    names = (frozenset(line.name for line in wrong) | rest.wrong) - rest.noted
    inherited = tuple(line.name for line in wrong if line.name in names - rest.wrong)
    inherited += rest.inherited
    return Culprits(found, names, inherited, rest.noted, rest.strained)


def _fixes(
    trial: Trial, hand: Handwritten, explanations: Sequence[Explanation]
) -> list[str | None]:
    """Return the corrected line of each explanation, tried together by judging the program."""
    options = [list(dict.fromkeys(one.fixes(hand.lines))) for one in explanations]
    names = [one.line.name for one in explanations]

    def passes(fixes: Sequence[str | None]) -> bool:
        return _passes(trial, hand, zip(names, fixes, strict=True))

    chosen = [texts[0] if texts else None for texts in options]
    if passes(chosen):
        return chosen
    for at, texts in enumerate(options):
        for text in texts[1:]:
            others = [*chosen[:at], text, *chosen[at + 1 :]]
            if passes(others):
                return others
    last = [texts[-1] if texts else None for texts in options]
    if passes(last):
        return last
    # A fix that is neither proved nor small is not offered.
    return [text if one.hits else None for one, text in zip(explanations, chosen, strict=True)]


def mends(trial: Trial, hand: Handwritten, findings: Iterable[Finding]) -> bool:
    """Return whether the fixes of findings make every claim that decides right in a trial."""
    return _passes(trial, hand, [(finding.target, finding.fix) for finding in findings])


def _passes(trial: Trial, hand: Handwritten, fixes: Iterable[tuple[str, str | None]]) -> bool:
    """Return whether every judged claim is right with these lines replaced, by name."""
    lines = {line.name: line for line in hand.program}
    for name, fix in fixes:
        if fix is None:
            return False
        try:
            (lines[name],) = parse_program(fix, context=READ)
        except (InputError, ValueError):
            return False
    try:
        changed = replace(hand, program=tuple(lines.values()))
        after = _changed(trial, changed)
    except InputError:
        return False
    claims = [line for line in after.lines if line.claimed]
    return all(after.is_right(line, after.world) for line in deciding(after.graph, claims))


def notes_on(trial: Trial, differing: Sequence[Line]) -> list[Finding]:
    """Return a remark on each intermediate that is not the gradient its name promises."""
    found = []
    for line in differing:
        name = trial.graph.nodes[line.target or 0].name
        true = trial.truth(line.target or 0)
        ratio = constant_ratio(trial.held(line), true, trial.size(line.target or 0))
        slope = f"∂{trial.graph.nodes[trial.graph.loss].name}/∂{name}"
        what = f"not {slope}" if ratio is None else f"{number(ratio)}·{slope}"
        found.append(
            Finding(
                rule="unexplained" if ratio is None else "constant-factor",
                severity="info",
                target=line.name,
                line=line.place.line,
                message=f"{line.name} is {what}; yet every parameter's gradient is right",
                evidence=evidence_of(trial, line),
            )
        )
    return found


def _lost(line: HandLine) -> Finding:
    return Finding(
        rule="unexplained",
        severity="error",
        target=line.line.name,
        line=line.line.place.line,
        message=f"{line.line.name} has no value: {line.misfit}",
        evidence={"misfit": line.misfit},
    )


def unexplained(trial: Trial, line: Line) -> Finding:
    """Return the finding of a wrong claim without an explanation."""
    return Finding(
        rule="unexplained",
        severity="error",
        target=line.name,
        line=line.place.line,
        message=f"{line.name} is wrong, and no single mistake explains it",
        evidence=evidence_of(trial, line),
    )


def doubt(trial: Trial, line: Line) -> Finding:
    """Return the finding of a claim whose true gradient by the engine is in doubt."""
    name = trial.graph.nodes[line.target or 0].name
    return _not_compared(
        line,
        f"{line.name} is not compared: by reverse mode the gradient of {name} is not that of "
        "central differences at most of the points tried; the model jumps there",
    )


def untellable(line: Line, why: str) -> Finding:
    """Return the finding of a claim that cannot be judged at any point."""
    return _not_compared(
        line,
        f"{line.name} is not compared: at every point tried {why}; start from other parameters, "
        "or use other data",
    )


def no_points(hand: Handwritten) -> Finding:
    """Return the finding of a model that is finite nowhere."""
    first = next(line for line in hand.program if line.name in hand.claims)
    return Finding(
        rule="not-compared",
        severity="error",
        target=first.name,
        line=first.place.line,
        message="the hand-written gradients are not compared: the true ones are finite neither at "
        "the start nor at any point tried around it; start from other parameters",
        evidence={},
    )


def _not_compared(line: Line, message: str) -> Finding:
    return Finding(
        rule="not-compared",
        severity="error",
        target=line.name,
        line=line.place.line,
        message=message,
        evidence={},
    )
