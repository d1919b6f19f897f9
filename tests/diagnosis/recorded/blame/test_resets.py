"""Sums that begin anew too seldom or too often, and arrays that a second name changes."""

import ast

import numpy as np
import pytest

from gradtui.diagnosis.recorded.blame.candidates import Around, Statement
from gradtui.diagnosis.recorded.blame.resets import copies, spares
from gradtui.diagnosis.recorded.blame.scope import Held
from gradtui.diagnosis.recorded.blame.units import Edit, Unit
from gradtui.recording.library import NUMPY
from planted import Planted, repaired

RNG = np.random.default_rng(7)
X = RNG.normal(size=(3, 4))
W = RNG.normal(size=4)


def by_rows(X):
    n, m = X.shape
    loss, d = 0.0, np.zeros_like(X)
    for i in range(n):
        loss += np.sum(X[i]) ** 3 / 3
    for i in range(n):
        total = 0.0
        for j in range(m):
            total += X[i, j]
        for j in range(m):
            d[i, j] = total**2
    return loss, d


def while_it_lasts(W):
    n = len(W)
    loss, d = 0.0, np.zeros(n)
    for k in range(0, n, 2):
        loss += (W[k] + W[k + 1]) ** 2 / 2
    k = 0
    while k < n:
        held = np.zeros(n)
        for _ in range(2):
            held[k] += 1.0
            k += 1
        d += (held @ W) * held
    return loss, d


def over_time(W):
    h = np.ones(3)
    for t in range(len(W)):
        h = np.sin(h * W[t])
    loss = np.sum(h)
    states = [np.ones(3)]
    for t in range(len(W)):
        states.append(np.sin(states[-1] * W[t]))
    d = np.zeros(len(W))
    dh = np.ones(3)
    for t in reversed(range(len(W))):
        dz = dh * np.cos(states[t] * W[t])
        d[t] = np.sum(dz * states[t])
        dh = dz * W[t]
    return loss, d


def in_place(W):
    y = W * np.exp(W)
    d = np.exp(W)
    both = d.copy()
    both *= W
    return np.sum(y), d + both


def of_the_loss(W):
    z = 0.3 * W
    twice = z.copy()
    twice *= 2
    e = np.exp(twice)
    return np.sum(e * z), 0.3 * (2 * e * z + e)


class Sums:
    def __init__(self, n):
        self.all = np.zeros(2 * n)
        self.first, self.second = self.all[:n], self.all[n:]

    def add(self, a, b, t):
        self.first += 2 * a * t
        self.second += 3 * b**2


def in_views(W):
    a, b = W[:2], W[2:]
    sums, loss = Sums(2), 0.0
    for t in range(3):
        loss += np.sum(a**2 * t + b**3)
        sums.add(a, b, t)
    return loss, sums.all


class Squares:
    def forward(self, X):
        h = np.tanh(X)
        self.h = h.copy()
        h *= h
        return np.sum(h * X)

    def backward(self, X):
        return self.h**2 + 2 * X * self.h * (1 - self.h**2)


def kept_squares(X):
    squares = Squares()
    loss = squares.forward(X)
    return loss, squares.backward(X)


class Centred:
    def forward(self, X):
        self.x = X.copy()
        self.mean = np.mean(X)
        X -= self.mean
        self.spread = np.sqrt(np.mean(X**2))
        X /= self.spread
        return np.sum(X**3)

    def backward(self):
        unit = (self.x - self.mean) / self.spread
        own = 3 * unit**2
        return (own - np.mean(own) - unit * np.mean(own * unit)) / self.spread


def centred(X):
    layer = Centred()
    return layer.forward(X + 1), layer.backward()


def leaky(X):
    z = 2 * X
    kept = (z.copy(), W)
    z[z < 0] *= 0.1
    loss = np.sum(z**2 * W)
    z, w = kept
    return loss, 4 * w * np.where(z < 0, 0.01 * z, z)


def states_kept(W):
    h = np.zeros(3)
    states = [h.copy()]
    for t in range(len(W)):
        h += W[t] + h**2
        states.append(h.copy())
    d, through = np.zeros(len(W)), np.ones(3)
    for t in reversed(range(len(W))):
        d[t] = np.sum(through)
        through = through * (1 + 2 * states[t])
    return np.sum(h), d


