"""A step program in the form in which it is computed, chosen once: bare numbers or arrays.

Runs, replays and recorded steps all use this form, so they agree to the last bit.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from itertools import chain, islice, repeat
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from gradtui.engine.bundling import bundle
from gradtui.engine.compiler import Compiler, Mode, Slice, mode_for, row_slices
from gradtui.engine.graph import needed_for
from gradtui.engine.ops import is_exact
from gradtui.engine.program import StepProgram
from gradtui.engine.unrolling import Round, unroll
from gradtui.engine.vectorized import Vectorized

Row = NDArray[np.float64]
"""The whole state of a run at one step as one flat row."""
_LINES, _TIMES = 300, 16
"""Most lines of code, and most steps, that are unrolled."""
_LONG = 8
"""From this many rounds of several steps on, these are compiled separately."""


class Lowered:
    """Compiled functions of a step program.

    `fixed` are the values that are the same at every step, `varying` the nodes that change at each.
    Data `cut` into batches stay arrays.
    """

    def __init__(
        self, program: StepProgram, fixed: Mapping[int, Any], varying: Sequence[int], dtype: str,
        *, cut: bool,
    ) -> None:  # fmt: skip
        self._updates = program.updates
        self._shapes = [node.shape for node in program.nodes]
        self._dtype = dtype
        before, after = zip(*program.state, strict=True) if program.state else ((), ())
        self.slices = row_slices(self._shapes[id] for id in before)
        """The places of the state's values in a row."""
        self.mode = mode_for(program.nodes, dtype)
        self._expansion = None
        if self.mode is Mode.ARRAY and dtype == "float64" and not cut:
            trained = needed_for(program.nodes, [*after, program.graph.loss], before)
            from gradtui.engine.expansion import expand

            self._expansion = expand(program.nodes, trained)
        nodes: Sequence[Any] = program.nodes
        if self._expansion is not None:
            self.mode, nodes = Mode.FLOAT, self._expansion.nodes
            fixed = self._expansion.fixed(fixed)
        self.compiler = Compiler(nodes, fixed, self.mode, dtype)
        self._fixed = fixed
        self._round = Round(nodes, self._ids(before), self._ids(after), self._ids(varying), ())
        self._recorder = cache(self._compile_recorder)
        self.loop = cache(self._compile_loop)

    def _ids(self, ids: Sequence[int]) -> tuple[int, ...]:
        return tuple(ids) if self._expansion is None else tuple(self._expansion.of(ids))

    def record(self, row: Row, varying: Sequence[Any], wanted: tuple[int, ...]) -> list[Any]:
        """Return the values of some nodes at the state `row`, in their shapes."""
        found = self._recorder(wanted)(*self.split(row, self.slices), *varying)
        if self._expansion is None:
            return list(found)
        numbers = iter(found)
        return [self._shaped(numbers, self._shapes[id]) for id in wanted]

    def _shaped(self, numbers: Iterator[float], shape: tuple[int, ...]) -> Any:
        if shape == ():
            return next(numbers)
        return np.array([*islice(numbers, math.prod(shape))], np.float64).reshape(shape)

    def _compile_recorder(self, wanted: tuple[int, ...]) -> Callable[..., tuple[Any, ...]]:
        given = [*self._round.state, *self._round.varying]
        return self.compiler.evaluate(given, self._ids(wanted))

    def _compile_loop(self, written: tuple[int, ...]) -> Loop:
        once = self._round
        once = Round(once.nodes, once.state, once.after, once.varying, self._ids(written))
        if self.mode is Mode.FLOAT:
            return Loop(self, once, max(1, min(_TIMES, _LINES // max(1, once.size))))
        return Loop(self, bundle(once, self._updates) or once, 1)

    def exact_columns(self, wanted: Sequence[int]) -> ExactColumns | None:
        """Return a function that computes some values at many states, bitwise as training does.

        None if NumPy does not guarantee the bits.
        """
        nodes, ids = self._round.nodes, self._ids(wanted)
        leaves = [*self._round.state, *self._round.varying]
        needed = needed_for(nodes, ids, frozenset(leaves))
        computed = [nodes[id] for id in needed if nodes[id].inputs and id not in leaves]
        exact = self.mode is Mode.FLOAT and all(is_exact(nodes, node) for node in computed)
        if computed and not exact:
            return None
        program = Vectorized(nodes, leaves, (), self._fixed, self._dtype)
        used = [id in needed for id in self._round.varying]
        return ExactColumns(program, ids, used)

    def compile_round(self, once: Round) -> Callable[..., tuple[Any, ...]]:
        """Return the function of a loop: see `Compiler.train`."""
        own = once.nodes is self._round.nodes
        compiler = (
            self.compiler if own else Compiler(once.nodes, self._fixed, self.mode, self._dtype)
        )
        return compiler.train(once.state, once.after, once.varying, once.written)

    def split(self, row: Row, slices: Sequence[Slice]) -> tuple[Any, ...]:
        """Return a row's state in the form of the compiled code, cut into parts."""
        if self.mode is Mode.FLOAT:
            return tuple(row.tolist())
        typed = row.astype(self._dtype, copy=False).view()
        typed.flags.writeable = False
        return tuple(
            typed[part.start]
            if part.shape == ()
            else typed[part.start : part.stop].reshape(part.shape)
            for part in slices
        )

    def join(self, state: Sequence[Any]) -> Row:
        """Return a state as a row."""
        if self.mode is Mode.FLOAT:
            return np.array(state, dtype=np.float64)
        return joined(state)


class ExactColumns(Struct, frozen=True, eq=False):
    """Values at many states at once."""

    program: Vectorized
    ids: Sequence[int]
    used: Sequence[bool]
    """The varying values that are needed."""

    def at(self, rows: Row, series: Sequence[Iterator[Any]]) -> Row:
        """Return the values at some consecutive states, (steps, numbers).

        `series` yield the varying values, which are numbers, step by step.
        """
        count = len(rows)
        varying = [
            np.fromiter(one, np.float64, count) if used else np.zeros(count)
            for one, used in zip(series, self.used, strict=True)
        ]
        leaves = np.column_stack([rows, *varying]) if varying else rows
        found = self.program.at(self.ids, leaves)
        return np.column_stack([np.empty((count, 0)), *(one.reshape(count, -1) for one in found)])


class Loop:
    """Training that records some values of each step.

    A round of several steps saves most of a loop's overhead.  It is compiled for the first long
    run.
    """

    def __init__(self, lowered: Lowered, once: Round, times: int) -> None:
        self._lowered, self._once, self._times = lowered, once, times
        self._slices = row_slices(once.nodes[id].shape for id in once.state)
        self._compiled = cache(
            lambda times: lowered.compile_round(once if times == 1 else unroll(once, times))
        )

    def run(self, row: Row, series: list[Iterator[Any]], steps: int, rows: Any = None) -> Row:
        """Return the state after a number of steps from the state `row`.

        `series` yield the varying values step by step; `rows` has a row for each step.
        """
        state, whole = self._lowered.split(row, self._slices), 0
        if self._times > 1 and steps >= _LONG * self._times:
            whole = steps - steps % self._times
            state = self._part(state, series, self._times, whole, rows)
        if whole < steps:
            rest = None if rows is None else rows[whole:]
            state = self._part(state, series, 1, steps - whole, rest)
        return self._lowered.join(state)

    def _part(
        self, state: tuple[Any, ...], series: list[Iterator[Any]], times: int, steps: int, rows: Any
    ) -> tuple[Any, ...]:
        inputs = islice(_grouped(series, times), steps // times)
        sink = (rows,) if self._once.written else ()
        return self._compiled(times)(state, inputs, *sink)


def joined(values: Sequence[Any]) -> Row:
    """Return the numbers of some values, concatenated."""
    parts = [np.asarray(value, dtype=np.float64).reshape(-1) for value in values]
    return parts[0] if len(parts) == 1 else np.concatenate([np.empty(0), *parts])


def _grouped(series: list[Iterator[Any]], times: int) -> Iterator[Any]:
    """Yield the values of several steps together, or bare for a single one."""
    if not series:
        return repeat(None)
    if len(series) == times == 1:
        return series[0]
    if times == 1:
        return zip(*series, strict=True)
    flat = series[0] if len(series) == 1 else chain.from_iterable(zip(*series, strict=True))
    return zip(*[flat] * (times * len(series)), strict=False)
