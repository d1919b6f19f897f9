"""The repairs of one line that make claims right: as an adjoint, or by a small change."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from gradtui.diagnosis.backward.meaning import Readings
from gradtui.diagnosis.backward.program import Line
from gradtui.diagnosis.backward.repair import Repair
from gradtui.diagnosis.backward.trial import ROWS, Trial, rounded
from gradtui.diagnosis.edits import EditKind
from gradtui.engine.interpreter import Interpreter

Array = NDArray[np.float64]

USUAL = 2.6
"""From this cost of changing a helper on, a change of a claim is more likely."""


class Offer(Struct, frozen=True, eq=False):
    """A repair, with the claims it makes right."""

    repair: Repair
    fixed: frozenset[str]
    """The judged claims that it makes right."""
    order: tuple[float, ...]
    """The sort key of offers that fix as much; the smallest wins."""


def repairable(
    trial: Trial, wrong: Sequence[Line], done: Sequence[Repair], spared: Collection[str]
) -> Iterator[tuple[Line, list[Line]]]:
    """Yield lines whose repair leaves the `done` ones alone, with the wrong claims they reach."""
    repaired = {one.line.name for one in done}
    edited_names = {one.line.name for one in done if one.edit is not None}
    for line in trial.lines:
        reached = trial.program.dependents([line.name])
        affected = [one for one in wrong if one.name in reached]
        if affected and line.name not in repaired | {*spared} and not reached & edited_names:
            yield line, affected


def adjoints_of(
    trial: Trial,
    readings: Readings,
    world: Interpreter,
    line: Line,
    affected: Sequence[Line],
    right: Sequence[Line],
    *,
    least: int,
) -> Iterator[Offer]:
    """Yield the repairs of a line as an adjoint that make `least` of the affected claims right.

    The claims in `right` stay right.
    """
    targets = (*readings.of(line).targets, *readings.further(line))
    alike: dict[int, Array] = {}
    some = trial.telling(affected)
    for target in targets:
        if trial.adjoint(target) not in alike:
            alike[trial.adjoint(target)] = trial.truth_of(line, target)[some]
    tried = _scaled(trial, world.at(some), line, [*alike.values()], affected, least)
    found = dict(zip(alike, tried, strict=True))
    for target in targets:
        may_fix = found[trial.adjoint(target)]
        if len(may_fix) >= least:
            offer = offer_of(trial, readings, world, line, target, may_fix, right)
            if offer is not None and len(offer.fixed) >= least:
                yield offer


def _scaled(
    trial: Trial,
    here: Interpreter,
    line: Line,
    values: Sequence[Array],
    affected: Sequence[Line],
    least: int,
) -> Iterator[list[Line]]:
    """Yield, for each value, the claims that a line may make right by holding a multiple of it.

    The values are tried at a few points, as rows after a row of zeros.
    """
    rows = max(1, trial.together * trial.points // here.lead[0])
    for start in range(0, len(values), rows):
        some = np.stack(values[start : start + rows])
        right = _right(trial, here, line, some, affected, trial.may_be_scaled, least, zero=True)
        for row in right.T:
            yield [one for one, good in zip(affected, row, strict=True) if good]


def _right(
    trial: Trial,
    here: Interpreter,
    line: Line,
    rows: Array,
    claims: Sequence[Line],
    fits: Callable[[Line, Array], NDArray[np.bool_]],
    least: int,
    *,
    zero: bool = False,
) -> NDArray[np.bool_]:
    """Return which claims may be right for which values of a line, (claims, rows).

    `fits` judges the values of a claim; with `zero`, the first of them is for a line of zeros.
    A row is given up as soon as it leaves fewer than `least` claims right.
    """
    right = np.zeros((len(claims), len(rows)), dtype=bool)
    before, left = np.zeros_like(rows[: int(zero)]), np.arange(len(rows))
    world = here.replacing({line.node: np.concatenate([before, rows])})
    for number, claim in enumerate(claims):
        right[number, left] = fits(claim, trial.held(claim, world))
        later = len(claims) - number - 1
        hopeful = np.count_nonzero(right[:, left], axis=0) + later >= least
        if not hopeful.any():
            break
        if 2 * np.count_nonzero(hopeful) <= len(left):
            left = left[hopeful]
            world = here.replacing({line.node: np.concatenate([before, rows[left]])})
    return right


def offer_of(
    trial: Trial,
    readings: Readings,
    world: Interpreter,
    line: Line,
    target: int,
    affected: Sequence[Line],
    right: Sequence[Line] = (),
) -> Offer | None:
    """Return the repair of a line as an adjoint, times the constant that fixes most claims.

    The claims in `right` stay right.
    """
    true = trial.truth_of(line, target)
    zero = world.replacing({line.node: np.zeros_like(true)})
    unit = world.replacing({line.node: true})
    scales: dict[float, set[str]] = {}
    for claim in affected:
        assert claim.target is not None
        scale = 1.0 if not np.any(true) else _scale(
            trial.held(claim, unit), trial.held(claim, zero), trial.truth(claim.target),
            trial.size(claim.target),
        )  # fmt: skip
        if scale is not None:
            scales.setdefault(scale, set()).add(claim.name)
    if not scales:
        return None
    usual = readings.familiar.is_count
    scale = max(scales, key=lambda one: (len(scales[one]), one == 1.0, usual(abs(one))))
    counted = scale > 0 and usual(scale)
    if scale != 1.0 and not counted and readings.is_true(line):
        return None
    value = scale * true
    after = world.replacing({line.node: value})
    fixed = frozenset(one.name for one in affected if trial.is_right(one, after))
    if not fixed or not _keeps(trial, after, line, right):
        return None
    repair = Repair(line, target, scale, value)
    return Offer(repair, fixed, readings.order(line, repair.scale, after, world))


def _scale(unit: Array, zero: Array, wanted: Array, size: Array) -> float | None:
    """Return c with zero + c·(unit - zero) equal to `wanted`; None if no constant fits."""
    with np.errstate(all="ignore"):
        weight = 1 / np.where(size > 0, size, 1.0)
        slope = ((unit - zero) * weight)[1:].reshape(-1)[:ROWS]
        rest = ((wanted - zero) * weight)[1:].reshape(-1)[:ROWS]
        square = float(np.dot(slope, slope))
        if not 0 < square < np.inf:
            return None
        scale = float(np.dot(slope, rest)) / square
        if not np.isfinite(scale) or scale == 0:
            return None
        fits = np.all(np.abs(scale * slope - rest) <= 1e-6 * max(1.0, abs(scale)))
    return rounded(scale) if fits else None


def edited_of(
    trial: Trial,
    readings: Readings,
    world: Interpreter,
    here: Interpreter,
    line: Line,
    affected: Sequence[Line],
    right: Sequence[Line],
    *,
    inserted: bool,
    least: int,
) -> Iterator[Offer]:
    """Yield the single changes of a helper's own expression that make `least` claims right.

    The claims in `right` stay right.
    With `inserted` only the changes that insert something, else all others.
    """
    if line.target is not None:
        return

    def fits(values: Array) -> NDArray[np.bool_]:
        right = _right(trial, here, line, values[:, 0], affected, trial.may_be_right, least)
        return np.asarray(np.count_nonzero(right, axis=0) >= least)

    for edit, value in readings.helpers.variants(line, world, fits, inserted=inserted):
        after = world.replacing({line.node: value})
        fixed = frozenset(one.name for one in affected if trial.is_right(one, after))
        if len(fixed) >= least and _keeps(trial, after, line, right):
            left, sound, _ = readings.order(line, 1.0, after, world)
            cost = readings.helpers.cost_of(line, edit)
            scaled = edit.path == () and edit.kind in (EditKind.NEGATE, EditKind.SCALE)
            scaled = scaled and not edit.suits_count
            if scaled and sound == 0:
                sound = 1.0  # a multiple of an unknown value is unknown, too
            order = (left, sound, 0.5 if scaled else cost - USUAL, cost)
            yield Offer(Repair(line, None, 1.0, value, edit), fixed, order)


def _keeps(trial: Trial, after: Interpreter, line: Line, right: Sequence[Line]) -> bool:
    """Return whether every right claim stays right after a line is repaired."""
    reached = trial.program.dependents([line.name])
    return all(one.name not in reached or trial.is_right(one, after) for one in right)
