"""What one half keeps tells in which order the other half restores it."""

import numpy as np
import pytest

from gradtui.diagnosis.recorded.blame.kept import is_strange
from gradtui.diagnosis.recorded.blame.units import Unit
from planted import Planted, repaired

RNG = np.random.default_rng(9)
RIGHT = RNG.normal(size=(5, 4))
ARRAYS = {"w": RNG.normal(size=4), "u": RNG.normal(size=4)}


def chain(w, u):
    x, kept = np.full(4, 0.3), []
    for _ in range(3):
        p = np.sin(x * w)
        q = np.cos(x * u)
        kept.append((x, p, q))
        x = p * q
    dw, du, dx = np.zeros(4), np.zeros(4), 2 * x
    for t in (2, 1, 0):
        x, p, q = kept[t]
        dp, dq = dx * q * np.cos(x * w), -dx * p * np.sin(x * u)
        dw += dp * x
        du += dq * x
        dx = dp * w + dq * u
    return np.sum((np.array(kept[-1][1]) * kept[-1][2]) ** 2), dw, du


def step_forward(x, h, w):
    out = np.tanh(x**2 + h * w)
    kept = x, h, w, out
    return out, kept


def step_backward(d, kept):
    x, h, w, out = kept
    d = d * (1 - out**2)
    return 2 * d * x, d * w, d * h


def steps(w, u):
    h, all_kept = np.full(4, 0.3), []
    for _ in range(3):
        h, kept = step_forward(u, h, w)
        all_kept.append(kept)
    dw, du, dh = np.zeros(4), np.zeros(4), 2 * h
    for kept in reversed(all_kept):
        dx, dh, dw_here = step_backward(dh, kept)
        dw += dw_here
        du += dx
    return np.sum(h**2), dw, du


class Scaled:
    def __init__(self, gain, leak):
        self.gain = gain
        self.slope = leak

    def forward(self, z):
        self.save(z, z * self.gain)
        return self.scaled * 2

    def save(self, raw, scaled):
        self.raw = raw
        self.scaled = scaled

    def backward(self, d):
        d = d * self.slope
        self.dgain = (d * self.raw).sum(axis=0)
        return d * self.gain


def layer(w, u):
    one = Scaled(u, 2)
    x = RIGHT @ np.diag(w)
    out = one.forward(x)
    dx = one.backward(out)
    return np.sum(out**2) / 2, np.sum(dx * RIGHT, axis=0), one.dgain


MISTAKES = [
    (layer, "self.slope = leak", "self.slope = gain"),
    (layer, "self.raw = raw", "self.raw = scaled"),
    (chain, "x, p, q = kept[t]", "x, q, p = kept[t]"),
    (steps, "kept = x, h, w, out", "kept = x, out, w, h"),
    (steps, "kept = x, h, w, out", "kept = x, h, w, h"),
    (steps, "x, h, w, out = kept", "x, out, w, h = kept"),
]


@pytest.mark.parametrize(("function", "right", "jumbled"), MISTAKES)
def test_the_line_with_another_order_is_wrong(function, right, jumbled, tmp_path):
    planted = Planted(__file__, tmp_path, ARRAYS)
    wrong = planted.wrong(right, jumbled)

    (found,) = planted.errors(wrong, function.__name__)

    assert (found.line, found.fix) == (planted.line(right), right)
    assert "instead" not in found.message
    assert planted.errors(repaired(wrong, found), function.__name__) == []


class Laid:
    @staticmethod
    def forward(ctx, first, last):
        ctx.save_for_backward(first, last)
        return first * last

    @staticmethod
    def backward(ctx, g):
        last, first = ctx.saved_variables
        return g * last, g * first


def test_what_is_restored_under_its_old_name_may_be_turned():
    unit = Unit(Laid.backward.__code__, [Laid.backward])

    assert is_strange(unit, unit.node.body[0])
