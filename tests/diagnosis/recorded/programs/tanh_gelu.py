"""An activation with constants, of which one in the slope is made of others; axes in an order."""

import numpy as np


def gelu(x):
    return 0.5 * x * (1.0 + np.tanh(0.79788456 * x * (1 + 0.044715 * x * x)))


def gelu_slope(x):
    t = np.tanh(0.79788456 * x * (1 + 0.044715 * x * x))
    return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * (0.79788456 + 0.1070322243 * x * x)


rng = np.random.default_rng(8)
_TARGET = rng.normal(size=(3, 4, 4))


def case(x=rng.normal(size=(3, 4, 4)), W=rng.normal(size=(3, 4, 4))):
    h = gelu(x) @ W
    dh = h - _TARGET
    W_t = W.transpose(0, 2, 1)
    dx = np.zeros_like(x)
    for n in range(3):
        dx[n] = dh[n] @ W_t[n] * gelu_slope(x[n])
    dW = np.stack([gelu(x[n]).T @ dh[n] for n in range(3)])
    return 0.5 * np.sum((h - _TARGET) ** 2), {"x": dx, "W": dW}


MISTAKES = [
    ("0.1070322243", "0.044715", "x"),
    ("W.transpose(0, 2, 1)", "W.transpose(0, 1, 2)", "x"),
]
