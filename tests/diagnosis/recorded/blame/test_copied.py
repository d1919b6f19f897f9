"""A line copied from the one above, whose indices still have its number."""

import numpy as np
import pytest

from planted import Planted, repaired

A = np.random.default_rng(3).normal(size=(4, 3, 3))


def of_diagonals(A):
    first, second, third = A[:, 0, 0], A[:, 1, 1], A[:, 2, 2]
    loss = np.sum(first**2 + 2 * second * third + third**3)
    d = np.zeros_like(A)
    first = A[:, 0, 0]
    second = A[:, 1, 1]
    third = A[:, 2, 2]
    d[:, 0, 0] = 2 * first
    d[:, 1, 1] = 2 * third
    d[:, 2, 2] = 2 * second + 3 * third**2
    return loss, d


MISTAKES = [
    ("    third = A[:, 2, 2]", "    third = A[:, 1, 1]"),
    ("    second = A[:, 1, 1]", "    second = A[:, 2, 2]"),
    ("    first = A[:, 0, 0]", "    first = A[:, 1, 1]"),
]


@pytest.mark.parametrize(("old", "new"), MISTAKES)
def test_its_number_is_told_throughout(old, new, tmp_path):
    planted = Planted(__file__, tmp_path, {"A": A})
    text = planted.wrong(old, new)

    (found,) = planted.errors(text, "of_diagonals")

    assert (found.line, found.fix) == (planted.line(old), old.strip())
    assert "throughout the indices" in found.message
    assert planted.errors(repaired(text, found), "of_diagonals") == []


def test_right_lines_are_silent(tmp_path):
    planted = Planted(__file__, tmp_path, {"A": A})
    assert planted.errors(planted.wrong("", ""), "of_diagonals") == []
