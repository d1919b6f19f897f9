"""The forgotten case of a flag that a function is given."""

import numpy as np
import pytest

from planted import Planted, repaired

RNG = np.random.default_rng(5)
START = RNG.normal(size=3)
TURN = np.eye(3) + 0.2 * RNG.normal(size=(3, 3))
RUNNING, AT_END = RNG.normal(size=(3, 3)), RNG.normal(size=(3, 3))
STEPS = 3


class Bowl:
    def __init__(self, matrix, matrix_last):
        self.matrix, self.matrix_last = matrix, matrix_last
        self.both, self.both_last = matrix + matrix.T, matrix_last + matrix_last.T

    def height(self, x, last=False):
        matrix = self.matrix_last if last else self.matrix
        return x @ matrix @ x

    def slope(self, x, last=False):
        both = self.both_last if last else self.both
        return both @ x

    def steepness(self, x, last=False):
        return (self.both_last if last else self.both) @ x


def path(START):
    bowl, xs = Bowl(RUNNING, AT_END), [START]
    for _ in range(STEPS):
        xs.append(np.sin(TURN @ xs[-1]))
    loss = sum(bowl.height(x) for x in xs[:-1]) + bowl.height(xs[-1], last=True)
    dx = bowl.slope(xs[-1], last=True)
    for t in reversed(range(STEPS)):
        dx = TURN.T @ (dx * np.cos(TURN @ xs[t])) + bowl.slope(xs[t])
    return loss, dx


def other_path(START):
    bowl, end = Bowl(RUNNING, AT_END), np.tanh(TURN @ START)
    loss = bowl.height(START) + bowl.height(end, True)
    return loss, bowl.steepness(START) + TURN.T @ (bowl.steepness(end, True) * (1 - end**2))


MISTAKES = [
    (path, "both = self.both_last if last else self.both", "both = self.both"),
    (path, "both = self.both_last if last else self.both", "both = self.both_last"),
    (other_path, "(self.both_last if last else self.both) @ x", "self.both @ x"),
]


@pytest.mark.parametrize(("function", "old", "new"), MISTAKES)
def test_the_case_is_named_and_the_fix_makes_the_program_right(function, old, new, tmp_path):
    planted = Planted(__file__, tmp_path, {"START": START})
    at, wrong = planted.line(old), planted.wrong(old, new)
    assert planted.errors(planted.wrong("MISTAKES", "MISTAKES"), function.__name__) == []

    (found,) = planted.errors(wrong, function.__name__)

    assert found.line == at and " if last else " in found.fix
    assert planted.errors(repaired(wrong, found), function.__name__) == []
