"""A padded average and a leaky ramp: elements scaled in place, a border cut off."""

import numpy as np


def padded(x, border):
    return np.pad(x, ((0, 0), (border[0], border[0]), (border[1], border[1])))


def forward(x, slope, border):
    wide = padded(np.where(x > 0, x, slope * x), border)
    out = np.zeros_like(x)
    for i in range(3):
        for j in range(3):
            out += (i + 2 * j + 1) * wide[:, i : i + x.shape[1], j : j + x.shape[2]]
    return out


def backward(dout, x, slope, border):
    _, h, w = x.shape
    wide = np.zeros_like(padded(x, border))
    for i in range(3):
        for j in range(3):
            wide[:, i : i + h, j : j + w] += (i + 2 * j + 1) * dout
    dx = wide[:, border[0] : border[0] + h, border[1] : border[1] + w]
    dx[x < 0] *= slope
    return dx


rng = np.random.default_rng(3)
_TARGET = rng.normal(size=(2, 5, 4))


def case(x=rng.normal(size=(2, 5, 4))):
    out = forward(x, 0.3, (1, 1))
    return np.sum((out - _TARGET) ** 2) / 2, {"x": backward(out - _TARGET, x, 0.3, (1, 1))}


MISTAKES = [
    ("dx[x < 0] *= slope", "dx[x < 0] = slope", "x"),
    ("border[0] : border[0] + h", "0:h", "x"),
]
