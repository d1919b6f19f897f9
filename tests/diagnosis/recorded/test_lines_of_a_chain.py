"""Of several lines of a chain whose edits repair the same, the one where it was written wrongly."""

import numpy as np
import pytest

from planted import Planted, repaired

RNG = np.random.default_rng(5)
ARRAYS = {"X": RNG.normal(size=(6, 3)), "S": 0.5 + RNG.random(size=(3,))}
W = RNG.normal(size=(6, 3))
EPS = 0.1


def standardised(X, S):
    n = len(X)
    centred = X - X.mean(axis=0)
    spread = np.sqrt((centred * centred).mean(axis=0) + EPS)
    inverse = 1.0 / spread
    unit = centred * inverse
    loss = np.sum(W * unit * S)

    dS = (W * unit).sum(axis=0)
    dunit = W * S
    dinverse = (dunit * centred).sum(axis=0)
    dspread = -(inverse**2) * dinverse
    dmean_square = 0.5 / spread * dspread
    dsquare = np.ones_like(X) / n * dmean_square
    dcentred = dunit * inverse + 2 * centred * dsquare
    dmean = -dcentred.sum(axis=0)
    dX = dcentred + np.ones_like(X) / n * dmean
    return loss, {"X": dX, "S": dS}


MISTAKES = [
    ("a power", "-(inverse**2) * dinverse", "-inverse * dinverse"),
    ("a term", " + 2 * centred * dsquare", ""),
]


@pytest.fixture
def planted(tmp_path):
    return Planted(__file__, tmp_path, ARRAYS)


def test_the_program_as_it_is_is_right(planted):
    assert planted.errors(planted.wrong("", ""), "standardised") == []


@pytest.mark.parametrize(("what", "old", "new"), MISTAKES)
def test_the_line_is_the_one_that_lost_something(planted, what, old, new):
    text = planted.wrong(old, new)
    (finding,) = planted.errors(text, "standardised")

    assert finding.line == planted.line(old)
    assert planted.errors(repaired(text, finding), "standardised") == []
