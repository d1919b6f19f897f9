"""A sweep: runs from one step with different values of one setting, and how each ends."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gradtui.base.failures import report_failure
from gradtui.base.text import EXACT, number
from gradtui.debugger.forks import DRAWN, Fork
from gradtui.diagnosis.runs.registry import End, end_of
from gradtui.diagnosis.runs.run import Run, steps_looked_at
from gradtui.diagnosis.runs.work import TooLargeError
from gradtui.engine.together import run_together

_BUDGET, _FEWEST = 4_000_000.0, 8
"""Most microseconds, by estimate, for all runs together; fewest steps of each."""
_SETTLED = 0.05
"""A settled loss moves by less than this part of its whole fall in its last quarter."""
_LEFT = 0.01
"""A steadily falling loss with more than this part of its fall ahead "still falls"."""
_HIGH = 100.0
"""A run has diverged if it ends above this many times its first loss."""
CONVERGES, FALLS, NOWHERE = "converges", "still falls", "ends no lower"
UNJUDGED, TOO_LARGE = "could not be judged", "not judged: too large"
SIGNS = {
    End.DIVERGES: "▲", End.DIVERGES_LATER: "▲", End.OSCILLATES: "~", End.STANDS_STILL: "—",
    End.CRAWLS: "…", CONVERGES: "✓", FALLS: "▼", NOWHERE: "—",
    UNJUDGED: "?", TOO_LARGE: "?",
}  # fmt: skip
"""How a run ends -> its marker."""
_RATES = (0.001, 0.01, 0.05, 0.1, 1.5)
"""Rates to try where no largest stable one is known."""
_ROUND, _AROUND = (1, 2, 5), (-6, -3, -1, 0, 1)
"""Leading digits of round numbers, and which ones are tried around the largest stable rate: from
a hundredth of the one below it to the one above."""


def rates_to_try(own: float, largest: float | None) -> str:
    """Return round rates with a run's own among them, one above the largest stable one if known."""
    tried = {number(own, EXACT): own}
    for rate in _RATES if largest is None else _rates_around(largest):
        if not math.isclose(rate, own):
            tried[number(rate)] = rate
    return " ".join(sorted(tried, key=lambda text: tried[text]))


def _rates_around(largest: float) -> list[float]:
    power = math.floor(math.log10(largest))
    at = 3 * power + sum(digit * 10.0**power <= largest for digit in _ROUND) - 1
    return [_ROUND[one % 3] * 10.0 ** (one // 3) for one in (at + by for by in _AROUND)]


class Sweep:
    """Runs that differ in one setting, from one step to the step `last` at most.

    Raises TooLargeError if even a few of their steps would take too long.
    """

    def __init__(self, forks: Sequence[Fork], last: int) -> None:
        self.forks, self.start = tuple(forks), forks[0].step
        trainers = [one.problem.trainer for one in self.forks]
        rest = max(1, last - self.start)
        most = int(_BUDGET / sum(trainer.cost for trainer in trainers))
        if most < min(rest, _FEWEST):
            raise TooLargeError
        longest = min(steps_looked_at(one.problem) for one in forks)
        self.last = self.start + min(rest, most, longest)
        """The last step of the runs."""
        rows = [one.row for one in self.forks]
        found = run_together(trainers, rows, self.start, self.last + 1 - self.start)
        self.losses: NDArray[np.float64] = found.losses
        """(runs, steps from `start` on)."""
        self.batched = found.batched
        """How many of them were run together."""
        self.ends: tuple[str, ...] = ()
        """How the first runs end, as far as that is known."""
        self.failed = ""
        """The message about the last run that could not be judged."""
        self.said = ""
        """The message with which it began."""

    @property
    def names(self) -> tuple[str, ...]:
        """The setting that differs."""
        return tuple(one.change for one in self.forks)

    def judge(self) -> None:
        """Judge how each run ends, which takes up to about a second each."""
        for one in self.forks[len(self.ends) :]:
            try:
                end = self._end(one)
            except TooLargeError:
                end = TOO_LARGE
            except Exception as error:
                end = UNJUDGED
                self.failed = report_failure(
                    f"the run with {one.change} could not be judged", error
                )
            self.ends = (*self.ends, end)

    def _end(self, one: Fork) -> str:
        """Return how a run ends, by the conditions that training runs are judged by."""
        run = Run(one.problem.resumed(one.step, one.row, self.last - self.start))
        end = end_of(run)
        with np.errstate(all="ignore"):
            return _falling(run.losses) if end is None else end

    @property
    def drawn(self) -> Sequence[int]:
        """The runs drawn: as many as can be told apart, spread over all."""
        count = len(self.forks)
        return sorted({round(i * (count - 1) / (DRAWN - 1)) for i in range(DRAWN)})[:DRAWN]

    @property
    def setting(self) -> str:
        """The setting that has another value in each run."""
        return self.names[0].split(" ")[0]

    def name(self, index: int) -> str:
        """Return a run's value and the marker of how it ends, if that is known."""
        sign = f" {SIGNS[self.ends[index]]}" if index < len(self.ends) else ""
        value = self.names[index].removeprefix(self.setting).removeprefix(" =").strip()
        return value + sign

    @property
    def told(self) -> str:
        """The message with which it began, and what the signs of its ends mean."""
        signs = dict.fromkeys(f"{SIGNS[end]} {end}" for end in self.ends)
        return f"{self.said}: {', '.join(signs)}"


def _falling(losses: NDArray[np.float64]) -> str:
    """Return how a run without findings ends."""
    fall = float(losses[0] - losses[-1])
    late = losses[-max(2, len(losses) // 4) :]
    if losses[-1] > _HIGH * abs(losses[0]):
        return End.DIVERGES
    if not fall > 0.0:
        return CONVERGES if len(set(losses.tolist())) == 1 else NOWHERE
    if np.all(np.diff(late) <= 0.0):
        # It falls steadily: it may be slow and far from its end all the same.
        return CONVERGES if _rest(losses) <= _LEFT * fall else FALLS
    return CONVERGES if float(np.max(late) - np.min(late)) <= _SETTLED * fall else FALLS


def _rest(losses: NDArray[np.float64]) -> float:
    """Return how far a loss has still to fall: its last three sixths as a geometric series."""
    size = max(1, len(losses) // 6)
    means = losses[-3 * size :].reshape(-1, size).mean(axis=1)
    if len(means) < 3:
        return 0.0
    before, after = -np.diff(means)
    if after <= 0.0:
        return 0.0
    return float(after**2 / (before - after)) if after < before else math.inf
