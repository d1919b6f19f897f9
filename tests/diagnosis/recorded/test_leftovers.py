"""A gradient of what was kept from a run before is told as that."""

import numpy as np
import pytest

import gradtui
from findings import line_of, only

RNG = np.random.default_rng(83)
X, Y, W = RNG.normal(size=(5, 3)), RNG.normal(size=(5, 2)), RNG.normal(size=(3, 2))


class Layer:
    def __init__(self):
        self.cache, self.calls = {}, 0

    def forward(self, w):
        self.calls += 1
        if "h" not in self.cache:
            self.cache["h"] = np.tanh(X @ w)
        return np.tanh(X @ w)

    def backward(self, d, slope):
        return X.T @ (d * slope(self.cache["h"]))


def case_of(layer, slope):
    def case(w):
        e = layer.forward(w) - Y
        return np.sum(e**2), layer.backward(2 * e, slope)

    return case


def test_a_value_that_is_kept_from_the_first_run_is_told_where_it_would_be_made():
    finding = only(gradtui.check(case_of(Layer(), lambda h: 1 - h**2), w=W))

    assert (finding.rule, finding.severity, finding.fix) == ("stale", "error", None)
    assert finding.line == line_of(Layer.forward, 3)
    assert "from a run before; where it starts afresh, it is right" in finding.message


@pytest.mark.parametrize("slope", [lambda h: 1 - h, lambda h: 2 - 2 * h**2])
def test_another_mistake_is_not(slope):
    assert only(gradtui.check(case_of(Layer(), slope), w=W)).rule != "stale"
