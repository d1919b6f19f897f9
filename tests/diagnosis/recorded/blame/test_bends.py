"""The slope of a magnitude is a sign, which is easily forgotten where another slope is constant."""

import numpy as np
import pytest

from planted import Planted, repaired

RNG = np.random.default_rng(4)
ARRAYS = {"r": 2 * RNG.normal(size=9)}


def chosen(r):
    delta = 0.7
    far = delta * (np.abs(r) - 0.5 * delta)
    loss = np.where(np.abs(r) <= delta, 0.5 * r**2, far).sum()
    return loss, np.where(np.abs(r) <= delta, r, delta * np.sign(r))


def masked(r):
    delta = 0.7
    mask = np.abs(r) > delta
    loss = np.where(mask, delta * (np.abs(r) - 0.5 * delta), 0.5 * r**2).sum()
    d = r.copy()
    d[mask] = delta * np.sign(r[mask])
    return loss, d


MISTAKES = [
    (chosen, "r, delta * np.sign(r))", "r, delta)"),
    (chosen, "r, delta * np.sign(r))", "r, delta * r)"),
    (masked, "d[mask] = delta * np.sign(r[mask])", "d[mask] = delta"),
    (masked, "d[mask] = delta * np.sign(r[mask])", "d[mask] = delta * r[mask]"),
]


@pytest.mark.parametrize(("function", "right", "mistaken"), MISTAKES)
def test_the_sign_is_put_back(function, right, mistaken, tmp_path):
    planted = Planted(__file__, tmp_path, ARRAYS)
    wrong = planted.wrong(right, mistaken)

    (found,) = planted.errors(wrong, function.__name__)

    assert found.fix.endswith(right)
    assert planted.errors(repaired(wrong, found), function.__name__) == []
