"""SciPy's distributions, whose densities and probabilities record their calls.

Those of normal distributions are composed of functions that are known; others are opaque.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from types import MappingProxyType
from typing import Any

import numpy as np

from gradtui.recording.array import plain, recorder_of
from gradtui.recording.listed import listed
from gradtui.recording.opaque import opaque
from gradtui.recording.recorder import Recorder
from gradtui.recording.special import special

_ROOT = math.sqrt(2 * math.pi)
_NOTHING: Mapping[str, Any] = MappingProxyType({})


_NORMAL: Mapping[str, Callable[[Any, Any], Any]] = {
    "pdf": lambda z, scale: np.exp(-z * z / 2) / _ROOT / scale,
    "logpdf": lambda z, scale: -z * z / 2 - math.log(_ROOT) - np.log(scale),
    "cdf": lambda z, scale: special().ndtr(z),
    "logcdf": lambda z, scale: special().log_ndtr(z),
    "sf": lambda z, scale: special().ndtr(-z),
    "logsf": lambda z, scale: special().log_ndtr(-z),
}
"""Function of the normal distribution -> the same of the standardised argument and the scale."""


_DENSITIES = ("pdf", "logpdf")


def _normal(name: str, x: Any, loc: Any = 0, scale: Any = 1) -> Any:
    x, loc, scale = listed(x), listed(loc), listed(scale)
    return _NORMAL[name](np.subtract(x, loc, dtype=np.float64) / scale, scale)


def _multivariate(
    log: bool, x: Any, mean: Any = None, cov: Any = 1, allow_singular: bool = False
) -> Any:
    """Return the density of the multivariate normal distribution, or its logarithm.

    Its covariance is read as SciPy reads it: of a matrix, the lower triangle tells all.  Raises
    LinAlgError for one that is singular: SciPy's density is that of its subspace, or none.
    """
    x, cov = listed(x) * 1.0, listed(cov) * 1.0
    size = max(np.size(mean) if mean is not None else 1, np.shape(cov)[-1] if np.ndim(cov) else 1)
    if np.ndim(cov) < 2:
        cov = cov * np.eye(size)
    matrix = np.tril(cov) + np.tril(cov, -1).T
    x = x[..., np.newaxis] if np.ndim(x) == 0 or (size == 1 and np.ndim(x) == 1) else x
    apart = x if mean is None else x - listed(mean)
    flat = np.reshape(apart, (-1, size))
    squares = np.sum(flat * np.linalg.solve(matrix, flat.T).T, axis=1)
    told = -(squares + np.linalg.slogdet(matrix)[1]) / 2 - size * math.log(_ROOT)
    told = np.squeeze(np.reshape(told, np.shape(apart)[:-1]))
    return told if log else np.exp(told)


class Distribution:
    """One of SciPy's distributions, with the parameters that it has been given."""

    def __init__(
        self, recorder: Recorder, own: Any, args: Sequence[Any] = (),
        options: Mapping[str, Any] = _NOTHING,
    ) -> None:  # fmt: skip
        self._recorder, self._own, self._args, self._options = recorder, own, args, options

    def __call__(self, *args: Any, **options: Any) -> Distribution:
        """Return the distribution with these parameters."""
        return Distribution(self._recorder, self._own, args, options)

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._own, name, None)
        if found is None:  # what a distribution has once it has its parameters
            found = getattr(self._own(*plain(self._args), **plain(self._options)), name)
        return self._recorded(name, found) if callable(found) else found

    def _recorded(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **options: Any) -> Any:
            args, options = (*args, *self._args), {**self._options, **options}
            if name == "rvs":  # another run must draw, too
                return self._recorder.constant(function(*plain(args), **plain(options)))
            if recorder_of((args, options)) is None:
                return function(*plain(args), **plain(options))
            if getattr(self._own, "name", None) == "norm" and name in _NORMAL:
                return _normal(name, *args, **options)
            if type(self._own).__name__ == "multivariate_normal_gen" and name in _DENSITIES:
                value = function(*plain(args), **plain(options))
                with suppress(np.linalg.LinAlgError):
                    composed = _multivariate(name == "logpdf", *args, **options)
                    if np.allclose(plain(composed), value, equal_nan=True):
                        return composed
            return opaque(self._recorder, f"scipy.{name}", function, args, options,
                          pointwise=_has_single_numbers(self._own))  # fmt: skip

        return call


def is_distribution(value: Any) -> bool:
    """Return whether a value is one of SciPy's distributions, with or without its parameters.

    One of a class of the user's is one, too.
    """
    kinds = [kind.__module__ for kind in type(value).__mro__]
    return any(kind.startswith("scipy.stats") for kind in kinds) and hasattr(value, "rvs")


def _has_single_numbers(distribution: Any) -> bool:
    """Return whether a distribution is that of single numbers, so that its functions are, too."""
    kinds = {one.__name__ for one in type(distribution).__mro__}
    return not kinds.isdisjoint(("rv_generic", "rv_frozen"))
