"""Mistakes in parentheses: an operation applies to too much, or to too little."""

import numpy as np
import pytest

from planted import Planted, repaired

RNG = np.random.default_rng(0)
START, PUSHES = RNG.normal(size=3), RNG.normal(size=(4, 3))
SPRINGS = RNG.normal(size=(3, 3))
STEP, MASS = 0.3, 1.7
A, B = RNG.random(4) + 0.5, RNG.random(4) + 0.5


def steered(START, PUSHES):
    states = [START]
    for push in PUSHES:
        x = states[-1]
        states.append(x + STEP * (SPRINGS @ np.sin(x) + push) / MASS)
    slope, pushes = states[-1].copy(), np.zeros_like(PUSHES)
    for t in range(len(PUSHES) - 1, -1, -1):
        turn = SPRINGS * np.cos(states[t])
        pushes[t] = slope * STEP / MASS
        slope = (turn * STEP / MASS + np.eye(3)).T @ slope
    return np.sum(states[-1] ** 2) / 2, (slope, pushes)


def shares(A, B):
    whole = A + B * A
    loss = np.sum(np.log(whole) * B)
    by_whole = B / whole
    d_a = by_whole * (1 + B)
    d_b = np.log(whole) + by_whole * A
    return loss, (d_a, d_b)


def ratios(A, B):
    loss = np.sum(A / (A + B))
    d_a = B / (A + B) ** 2
    d_b = -A / ((A + B) * (A + B))
    return loss, (d_a, d_b)


def squares(A, B):
    loss = np.sum((A * B) ** 3) / 3
    return loss, (B * (A * B) ** 2, A * (A * B) ** 2)


MISTAKES = [
    (steered, "(turn * STEP / MASS + np.eye(3)).T", "((turn + np.eye(3)) * STEP / MASS).T"),
    (steered, "(turn * STEP / MASS + np.eye(3)).T", "(turn * (STEP / MASS + np.eye(3))).T"),
    (shares, "d_a = by_whole * (1 + B)", "d_a = by_whole * 1 + B"),
    (shares, "d_b = np.log(whole) + by_whole * A", "d_b = (np.log(whole) + by_whole) * A"),
    (ratios, "d_b = -A / ((A + B) * (A + B))", "d_b = -A / (A + B) * (A + B)"),
    (squares, "(B * (A * B) ** 2,", "((B * (A * B)) ** 2,"),
    (squares, "A * (A * B) ** 2)", "A * (A * B ** 2))"),
]


@pytest.mark.parametrize(("function", "old", "new"), MISTAKES)
def test_parentheses_are_put_where_they_belong(function, old, new, tmp_path):
    planted = Planted(__file__, tmp_path, {"START": START, "PUSHES": PUSHES, "A": A, "B": B})
    at, wrong = planted.line(old), planted.wrong(old, new)

    (found,) = planted.errors(wrong, function.__name__)

    assert found.replaces == (at, at)
    assert planted.errors(repaired(wrong, found), function.__name__) == []
