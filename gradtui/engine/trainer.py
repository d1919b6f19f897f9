"""A step program with its numbers: runs it, records a step, evaluates its model in batches."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import copy
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradtui.engine.batches import Batches
from gradtui.engine.casting import cast
from gradtui.engine.compiler import Mode
from gradtui.engine.lowered import Lowered, Row, joined
from gradtui.engine.moves import Moves
from gradtui.engine.program import StepProgram
from gradtui.engine.quantities import Norms, cheap_norms
from gradtui.engine.size import elements_cost, products_cost
from gradtui.engine.tape import Tape
from gradtui.engine.vectorized import Vectorized

_LARGEST_CHECK = 30_000
"""Largest model, in numbers, for central differences: a screenful takes some 10 ms."""
_AT_ONCE = 2_000_000
"""Numbers in one batch of central differences."""


class Trainer:
    """Runs a step program.

    `values` are the data and the initial parameters by name; `lr` is the base learning rate; `rate`
    returns that of a step if a schedule changes it.  With `batches` the data named there have all
    their rows in `values`, and the graph sees those of a batch.  `validation` are the data that the
    validation has for itself.
    """

    def __init__(
        self,
        program: StepProgram,
        values: Mapping[str, Any],
        lr: float,
        dtype: str = "float64",
        rate: Callable[[int], float] | None = None,
        batches: Batches | None = None,
        validation: Mapping[str, Any] = MappingProxyType({}),
    ) -> None:
        self.program = program
        self._values, self._validation = values, validation
        self.since = 0
        """The step at which the optimizer starts counting."""
        self._offset = 0
        self.lr = lr
        self._rate = rate
        self.dtype = dtype
        graph = program.graph
        self.batches = batches
        over = () if batches is None else batches.over
        self._cut = {
            node.id: np.asarray(values[node.name]) for node in graph.data if node.name in over
        }
        self._typed = tuple(cast(data, dtype) for data in self._cut.values())
        given = (*graph.data, *graph.recorded)
        self.data = {node.id: values[node.name] for node in given if node.id not in self._cut}
        self.before = tuple(old for old, _ in program.state)
        """The nodes of the state before a step, in the order of a row."""
        self.after = tuple(new for _, new in program.state)
        """The nodes of the state after it."""
        self.fixed = {**self.data, **dict(program.constants)}
        """The values that are the same at every step, by node."""
        checked = program.validation
        if checked is not None:
            self.fixed |= {id: validation[name] for id, name in checked.data}
        if not self.scheduled:
            self.fixed[program.lr] = lr
        self._lowered = Lowered(program, self.fixed, self.varying, dtype, cut=bool(self._cut))
        self.slices, self.mode = self._lowered.slices, self._lowered.mode
        self.initial = self._first_row(values)

    @property
    def width(self) -> int:
        """The length of a row of state."""
        return self.slices[-1].stop if self.slices else 0

    @cached_property
    def size(self) -> int:
        """Numbers in all values of the model together."""
        return sum(math.prod(node.shape) for node in self.program.graph.nodes)

    @cached_property
    def numbers(self) -> int:
        """Numbers in all values of a step together."""
        return sum(math.prod(node.shape) for node in self.program.nodes)

    @cached_property
    def norms(self) -> Norms | None:
        """Records the norm of the gradients; None where that would slow a step noticeably."""
        return cheap_norms(self.program, self.mode, [*self.after, *self._columns])

    @cached_property
    def cost(self) -> float:
        """Microseconds, by estimate, that a step takes."""
        nodes, bare = self.program.nodes, self.mode is Mode.FLOAT
        return elements_cost(nodes, bare=bare) + products_cost(nodes)

    @cached_property
    def model_cost(self) -> float:
        """Microseconds, by estimate, that the model takes alone, as arrays."""
        nodes = self.program.graph.nodes
        return elements_cost(nodes, bare=False) + products_cost(nodes)

    @property
    def scheduled(self) -> bool:
        """Whether the learning rate changes from step to step."""
        return self._rate is not None or self.program.watch is not None

    @property
    def cut(self) -> tuple[int, ...]:
        """The nodes of the data cut into batches, with the values of a step's tape."""
        return tuple(self._cut)

    @property
    def columns(self) -> int:
        """Numbers of a recorded step besides its state: the loss, the validation loss."""
        return len(self._columns)

    @property
    def _columns(self) -> tuple[int, ...]:
        checked = self.program.validation
        return (self.program.graph.loss, *(() if checked is None else (checked.loss,)))

    def counting_from(self, step: int) -> Trainer:
        """Return the same trainer, its optimizer's first step being `step`: t = 1 there."""
        other = copy(self)
        other.since = step
        return other

    def resumed(self, step: int, row: Row) -> Trainer:
        """Return a trainer whose step 0 is `step` of this one, at the state `row`."""
        other = copy(self)
        other._offset += step
        other.initial = row.copy()
        return other

    def variant(self, program: StepProgram, factor: float) -> Trainer:
        """Return a trainer of another program of the same model, at `factor` times the rate.

        A rate that follows the validation loss starts at `factor` times its first value.
        """
        rate = self._rate
        scaled = None if rate is None else lambda step: factor * rate(step)
        other = Trainer(
            program, self._values, factor * self.lr, self.dtype, scaled, self.batches,
            self._validation,
        )  # fmt: skip
        if other.width == self.width:
            other.initial = self.initial.copy()
        if program.watch is not None:
            part = other.slices[other.before.index(program.lr)]
            other.initial[part.start] *= factor
        other.since, other._offset = self.since, self._offset
        return other

    def run(self, row: Row, steps: int, start: int = 0) -> Row:
        """Return the state after `steps` more steps, where `row` is the state of step `start`."""
        return self._lowered.loop(()).run(row, self.series(start, steps), steps)

    def run_recorded(
        self, row: Row, steps: int, start: int = 0, more: tuple[int, ...] = ()
    ) -> tuple[NDArray[np.float64], Row]:
        """Return a matrix of `steps` rows and the state after.

        A row holds the state before a step, the loss, if there is one the validation loss, and
        `more` nodes.
        """
        return self.run_written((*self.before, *self._columns, *more), row, steps, start)

    def run_observed(
        self, row: Row, steps: int, start: int = 0, more: tuple[int, ...] = ()
    ) -> tuple[NDArray[np.float64], Row]:
        """Return what `run_recorded` does, without the states before the steps."""
        return self.run_written((*self._columns, *more), row, steps, start)

    def run_written(
        self, written: tuple[int, ...], row: Row, steps: int, start: int = 0
    ) -> tuple[NDArray[np.float64], Row]:
        """Return a matrix of the values of some nodes at each step, and the state after.

        `row` is the state of step `start`; the values of a step are one row of the matrix.  They
        are bitwise those that training computes.
        """
        rows = np.empty((steps, sum(math.prod(self.program.nodes[id].shape) for id in written)))
        return rows, self._lowered.loop(written).run(row, self.series(start, steps), steps, rows)

    def losses_from(self, row: Row, steps: int, start: int = 0) -> NDArray[np.float64]:
        """Return the losses of `steps` steps from the state `row`, that of step `start`."""
        return self.run_observed(row, steps, start)[0][:, 0]

    def record(self, row: Row, step: int, nodes: tuple[int, ...] | None = None) -> Tape:
        """Return the tape of the step that starts from the state `row`, which it may share.

        It holds only the values of `nodes`, if they are given.
        """
        shown = self._shown if nodes is None else nodes
        part = row.base is not None and row.base.size > row.size
        if row.flags.writeable or part:
            row = row.copy()  # it may change, or belong to a matrix that the tape would keep alive
        found = self._lowered.record(row, [*map(next, self.series(step, 1))], shown)
        recorded: list[Any] = found
        if nodes is not None or len(shown) < len(self.program.nodes):
            recorded = [None] * len(self.program.nodes)
            for id, value in zip(shown, found, strict=True):
                recorded[id] = value
        if self.program.watch is None and self.program.lr in shown:
            recorded[self.program.lr] = self._rate_at(step)  # all its digits, in float32 too
        batch = None if self.batches is None else self._rows_at(step)
        return Tape(step, self.program, recorded, batch, self._moves)

    def after_of(self, tape: Tape) -> Row:
        """Return the state after a step with a complete tape."""
        return joined(self._moves.values(tape.recorded, self.after))

    def exact_columns(
        self, nodes: Sequence[int]
    ) -> Callable[[NDArray[np.float64], int], NDArray[np.float64]] | None:
        """Return a function of (states, start) that returns the values of `nodes` at each.

        `states` are those of the steps from `start` on, (steps, width).  None if only training
        itself gives the same bits.
        """
        found = None if self.batches else self._lowered.exact_columns(nodes)
        if found is None:
            return None
        return lambda states, start: found.at(states, self.series(start, len(states)))

    def batch(self, step: int) -> dict[int, NDArray[np.float64]]:
        """Return the rows that a step uses of the data cut into batches, by node."""
        if self.batches is None:
            return {}
        rows = self._rows_at(step)
        return {id: np.asarray(data[rows], np.float64) for id, data in self._cut.items()}

    def whole(self, node: int) -> NDArray[Any] | None:
        """Return all rows of data cut into batches; None for any other node."""
        return self._cut.get(node)

    def parameters(self, row: Row) -> tuple[NDArray[Any], ...]:
        """Return the parameters held in a row, in their shapes, read-only."""
        found = []
        for part in self.slices[: len(self.program.updates)]:
            values = part.of(row).view()
            values.flags.writeable = False
            found.append(values)
        return tuple(found)

    def state_of(self, row: Row) -> tuple[NDArray[np.float64], ...]:
        """Return the values of `before` in a row, in their shapes."""
        return tuple(part.of(row) for part in self.slices)

    def losses_at(self, rows: NDArray[np.float64], step: int = 0) -> NDArray[np.float64]:
        """Return the loss at each row of parameters, evaluated together in float64.

        With batches it is the loss on the batch of `step`.
        """
        data = [data[self._rows_at(step)] for data in self._cut.values()]
        (losses,) = self._model.at([self.program.graph.loss], rows, data)
        return losses

    def central_differences(
        self, row: Row, elements: Sequence[int], step: int = 0
    ) -> NDArray[np.float64]:
        """Return (L(w+h) - L(w-h))/2h for the given numbers of a row's parameters.

        With batches L is the loss on the batch of `step`.

        h = cbrt(machine epsilon)·max(1, |w|), which balances truncation against rounding; Press et
        al., Numerical Recipes, section 5.7.
        """
        row = np.asarray(row, np.float64)
        points = np.repeat(row[None, :], 2 * len(elements), axis=0)
        index = np.arange(len(elements))
        with np.errstate(all="ignore"):
            steps = np.cbrt(np.finfo(np.float64).eps) * np.maximum(1.0, np.abs(row[elements]))
            above, below = row[elements] + steps, row[elements] - steps
            points[index, elements] = above
            points[index + len(elements), elements] = below
            losses = self._losses_near(points, step)
            slopes: NDArray[np.float64] = (losses[: len(index)] - losses[len(index) :]) / (
                above - below
            )
        return slopes

    def _losses_near(self, points: NDArray[np.float64], step: int) -> NDArray[np.float64]:
        """Return the losses at some rows of parameters near one another."""
        if not self._bare_is_quicker:
            return self.losses_at(points, step)
        state, loss = np.zeros(self.width), (self.program.graph.loss,)
        varying = [*map(next, self.series(step, 1))]
        found = []
        for point in points:
            state[: len(point)] = point
            found += self._lowered.record(state, varying, loss)
        return np.array(found, np.float64)

    @cached_property
    def _bare_is_quicker(self) -> bool:
        """Whether two points for each parameter take less time one by one, as bare numbers."""
        nodes = self.program.graph.nodes
        points = 2 * sum(math.prod(node.shape) for node in self.program.graph.parameters)
        small = self.mode is Mode.FLOAT and len(nodes) == self.size
        return small and points * elements_cost(nodes, bare=True) < self.model_cost

    def central(
        self, row: Row, position: int, elements: Sequence[tuple[int, ...]], step: int
    ) -> NDArray[np.float64]:
        """Return the central differences of given elements of a parameter, by their indices."""
        part = self.slices[position]
        places = [part.start + int(np.ravel_multi_index(e, part.shape)) if e else part.start
                  for e in elements]  # fmt: skip
        together = max(1, _AT_ONCE // self.size)
        found = [
            self.central_differences(row, places[start : start + together], step)
            for start in range(0, len(places), together)
        ]
        return np.concatenate(found)

    @property
    def measurable(self) -> bool:
        """Whether the model is so small that it can run twice for each element in view."""
        return self.size <= _LARGEST_CHECK

    @property
    def varying(self) -> tuple[int, ...]:
        """The nodes whose values are new at each step and do not follow from the state."""
        program = self.program
        rate = () if self._rate is None else (program.lr,)
        return (*rate, *(() if program.time is None else (program.time,)), *self._cut)

    def series(self, start: int, steps: int) -> list[Iterator[Any]]:
        """Return the values of each of `varying` for `steps` steps from `start`."""
        ahead = range(start + self._offset, start + self._offset + steps)
        series: list[Iterator[Any]] = []
        if self._rate is not None:
            series.append(map(self._number, map(self._rate, ahead)))
        if self.program.time is not None:
            series.append(self._number(step - self.since + 1.0) for step in ahead)
        if self.batches is not None:
            series += [_batches_of(data, self.batches, ahead) for data in self._typed]
        return series

    def _rate_at(self, step: int) -> float:
        return self.lr if self._rate is None else self._rate(step + self._offset)

    def _number(self, value: float) -> Any:
        """Return a number in the form of the compiled code.

        Only hand-written code rearranges it, and then it must have the run's own type.
        """
        if self.mode is Mode.FLOAT or not self.program.moved_by_hand:
            return value
        with np.errstate(over="ignore"):
            return np.dtype(self.dtype).type(value)

    @cached_property
    def _shown(self) -> tuple[int, ...]:
        """The nodes that a complete tape holds."""
        checked = self.program.validation
        hidden = set() if checked is None else set(checked.nodes) - checked.shown
        hidden |= self._moves.nodes
        return tuple(node.id for node in self.program.nodes if node.id not in hidden)

    @cached_property
    def _moves(self) -> Moves:
        return Moves(self.program, self._lowered.compiler)

    @cached_property
    def _model(self) -> Vectorized:
        graph = self.program.graph
        parameters = [node.id for node in graph.parameters]
        return Vectorized(graph.nodes, parameters, self.cut, self.data)

    def _rows_at(self, step: int) -> NDArray[np.intp]:
        assert self.batches is not None
        return self.batches.at(step + self._offset)

    def _first_row(self, values: Mapping[str, Any]) -> Row:
        first = {node.id: values[node.name] for node in self.program.graph.parameters}
        first |= dict(self.program.initial)
        row = np.empty(self.width)
        for part, id in zip(self.slices, self.before, strict=True):
            row[part.start : part.stop] = np.broadcast_to(first[id], part.shape).reshape(-1)
        return cast(row, self.dtype).astype(np.float64, copy=False)


def _batches_of(data: NDArray[Any], batches: Batches, steps: range) -> Iterator[NDArray[Any]]:
    return (data[batches.at(step)] for step in steps)
