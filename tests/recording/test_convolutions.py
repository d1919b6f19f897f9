"""Convolutions and correlations: the values of the libraries, and what flows back."""

import numpy as np
import pytest
from scipy import signal

import gradtui
from findings import line_of, only
from recorded_gradients import assert_known, gradient

A = np.random.default_rng(3).normal(size=(5, 4))
KERNELS = [A[:2, 1:4], A[1:4, :2], A[:3, :3]]
SCIPY = ("convolve", "convolve2d", "fftconvolve", "correlate", "correlate2d")
LINES = {
    f"{name} {mode}": lambda a, name=name, mode=mode: getattr(np, name)(a[:, 0], a[:3, 1], mode)
    for name in ("convolve", "correlate") for mode in ("full", "same", "valid")
}  # fmt: skip
OTHERS = {
    "a longer kernel": lambda a: np.convolve(a[:2, 0], a[:, 1]),
    "a plain array": lambda a: signal.convolve2d(A, a[:2, :2], "valid"),
    "default options": lambda a: signal.convolve2d(a, A[:2, :2], boundary="fill", fillvalue=0),
}


def test_a_gradient_is_the_one_worked_out_by_hand():
    """(1, 2) slides over (a, b, c): a + 2b, b + 2c."""
    found = gradient(lambda a: np.correlate(a, [1.0, 2.0])[0], np.ones(3))
    assert found.tolist() == [1, 2, 0]


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("mode", ["full", "same", "valid"])
@pytest.mark.parametrize("name", SCIPY)
def test_a_function_of_scipys_is_known(name, mode, kernel):
    assert_known(lambda a: getattr(signal, name)(a, kernel * a[0, 0], mode), A)


@pytest.mark.parametrize("name", [*LINES, *OTHERS])
def test_a_function_is_known(name):
    assert_known({**LINES, **OTHERS}[name], A)


def test_a_boundary_that_wraps_comes_from_differences():
    found = gradient(lambda a: signal.convolve2d(a, A[:1, :1], boundary="wrap").sum(), A)
    np.testing.assert_allclose(found, np.full(A.shape, A[0, 0]), rtol=1e-8)


def layer(x, k, t):
    """A layer whose backward pass forgets to turn the kernel around."""
    y = signal.correlate2d(x, k, "valid")
    dy = y - t
    dk = signal.correlate2d(x, dy, "valid")
    dx = signal.correlate2d(dy, k, "full")
    return 0.5 * np.sum(dy**2), {"x": dx, "k": dk}


def test_a_kernel_that_is_not_turned_around_is_named():
    finding = only(gradtui.check(layer, x=A, k=A[:2, :3], t=np.ones((4, 2))))
    assert finding.line == line_of(layer, 5)
    assert finding.fix == 'dx = signal.convolve2d(dy, k, "full")'
