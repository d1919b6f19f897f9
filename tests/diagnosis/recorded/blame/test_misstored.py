"""Values stored under another name than the one that is meant."""

import numpy as np
import pytest

from planted import Planted, repaired

RNG = np.random.default_rng(12)
ROWS = RNG.normal(size=(4, 3))
PAIRS = RNG.normal(size=(8, 8))
ARRAYS = {"V": RNG.normal(size=8), "W": RNG.normal(size=(4, 3)), "U": RNG.normal(size=(3, 3))}


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


def layered(W, U):
    h = np.tanh(ROWS @ W.T)
    g = np.where(h > 0, h, 0.1 * h)
    out = g[:, :3] @ U
    d = out
    dU = g[:, :3].T @ d
    d = np.hstack([d @ U.T, np.zeros((4, 1))])
    d = d * np.where(h > 0, 1, 0.1)
    d = d * (1 - h**2)
    dW = d.T @ ROWS
    return 0.5 * np.sum(out**2), {"W": dW, "U": dU}


def recurrent(U):
    states, loss = [ROWS[0]], 0.0
    for row in ROWS[1:]:
        states.append(np.tanh(states[-1] @ U + row))
        loss += 0.5 * np.sum(states[-1] ** 2)
    dU, later = np.zeros_like(U), np.zeros(3)
    for state, before in zip(states[:0:-1], states[-2::-1], strict=True):
        d = state + later
        inner = d * (1 - state**2)
        dU += np.outer(before, inner)
        later = inner @ U.T
    return loss, dU


def cropped(U):
    full, loss = np.pad(U, 1), 0.0
    loss += np.sum(np.sin(full[1:, 1:]) * PAIRS[:4, :4])
    size, d = full.shape, np.zeros((5, 5))
    if size == d.shape:
        d[1:, 1:] = np.cos(full[1:, 1:]) * PAIRS[:4, :4]
        d = d[1:-1, 1:-1]
        d = np.ascontiguousarray(d)
    return loss, d


def turned(V):
    angle, loss, dV = np.cumsum(V), 0.0, np.zeros_like(V)
    for i in range(len(V)):
        loss += PAIRS[i, 0] * np.cos(angle[i]) + PAIRS[i, 1] * np.sin(angle[i])
    for i in range(len(V)):
        pull = PAIRS[i, :2]
        turn = -pull[0] * np.sin(angle[i])
        turn += pull[1] * np.cos(angle[i])
        dV[: i + 1] += turn
    return loss, dV


MISTAKES = [
    (layered, "d = d * np.where", "dU = d * np.where"),
    (layered, "d = d * np.where", "g = d * np.where"),
    (layered, "d = d * (1", "dW = d * (1"),
    (layered, "d = d * (1", "dU = d * (1"),
    (recurrent, "later = inner @", "state = inner @"),
    (recurrent, "later = inner @", "d = inner @"),
    (cropped, "d = d[1:-1", "size = d[1:-1"),
    (turned, "turn += pull", "pull += pull"),
    (rectified, "back = np.where(V > 0, back, 0.0)", "V = np.where(V > 0, back, 0.0)"),
    (in_two_loops, "row = np.sin(W[i]) + np", "other = np.sin(W[i]) + np"),
]


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


@pytest.mark.parametrize(("function", "old", "new"), MISTAKES)
def test_a_value_is_not_stored_under_a_name_that_nothing_reads(function, old, new, tmp_path):
    planted = Planted(__file__, tmp_path, ARRAYS)
    assert planted.errors(planted.wrong("", ""), function.__name__) == []
    wrong = planted.wrong(old, new)

    (found,) = planted.errors(wrong, function.__name__)

    assert found.line == planted.line(old)
    assert repaired(wrong, found) == planted.wrong("", "")
