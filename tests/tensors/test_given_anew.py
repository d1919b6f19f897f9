"""What the forward half saves must not take the place of what the backward half is given."""

import pytest

import gradtui
from planted import Planted

torch = pytest.importorskip("torch")

DRAW = torch.Generator().manual_seed(3)
X = torch.randn(4, 3, generator=DRAW, dtype=torch.float64, requires_grad=True)


class Bent(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        y = torch.tanh(x)
        ctx.save_for_backward(x, y)
        return y

    @staticmethod
    def backward(ctx, grad_output):
        x, y = ctx.saved_tensors  # noqa: RUF059
        return grad_output * (1 - y * y)


def bent(x):
    return Bent.apply(x)


MISTAKES = [("x, y = ctx.saved_tensors", "grad_output, y = ctx.saved_tensors")]


def test_the_name_is_that_of_what_is_saved(tmp_path):
    planted = Planted(__file__, tmp_path, {"x": X})
    ((old, new),) = MISTAKES
    (found,) = planted.errors(planted.wrong(old, new), "bent")
    assert found.line == planted.line(old)
    assert found.fix.startswith(old)


def test_the_right_function_is_silent():
    assert gradtui.check(bent, x=X) == []
