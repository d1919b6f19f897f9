"""An edit that is right by chance, for the sizes of the data at hand, is not the fix."""

import numpy as np
import pytest

from planted import Planted, repaired

RNG = np.random.default_rng(10)
XS, OUT, ROWS, AIMS = (RNG.normal(size=size) for size in ((3, 4), (3, 3), (5, 3), (5, 4)))
ARRAYS = {"W": 0.5 * RNG.normal(size=(3, 3)), "V": RNG.normal(size=(3, 4))}


def through_time(W):
    many = XS.shape[1]
    h = np.zeros((3, many + 1))
    for t in range(many):
        h[:, t + 1] = np.tanh(W @ h[:, t] + XS[:, t])
    scores = OUT @ h[:, 1:]
    steps = scores.shape[1]
    dh, da = OUT.T @ scores, np.zeros_like(XS)
    da[:, -1] = dh[:, -1] * (1 - h[:, -1] ** 2)
    for t in range(steps - 2, -1, -1):
        da[:, t] = (dh[:, t] + W.T @ da[:, t + 1]) * (1 - h[:, t + 1] ** 2)
    return 0.5 * np.sum(scores**2), da @ h[:, :-1].T


class Squash:
    def __init__(self, scale):
        self.scale = scale

    def function(self, z):
        return self.scale * np.tanh(z)

    def slope(self, z):
        kept = self.function(z) / self.scale
        return self.scale * (1 - np.square(kept))


def squashed(V):
    one, z = Squash(2), (ROWS @ V).T
    off = one.function(z) - AIMS.T
    return 0.5 * np.sum(off**2), ROWS.T @ (off * one.slope(z)).T


MISTAKES = [
    (through_time, "steps = scores.shape[1]", "steps = scores.shape[0]"),
    (squashed, "kept = self.function(z) / self.scale", "kept = self.function(z)"),
]


@pytest.mark.parametrize(("function", "right", "mistaken"), MISTAKES)
def test_an_edit_is_right_for_other_sizes_too(function, right, mistaken, tmp_path):
    planted = Planted(__file__, tmp_path, ARRAYS)

    (found,) = planted.errors(planted.wrong(right, mistaken), function.__name__)

    told = [found.line, *(line for line, _ in found.evidence.get("elsewhere", ()))]
    assert planted.line(right) in told
    assert planted.errors(repaired(planted.wrong(right, mistaken), found), function.__name__) == []
