"""The sequences of gradients on which an update is judged. Knows no program."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import product
from typing import Any

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from gradtui.engine.shapes import Shape

Array = NDArray[Any]
STEPS = 32
TOLERANCE = 1e-6
_ROUNDING = 1e-12
_LARGE = 1000
"""Numbers in a parameter from which on fewer sequences are drawn."""
_SEED = 20170
_WEIGHTS = (0.0, 0.7, -30.0)
_OTHER_RATES = (0.0137, 0.53)
_KINDS = ("1e-8", "1e-6", "1e-3", "1", "1e3", "sparse", "one sign", "any size")


class Probes(Struct, frozen=True, eq=False):
    """Sequences of gradients, each with its first weight and its rates."""

    w: Array
    """(sequences, *shape), the weights before the first step."""
    g: Array
    """(steps, sequences, *shape), of sizes from 1e-8 to 1e3, some 0."""
    lr: Array
    """(steps, sequences)."""
    own: Array
    """(sequences,), whether the rates are those of the file."""
    constants: Mapping[str, float]
    """The optimizer's."""
    shape: Shape = ()
    """That of the parameter."""

    def only(self, chosen: Array, steps: int = STEPS) -> Probes:
        """Return some of the sequences, and of each only the first steps."""
        return replace(
            self,
            w=self.w[chosen],
            g=self.g[:steps, chosen],
            lr=self.lr[:steps, chosen],
            own=self.own[chosen],
        )


def draw_probes(
    lr: float, constants: Mapping[str, float], shape: Shape = (), *, scheduled: bool = False
) -> Probes:
    """Return the sequences, the same ones each time.

    The rate is constant along a sequence unless it is `scheduled`: a velocity that has the rate
    inside is the same as one that has it outside only while the rate does not change.
    """
    generator = np.random.default_rng(_SEED)
    every = 1 + math.prod(shape) // _LARGE
    cases = list(product(_KINDS, _WEIGHTS, (lr, *_OTHER_RATES)))[::every]
    g = np.stack([_gradients(generator, kind, shape) for kind, _, _ in cases], axis=1)
    w = np.stack([weight * generator.uniform(0.9, 1.1, shape) for _, weight, _ in cases])
    rates = np.array([rate for _, _, rate in cases])
    changes = generator.uniform(0.2, 1.0, (STEPS, 1)) if scheduled else np.ones((STEPS, 1))
    own = np.array([rate == lr for _, _, rate in cases])
    return Probes(w, g, changes * rates, own, constants, shape)


def _gradients(generator: np.random.Generator, kind: str, shape: Shape) -> Array:
    """Return the gradients of one sequence, (steps, *shape)."""
    draws: Array = generator.normal(size=(STEPS, *shape))
    match kind:
        case "sparse":
            return draws * (generator.uniform(size=draws.shape) < 0.4)
        case "one sign":
            return np.abs(draws)
        case "any size":
            return draws * 10.0 ** generator.uniform(-6, 3, draws.shape)
        case size:
            return draws * float(size)


class Target(Struct, frozen=True, eq=False):
    """Where the optimizer takes the weights, and how far from that still counts as there."""

    w: Array
    """(steps, sequences, *shape)."""
    room: Array
    """The same shape: 1e-6 of the way walked so far, and the rounding of the weight itself."""

    def agrees(self, step: int, w: Array) -> Array:
        """Return, for each weight, whether it is where it belongs after a step (0, 1, …)."""
        true = self.w[step]
        same: Array = np.abs(w - true) <= self.room[step]
        same |= (w == true) | (np.isnan(w) & np.isnan(true))
        return same

    def only(self, chosen: Array) -> Target:
        """Return the target of some of the sequences."""
        return Target(self.w[:, chosen], self.room[:, chosen])


def target_of(w: Array, first: Array) -> Target:
    """Return the target that a trajectory is, from its first weights on."""
    with np.errstate(all="ignore"):
        walked = np.cumsum(np.abs(np.diff(w, axis=0, prepend=first[None])), axis=0)
        room = TOLERANCE * walked + _ROUNDING * np.maximum(np.abs(w), np.abs(first))
    return Target(w, np.where(np.isfinite(room), room, 0.0))
