"""Mistakes of all kinds in code as people write it: the line and the fix that names the cause."""

import numpy as np
import pytest

import gradtui
from planted import Planted, repaired

RNG = np.random.default_rng(0)
X = RNG.normal(size=(3, 4))
U, V = RNG.normal(size=(4, 4)), RNG.normal(size=(4, 4)) * 0.5
M = RNG.normal(size=(4, 4))
KERNEL = RNG.normal(size=3)


def gated(U, V):
    h, z, r = {-1: np.zeros(4)}, {}, {}
    for t in range(3):
        z[t] = 1 / (1 + np.exp(-(U @ X[t] + V @ h[t - 1])))
        r[t] = np.tanh(U @ X[t] - V @ h[t - 1])
        h[t] = z[t] * r[t]
    dU, dV, dhnext = np.zeros_like(U), np.zeros_like(V), np.zeros(4)
    for t in reversed(range(3)):
        dh = 2 * h[t] + dhnext
        dz = dh * r[t] * z[t] * (1 - z[t])
        dr = dh * z[t] * (1 - r[t] ** 2)
        dU += np.outer(dz + dr, X[t])
        dV += np.outer(dz - dr, h[t - 1])
        by_z = V.T @ dz
        by_r = -(V.T @ dr)
        dhnext = by_z + by_r
    return sum(np.sum(h[t] ** 2) for t in range(3)), (dU, dV)


def in_windows(KERNEL):
    n = len(KERNEL)
    seen = np.stack([X[:, k : k + 2] * KERNEL[k] for k in range(n)])
    d = np.zeros(n)
    for k in range(n):
        d[k] = np.sum(X[:, k : k + 2] * 2 * seen.sum(axis=0))
    return np.sum(seen.sum(axis=0) ** 2), d


def by_a_matrix_of_the_module(U):
    y = X @ U @ M
    return np.sum(y**2), X.T @ (2 * y @ M.T)


def in_blocks(U):
    total, d = 0.0, np.zeros_like(U)
    for start, size in ((0, 1), (1, 3)):
        mean = U[start : start + size].mean(axis=0)
        total += np.sum(mean**3)
        d[start : start + size] = 3 * mean**2 / size
    return total, d


def summed(x):
    weights = np.exp(x)
    return weights.sum(), weights


def by_their_sums(U):
    total, d = 0.0, np.zeros_like(U)
    for k in range(len(U)):
        one, slopes = summed(U[k])
        total += np.log(one)
        d[k] = slopes / one
    return total, d


def signed(V):
    y = V.T @ X[0]
    signs = np.ones_like(y)
    signs[y < 0] = -1.0
    return np.sum(np.abs(y)), np.outer(X[0], signs)


def turned(a, b):
    rows = np.zeros((2, 2, 4))
    by_a, by_b, by_both = a * b, a + b, a * b**2
    rows[0, 0, :] = by_a
    rows[0, 1, :] = by_b
    rows[1, 0, :] = by_both
    rows[1, 1, :] = by_b
    return rows


def in_powers(V):
    total, d = 0.0, np.zeros_like(V)
    for k in range(1, 4):
        total += np.sum(M * V**k)
        d += k * M * V ** (k - 1)
    return total, d


def relative(KERNEL):
    size = np.sum(KERNEL) + 9
    share = np.sum(np.sin(KERNEL)) / size
    return share, (np.cos(KERNEL) - share) / size


def by_a_table(U):
    a, b = U[0], U[1]
    y = a**2 * b / 2 + (a * b) ** 2 / 2 + (a + b) ** 2 / 2
    d, rows = np.zeros_like(U), turned(a, b)
    d[0] = rows[0, 0] + rows[1, 0] + rows[0, 1]
    d[1] = a**2 / 2 + a**2 * b + rows[1, 1]
    return np.sum(y), d


def spread(U):
    rows = np.array([0, 1, 0])
    taken = U[:, rows]
    d = np.zeros_like(U)
    np.add.at(d, (slice(None), rows), 2 * taken)
    return np.sum(taken**2), d


def spread_by_columns(U):
    table, total = np.array([[0, 1], [1, 1], [0, 0]]), 0.0
    d = np.zeros_like(U)
    for t in range(2):
        taken = U[1:, table[:, t]]
        total += np.sum(taken**3)
        np.add.at(d, (slice(1, None), table[:, t]), 3 * taken**2)
    return total, d


class Tanh:
    def forward(self, x):
        self.out = np.tanh(x)
        return self.out

    def backward(self, d):
        return d * self.slope()

    def slope(self):
        return 1 - self.out**2


class Linear:
    def __init__(self, w):
        self.w = w

    def forward(self, x):
        self.x = x
        return x @ self.w

    def backward(self, d):
        self.dw = self.x.T @ d
        return d @ self.w.T


