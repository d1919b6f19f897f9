"""What is drawn over the steps: any value of a run, of several branches or of a sweep.

Knows which numbers a curve has; knows no screen.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from gradtui.base.source import InputError, Place
from gradtui.base.text import element_text
from gradtui.debugger.branches import DRAWN, Branch, Branches
from gradtui.engine.columns import Columns
from gradtui.engine.indices import Index
from gradtui.engine.length import length
from gradtui.engine.observables import Observable, read_expression
from gradtui.scenario.problem import Problem
from gradtui.scenario.references import as_shown, read_references

Kind = Literal["loss", "validation", "norm", "lr", "value", "gradient", "expression"]
SAMPLES = 200
"""Steps that are evaluated for a curve of anything but the loss."""
TRAIL = 8
"""Steps of the short history beside the selected value."""
_AHEAD = 25
"""Steps beyond the file's last one that are drawn at least, where one goes there."""
_KEPT = 50_000
_AT_ONCE = 2_000_000
"""Numbers that the steps evaluated together have."""
_QUICK = 1_000_000
"""Numbers of the steps that are run on the way to one that is evaluated while a key waits."""
_BUDGET = 0.012
"""Seconds of evaluating at a time, so that no key waits longer."""


class Series(Struct, frozen=True):
    """One value that is followed over the steps."""

    text: str
    """As it is shown."""
    kind: Kind
    node: int = 0
    index: Index | None = None
    """One element; None for a scalar, or for the length of a whole array."""


LOSS = Series("loss", "loss")
NORM = Series("|∇|", "norm")
RATE = Series("lr", "lr")
VALIDATION = Series("validation", "validation")
_WORDS: Mapping[str, Series] = {
    "loss": LOSS, "validation": VALIDATION,
    "norm": NORM, "grad_norm": NORM, "|∇|": NORM, "lr": RATE, "rate": RATE,
}  # fmt: skip


class Plot(Struct, frozen=True):
    """What the panel of curves shows."""

    series: tuple[Series, ...] = (LOSS,)
    log: bool = False
    range: tuple[int, int] | None = None
    """The first and the last step that are drawn; None for all."""


class Curve(Struct, frozen=True, eq=False):
    """One curve, ready to be drawn."""

    name: str
    mark: int
    """Which of the signs is its own; 0 is that of the run itself."""
    steps: NDArray[np.float64]
    values: NDArray[np.float64]
    now: float | None = None
    """Its value at the cursor's step, where it has one."""
    source: object = None
    """What it is of: as long as this and its length are the same, so are its numbers."""
    main: bool = True
    """Whether the whole of it must be in the picture."""


class Picture(Struct, frozen=True, eq=False):
    """The curves that are drawn together, the most important one first."""

    curves: tuple[Curve, ...]
    first: int
    last: int
    """The steps at the edges."""
    log: bool = False
    title: str = "Loss"
    left_out: tuple[str, ...] = ()
    """The names of the curves that are not drawn."""
    part: bool = False
    """Whether only a part of the steps is drawn."""


def read_series(text: str, problem: Problem) -> tuple[Series, ...]:
    """Return the values that a text names, as `w[0] grad(w[0]) lr`; raises InputError."""
    graph = problem.graph
    nodes = as_shown(graph.names, problem)
    shapes = {name: graph.nodes[node].shape for name, node in nodes.items()}
    found = list[Series]()
    for one in read_references(text, shapes, _WORDS):
        if one.name in nodes:
            found.append(value_of(problem, nodes[one.name], one.index, gradient=one.gradient))
        else:
            found.append(_WORDS[one.name])
            if found[-1] == VALIDATION and problem.trainer.program.validation is None:
                raise InputError("there are no validation data here", one.place, source_line=text)
    if not found:
        raise InputError("say what to follow, as w, grad(w), loss or lr", Place(1, 1),
                         source_line=text)  # fmt: skip
    return tuple(dict.fromkeys(found))


