"""The bound that the mask of a custom function lacks, and its forward half tells."""

import pytest

import gradtui
from findings import only

torch = pytest.importorskip("torch")
Function = torch.autograd.Function


class Clamp(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.clamp(-1, 1)

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g * (x < 1)


class Given(Function):
    @staticmethod
    def forward(ctx, x, low, high):
        ctx.save_for_backward(x)
        ctx.low, ctx.high = low, high
        return torch.clamp(x, min=low, max=high)

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g * (x < ctx.high).to(g.dtype), None, None


class Tanh(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return torch.nn.functional.hardtanh(x)

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        g = g.clone()
        g[x > 1] = 0
        return g


class Huber(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return torch.where(x.abs() <= 1, 0.5 * x**2, x.abs() - 0.5)

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g * torch.where(x <= 1, x, torch.sign(x))


def values(seed):
    return 2 * torch.randn(4, 3, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("seed", range(4))
def test_a_clamp_needs_its_other_bound_whatever_the_values(seed):
    x = values(seed)
    x[0] = torch.tensor([-1.5, 0.5, 1.5])

    assert only(gradtui.check(Clamp, x)).fix == "return g * (x < 1) * (x > -1)"


def test_0_is_not_the_bound_though_no_value_is_between_it_and_the_other_one():
    x = torch.tensor([-1.5, 0.5, 1.5, 0.2, -3.0, 0.4, -1.7, 0.1, 2.2])

    assert only(gradtui.check(Clamp, x)).fix == "return g * (x < 1) * (x > -1)"


def test_the_other_bound_is_kept_beside_the_one():
    found = only(gradtui.check(Given, values(0), -0.5, 0.8))

    assert found.fix == "return g * ((x < ctx.high) & (x > ctx.low)).to(g.dtype), None, None"


def test_a_bound_that_no_code_tells_is_the_opposite_one():
    assert only(gradtui.check(Tanh, values(0))).fix == "g[(x > 1) | (x < -1)] = 0"


def test_a_mask_of_a_size_takes_the_size_as_the_forward_half_does():
    found = only(gradtui.check(Huber, values(0)))

    assert found.fix == "return g * torch.where(x.abs() <= 1, x, torch.sign(x))"
