"""Arguments of complex numbers, which are pairs of floats along a last axis outside of the code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradtui.recording.array import Recorded, plain
from gradtui.recording.complexes import Complex, is_complex

Array = NDArray[Any]


def pairs_of(value: Any) -> Array:
    """Return the pairs of an argument's complex numbers."""
    return np.stack([np.real(value), np.imag(value)], axis=-1)


def complex_of(pairs: Any) -> Any:
    """Return the complex numbers that pairs are, which take part in a recording if these do."""
    re, im = pairs[..., 0], pairs[..., 1]
    return Complex(re, im) if isinstance(pairs, Recorded) else (re + 1j * im)[()]


def as_pairs(value: Any, scale: float, sign: float) -> Any:
    """Return a gradient's pairs of parts, times a number, and the imaginary ones times another.

    Lists, tuples and mappings of gradients are gone through; what is real stays as it is.
    """
    if isinstance(value, Mapping):
        return {key: as_pairs(one, scale, sign) for key, one in value.items()}
    if type(value) in (list, tuple):
        return type(value)([as_pairs(one, scale, sign) for one in value])
    if not is_complex(value):
        return value
    pairs = np.stack(np.broadcast_arrays(value.real, value.imag), axis=-1)
    return pairs if scale == sign == 1 else pairs * np.array([scale, scale * sign])


def with_zeros(value: Any, shape: tuple[int, ...]) -> Any:
    """Return a gradient that is real though its argument has pairs of a shape, as pairs."""
    if np.shape(plain(value)) != shape[:-1] or not shape[:-1]:
        return value
    return np.stack([value, np.zeros(shape[:-1])], axis=-1)
