"""Functions that compute the gradient of another one, by their names."""

import pytest

from gradtui.diagnosis.recorded.blame.roles import is_gradient_of

PAIRS = [
    ("ReLU_BP", "ReLU"), ("drelu", "relu"), ("relu_prime", "relu"), ("tanhGrad", "tanh"),
    ("softmax_jacobian", "softmax"), ("conv_backward", "conv_forward"), ("conv_adj", "conv"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "other"), PAIRS)
def test_a_name_tells_of_which_function_the_gradient_is(name, other):
    assert is_gradient_of(name, other) and not is_gradient_of(other, name)


@pytest.mark.parametrize(("name", "other"), [("relu", "tanh"), ("relu6", "relu"), ("bump", "ump")])
def test_other_names_do_not(name, other):
    assert not is_gradient_of(name, other)