def value_of(
    problem: Problem, node: int, index: Index | None = None, *, gradient: bool = False
) -> Series:
    """Return what follows a node's value, or its gradient, or one element of either."""
    found = problem.graph.nodes[node]
    shown = element_text(problem.label(found.name) or found.op, index or ())
    if gradient:
        return Series(f"∂{shown}", "gradient", node, index)
    return Series(shown, "value", node, index)


def read_followed(text: str, problem: Problem) -> tuple[Series, ...]:
    """Return the values that a text names, or else the one expression that it is.

    Raises InputError as `read_series`.
    """
    try:
        return read_series(text, problem)
    except InputError as error:
        try:
            return (expression(read_expression(text, problem.trainer.program).text),)
        except InputError:
            raise error from None


def expression(text: str) -> Series:
    """Return what follows an expression over the run, such as is watched."""
    return Series(text, "expression")


def last_drawn(steps: int, step: int) -> int:
    """Return the last step in the picture of a run of `steps` when one is at `step`.

    Beyond the file's last step it is some steps ahead, so that a key does not draw all anew.
    """
    if step <= steps:
        return max(steps, 1)
    ahead = max(_AHEAD, steps // 4)
    return steps + ahead * math.ceil((step - steps) / ahead)


class Plotter:
    """Evaluates values over the steps of branches, and remembers them.

    What takes long is evaluated in parts, the coarse outline first: `unfinished` says whether
    something was left for the next time.
    """

    def __init__(self) -> None:
        self._columns: dict[Branch, Columns] = {}
        self._known: dict[tuple[Branch, Series, int], float] = {}
        self._until = 0.0
        self.unfinished = False

    def picture(self, branches: Branches, plot: Plot, step: int) -> Picture:
        """Return what is drawn at a step: one value of all branches, or several of this one."""
        self._until, self.unfinished = time.monotonic() + _BUDGET, False
        branch = branches.current
        first, last = plot.range or (0, last_drawn(branch.problem.steps, step))
        title = "Loss" if plot.series == (LOSS,) else " ".join(s.text for s in plot.series)

        def curve(one: Branch, series: Series, name: str, mark: int) -> Curve:
            return self._curve(one, series, (first, last), step, name, mark, one is branch)

        part = plot.range is not None
        if len(plot.series) > 1:
            several = [curve(branch, s, s.text, mark % DRAWN) for mark, s in enumerate(plot.series)]
            left = tuple(one.name for one in several[DRAWN:])
            return Picture(tuple(several[:DRAWN]), first, last, plot.log, title, left, part)
        (series,) = plot.series
        drawn = branches.drawn
        curves = [
            # The past that branches share is drawn once, with the sign of the one it belongs to.
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
            values = column[first : last + 1]
            steps = np.arange(first, first + len(values), dtype=np.float64)
            now = float(column[step]) if here else None
        else:
            wanted = self._evaluated(branch, series, first, min(last, history.known - 1))
            steps = np.array(wanted, np.float64)
            values = np.array([self._known[branch.at(s), series, s] for s in wanted], np.float64)
            now = self.values(branch, series, [step])[0] if here else None
        return Curve(name, mark, steps, values, now, (history, series, first, last), main)

    def trail(self, branch: Branch, series: Series, step: int) -> list[float]:
        """Return a value at the last steps up to `step`, oldest first.

        Of a large model they are the steps whose states are at hand, so that no key waits for more.
        """
        steps = range(max(0, step + 1 - TRAIL), step + 1)
        far = [one for one in steps if not self._at_hand(branch, series, one)]
        return self.values(branch, series, [one for one in steps if one > max(far, default=-1)])

    def _at_hand(self, branch: Branch, series: Series, step: int) -> bool:
        owner = branch.at(step)
        numbers = branch.history.away(step) * owner.problem.trainer.numbers
        return (owner, series, step) in self._known or numbers <= _QUICK

    def values(self, branch: Branch, series: Series, steps: Sequence[int]) -> list[float]:
        """Return a value at some steps of a branch."""
        if len(self._known) > _KEPT:
            self._known.clear()
        missing: dict[Branch, list[int]] = {}
        for step in steps:
            owner = branch.at(step)
            if (owner, series, step) not in self._known:
                missing.setdefault(owner, []).append(step)
        for owner, wanted in missing.items():
            most = max(1, _AT_ONCE // max(1, owner.problem.trainer.numbers))
            for start in range(0, len(wanted), most):
                part = wanted[start : start + most]
                found = self._evaluate(owner, series, part)
                for step, value in zip(part, found, strict=True):
                    self._known[owner, series, step] = float(value)
        return [self._known[branch.at(step), series, step] for step in steps]

    def _evaluated(self, branch: Branch, series: Series, first: int, last: int) -> list[int]:
        """Return the steps of a curve that are evaluated, ascending, after some more of them."""
        wanted = _sampled(first, last)
        missing = [s for s in wanted if (branch.at(s), series, s) not in self._known]
        missing.sort(key=lambda s: -((s - first) & -(s - first)) if s > first else -math.inf)
        at, together = 0, 1
        while at < len(missing) and (at == 0 or time.monotonic() < self._until):
            self.values(branch, series, sorted(missing[at : at + together]))
            at, together = at + together, 2 * together
        self.unfinished |= at < len(missing)
        left = set(missing[at:])
        return [s for s in wanted if s not in left]

    def _evaluate(self, branch: Branch, series: Series, steps: Sequence[int]) -> Sequence[float]:
        program = branch.problem.trainer.program
        if series.kind == "expression":
            return self._observe(branch, read_expression(series.text, program), steps)
        nodes = _nodes(series, branch.problem)
        if not nodes:
            return [0.0] * len(steps)
        columns = self._at(branch, steps, nodes)
        shape = program.nodes[nodes[0]].shape
        if series.kind != "norm" and (shape == () or series.index is not None):
            return [float(each[series.index or ()]) for each in columns[0]]
        return [length(parts) for parts in zip(*columns, strict=True)]

    def _observe(
        self, branch: Branch, observable: Observable, steps: Sequence[int]
    ) -> Sequence[float]:
        """Return an expression's value at some steps, the length of it where it is an array."""
        found = []
        for step in steps:
            first = step - observable.depth
            if first < branch.start:
                found.append(math.nan)
                continue
            columns = self._at(branch, range(first, step + 1), observable.needs)
            parts = [column.reshape(len(column), -1) for column in columns]
            rows = np.concatenate([np.empty((step + 1 - first, 0)), *parts], axis=1)
            value = observable.values(rows, first)[-1]
            found.append(float(value) if value.shape == () else length([value]))
        return found

    def _at(
        self, branch: Branch, steps: Sequence[int], nodes: Sequence[int]
    ) -> list[NDArray[np.float64]]:
        if not nodes:
            return []
        if branch not in self._columns:
            self._columns[branch] = Columns(branch.problem.trainer)
        rows = [branch.history.state(step) for step in steps]
        return self._columns[branch].at(rows, steps, nodes)


def _from(start: int, curve: Curve) -> Curve:
    """Return the part of a curve from a step on."""
    kept = curve.steps >= start
    return replace(curve, steps=curve.steps[kept], values=curve.values[kept])


def _nodes(series: Series, problem: Problem) -> list[int]:
    """Return the nodes whose values a series needs; none where it is always 0."""
    program = problem.trainer.program
    match series.kind:
        case "loss":
            return [program.graph.loss]
        case "validation":
            return [] if program.validation is None else [program.validation.loss]
        case "norm":
            return [*program.gradients]
        case "lr":
            return [program.lr]
        case "value":
            return [series.node]
        case "gradient":
            adjoint = program.reverse.adjoint.get(series.node)
            return [] if adjoint is None else [adjoint]
        case "expression":
            raise AssertionError("an expression says itself what it needs")


def _sampled(first: int, last: int) -> list[int]:
    """Return the steps that are evaluated: their distance is a power of two, as states are kept.

    The steps at the edges are among them.
    """
    stride = 1
    while (last - first) // stride > SAMPLES:
        stride *= 2
    steps = [*range(first, last + 1, stride)]
    return steps if not steps or steps[-1] == last else [*steps, last]
