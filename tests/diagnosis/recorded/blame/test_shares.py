"""Weights that are no shares until they are divided by their sum."""

import numpy as np
import pytest

from planted import Planted, repaired

RNG = np.random.default_rng(4)
CHOSEN = np.array([1, 0, 2, 1])
X = RNG.normal(size=(4, 5))
ARRAYS = {"W": RNG.normal(size=(5, 3))}


def parts(scores):
    found = []
    for row in scores:
        part = np.exp(row)
        found.append(part / part.sum())
    return np.array(found)


def entropy(W):
    scores = X @ W
    loss = np.sum(np.logaddexp.reduce(scores, axis=1) - scores[np.arange(4), CHOSEN])
    p = parts(scores)
    p[np.arange(4), CHOSEN] -= 1
    return loss, X.T @ p


def at_once(W):
    scores = X @ W
    loss = np.sum(np.logaddexp.reduce(scores, axis=1) - scores[np.arange(4), CHOSEN])
    e = np.exp(scores)
    p = e / e.sum(axis=1, keepdims=True)
    return loss, X.T @ (p - np.eye(3)[CHOSEN])


MISTAKES = [
    (entropy, "found.append(part / part.sum())", "found.append(part)"),
    (at_once, "p = e / e.sum(axis=1, keepdims=True)", "p = e"),
]


@pytest.mark.parametrize("function", [entropy, at_once])
def test_sound_code_is_left_alone(function, tmp_path):
    planted = Planted(__file__, tmp_path, ARRAYS)
    assert planted.errors(planted.wrong("", ""), function.__name__) == []


@pytest.mark.parametrize(("function", "right", "mistaken"), MISTAKES)
def test_weights_are_divided_by_their_sum(function, right, mistaken, tmp_path):
    planted = Planted(__file__, tmp_path, ARRAYS)
    text = planted.wrong(right, mistaken)

    (found,) = planted.errors(text, function.__name__)

    assert found.line == planted.line(right)
    assert planted.errors(repaired(text, found), function.__name__) == []
