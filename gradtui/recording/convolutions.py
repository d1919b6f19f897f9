"""Convolutions and correlations of NumPy and SciPy: windows of the padded array times a kernel."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from gradtui.recording.array import Recorded, plain
from gradtui.recording.recorder import Recorder


def _correlation(recorder: Recorder, a: Any, kernel: Any, around: Sequence[tuple[int, int]]) -> Any:
    """Return the sums of products at each place of a kernel, with so many zeros `around` `a`."""
    padded = np.pad(a, around)
    windows = sliding_window_view(plain(padded), np.shape(kernel))
    own = recorder.view(windows, padded) if isinstance(padded, Recorded) else windows
    return np.tensordot(own, kernel, np.ndim(kernel))


def _places(mode: str, size: int, *, early: bool) -> tuple[int, int]:
    """Return the zeros before and after an axis, for a kernel of that size along it."""
    spare = size - 1
    before = {"full": spare, "same": spare // 2 if early else spare - spare // 2, "valid": 0}[mode]
    return before, before if mode != "same" else spare - before


def _convolving(
    *, flipped: bool, mode: str = "full", early: bool = False, swaps: bool = False
) -> Callable[..., Any]:
    """Return a convolution, with a `flipped` kernel, or a correlation.

    By default it has a `mode`; one of the same size may begin `early`, if the kernel has no middle;
    NumPy's convolution `swaps` its arguments if the second one is longer.
    """
    default = mode

    def call(recorder: Recorder, a: Any, v: Any, mode: str = default, **options: Any) -> Any:
        a, kernel = (v, a) if swaps and np.size(v) > np.size(a) else (a, v)
        sizes, wide = np.shape(a), np.shape(kernel)
        fits = len(sizes) == len(wide) > 0 and all(sizes) and all(wide)
        fits = fits and np.result_type(*map(np.asarray, plain((a, kernel)))).kind == "f"
        fits = fits and (mode == "full" or all(np.less_equal(wide, sizes)))
        told = {name: value for name, value in options.items() if _DEFAULTS.get(name, 1) != value}
        if told or not fits or mode not in ("full", "same", "valid"):
            return NotImplemented
        around = [_places(mode, size, early=early) for size in wide]
        return _correlation(recorder, a, np.flip(kernel) if flipped else kernel, around)

    return call


def _signal(rule: Callable[..., Any]) -> Callable[..., Any]:
    """Return a rule for the names that SciPy has for the arguments."""

    def call(recorder: Recorder, in1: Any, in2: Any, method: str = "auto", **options: Any) -> Any:
        return rule(recorder, in1, in2, **options)

    return call


_DEFAULTS = {"boundary": "fill", "fillvalue": 0, "axes": None}
_CONVOLVE = _signal(_convolving(flipped=True))
SIGNALS: Mapping[str, Callable[..., Any]] = {
    "signal.convolve": _CONVOLVE,
    "signal.convolve2d": _CONVOLVE,
    "signal.fftconvolve": _CONVOLVE,
    "signal.correlate": _signal(_convolving(flipped=False)),
    "signal.correlate2d": _signal(_convolving(flipped=False, early=True)),
}
"""SciPy's name -> a function of the recorder and the named arguments, or NotImplemented."""
CONVOLUTIONS: Mapping[str, Callable[..., Any]] = {
    "convolve": _convolving(flipped=True, swaps=True),
    "correlate": _convolving(flipped=False, mode="valid"),
}
"""NumPy's name -> the same."""