class Net:
    def __init__(self, U, V):
        self.first, self.bend, self.last, self.end = Linear(U), Tanh(), Linear(V), Tanh()

    def forward(self, x):
        return self.end.forward(self.last.forward(self.bend.forward(self.first.forward(x))))

    def backward(self, d):
        d = d * self.end.slope()
        d = self.last.backward(d)
        d = self.bend.backward(d)
        self.first.backward(d)


def layers(U, V):
    net = Net(U, V)
    y = net.forward(X)
    net.backward(2 * y)
    return np.sum(y**2), (net.first.dw, net.last.dw)


def of_plain_arrays_alone(U):
    assert type(U) is np.ndarray
    h = np.tanh(X @ U)
    return np.sum(h**2), X.T @ (2 * h * (1 - h**2))


class Chain:
    def __init__(self, V):
        self.V, self.at = V, 0
        self.out, self.error = np.zeros((4, 4)), np.zeros((4, 4))

    def forward(self, x):
        self.out[self.at] = np.tanh(x + self.V @ self.out[self.at - 1])

    def backward(self, d):
        self.error[self.at] = d * self.slope(self.out[self.at])
        if self.at < 2:
            self.error[self.at] += self.slope(self.out[self.at]) * (
                self.V.T @ self.error[self.at + 1]
            )

    def slope(self, x):
        return 1 - x**2

    def bend(self, x):
        return np.tanh(x)


def in_an_object(U, V):
    chain = Chain(V)
    for chain.at in range(3):
        chain.forward(U @ X[chain.at])
    dU = np.zeros_like(U)
    for chain.at in reversed(range(3)):
        chain.backward(2 * chain.out[chain.at])
        dU += np.outer(chain.error[chain.at], X[chain.at])
    return np.sum(chain.out**2), dU


def over_neighbours(U, V):
    a = M @ M.transpose()
    h = np.maximum(a @ U, 0)
    y = h @ V
    d = 2 * y
    dV = h.T @ d
    dh = d @ V.T * (h > 0)
    return np.sum(y**2), (a.T @ dh, dV)


def leaking(U):
    y, slope = X @ U, 0.1
    d = np.ones_like(y)
    d[y < 0] = slope
    return np.sum(np.where(y < 0, slope * y, y)), X.T @ d


def product_backward(d, x, y):
    return d * y, d * x


def bend(x, back=False):
    return 1 - np.tanh(x) ** 2 if back else np.tanh(x)


def of_products(U, V):
    y = U * V
    d = bend(y, back=True)
    return np.sum(bend(y)), product_backward(d, U, V)


def of_heads(U, V):
    q, k = (np.stack([X @ one, X @ one.T]) for one in (U, V))
    scores = q @ k.swapaxes(1, 2)
    dk = np.matmul((2 * scores).transpose(0, 2, 1), q)
    return np.sum(scores**2), {"V": X.T @ dk[0] + dk[1].T @ X}


def with_a_border(U):
    wide, power = np.hstack([U**2, np.ones((4, 1))]), 1.5
    y = (1 + wide) ** (-power)
    d = np.delete(-power * (1 + wide) ** (-power - 1), 4, 1)
    return np.sum(y), d * 2 * U


def apart(KERNEL):
    w = np.exp(-((KERNEL - KERNEL[:, None]) ** 2))
    d = -2 * (KERNEL - KERNEL[:, None]) * w
    return np.sum(w), d.sum(axis=0) - d.sum(axis=1)


RECTIFIED = {"on": (lambda x: np.maximum(x, 0)), "back": (lambda d, x: d * (x > 0))}


class Squashed:
    def __init__(self):
        self.on, self.back = np.tanh, None
        self.back = lambda d, y: d * (1 - y**2)


def by_lambdas(U, V):
    last = Squashed()
    z = X @ U
    h = RECTIFIED["on"](z)
    y = last.on(h @ V)
    d = last.back(2 * y, y)
    dz = RECTIFIED["back"](d @ V.T, z)
    return np.sum(y**2), (X.T @ dz, h.T @ d)


class Bent:
    def __init__(self):
        self.bend = bend

    def backward(self, d, x):
        return d * self.bend(x, back=True)


def by_a_held_function(U):
    y = X @ U
    return np.sum(bend(y) ** 2), X.T @ Bent().backward(2 * bend(y), y)


def of_images(U, V):
    y = np.stack([U @ V, U * V]).reshape(2, 2, 2, 4)
    seen = y.transpose(1, 2, 3, 0).reshape(2, -1)
    d = (2 * seen).reshape(2, 2, 4, 2).transpose(3, 0, 1, 2).reshape(2, 4, 4)
    return np.sum(seen**2), {"V": U.T @ d[0] + U * d[1]}


def centred(U):
    mean, std = U.mean(axis=0), U.std(axis=0)
    out = (U - mean) / std
    d = np.cos(out)
    along = np.mean(d * out, axis=0)
    return np.sum(np.sin(out)), (d - d.mean(axis=0) - out * along) / std


def with_a_penalty(U, V):
    n, h = len(X), np.tanh(X @ U)
    y = h @ V
    dy = 2 * y / n
    dh = dy @ V.T * (1 - np.square(h))
    loss = np.sum(y**2) / n + np.sum(V**2)
    return loss, (X.T @ dh, h.T @ dy + 2 * V)


