"""A factor that is missing of a value with several uses is missing where it is made, or used."""

import ast

import numpy as np
import pytest

from gradtui.diagnosis.recorded.blame.uses import filled_in_vain, is_as_named
from planted import Planted, repaired

RNG = np.random.default_rng(33)
X, TIMES, HAPPENED = RNG.normal(size=(7, 2)), [4, 3, 3, 2, 2, 2, 1], [1, 1, 1, 1, 0, 1, 1]
ARRAYS = {"w": RNG.normal(size=2)}


def likelihood(w):
    loss, risk, k = 0.0, 0.0, 0
    while k < len(TIMES):
        now, fit, events = TIMES[k], 0.0, 0
        while k < len(TIMES) and TIMES[k] == now:
            risk += np.exp(X[k] @ w)
            if HAPPENED[k]:
                fit += X[k] @ w
                events += 1
            k += 1
        if events > 0:
            loss -= (fit - events * np.log(risk)) / len(TIMES)
    return loss


def slopes(w):
    gradient, curvature = np.zeros(2), np.zeros((2, 2))
    risk, risk_x, risk_xx, k = 0.0, np.zeros(2), np.zeros((2, 2)), 0
    while k < len(TIMES):
        now, total, events = TIMES[k], np.zeros(2), 0
        while k < len(TIMES) and TIMES[k] == now:
            own = np.exp(X[k] @ w)
            risk += own
            risk_x += own * X[k]
            risk_xx += own * np.outer(X[k], X[k])
            if HAPPENED[k]:
                total += X[k]
                events += 1
            k += 1
        if events > 0:
            z = risk_x / risk
            gradient -= (total - events * z) / len(TIMES)
            curvature += events * (risk_xx / risk - np.outer(z, z)) / len(TIMES)
    return gradient, curvature


def survived(w):
    gradient, _ = slopes(w)
    return likelihood(w), gradient


MISTAKES = [("gradient -= (total - events * z)", "gradient -= (total - z)")]


@pytest.mark.parametrize(("right", "wrong"), MISTAKES)
def test_the_line_that_uses_the_value_is_told(right, wrong, tmp_path):
    planted = Planted(__file__, tmp_path, ARRAYS)
    text = planted.wrong(right, wrong)

    (found,) = planted.errors(text, "survived")

    assert found.rule == "missing-factor"
    assert found.line == planted.line(right) or f"line {planted.line(right)}" in found.message
    assert planted.errors(repaired(text, found), "survived") == []


def test_the_program_is_right(tmp_path):
    planted = Planted(__file__, tmp_path, ARRAYS)

    assert planted.errors(planted.wrong("", ""), "survived") == []


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("sum_ = x.sum()", True),
        ("Y_diff = Y[:, None] - Y[None]", True),
        ("differences = a - b", True),
        ("diff = a * b", False),
        ("total = a - b", False),
        ("total = x.sum()", False),
    ],
)
def test_a_name_tells_what_makes_the_value(text, named):
    assert is_as_named(ast.parse(text).body[0]) is named


def test_an_array_that_is_filled_in_and_not_read_is_told():
    """What is only stored in `last` is lost; `whole` and `kept` are read."""
    (function,) = ast.parse(
        "def spread(grad):\n"
        "    rows, whole, kept = zeros(3), zeros(4), zeros(5)\n"
        "    rows[0] = grad\n"
        "    whole[1:] = rows\n"
        "    kept[:] = whole[0]\n"
        "    whole[0] = kept.sum()\n"
        "    last = zeros(2)\n"
        "    last[0] = last[1] = grad\n"
        "    return rows\n"
    ).body

    assert filled_in_vain(function) == {"last"}


def test_a_list_that_grows_by_its_own_name_is_filled_too():
    (function,) = ast.parse(
        "def swept(steps, kept):\n"
        "    grads, others = [], []\n"
        "    for one in steps:\n"
        "        grads = [2 * one] + grads\n"
        "        others = others + [one]\n"
        "    return kept, others\n"
    ).body

    assert filled_in_vain(function) == {"grads"}
