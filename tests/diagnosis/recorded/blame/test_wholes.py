"""Whole numbers off by one in tests of rounds and in steps of places."""

import numpy as np
import pytest

from planted import Planted, repaired

W = np.random.default_rng(3).normal(size=6)


def spared(W):
    loss = sum(w**2 if k == 2 else np.sin(w) for k, w in enumerate(W))
    d = np.zeros_like(W)
    for k in range(len(W)):
        if k == 2:
            d[k] = 2 * W[k]
        else:
            d[k] = np.cos(W[k])
    return loss, d


def numbered(W):
    numbers = np.array([1, 3, 2, 0])
    loss = np.sum(W[[0, 2, 1]] ** 2)
    at = numbers.copy()
    at[at > 0] -= 1
    d = np.zeros_like(W)
    d[at[:3]] = 2 * W[at[:3]]
    return loss, d


def strided(W):
    step = 2
    loss = np.sum(np.exp(W[::2]) * np.arange(3)) + np.sum(W[::2] ** 3)
    d, one, two = np.zeros_like(W), 0, 0
    for k in range(3):
        d[one] += k * np.exp(W[one])
        one += step
    for _ in range(3):
        d[two] += 3 * W[two] ** 2
        two += step
    return loss, d


MISTAKES = [
    (strided, "one += step", "one += 1"),
    (spared, "if k == 2:", "if k == 3:"),
    (numbered, "at[at > 0] -= 1", "at[at > 0] -= 2"),
]


@pytest.mark.parametrize(("function", "old", "new"), MISTAKES)
def test_the_right_number_is_put_back(function, old, new, tmp_path):
    planted = Planted(__file__, tmp_path, {"W": W})
    at, wrong = planted.line(old), planted.wrong(old, new)

    (found,) = planted.errors(wrong, function.__name__)

    assert (found.replaces, found.fix) == ((at, at), old)
    assert planted.errors(repaired(wrong, found), function.__name__) == []


@pytest.mark.parametrize("function", [spared, numbered, strided])
def test_the_programs_are_sound(function, tmp_path):
    planted = Planted(__file__, tmp_path, {"W": W})

    assert planted.errors(planted.wrong("", ""), function.__name__) == []
