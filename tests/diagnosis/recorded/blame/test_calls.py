"""A call that a line which only renames lacks, or that is one too many."""

import numpy as np
import pytest

from planted import Planted

ARRAYS = {"w": np.random.default_rng(5).normal(size=5), "x": np.linspace(1, 2, 5)}


def offset(w, x):
    loss = np.sum(x * (np.exp(w) - w))
    side = np.expm1(w)
    dw = x * side
    return loss, {"w": dw}


def swish(z):
    return z / (1 + np.exp(-z))


def slope_of_swish(z):
    s = 1 / (1 + np.exp(-z))
    return s * (1 + z * (1 - s))


class Layer:
    def forward(self, z):
        self.kept = z
        return swish(z)

    def backward(self, dout):
        return dout * slope_of_swish(self.kept)


def layered(w, x):
    layer = Layer()
    loss = np.sum(x * layer.forward(w))
    return loss, {"w": layer.backward(x)}


def gathered(w, x):
    rows = np.array([0, 2, 2, 4])
    loss = np.sum(np.sin(w)) - np.sum(np.sin(w[rows]) * x[rows] ** 2)
    dw = np.cos(w)
    np.subtract.at(
        dw,
        rows,
        np.cos(w[rows]) * x[rows] ** 2,
    )
    return loss, {"w": dw}


def waves(w, x):
    z = np.exp(1j * w) * x
    f = np.sum(z)
    loss = np.abs(f) ** 2
    dz = 2 * f * np.conj(1j * z)
    return loss, {"w": np.real(dz)}


def noisy(w, x):
    K = np.exp(-((x[:, None] - x) ** 2)) + np.exp(w[0]) * np.eye(len(x))
    inverse = np.linalg.inv(K)
    loss = x @ inverse @ x
    by_K = -np.outer(inverse @ x, inverse @ x)
    dw = np.zeros_like(w)
    dw[0] = np.exp(w[0]) * np.trace(by_K)
    return loss, {"w": dw}


def summed(w, x):
    kept = [np.sin(w), np.cos(w)]
    loss = np.sum(x * kept[0]) + np.sum(x * kept[1])
    parts = list(map(np.zeros_like, kept))
    for part, slope in zip(parts, (np.cos(w), -np.sin(w)), strict=True):
        for share in (0.25, 0.75):
            part += share * x * slope
    return loss, {"w": parts[0] + parts[1]}


def whole(w, x):
    rows = np.outer(x, np.cos(w)) / 5
    loss = np.sum(np.sin(w)) * x.sum() / 5
    dw = rows.sum(axis=0)
    return loss, {"w": dw}


MISTAKES = [
    (whole, "dw = rows.sum(axis=0)", "dw = rows.prod(axis=0)"),
    (noisy, "dw[0] = np.exp(w[0]) * np.trace(by_K)", "dw[0] = np.exp(w[0]) * np.ravel(by_K).sum()"),
    (summed, "parts = list(map(np.zeros_like, kept))", "parts = list(map(np.ones_like, kept))"),
    (waves, "dz = 2 * f * np.conj(1j * z)", "dz = 2 * f * np.imag(1j * z)"),
    (gathered, "np.subtract.at(", "np.add.at("),
    (offset, "side = np.expm1(w)", "side = w"),
    (layered, "self.kept = z", "self.kept = swish(z)"),
]


@pytest.mark.parametrize(("function", "right", "mistaken"), MISTAKES)
def test_the_call_that_is_forgotten_or_too_many_is_told(function, right, mistaken, tmp_path):
    planted = Planted(__file__, tmp_path, ARRAYS)

    (found,) = planted.errors(planted.wrong(right, mistaken), function.__name__)

    assert found.fix == right
