"""Small mistakes in a line that few lines beside it could explain: numbers, slices, functions."""

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from planted import Planted, repaired

RNG = np.random.default_rng(0)
SHOTS = RNG.normal(size=(3, 5))
SPEED = 1 + 0.1 * RNG.normal(size=5)
PLACES = RNG.normal(size=4)
PAIR = RNG.normal(size=(6, 3))
SCORES = RNG.normal(size=(4, 3))
SPREAD = RNG.normal(size=(5, 3))
MEANS = RNG.normal(size=(5, 3, 2))
RATE = np.array(0.7)
IMAGES, KERNELS = RNG.normal(size=(2, 5, 5)), RNG.normal(size=(4, 3, 3))
GAINS = RNG.normal(size=5)


def interference(PLACES):
    total, d = 0.0, np.zeros(4)
    for angle in (0.2, 0.7, -0.4):
        k = 2 * np.pi * np.sin(angle)
        total += np.sum(np.cos(k * PLACES)) ** 2
    for angle in (0.2, 0.7, -0.4):
        k = 2 * np.pi * np.sin(angle) + 0.0
        d += 2 * np.sum(np.cos(k * PLACES)) * -np.sin(k * PLACES) * k
    return total, d


def halves(PAIR):
    n = len(PAIR) // 2
    one, two = PAIR[:n], PAIR[n:]
    near = one @ two.T
    d = np.zeros_like(PAIR)
    d[:n] = 2 * near @ two
    d[n:] = 2 * near.T @ one
    return np.sum(near**2), d


def waves(SPEED):
    steps = len(SHOTS)
    u = np.zeros((steps + 2, 5))
    u[1] = 1
    for n in range(1, steps + 1):
        u[n + 1] = 2 * u[n] - u[n - 1] + SPEED**2 * SHOTS[n - 1] * u[n]
    off = u[2:, 3] - 0.5
    back, d = np.zeros((steps + 3, 5)), np.zeros(5)
    for n in range(steps, 0, -1):
        back[n] = 2 * back[n + 1] - back[n + 2]
        if n < steps:
            back[n] += SPEED**2 * SHOTS[n] * back[n + 1]
        back[n, 3] += off[n - 1]
        d += back[n] * 2 * SPEED * SHOTS[n - 1] * u[n]
    return 0.5 * np.sum(off**2), d


def variances(RATE):
    seen = SHOTS[0]
    h = np.ones(5)
    for t in range(1, 5):
        h[t] = 0.2 + 0.1 * seen[t - 1] ** 2 + RATE * h[t - 1]
    slope = np.zeros(5)
    for t in range(1, 5):
        slope[t] = h[t - 1] + RATE * slope[t - 1]
    return np.sum(np.log(h) + seen**2 / h), np.sum(slope * (1 / h - seen**2 / h**2))


def mixture(MEANS, SPREAD):
    s = np.exp(SPREAD)
    apart = 1.5 - MEANS
    far = np.sum(apart**2, axis=2)
    part = np.exp(-0.5 * far / s**2) / s**2
    share = part / part.sum(axis=1, keepdims=True)
    d_means = -share[:, :, None] * apart / s[:, :, None] ** 2
    d_spread = -share * (far / s**2 - 2)
    return -np.sum(np.log(part.sum(axis=1))), (d_means, d_spread)


def entropy(SCORES):
    total = np.log(np.sum(np.exp(SCORES)))
    d = np.zeros_like(SCORES)
    d += np.exp(SCORES - total)
    return total, d


def risks(GAINS):
    risk = np.exp(GAINS)
    within = np.cumsum(risk)
    weight = 1 / within
    later = np.cumsum(weight[::-1])[::-1]
    return np.sum(np.log(within)), risk * later


def tree(RATE):
    n, total, d = 4, 0.0, 0.0
    for j in range(n + 1):
        end = RATE ** (2 * j - n)
        total += np.log(1 + end)
        d += end / (1 + end) * (2 * j - n) / RATE
    return total, d


def unpacked(RATE):
    m, nll, kept = 0.3, 0.0, []
    for seen in SHOTS[1]:
        before, m = m, np.tanh(RATE * m) + 0.5 * seen
        kept.append((before, m, seen))
        nll += m**2
    d, back = 0.0, 0.0
    for t in range(len(kept) - 1, -1, -1):
        before, m, seen = kept[t]
        back = back + 2 * m
        back = back * (1 - (m - 0.5 * seen) ** 2)
        d += back * before
        back = back * RATE
    return nll, d


