"""A loss and its gradient may stand in one array: each has lines of its own."""

import numpy as np
import pytest

from planted import Planted, repaired

ARRAYS = {"theta": np.array([0.7, 0.3])}
AT = np.array([0.5, 1.1, 1.9])


def rate(t, theta):
    a, b = theta
    value = a * np.exp(-b * t) / (1 - b)
    da = np.exp(-b * t) / (1 - b)
    db = value * (1 / (1 - b) - t)
    return value, da, db


def fitted(theta):
    rows = np.array([rate(t, theta) for t in AT])
    values, slopes = rows[:, 0], rows[:, 1:]
    return np.sum(values**2), {"theta": np.sum(2 * values[:, None] * slopes, axis=0)}


MISTAKES = [
    ("db = value * (1 / (1 - b) - t)", "db = value * (1 / (1 - b) + t)"),
    ("da = np.exp(-b * t) / (1 - b)", "da = np.exp(-b * t)"),
]


@pytest.mark.parametrize(("old", "new"), MISTAKES)
def test_a_mistake_in_the_gradient_alone_has_its_line(old, new, tmp_path):
    planted = Planted(__file__, tmp_path, ARRAYS)
    at, wrong = planted.line(old), planted.wrong(old, new)

    (found,) = planted.errors(wrong, "fitted")

    assert found.replaces == (at, at)
    assert planted.errors(repaired(wrong, found), "fitted") == []


def test_the_program_is_sound(tmp_path):
    assert (
        Planted(__file__, tmp_path, ARRAYS).errors(
            Planted(__file__, tmp_path, ARRAYS).wrong("", ""), "fitted"
        )
        == []
    )
