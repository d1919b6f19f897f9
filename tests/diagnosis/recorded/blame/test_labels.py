"""The first name that does not hold the adjoint it tells of is where right values become wrong."""

import numpy as np
import pytest

from planted import Planted, repaired

RNG = np.random.default_rng(4)
X, T = RNG.normal(size=(5, 3)), RNG.normal(size=(5, 3))
ARRAYS = {"x": X}


def normalised(x):
    n = len(x)
    mean = x.sum(axis=0) / n
    centred = x - mean
    square = centred**2
    var = square.sum(axis=0) / n
    root = np.sqrt(var + 1e-3)
    inverse = 1 / root
    out = centred * inverse
    dout = out - T
    dinverse = np.sum(dout * centred, axis=0)
    droot = -dinverse / root**2
    dvar = 0.5 * droot / np.sqrt(var + 1e-3)
    dsquare = np.ones_like(x) * dvar / n
    dcentred = dout * inverse + 2 * centred * dsquare
    dmean = -1 * np.sum(dcentred, axis=0)
    dx = dcentred + dmean / n
    return 0.5 * np.sum((out - T) ** 2), dx


MISTAKES = [
    ("droot = -dinverse / root**2", "droot = -dinverse / root"),
    ("dvar = 0.5 * droot / np.sqrt(var + 1e-3)", "dvar = droot / np.sqrt(var + 1e-3)"),
    ("dmean = -1 * np.sum(dcentred, axis=0)", "dmean = np.sum(dcentred, axis=0)"),
]


@pytest.mark.parametrize(("right", "mistaken"), MISTAKES)
def test_the_line_is_the_first_that_does_not_hold_what_its_name_tells(right, mistaken, tmp_path):
    planted = Planted(__file__, tmp_path, ARRAYS)
    at, wrong = planted.line(right), planted.wrong(right, mistaken)

    (found,) = planted.errors(wrong, "normalised")

    assert found.line == at
    assert planted.errors(repaired(wrong, found), "normalised") == []