def filtered(KERNELS):
    """Windows of which many are looked at, each in a round of its own."""
    n, k, m = len(IMAGES), len(KERNELS), IMAGES.shape[1] - 2
    out = np.zeros((n, k, m, m))
    for i in range(m):
        for j in range(m):
            seen = IMAGES[:, i : i + 3, j : j + 3]
            out[:, :, i, j] = np.tensordot(seen, KERNELS, axes=([1, 2], [1, 2]))
    d, back = np.zeros_like(KERNELS), 2 * out
    for at in range(n):
        for which in range(k):
            for i in range(m):
                for j in range(m):
                    own = IMAGES[at, i : i + 3, j : j + 3]
                    d[which] += back[at, which, i, j] * own
    return np.sum(out**2), d


def rolled(GAINS):
    """Sums that begin at 0: the first term and the first sum are equal."""
    n, y = len(PLACES), np.zeros(4)
    for i in range(n):
        for j in range(3):
            y[i] += PLACES[(i + j - 1) % n] * GAINS[j]
    back, d = 2 * y, np.zeros(5)
    for i in range(n):
        for j in range(3):
            d[j] += back[i] * PLACES[(i + j - 1) % n]
    return np.sum(y**2), d


def by_points(GAINS):
    turning = np.outer(GAINS[:3], SCORES[0]) + np.eye(3)
    total, d = 0.0, np.zeros((3, 3))
    for seen in SCORES:
        moved = turning @ seen
        total += np.sum(moved**4)
        back = 4 * moved**3
        d += np.outer(back, seen)
    along = np.zeros(5)
    along[:3] = d @ SCORES[0]
    return total, along


def by_kind(RATE):
    total, d = 0.0, np.zeros(2)
    for t in range(3):
        for kind in range(2):
            total += np.sum(np.cos(RATE * SHOTS[t]) * (kind + 1))
            d[kind] += np.sum(-np.sin(RATE * SHOTS[t]) * SHOTS[t]) * (kind + 1)
    return total, d[0] + d[1]


def in_phase(GAINS):
    """Two values of a line that the mistake makes equal."""
    total, d = 0.0, np.zeros(5)
    for angle in (0.3, 1.1):
        real, other = np.cos(angle * GAINS), np.sin(angle * GAINS)
        total += np.sum(real) ** 2 + np.sum(other) ** 2
    for angle in (0.3, 1.1):
        for i in range(5):
            across, up = np.cos(angle * GAINS[i]), np.sin(angle * GAINS[i])
            by_real = 2 * np.sum(np.cos(angle * GAINS))
            by_other = 2 * np.sum(np.sin(angle * GAINS))
            d[i] += (by_other * across - by_real * up) * angle
    return total, d


def standardised(SPREAD):
    mean = np.sum(SPREAD, axis=0, keepdims=True) / 5
    off = SPREAD - mean
    size = np.sqrt(np.sum(off**2, axis=0, keepdims=True))
    even = off / size
    back = 3 * even**2
    by_size = np.sum(-back * off / size**2, axis=0, keepdims=True)
    by_off = back / size + by_size * off / size
    by_mean = np.sum(-by_off, axis=0, keepdims=True)
    return np.sum(even**3), by_off + by_mean / 5


def cubed(GAINS):
    power = 3
    return np.sum(GAINS**power), power * GAINS ** (power - 1)


def share(scores):
    return 0.5 * np.tanh(scores / 2) + 0.5


def gated(GAINS):
    z = share(GAINS)
    h = (1 - z) * SPEED + z * GAINS
    dh = h - PLACES[0]
    dz = dh * (GAINS - SPEED)
    dg = dh * z
    return np.sum(dh**2) / 2, dz * z * (1 - z) + dg


def slope(gains):
    n = len(gains)
    return -1 / n * SPEED * (1 - gains * SPEED)


def stepped(GAINS):
    loss = np.sum((1 - GAINS * SPEED) ** 2) / (2 * len(GAINS))
    return loss + np.sum(np.log(1 + np.exp(GAINS))), GAINS - moved(GAINS, 1.0)


def moved(gains, rate):
    return gains - rate * (slope(gains) + share(gains))


class Node:
    def __init__(self, data, parents=(), back=None):
        self.data, self.parents, self.back = data, parents, back
        self.grad = np.zeros_like(data)


