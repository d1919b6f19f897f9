"""The rule of powers: d x**n = n x**(n - 1)."""

import numpy as np
import pytest

from gradtui.diagnosis.recorded.blame.powers import slopes as slopes_in
from planted import Planted, told

RNG = np.random.default_rng(8)
ROWS, WEIGHTS = RNG.normal(size=(5, 3)), RNG.normal(size=(5, 3))


@pytest.mark.parametrize(
    ("text", "slopes"),
    [
        ("d = -0.5 * x**-1.5", 1),
        ("d = np.sum(a * b * -0.5 * (v ** (-3 / 2)), axis=0)", 1),
        ("d = 3 * x**2 * g", 1),
        ("d = g * -2 / x**3", 1),
        ("d = -g / x**2", 0),
        ("d = g * x**2", 0),
        ("d = -1 * x**(-3 / 2)", 0),
        ("d = -0.5 * x**-1.5 * 2", 0),
        ("d = 2 * x", 0),
        ("for a in x**2:", 0),
    ],
)
def test_a_slope_of_a_power_has_the_exponent_before_for_its_coefficient(text, slopes):
    assert slopes_in(text) == slopes


def normalised(X):
    centred = X - X.mean(0)
    v = np.mean(centred**2, axis=0) + 0.1
    share = 1.0 / len(X)
    dv = np.sum(centred * WEIGHTS * -0.5 * (v ** (-3 / 2)), keepdims=True, axis=0)
    first = WEIGHTS * 1.0 / np.sqrt(v)
    mean_by_v = (dv * np.sum(-2.0 * centred, keepdims=True, axis=0)) * share
    mean = np.sum(WEIGHTS * -1.0 / np.sqrt(v), keepdims=True, axis=0)
    second = dv * (2.0 * centred) * share
    return np.sum(WEIGHTS * centred / np.sqrt(v)), first + second + share * (mean + mean_by_v)


def turned(X):
    unit = X / np.sqrt(np.sum(X * X, axis=1, keepdims=True))
    norm2 = np.sum(X * X, axis=1, keepdims=True)
    norm = np.sqrt(norm2)
    along = np.sum(unit * WEIGHTS, axis=1, keepdims=True)
    return np.sum(unit * WEIGHTS), (WEIGHTS - unit * along) / norm


@pytest.mark.parametrize(
    ("right", "wrong"),
    [("(2.0 * centred)", "centred"), ("-0.5 * (v", "-1 * (v"), ("-3 / 2", "-1 / 2")],
)
def test_the_line_that_follows_the_rule_of_powers_is_right(tmp_path, right, wrong):
    planted = Planted(__file__, tmp_path, {"X": ROWS})

    (found,) = planted.errors(planted.wrong(right, wrong), "normalised")

    assert ("dv =" in found.fix) is (right != "(2.0 * centred)")


def test_the_root_of_a_square_is_taken_where_its_name_tells(tmp_path):
    planted = Planted(__file__, tmp_path, {"X": ROWS})

    at, left = told(
        planted, "norm = np.sqrt(norm2)\n    along", "norm = norm2\n    along", "turned"
    )

    assert (at, left) == (planted.line("norm = np.sqrt(norm2)\n    along"), [])
