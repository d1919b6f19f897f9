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


MISTAKES = [("gains = self._get_gains()", "gains = np.array(self._rewards)")]


def test_the_function_that_makes_a_value_by_its_name_was_meant(tmp_path):
    planted = Planted(__file__, tmp_path, ARRAYS)
    ((right, mistaken),) = MISTAKES

    (found,) = planted.errors(planted.wrong(right, mistaken), "of_an_object")

    assert (found.line, found.fix) == (planted.line(right), right)
