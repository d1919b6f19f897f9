"""The first name that does not hold the adjoint it tells of is where right values become wrong."""

import numpy as np
import pytest

from planted import Planted, repaired

RNG = np.random.default_rng(4)
X, T = RNG.normal(size=(5, 3)), RNG.normal(size=(5, 3))
ARRAYS = {"x": X, "gain": RNG.normal(size=3)}


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


def leaky(x):
    z = x @ T.T
    a = np.where(z > 0, z, 0.1 * z)
    da = a
    dz = da * np.where(z > 0, 1.0, 0.1)
    return np.sum(a * a) / 2, dz @ T


def scaled(x, gain):
    """Two names hold what they tell, one of which is that of an argument's gradient."""
    centred = x - x.mean(axis=0)
    std = np.sqrt(np.mean(centred**2, axis=0) + 1e-3)
    out = centred / std
    dout = 3 * (out * gain) ** 2 * gain
    dgain = np.sum(3 * (out * gain) ** 2 * out, axis=0)
    dcentred = dout / std
    dstd = -np.sum(dout * centred / std**2, axis=0)
    dsquare = 0.5 * dstd / std
    dcentred += 2 * centred * dsquare / len(x)
    return np.sum((out * gain) ** 3), (dcentred - dcentred.mean(axis=0), dgain)


def gated(x):
    zs, hs = [], [X[0]]
    for t in range(5):
        zs.append(1 / (1 + np.exp(-x[t])))
        hs.append((1 - zs[t]) * hs[t] + zs[t] * T[t] + 0.1 * x[t])
    dx, dh = np.zeros_like(x), hs[-1]
    for t in reversed(range(5)):
        rest = 1 - zs[t]
        d_rest = hs[t] * dh
        dx[t] += T[t] * dh
        dx[t] += -1 * d_rest
        dx[t] *= zs[t] * (1 - zs[t])
        dx[t] += 0.1 * dh
        dh = rest * dh
    return 0.5 * np.sum(hs[-1] ** 2), dx


MISTAKES = [
    (normalised, "droot = -dinverse / root**2", "droot = -dinverse / root"),
    (normalised, "dvar = 0.5 * droot / np.sqrt(var + 1e-3)", "dvar = droot / np.sqrt(var + 1e-3)"),
    (normalised, "dmean = -1 * np.sum(dcentred, axis=0)", "dmean = np.sum(dcentred, axis=0)"),
    (leaky, "dz = da * np.where(z > 0, 1.0, 0.1)", "dz = da * np.where(z > 0, 1.0, 0.01)"),
    (scaled, "dstd = -np.sum", "dstd = np.sum"),
]


@pytest.mark.parametrize(("function", "right", "mistaken"), MISTAKES)
def test_the_line_is_one_that_does_not_hold_what_its_name_tells(
    function, right, mistaken, tmp_path
):
    planted = Planted(__file__, tmp_path, ARRAYS)
    at, wrong = planted.line(right), planted.wrong(right, mistaken)

    (found,) = planted.errors(wrong, function.__name__)

    assert found.line == at
    assert planted.errors(repaired(wrong, found), function.__name__) == []


def test_a_name_tells_of_a_value_that_is_computed_anew_in_each_round(tmp_path):
    planted = Planted(__file__, tmp_path, ARRAYS)
    right = "dx[t] += -1 * d_rest"
    wrong = planted.wrong(right, "dx[t] += d_rest")

    (found,) = planted.errors(wrong, "gated")

    told = [found.line, *(line for line, _ in found.evidence["elsewhere"])]
    assert sorted(told) == [planted.line("d_rest = hs[t] * dh"), planted.line(right)]
