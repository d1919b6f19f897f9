"""Results that code rounds to single precision, though its arguments are double."""

import numpy as np
import pytest

import gradtui

torch = pytest.importorskip("torch")
LEFT = float(np.float32(1.1) - np.float32(1) - np.float32(0.1))
"""What single precision leaves of a zero: 2e-8."""


class Cancelling(torch.autograd.Function):
    """Computed by NumPy, unseen, and returned in PyTorch's default type; x[0] cancels out."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        a, b = x.detach().numpy()
        return torch.FloatTensor([1.1 * a - a - 0.1 * a + np.sin(b), 2 * np.sin(b)])

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return torch.stack([g[0] * LEFT, (g[0] + 2 * g[1]) * torch.cos(x[1])])


class Wrong(Cancelling):
    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return torch.stack([g[0] * LEFT, (g[0] + g[1]) * torch.cos(x[1])])


@pytest.mark.usefixtures("numpys_arrays")
@pytest.mark.parametrize(("function", "wrong"), [(Cancelling, False), (Wrong, True)])
def test_what_rounding_leaves_of_a_zero_is_right_and_other_elements_are_compared(function, wrong):
    found = gradtui.check(function, torch.tensor([0.7, -0.4]))

    assert any(one.severity == "error" for one in found) is wrong
