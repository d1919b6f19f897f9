"""Findings of gradients compared with central differences alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gradtui.base.text import number
from gradtui.diagnosis.finding import Finding
from gradtui.diagnosis.internal import internal
from gradtui.diagnosis.recorded.blame.hits import Blame
from gradtui.diagnosis.recorded.blame.slopes import blamed_by_slopes
from gradtui.diagnosis.recorded.differences import Apart, apart_by_differences
from gradtui.diagnosis.recorded.notes import search_crashed
from gradtui.diagnosis.recorded.runs import Runs
from gradtui.diagnosis.recorded.target import Target


def by_differences(runs: Runs, names: Sequence[str]) -> tuple[list[Finding], Sequence[str]]:
    """Return the findings of gradients at the given arguments, and those that cannot be judged."""
    apart, untold = apart_by_differences(runs, names)
    wrong = {one.name: one for one in apart}
    failed: list[Finding] = []
    blames: Sequence[Blame] = ()
    try:
        if runs.crashed and wrong:
            failed = [search_crashed(runs)]
        else:
            blames = blamed_by_slopes(runs, [n for n in names if n not in untold], [*wrong])
    except Exception as error:
        failed = [internal(runs.target.file, error)]
    told = {name for blame in blames for name in blame.results}
    found = [_blamed(blame, wrong, runs.target) for blame in blames]
    found += [_unexplained(runs, one) for one in apart if one.name not in told]
    return [*found, *failed], untold


def _blamed(blame: Blame, wrong: Mapping[str, Apart], target: Target) -> Finding:
    """Return the finding for a line whose edit makes gradients right."""
    names = [name for name in wrong if name in blame.results]
    one = wrong[names[0]]
    others = f" (also wrong: {', '.join(names[1:])})" if len(names) > 1 else ""
    text = f"{_seen(one, target)}{others}: {blame.said}"
    return Finding(blame.rule, "error", one.name, blame.place.line,
                   text, {"gradients": names, **blame.evidence, **_evidence(one)},
                   factor=blame.factor, fix=blame.fix, place=blame.place,
                   replaces=blame.lines)  # fmt: skip


def _unexplained(runs: Runs, one: Apart) -> Finding:
    place, seen = runs.target.place, _seen(one, runs.target)
    return Finding("unexplained", "error", one.name, place.line if place else None, seen,
                   _evidence(one), place=place)  # fmt: skip


def _seen(one: Apart, target: Target) -> str:
    return (
        f"the gradient of {target.spelled(one.name, one.element)} is {number(one.claimed)}, "
        f"by central differences it is {number(one.slope)}"
    )


def _evidence(one: Apart) -> Mapping[str, Any]:
    return {"claimed": one.claimed, "true": one.slope, "element": list(one.element)}
