"""SciPy's functions of matrices, by name, with their vector-Jacobian products.

Formulas as in `algebra`; that of the exponential is Najfeld and Havel (1995), Derivatives of the
Matrix Exponential and Their Computation, theorem 4.13.  SciPy is loaded where one is called.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any

import numpy as np

from gradtui.recording import algebra
from gradtui.recording.algebra import Array, Flows, Wanted
from gradtui.recording.array import plain
from gradtui.recording.recorder import Recorder
from gradtui.recording.tape import Back

_GENERAL = (None, "gen", "general")
_SYMMETRIC = ("pos", "positive definite", "sym", "symmetric", "her", "hermitian")
"""What SciPy may be told of a matrix: nothing, and what lets it read one triangle."""


def _scipy() -> Any:
    return import_module("scipy.linalg")


def _factor(name: str) -> Callable[..., Any]:
    """Return the recorded form of a function that returns a Cholesky factor."""

    def call(recorder: Recorder, a: Any, lower: bool = False, **options: Any) -> Any:
        def compute(own: Array) -> Any:
            found = getattr(_scipy(), name)(own, lower=lower, **options)
            return found if name == "cholesky" else found[0]

        def back(values: Sequence[Array], arriving: Array, _: Wanted) -> Flows:
            own = _scipy().cholesky(values[0], lower=lower, **options)
            factor, slope = (own, arriving) if lower else (own.T, arriving.T)
            return (algebra.through_factor(values[0], factor, np.tril(slope), lower=lower),)

        if np.ndim(a) != 2:
            return NotImplemented
        factor = recorder.result(name, compute, [a], compute(plain(a)), None, back=back)
        return factor if name == "cholesky" else (factor, lower)

    return call


def _cho_solve(recorder: Recorder, c_and_lower: Any, b: Any, **options: Any) -> Any:
    c, lower = c_and_lower

    def compute(c: Array, b: Array) -> Any:
        return _scipy().cho_solve((c, lower), b, **options)

    def back(values: Sequence[Array], arriving: Array, _: Wanted) -> Flows:
        factor, b = values
        own, size = compute(factor, arriving), len(factor)
        through = -own.reshape(size, -1) @ compute(factor, b).reshape(size, -1).T
        whole = through + through.T
        return np.tril(whole @ np.tril(factor)) if lower else np.triu(np.triu(factor) @ whole), own

    if np.ndim(c) != 2 or np.ndim(b) > 2:
        return NotImplemented
    value = compute(plain(c), plain(b))
    return recorder.result("cho_solve", compute, [c, b], value, None, back=back)


def _solve_triangular(
    recorder: Recorder, a: Any, b: Any, trans: Any = 0, lower: bool = False,
    unit_diagonal: bool = False, **options: Any,
) -> Any:  # fmt: skip
    turned = trans not in (0, "N")

    def compute(a: Array, b: Array, turned: bool = turned) -> Any:
        return _scipy().solve_triangular(
            a, b, trans=int(turned), lower=lower, unit_diagonal=unit_diagonal, **options
        )

    def back(values: Sequence[Array], arriving: Array, _: Wanted) -> Flows:
        a, b = values
        own, size = compute(a, arriving, not turned), len(a)
        through = -own.reshape(size, -1) @ compute(a, b).reshape(size, -1).T
        through = through.T if turned else through
        read = (np.tril if lower else np.triu)(through)
        return read - read * np.eye(size) if unit_diagonal else read, own

    if np.ndim(a) != 2 or np.ndim(b) > 2:
        return NotImplemented
    value = compute(plain(a), plain(b))
    return recorder.result("solve_triangular", compute, [a, b], value, None, back=back)


def _solve(
    recorder: Recorder, a: Any, b: Any, lower: bool = False, assume_a: str | None = None,
    transposed: bool = False, **options: Any,
) -> Any:  # fmt: skip
    if transposed or np.ndim(a) != 2 or np.ndim(b) > 2:
        return NotImplemented
    symmetric = assume_a in _SYMMETRIC
    if assume_a not in _GENERAL and not symmetric:
        return NotImplemented

    def compute(a: Array, b: Array) -> Any:
        return _scipy().solve(a, b, lower=lower, assume_a=assume_a, **options)

    def back(values: Sequence[Array], arriving: Array, wanted: Wanted) -> Flows:
        through, own = algebra.through_solution(values, arriving, wanted)
        if symmetric:
            through = algebra.of_symmetric(values[0], through, lower=lower)
        return through, own

    value = compute(plain(a), plain(b))
    return recorder.result("solve", compute, [a, b], value, None, back=back)


def _through_exponential(values: Sequence[Array], arriving: Array, _: Wanted) -> Flows:
    """Return the upper right block of the exponential of ((A^T, G), (0, A^T))."""
    a, size = values[0].T, len(values[0])
    blocks = np.block([[a, np.asarray(arriving)], [np.zeros_like(a), a]])
    return (_scipy().expm(blocks)[:size, size:],)


def _through_root(values: Sequence[Array], arriving: Array, _: Wanted) -> Flows:
    """Return the solution X of S^T X + X S^T = G, where S is the root."""
    root = _scipy().sqrtm(values[0]).T
    return (_scipy().solve_sylvester(root, root, np.asarray(arriving)),)


def _single(name: str, back: Back) -> Callable[..., Any]:
    """Return the recorded form of a function of one matrix."""

    def call(recorder: Recorder, a: Any = None, A: Any = None, **options: Any) -> Any:
        own = A if a is None else a
        if {*options} - {"check_finite"} or np.ndim(own) != 2:
            return NotImplemented

        def compute(value: Array) -> Any:
            return getattr(_scipy(), name)(value, **options)

        return recorder.result(name, compute, [own], compute(plain(own)), None, back=back)

    return call


def _eigen(*, only: bool) -> Callable[..., Any]:
    """Return the recorded form of the eigenvalues, or the values and vectors, if not told which."""

    def call(
        recorder: Recorder, a: Any, eigvals_only: bool = only, check_finite: bool = True,
        **options: Any,
    ) -> Any:  # fmt: skip
        if options or np.ndim(a) != 2:
            return NotImplemented

        def compute(value: Array) -> Any:
            return _scipy().eigh(value, check_finite=check_finite)

        parts = [
            recorder.result("eigh", lambda value, at=at: compute(value)[at], [a], one, None,
                            back=back)
            for at, (one, back) in enumerate(
                zip(compute(plain(a)), algebra.through_eigen(compute), strict=True)
            )
        ]  # fmt: skip
        return parts[0] if eigvals_only else tuple(parts)

    return call


def _distances(
    recorder: Recorder, XA: Any, XB: Any, metric: Any = "euclidean", **options: Any
) -> Any:
    if metric not in ("sqeuclidean", "euclidean") or options:
        return NotImplemented

    def compute(a: Array, b: Array) -> Any:
        return import_module("scipy.spatial.distance").cdist(a, b, metric)

    def back(values: Sequence[Array], arriving: Array, _: Wanted) -> Flows:
        a, b = values
        shares = 2 * arriving
        if metric == "euclidean":  # from a point to itself it is least, and has no slope
            apart = compute(a, b)
            shares = np.divide(arriving, apart, out=np.zeros_like(apart), where=apart > 0)
        return (shares.sum(axis=1)[:, None] * a - shares @ b,
                shares.sum(axis=0)[:, None] * b - shares.T @ a)  # fmt: skip

    return recorder.result("cdist", compute, [XA, XB], compute(*plain((XA, XB))), None, back=back)


SOLVERS: Mapping[str, Callable[..., Any]] = {
    "linalg.cholesky": _factor("cholesky"),
    "linalg.cho_factor": _factor("cho_factor"),
    "linalg.cho_solve": _cho_solve,
    "linalg.solve_triangular": _solve_triangular,
    "linalg.solve": _solve,
    "linalg.inv": _single("inv", algebra.through_inverse),
    "linalg.det": _single("det", algebra.through_determinant),
    "linalg.pinv": _single("pinv", algebra.through_pseudoinverse),
    "linalg.expm": _single("expm", _through_exponential),
    "linalg.sqrtm": _single("sqrtm", _through_root),
    "linalg.svdvals": _single("svdvals", algebra.through_singular_values),
    "linalg.eigh": _eigen(only=False),
    "linalg.eigvalsh": _eigen(only=True),
    "spatial.cdist": _distances,
}
"""SciPy's name -> a function of the recorder and the named arguments, or NotImplemented."""
MOVING = frozenset({"linalg.block_diag", "linalg.toeplitz", "linalg.circulant", "linalg.hankel"})
"""SciPy's names of functions whose results consist of elements of their arguments, and zeros."""