def less(a, b):
    return Node(a.data - b.data, (a, b), lambda g: (g, -g))


def taped(GAINS, SPEED, RATE):
    w, v, k = Node(GAINS), Node(SPEED), Node(RATE)
    apart = less(w, v)
    power = Node(apart.data**2, (apart,), lambda g: (2 * g * apart.data,))
    other = less(power, k)
    other.grad = np.cos(other.data)
    for one in (other, power, apart):
        for parent, grad in zip(one.parents, one.back(one.grad), strict=True):
            parent.grad = parent.grad + grad
    return np.sum(np.sin(other.data)), w.grad, v.grad, np.sum(k.grad)


def joined(GAINS):
    pairs = csr_matrix((GAINS[:3], ([0, 1, 2], [1, 0, 0])), (3, 3))
    both = pairs + pairs.T
    d = np.zeros_like(GAINS)
    d[:3] = 4 * both.toarray()[[0, 1, 2], [1, 0, 0]]
    return np.sum((pairs + pairs.T).toarray() ** 2), d


MISTAKES = [
    (joined, "both = pairs + pairs.T", "both = pairs + pairs"),
    (taped, "lambda g: (g, -g)", "lambda g: (g, g)"),
    (interference, "k = 2 * np.pi * np.sin(angle) + 0.0", "k = 3 * np.pi * np.sin(angle) + 0.0"),
    (halves, "d[n:] = 2", "d[:n] = 2"),
    (waves, "back[n, 3] += off[n - 1]", "back[n - 1, 3] += off[n - 1]"),
    (variances, "h[t - 1] + RATE * slope[t - 1]", "RATE * slope[t - 1]"),
    (mixture, " * apart / s[:, :, None] ** 2", " * apart"),
    (entropy, "d += np.exp(SCORES - total)", "d += SCORES - total"),
    (risks, "np.cumsum(weight[::-1])[::-1]", "weight[::-1][::-1]"),
    (risks, "np.cumsum(weight[::-1])", "np.cumprod(weight[::-1])"),
    (unpacked, "before, m, seen = kept[t]", "before, m, seen = kept[t - 1]"),
    (filtered, "back[at, which, i, j]", "back[at, which, i - 1, j]"),
    (filtered, "d[which] +=", "d[which - 1] +="),
    (rolled, "back[i] * PLACES[(i + j - 1) % n]", "back[i] * PLACES[1 % n]"),
    (by_points, "d += np.outer(back, seen)", "d += back"),
    (by_kind, "d[kind] +=", "d[kind] ="),
    (unpacked, "back * (1 - (m", "back * (0 - (m"),
    (in_phase, "up = np.cos(angle * GAINS[i]), np.sin", "up = np.cos(angle * GAINS[i]), np.cos"),
    (standardised, "np.sum(-back * off / size**2, axis=0, keepdims=True)", "-back * off / size**2"),
    (stepped, "np.tanh(scores / 2)", "np.tanh(scores)"),
    (stepped, "-1 / n * SPEED", "-2 / n * SPEED"),
    (tree, "* (2 * j - n) / RATE", "* (2 * total - n) / RATE"),
]


@pytest.mark.parametrize(("function", "old", "new"), MISTAKES)
def test_a_line_is_put_right(function, old, new, tmp_path):
    names = ("SPEED", "PLACES", "PAIR", "SCORES", "SPREAD", "MEANS", "RATE", "GAINS", "KERNELS")
    planted = Planted(__file__, tmp_path, {one: globals()[one] for one in names})
    at, wrong = planted.line(old), planted.wrong(old, new)

    assert planted.errors(planted.wrong(old, old), function.__name__) == []
    (found,) = planted.errors(wrong, function.__name__)

    assert found.replaces == (at, at)
    assert planted.errors(repaired(wrong, found), function.__name__) == []


@pytest.mark.parametrize(("function", "right", "wrong", "fix"), [
    (cubed, "power * GAINS ** (power - 1)", "power * GAINS**power",
     "return np.sum(GAINS**power), power * GAINS**(power - 1)"),
    (gated, "dg = dh * z", "dg = dh * (1 - z)", "dg = dh * z"),
])  # fmt: skip
def test_the_fix_is_what_the_code_would_have(function, right, wrong, fix, tmp_path):
    planted = Planted(__file__, tmp_path, {"GAINS": GAINS})

    (found,) = planted.errors(planted.wrong(right, wrong), function.__name__)

    assert found.fix == fix