def into_its_own(X):
    p = np.tanh(X)
    kept = p.copy()
    np.multiply(p, p, out=p)
    loss = np.sum(p * W)
    return loss, 2 * W * kept * (1 - kept**2)


def by_groups(W):
    """The square of each pair's sum, with the pairs told apart as they end."""
    loss, d = 0.0, np.zeros(4)
    whole, pair = np.zeros(2), np.zeros(2)
    slope = np.zeros(2)
    for i in range(4):
        whole = whole + W[i]
        pair = pair + np.array([W[i], i])
        slope = slope + np.array([2.0, 1.0]) * W[i]
        if i % 2 == 0:
            continue
        loss = loss + pair[0] ** 2
        d[i - 1 : i + 1] = slope[0]
        pair = np.zeros(2)
        slope = np.zeros(2)
    return loss + whole[0] ** 2, d + 2 * whole[1]


MISTAKES = [
    (by_groups, "        slope = np.zeros(2)\n", "        whole = np.zeros(2)\n"),
    (in_views, "self.second += 3 * b**2", "self.second = 3 * b**2"),
    (
        by_rows,
        "    for i in range(n):\n        total = 0.0\n",
        "    total = 0.0\n    for i in range(n):\n",
    ),
    (
        while_it_lasts,
        "    while k < n:\n        held = np.zeros(n)\n",
        "    held = np.zeros(n)\n    while k < n:\n",
    ),
    (
        over_time,
        "    dh = np.ones(3)\n    for t in reversed(range(len(W))):\n",
        "    for t in reversed(range(len(W))):\n        dh = np.ones(3)\n",
    ),
    (in_place, "both = d.copy()", "both = d"),
    (kept_squares, "self.h = h.copy()", "self.h = h"),
    (into_its_own, "kept = p.copy()", "kept = p"),
]


@pytest.mark.parametrize(("function", "old", "new"), MISTAKES)
def test_a_value_begins_where_it_must(function, old, new, tmp_path):
    planted = Planted(__file__, tmp_path, {"X": X, "W": W})
    wrong = planted.wrong(old, new)

    (found,) = planted.errors(wrong, function.__name__)

    assert planted.errors(repaired(wrong, found), function.__name__) == []


COPIES = [
    (kept_squares, "self.h = h.copy()", "h"),
    (into_its_own, "kept = p.copy()", "p"),
    (centred, "self.x = X.copy()", "X"),
    (leaky, "kept = (z.copy(), W)", "z"),
    (states_kept, "states.append(h.copy())", "h"),
    (of_the_loss, "twice = z.copy()", "z"),
]


@pytest.mark.parametrize(("function", "line", "name"), COPIES)
def test_what_is_written_into_later_needs_a_copy(function, line, name, tmp_path):
    planted = Planted(__file__, tmp_path, {"X": X, "W": W})

    (found,) = planted.errors(planted.wrong(line, line.replace(".copy()", "")), function.__name__)

    assert (found.line, found.fix) == (planted.line(line), line)
    assert f"{name} is written into later: a copy is needed" in found.message


@pytest.mark.parametrize(
    "function",
    [
        by_rows,
        by_groups,
        while_it_lasts,
        over_time,
        in_place,
        in_views,
        *(one for one, _, _ in COPIES),
    ],
)
def test_the_programs_are_sound(function, tmp_path):
    planted = Planted(__file__, tmp_path, {"X": X, "W": W})

    assert planted.errors(planted.wrong("", ""), function.__name__) == []


def paired(x):
    parts = [x, x.copy().clip(0)]
    x[:] = 0
    return parts


def test_a_copy_that_is_there_already_spares_nothing():
    unit = Unit(paired.__code__, [paired])
    around = Around({"x": Held((3,), "f")}, {}, {}, list, [], NUMPY.dialect, {}, lambda one: None)
    s = Statement(unit, unit.node.body[0], around)
    made = [one.edits for one in copies(s)]
    (clipped,) = [one for one in s.nodes if ast.unparse(one) == "x.copy().clip(0)"]
    assert made and all(spares(s, edits) for edits in made)
    assert not spares(s, (Edit(unit.start(clipped), unit.end(clipped), "x.copy()"),))
