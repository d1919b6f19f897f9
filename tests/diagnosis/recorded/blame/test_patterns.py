"""A term left out of a sum whose other terms tell what it looks like."""

import numpy as np
import pytest

from planted import Planted, repaired

RNG = np.random.default_rng(5)
COSTS = RNG.random((3, 4))
RATES = RNG.random(6) + 0.5


def warped(COSTS):
    n, m = COSTS.shape
    R = np.full((n + 2, m + 2), 9.0)
    R[0, 0] = 0.0
    for i in range(1, n + 1):
        for j in range(1, m + 1):
            least = np.exp(-R[i - 1, j]) + np.exp(-R[i, j - 1]) + np.exp(-R[i - 1, j - 1])
            R[i, j] = COSTS[i - 1, j - 1] - np.log(least)
    D = np.zeros((n + 2, m + 2))
    D[1 : n + 1, 1 : m + 1] = COSTS
    E = np.zeros((n + 2, m + 2))
    E[n + 1, m + 1] = 1.0
    R[n + 1, :] = R[:, m + 1] = -np.inf
    R[n + 1, m + 1] = R[n, m]
    for i in range(n, 0, -1):
        for j in range(m, 0, -1):
            a = np.exp(R[i + 1, j] - R[i, j] - D[i + 1, j])
            b = np.exp(R[i, j + 1] - R[i, j] - D[i, j + 1])
            c = np.exp(R[i + 1, j + 1] - R[i, j] - D[i + 1, j + 1])
            E[i, j] = E[i + 1, j] * a + E[i, j + 1] * b + E[i + 1, j + 1] * c
    return R[n, m], E[1 : n + 1, 1 : m + 1]


def steps_of_three(RATES):
    n = len(RATES)
    at = np.concatenate([[0.0], RATES, [0.0, 0.0, 0.0]])
    ways, back = np.zeros(n + 4), np.zeros(n + 4)
    ways[0], back[n] = 1.0, 1.0
    for s in range(1, n + 1):
        ways[s] = at[s] * sum(ways[max(0, s - 3) : s])
    for s in range(n - 1, 0, -1):
        back[s] = back[s + 1] * at[s + 1] + back[s + 2] * at[s + 2] + back[s + 3] * at[s + 3]
    return ways[n], back[1 : n + 1] * ways[1 : n + 1] / RATES


MISTAKES = [
    (warped, " + E[i + 1, j + 1] * c\n", "\n"),
    (steps_of_three, " + back[s + 3] * at[s + 3]\n", "\n"),
    (steps_of_three, "back[s + 1] * at[s + 1] + back[s + 2] * at", "back[s + 2] * at"),
    (warped, "E[i + 1, j] * a + E[i, j + 1] * b +", "E[i + 1, j] * a +"),
]


@pytest.mark.parametrize(("function", "old", "new"), MISTAKES)
def test_a_missing_term_is_made_like_the_others(function, old, new, tmp_path):
    planted = Planted(__file__, tmp_path, {"COSTS": COSTS, "RATES": RATES})
    at, wrong = planted.line(old), planted.wrong(old, new)

    (found,) = planted.errors(wrong, function.__name__)

    assert found.replaces == (at, at)
    assert planted.errors(repaired(wrong, found), function.__name__) == []


@pytest.mark.parametrize("function", [warped, steps_of_three])
def test_the_programs_are_sound(function, tmp_path):
    planted = Planted(__file__, tmp_path, {"COSTS": COSTS, "RATES": RATES})

    assert planted.errors(planted.wrong("", ""), function.__name__) == []
