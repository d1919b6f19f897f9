"""The value before a sigmoid in both places of its slope, kept under names of all kinds."""

import numpy as np
import pytest

from planted import Planted, repaired

RNG = np.random.default_rng(23)
X, Y, W = RNG.normal(size=(6, 3)), RNG.normal(size=(6, 2)), RNG.normal(size=(3, 2))


class Layer:
    def loss(self, W):
        self.z = X @ W
        self.h = 1 / (1 + np.exp(-self.z))
        self.d = self.h - Y
        return np.mean(self.d**2)

    def slopes(self):
        dh = 2 * self.d / self.d.size
        return X.T @ (dh * self.h * (1 - self.h))


def of_attributes(W):
    layer = Layer()
    return layer.loss(W), layer.slopes()


def of_entries(W):
    kept = {"z": X @ W}
    kept["h"] = 1 / (1 + np.exp(-kept["z"]))
    d = kept["h"] - Y
    dz = d * kept["h"] * (1 - kept["h"])
    return np.sum(d**2) / 2, X.T @ dz


def of_names(W):
    z = X @ W
    h = 1 / (1 + np.exp(-z))
    d = h - Y
    dz = d * h * (1 - h)
    return np.sum(d**2) / 2, X.T @ dz


def of_gates(W):
    """Two gates in one array; the value that both read is W."""
    gates = X @ np.hstack([W, 2 * W])
    loss = np.sum(gates[:, :2] * np.sin(gates[:, 2:]))
    d = np.empty_like(gates)
    d[:, :2] = np.sin(gates[:, 2:])
    d[:, 2:] = gates[:, :2] * np.cos(gates[:, 2:])
    both = np.hstack([np.eye(2), 2 * np.eye(2)])
    back = np.dot(d, both.T)
    return loss, X.T @ back


def of_pairs(L):
    """The part of each column's own row that is below the diagonal."""
    z, c = Y[:3, :] @ Y[:2, :].T, np.cos(Y[:, 0])
    dL = np.zeros_like(L)
    loss = 0.0
    for i in range(3):
        for j in range(i):
            loss += z[i, 1] * c[j] * np.sin(L[i, j])
            dL[i, j] = z[i, 1] * c[j] * np.cos(L[i, j])
    return loss, dL


def of_two_layers(w):
    a1, b1, a2, b2 = Y[:3, 0], Y[3:, 0], Y[:3, 1], Y[3:, 1]
    y = np.sin(w * a1) * b1
    loss = np.sum(np.cos(y * a2) * b2)
    dy = -np.sin(y * a2) * a2 * b2
    return loss, dy * np.cos(w * a1) * a1 * b1


MISTAKES = [
    (of_attributes, "dh * self.h * (1 - self.h)", "dh * self.z * (1 - self.z)", "self.h"),
    (of_entries, 'd * kept["h"] * (1 - kept["h"])', 'd * kept["z"] * (1 - kept["z"])', "kept"),
    (of_names, "d * h * (1 - h)", "d * z * (1 - z)", "h"),
]


def test_the_part_of_one_gate_is_told_from_the_product_of_all(tmp_path):
    planted = Planted(__file__, tmp_path, {"W": W})
    wrong = planted.wrong("np.dot(d, both.T)", "np.dot(d[:, :2], both.T[:2])")

    (found,) = planted.errors(wrong, "of_gates")

    assert "it must be the product of d and both.T as a whole" in found.message
    assert planted.errors(repaired(wrong, found), "of_gates") == []


@pytest.mark.parametrize(("function", "old", "new", "named"), MISTAKES)
def test_one_value_in_place_of_another_is_one_mistake(function, old, new, named, tmp_path):
    planted = Planted(__file__, tmp_path, {"W": W})
    at, wrong = planted.line(old), planted.wrong(old, new)

    (found,) = planted.errors(wrong, function.__name__)

    assert found.replaces == (at, at)
    assert f"must be {named}" in found.message and " throughout " in found.message
    assert planted.errors(repaired(wrong, found), function.__name__) == []


SWAPPED = [
    ("of_pairs", "z[i, 1] * c[j] * np.cos", "z[j, 1] * c[i] * np.cos", "j and i are swapped"),
    ("of_two_layers", "(w * a1) * a1 * b1", "(w * a2) * a2 * b2", "a2 and b2 must be a1 and b1"),
]


@pytest.mark.parametrize(("function", "old", "new", "told"), SWAPPED)
def test_names_that_belong_together_are_one_mistake(function, old, new, told, tmp_path):
    planted = Planted(__file__, tmp_path, {"L": W[:, :2] @ W[:, :2].T, "w": W[:, 0]})
    at, wrong = planted.line(old), planted.wrong(old, new)

    (found,) = planted.errors(wrong, function)

    assert found.line == at and found.message.endswith(told)
    assert planted.errors(repaired(wrong, found), function) == []
