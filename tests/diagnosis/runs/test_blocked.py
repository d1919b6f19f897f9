"""Why a gradient is zero."""

import pytest


@pytest.mark.parametrize(
    ("code", "rule", "target"),
    [
        ("h = tanh(1e3*w)*x", "saturated", "h"),
        ("h = off*(tanh(w)*x)", "masked", "h"),
        ("h = where(off, w*x, 1)", "masked", "h"),
        ("h = w*off", "constant-feature", "off"),
        ("h = maximum(w*x - 9, 0)", "dead-relu", "h"),
        ("z = w*x - 9\nh = z*(z > 0)", "dead-relu", "h"),
        ("h = x + (w > 9)", "disconnected", "w"),
        ("h = x\nu = 2*w", "disconnected", "w"),
    ],
)
def test_a_zero_gradient_says_why(diagnosed, code, rule, target):
    data = "x = [1.0, 2.0]\ny = [3.0, 5.0]\noff = [0.0, 0.0]"
    found = diagnosed(f"{code}\nL = mean((h - y)**2)", "w = 0.5", data, steps=20)
    assert [(f.rule, f.target) for f in found] == [(rule, target)]
