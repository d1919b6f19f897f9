"""A convolution of 3x3 by loops over an array of 4x3x8x8."""

import numpy as np

rng = np.random.default_rng(0)
x0 = rng.normal(size=(4, 3, 8, 8))
w0, b0 = 0.3 * rng.normal(size=(2, 3, 3, 3)), 0.1 * rng.normal(size=2)
t = rng.normal(size=(4, 2, 8, 8))


def conv_forward(x, w, b):
    N, _, H, W = x.shape
    F, _, HH, WW = w.shape
    xp = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    out = np.zeros((N, F, H, W))
    for n in range(N):
        for f in range(F):
            for i in range(H):
                for j in range(W):
                    out[n, f, i, j] = np.sum(xp[n, :, i : i + HH, j : j + WW] * w[f]) + b[f]
    return out, (x, w, b, xp)


def conv_backward(dout, cache):
    x, w, b, xp = cache
    N, _, H, W = x.shape
    F, _, HH, WW = w.shape
    dxp = np.zeros_like(xp)
    dw = np.zeros_like(w)
    db = np.zeros_like(b)
    for n in range(N):
        for f in range(F):
            for i in range(H):
                for j in range(W):
                    db[f] += dout[n, f, i, j]
                    dw[f] += xp[n, :, i : i + HH, j : j + WW] * dout[n, f, i, j]
                    dxp[n, :, i : i + HH, j : j + WW] += w[f] * dout[n, f, i, j]
    dx = dxp[:, :, 1:-1, 1:-1]
    return dx, dw, db


def case(x=x0, w=w0, b=b0):
    out, cache = conv_forward(x, w, b)
    loss = 0.5 * np.sum((out - t) ** 2)
    dout = out - t
    dx, dw, db = conv_backward(dout, cache)
    return loss, {"x": dx, "w": dw, "b": db}
