"""Every initialiser, one entry each: its draws for a shape, its formula, its source.

The fans of a shape are those of `X @ W`: the last axis but one counts the inputs, the last the
outputs; a vector has one output, a scalar one of each.  `scale` multiplies the draws.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from gradtui.engine.draws import Stream
from gradtui.engine.registry import register
from gradtui.engine.shapes import Shape

Array = NDArray[np.float64]


class Initialiser(Struct, frozen=True):
    """A way to make the initial values of a parameter."""

    name: str
    """Its name in `init`."""
    draw: Callable[[Stream, int, int, int], Array]
    """(random numbers, count, fan_in, fan_out) -> `count` numbers."""
    formula: str
    """The distribution of one number, before scaling by `scale`."""
    source: str
    """Paper or textbook section."""

    def values(self, name: str, shape: Shape, seed: int = 0, scale: float = 1.0) -> Array:
        """Return the initial values of the parameter `name`.

        They depend on the seed, the name and the shape alone; two names share no numbers.
        """
        fan_in, fan_out = fans(shape)
        drawn = self.draw(Stream(seed, name), math.prod(shape), fan_in, fan_out)
        return scale * drawn.reshape(shape)


def fans(shape: Shape) -> tuple[int, int]:
    """Return the fan-in and fan-out of a weight of this shape in `X @ W`."""
    match shape:
        case ():
            return 1, 1
        case (inputs,):
            return inputs, 1
        case _:
            return shape[-2], shape[-1]


def _between(limit: float, stream: Stream, count: int) -> Array:
    return limit * (2.0 * stream.uniform(count) - 1.0)


def _xavier(stream: Stream, count: int, fan_in: int, fan_out: int) -> Array:
    return _between(math.sqrt(6.0 / (fan_in + fan_out)), stream, count)


_ENTRIES = (
    Initialiser(
        "zeros",
        lambda stream, count, fan_in, fan_out: np.zeros(count),
        "0",
        "Goodfellow, Bengio and Courville, Deep Learning (2016), section 8.4, for biases",
    ),
    Initialiser(
        "ones",
        lambda stream, count, fan_in, fan_out: np.ones(count),
        "1",
        "Ba, Kiros and Hinton, Layer normalization (2016), for gains",
    ),
    Initialiser(
        "normal",
        lambda stream, count, fan_in, fan_out: stream.normal(count),
        "normal: mean 0, standard deviation 1",
        "Goodfellow, Bengio and Courville, Deep Learning (2016), section 8.4",
    ),
    Initialiser(
        "uniform",
        lambda stream, count, fan_in, fan_out: _between(1.0, stream, count),
        "uniform in [-1, 1)",
        "Goodfellow, Bengio and Courville, Deep Learning (2016), section 8.4",
    ),
    Initialiser(
        "xavier",
        _xavier,
        "uniform in [-a, a), a = √(6/(fan_in + fan_out))",
        "Glorot and Bengio, Understanding the difficulty of training deep feedforward neural "
        "networks (2010), equation 16",
    ),
    Initialiser(
        "he",
        lambda stream, count, fan_in, fan_out: math.sqrt(2.0 / fan_in) * stream.normal(count),
        "normal: mean 0, standard deviation √(2/fan_in)",
        "He et al., Delving deep into rectifiers (2015), equation 10",
    ),
)


INITIALISERS = register(_ENTRIES)
