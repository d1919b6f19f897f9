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
    "default options": lambda a: signal.convolve2d(a, A[:2, :2], "same", "fill", 0),
    "arguments by name": lambda a: signal.correlate(mode="valid", in2=a[:2, :2], in1=a),
    "a list": lambda a: np.convolve([a[0, 0], a[1, 1]], [1, 2.0, 3]),
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


@pytest.mark.parametrize("boundary", ["wrap", "symm"])
def test_another_boundary_comes_from_differences(boundary):
    kernel = A[:2, :1]
    found = gradient(lambda a: signal.convolve2d(a, kernel, "same", boundary)[2, 0], A)
    expected = np.zeros_like(A)
    expected[1:3, :1] = kernel[::-1]
    np.testing.assert_allclose(found, expected, atol=1e-8)


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
