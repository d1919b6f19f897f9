"""Functions that are derivatives as they stand: they are given the wrong value."""

import numpy as np
import pytest

from gradtui.diagnosis.recorded.blame.candidates import Around, Statement
from gradtui.diagnosis.recorded.blame.derivatives import is_of_pair
from gradtui.diagnosis.recorded.blame.units import Unit
from gradtui.recording.library import NUMPY
from planted import Planted, repaired

RNG = np.random.default_rng(5)
X, Y = RNG.normal(size=(6, 3)), RNG.normal(size=(6, 2))
ARRAYS = {"W": RNG.normal(size=(3, 4)), "V": RNG.normal(size=(4, 2))}


class Tanh:
    def __init__(self, steep):
        self.steep = steep

    def forward(self, z):
        return np.tanh(self.steep * z)

    def derivative(self, z):
        return self.steep * (1.0 - np.square(np.tanh(self.steep * z)))


class Layer:
    def __init__(self, weights, curve):
        self.weights, self.curve = weights, curve

    def forward(self, x):
        self.x = x
        self.before = x @ self.weights
        self.after = self.curve.forward(self.before)
        return self.after

    def backward(self, d):
        dz = d * self.curve.derivative(self.before)
        self.dweights = self.x.T @ dz
        return dz @ self.weights.T


def in_layers(W, V):
    first, last = Layer(W, Tanh(0.7)), Layer(V, Tanh(1.2))
    out = last.forward(first.forward(X))
    first.backward(last.backward(out - Y))
    return 0.5 * np.sum((out - Y) ** 2), {"W": first.dweights, "V": last.dweights}


def sigmoid(z):
    return 1.0 / (1.0 + np.exp(-z))


def slope_of_sigmoid(a):
    return a * (1.0 - a)


def in_functions(W, V):
    z = X @ W
    a = sigmoid(z)
    d = a @ V - Y
    dz = (d @ V.T) * slope_of_sigmoid(a)
    return 0.5 * np.sum(d**2), {"W": X.T @ dz, "V": a.T @ d}


class Logistic:
    @staticmethod
    def curve(x):
        return 1.0 / (1 + np.exp(-x))

    @staticmethod
    def slope_of_value(y):
        return y * (1.0 - y)


def by_margin(W):
    margins = Y * (X @ W[:, :2])
    d = -(Y * Logistic.curve(-margins))
    return np.sum(np.logaddexp(0, -margins)), [np.hstack((X.T @ d, np.zeros((3, 2))))]


def bend(x, slope=False):
    if slope:
        t = np.tanh(x)
        return 1 - t**2
    return np.tanh(x)


class Bent:
    def forward(self, W):
        self.before = X @ W
        self.after = bend(self.before)
        return self.after

    def backward(self, d):
        back = bend(self.before, slope=True)
        return X.T @ (d * back)


def with_a_flag(W, V):
    layer = Bent()
    a = layer.forward(W)
    d = a @ V - Y
    return 0.5 * np.sum(d**2), {"W": layer.backward(d @ V.T), "V": a.T @ d}


def never_for_some(z):
    while not np.all(z > 0):
        z = z * 2
    return z


MISTAKES = [
    (by_margin, "Logistic.curve(-margins)", "Logistic.curve(margins)"),
    (in_layers, "derivative(self.before)", "derivative(self.after)"),
    (in_layers, "np.square(np.tanh(self.steep * z))", "np.tanh(self.steep * z)"),
    (in_functions, "slope_of_sigmoid(a)\n    return 0.5", "slope_of_sigmoid(z)\n    return 0.5"),
    (in_functions, "a * (1.0 - a)", "a * (1.0 + a)"),
    (with_a_flag, "bend(self.before, slope=True)", "bend(self.after, slope=True)"),
]  # fmt: skip


@pytest.mark.parametrize(("function", "old", "new"), MISTAKES)
def test_the_call_or_the_function_itself_is_named(function, old, new, tmp_path):
    planted = Planted(__file__, tmp_path, ARRAYS)
    text = planted.wrong(old, new)

    (found,) = planted.errors(text, function.__name__)

    assert found.line == planted.line(old)
    assert planted.errors(repaired(text, found), function.__name__) == []


def test_a_function_may_be_its_own_derivative_by_a_flag():
    unit = Unit(bend.__code__, [bend])
    around = Around({}, {}, {}, list, [], NUMPY.dialect, {}, lambda one: None)
    assert is_of_pair(Statement(unit, unit.node.body[0], around))
