"""Gradients that pass a step with a slope of their own, as those of spiking networks do."""

import pytest

import gradtui
from findings import only

torch = pytest.importorskip("torch")
Function = torch.autograd.Function


class Spike(Function):
    @staticmethod
    def forward(ctx, u, steepness):
        ctx.save_for_backward(u)
        ctx.steepness = steepness
        return (u > 0.2).to(u.dtype)

    @staticmethod
    def backward(ctx, g):
        (u,) = ctx.saved_tensors
        return g / (ctx.steepness * (u - 0.2).abs() + 1) ** 2, None


class Alone(Spike):
    """Forgets the gradient that it is given."""

    @staticmethod
    def backward(ctx, g):
        (u,) = ctx.saved_tensors
        return 1 / (ctx.steepness * (u - 0.2).abs() + 1) ** 2, None


class Turned(Spike):
    @staticmethod
    def backward(ctx, g):
        slope, _ = Spike.backward(ctx, g)
        return -slope, None


class Growing(Spike):
    """Lets the gradient grow with the distance from the step."""

    @staticmethod
    def backward(ctx, g):
        (u,) = ctx.saved_tensors
        return g * (ctx.steepness * (u - 0.2).abs() + 1) ** 2, None


def u():
    return torch.linspace(-2, 2.1, 12, dtype=torch.float64).reshape(4, 3)


@pytest.mark.parametrize("steepness", [3.0, 25.0])
def test_a_bump_for_a_slope_is_meant(steepness):
    finding = only(gradtui.check(lambda u: Spike.apply(u, steepness), u()))
    assert (finding.severity, finding.rule) == ("info", "straight-through")
    assert "passes through a step" in finding.message


@pytest.mark.parametrize("function", [Alone, Turned, Growing])
def test_what_is_no_slope_of_a_step_is_wrong(function):
    findings = gradtui.check(lambda u: function.apply(u, 3.0), u())
    assert "error" in {one.severity for one in findings}
