"""What an object keeps and no other method of its class reads."""

import numpy as np
import pytest

from planted import Planted, repaired

RNG = np.random.default_rng(4)
KEPT = RNG.random((5, 3)) > 0.4
ARRAYS = {"X": RNG.normal(size=(5, 4)), "W": RNG.normal(size=(4, 3)), "b": RNG.normal(size=3)}


class Affine:
    def __init__(self, W, b):
        self.W, self.b = W, b

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dout):
        self.dW = self.x.T @ dout
        self.db = dout.sum(axis=0)
        return dout @ self.W.T


class Rectified:
    def __init__(self):
        self.mask = None

    def forward(self, x):
        self.mask = x <= 0
        out = x.copy()
        out[self.mask] = 0
        return out

    def backward(self, dout):
        dout[self.mask] = 0
        dx = dout
        return dx


class Curve:
    def __init__(self):
        self.cache = {}

    def forward(self, x):
        self.cache["slope"] = 1 / np.cosh(x) ** 2 + KEPT
        return np.tanh(x) + x * KEPT

    def backward(self, dout):
        return dout * self.cache["slope"]


class Layer:
    def forward(self, x):
        raise NotImplementedError


class Dropout(Layer):
    def __init__(self):
        self.mask = None

    def forward(self, x):
        self.mask = KEPT
        return x * self.mask

    def backward(self, dout):
        return dout * self.mask


class Asking(Layer):
    def __init__(self):
        self.slope = None

    def forward(self, x):
        self.slope = np.cos(x)
        return np.sin(x)

    def backward(self, dout):
        if self.slope is None:
            raise ValueError("no forward pass")
        out_grad = self.slope * dout
        self.slope = None
        return out_grad


class Loud(Layer):
    def tell(self):
        print(self.mask)


def case(X, W, b):
    affine = Affine(W, b)
    layers = [affine, Rectified(), Curve(), Dropout(), Asking()]
    out = X
    for layer in layers:
        out = layer.forward(out)
    dout = out - 1
    for layer in reversed(layers):
        dout = layer.backward(dout)
    return 0.5 * np.sum((out - 1) ** 2), {"X": dout, "W": affine.dW, "b": affine.db}


MISTAKES = [
    ("dout * self.mask", "self.mask"),
    ('dout * self.cache["slope"]', "self.cache['slope']"),
]


@pytest.mark.parametrize(("old", "kept"), MISTAKES)
def test_it_is_not_what_other_classes_keep_under_that_name(old, kept, tmp_path):
    planted = Planted(__file__, tmp_path, ARRAYS)
    text = planted.wrong(f"return {old}", "return dout")

    (found,) = planted.errors(text, "case")

    assert found.line == planted.line(f"return {old}")
    assert f"the factor {kept}, which nothing uses, is missing" in found.message
    assert planted.errors(repaired(text, found), "case") == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("        return out_grad\n", "        return dout\n"),
        ("        out_grad = self.slope * dout\n", "        out_grad = dout\n"),
    ],
)
def test_what_is_made_for_nothing_or_only_asked_for_is_needed(old, new, tmp_path):
    planted = Planted(__file__, tmp_path, ARRAYS)
    text = planted.wrong(old, new)

    (found,) = planted.errors(text, "case")

    assert found.line == planted.line(old)
    assert planted.errors(repaired(text, found), "case") == []


def test_the_right_program_is_silent(tmp_path):
    planted = Planted(__file__, tmp_path, ARRAYS)
    assert planted.errors(planted.wrong("", ""), "case") == []
