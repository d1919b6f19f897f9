"""What an edit would leave without a use tells against it, and what it calculates twice."""

import numpy as np
import pytest

from planted import Planted, repaired

RNG = np.random.default_rng(4)
ARRAYS = {"q": RNG.normal(size=(3, 4)), "k": RNG.normal(size=(5, 4)), "W": RNG.normal(size=(4, 4))}


class Attention:
    def forward(self, q, k, W):
        self.q, self.k, self.W = q, k, W
        self.scores, self.values = q @ k.T, k @ W
        self.shares = np.exp(self.scores) / np.exp(self.scores).sum(axis=1, keepdims=True)
        return self.shares @ self.values

    def backward(self, dout):
        weights = self.shares
        rows = [self.back(at, *one) for at, one in enumerate(zip(dout, weights, strict=True))]
        ds, dv = np.array([one for one, _ in rows]), sum(one for _, one in rows)
        self.dW = self.k.T @ dv
        self.dk_scores = np.dot(ds.T, self.q)
        self.dk_values = np.dot(dv, self.W.T)
        if self.q is self.k:
            return ds @ self.k + self.dk_scores + self.dk_values
        return ds @ self.k, self.dk_scores + self.dk_values

    def back(self, at, dout, w):
        dv = np.outer(w, dout)
        da = self.values @ dout
        ds = self.shares[at] * da
        return ds - self.shares[at] * np.sum(ds), dv


def attention(q, k, W):
    layer = Attention()
    out = layer.forward(q, k, W)
    dq, dk = layer.backward(2 * out)
    return np.sum(out**2), {"q": dq, "k": dk, "W": layer.dW}


def doubled(W):
    half = W - W.T
    z = half @ half.T
    dz = 2 * z
    dW = np.dot(dz + dz.T, half)
    dW = dW - dW.T
    dW = dW + 0.2 * W
    return np.sum(z**2) + 0.1 * np.sum(W**2), {"W": dW}


def turned(q):
    places = np.array([2, 0, 1])
    loss = np.sum(q[places] * np.arange(3.0)[:, None] ** 2)
    rows = places + 0
    if len(q) > 5:
        rows = np.copy(rows)
    dq = np.zeros_like(q)
    dq[rows] = np.arange(3.0)[:, None] ** 2
    return loss, {"q": dq}


def listed(q, k):
    z = q @ k.T
    dq, dk = 2 * z @ k, 2 * z.T @ q
    both = dq, dk
    return np.sum(z**2), both


MISTAKES = [
    # Reading `self.shares[at]` in `back` would leave its argument without a use.
    (attention, "weights = self.shares\n", "weights = self.scores\n"),
    # To add the product itself in the line of `dk_scores` would calculate it twice.
    (attention, "return ds @ self.k, self.dk_scores + self.dk_values",
     "return ds @ self.k, self.dk_scores"),
    # `dW += dW + 0.2 * W` would double what is added to.
    (doubled, "dz = 2 * z", "dz = z"),
]  # fmt: skip


@pytest.mark.parametrize(("function", "old", "new"), MISTAKES)
def test_the_line_is_told_that_leaves_nothing_without_a_use(function, old, new, tmp_path):
    planted = Planted(__file__, tmp_path, ARRAYS)
    at, wrong = planted.line(old), planted.wrong(old, new)

    (found,) = planted.errors(wrong, function.__name__)

    assert found.replaces == (at, at)
    assert planted.errors(repaired(wrong, found), function.__name__) == []


def test_a_name_that_stands_twice_is_in_the_place_of_one_without_a_use(tmp_path):
    arrays = {"q": ARRAYS["q"], "k": RNG.normal(size=(3, 4))}
    planted = Planted(__file__, tmp_path, arrays)
    wrong = planted.wrong("both = dq, dk", "both = dq, dq")

    (found,) = planted.errors(wrong, "listed")

    assert found.fix == "both = dq, dk"
    assert "dq must be dk, which listed does not use" in found.message


@pytest.mark.parametrize("function", [attention, doubled, listed])
def test_the_programs_are_sound(function, tmp_path):
    planted = Planted(__file__, tmp_path, ARRAYS)

    assert planted.errors(planted.wrong("", ""), function.__name__) == []


def test_a_line_that_only_changes_a_value_makes_no_use_of_it(tmp_path):
    planted = Planted(__file__, tmp_path, ARRAYS)
    right = "    rows = places + 0"

    (found,) = planted.errors(planted.wrong(right, "    rows = places - 1"), "turned")

    assert found.line == planted.line(right)
