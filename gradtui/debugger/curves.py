"""Curves over the steps: any value of a run, of several branches or of a sweep.

Knows the numbers of a curve; knows no screen.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from gradtui.debugger.branches import Branch, Branches
from gradtui.debugger.forks import DRAWN
from gradtui.debugger.outline import Outline, drawable
from gradtui.debugger.series import (
    LOSS,
    NORM,
    RATE,
    VALIDATION,
    Evaluator,
    Series,
    read_followed,
    value_of,
)
from gradtui.engine.graph import Kind
from gradtui.engine.history import History
from gradtui.engine.indices import Index

if TYPE_CHECKING:
    from gradtui.debugger.sweeps import Sweep

SAMPLES = 200
"""Steps evaluated for a curve other than the loss."""
TRAIL = 8
"""Steps of the sparkline beside the selected value."""
_FEW = 4096
"""Steps of a curve up to which its outline is not worth while."""
_LOOKED_AT = 256
"""Steps of a curve that tell whether it runs off."""
_STEEP, _SHARE = 100.0, 0.4
"""A curve runs off that rises to more than so many times its start, with no larger share of its
steps above that part of its top."""
_AHEAD = 25
"""Fewest steps drawn past the file's last one, once the cursor is there."""
_BUDGET = 0.006
"""Seconds of evaluation at a time: the longest that a key waits."""


class Plot(Struct, frozen=True):
    """The settings of the panel of curves."""

    series: tuple[Series, ...] = (LOSS,)
    log: bool = False
    range: tuple[int, int] | None = None
    """The first and the last step that are drawn; None for all."""


