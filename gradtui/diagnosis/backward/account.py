"""The repairs of a program with what explains each: of several accounts the simplest."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from msgspec import Struct

from gradtui.diagnosis.backward.blame import find_repairs
from gradtui.diagnosis.backward.explain import Explanation, explain
from gradtui.diagnosis.backward.meaning import Readings
from gradtui.diagnosis.backward.program import Line
from gradtui.diagnosis.backward.repair import Repair
from gradtui.diagnosis.backward.trial import Trial

MOST_SPARED = 3
"""Ways of sparing lines that are tried."""


class Account(Struct, frozen=True, eq=False):
    """Repairs of a program, and why they are needed."""

    repairs: tuple[Repair, ...]
    explanations: tuple[Explanation, ...]
    left: int
    """How many of the judged claims are still wrong."""

    @property
    def rank(self) -> tuple[int, float]:
        """What decides between accounts; the smallest is the best."""
        return self.left, sum(one.cost + 1 for one in self.explanations)

    @property
    def is_simple(self) -> bool:
        """Whether one small change explains each line."""
        return not any(one.is_double or one.far_fetched for one in self.explanations)


def best_account(trial: Trial, readings: Readings, judged: Sequence[Line]) -> Account:
    """Return the simplest account of what is wrong with a program.

    The fewest lines are looked for first.  Where one of them takes more than a small change,
    lines that may be right are spared, and claims whose own steps are wrong are granted.
    """
    first = _account(trial, readings, judged)
    if first.is_simple:
        return first
    accounts = [first]
    for spared in [*_doubtful(first)][:MOST_SPARED]:
        accounts.append(_account(trial, readings, judged, spared=spared))
    granted = _own_steps(trial, readings, judged)
    if granted:
        accounts.append(_account(trial, readings, judged, granted=granted))
    return min(accounts, key=lambda one: one.rank)


def _account(
    trial: Trial,
    readings: Readings,
    judged: Sequence[Line],
    *,
    spared: Collection[str] = (),
    granted: Sequence[Repair] = (),
) -> Account:
    repairs = find_repairs(trial, readings, judged, spared=spared, granted=granted)
    trial.work.renew()
    found = tuple(explain(trial, readings, repairs, repair) for repair in repairs)
    world = trial.world.replacing({one.line.node: one.value for one in repairs})
    return Account(repairs, found, sum(not trial.is_right(line, world) for line in judged))


def _doubtful(account: Account) -> Iterator[frozenset[str]]:
    """Yield lines that may be right, where another line needs two changes because of them.

    A constant that is put right in one line may have to be taken out of another again, and what
    two lines read may be wrong for both.
    """
    single = [one for one in account.explanations if not one.is_double and not one.far_fetched]
    constants = frozenset(one.line.name for one in single if one.is_constant)
    if constants:
        yield constants
    for one in single:
        if not one.is_constant:
            yield frozenset({one.line.name})


def _own_steps(trial: Trial, readings: Readings, judged: Sequence[Line]) -> list[Repair]:
    """Return the claims on the way to those that are judged whose own steps are wrong."""
    return [
        Repair(line, line.target, 1.0, trial.truth_of(line, line.target))
        for line in trial.lines
        if line.target is not None and line not in judged
        and not line.misfit and not trial.is_right(line, trial.world)
        and not readings.is_true_step(line)
    ]  # fmt: skip
