"""Inverses, solutions and determinants of matrices, with their vector-Jacobian products.

The formulas are those of Giles (2008), Collected Matrix Derivative Results for Forward and Reverse
Mode Algorithmic Differentiation, section 2.2; they hold for each matrix of a stack.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradtui.recording.array import plain
from gradtui.recording.recorder import Recorder

Array = NDArray[Any]
Wanted = tuple[bool, ...]
Flows = tuple[Array | None, ...]


def _transposed(a: Array) -> Array:
    return np.swapaxes(a, -1, -2)


def _through_inverse(values: Sequence[Array], arriving: Array, _: Wanted) -> Flows:
    """Return -A^-T G A^-T."""
    turned = _transposed(np.linalg.inv(values[0]))
    return (-turned @ arriving @ turned,)


def _through_solution(values: Sequence[Array], arriving: Array, _: Wanted) -> Flows:
    """Return -A^-T G X^T and A^-T G."""
    a, b = values
    own, size = np.linalg.solve(a.T, arriving), len(a)
    return -own.reshape(size, -1) @ np.linalg.solve(a, b).reshape(size, -1).T, own


def _through_determinant(values: Sequence[Array], arriving: Array, _: Wanted) -> Flows:
    """Return g det(A) A^-T."""
    return _through_logarithm(values, arriving * np.linalg.det(values[0]), _)


def _through_logarithm(values: Sequence[Array], arriving: Array, _: Wanted) -> Flows:
    """Return g A^-T."""
    return (np.asarray(arriving)[..., None, None] * _transposed(np.linalg.inv(values[0])),)


def _inverse(recorder: Recorder, a: Any) -> Any:
    value = np.linalg.inv(plain(a))
    return recorder.result("linalg.inv", np.linalg.inv, [a], value, None, back=_through_inverse)


def _solution(recorder: Recorder, a: Any, b: Any) -> Any:
    if np.ndim(a) != 2 or np.ndim(b) > 2:
        return NotImplemented
    value = np.linalg.solve(plain(a), plain(b))
    return recorder.result("linalg.solve", np.linalg.solve, [a, b], value, None,
                           back=_through_solution)  # fmt: skip


def _determinant(recorder: Recorder, a: Any) -> Any:
    value = np.linalg.det(plain(a))
    return recorder.result("linalg.det", np.linalg.det, [a], value, None,
                           back=_through_determinant)  # fmt: skip


def _logarithm(recorder: Recorder, a: Any) -> Any:
    found = np.linalg.slogdet(plain(a))
    value = recorder.result("linalg.slogdet", lambda own: np.linalg.slogdet(own)[1], [a], found[1],
                            None, back=_through_logarithm)  # fmt: skip
    return type(found)(found[0], value)


ALGEBRA: Mapping[str, Callable[..., Any]] = {
    "linalg.inv": _inverse,
    "linalg.solve": _solution,
    "linalg.det": _determinant,
    "linalg.slogdet": _logarithm,
}
"""NumPy's name -> a function of the recorder and the call's arguments."""
