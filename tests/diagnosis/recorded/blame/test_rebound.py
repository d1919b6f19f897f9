"""The name of a view that is given another value, in place of writing into what it views."""

import numpy as np
import pytest

from planted import Planted, repaired

RNG = np.random.default_rng(12)
ROWS = RNG.normal(size=(4, 3))
PLACES = [(0, 4, (2, 2)), (4, 8, (2, 2)), (0, 4, (2, 2))]
ARRAYS = {"V": RNG.normal(size=8), "W": RNG.normal(size=(4, 3))}


def row_by_row(W):
    dW = np.zeros_like(W)
    for i in range(len(W)):
        row = dW[i]
        row += 2 * W[i]
        row -= ROWS[i]
    return np.sum(W**2) - np.sum(W * ROWS), dW


def in_blocks(V):
    loss, dV = 0.0, np.zeros_like(V)
    for first, last, shape in PLACES:
        block = V[first:last].reshape(shape)
        loss += np.sum((block @ ROWS[:2]) ** 2)
        part = dV[first:last].reshape(shape)
        part += 2 * block @ ROWS[:2] @ ROWS[:2].T
    return loss, dV


def copied(W):
    dW = np.zeros_like(W)
    for i in range(len(W)):
        row = dW[i]
        row[:] = np.cos(W[i])
        assert row.all()
    return np.sum(np.sin(W)), dW


MISTAKES = [
    (row_by_row, "row -= ROWS[i]", "row = row - ROWS[i]"),
    (in_blocks, "part += 2 * block", "part = 2 * block"),
    (copied, "row[:] = np.cos", "row = np.cos"),
]


@pytest.mark.parametrize(("function", "old", "new"), MISTAKES)
def test_the_view_is_written_into(function, old, new, tmp_path):
    planted = Planted(__file__, tmp_path, ARRAYS)
    at, wrong = planted.line(old), planted.wrong(old, new)

    (found,) = planted.errors(wrong, function.__name__)

    assert (found.line, found.rule) == (at, "missing-path")
    assert planted.errors(repaired(wrong, found), function.__name__) == []
