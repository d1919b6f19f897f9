"""Claims that are right on the user's data and wrong on others. Changes no verdict."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

import numpy as np

from gradtui.base.source import InputError
from gradtui.base.text import clip, element_text, number
from gradtui.diagnosis.backward.culprits import Culprits, find_culprits, mends
from gradtui.diagnosis.backward.drawn import Draw, NoPoints
from gradtui.diagnosis.backward.probes import ROWS, Probes
from gradtui.diagnosis.backward.program import Line
from gradtui.diagnosis.backward.structure import COUNT
from gradtui.diagnosis.backward.trial import Trial, near
from gradtui.diagnosis.finding import Finding
from gradtui.scenario.problem import Handwritten, Problem

_MOST_CHANGES = 4_000
"""Most changes tried to find the general rule."""
_REASONS = 3
"""Most reasons named."""
_LISTED = 60
"""Longest list of names, in characters."""


def other_data(probes: Probes, own: Trial, wrong: Collection[str]) -> Iterator[Draw]:
    """Yield other data on which only the claims `wrong` on the user's are wrong.

    A number that equals a size may do so by chance, so it differs from it first.  Data on which the
    program relies stay the user's own, if not all of them are.
    """

    def fits(draw: Draw) -> bool:
        trial = _elsewhere(own, draw)
        return trial is not None and _wrong_claims(trial) == wrong

    counts = [id for id, one in probes.structures.items() if one.kind == COUNT]
    if counts and fits(draw := _others(probes, broken=counts)):
        yield draw
    if fits(draw := _others(probes)):
        yield draw
        return
    held = [id for id in _data(probes) if not _stands(probes, own, id, wrong)]
    if 0 < len(held) < len(_data(probes)) and fits(draw := _others(probes, held)):
        yield draw


def reliance(
    problem: Problem, probes: Probes, own: Trial, hand: Handwritten, decisive: Sequence[Line]
) -> Iterator[Finding]:
    """Yield the claims that are right only on data like the user's.

    A warning with the general rule if one change gives it; a remark on intended structure.
    """
    names = {line.name for line in decisive}
    spoilt, reasons, warned = set[str](), list[str](), False
    draw = _others(probes)
    trial = _elsewhere(own, draw)
    if trial is not None and (there := _wrong_claims(trial) & names):
        trial = Trial(own.graph, own.reverse, draw, hand)
        trial.budget.limit(_MOST_CHANGES)
        culprits = find_culprits(problem, trial, hand, helpers=0)
        if _is_one_change(culprits) and mends(own, hand, culprits.findings):
            warned = True
            for finding in culprits.findings:
                yield _warned(finding, f"right only on these data: {_with_other_data(finding)}")
        else:
            relied = [id for id in _data(probes) if not _stands(probes, own, id)]
            text = ", ".join(own.graph.nodes[id].name for id in relied) or "the data"
            reasons.append(f"of the numbers of {clip(text, _LISTED)}")
            spoilt |= there
    for id, structure in probes.structures.items():
        if not structure.text:
            continue
        others = [one for one in _data(probes) if one != id]
        trial = _elsewhere(own, _others(probes, others, broken=(id,)))
        if trial is not None and (there := _wrong_claims(trial) & names):
            reasons.append(f"{own.graph.nodes[id].name} {structure.text}")
            spoilt |= there
    if not reasons and not warned:
        yield from _with_more_rows(problem, probes, own, hand)
    if reasons:
        yield _remark([line for line in decisive if line.name in spoilt], reasons)


def _with_more_rows(
    problem: Problem, probes: Probes, own: Trial, hand: Handwritten
) -> Iterator[Finding]:
    """Yield the claims right only because the data have one row, such as an undivided mean."""
    more = probes.with_more_rows(problem)
    try:
        trial = None if more is None else Trial(more.graph, more.reverse, more.redrawn, hand)
    except (InputError, NoPoints):
        return
    if trial is None or trial.program.lost or any(line.misfit for line in trial.lines):
        return
    if _wrong_claims(trial):
        trial.budget.limit(_MOST_CHANGES)
        culprits = find_culprits(problem, trial, hand, helpers=0)
        if _is_one_change(culprits) and mends(own, hand, culprits.findings):
            for finding in culprits.findings:
                what, _, _ = finding.message.partition(";")
                yield _warned(finding, f"right only with one row: with {ROWS} {what}")


def _data(probes: Probes) -> list[int]:
    return [node.id for node in probes.graph.data]


def _others(probes: Probes, held: Collection[int] = (), broken: Collection[int] = ()) -> Draw:
    return lambda seed: probes.redrawn(seed, held, broken)


def _elsewhere(own: Trial, draw: Draw) -> Trial | None:
    """Return a program at other points; None without any."""
    try:
        return own.elsewhere(draw)
    except NoPoints:
        return None


def _wrong_claims(trial: Trial) -> set[str]:
    """Return the claims that fail with finite values: other data may overflow them."""
    return {line.name for line in trial.lines if line.claimed and not _holds(trial, line)}


def _holds(trial: Trial, line: Line) -> bool:
    if line.misfit or trial.is_right(line, trial.world):
        return not line.misfit
    target, held = line.target or 0, trial.held(line)
    finite = np.isfinite(held).reshape(len(held), -1).all(axis=1)
    there = np.flatnonzero(finite & (np.arange(len(held)) > 0))
    true, size = trial.truth(target), trial.size(target)
    return len(there) > 0 and near(held[there], true[there], size[there])


def _stands(probes: Probes, own: Trial, id: int, wrong: Collection[str] = ()) -> bool:
    """Return whether changing one array alone makes no further claims wrong."""
    trial = _elsewhere(own, _others(probes, [one for one in _data(probes) if one != id]))
    return trial is not None and _wrong_claims(trial) <= set(wrong)


def _is_one_change(culprits: Culprits) -> bool:
    """Return whether one small change of one line makes it right on all data."""
    return culprits.rank == (0, 0, 0, 1)


def _with_other_data(finding: Finding) -> str:
    """Return a message whose numbers are said to be those of other data than the user's."""
    what, _, rest = finding.message.partition(";")
    evidence = finding.evidence
    if not rest or "claimed" not in evidence:
        return finding.message
    name = element_text(evidence.get("through", finding.target), evidence.get("element", ()))
    claimed, true = number(evidence["claimed"]), number(evidence["true"])
    return f"{what}; with other data {name} is {claimed}, the true gradient {true}"


def _warned(finding: Finding, message: str) -> Finding:
    return Finding(
        rule="relies-on-data",
        severity="warning",
        target=finding.target,
        line=finding.line,
        message=message,
        evidence={**finding.evidence, "rule": finding.rule},
        edge=finding.edge,
        within=finding.within,
        factor=finding.factor,
        fix=finding.fix,
        alternatives=finding.alternatives,
        place=finding.place,
    )


def _remark(spoilt: Sequence[Line], reasons: Sequence[str]) -> Finding:
    names = clip(", ".join(line.name for line in spoilt), _LISTED)
    shown = "; ".join(reasons[:_REASONS])
    more = f"; and {len(reasons) - _REASONS} more" if len(reasons) > _REASONS else ""
    return Finding(
        rule="relies-on-data",
        severity="info",
        target=spoilt[0].name,
        line=spoilt[0].place.line,
        message=f"{names}: right because {shown}{more}",
        evidence={"claims": [line.name for line in spoilt]},
    )
