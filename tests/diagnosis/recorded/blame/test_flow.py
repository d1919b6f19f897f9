"""Where right values become wrong, in code that computes them part by part."""

import numpy as np
import pytest

from planted import Planted, repaired

RNG = np.random.default_rng(11)
R = RNG.normal(size=(2, 4, 3))
ARRAYS = {"q": RNG.normal(size=(2, 4, 5)), "k": RNG.normal(size=(2, 3, 5))}
WIDTH = 5


def softmax(scores):
    e = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def back_through(shares, g):
    found = np.zeros_like(shares)
    for b in range(shares.shape[0]):
        for i in range(shares.shape[1]):
            own = shares[b, i, :]
            found[b, i, :] = (np.diag(own) - np.outer(own, own)) @ g[b, i, :]
    return found


def attention(q, k):
    scores = q @ k.transpose(0, 2, 1)
    shares = softmax(scores / np.sqrt(WIDTH))
    g = back_through(shares, R)
    g = g / np.sqrt(WIDTH)
    return np.sum(shares * R), g @ k, g.transpose(0, 2, 1) @ q


def largest(q):
    loss, d = 0.0, np.zeros(q.shape)
    for at in np.ndindex(q.shape[:1]):
        loss += np.amax(q[at]) ** 2
        most = np.amax(q[at])
        for i in range(q.shape[1]):
            for j in range(q.shape[2]):
                if q[at][i, j] == most:
                    d[at][i, j] = 2 * q[at][i, j]
    return loss, d


MISTAKES = {
    "a scale": ("g = g / np.sqrt(WIDTH)", "g = g * np.sqrt(WIDTH)"),
    "its root": ("g = g / np.sqrt(WIDTH)", "g = g / WIDTH"),
}


@pytest.mark.parametrize(("right", "mistaken"), MISTAKES.values(), ids=MISTAKES)
def test_what_is_put_together_by_rows_is_known_as_a_whole(right, mistaken, tmp_path):
    planted = Planted(__file__, tmp_path, ARRAYS)
    text = planted.wrong(right, mistaken)

    (found,) = planted.errors(text, "attention")

    assert found.line == planted.line(right)
    assert planted.errors(repaired(text, found), "attention") == []


def test_what_numbers_are_only_compared_with_may_be_wrong(tmp_path):
    planted = Planted(__file__, tmp_path, {"q": ARRAYS["q"][:, :2, :2]})
    text = planted.wrong("most = np.amax(q[at])", "most = np.amin(q[at])")

    (found,) = planted.errors(text, "largest")

    assert found.fix == "most = np.amax(q[at])"
