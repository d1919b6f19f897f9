"""An LSTM over 10 steps."""

import numpy as np

rng = np.random.default_rng(0)
N, T, D, H = 3, 10, 5, 6
x_0 = rng.normal(size=(N, T, D))
h0_0 = rng.normal(size=(N, H))
Wx_0, Wh_0, b_0 = (
    0.4 * rng.normal(size=(D, 4 * H)),
    0.4 * rng.normal(size=(H, 4 * H)),
    0.1 * rng.normal(size=4 * H),
)
target = rng.normal(size=(N, T, H))


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def lstm_step_forward(x, prev_h, prev_c, Wx, Wh, b):
    H = prev_h.shape[1]
    a = x.dot(Wx) + prev_h.dot(Wh) + b
    i, f = sigmoid(a[:, :H]), sigmoid(a[:, H : 2 * H])
    o, g = sigmoid(a[:, 2 * H : 3 * H]), np.tanh(a[:, 3 * H :])
    next_c = f * prev_c + i * g
    next_h = o * np.tanh(next_c)
    return next_h, next_c, (x, prev_h, prev_c, Wx, Wh, i, f, o, g, next_c)


def lstm_step_backward(dnext_h, dnext_c, cache):
    x, prev_h, prev_c, Wx, Wh, i, f, o, g, next_c = cache
    tc = np.tanh(next_c)
    do = dnext_h * tc
    dc = dnext_c + dnext_h * o * (1 - tc**2)
    df = dc * prev_c
    di = dc * g
    dg = dc * i
    dprev_c = dc * f
    da = np.hstack((di * i * (1 - i), df * f * (1 - f), do * o * (1 - o), dg * (1 - g**2)))
    dx = da.dot(Wx.T)
    dprev_h = da.dot(Wh.T)
    dWx = x.T.dot(da)
    dWh = prev_h.T.dot(da)
    db = da.sum(axis=0)
    return dx, dprev_h, dprev_c, dWx, dWh, db


def lstm_forward(x, h0, Wx, Wh, b):
    T = x.shape[1]
    h, c, hs, caches = h0, np.zeros_like(h0), [], []
    for t in range(T):
        h, c, cache = lstm_step_forward(x[:, t], h, c, Wx, Wh, b)
        hs.append(h)
        caches.append(cache)
    return np.stack(hs, axis=1), caches


def lstm_backward(dhs, caches, D):
    N, T, H = dhs.shape
    dx = np.zeros((N, T, D))
    dWx, dWh, db = np.zeros((D, 4 * H)), np.zeros((H, 4 * H)), np.zeros(4 * H)
    dh, dc = np.zeros((N, H)), np.zeros((N, H))
    for t in reversed(range(T)):
        dx[:, t], dh, dc, dWx_t, dWh_t, db_t = lstm_step_backward(dhs[:, t] + dh, dc, caches[t])
        dWx += dWx_t
        dWh += dWh_t
        db += db_t
    return dx, dh, dWx, dWh, db


def case(x=x_0, h0=h0_0, Wx=Wx_0, Wh=Wh_0, b=b_0):
    hs, caches = lstm_forward(x, h0, Wx, Wh, b)
    loss = 0.5 * np.sum((hs - target) ** 2)
    dx, dh0, dWx, dWh, db = lstm_backward(hs - target, caches, x.shape[2])
    return loss, {"x": dx, "h0": dh0, "Wx": dWx, "Wh": dWh, "b": db}
