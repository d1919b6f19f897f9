"""The drawn sequences of gradients on which an update is judged. Knows no program."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import chain, cycle, islice
from typing import Any

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from gradtui.engine.shapes import Shape

Array = NDArray[Any]
STEPS, LONG = 32, 1200
"""Steps of a drawn sequence, and of a long one."""
TOLERANCE = 1e-6
_ROUNDING = 1e-12
_LARGE = 200
"""From this many elements of a parameter on, fewer sequences are drawn."""
_SEED = 20170
_WEIGHTS = (0.0, 0.7, -30.0)
_OTHER_RATES = (0.0137, 0.53)
SIZES = tuple(10.0**power for power in range(-12, 13))
_MIXED = ("sparse", "one sign", "any size")
_SHARE = 0.999
"""Drawn gradients come this close to the clipping length."""


class Probes(Struct, frozen=True, eq=False):
    """Sequences of gradients, each with its initial weight and its rates."""

    w: Array
    """(sequences, *shape), the weights before the first step."""
    g: Array
    """(steps, sequences, *shape)."""
    lr: Array
    """(steps, sequences)."""
    constants: Mapping[str, float]
    """The optimizer's."""
    shape: Shape = ()
    """That of the parameter."""
    slack: Array = np.zeros(1)
    """(steps,), the tolerance beyond 1e-6 from a step on, relative to the path length."""
    kinds: Sequence[float | str] = ()
    """(sequences,), the size of the gradients if drawn of one size, or another label."""

    def only(self, chosen: Array | slice, steps: int | None = None) -> Probes:
        """Return the first steps of some sequences."""
        slack = self.slack[:steps] if len(self.slack) > 1 else self.slack
        return replace(
            self,
            w=self.w[chosen],
            g=self.g[:steps, chosen],
            lr=self.lr[:steps, chosen],
            slack=slack,
            kinds=(),
        )


class Sampling(Struct, frozen=True, eq=False):
    """The setting for which sequences are drawn."""

    constants: Mapping[str, float]
    """The optimizer's."""
    rates: Array
    """(steps,), the rates of the run; a single one if it never changes."""
    clip_norm: float = math.inf
    """The length to which gradients are clipped."""
    shape: Shape = ()

    @property
    def scheduled(self) -> bool:
        """Whether the learning rate changes from step to step."""
        return len(self.rates) > 1


def sized(sampling: Sampling) -> Probes:
    """Return sequences at the run's rates with gradients of each of `SIZES`, then mixed."""
    generator = np.random.default_rng(_SEED)
    kinds: Sequence[float | str] = (*SIZES, *_MIXED, *SIZES, *_MIXED)
    weights = (0.0,) * (len(SIZES) + len(_MIXED))
    return _drawn(sampling, generator, kinds, _at_most(sampling, STEPS), weights)


def long(sampling: Sampling) -> Probes:
    """Return a long sequence at the run's rates; no longer than the run if they change."""
    generator = np.random.default_rng(_SEED + 1)
    steps = LONG if math.prod(sampling.shape) < _LARGE else STEPS
    return _drawn(sampling, generator, (1.0,), _at_most(sampling, steps))


def at_other_rates(sampling: Sampling) -> Probes:
    """Return sequences at other rates than the run's.

    The rate is constant along a sequence unless the run's rate changes: a velocity with the rate
    inside equals one with the rate outside only while the rate is constant.
    """
    generator = np.random.default_rng(_SEED + 2)
    kinds = (1e-3, 1.0, 1e3, *_MIXED)
    probes = _drawn(sampling, generator, kinds, np.ones(STEPS))
    factors = generator.uniform(0.2, 1.0, (STEPS, 1)) if sampling.scheduled else np.ones((STEPS, 1))
    rates = list(islice(cycle(_OTHER_RATES), len(probes.w)))
    return replace(probes, lr=factors * rates)


def _at_most(sampling: Sampling, steps: int) -> Array:
    """Return the rates of a number of steps; fewer if the run is shorter and its rates change."""
    return sampling.rates[:steps] if sampling.scheduled else np.repeat(sampling.rates, steps)


def _drawn(
    sampling: Sampling,
    generator: np.random.Generator,
    kinds: Sequence[float | str],
    rates: Array,
    weights: Sequence[float] = (),
) -> Probes:
    """Return sequences of some kinds, the first of which begin at `weights`."""
    shape, steps = sampling.shape, len(rates)
    every = 1 + math.prod(shape) // _LARGE
    kinds = kinds[::every]
    g = np.stack([_gradients(generator, kind, (steps, *shape)) for kind in kinds], axis=1)
    lengths = np.sqrt(np.sum(g * g, axis=tuple(range(2, g.ndim)), keepdims=True))
    with np.errstate(divide="ignore"):
        g *= np.minimum(1.0, _SHARE * sampling.clip_norm / lengths)
    firsts = islice(chain(weights[::every], cycle(_WEIGHTS)), len(kinds))
    w = np.stack([first * generator.uniform(0.9, 1.1, shape) for first in firsts])
    lr = np.repeat(rates[:, None], len(kinds), axis=1)
    return Probes(w, g, lr, sampling.constants, shape, kinds=kinds)


def _gradients(generator: np.random.Generator, kind: float | str, shape: Shape) -> Array:
    """Return the gradients of one sequence, (steps, *shape)."""
    draws: Array = generator.normal(size=shape)
    match kind:
        case "sparse":
            return draws * (generator.uniform(size=shape) < 0.4)
        case "one sign":
            return np.abs(draws)
        case "any size":
            return draws * 10.0 ** generator.uniform(-6, 3, shape)
        case size:
            return draws * float(size)


class Target(Struct, frozen=True, eq=False):
    """The optimizer's weights, with the tolerance around them."""

    w: Array
    """(steps, sequences, *shape)."""
    room: Array
    """The same shape: 1e-6 of the path so far, plus the rounding of the weight itself."""

    def agrees(self, step: int, w: Array) -> Array:
        """Return, for each weight, whether it is right after a step (0, 1, …).

        A weight that the optimizer loses, too, is right anywhere.
        """
        return _agrees(w, self.w[step], self.room[step])

    def agrees_always(self, w: Array) -> Array:
        """Return the same for every step: (steps, sequences, *shape)."""
        return _agrees(w, self.w, self.room)

    def only(self, chosen: Array | slice, steps: int | None = None) -> Target:
        """Return the target for the first steps of some sequences."""
        return Target(self.w[:steps, chosen], self.room[:steps, chosen])


def target_of(w: Array, probes: Probes) -> Target:
    """Return the target made of a trajectory from the initial weights of `probes`."""
    first = probes.w
    tolerance = (TOLERANCE + probes.slack).reshape(-1, *(1,) * (w.ndim - 1))
    with np.errstate(all="ignore"):
        walked = np.cumsum(np.abs(np.diff(w, axis=0, prepend=first[None])), axis=0)
        room = tolerance * walked + _ROUNDING * np.maximum(np.abs(w), np.abs(first))
    return Target(w, np.where(np.isfinite(room), room, 0.0))


def _agrees(w: Array, true: Array, room: Array) -> Array:
    with np.errstate(all="ignore"):
        same: Array = np.abs(w - true) <= room
    same |= ~np.isfinite(true)
    return same
