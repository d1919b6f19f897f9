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

_UNTOLD = frozenset({"overwrite_a", "overwrite_b", "check_finite"})
"""Options that change no result."""


def _scipy() -> Any:
    return import_module("scipy.linalg")


def _options(options: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if name not in _UNTOLD}


def _factor(name: str) -> Callable[..., Any]:
    """Return the recorded form of a function that returns a Cholesky factor."""

    def call(recorder: Recorder, a: Any, lower: bool = False, *_: Any, **options: Any) -> Any:
        def compute(own: Array) -> Any:
            found = getattr(_scipy(), name)(own, lower=lower)
            return found if name == "cholesky" else found[0]

        def back(values: Sequence[Array], arriving: Array, _: Wanted) -> Flows:
            own = _scipy().cholesky(values[0], lower=lower)
            factor, slope = (own, arriving) if lower else (own.T, arriving.T)
            return (algebra.through_factor(values[0], factor, np.tril(slope), lower=lower),)

        if np.ndim(a) != 2:
            return NotImplemented
        factor = recorder.result(name, compute, [a], compute(plain(a)), None, back=back)
        return factor if name == "cholesky" else (factor, lower)

    return call


def _cho_solve(recorder: Recorder, c_and_lower: Any, b: Any, *_: Any, **options: Any) -> Any:
    c, lower = c_and_lower

    def compute(c: Array, b: Array) -> Any:
        return _scipy().cho_solve((c, lower), b)

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
    unit_diagonal: bool = False, *_: Any, **options: Any,
) -> Any:  # fmt: skip
    turned = trans not in (0, "N")

    def compute(a: Array, b: Array, turned: bool = turned) -> Any:
        return _scipy().solve_triangular(
            a, b, trans=int(turned), lower=lower, unit_diagonal=unit_diagonal
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


def _solve(recorder: Recorder, a: Any, b: Any, *args: Any, **options: Any) -> Any:
    told = _options(options)
    if args or np.ndim(a) != 2 or np.ndim(b) > 2 or {*told} - {"assume_a", "lower"}:
        return NotImplemented
    symmetric = told.get("assume_a") in ("pos", "sym", "her")
    if told.get("assume_a") not in (None, "gen") and not symmetric:
        return NotImplemented

    def compute(a: Array, b: Array) -> Any:
        return _scipy().solve(a, b, **told)

    def back(values: Sequence[Array], arriving: Array, wanted: Wanted) -> Flows:
        through, own = algebra.through_solution(values, arriving, wanted)
        lower = bool(told.get("lower", False))
        return (
            algebra.of_symmetric(values[0], through, lower=lower) if symmetric else through
        ), own

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

    def call(recorder: Recorder, a: Any, *args: Any, **options: Any) -> Any:
        if args or _options(options) or np.ndim(a) != 2:
            return NotImplemented
        function = getattr(_scipy(), name)
        return recorder.result(name, function, [a], function(plain(a)), None, back=back)

    return call


def _moving(name: str) -> Callable[..., Any]:
    def call(recorder: Recorder, *args: Any) -> Any:
        return recorder.moving(getattr(_scipy(), name), args, {})

    return call


def _distances(
    recorder: Recorder, a: Any, b: Any, metric: Any = "euclidean", **options: Any
) -> Any:
    if metric != "sqeuclidean" or options:
        return NotImplemented  # the root of a distance of 0 has no slope
    apart = np.expand_dims(a, 1) - np.expand_dims(b, 0)
    return np.sum(apart * apart, axis=-1)


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
    **{f"linalg.{name}": _moving(name)
       for name in ("block_diag", "toeplitz", "circulant", "hankel")},
    "spatial.cdist": _distances,
}  # fmt: skip
"""SciPy's name -> a function of the recorder and the call's arguments, or NotImplemented."""
