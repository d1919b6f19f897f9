"""Options that a call of the backward half is not given, or is given wrong."""

import numpy as np
import pytest

from planted import Planted, repaired

RNG = np.random.default_rng(12)
ARRAYS = {"x": RNG.normal(size=(3, 3)), "w": RNG.normal(size=(3, 3))}


def times(a, b, turn_a=False, turn_b=False):
    return (a.T if turn_a else a) @ (b.T if turn_b else b)


def product(x, w):
    y = times(x, w)
    g = 2 * y
    dx = times(g, w, turn_b=True)
    dw = times(x, g, turn_a=True)
    return np.sum(y**2), dx, dw


def spread(x, w):
    loss = np.sum(np.std(x * w, axis=0, ddof=1) ** 3)
    z = x * w
    s = np.std(z, axis=0, ddof=1)
    dz = 3 * s * (z - z.mean(axis=0)) / (len(z) - 1)
    return loss, dz * w, dz * x


def penalty(w, eps=1e-8):
    return np.sum(np.sqrt(w**2 + eps))


def of_penalty(w, eps=1e-8):
    return w / np.sqrt(w**2 + eps)


def penalised(x, w):
    eps = 0.3
    loss = np.sum(x * w) ** 2 + penalty(w, eps)
    dw = of_penalty(w, eps=eps)
    dw += 2 * np.sum(x * w) * x
    return loss, 2 * np.sum(x * w) * w, dw


def raised(w, power):
    return power * w ** (power - 1)


def powers(w):
    loss, dw = np.sum(w**2), np.zeros_like(w)
    for power in (2, 3):
        loss = loss + np.sum(w**power)
        dw += raised(w, power=power)
    return loss, dw + 2 * w


def spectrum(x):
    return np.fft.fftn(x, axes=(-1,), norm="ortho")


def adjoint(z):
    return np.fft.ifftn(z, norm="ortho", axes=(-1,))


def filtered(x, w):
    z = spectrum(x)
    p = np.abs(z) ** 2
    loss = np.sum(w * p**2)
    dz = 4 * w * p * z
    return loss, np.real(adjoint(dz)), p**2


MISTAKES = [
    (
        filtered,
        'return np.fft.ifftn(z, norm="ortho", axes=(-1,))',
        'return np.fft.ifftn(z, norm="ortho")',
    ),
    (powers, "dw += raised(w, power=power)", "dw += raised(w, power=2)"),
    (product, "dx = times(g, w, turn_b=True)", "dx = times(g, w, turn_a=True)"),
    (spread, "s = np.std(z, axis=0, ddof=1)", "s = np.std(z, axis=0)"),
    (penalised, "dw = of_penalty(w, eps=eps)", "dw = of_penalty(w)"),
]


@pytest.mark.parametrize(("function", "right", "mistaken"), MISTAKES)
def test_an_option_is_passed_on(function, right, mistaken, tmp_path):
    planted = Planted(__file__, tmp_path, ARRAYS)
    wrong = planted.wrong(right, mistaken)

    (found,) = planted.errors(wrong, function.__name__)

    assert (found.line, found.fix) == (planted.line(right), right)
    assert planted.errors(repaired(wrong, found), function.__name__) == []
