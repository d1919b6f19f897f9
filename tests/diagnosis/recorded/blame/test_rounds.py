"""Lines that another loop of a function has, and one lacks."""

import numpy as np
import pytest

from planted import Planted, repaired

RNG = np.random.default_rng(7)
ROWS, KERNEL = RNG.normal(size=(3, 9)), RNG.normal(size=(3, 2))
STEP = 2


def windows(ROWS, KERNEL):
    at, outs = np.arange(3), []
    for _ in range(4):
        outs.append(ROWS[:, at] @ KERNEL)
        at = at + STEP
    return np.stack(outs)


def slopes(ROWS, KERNEL, d, by):
    at = np.arange(len(KERNEL))
    if by == "rows":
        found = np.zeros(ROWS.shape)
        for one in d:
            found[:, at] += one @ KERNEL.T
            at += STEP
    else:
        found = np.zeros(KERNEL.shape)
        for one in d:
            found += ROWS[:, at].T @ one
            at += 2
    return found


def convolved(ROWS, KERNEL):
    out = windows(ROWS, KERNEL)
    d = 3 * out**2
    return np.sum(out**3), [slopes(ROWS, KERNEL, d, "rows"), slopes(ROWS, KERNEL, d, "kernel")]


MISTAKES = [
    ("            found[:, at] += one @ KERNEL.T\n            at += STEP\n",
     "            found[:, at] += one @ KERNEL.T\n"),
    ("            found += ROWS[:, at].T @ one\n            at += 2\n",
     "            found += ROWS[:, at].T @ one\n"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new"), MISTAKES)
def test_the_loop_is_named_and_the_line_makes_the_program_right(old, new, tmp_path):
    planted = Planted(__file__, tmp_path, {"ROWS": ROWS, "KERNEL": KERNEL})
    assert planted.errors(planted.wrong("MISTAKES", "MISTAKES"), "convolved") == []
    at, wrong = planted.line(old), planted.wrong(old, new)

    (found,) = planted.errors(wrong, "convolved")

    assert found.line == at + 1 and "is missing" in found.message
    assert planted.errors(repaired(wrong, found), "convolved") == []
