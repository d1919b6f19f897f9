"""Masks that compare with one bound where the forward half has two."""

import numpy as np
import pytest

from planted import Planted, repaired

RNG = np.random.default_rng(4)
V = np.array([-2.6, -0.5, 0.3, 1.9, -1.4, 0.8, 0.1, -0.2])
U = np.array([0.6, 1.7, -1.2, 2.3])
W = RNG.normal(size=(3, 2))
ROWS = 2 * RNG.normal(size=(6, 3))
LEAST, MOST = -0.8, 1.3


def clipped(V):
    kept = np.clip(V, -1, 1)
    d = 3 * kept**2 * ((V > -1) & (V < 1))
    return np.sum(kept**3), d


def named(V):
    kept = np.minimum(np.maximum(V, LEAST), MOST)
    inside = (V > LEAST) & (V < MOST)
    return np.sum(kept**3), 3 * kept**2 * inside


def emptied(V):
    kept = np.clip(V, -1, 1)
    d = 3 * kept**2
    d[(V > 1) | (V < -1)] = 0
    return np.sum(kept**3), d


def chosen(V):
    kept = np.where(np.logical_or(V > 1.0, V < -1.0), np.sign(V), V)
    d = np.where(np.logical_and(V > -1.0, V < 1.0), 3 * kept**2, 0.0)
    return np.sum(kept**3), d


def one_by_one(V):
    loss, d = 0.0, np.zeros_like(V)
    for i in range(len(V)):
        kept = min(max(V[i], -1), 1)
        loss += kept**3
        if V[i] < 1 and V[i] > -1:
            d[i] = 3 * kept**2
    return loss, d


def positive(U):
    kept = np.clip(U, -1, 1)
    return np.sum(kept**2), 2 * kept * (U < 1) * (U > -1)


def gated(W):
    z = ROWS @ W / 6 + 0.5
    gate = np.clip(z, 0, 1)
    return np.sum(gate**2), ROWS.T @ (2 * gate * (z > 0) * (z < 1)) / 6


def huber(V):
    e = V - 0.1
    near = np.abs(e) <= 0.7
    loss = np.where(near, e**2 / 2, 0.7 * (np.abs(e) - 0.35)).sum()
    return loss, np.where(np.abs(e) < 0.7, e, 0.7 * np.sign(e))


def two_cases(V):
    near = np.abs(V) < 1
    loss = np.sum(V**2 / 2 * near + (np.abs(V) - 0.5) * ~near)
    return loss, V * (np.abs(V) < 1) + np.sign(V) * (np.abs(V) >= 1)


class Limit:
    def __init__(self, low, high):
        self.low, self.high = low, high

    def forward(self, x):
        self.x = x
        return np.clip(x, self.low, self.high)

    def backward(self, d):
        return d * (self.x < self.high) * (self.x > self.low)


def layer(W):
    limit = Limit(-1.5, 0.9)
    out = limit.forward(ROWS @ W)
    return np.sum(out**3), ROWS.T @ limit.backward(3 * out**2)


def leaking(V):
    passes = V > 0
    out = np.where(passes, V, 0.1 * V)
    d = 3 * out**2
    d[~passes] *= 0.1
    return np.sum(out**3), d


def stopping(V):
    stopped = V < 0
    out = np.where(stopped, 0, V)
    d = 3 * out**2 + 1
    d[stopped] = 0
    return np.sum(out**3 + out), d


MISTAKES = [
    (clipped, "((V > -1) & (V < 1))", "(V < 1)", "(V < 1) * (V > -1)"),
    (clipped, "((V > -1) & (V < 1))", "(-1 < V)", "(-1 < V) * (V < 1)"),
    (named, "(V > LEAST) & (V < MOST)", "V < MOST", "(V < MOST) & (V > LEAST)"),
    (emptied, "(V > 1) | (V < -1)", "V > 1", "(V > 1) | (V < -1)"),
    (emptied, "(V > 1) | (V < -1)", "V <= -1", "(V <= -1) | (V >= 1)"),
    (chosen, "np.logical_and(V > -1.0, V < 1.0)", "V < 1.0", "np.logical_and(V < 1.0, V > -1.0)"),
    (one_by_one, "V[i] < 1 and V[i] > -1", "V[i] < 1", "if V[i] < 1 and V[i] > -1:"),
    (positive, "(U < 1) * (U > -1)", "(U < 1)", "(U < 1) * (U > -1)"),
    (gated, "(z > 0) * (z < 1)", "(z > 0)", "(z > 0) * (z < 1)"),
    (huber, "np.abs(e) < 0.7", "e < 0.7", "np.where(np.abs(e) < 0.7"),
    (layer, "(self.x < self.high) * (self.x > self.low)", "(self.x < self.high)",
     "(self.x < self.high) * (self.x > self.low)"),
]  # fmt: skip


@pytest.mark.parametrize(("function", "old", "new", "fix"), MISTAKES)
def test_the_other_bound_of_a_mask_is_that_of_the_forward_half(function, old, new, fix, tmp_path):
    planted = Planted(__file__, tmp_path, {"V": V, "U": U, "W": W})
    at, wrong = planted.line(old), planted.wrong(old, new)

    (found,) = planted.errors(wrong, function.__name__)

    assert found.line == at
    assert fix in found.fix
    assert planted.errors(repaired(wrong, found), function.__name__) == []


@pytest.mark.parametrize(("function", "old", "new"), [
    (huber, "np.abs(e) < 0.7, e", "e < 0.7, e"),
    (two_cases, "(np.abs(V) < 1) + np.sign(V) * (np.abs(V) >= 1)",
     "(V < 1) + np.sign(V) * (V >= 1)"),
])  # fmt: skip
def test_a_size_is_told_to_be_missing_in_all_masks_of_a_line(function, old, new, tmp_path):
    planted = Planted(__file__, tmp_path, {"V": V})

    (found,) = planted.errors(planted.wrong(old, new), function.__name__)

    value = "e" if function is huber else "V"
    assert found.message.endswith(f"{value} must be np.abs({value})")
    assert old in found.fix


def test_a_mask_is_widened_in_each_place_of_a_line(tmp_path):
    planted = Planted(__file__, tmp_path, {"V": V})
    whole = planted.wrong("d[(V > 1) | (V < -1)] = 0", "d[V >= 1] = d[V >= 1] * 0")

    (found,) = planted.errors(whole, "emptied")

    assert found.fix == "d[(V >= 1) | (V <= -1)] = d[(V >= 1) | (V <= -1)] * 0"
    assert planted.errors(repaired(whole, found), "emptied") == []


def test_the_other_bound_may_be_among_the_values(tmp_path):
    planted = Planted(__file__, tmp_path, {"V": np.append(V, -1.0)})
    wrong = planted.wrong("((V > -1) & (V < 1))", "(V < 1)")

    (found,) = planted.errors(wrong, "clipped")

    assert found.fix.endswith(("(V < 1) * (V >= -1)", "(V < 1) * (V > -1)"))
    assert planted.errors(repaired(wrong, found), "clipped") == []


@pytest.mark.parametrize(
    ("function", "old", "new"),
    [(leaking, "d[~passes] *= 0.1", "d[passes] *= 0.1"),
     (stopping, "d[stopped] = 0", "d[~stopped] = 0")],
)  # fmt: skip
def test_a_mask_that_picks_elements_may_be_the_opposite(function, old, new, tmp_path):
    planted = Planted(__file__, tmp_path, {"V": V})

    (found,) = planted.errors(planted.wrong(f"    {old}\n", f"    {new}\n"), function.__name__)

    assert found.fix == old
