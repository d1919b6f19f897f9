"""A sum that begins as zeros and that each round of a loop replaces."""

import numpy as np
import pytest

from gradtui.diagnosis.recorded.blame.begun import begun_as_ones
from gradtui.diagnosis.recorded.blame.units import Unit
from planted import Planted, repaired

RNG = np.random.default_rng(3)
X = RNG.normal(size=(6, 3))
GOALS = RNG.normal(size=6)


class Line:
    def __init__(self, w):
        self.w, self.dw = w, np.zeros_like(w)

    def back(self, x, goal):
        off = x @ self.w - goal
        self.dw[:] = 0
        self.dw += 2 * off * x
        return off**2


def by_rows(w):
    line, loss, dw = Line(w), 0.0, np.zeros_like(w)
    for x, goal in zip(X, GOALS, strict=True):
        loss += line.back(x, goal)
        dw += line.dw
    return loss, dw


def laid(rows):
    loss = np.sum(np.convolve(np.kron(rows, [1.0, 0]), [1.0, 2, 3]) ** 2)
    wide = np.zeros(6)
    wide[::2] = rows
    back = np.convolve(2 * np.convolve(wide, [1.0, 2, 3]), [3.0, 2, 1])[2:8]
    return loss, back[::2]


def in_turn(w):
    offs = X @ w - GOALS
    slopes = np.full_like(w, 0)
    for x, off in zip(X, offs, strict=True):
        slopes += 2 * off * x
    return np.sum(offs**2), slopes


MISTAKES = [("dw += line.dw", "dw = line.dw")]


@pytest.mark.parametrize(("old", "new"), MISTAKES)
def test_the_sum_is_added_to_and_its_parts_begin_anew_as_they_do(old, new, tmp_path):
    planted = Planted(__file__, tmp_path, {"w": RNG.normal(size=3)})
    wrong = planted.wrong(old, new)

    (found,) = planted.errors(wrong, "by_rows")

    assert found.line == planted.line(old)
    assert repaired(wrong, found).replace("dw+=", "dw +=") == planted.wrong("", "")


class Keeping:
    """Another function begins what a line adds to, under a key."""

    def start(self):
        kept = {"n": 0}
        kept["dw"] = np.ones(3)
        kept["scale"] = np.ones(3)
        return kept

    def back(self, x):
        self.kept["dw"][:] += 2 * self.kept["scale"] * x


def test_what_another_function_adds_to_by_its_key_is_known():
    assert begun_as_ones(Unit(Keeping.start.__code__, [Keeping.start])) == {"[dw]"}


def test_what_is_stored_between_zeros_is_not_stored_between_ones(tmp_path):
    planted = Planted(__file__, tmp_path, {"rows": RNG.normal(size=3)})
    text = planted.wrong("    wide = np.zeros(6)\n", "    wide = np.ones(6)\n")

    (found,) = planted.errors(text, "laid")

    assert (found.line, found.fix) == (
        planted.line("    wide = np.zeros(6)\n"),
        "wide = np.zeros(6)",
    )


def test_a_sum_does_not_begin_filled_with_ones(tmp_path):
    planted = Planted(__file__, tmp_path, {"w": RNG.normal(size=3)})
    own = "slopes = np.full_like(w, 0)"
    (found,) = planted.errors(planted.wrong(own, own.replace("0", "1")), "in_turn")
    assert (found.line, found.fix) == (planted.line(own), own)
