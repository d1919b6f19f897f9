"""The repairs of one line that make claims right: as an adjoint, or by a small change."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from gradtui.diagnosis.backward.meaning import Readings, is_counted
from gradtui.diagnosis.backward.program import Line
from gradtui.diagnosis.backward.repair import Repair
from gradtui.diagnosis.backward.trial import Trial, rounded
from gradtui.diagnosis.edits import EditKind
from gradtui.diagnosis.sieve import FIRST, SLACK
from gradtui.engine.interpreter import Interpreter

Array = NDArray[np.float64]

USUAL = 2.6
"""From this cost of changing a helper on, a change of a claim is more likely."""
_ROWS = 4000
"""Numbers of a claim examined to find a constant."""


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
    here: Interpreter,
    line: Line,
    affected: Sequence[Line],
) -> Iterator[Offer]:
    """Yield the repairs of a line as an adjoint that make some of the affected claims right."""
    for target in (*readings.of(line).targets, *readings.further(line)):
        may_fix = _may_fix(trial, here, line, trial.truth_of(line, target), affected)
        offer = offer_of(trial, readings, world, line, target, may_fix) if may_fix else None
        if offer:
            yield offer


def _may_fix(
    trial: Trial, here: Interpreter, line: Line, true: Array, affected: Sequence[Line]
) -> list[Line]:
    """Return the claims that a line may make right with a constant times a value, at one point."""
    pair = here.replacing({line.node: np.stack([np.zeros_like(true[FIRST]), true[FIRST]])})
    found = list[Line]()
    for claim in affected:
        zero, unit = trial.held(claim, pair).reshape(2, -1)[:, :_ROWS]
        wanted, size = (
            value[FIRST].reshape(-1)[:_ROWS]
            for value in (trial.truth(claim.target or 0), trial.size(claim.target or 0))
        )
        with np.errstate(all="ignore"):
            weight = 1 / np.where(size > 0, size, 1.0)
            slope, rest = (unit - zero) * weight, (wanted - zero) * weight
            square = np.dot(slope, slope)
            scale = np.dot(slope, rest) / square
            apart = np.linalg.norm(scale * slope - rest)
            room = SLACK * max(1.0, abs(scale)) * np.sqrt(rest.size)
            if not apart > room:
                found.append(claim)
    return found


def offer_of(
    trial: Trial,
    readings: Readings,
    world: Interpreter,
    line: Line,
    target: int,
    affected: Sequence[Line],
) -> Offer | None:
    """Return the repair of a line as an adjoint, times the constant that fixes most claims."""
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
    if not fixed:
        return None
    repair = Repair(line, target, scale, value)
    return Offer(repair, fixed, readings.order(line, repair.scale, after, world))


def _scale(unit: Array, zero: Array, wanted: Array, size: Array) -> float | None:
    """Return c with zero + c·(unit - zero) equal to `wanted`; None if no constant fits."""
    with np.errstate(all="ignore"):
        weight = 1 / np.where(size > 0, size, 1.0)
        slope = ((unit - zero) * weight)[1:].reshape(-1)[:_ROWS]
        rest = ((wanted - zero) * weight)[1:].reshape(-1)[:_ROWS]
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
    *,
    inserted: bool,
) -> list[Offer]:
    """Return the single changes of a helper's own expression that make claims right.

    With `inserted` only the changes that insert something, else all others.
    """
    found = list[Offer]()
    if line.target is not None:
        return found

    def fits(values: Array) -> NDArray[np.bool_]:
        after = here.replacing({line.node: values[:, 0]})
        right: NDArray[np.bool_] = np.any(
            [trial.may_be_right(one, after) for one in affected], axis=0
        )
        return right

    for edit, value in readings.variants(line, world, fits, inserted=inserted):
        after = world.replacing({line.node: value})
        fixed = frozenset(one.name for one in affected if trial.is_right(one, after))
        if fixed:
            left, sound, _ = readings.order(line, 1.0, after, world)
            cost = readings.cost_of(line, edit)
            scaled = edit.path == () and edit.kind in (EditKind.NEGATE, EditKind.SCALE)
            scaled = scaled and not is_counted(edit)
            if scaled and sound == 0:
                sound = 1.0  # a multiple of an unknown value is unknown, too
            order = (left, sound, 0.5 if scaled else cost - USUAL, cost)
            found.append(Offer(Repair(line, None, 1.0, value, edit), fixed, order))
    return found
