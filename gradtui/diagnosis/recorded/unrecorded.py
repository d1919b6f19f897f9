"""Findings of gradients compared with central differences alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from msgspec import Struct

from gradtui.base.text import number
from gradtui.diagnosis.finding import Finding
from gradtui.diagnosis.internal import internal
from gradtui.diagnosis.recorded.around import NONE_WITHIN, all_alike
from gradtui.diagnosis.recorded.blame.hits import Blame
from gradtui.diagnosis.recorded.blame.slopes import blamed_by_slopes
from gradtui.diagnosis.recorded.differences import Apart, apart_by_differences, slope_at
from gradtui.diagnosis.recorded.notes import search_crashed
from gradtui.diagnosis.recorded.point import Values
from gradtui.diagnosis.recorded.runs import CodeFailed, Runs
from gradtui.diagnosis.recorded.target import Target

_SPREADS = (0.1, 0.5, 1.0)
"""The distance of other points from the arguments, relative to their size."""
_WIDE = 100.0
"""Factor by which steps are widened when a slope is measured again."""
_SEED = 13


class Compared(Struct, frozen=True, eq=False):
    """The comparison of gradients with central differences alone."""

    findings: Sequence[Finding]
    untold: Sequence[str]
    """The gradients that cannot be judged at any point."""
    points: int


def by_differences(runs: Runs, names: Sequence[str]) -> Compared:
    """Return the findings of gradients at the given arguments, and at others around them."""
    apart, untold = apart_by_differences(runs, names)
    at_own, points = len(apart), 1
    for beyond, left in _around(runs, names):
        known = {one.name for one in apart}
        apart += [one for one in beyond if one.name not in known]
        untold, points = [name for name in untold if name in left], points + 1
    findings = _findings(runs, [n for n in names if n not in untold], apart, at_own)
    return Compared(findings, untold, points)


def right_by_differences(runs: Runs, names: Sequence[str]) -> bool:
    """Return whether gradients are right at the given arguments, and at others around them."""
    apart, untold = apart_by_differences(runs, names)
    return not apart and not untold and not any(beyond for beyond, _ in _around(runs, names))


def _around(runs: Runs, names: Sequence[str]) -> Iterator[tuple[Sequence[Apart], Sequence[str]]]:
    """Yield what is wrong, and what cannot be judged, at points around the given arguments.

    Nothing tells for which numbers the code is made: all keep their signs.
    """
    rng = np.random.default_rng(_SEED)
    given = {name: runs.given[name] for name in names}
    for spread in _SPREADS:
        values = all_alike(given, spread, rng, NONE_WITHIN, signed=True)
        try:
            apart, untold = apart_by_differences(runs, names, values)
        except CodeFailed:
            continue
        yield [one for one in apart if _is_sure(runs, values, one)], untold


def _is_sure(runs: Runs, values: Values, one: Apart) -> bool:
    """Return whether larger steps give the same slope: on a grid of solutions they do not."""
    wide = slope_at(runs, values, one.name, one.element, wide=_WIDE)
    return wide.sure and wide.agrees(one.slope)


def _findings(
    runs: Runs, names: Sequence[str], apart: Sequence[Apart], at_own: int
) -> list[Finding]:
    """Return the findings of wrong gradients, the first of which are so `at_own` arguments.

    Lines at fault are looked for at those alone.
    """
    wrong = {one.name: one for one in apart[:at_own]}
    failed: list[Finding] = []
    blames: Sequence[Blame] = ()
    try:
        if runs.crashed and wrong:
            failed = [search_crashed(runs)]
        else:
            blames = blamed_by_slopes(runs, names, [*wrong])
    except Exception as error:
        failed = [internal(runs.target.file, error)]
    told = {name for blame in blames for name in blame.results}
    found = [_blamed(blame, wrong, runs.target) for blame in blames]
    left = [one for one in apart if one.name not in told]
    found += [_unexplained(runs, one, elsewhere=one.name not in wrong) for one in left]
    return [*found, *failed]


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


def _unexplained(runs: Runs, one: Apart, *, elsewhere: bool) -> Finding:
    place, seen = runs.target.place, _seen(one, runs.target)
    seen += " (at random parameters)" if elsewhere else ""
    return Finding("unexplained", "error", one.name, place.line if place else None, seen,
                   _evidence(one), place=place)  # fmt: skip


def _seen(one: Apart, target: Target) -> str:
    return (
        f"the gradient of {target.spelled(one.name, one.element)} is {number(one.claimed)}, "
        f"by central differences it is {number(one.slope)}"
    )


def _evidence(one: Apart) -> Mapping[str, Any]:
    return {"claimed": one.claimed, "true": one.slope, "element": list(one.element)}
