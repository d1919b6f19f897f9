"""The minus of a gradient that is returned beside a value with one."""

import ast

import numpy as np
import pytest

from gradtui.diagnosis.recorded.blame.opposed import is_opposed
from planted import Planted, repaired

rng = np.random.default_rng(7)
X, y = rng.normal(size=(6, 3)), rng.integers(0, 2, size=6)
ARRAYS = {"w": rng.normal(size=3)}


def slopes_of(z):
    return y - 1 / (1 + np.exp(-z))


def likelihood(w):
    z = X @ w
    found = np.sum(y * z - np.logaddexp(0, z))
    slope = slopes_of(z)
    score = X.T @ slope
    return -found, -score


def in_parts(w):
    z = X @ w
    found = np.sum(y * z - np.logaddexp(0, z))
    slope = slopes_of(z)
    return -found, -np.array((X * slope[:, None]).sum(0))


def plain(w):
    z = X @ w
    found = -np.sum(y * z - np.logaddexp(0, z))
    return found, -X.T @ slopes_of(z)


MISTAKES = [
    (likelihood, "return -found, -score", "return -found, score"),
    (in_parts, "-np.array((X", "np.array((X"),
]


@pytest.mark.parametrize("function", [likelihood, in_parts, plain])
def test_sound_code_is_left_alone(function, tmp_path):
    planted = Planted(__file__, tmp_path, ARRAYS)
    assert planted.errors(planted.wrong("", ""), function.__name__) == []


@pytest.mark.parametrize(("function", "right", "mistaken"), MISTAKES)
def test_the_minus_is_of_the_returned_gradient(function, right, mistaken, tmp_path):
    planted = Planted(__file__, tmp_path, ARRAYS)
    text = planted.wrong(right, mistaken)

    (found,) = planted.errors(text, function.__name__)

    assert (found.line, found.rule) == (planted.line(right), "sign")
    assert "the value before it has a minus" in found.message
    assert planted.errors(repaired(text, found), function.__name__) == []


@pytest.mark.parametrize(
    ("text", "opposed"),
    [
        ("return -p, g.sum(-1)", True),
        ("return -p, -g", False),
        ("return -p, a - b", True),
        ("return -p, f(-g)", False),
        ("return p, g", False),
        ("return -p", False),
        ("return -p, g, h", False),
    ],
)
def test_the_second_of_two_values_alone_is_without_a_minus(text, opposed):
    assert is_opposed(ast.parse(text).body[0]) == opposed
