"""Finds the lines of a hand-written backward pass that are at fault.

These are the fewest lines whose repair makes every judged claim right when the program is executed,
so an inherited mistake is never blamed.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from gradtui.diagnosis.backward.hypotheses import FAR
from gradtui.diagnosis.backward.meaning import Readings
from gradtui.diagnosis.backward.offers import (
    USUAL,
    Offer,
    adjoints_of,
    edited_of,
    offer_of,
    repairable,
)
from gradtui.diagnosis.backward.pinned import Pinned
from gradtui.diagnosis.backward.program import Line
from gradtui.diagnosis.backward.repair import Repair, hits_of, loose_ends
from gradtui.diagnosis.backward.trial import Trial
from gradtui.diagnosis.edits import INSERTIONS, Tweak, edited
from gradtui.diagnosis.sieve import FIRST
from gradtui.engine.interpreter import Interpreter
from gradtui.language.parser import Name
from gradtui.language.trees import names_read

Array = NDArray[np.float64]

MOST_REPAIRS = 6
MOST_COMPARED = 12
"""Most equally good offers that are compared with care."""
MOST_EXPLAINED = 4
"""The best of those, of which the first with a small mistake as explanation wins."""
LIKE = 3
"""How many strange helpers are outweighed if a repaired line reads like another line."""


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
    kept, own = _still_needed(trial, judged, done), _own_steps(trial, readings, judged)
    passed_on = any(one.line.claimed and readings.is_true_step(one.line) for one in kept)
    fewer = 0 < len(own) <= len(kept) and _untrue(trial, own) <= _untrue(trial, kept)
    return tuple(own if passed_on and fewer else kept)


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
    offers = list[Offer]()
    best: Offer | None = None
    least, here = 1, world.at(FIRST)
    pinned = Pinned(trial, here, right)
    possible = tuple(repairable(trial, wrong, done, spared))
    first = [one for one in possible if one[0].name in readings.first_strangers]
    rest = [one for one in possible if one not in first]
    for some, inserted in ((first, False), (rest, False), (possible, True)):
        lines = trial.budget.nearest(some, of=len(trial.lines))
        adjoints = {} if inserted else _adjoints(trial, readings, world, lines, right, pinned)
        least = max([least, *(len(one.fixed) for some in adjoints.values() for one in some)])
        before = len(offers)
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
        if len(offers) == before:
            continue
        if not inserted:
            offers.sort(key=lambda one: trial.lines.index(one.repair.line))
        best, near = _best(readings, world, offers, done)
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
) -> dict[Line, list[Offer]]:
    """Return the repairs of lines as adjoints that break nothing, including those that fix most.

    The line at fault is often the last one that all wrong claims are computed from.  It is searched
    first, so that the search of the others can stop earlier.
    """
    found, least = dict[Line, list[Offer]](), 1
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


def _best(
    readings: Readings, world: Interpreter, offers: Sequence[Offer], done: Sequence[Repair]
) -> tuple[Offer, bool]:
    """Return the offer that fixes most, and whether it is small and leaves nothing more strange.

    Of several that fix as much, it is the one that leaves the fewest wrong claims, unread helpers
    and helpers with an unknown value.
    """
    most = max(len(offer.fixed) for offer in offers)
    equal = sorted((one for one in offers if len(one.fixed) == most), key=lambda one: one.order)

    def order(offer: Offer) -> tuple[float, ...]:
        repair = offer.repair
        after = world.replacing({repair.line.node: repair.value})
        reached = readings.trial.program.dependents([repair.line.name])
        left, *rest = offer.order
        strange = len(readings.strangers(after, repair.line))
        loose = _fewest_loose(readings.trial, repair)
        return (left, loose, strange, readings.bridges(after), *rest, len(reached))

    ranked = sorted(((order(one), one) for one in equal[:MOST_COMPARED]), key=lambda one: one[0])
    _, best = ranked[0]
    found: _Ends | None = None
    least: tuple[float, ...] = ()
    searched = 0
    for key, offer in ranked:
        bound = (*key[:2], key[2] - LIKE, *key[3:])
        if found is not None and least <= bound:
            break
        if offer.repair.edit is None:
            searched += 1
            if searched > MOST_EXPLAINED:
                continue
        ends = _ends(readings, offer.repair, world, done)
        if ends is None:
            continue
        left, _, odd, bridges, sound, *rest = key
        if offer.repair.line.target is not None:
            rest = [max(0.0, ends.cost - FAR), *rest[1:]]
        elif offer.repair.edit is None:
            rest = [ends.cost - USUAL, *rest[1:]]
        unlikely = odd + _unlikely(readings.trial, offer.repair, ends) - LIKE * ends.like
        own = (left, ends.loose, unlikely, bridges, sound, *rest)
        if found is None or own < least:
            found, best, least = ends, offer, own
    loose = len(readings.trial.program.unread())
    near = found is not None and found.loose <= loose and not found.inserted
    return best, near and _leaves_none_strange(readings, world, best.repair)


def _leaves_none_strange(readings: Readings, world: Interpreter, repair: Repair) -> bool:
    """Return whether a repair leaves all helpers with known values, or with sums of such."""
    after = world.replacing({repair.line.node: repair.value})
    strangers = readings.strangers(after, repair.line)
    return all(readings.adds_flows(line, after) for line in strangers)


def _unlikely(trial: Trial, repair: Repair, ends: _Ends) -> int:
    """Return a penalty for a repair that inserts something, above all in a helper.

    A line that only renames a helper may well have lost a term: dx = dx_norm + dy.
    """
    if not ends.inserted or (ends.own and isinstance(repair.line.tree, Name)):
        return 0
    if repair.line.claimed:
        return 1
    readers = [line for line in trial.lines if repair.line.name in line.reads]
    return 2 + all(isinstance(line.tree, Name) for line in readers)


class _Ends(Struct, frozen=True):
    """The consequences of a simple change of a line."""

    loose: int
    """The number of unread helpers once the line is repaired."""
    inserted: bool
    """Whether something new is inserted."""
    own: bool
    """Whether the insertion consists of names that the line reads already."""
    like: int
    """1 if the line then reads like another, -1 if it no longer does."""
    cost: float
    """How far-fetched the change is."""


def _fewest_loose(trial: Trial, repair: Repair) -> int:
    """Return the least number of unread helpers once a line is repaired.

    A line that becomes an adjoint may read any unread helper.
    """
    line, program = repair.line, trial.program
    if repair.edit is not None:
        return loose_ends(trial, line, (repair.edit,), edited(line.tree, repair.edit))
    return len(program.unread(line.name, line.reads | (program.unread() & set(line.scope))))


def _ends(
    readings: Readings, repair: Repair, world: Interpreter, done: Sequence[Repair]
) -> _Ends | None:
    """Return the consequences of repairing a line; None if the repair is not simple."""
    line, edits = repair.line, tuple[Tweak, ...]()
    if repair.edit is not None:
        edits, tree = (repair.edit,), edited(line.tree, repair.edit)
        loose = _fewest_loose(readings.trial, repair)
        cost = readings.helpers.cost_of(line, repair.edit)
    else:
        hits = hits_of(readings, repair, done, world, pairs=False).hits
        if not hits:
            return None
        edits, tree, cost = hits[0].edits, hits[0].tree, hits[0].cost
        loose = loose_ends(readings.trial, line, edits, tree)
    new = [edit.new for edit in edits if edit.kind in INSERTIONS and edit.new is not None]
    own = all(name in line.reads for tree in new for name in names_read(tree))
    return _Ends(loose, bool(new), own, readings.likeness.gained(line, tree), cost)


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
