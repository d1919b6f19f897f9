"""A term of a factor that nothing uses, and the round of a loop that is missing as one."""

import numpy as np
import pytest

from planted import Planted, repaired

RNG = np.random.default_rng(31)
ARRAYS = {
    "GRID": RNG.normal(size=(4, 4)),
    "POLY": RNG.normal(size=(5,)),
    "CHANCES": 0.2 + RNG.random(size=(4, 3)),
    "SCORES": RNG.normal(size=(4, 3)),
}
KINDS, SEEN = np.array([0, 2, 1, 0]), RNG.random(size=(4, 3))
ANGLES = RNG.normal(size=3)


def walked(GRID):
    size = len(GRID)
    total = np.full((size + 1, size + 1), -np.inf)
    total[0, 0] = 0.0
    for i in range(1, size + 1):
        for j in range(1, size + 1):
            before = [total[i - 1, j - 1], total[i - 1, j], total[i, j - 1]]
            total[i, j] = GRID[i - 1, j - 1] + np.log(np.sum(np.exp(before)))
    grad = np.zeros((size + 2, size + 2))
    grad[size, size] = 1.0
    for i in range(size, 0, -1):
        for j in range(size, 0, -1):
            if i == size and j == size:
                continue
            down = step(total, GRID, i, j, i + 1, j)
            right = step(total, GRID, i, j, i, j + 1)
            across = step(total, GRID, i, j, i + 1, j + 1)
            grad[i, j] = (
                grad[i + 1, j] * down + grad[i, j + 1] * right + grad[i + 1, j + 1] * across
            )
    return total[size, size], {"GRID": grad[1 : size + 1, 1 : size + 1]}


def step(total, grid, i, j, row, column):
    if row > len(grid) or column > len(grid):
        return 0.0
    return np.exp(total[i, j] + grid[row - 1, column - 1] - total[row, column])


def powers(POLY):
    loss, dpoly = 0.0, np.zeros_like(POLY)
    for angle in ANGLES:
        factor, slope = 1.0, 0.0
        for k in range(1, len(POLY)):
            slope += k * factor * POLY[k]
            factor *= angle
        loss += 0.5 * slope**2
        factor = 1.0
        for k in range(1, len(POLY)):
            dpoly[k] += k * factor * slope
            factor *= angle
    return loss, {"POLY": dpoly}


def counted(CHANCES):
    loss, grad, blank = 0.0, np.zeros_like(CHANCES), 1
    for i in range(len(KINDS)):
        if i % 2 == 0:
            loss += SEEN[i] @ np.log(CHANCES[blank])
            grad[blank] += SEEN[i] / CHANCES[blank]
        else:
            loss += SEEN[i] @ np.log(CHANCES[KINDS[i] + 1])
            grad[KINDS[i] + 1] += SEEN[i] / CHANCES[KINDS[i] + 1]
    return loss, {"CHANCES": grad}


def shared(SCORES):
    shares = np.exp(SCORES)
    shares /= shares.sum(axis=1, keepdims=True)
    loss, d_shares = np.sum(SEEN * np.sin(shares)), SEEN * np.cos(shares)
    along = np.sum(d_shares * shares, axis=1)
    d_scores = shares * (d_shares - along[:, None])
    return loss, {"SCORES": d_scores}


MISTAKES = [
    ("walked", " + grad[i + 1, j + 1] * across\n", "\n"),
    (
        "counted",
        "grad[KINDS[i] + 1] += SEEN[i] / CHANCES[KINDS[i] + 1]",
        "grad[KINDS[i] + 1] += SEEN[i]",
    ),
    ("powers", "dpoly[k] += k * factor * slope", "dpoly[k] += factor * slope"),
]


@pytest.fixture
def planted(tmp_path):
    return Planted(__file__, tmp_path, ARRAYS)


@pytest.mark.parametrize("name", ["walked", "powers", "counted", "shared"])
def test_the_programs_as_they_are_are_right(planted, name):
    assert planted.errors(planted.wrong("", ""), name) == []


@pytest.mark.parametrize(("name", "old", "new"), MISTAKES)
def test_what_is_missing_is_named_where_it_is(planted, name, old, new):
    text = planted.wrong(old, new)
    (finding,) = planted.errors(text, name)

    assert abs(finding.line - planted.line(old)) <= 1
    assert planted.errors(repaired(text, finding), name) == []


def test_a_term_is_given_the_axis_that_it_lacks(planted):
    text = planted.wrong("(d_shares - along[:, None])", "d_shares")
    (finding,) = planted.errors(text, "shared")

    assert finding.fix == "d_scores = shares * (d_shares - along[:, None])"
