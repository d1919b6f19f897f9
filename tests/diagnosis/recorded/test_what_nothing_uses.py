"""A factor that a function is given or keeps, and that nothing uses, is the one it forgets."""

import numpy as np
import pytest

from planted import Planted, repaired

RNG = np.random.default_rng(23)
POINTS = RNG.normal(size=(5, 3))
LABELS = RNG.normal(size=(5, 2))
ARRAYS = {"A": RNG.normal(size=(3, 2)), "B": RNG.normal(size=(2, 3))}


def slopes_of_each(points, A):
    off = np.sin(points @ A) - LABELS
    return (off * np.cos(points @ A))[:, None, :] * points[:, :, None]


def slope(points, A, importance):
    return -A + (importance[:, None, None] * slopes_of_each(points, A)).sum(axis=0)


def weighted(A):
    off = np.sin(POINTS @ A) - LABELS
    loss = 0.5 * np.sum(IMPORTANCE[:, None] * off**2) - 0.5 * np.sum(A**2)
    return loss, {"A": slope(POINTS, A, IMPORTANCE)}


IMPORTANCE = 0.5 + RNG.random(size=5)


class Thinned:
    def forward(self, h, kept):
        self.noise = kept / 0.75
        return h * self.noise

    def backward(self, d):
        d = d * self.noise
        return d


class Warped:
    def forward(self, h, strength):
        self.strength = strength
        self.stretch = np.exp(strength * h)
        return self.stretch

    def backward(self, d):
        return self.strength * (d * self.stretch)


class Square:
    def forward(self, h):
        self.cache = {"input": h, "size": len(h)}
        return np.sum(h**2) / len(h)

    def backward(self):
        return 2 * self.cache["input"] / self.cache["size"]


def layered(B):
    thin, warp, square = Thinned(), Warped(), Square()
    kept = np.array([[1, 0, 1], [1, 1, 1], [0, 1, 1], [1, 1, 0], [1, 1, 1]])
    h = thin.forward(LABELS @ B, kept)
    loss = square.forward(warp.forward(h, 0.3))
    d = thin.backward(warp.backward(square.backward()))
    return loss, {"B": LABELS.T @ d}


OFFSET = RNG.normal(size=3)


def bent(h, B, offset):
    return np.sin(h @ B + offset), (h, B, offset)


def bent_back(d, cache):
    h, B, offset = cache
    z = h @ B + offset
    return h.T @ (d * np.cos(z))


def once_bent(B):
    out, cache = bent(POINTS[:, :2], B, OFFSET)
    return 0.5 * np.sum(out**2), {"B": bent_back(out, cache)}


def repeated(B):
    rows, _ = (B.T @ B).shape
    return rows * np.sum(np.sin(B)), {"B": rows * np.cos(B)}


MISTAKES = [
    ("weighted", "importance[:, None, None] * slopes_of_each(points, A)",
     "slopes_of_each(points, A)"),
    ("layered", "d = d * self.noise", "d = d"),
    ("layered", "self.strength * (d * self.stretch)", "d * self.stretch"),
    ("layered", 'self.cache["input"] / self.cache["size"]', 'self.cache["input"]'),
]  # fmt: skip


@pytest.fixture
def planted(tmp_path):
    return Planted(__file__, tmp_path, ARRAYS)


@pytest.mark.parametrize("name", ["weighted", "layered"])
def test_the_programs_as_they_are_are_right(planted, name):
    assert planted.errors(planted.wrong("", ""), name) == []


@pytest.mark.parametrize(("name", "old", "new"), MISTAKES)
def test_the_line_that_forgets_it_is_named(planted, name, old, new):
    text = planted.wrong(old, new)
    (finding,) = planted.errors(text, name)

    assert finding.line == planted.line(old)
    of = "which slope does not use" if name == "weighted" else "which nothing uses"
    assert f"{of}, is missing" in finding.message
    assert planted.errors(repaired(text, finding), name) == []


def test_it_may_stand_where_another_name_does(planted):
    text = planted.wrong("    z = h @ B + offset\n", "    z = h @ B + d\n")

    (finding,) = planted.errors(text, "once_bent")

    assert finding.fix == "z = h @ B + offset"
    assert "which bent_back does not use" in finding.message
    assert planted.errors(repaired(text, finding), "once_bent") == []


def test_what_is_thrown_away_is_not_forgotten(planted):
    text = planted.wrong('{"B": rows * np.cos(B)}', '{"B": np.cos(B)}')

    (finding,) = planted.errors(text, "repeated")

    assert finding.fix == 'return rows * np.sum(np.sin(B)), {"B": np.cos(B) * rows}'
