"""Functions of `math` are recorded, those that NumPy does not have among them."""

import math

import numpy as np
import pytest

import gradtui
from gradtui.recording.names import Replaced

X = np.array([0.3, -0.7, 1.2])

MATH = {
    "erf": (math.erf, lambda v: 2 / math.sqrt(math.pi) * math.exp(-v * v)),
    "erfc": (math.erfc, lambda v: -2 / math.sqrt(math.pi) * math.exp(-v * v)),
    "exp2": (lambda v: math.exp2(v), lambda v: math.log(2) * 2**v),
    "fsum": (lambda v: math.fsum([v, v * v]), lambda v: 1 + 2 * v),
    "fsum of a generator": (lambda v: math.fsum(v for _ in range(3)), lambda v: 3.0),
    "dist": (lambda v: math.dist([v, 1.0], [4.0, 1.0]), lambda v: math.copysign(1.0, v - 4)),
    "log to a base": (lambda v: math.log(v * v + 1, 2),
                      lambda v: 2 * v / (v * v + 1) / math.log(2)),
    "log to a moving base": (lambda v: math.log(3, v * v + 2), lambda v: -math.log(3) * 2 * v
                             / (v * v + 2) / math.log(v * v + 2) ** 2),
    "natural log": (lambda v: math.log(v * v + 1), lambda v: 2 * v / (v * v + 1)),
    "hypot of two": (lambda v: math.hypot(v, 2), lambda v: v / math.hypot(v, 2)),
    "hypot of three": (lambda v: math.hypot(v, v, 1), lambda v: 2 * v / math.hypot(v, v, 1)),
    "vectorize": (np.vectorize(math.erf), lambda v: 2 / math.sqrt(math.pi) * math.exp(-v * v)),
}  # fmt: skip


@pytest.mark.parametrize(("compute", "slope"), MATH.values(), ids=MATH)
def test_a_function_of_math_is_recorded(compute, slope):
    def case(x):
        return sum(compute(v) for v in x), {"x": np.array([slope(v) for v in x])}

    def wrong(x):
        return sum(compute(v) for v in x), {"x": np.array([2 * slope(v) for v in x])}

    assert gradtui.check(case, x=X) == []
    assert "error" in {one.severity for one in gradtui.check(wrong, x=X)}


def test_a_function_without_a_known_derivative_is_told():
    def case(x):
        logs = [math.lgamma(v * v + 1) for v in x]
        # The derivative of ln Gamma(n + 1) at a whole n is the harmonic number less Euler's.
        return sum(logs), {"x": np.array([0.0, 2 * (1 - np.euler_gamma), 4 * slope_at_5])}

    slope_at_5 = 1 + 1 / 2 + 1 / 3 + 1 / 4 - np.euler_gamma
    found = gradtui.check(case, x=np.array([0.0, 1.0, 2.0]))
    assert {one.rule for one in found} >= {"opaque"}
    assert all(one.rule != "not-compared" for one in found)


def test_a_name_that_is_not_replaced_is_looked_up_once():
    instead = Replaced(np, {"add": np.subtract})
    assert (instead.add, instead.exp) == (np.subtract, np.exp)
    assert "exp" in vars(instead)
    assert "exp" not in vars(Replaced(np, {}))
