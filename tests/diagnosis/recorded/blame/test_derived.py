import ast

import numpy as np
import pytest

from gradtui.diagnosis.recorded.blame.derived import Deriving

Z = np.linspace(0.2, 1.4, 5)


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


@pytest.mark.parametrize(
    "text",
    ["z * sigmoid(z)", "np.tanh(z)**2 / z", "-z**3 + 2 * np.exp(-z)", "np.log(np.sqrt(z)) - z",
     "np.sin(z) * np.cos(2 * z)", "1 / (1 + np.exp(-z))", "np.square(z) - np.abs(z)"],
)  # fmt: skip
def test_the_derivative_of_an_expression(text):
    def value(text, z):
        return eval(text, {"np": np, "sigmoid": sigmoid, "z": z})

    made = Deriving(np, "np.").of(ast.parse(text, mode="eval").body, "Name(id='z', ctx=Load())")

    near = (value(text, Z + 1e-6) - value(text, Z - 1e-6)) / 2e-6
    np.testing.assert_allclose(value(ast.unparse(made), Z), near, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("text", ["z * other", "scan(z)", "np.silu(z)"])
def test_what_is_not_known_has_no_derivative(text):
    node = ast.parse(text, mode="eval").body

    assert Deriving(np, "np.").of(node, "Name(id='z', ctx=Load())") is None
