"""Finds the lines of a hand-written backward pass that are at fault.

These are the fewest lines whose repair makes every judged claim right when the program is executed,
so an inherited mistake is never blamed.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from gradtui.diagnosis.backward.meaning import Readings
from gradtui.diagnosis.backward.offers import Offer, adjoints_of, edited_of, offer_of, repairable
from gradtui.diagnosis.backward.pinned import Pinned
from gradtui.diagnosis.backward.program import Line
from gradtui.diagnosis.backward.ranking import Ranking
from gradtui.diagnosis.backward.repair import Repair
from gradtui.diagnosis.backward.trial import Trial
from gradtui.diagnosis.sieve import FIRST
from gradtui.engine.interpreter import Interpreter

MOST_REPAIRS = 6


def find_repairs(
    trial: Trial,
    readings: Readings,
    judged: Sequence[Line],
    *,
    spared: Collection[str] = (),
    granted: Sequence[Repair] = (),
) -> tuple[Repair, ...]:
    """Return the repairs that make all of `judged` right, or as many as possible.

    `spared` lines are taken to be right, and `granted` repairs to be needed.
    """
    done = list(granted)
    for line in trial.lines:
        if line.misfit and line.target is not None:
            done.append(_refitted(trial, readings, done, line, judged))
    for _ in range(MOST_REPAIRS):
        world = trial.world.replacing({one.line.node: one.value for one in done})
        repaired = {one.line.name for one in done}
        wrong = [
            line for line in judged
            if line.name not in repaired and not trial.is_right(line, world)
        ]  # fmt: skip
        if not wrong:
            break
        right = [line for line in judged if line not in wrong and line.name not in repaired]
        best = _best_repair(trial, readings, world, wrong, right, done, spared)
        if best is None:
            break
        done.append(best)
    if granted:
        return tuple(_still_needed(trial, judged, done, granted=len(granted)))
    kept = _still_needed(trial, judged, done)
    if any(one.line.claimed and readings.is_true_step(one.line) for one in kept):
        own = _own_steps(trial, readings, judged)
        if 0 < len(own) <= len(kept) and _untrue(trial, own) <= _untrue(trial, kept):
            return tuple(own)
    return tuple(kept)


def _best_repair(
    trial: Trial,
    readings: Readings,
    world: Interpreter,
    wrong: Sequence[Line],
    right: Sequence[Line],
    done: Sequence[Repair],
    spared: Collection[str],
) -> Repair | None:
    """Return the repair of one more line that makes most wrong claims right.

    Of hundreds of lines, those are searched first at which the values stop to be known.
    """
    offers, ranking = list[Offer](), Ranking(readings, world, done)
    best: Offer | None = None
    least, here = 1, world.at(FIRST)
    pinned = Pinned(trial, here, right)
    possible = tuple(repairable(trial, wrong, done, spared))
    first = [one for one in possible if one[0].name in readings.first_strangers]
    rest = [one for one in possible if one not in first]
    for some, inserted in ((first, False), (rest, False), (possible, True)):
        lines = trial.budget.nearest(some, of=len(trial.lines))
        adjoints = dict[Line, list[Offer]]()
        if not inserted:
            adjoints = _adjoints(trial, readings, world, lines, right, pinned, least)
        least = max([least, *(len(one.fixed) for some in adjoints.values() for one in some)])
        for line, affected in lines:
            offers += adjoints.get(line, ())
            if line.target is not None or len(affected) < least:
                continue  # another line fixes more than this one could
            if pinned.holds(line, affected, least):
                continue
            for offer in edited_of(
                trial, readings, world, here, line, affected, right, inserted=inserted, least=least
            ):
                offers.append(offer)
                least = max(least, len(offer.fixed))
        if not offers:
            continue
        if not inserted:
            offers.sort(key=lambda one: trial.lines.index(one.repair.line))
        best, near = ranking.best(offers)
        (left, *_) = best.order
        if near and len(best.fixed) == len(wrong) and (some is not first or left == 0):
            break
    return None if best is None else best.repair


def _adjoints(
    trial: Trial,
    readings: Readings,
    world: Interpreter,
    lines: Sequence[tuple[Line, list[Line]]],
    right: Sequence[Line],
    pinned: Pinned,
    least: int,
) -> dict[Line, list[Offer]]:
    """Return the repairs of lines as adjoints that break nothing, including those that fix most.

    These make at least `least` claims right, as some other repair does.

    The line at fault is often the last one that all wrong claims are computed from.  It is searched
    first, so that the search of the others can stop earlier.
    """
    found = dict[Line, list[Offer]]()
    for line, affected in sorted(reversed(lines), key=lambda one: -len(one[1])):
        if len(affected) < least:
            break
        if pinned.holds(line, affected, least):
            continue
        offers = adjoints_of(trial, readings, world, line, affected, right, least=least)
        found[line] = [*offers]
        least = max([least, *(len(offer.fixed) for offer in found[line])])
    return found


def _untrue(trial: Trial, done: Sequence[Repair]) -> int:
    """Return the number of claims that are wrong after some repairs."""
    world = trial.world.replacing({one.line.node: one.value for one in done})
    claims = (line for line in trial.lines if line.target is not None)
    return sum(not trial.is_right(line, world) for line in claims)


def _own_steps(trial: Trial, readings: Readings, judged: Sequence[Line]) -> list[Repair]:
    """Return the claims whose own steps are wrong, if repairing these makes everything right.

    If several gradients are summed and more than one is wrong, none alone repairs anything.
    """
    wrong = wrong_steps(trial, readings, [line for line in trial.lines if line.claimed])
    world = trial.world.replacing({one.line.node: one.value for one in wrong})
    if not all(trial.is_right(line, world) for line in judged):
        return []
    return _still_needed(trial, judged, wrong)


def wrong_steps(trial: Trial, readings: Readings, lines: Sequence[Line]) -> list[Repair]:
    """Return the repairs of the lines whose own steps are wrong."""
    return [
        Repair(line, line.target, 1.0, trial.truth_of(line, line.target))
        for line in lines
        if line.target is not None and not line.misfit
        and not trial.is_right(line, trial.world) and not readings.is_true_step(line)
    ]  # fmt: skip


def _refitted(
    trial: Trial, readings: Readings, done: Sequence[Repair], line: Line, judged: Sequence[Line]
) -> Repair:
    """Return the right value of a claim of another shape, with the constant of its readers."""
    assert line.target is not None
    world = trial.world.replacing({one.line.node: one.value for one in done})
    reached = trial.program.dependents([line.name])
    affected = [one for one in judged if one.name in reached]
    offer = offer_of(trial, readings, world, line, line.target, affected)
    if offer is not None and offer.repair.scale > 0:
        return offer.repair
    return Repair(line, line.target, 1.0, trial.truth(line.target))


def _still_needed(
    trial: Trial, judged: Sequence[Line], done: list[Repair], *, granted: int = 0
) -> list[Repair]:
    """Return the repairs without those that others make unnecessary.

    The first ones are `granted`: they are needed as long as their claims are wrong.
    """
    kept = list(done)
    for number, repair in enumerate(done):
        others = [one for one in kept if one is not repair]
        world = trial.world.replacing({one.line.node: one.value for one in others})
        repaired = {one.line.name for one in others}
        asked = number < granted and repair.line.target is not None
        wanted = [repair.line] if asked else judged
        if not repair.line.misfit and all(
            line.name in repaired or trial.is_right(line, world) for line in wanted
        ):
            kept = others
    return sorted(kept, key=lambda one: trial.lines.index(one.line))
