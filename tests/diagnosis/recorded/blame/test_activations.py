"""The slope of another activation, written from habit."""

import numpy as np
import pytest

from planted import Planted, repaired

RNG = np.random.default_rng(8)
X = RNG.normal(size=(3, 4, 2))
Wo, Wc = RNG.normal(size=(2, 5, 6))
V = RNG.normal(size=(2, 5))


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def cell(Wo, Wc):
    hs, os, cs, rows = [np.zeros((4, 3))], [], [], []
    for t in range(3):
        row = np.hstack([X[t], hs[-1]])
        os.append(sigmoid(row @ Wo[:3, :5].T))
        cs.append(np.tanh(row @ Wc[:3, :5].T))
        rows.append(row)
        hs.append(os[-1] * cs[-1])
    dWo, dWc, dh = np.zeros_like(Wo), np.zeros_like(Wc), 2 * hs[-1]
    for t in reversed(range(3)):
        do = dh * cs[t] * (os[t] * (1 - os[t]))
        dc = dh * os[t] * (1 - cs[t] ** 2)
        dWo[:3, :5] += do.T @ rows[t]
        dWc[:3, :5] += dc.T @ rows[t]
        dh = (do @ Wo[:3, :5] + dc @ Wc[:3, :5])[:, 2:]
    return np.sum(hs[-1] ** 2), {"Wo": dWo, "Wc": dWc}


def layers(V):
    a = sigmoid(X[0] @ V)
    b = np.maximum(a @ Wo - 0.4, 0)
    db = 2 * b * (b > 0)
    da = db @ Wo.T
    dz = da * a * (1.0 - a)
    return np.sum(b**2), {"V": X[0].T @ dz}


def slope_of_tanh(z):
    e = np.exp(2 * z)
    return 4 * e / (e + 1) ** 2


def through_functions(V):
    z = X[0] @ V
    dz = np.tanh(z) * slope_of_tanh(z)
    return 0.5 * np.sum(np.tanh(z) ** 2), {"V": X[0].T @ dz}


def attention(W):
    q = X[:, :, 0] @ W
    e = np.exp(np.where(np.tri(3, 3) > 0, q @ q.T / np.sqrt(2), -1e9))
    a = e / e.sum(-1, keepdims=True)
    dout = 2 * (a @ q)
    da = dout @ q.T
    ds = a * (da - np.sum(da * a, axis=-1, keepdims=True)) / np.sqrt(2)
    dq = ds @ q + ds.T @ q + a.T @ dout
    return np.sum((a @ q) ** 2), {"W": X[:, :, 0].T @ dq}


MISTAKES = [
    (cell, "(os[t] * (1 - os[t]))", "(1 - os[t] ** 2)", "tanh's slope, and sigmoid's"),
    (cell, "(os[t] * (1 - os[t]))", "(1 - os[t] * os[t])", "tanh's slope, and sigmoid's"),
    (cell, "(1 - cs[t] ** 2)", "cs[t] * (1 - cs[t])", "sigmoid's slope, and tanh's"),
    (layers, "da * a * (1.0 - a)", "da * (1 - np.square(a))", "tanh's slope, and sigmoid's"),
    (layers, "da * a * (1.0 - a)", "da * (a > 0)", "relu's slope, and sigmoid's"),
    (through_functions, "4 * e / (e + 1) ** 2", "(e - 1) / (e + 1)", "tanh itself, and its slope"),
]


@pytest.mark.parametrize(("function", "old", "new", "told"), MISTAKES)
def test_the_slope_of_another_activation_is_told_by_both_names(function, old, new, told, tmp_path):
    planted = Planted(__file__, tmp_path, {"Wo": Wo, "Wc": Wc, "V": V})
    at, wrong = planted.line(old), planted.wrong(old, new)

    (found,) = planted.errors(wrong, function.__name__)

    assert found.replaces == (at, at) and f"that is {told} is needed" in found.message
    assert planted.errors(repaired(wrong, found), function.__name__) == []


LEFT_OUT = "ds = a * (da - np.sum(da * a, axis=-1, keepdims=True)) / np.sqrt(2)"


@pytest.mark.parametrize("new", ["ds = da / np.sqrt(2)", "ds = np.dot(dout, q.T) / np.sqrt(2)"])
def test_what_flows_back_through_a_softmax_may_be_left_out(new, tmp_path):
    planted = Planted(__file__, tmp_path, {"W": V[:, :4].T.copy()})
    at, wrong = planted.line(LEFT_OUT), planted.wrong(LEFT_OUT, new)

    (found,) = planted.errors(wrong, "attention")

    assert found.replaces == (at, at) and "what flows back through the softmax a" in found.message
    assert planted.errors(repaired(wrong, found), "attention") == []


@pytest.mark.parametrize("function", [cell, layers, attention])
def test_the_programs_are_sound(function, tmp_path):
    planted = Planted(__file__, tmp_path, {"Wo": Wo, "Wc": Wc, "V": V, "W": V[:, :4].T.copy()})

    assert planted.errors(planted.wrong("", ""), function.__name__) == []
