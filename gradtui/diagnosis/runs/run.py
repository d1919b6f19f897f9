"""A training run as the rules see it: losses, sampled steps, curvature. Judges nothing."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache, cached_property, lru_cache
from itertools import islice
from types import MappingProxyType
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from gradtui.base.source import Place
from gradtui.base.text import clean
from gradtui.diagnosis.runs.means import moving_means
from gradtui.diagnosis.runs.work import TimeSpent, TooLargeError
from gradtui.engine.compiler import Mode
from gradtui.engine.curvature import EXACT, Curvature, Gauge, Spectrum, gauge, read_off
from gradtui.engine.graph import Kind, depends_on
from gradtui.engine.history import History
from gradtui.engine.program import StepProgram, build_step
from gradtui.engine.size import elements_cost, products_cost
from gradtui.engine.tape import Tape
from gradtui.engine.trainer import Trainer
from gradtui.engine.vectorized import Vectorized
from gradtui.scenario.problem import Problem

Array = NDArray[np.float64]
_Found = TypeVar("_Found")
SAMPLES = 128
"""Most steps recorded, spread over a longer run."""
TAIL = 32
"""The last steps, all of which are recorded."""
_BUDGET, _PRODUCTS = 600_000.0, 4_000_000.0
"""Most microseconds, by estimate, for training without its matrix products, and for these; a longer
run is examined in part."""
_LEAST = 50
"""Steps of a run that are examined in any case."""
_NUMBERS, _FEWEST = 4_000_000, 4
"""Most numbers in all recorded steps; fewest steps recorded all the same, and as many again at the
end."""
_KEPT = 16_000_000
"""Most numbers in the tapes kept; others are recorded again when needed."""
_LARGEST = 40_000_000
"""Largest step, in numbers, of which two can be recorded."""
_TRIED, _TRIED_PRODUCTS = 50_000_000, 1_000_000.0
"""About how many numbers may be evaluated to try one thing, and most microseconds, by estimate, for
its matrix products."""
_RETRAINED, _SHORTEST = 2_000, 16
"""Most and fewest steps of a second run that tries something else."""


class Run:
    """One run of a problem.  Everything is computed once, on demand.

    Anything that would take too much work raises TooLargeError.
    """

    def __init__(self, problem: Problem, history: History | None = None, first: int = 0) -> None:
        self.problem = problem
        self.first = first
        """The number of step 0 in findings: the step at which a branch starts."""
        self.trainer = problem.trainer
        self.program = problem.trainer.program
        self.graph = self.program.graph
        self.history = history or History(problem.trainer)
        self.last = steps_looked_at(problem)
        """The last step that is examined."""
        if problem.trainer.numbers > _LARGEST:
            raise TooLargeError
        self._spent = TimeSpent()
        self._spent.spend((self.last + 1) * problem.trainer.cost)
        self.history.advance(max(0, self.last + 1 - self.history.known))
        self.curvature = Curvature(problem.trainer)
        self._found: dict[Callable[[Run], Any], Any] = {}
        held = sum(math.prod(self.program.nodes[id].shape) for id in self._looked_at)
        self.tape = lru_cache(max(2, _KEPT // max(1, held)))(self._tape)
        self.spectrum = cache(self._spectrum)
        self.gauge = cache(self._gauge)

    def once(self, compute: Callable[[Run], _Found]) -> _Found:
        """Return the result of `compute` on this run, computed at the first call only."""
        if compute not in self._found:
            self._found[compute] = compute(self)
        found: _Found = self._found[compute]
        return found

    @cached_property
    def losses(self) -> Array:
        """The loss of the steps 0 to `last`; with batches its moving mean, over an epoch or less.

        From the first step that is not finite on, it is the plain loss.
        """
        return self._smooth(self.shown_losses)

    @property
    def shown_losses(self) -> Array:
        """The loss of the steps 0 to `last` as the debugger shows it, each of its own batch."""
        return self.history.losses[: self.last + 1]

    @property
    def mean_note(self) -> str:
        """What a message adds to `losses` of a run with batches: they are nowhere on the screen."""
        return " (means over several batches)" if self.noisy else ""

    @cached_property
    def broken(self) -> int | None:
        """The first step at which a loss, a gradient or an update is not finite, if any."""
        bad = np.flatnonzero(~np.isfinite(self.shown_losses))
        first = int(bad[0]) if bad.size else self.last + 1
        if first > 0 and not self._moves_finitely(first - 1):
            return first - 1
        return first if bad.size else None

    @property
    def end(self) -> int:
        """The last step at which everything is finite; -1 if there is none."""
        return self.last if self.broken is None else self.broken - 1

    @cached_property
    def steps(self) -> tuple[int, ...]:
        """The recorded steps, all finite, ascending."""
        count = steps_recorded(self.problem)
        if self.end < count + TAIL:
            count = self.end + 1
        spread = np.linspace(0, self.end, max(count, 0)).astype(int).tolist()
        tail = range(max(0, self.end - min(TAIL, count) + 1), self.end + 1)
        return tuple(sorted({*spread, *tail}))

    @property
    def tail(self) -> int:
        """The number of last steps that are examined one by one."""
        return self.affordable(TAIL, _FEWEST)

    @cached_property
    def gradient_norms(self) -> Array:
        """The length of the gradient at the recorded steps."""
        return np.array([self.tape(step).gradient_norm for step in self.steps])

    @cached_property
    def scales(self) -> Array:
        """The part of the gradient that clipping left, at the recorded steps."""
        return np.array([_left_by_clipping(self.tape(step)) for step in self.steps])

    @cached_property
    def trained(self) -> frozenset[int]:
        """The nodes that depend on a parameter."""
        return depends_on(self.graph.nodes, frozenset({Kind.PARAMETER}))

    @property
    def noisy(self) -> bool:
        """Whether the data change from step to step."""
        return self.trainer.batches is not None

    def weights(self, step: int) -> Array:
        """Return the parameters before a step's update, (n,)."""
        return self.history.state(step)[: self.curvature.size]

    def gradient(self, step: int) -> Array:
        """Return the true gradient of a step, (n,)."""
        return flat_gradient(self.tape(step))

    def update(self, step: int) -> Array:
        """Return how far the parameters move at a step, (n,)."""
        before = self.weights(step)  # first: the state after it is one step from there
        return self.weights(step + 1) - before

    def rate(self, step: int) -> float:
        """Return the effective rate of a step, of which clipping leaves only a part."""
        return self.base_rate(step) * _left_by_clipping(self.tape(step))

    def base_rate(self, step: int) -> float:
        """Return the rate of a step after the schedule."""
        return self.tape(step).rate

    def losses_at(self, points: Iterable[Array], steps: Sequence[int]) -> Array:
        """Return the loss at each row of parameters, the mean over the data of these steps."""
        chosen = steps if self.noisy else steps[:1]
        data = [self._data(step) for step in chosen]
        each = len(chosen) * self.trainer.model_cost
        found = [np.empty(0)]
        loss = [self.graph.loss]
        for rows in _stacked(points, self._model.together(loss)):
            self._spent.spend(len(rows) * each)
            total = np.zeros(len(rows))
            for values in data:
                total += self._model.at(loss, rows, values)[0]
            found.append(total / len(chosen))
        return np.concatenate(found)

    def values_at(self, points: Array, step: int) -> Sequence[Array]:
        """Return every node of the model at each row of parameters, with the data of a step."""
        self._spent.spend(len(points) * self.trainer.model_cost)
        return self._model.at(range(len(self.graph.nodes)), points, self._data(step))

    def affordable(self, most: int, least: int = 1) -> int:
        """Return the most and the fewest points to try on a model of this size."""
        products = products_cost(self.graph.nodes)
        few = min(_TRIED // self.trainer.size, int(_TRIED_PRODUCTS / max(products, 1e-3)))
        return max(least, min(most, few))

    def retrained(self, factor: float = 1.0, start: int = 0) -> Array:
        """Return the losses of the same run at `factor` times the rate.

        They begin at step `start`, from the state that the run has there.
        Of a long run, or of a large model, only those of the first steps.
        """
        trainer = self.trainer.variant(self.program, factor)
        steps = min(self.last - start, self.affordable(_RETRAINED, _SHORTEST)) + 1
        row = self.history.state(start) if start else trainer.initial
        return self._smooth(self.trained_from(trainer, row, steps, start))

    @property
    def by_hand(self) -> bool:
        """Whether gradients or updates written by hand move the weights."""
        program = self.program
        return program.moved_by_hand or program.driving != program.gradients

    def reclipped(self, clip_norm: float | None) -> Array:
        """Return the losses of the same run with another bound on the gradient's length, or none.

        Of a long run, or of a large model, only those of the first steps.
        """
        program = self.program
        program = build_step(self.graph, program.optimizer, program.hyperparameters, clip_norm)
        trainer = self.trainer.variant(program, 1.0)
        return self.changed(trainer)

    def with_momentum(self, momentum: float) -> Array:
        """Return the losses of the same run with another momentum.

        Of a long run, or of a large model, only those of the first steps.
        """
        program = self.program
        clip_norm = self.problem.tables.get("optimizer", {}).get("clip_norm")
        given = {**program.hyperparameters, "momentum": momentum}
        return self._from_weights(build_step(self.graph, program.optimizer, given, clip_norm), 1.0)

    def with_optimizer(self, name: str, rate: float, **constants: float) -> Array:
        """Return the losses from the same start with another optimizer at a rate of its own.

        Of a long run, or of a large model, only those of the first steps.
        """
        return self._from_weights(build_step(self.graph, name, constants), rate / self.trainer.lr)

    def _from_weights(self, program: StepProgram, factor: float) -> Array:
        """Return the losses of another program from the same weights, its own states fresh."""
        trainer = self.trainer.variant(program, factor)
        weights = self.curvature.size
        trainer.initial[:weights] = self.trainer.initial[:weights]
        return self.changed(trainer)

    def changed(self, trainer: Trainer) -> Array:
        """Return the losses of another trainer of this model from its own start.

        Of a long run, or of a large model, only those of the first steps.
        """
        steps = min(self.last, self.affordable(_RETRAINED, _SHORTEST)) + 1
        return self._smooth(self.trained_from(trainer, trainer.initial, steps, 0))

    def trained_from(self, trainer: Trainer, row: Array, steps: int, start: int) -> Array:
        """Return the losses of some steps of a trainer of this model from a state of it."""
        self._spent.spend(steps * trainer.cost)
        return trainer.losses_from(row, steps, start)

    def hessian(self, step: int, replaced: Mapping[int, Array] = MappingProxyType({})) -> Array:
        """Return the exact Hessian at a step, with other data if some are given, (n, n)."""
        self._spend_curvature()
        return self.curvature.hessian(self.tape(step), replaced)

    def parameter_of(self, index: int) -> tuple[str, tuple[int, ...]]:
        """Return the parameter that holds element `index` of the state, and the place in it."""
        for part, node in zip(self.trainer.slices, self.graph.parameters, strict=False):
            if index < part.stop:
                inside = np.unravel_index(index - part.start, node.shape) if node.shape else ()
                return node.name, tuple(int(i) for i in inside)
        raise AssertionError("a number of no parameter")

    def gauge_between(self, row: Array, step: int) -> Gauge | None:
        """Return the gauge of a step at other parameters, (n,)."""
        state = self.history.state(step).copy()
        state[: len(row)] = row
        self._spent.spend(self.trainer.cost)
        self._spend_curvature()
        return gauge(self.curvature, self.trainer.record(state, step), self.rate(step))

    def place(self, node: int) -> Place | None:
        """Return the place where a node of the model is written."""
        return self.graph.nodes[node].place

    def name(self, node: int) -> str:
        """Return the name of a node, or of the statement that computes it."""
        if self.graph.nodes[node].name:
            return self.graph.nodes[node].name
        return next((s.name for s in self.graph.statements if node in s.operations), "")

    def said(self, node: int) -> str:
        """Return the name of a node as the screen shows it."""
        return clean(self.problem.label(self.name(node)))

    def _smooth(self, losses: Array) -> Array:
        batches = self.trainer.batches
        return losses if batches is None else moving_means(losses, batches.per_epoch)

    @cached_property
    def _looked_at(self) -> tuple[int, ...]:
        """The nodes that a tape holds: those of the update only as far as a rule needs them."""
        program = self.program
        clip = () if program.clip is None else (program.clip.norm, program.clip.scale)
        second = program.dynamics.second
        divisors = [id for u in program.updates for name, id in u.lines if name == second]
        of_model = range(len(program.reverse.nodes))
        update = (*program.gradients, *program.driving, *clip, program.lr, *divisors)
        return tuple(dict.fromkeys((*of_model, *update)))

    def _tape(self, step: int) -> Tape:
        self._spent.spend((1 + self.history.away(step)) * self.trainer.cost)
        return self.history.tape(step, self._looked_at)

    def _data(self, step: int) -> list[Array]:
        """Return the data of a step in float64, as the model reads them."""
        given = self._fixed_data | self.trainer.batch(step)
        return [_rounded(given[node.id], self.trainer.dtype) for node in self.graph.data]

    @cached_property
    def _fixed_data(self) -> dict[int, Array]:
        return {id: np.asarray(value, np.float64) for id, value in self.trainer.data.items()}

    def _spectrum(self, step: int) -> Spectrum | None:
        self._spend_curvature()
        return self.curvature.spectrum(self.tape(step))

    def _spend_curvature(self) -> None:
        if not self.curvature.fits:
            raise TooLargeError
        self._spent.spend(self.curvature.cost)

    def _gauge(self, step: int) -> Gauge | None:
        tape, rate = self.tape(step), self.rate(step)
        if self.program.moved_by_hand:
            return None
        if self.curvature.size > EXACT:
            self._spend_curvature()
            return gauge(self.curvature, tape, rate)
        spectrum = self.spectrum(step)
        return None if spectrum is None else read_off(spectrum, tape, rate)

    def _moves_finitely(self, step: int) -> bool:
        return bool(
            np.isfinite(self.tape(step).gradient_norm)
            and np.all(np.isfinite(self.history.state(step + 1)))
        )

    @cached_property
    def _model(self) -> Vectorized:
        parameters = [node.id for node in self.graph.parameters]
        return Vectorized(self.graph.nodes, parameters, [node.id for node in self.graph.data])


def _stacked(points: Iterable[Array], count: int) -> Iterator[Array]:
    """Yield rows in matrices of `count`, the last with the rest."""
    left = iter(points)
    while rows := list(islice(left, count)):
        yield np.stack(rows)


def _rounded(values: Array, dtype: str) -> Array:
    return values if dtype == "float64" else values.astype(dtype).astype(np.float64)


def _left_by_clipping(tape: Tape) -> float:
    clip = tape.program.clip
    return 1.0 if clip is None else float(tape.value(clip.scale))


def steps_looked_at(problem: Problem) -> int:
    """Return the last step of a problem's run that the rules examine."""
    return min(problem.steps, _affordable(problem.trainer))


def steps_recorded(problem: Problem) -> int:
    """Return the number of recorded steps of a longer run, besides those at its end."""
    return max(_FEWEST, min(SAMPLES, _NUMBERS // max(1, problem.trainer.numbers)))


def flat_gradient(tape: Tape) -> Array:
    """Return the gradient of a step as one row, (n,)."""
    parts = [tape.gradient(p).reshape(-1) for p in range(len(tape.program.updates))]
    return np.concatenate([np.empty(0), *parts]).astype(np.float64)


def _affordable(trainer: Trainer) -> int:
    """Return the number of steps to train, from the sizes of the nodes: the same on any machine."""
    nodes = trainer.program.nodes
    cost = elements_cost(nodes, bare=trainer.mode is Mode.FLOAT)
    few = min(_BUDGET / max(cost, 1.0), _PRODUCTS / max(products_cost(nodes), 1e-3))
    return max(_LEAST, int(few))
