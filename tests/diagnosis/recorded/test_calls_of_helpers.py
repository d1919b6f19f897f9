"""A call is named, not the helper that it calls, which is right in its other calls."""

import numpy as np
import pytest

from planted import Planted, repaired

RNG = np.random.default_rng(47)
ARRAYS = {
    "W": RNG.normal(size=(3, 4, 4)) * 0.6,
    "v": RNG.normal(size=(2, 4)),
    "u": RNG.normal(size=(2, 4)),
    "p": RNG.normal(size=(2, 4)),
}
X, GOAL = RNG.normal(size=(5, 4)), RNG.normal(size=(5, 4))


class Ops:
    def zeros(self, *shape):
        return np.zeros(shape)

    def times(self, a, b, out):
        out[:] = a * b

    def add_times(self, a, b, out):
        out[:] += a * b

    def product(self, a, b, out):
        out[:] += a @ b

    def tanh(self, a, out):
        np.tanh(a, out)

    def tanh_slope(self, y, dy, out):
        out[:] = dy * (1 - y * y)


def rows(a):
    return a.reshape(-1, a.shape[-1])


def unrolled(W, v):
    ops, T = Ops(), len(X)
    a, h, z, g, y = (ops.zeros(T + 1, 4) for _ in range(5))
    dh, dz, da, dg, dy = (ops.zeros(T + 1, 4) for _ in range(5))
    dW, dv = np.zeros(W.shape), np.zeros(v.shape)
    for t in range(T):
        ops.product(X[t], W[0], a[t])
        ops.product(h[t - 1], W[1], a[t])
        ops.tanh(a[t], z[t])
        ops.times(z[t], v[0], g[t])
        ops.add_times(h[t - 1], v[1], g[t])
        ops.tanh(g[t], h[t])
        ops.product(h[t], W[2], y[t])
    apart = y[:T] - GOAL
    dy[:T] = 2 * apart
    for t in range(T - 1, -1, -1):
        ops.product(dy[t], W[2].T, dh[t])
        ops.product(da[t + 1], W[1].T, dh[t])
        ops.add_times(dg[t + 1], v[1], dh[t])
        ops.tanh_slope(h[t], dh[t], dg[t])
        ops.times(dg[t], v[0], dz[t])
        ops.tanh_slope(z[t], dz[t], da[t])
        ops.add_times(dg[t], z[t], dv[0])
        ops.add_times(dg[t], h[t - 1], dv[1])
    inputs, all_da, all_dy = rows(X), rows(da[:-1]), rows(dy[:-1])
    ops.product(inputs.T, all_da, dW[0])
    later_da = rows(da[1:-1])
    before = rows(h[:-2])
    ops.product(before.T, later_da, dW[1])
    all_h = rows(h[:-1])
    ops.product(all_h.T, all_dy, dW[2])
    return np.sum(apart**2), {"W": dW, "v": dv}


def affine(x, w):
    return x @ w, (x, w)


def affine_back(dout, cache):
    x, w = cache
    dx = dout @ w.T
    dw = x.T @ dout
    return dx, dw


def of_two(first, last):
    grads = {}
    h, kept = affine(X, first)
    y, kept_later = affine(np.tanh(h), last)
    loss = np.sum((y - GOAL) ** 2) / 2 + 0.15 * (np.sum(first**2) + np.sum(last**2))
    dx, dw = affine_back(y - GOAL, kept_later)
    grads["last"] = dw + 0.3 * last
    dx, dw = affine_back(dx * (1 - np.tanh(h) ** 2), kept)
    grads["first"] = dw + 0.3 * first
    return loss, grads


def gated(u, p):
    ops, T = Ops(), len(X)
    pf, po = p
    f, c, o, y = (ops.zeros(T + 1, 4) for _ in range(4))
    dc, df, do, dy, ds = (ops.zeros(T + 1, 4) for _ in range(5))
    du, dp = np.zeros(u.shape), np.zeros(p.shape)
    for t in range(T):
        ops.times(X[t], u[0], f[t])
        ops.add_times(c[t - 1], pf, f[t])
        f[t] = np.tanh(f[t])
        c[t] = f[t] + 0.5 * c[t - 1]
        ops.times(X[t], u[1], o[t])
        ops.add_times(c[t], po, o[t])
        o[t] = np.tanh(o[t])
        ops.times(o[t], c[t], y[t])
    apart = y[:T] - GOAL
    dy[:T] = 2 * apart
    for t in range(T - 1, -1, -1):
        ops.times(dy[t], o[t], dc[t])
        dc[t] += 0.5 * dc[t + 1]
        ops.add_times(df[t + 1], pf, dc[t])
        ops.times(dy[t], c[t], ds[t])
        ops.tanh_slope(o[t], ds[t], do[t])
        ops.add_times(do[t], po, dc[t])
        ops.tanh_slope(f[t], dc[t], df[t])
        ops.add_times(df[t], X[t], du[0])
        ops.add_times(do[t], X[t], du[1])
        ops.add_times(df[t], c[t - 1], dp[0])
        ops.add_times(do[t], c[t], dp[1])
    return np.sum(apart**2), {"u": du, "p": dp}


