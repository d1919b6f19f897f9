"""Inverses, solutions, determinants and factors of matrices, with their vector-Jacobian products.

The formulas are those of Giles (2008), Collected Matrix Derivative Results for Forward and Reverse
Mode Algorithmic Differentiation, sections 2.2 and 3; that of the Cholesky factor is Murray (2016),
Differentiation of the Cholesky decomposition, equation 10; that of the pseudoinverse Golub and
Pereyra (1973), The Differentiation of Pseudo-Inverses, equation 4.12.  They hold for each matrix of
a stack.  What reads one triangle of a symmetric matrix has a symmetric derivative.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradtui.recording.array import plain
from gradtui.recording.recorder import Recorder
from gradtui.recording.tape import Back

Array = NDArray[Any]
Wanted = tuple[bool, ...]
Flows = tuple[Array | None, ...]


def _transposed(a: Array) -> Array:
    return np.swapaxes(a, -1, -2)


def through_inverse(values: Sequence[Array], arriving: Array, _: Wanted) -> Flows:
    """Return -A^-T G A^-T."""
    turned = _transposed(np.linalg.inv(values[0]))
    return (-turned @ arriving @ turned,)


def through_solution(values: Sequence[Array], arriving: Array, _: Wanted) -> tuple[Array, Array]:
    """Return -A^-T G X^T and A^-T G."""
    a, b = values
    own, size = np.linalg.solve(a.T, arriving), len(a)
    return -own.reshape(size, -1) @ np.linalg.solve(a, b).reshape(size, -1).T, own


def through_determinant(values: Sequence[Array], arriving: Array, _: Wanted) -> Flows:
    """Return g det(A) A^-T."""
    return _through_logarithm(values, arriving * np.linalg.det(values[0]), _)


def _through_logarithm(values: Sequence[Array], arriving: Array, _: Wanted) -> Flows:
    """Return g A^-T."""
    return (np.asarray(arriving)[..., None, None] * _transposed(np.linalg.inv(values[0])),)


def of_symmetric(a: Array, through: Array, *, lower: bool = True) -> Array:
    """Return a derivative by a matrix of which one triangle is read: symmetric if the matrix is."""
    whole = through + _transposed(through)
    if np.array_equal(a, _transposed(a)):
        return np.asarray(whole / 2)
    read = np.tril(whole) if lower else np.triu(whole)
    return np.asarray(read - through * np.eye(a.shape[-1]))


def through_factor(a: Array, factor: Array, arriving: Array, *, lower: bool = True) -> Array:
    """Return L^-T P(L^T G) L^-1, where P takes the lower triangle and half of the diagonal."""
    inner = np.tril(_transposed(factor) @ arriving)
    inner = inner - inner * np.eye(a.shape[-1]) / 2
    left = np.linalg.solve(_transposed(factor), inner)
    through = _transposed(np.linalg.solve(_transposed(factor), _transposed(left)))
    return of_symmetric(a, through, lower=lower)


def _through_cholesky(values: Sequence[Array], arriving: Array, _: Wanted) -> Flows:
    return (through_factor(values[0], np.linalg.cholesky(values[0]), arriving),)


def through_eigen(eigh: Callable[[Array], Any]) -> tuple[Back, Back]:
    """Return the products by the eigenvalues and by the vectors, whose signs are those of `eigh`.

    They are V diag(g) V^T, and V (F * V^T G) V^T, where F holds 1/(w_j - w_i) and 0 on its
    diagonal.
    """

    def by_values(values: Sequence[Array], arriving: Array, _: Wanted) -> Flows:
        vectors = eigh(values[0])[1]
        through = vectors * np.asarray(arriving)[..., None, :] @ _transposed(vectors)
        return (of_symmetric(values[0], through),)

    def by_vectors(values: Sequence[Array], arriving: Array, _: Wanted) -> Flows:
        own, vectors = eigh(values[0])
        apart = own[..., None, :] - own[..., :, None]
        shares = np.where(np.eye(own.shape[-1]) == 1, 0.0, _transposed(vectors) @ arriving / apart)
        return (of_symmetric(values[0], vectors @ shares @ _transposed(vectors)),)

    return by_values, by_vectors


_THROUGH_EIGEN = through_eigen(np.linalg.eigh)


def through_singular_values(values: Sequence[Array], arriving: Array, _: Wanted) -> Flows:
    """Return U diag(g) V^T."""
    left, _own, right = np.linalg.svd(values[0], full_matrices=False)
    return (left * np.asarray(arriving)[..., None, :] @ right,)


def through_pseudoinverse(values: Sequence[Array], arriving: Array, _: Wanted) -> Flows:
    """Return the product by a pseudoinverse X: that of -X G^T X, and by the two projections."""
    a, found = values[0], np.linalg.pinv(values[0])
    turned, back = _transposed(found), _transposed(arriving)
    rows, columns = (np.eye(size) for size in a.shape[-2:])
    return (-turned @ arriving @ turned + (rows - a @ found) @ back @ found @ turned
            + turned @ found @ back @ (columns - found @ a),)  # fmt: skip


def _solution(recorder: Recorder, a: Any, b: Any) -> Any:
    if np.ndim(a) != 2 or np.ndim(b) > 2:
        return NotImplemented
    value = np.linalg.solve(plain(a), plain(b))
    return recorder.result("linalg.solve", np.linalg.solve, [a, b], value, None,
                           back=through_solution)  # fmt: skip


def _logarithm(recorder: Recorder, a: Any) -> Any:
    found = np.linalg.slogdet(plain(a))
    value = recorder.result("linalg.slogdet", lambda own: np.linalg.slogdet(own)[1], [a], found[1],
                            None, back=_through_logarithm)  # fmt: skip
    return type(found)(found[0], value)


def _single(function: Callable[..., Any], name: str, back: Back) -> Callable[..., Any]:
    """Return the recorded form of a function of one matrix."""

    def call(recorder: Recorder, a: Any, *args: Any, **options: Any) -> Any:
        if args or options:
            return NotImplemented
        return recorder.result(name, function, [a], function(plain(a)), None, back=back)

    return call


def _eigen(recorder: Recorder, a: Any, UPLO: str = "L") -> Any:
    if UPLO != "L":
        return NotImplemented
    found = np.linalg.eigh(plain(a))
    return type(found)(*[
        recorder.result("linalg.eigh", lambda own, at=at: np.linalg.eigh(own)[at], [a], one, None,
                        back=back)
        for at, (one, back) in enumerate(zip(found, _THROUGH_EIGEN, strict=True))
    ])  # fmt: skip


def _singular(
    recorder: Recorder, a: Any, full_matrices: bool = True, compute_uv: bool = True,
    hermitian: bool = False,
) -> Any:  # fmt: skip
    if compute_uv or hermitian:
        return NotImplemented

    def values(own: Array) -> Any:
        return np.linalg.svd(own, compute_uv=False)

    return recorder.result("linalg.svd", values, [a], values(plain(a)), None,
                           back=through_singular_values)  # fmt: skip


ALGEBRA: Mapping[str, Callable[..., Any]] = {
    "linalg.inv": _single(np.linalg.inv, "linalg.inv", through_inverse),
    "linalg.solve": _solution,
    "linalg.det": _single(np.linalg.det, "linalg.det", through_determinant),
    "linalg.slogdet": _logarithm,
    "linalg.cholesky": _single(np.linalg.cholesky, "linalg.cholesky", _through_cholesky),
    "linalg.eigh": _eigen,
    "linalg.eigvalsh": _single(np.linalg.eigvalsh, "linalg.eigvalsh", _THROUGH_EIGEN[0]),
    "linalg.pinv": _single(np.linalg.pinv, "linalg.pinv", through_pseudoinverse),
    "linalg.svd": _singular,
}
"""NumPy's name -> a function of the recorder and the call's arguments, or NotImplemented."""
