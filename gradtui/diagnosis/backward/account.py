"""Accounts of a wrong program: repairs with explanations, of which the simplest is chosen."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from gradtui.diagnosis.backward.blame import find_repairs, wrong_steps
from gradtui.diagnosis.backward.explain import Explanation, explain
from gradtui.diagnosis.backward.meaning import Readings
from gradtui.diagnosis.backward.program import Line
from gradtui.diagnosis.backward.repair import Repair
from gradtui.diagnosis.backward.trial import Trial

MOST_TRIED = 60_000
"""With at most this many changes, an account is simple enough to end the search."""
MOST_LINES = 2
"""From this many wrong lines on, a common cause is sought."""


class Account(Struct, frozen=True, eq=False):
    """Repairs of a program, with their explanations."""

    repairs: tuple[Repair, ...]
    explanations: tuple[Explanation, ...]
    left: int
    """The number of judged claims that are still wrong."""

    @property
    def rank(self) -> tuple[int, float]:
        """The sort key of accounts; the smallest is the best."""
        return self.left, sum(one.cost + 1 for one in self.explanations)

    @property
    def is_simple(self) -> bool:
        """Whether a few wrong lines, each with one small change, explain everything."""
        if self.left or len(self.explanations) > MOST_LINES:
            return False
        return not any(one.is_double or one.far_fetched for one in self.explanations)


def best_account(trial: Trial, readings: Readings, judged: Sequence[Line]) -> Account:
    """Return the simplest account of the mistakes in a program.

    The fewest lines are tried first.  If that is not simple, lines on the way whose own steps are
    wrong are granted, together and each alone; so is a constant left for later; and lines that may
    be right are spared.
    """
    first = _account(trial, readings, judged)
    accounts = [first]
    if not first.is_simple:
        on_the_way = [line for line in trial.lines if line not in judged]
        steps = wrong_steps(trial, readings, on_the_way)
        each = ([step] for step in steps) if len(steps) > 1 else ()
        for granted in (*([steps] if steps else ()), *each, *_unscaled(first)):
            if trial.budget.tried < MOST_TRIED and not accounts[-1].is_simple:
                accounts.append(_account(trial, readings, judged, granted=granted))
        for spared in _doubtful(first):
            if trial.budget.tried < MOST_TRIED and not accounts[-1].is_simple:
                accounts.append(_account(trial, readings, judged, spared=spared))
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
    trial.budget.renew()
    found = tuple(explain(trial, readings, repairs, repair) for repair in repairs)
    world = trial.world.replacing({one.line.node: one.value for one in repairs})
    return Account(repairs, found, sum(not trial.is_right(line, world) for line in judged))


def _unscaled(account: Account) -> Iterator[list[Repair]]:
    """Yield a two-change repair without its constant, which may be missing further down."""
    for repair, explanation in zip(account.repairs, account.explanations, strict=True):
        if explanation.is_double and explanation.hits[0].scale != 1.0:
            scale = explanation.hits[0].scale
            yield [replace(repair, scale=repair.scale / scale, value=repair.value / scale)]


def _doubtful(account: Account) -> Iterator[frozenset[str]]:
    """Yield lines that may be right, if another line needs two changes because of them.

    Correcting a constant in one line may force another line to remove it again, and a value that
    two lines read may be wrong for both.
    """
    single = [one for one in account.explanations if not one.is_double and not one.far_fetched]
    constants = frozenset(one.line.name for one in single if one.is_constant)
    if constants:
        yield constants
    for one in single:
        if not one.is_constant:
            yield frozenset({one.line.name})
