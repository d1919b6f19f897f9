"""A value is made by the function whose name says so."""

import numpy as np

from planted import Planted

RNG = np.random.default_rng(9)
X = RNG.normal(size=(5, 3))
ARRAYS = {"w": RNG.normal(size=3)}


def compute_returns(rewards):
    return np.cumsum(rewards[::-1])[::-1]


class Agent:
    def __init__(self):
        self._rewards = [0.3, -0.2, 1.1, 0.4, -0.7]

    def _get_gains(self):
        return compute_returns(np.asarray(self._rewards)) - 0.5

    def slope(self, h):
        gains = self._get_gains()
        return X.T @ (gains * (1 - h**2))


def of_an_object(w):
    h, agent = np.tanh(X @ w), Agent()
    return np.sum((compute_returns(np.array(agent._rewards)) - 0.5) * h), agent.slope(h)


class Logistic:
    @staticmethod
    def log_density(z):
        return -z - 2 * np.log1p(np.exp(-z))

    @staticmethod
    def log_survival(z):
        return -np.log1p(np.exp(z))

    @staticmethod
    def slope_of_density(z):
        return 2 / (1 + np.exp(z)) - 1

    @staticmethod
    def slope_of_survival(z):
        return -1 / (1 + np.exp(-z))


def by(law, w):
    g = np.zeros_like(w)
    for row in X[:3]:
        slope = law.slope_of_density(row @ w)
        g = g + slope * row
    for row in X[3:]:
        g = g + law.slope_of_survival(row @ w) * row
    return g


def censored(w):
    law = Logistic()
    return np.sum(law.log_density(X[:3] @ w)) + np.sum(law.log_survival(X[3:] @ w)), by(law, w)


MISTAKES = [("gains = self._get_gains()", "gains = np.array(self._rewards)")]


def test_the_function_that_makes_a_value_by_its_name_was_meant(tmp_path):
    planted = Planted(__file__, tmp_path, ARRAYS)
    ((right, mistaken),) = MISTAKES

    (found,) = planted.errors(planted.wrong(right, mistaken), "of_an_object")

    assert (found.line, found.fix) == (planted.line(right), right)


def test_another_static_method_of_an_object_was_meant(tmp_path):
    planted = Planted(__file__, tmp_path, ARRAYS)
    right = "slope = law.slope_of_density(row @ w)"

    wrong = planted.wrong(right, right.replace("density", "survival"))
    (found,) = planted.errors(wrong, "censored")

    assert (found.line, found.fix) == (planted.line(right), right)


def test_sound_code_with_static_methods_is_left_alone(tmp_path):
    planted = Planted(__file__, tmp_path, ARRAYS)
    assert planted.errors(planted.wrong("", ""), "censored") == []
