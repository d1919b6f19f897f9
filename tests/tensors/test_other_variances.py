"""A backward pass derived for a variance divided by N, where PyTorch divides by N - 1."""

import pytest

import gradtui

torch = pytest.importorskip("torch")
Function = torch.autograd.Function

RNG = torch.Generator().manual_seed(4)


class Normalised(Function):
    """Rows of mean 0 and variance 1."""

    @staticmethod
    def forward(ctx, x):
        spread = torch.sqrt(x.var(-1, keepdim=True) + 1e-5)
        unit = (x - x.mean(-1, keepdim=True)) / spread
        ctx.save_for_backward(unit, spread)
        return unit

    @staticmethod
    def backward(ctx, g):
        unit, spread = ctx.saved_tensors
        along = unit * (g * unit).mean(-1, keepdim=True)
        return (g - g.mean(-1, keepdim=True) - along) / spread


def test_the_forward_line_is_told_for_which_the_gradients_are_right():
    x = torch.randn(3, 5, generator=RNG, dtype=torch.float64)

    found = [one for one in gradtui.check(Normalised, x) if one.severity == "error"]

    line, text = found[0].evidence["forward"]
    assert text == "spread = torch.sqrt(x.var(-1, keepdim=True, unbiased=False) + 1e-5)"
    assert (
        f"all gradients are right if line {line} of the forward pass is: {text}" in found[0].message
    )
