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


@torch.library.custom_op("gradtui_tests::quarters", mutates_args=())
def quarters(x: torch.Tensor) -> torch.Tensor:
    return torch.from_numpy(np.round(x.numpy() * 4) / 4)


class Quarters(torch.autograd.Function):
    """Rounded by a kernel of its own, which no recording sees inside."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return torch.ops.gradtui_tests.quarters(x)

    @staticmethod
    def backward(ctx, g):
        return g


class Turned(Quarters):
    @staticmethod
    def backward(ctx, g):
        return -g


class Scaled(Quarters):
    @staticmethod
    def backward(ctx, g):
        return g * ctx.saved_tensors[0]


@pytest.mark.parametrize(
    ("function", "severity"), [(Quarters, "info"), (Turned, "error"), (Scaled, "error")]
)
def test_what_a_kernel_rounds_is_passed_as_other_rounding_is(function, severity):
    found = gradtui.check(function, torch.linspace(-1.2, 2.1, 6, dtype=torch.float64))

    assert found[0].severity == severity
    assert "passes through quarters" in found[0].message