class Curve(Struct, frozen=True, eq=False):
    """One curve, ready to be drawn."""

    name: str
    mark: int
    """Its marker; 0 is that of the run itself."""
    steps: range | NDArray[np.float64]
    values: NDArray[np.float64]
    now: float | None = None
    """Its value at the cursor's step, if it has one."""
    source: object = None
    """Its identity: with the same identity and length the numbers are the same."""
    main: bool = True
    """Whether the whole of it must be in the picture."""
    outline: Outline | None = None
    """That of the column which the values are of, where the steps are a range of it."""

    def points(
        self, edges: tuple[int, int], columns: int, *, log: bool
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the steps and values that can be drawn, where the columns of a drawing need them.

        Between the edges there are `columns`; of each the lowest and the highest value are there.
        """
        steps, values = self.steps, self.values
        if isinstance(steps, range):
            if self.outline is not None and len(steps) > _FEW:
                places = self.outline.places(steps, edges, columns, log=log)
                values = values[places - steps.start]
            else:
                places = np.arange(steps.start, steps.stop)
            steps = places.astype(np.float64)
        good = drawable(values, log=log)
        return steps[good], values[good]


class Picture(Struct, frozen=True, eq=False, dict=True):
    """The curves drawn together, the most important first."""

    curves: tuple[Curve, ...]
    first: int
    last: int
    """The steps at the edges."""
    log: bool = False
    title: str = "Loss"
    left_out: tuple[str, ...] = ()
    """The names of the curves left out."""
    part: bool = False
    """Whether only some of the steps are drawn."""

    @cached_property
    def runs_off(self) -> bool:
        """Whether a single curve rises so steeply that a linear scale shows its last steps only."""
        if self.log or len(self.curves) != 1:
            return False
        values = self.curves[0].values
        some = values[:: -max(1, len(values) // _LOOKED_AT)]
        seen = some[drawable(some, log=True)]
        if len(seen) < 2 or np.any(some <= 0):  # those are not on a log scale
            return False
        high = float(seen.max())
        steep = high > _STEEP * float(seen[-1])
        return steep and float(np.mean(seen > high / _STEEP)) < _SHARE


def last_drawn(steps: int, step: int) -> int:
    """Return the last step drawn for a run of `steps` with the cursor at `step`.

    Past the file's last step it lies some steps ahead, so that a key does not redraw all.
    """
    if step <= steps:
        return max(steps, 1)
    ahead = max(_AHEAD, steps // 4)
    return steps + ahead * math.ceil((step - steps) / ahead)


class Curves:
    """The curves over the steps of a session's branches, or of its sweep.

    Slow curves are evaluated in parts, the coarse outline first: `unfinished` says whether
    anything is left for the next time.  `say` receives messages.
    """

    def __init__(self, branches: Branches, say: Callable[[str], None]) -> None:
        self.plot = Plot()
        self.unfinished = False
        self._branches, self._say = branches, say
        self._evaluator = Evaluator()
        self._outlines = WeakKeyDictionary[History, dict[str, Outline]]()
        self._until = 0.0

    @property
    def extent(self) -> tuple[int, ...]:
        """How much there is to draw: where it is another than before, so is the picture."""
        return self._evaluator.count, *(one.history.known for one in self._branches.drawn)

    def read(self, text: str) -> tuple[Series, ...]:
        """Return the values that a text names.  Raises InputError with a place in it."""
        return read_followed(text, self._branches.current.problem)

    def follow(self, text: str) -> None:
        """Draw the values that a text names.  Raises InputError with a place in it."""
        self._follow(self.read(text))

    def follow_next(self, node: int, watched: Sequence[str] = ()) -> None:
        """Draw the next value: loss, gradient norm, rate, the selected node, the watches."""
        problem = self._branches.current.problem
        ring: list[tuple[Series, ...]] = [(LOSS,), (NORM,), (RATE,)]
        if problem.graph.nodes[node].name:
            ring += [(value_of(problem, node),)]
            if node != problem.graph.loss:
                ring += [(value_of(problem, node, gradient=True),)]
        ring += [(Series(text, "expression"),) for text in watched]
        shown = self.plot.series
        at = ring.index(shown) if shown in ring else -1
        self._follow(ring[(at + 1) % len(ring)])

    def _follow(self, series: tuple[Series, ...]) -> None:
        self._branches.end_sweep()
        self.plot = replace(self.plot, series=series)

    def toggle_log(self) -> None:
        """Draw on a log scale, or on a linear one."""
        self.plot = replace(self.plot, log=not self.plot.log)

    def zoom(self, text: str) -> None:
        """Draw only the steps that a text gives, such as `10 50`, or all."""
        parts = text.replace("-", " ").replace(",", " ").split()
        if parts in ([], ["all"], ["off"]):
            self.plot = replace(self.plot, range=None)
            self._say("all steps are drawn")
            return
        numbers = [int(part[:9]) for part in parts if part.isascii() and part.isdigit()]
        if len(numbers) != len(parts) or len(numbers) != 2 or numbers[0] >= numbers[1]:
            expected = "expected two steps such as 10 50, or nothing for all"
            self._say(f"'{text}' is not a range: {expected}")
            return
        self.plot = replace(self.plot, range=(numbers[0], numbers[1]))

    def picture(self, step: int) -> Picture:
        """Return the picture at a step.

        That is a sweep, if there is one, one value of all branches, or several of this one.
        """
        plot, branches = self.plot, self._branches
        if branches.sweep is not None:
            return _swept(branches.sweep, plot, step)
        self._until, self.unfinished = time.monotonic() + _BUDGET, False
        branch = branches.current
        first, last = plot.range or (0, last_drawn(branch.problem.steps, step))
        title = "Loss" if plot.series == (LOSS,) else " ".join(s.shown for s in plot.series)

        def curve(one: Branch, series: Series, name: str, mark: int) -> Curve:
            return self._curve(one, series, (first, last), step, name, mark, one is branch)

        part = plot.range is not None
        if len(plot.series) > 1:
            several = [
                curve(branch, each, each.shown, mark % DRAWN)
                for mark, each in enumerate(plot.series)
            ]
            left = tuple(one.name for one in several[DRAWN:])
            return Picture(tuple(several[:DRAWN]), first, last, plot.log, title, left, part)
        (series,) = plot.series
        drawn = branches.drawn
        curves = [
            # The past that branches share is drawn once, with the marker of its own branch.
            _from(one.start, curve(one, series, one.name, one.mark % DRAWN))
            if one.parent in drawn
            else curve(one, series, one.name, one.mark % DRAWN)
            for one in drawn
        ]
        if series is LOSS and branch.history.validation_losses is not None and len(drawn) == 1:
            curves = [curve(branch, s, s.text, mark) for mark, s in enumerate((LOSS, VALIDATION))]
        left = tuple(one.name for one in branches if one not in drawn)
        return Picture(tuple(curves), first, last, plot.log, title, left, part)

    def _curve(
        self, branch: Branch, series: Series, edges: tuple[int, int], step: int, name: str,
        mark: int, main: bool,
    ) -> Curve:  # fmt: skip
        history, (first, last) = branch.history, edges
        here = step < history.known
        if series.kind in ("loss", "validation"):
            column = history.losses if series.kind == "loss" else history.validation_losses
            assert column is not None
            now = float(column[step]) if here else None
            values = _seen(column[first : last + 1], max(branch.problem.steps, step) + 1 - first)
            return Curve(
                name, mark, range(first, first + len(values)), values, now,
                (history, series, first, last), main, self._outline(history, series.kind, column),
            )  # fmt: skip
        wanted = self._evaluated(branch, series, first, min(last, history.known - 1))
        steps = np.array(wanted, np.float64)
        values = np.array(self._evaluator.values(branch, series, wanted), np.float64)
        now = self._evaluator.values(branch, series, [step])[0] if here else None
        return Curve(name, mark, steps, values, now, (history, series, first, last), main)

    def _outline(self, history: History, kind: str, column: NDArray[np.float64]) -> Outline:
        """Return the outline of a column of a run, up to date."""
        found = self._outlines.setdefault(history, {})
        if kind not in found:
            parent = history.parent
            past = {} if parent is None else self._outlines.get(parent, {})
            found[kind] = past[kind].fork(history.origin.start) if kind in past else Outline()
        found[kind].follow(column)
        return found[kind]

    def trail(self, node: int, index: Index | None, step: int) -> tuple[float, ...]:
        """Return a node's value, or an element's, at the last steps up to `step`, oldest first.

        For a large model these are the steps whose states are kept, so that no key waits for more.
        """
        branch, evaluator = self._branches.current, self._evaluator
        if branch.problem.graph.nodes[node].kind is Kind.DATA:
            return ()
        series = value_of(branch.problem, node, index or None)
        steps = range(max(0, step + 1 - TRAIL), step + 1)
        far = [one for one in steps if not evaluator.at_hand(branch, series, one)]
        near = [one for one in steps if one > max(far, default=-1)]
        return tuple(evaluator.values(branch, series, near))

    def _evaluated(self, branch: Branch, series: Series, first: int, last: int) -> list[int]:
        """Evaluate some more steps of a curve; return all evaluated ones, ascending."""
        wanted = _sampled(first, last)
        missing = [s for s in wanted if not self._evaluator.knows(branch, series, s)]
        missing.sort(key=lambda s: -((s - first) & -(s - first)) if s > first else -math.inf)
        at, together = 0, 1
        while at < len(missing) and (at == 0 or time.monotonic() < self._until):
            self._evaluator.values(branch, series, sorted(missing[at : at + together]))
            at, together = at + together, 2 * together
        self.unfinished |= at < len(missing)
        left = set(missing[at:])
        return [s for s in wanted if s not in left]


def _seen(values: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """Return the values without those after the first `count` if these would hide the rest.

    They are of steps past the file's last one that nobody has visited.
    """
    if len(values) <= count:  # each frame would look at all values in vain
        return values
    seen, ahead = values[:count], values[count:]
    return values if np.max(ahead, initial=-math.inf) <= np.max(seen, initial=0.0) else seen


def _swept(sweep: Sweep, plot: Plot, step: int) -> Picture:
    """Return the losses of a sweep as curves."""
    first, last = plot.range or (sweep.start, sweep.last)
    curves = []
    for mark, index in enumerate(sweep.drawn):
        low, high = max(first, sweep.start), min(last, sweep.last)
        values = sweep.losses[index, low - sweep.start : high + 1 - sweep.start]
        inside = sweep.start <= step <= sweep.last
        now = float(sweep.losses[index, step - sweep.start]) if inside else None
        source = (sweep, index, low, high)
        steps = range(low, low + len(values))
        curves.append(Curve(sweep.name(index), mark, steps, values, now, source, main=False))
    left = tuple(name for i, name in enumerate(sweep.names) if i not in sweep.drawn)
    title, part = f"Sweep of {sweep.setting}", plot.range is not None
    return Picture(tuple(curves), first, last, plot.log, title, left, part)


def _from(start: int, curve: Curve) -> Curve:
    """Return the part of a curve from a step on."""
    at = int(np.searchsorted(curve.steps, start)) if isinstance(
        curve.steps, np.ndarray) else max(0, start - curve.steps.start)  # fmt: skip
    return replace(curve, steps=curve.steps[at:], values=curve.values[at:])


def _sampled(first: int, last: int) -> list[int]:
    """Return the steps to evaluate, a power of two apart, as the kept states are.

    The steps at the edges are among them.
    """
    stride = 1
    while (last - first) // stride > SAMPLES:
        stride *= 2
    steps = [*range(first, last + 1, stride)]
    return steps if not steps or steps[-1] == last else [*steps, last]