MISTAKES = [
    (by_a_held_function, "self.bend(x, back=True)", "self.bend(x)"),
    (of_images, ".transpose(3, 0, 1, 2)", ".transpose(3, 1, 0, 2)"),
    (centred, " - out * along) / std", ") / std"),
    (with_a_penalty, "dy = 2 * y / n", "dy = 2 * y"),
    (with_a_penalty, "(1 - np.square(h))", "np.square(h)"),
    (by_lambdas, "d * (x > 0)", "d * x"),
    (by_lambdas, "d * (1 - y**2)", "d * y"),
    (in_an_object, "self.error[self.at + 1]", "self.error[self.at]"),
    (in_an_object, "d * self.slope(self.out[self.at])", "d * self.bend(self.out[self.at])"),
    (over_neighbours, "(a.T @ dh, dV)", "(dh, dV)"),
    (over_neighbours, "d @ V.T * (h > 0)", "d @ V.T * (1 - h**2)"),
    (leaking, "d[y < 0] = slope", "d[y < 0] = 0"),
    (of_products, "return d * y, d * x", "return d * x, d * y"),
    (of_products, "bend(y, back=True)", "bend(y)"),
    (of_heads, "(2 * scores).transpose(0, 2, 1)", "(2 * scores)"),
    (with_a_border, "(-power - 1), 4, 1", "(-power), 4, 1"),
    (with_a_border, ", 4, 1)", ", 0, 1)"),
    (apart, "d = -2 * (KERNEL - KERNEL[:, None]) * w", "d = -2 * (KERNEL - KERNEL) * w"),
    (gated, "dhnext = by_z + by_r", "dhnext = by_z"),
    (gated, "dh * r[t] * z[t]", "dh * z[t] * z[t]"),
    (gated, "(1 - r[t] ** 2)", "(1 - r[t])"),
    (in_windows, "np.sum(X[:, k : k + 2]", "np.sum(X[:, 0 : 0 + 2]"),
    (by_a_matrix_of_the_module, "M.T", "M"),
    (in_powers, "d += k * M * V ** (k - 1)", "d += M * V ** (k - 1)"),
    (relative, "(np.cos(KERNEL) - share) / size", "np.cos(KERNEL) / size"),
    (signed, "signs[y < 0] = -1.0", "signs[y < 0] = 0.0"),
    (by_a_table, "rows[1, 0, :] = by_both", "rows[1, 0, :] = by_b"),
    (in_blocks, "3 * mean**2 / size", "3 * mean**2 / len(U)"),
    (by_their_sums, "d[k] = slopes / one", "d[k] = slopes"),
    (spread, "np.add.at(d, (slice(None), rows), 2 * taken)", "d[:, rows] = 2 * taken"),
    (
        spread_by_columns,
        "np.add.at(d, (slice(1, None), table[:, t]), 3 * taken**2)",
        "d[1:, table[:, t]] += 3 * taken**2",
    ),
    (layers, "d * self.end.slope()", "d * self.bend.slope()"),
    (layers, "        d = self.bend.backward(d)\n", ""),
    (of_plain_arrays_alone, "(1 - h**2)", "(1 + h**2)"),
]


@pytest.mark.parametrize(("function", "old", "new"), MISTAKES)
def test_the_line_is_named_and_its_fix_makes_the_program_right(function, old, new, tmp_path):
    planted = Planted(__file__, tmp_path, {"U": U, "V": V, "KERNEL": KERNEL})
    at, wrong = planted.line(old), planted.wrong(old, new)

    (found,) = planted.errors(wrong, function.__name__)

    assert found.replaces[0] in (at, at - 1)  # what is missing is put behind the line before
    assert planted.errors(repaired(wrong, found), function.__name__) == []


def test_a_number_that_no_user_would_write_is_no_fix():
    def case(U):
        y = X @ U
        return 1.234567891 * np.sum(y**2), X.T @ y

    (found,) = gradtui.check(case, U=U)

    assert (found.rule, found.fix) == ("constant-factor", None)


def test_one_minus_a_number_that_has_a_minus():
    def case(U):
        share = 0.3
        out = np.where(U > 0, -share * np.sin(U), -(1 - share) * U**2)
        slopes = np.where(U > 0, -share * np.cos(U), -share * 2 * U)
        return np.sum(out**2), 2 * out * slopes

    (found,) = gradtui.check(case, U=U)

    assert found.fix == "slopes = np.where(U > 0, -share * np.cos(U), -(1 - share) * 2 * U)"


def test_a_factor_that_lacks_a_term():
    def case(U):
        power = 3.0
        bent = np.exp(U) * np.abs(U) ** power
        return np.sum(bent), {"U": bent * power / U}

    (found,) = gradtui.check(case, U=U)

    assert found.fix == 'return np.sum(bent), {"U": bent * power / U + bent}'
