"""SciPy's special functions, by name: their derivatives, most of which the registry has none of.

The formulas are those of the NIST Digital Library of Mathematical Functions, chapters 5 (gamma), 6
to 8 (error and incomplete gamma functions) and 10 (Bessel).  SciPy is loaded where one is called.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradtui.recording.array import plain
from gradtui.recording.recorder import Recorder
from gradtui.recording.slopes import summed_to
from gradtui.recording.tape import Back, form

Array = NDArray[Any]
Partial = Callable[..., Any]
"""The operands -> the derivative by one of them, elementwise."""

_ROOT_PI = float(np.sqrt(np.pi))


def special() -> Any:
    """Return SciPy's module of them, loaded where one is called."""
    return import_module("scipy.special")


def _back(*partials: Partial | None) -> Back:
    """Return the vector-Jacobian product of an elementwise function, from its derivatives."""

    def back(
        values: Sequence[Array], arriving: Array, wanted: tuple[bool, ...]
    ) -> tuple[Array | None, ...]:
        return tuple(
            summed_to(np.where(arriving == 0, 0.0, arriving * partial(*values)), value.shape)
            if partial is not None and one else None
            for partial, value, one in zip(partials, values, wanted, strict=True)
        )  # fmt: skip

    return back


def _bell(a: Array) -> Any:
    return np.exp(-a * a / 2) / np.sqrt(2 * np.pi)


def _digamma(a: Array) -> Any:
    return special().psi(a)


def _gamma_density(a: Array, x: Array) -> Any:
    return np.exp(special().xlogy(a - 1, x) - x - special().gammaln(a))


def _bessel(name: str, first: float, second: float, scaled: float | None = None) -> Back:
    """Return that of a Bessel function of an order (DLMF 10.6.1, 10.29.1), or of a scaled one."""

    def slope(order: Array, a: Array) -> Any:
        function = getattr(special(), name)
        found = (first * function(order - 1, a) + second * function(order + 1, a)) / 2
        return found if scaled is None else found + scaled * np.sign(a) * function(order, a)

    return _back(None, slope)


BACKS: Mapping[str, Back] = {
    "beta": _back(
        lambda a, b: special().beta(a, b) * (_digamma(a) - _digamma(a + b)),
        lambda a, b: special().beta(a, b) * (_digamma(b) - _digamma(a + b)),
    ),
    "betaln": _back(
        lambda a, b: _digamma(a) - _digamma(a + b), lambda a, b: _digamma(b) - _digamma(a + b)
    ),
    "entr": _back(lambda a: -np.log(a) - 1),
    "erfcinv": _back(lambda a: -_ROOT_PI / 2 * np.exp(special().erfcinv(a) ** 2)),
    "erfcx": _back(lambda a: 2 * a * special().erfcx(a) - 2 / _ROOT_PI),
    "erfinv": _back(lambda a: _ROOT_PI / 2 * np.exp(special().erfinv(a) ** 2)),
    "gamma": _back(lambda a: special().gamma(a) * _digamma(a)),
    "gammainc": _back(None, _gamma_density),
    "gammaincc": _back(None, lambda a, x: -_gamma_density(a, x)),
    "gammaln": _back(_digamma),
    "i0": _back(lambda a: special().i1(a)),
    "i0e": _back(lambda a: special().i1e(a) - np.sign(a) * special().i0e(a)),
    "i1": _back(lambda a: (special().i0(a) + special().iv(2, a)) / 2),
    "i1e": _back(
        lambda a: (special().i0e(a) + special().ive(2, a)) / 2 - np.sign(a) * special().i1e(a)
    ),
    "iv": _bessel("iv", 1, 1),
    "ive": _bessel("ive", 1, 1, scaled=-1),
    "j0": _back(lambda a: -special().j1(a)),
    "j1": _back(lambda a: (special().j0(a) - special().jv(2, a)) / 2),
    "jv": _bessel("jv", 1, -1),
    "kl_div": _back(lambda a, b: np.log(a / b), lambda a, b: 1 - a / b),
    "kv": _bessel("kv", -1, -1),
    "kve": _bessel("kve", -1, -1, scaled=1),
    "log_ndtr": _back(lambda a: np.exp(-a * a / 2 - special().log_ndtr(a)) / np.sqrt(2 * np.pi)),
    "loggamma": _back(_digamma),
    "ndtri": _back(lambda a: 1 / _bell(special().ndtri(a))),
    "psi": _back(lambda a: special().polygamma(1, a)),
    "rel_entr": _back(lambda a, b: np.log(a / b) + 1, lambda a, b: -a / b),
    "xlog1py": _back(lambda a, b: np.log1p(b), lambda a, b: a / (1 + b)),
    "xlogy": _back(lambda a, b: np.log(b), lambda a, b: a / b),
}
"""Universal function -> its vector-Jacobian product."""


def _axes(axis: Any, dimensions: int) -> tuple[int, ...]:
    """Return axes, all by default, counted from the last one."""
    own = range(dimensions) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    return tuple(int(one) % dimensions - dimensions for one in own)


def _total(a: Any, b: Any, axis: Any) -> Any:
    """Return the logarithm of a weighted sum of exponentials, where there may be nothing to sum."""
    without = np.asarray(plain(b)) == 0
    top = np.max(np.where(without, -np.inf, plain(a)), axis=axis, keepdims=True)
    top = np.where(np.isfinite(top), top, 0.0)
    with np.errstate(all="ignore"):  # as in SciPy
        shares = np.where(without, 0.0, np.exp(a - top))
        return np.log(np.sum(b * shares, axis=axis, keepdims=True)) + top


def _logsumexp(
    recorder: Recorder, a: Any, axis: Any = None, b: Any = None, keepdims: bool = False,
    return_sign: bool = False,
) -> Any:  # fmt: skip
    if return_sign or not np.ndim(a):
        return NotImplemented

    def compute(own: Array) -> Any:
        return special().logsumexp(own, axis=axis, keepdims=keepdims)

    if b is not None or np.isneginf(compute(plain(a))).any():
        total = _total(a, 1.0 if b is None else b, axis)
        return total if keepdims else np.squeeze(total, _axes(axis, np.ndim(total)))
    told = {"axis": _axes(axis, np.ndim(a)), "keepdims": keepdims}
    written = form("logsumexp(a, axis=axis, keepdims=keepdims)", told)
    return recorder.result("logsumexp", compute, [a], compute(plain(a)), written)


def _shares(name: str) -> Callable[..., Any]:
    def call(recorder: Recorder, x: Any, axis: Any = None) -> Any:
        def compute(own: Array) -> Any:
            return getattr(special(), name)(own, axis=axis)

        if not np.ndim(x):
            return NotImplemented
        written = form(f"{name}(a, axis=axis)", {"axis": _axes(axis, np.ndim(x))})
        return recorder.result(name, compute, [x], compute(plain(x)), written)

    return call


def _polygamma(recorder: Recorder, n: Any, x: Any) -> Any:
    def compute(own: Array) -> Any:
        return special().polygamma(plain(n), own)

    back = _back(lambda own: special().polygamma(plain(n) + 1, own))
    return recorder.result("polygamma", compute, [x], compute(plain(x)), None, elementwise=True,
                           back=back)  # fmt: skip


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "special.logsumexp": _logsumexp,
    "special.softmax": _shares("softmax"),
    "special.log_softmax": _shares("log_softmax"),
    "special.polygamma": _polygamma,
}
"""SciPy's name -> a function of the recorder and the named arguments, or NotImplemented."""