def shifted_back(dout, x):
    return x.T @ dout, dout.sum(axis=0)


def shifted(first, shift):
    o = X @ first + shift
    return 0.5 * np.sum((o - GOAL) ** 2), shifted_back(o - GOAL, X)


def largest_back(dout, x):
    dx = np.zeros_like(x)
    for j in range(2):
        part = x[:, 2 * j : 2 * j + 2]
        dx[:, 2 * j : 2 * j + 2] += (part == part.max(1, keepdims=True)) * dout[:, j : j + 1]
    return dx


def largest(first):
    o, goal = np.stack([first[:, :2].max(1), first[:, 2:].max(1)], axis=1), GOAL[:4, :2]
    return 0.5 * np.sum((o - goal) ** 2), largest_back(o - goal, first)


MISTAKES = [
    ("ops.add_times(dg[t], h[t - 1], dv[1])", "ops.add_times(dg[t], h[t], dv[1])"),
    ("ops.times(dg[t], v[0], dz[t])", "ops.times(dg[t], v[1], dz[t])"),
    ("ops.tanh_slope(z[t], dz[t], da[t])", "ops.tanh_slope(a[t], dz[t], da[t])"),
    ("later_da = rows(da[1:-1])", "later_da = rows(da[:-2])"),
    ("ops.product(all_h.T, all_dy, dW[2])", "ops.product(inputs.T, all_dy, dW[2])"),
]


def test_a_call_like_one_of_another_round_is_missing(tmp_path):
    planted = Planted(__file__, tmp_path, ARRAYS)
    line = "        ops.add_times(do[t], po, dc[t])\n"
    at, wrong = planted.line(line), planted.wrong(line, "")

    (found,) = planted.errors(wrong, "gated")

    assert found.line == at
    assert planted.errors(repaired(wrong, found), "gated") == []
    assert planted.errors(planted.wrong("", ""), "gated") == []


@pytest.mark.parametrize(("old", "new"), MISTAKES)
def test_the_line_is_named_and_its_fix_makes_the_program_right(old, new, tmp_path):
    planted = Planted(__file__, tmp_path, ARRAYS)
    at, wrong = planted.line(old), planted.wrong(old, new)

    (found,) = planted.errors(wrong, "unrolled")

    assert found.replaces == (at, at)
    assert planted.errors(repaired(wrong, found), "unrolled") == []


def test_a_term_of_one_gradient_is_missing_where_it_is_stored_not_in_the_helper(tmp_path):
    planted = Planted(__file__, tmp_path, {"first": ARRAYS["W"][0], "last": ARRAYS["W"][1]})
    old = 'grads["first"] = dw + 0.3 * first'
    at, wrong = planted.line(old), planted.wrong(old, 'grads["first"] = dw')

    (found,) = planted.errors(wrong, "of_two")

    assert found.replaces == (at, at)
    assert planted.errors(repaired(wrong, found), "of_two") == []


@pytest.mark.parametrize(("name", "right"), [("shifted", "o - GOAL"), ("largest", "o - goal")])
def test_an_output_is_handed_over_without_its_target(name, right, tmp_path):
    arrays = {"first": ARRAYS["W"][0], "shift": ARRAYS["v"][0]}
    planted, call = Planted(__file__, tmp_path, arrays), f"{name}_back({right}"
    wrong = planted.wrong(call, f"{name}_back(o")

    (found,) = planted.errors(wrong, name)

    assert found.replaces == (planted.line(call),) * 2
    assert repaired(wrong, found) == planted.wrong("", "")


def test_the_sound_program_is_right(tmp_path):
    planted = Planted(__file__, tmp_path, ARRAYS)
    assert planted.errors(planted.wrong("", ""), "unrolled") == []
