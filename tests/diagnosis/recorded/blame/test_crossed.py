"""A column and a vector of one length in a loss: together they give a square."""

import numpy as np
import pytest

from planted import Planted, repaired

RNG = np.random.default_rng(6)
X = RNG.normal(size=(6, 3))
W = RNG.normal(size=(3, 1))
V = RNG.normal(size=3)
y = RNG.normal(size=6)


def by_columns(W):
    target = y[:, None]
    apart = X @ W - target
    loss = np.mean(apart**2)
    d = 2 * apart / len(apart)
    return loss, X.T @ d


def in_the_loss_alone(W):
    pred = X @ W
    loss = np.sum((pred - y[:, None]) ** 2)
    return loss, X.T @ (2 * (pred - y.reshape(-1, 1)))


def by_vectors(V):
    column = X @ V[:, None]
    pred = column[:, 0]
    loss = np.sum(np.tanh(pred * y))
    return loss, X.T @ (y * (1 - np.tanh(pred * y) ** 2))


def of_pairs(V):
    """The squared differences of all pairs, on purpose, with a lost factor."""
    z = X @ V
    apart = z[:, None] - z
    return np.sum(apart**2) / 2, X.T @ apart.sum(1)


MISTAKES = [
    (by_columns, "X @ W - target", "X @ W - y", "X @ W has the shape [6×1] and y [6]"),
    (
        in_the_loss_alone,
        "(pred - y[:, None])",
        "(pred - y)",
        "pred has the shape [6×1] and y [6]",
    ),
    (
        by_vectors,
        "np.tanh(pred * y))",
        "np.tanh(column * y))",
        "column has the shape [6×1] and y [6]",
    ),
]


@pytest.mark.parametrize(("function", "old", "new", "told"), MISTAKES)
def test_the_line_that_makes_a_square_is_told(function, old, new, told, tmp_path):
    planted = Planted(__file__, tmp_path, {"W": W, "V": V})
    text = planted.wrong(old, new)

    (found,) = planted.errors(text, function.__name__)

    assert found.line == planted.line(old)
    assert f"{told}: together they give [6×6], each row with each" in found.message
    assert planted.errors(repaired(text, found), function.__name__) == []


@pytest.mark.parametrize("function", [by_columns, in_the_loss_alone, by_vectors])
def test_right_gradients_are_silent(function, tmp_path):
    planted = Planted(__file__, tmp_path, {"W": W, "V": V})
    assert planted.errors(planted.wrong("", ""), function.__name__) == []


def test_pairs_on_purpose_are_not_explained_so(tmp_path):
    """Each pair is counted from both sides: the gradient is twice that."""
    planted = Planted(__file__, tmp_path, {"W": W, "V": V})
    (found,) = planted.errors(planted.wrong("", ""), "of_pairs")
    assert found.rule == "constant-factor"
    assert "together they give" not in found.message
