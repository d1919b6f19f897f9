"""The name of a view that is given another value, in place of writing into what it views."""

import numpy as np
import pytest

from planted import Planted, repaired

RNG = np.random.default_rng(12)
ROWS = RNG.normal(size=(4, 3))
PAIRS = RNG.normal(size=(8, 8))
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


def by_pairs(V):
    n, loss = len(V), 0.0
    for i in range(n):
        for j in range(n):
            loss += PAIRS[i, j] * np.log(V[i] ** 2 + V[j] ** 2) if i != j else 0.0
    over = V**2 + (V**2)[:, None]
    np.fill_diagonal(over, np.inf)
    over = 1 / over
    return loss, 2 * V * np.sum((PAIRS + PAIRS.T) * over, axis=0)


def inverted(V):
    both = V**2 + V[:, None] ** 2 + 1
    loss = np.sum(PAIRS * np.log(both))
    both = np.reciprocal(both)
    along = PAIRS * both
    across = PAIRS.T * both
    back = 2 * V * (along + across).sum(axis=0)
    return loss, back


def placed(V):
    loss, dV, at = 0.0, np.zeros_like(V), 0
    for place in (1, 4, 6):
        at = place // 2
        loss += ROWS[at, 0] * V[at] ** 2
    for place in (1, 4, 6):
        at = place // 2
        row = place % 2
        dV[at] += 2 * ROWS[at, 0] * V[at] * (row >= 0)
    return loss, dV


def rectified(V):
    kept, back = V * V, 2 * V
    kept = np.where(V > 0, kept, 0.0)
    back = np.where(V > 0, back, 0.0)
    return np.sum(kept), back


def in_two_loops(W):
    loss, slopes = 0.0, np.zeros_like(W)
    for i in range(len(W)):
        row, other = np.sin(W[i]), W[i]
        loss += row @ other
    for i in range(len(W)):
        row = np.sin(W[i]) + np.cos(W[i]) * W[i]
        slopes[i] = row
    return loss, slopes


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


def test_a_line_goes_on_with_what_its_name_had(tmp_path):
    planted = Planted(__file__, tmp_path, ARRAYS)
    assert planted.errors(planted.wrong("", ""), "by_pairs") == []
    (found,) = planted.errors(planted.wrong("over = 1 / over", "over = 1 / n"), "by_pairs")
    assert (found.line, found.fix) == (planted.line("over = 1 / over"), "over = 1 / over")
    assert found.message.endswith("n must be over, which nothing else reads")


def test_what_a_call_makes_is_not_stored_under_a_name_that_is_given_away(tmp_path):
    planted, right = Planted(__file__, tmp_path, ARRAYS), "both = np.reciprocal(both)"
    assert planted.errors(planted.wrong("", ""), "inverted") == []

    (found,) = planted.errors(planted.wrong(right, right.replace("both", "back", 1)), "inverted")

    assert (found.line, found.fix) == (planted.line(right), right)


def test_a_value_may_be_stored_under_a_name_that_is_read_behind_it(tmp_path):
    planted, right = Planted(__file__, tmp_path, ARRAYS), "        at = place // 2\n        row"
    wrong = planted.wrong(right, right.replace("at =", "row ="))

    (found,) = planted.errors(wrong, "placed")

    assert (found.line, found.fix) == (planted.line("row = place % 2") - 1, "at = place // 2")


LOST = [
    (rectified, "back = np.where(V > 0, back, 0.0)", "V = np.where(V > 0, back, 0.0)"),
    (in_two_loops, "row = np.sin(W[i]) + np", "other = np.sin(W[i]) + np"),
]


@pytest.mark.parametrize(("function", "old", "new"), LOST)
def test_a_value_is_not_stored_under_a_name_that_nothing_reads(function, old, new, tmp_path):
    planted = Planted(__file__, tmp_path, ARRAYS)
    assert planted.errors(planted.wrong("", ""), function.__name__) == []
    wrong = planted.wrong(old, new)

    (found,) = planted.errors(wrong, function.__name__)

    assert found.line == planted.line(old)
    assert repaired(wrong, found) == planted.wrong("", "")
