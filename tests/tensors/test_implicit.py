"""Implicit layers: a fixed point found without recording, whose gradient is that of the whole."""

import pytest

import gradtui
from findings import only

torch = pytest.importorskip("torch")


def layer(sign):
    """Return z = tanh(z/2 + x) at its fixed point, where dz/dx = s/(1 - s/2) with s = 1 - z²."""

    class Step(torch.autograd.Function):
        @staticmethod
        def forward(ctx, z, x):
            found = torch.tanh(z / 2 + x)
            ctx.save_for_backward(found)
            return found

        @staticmethod
        def backward(ctx, g):
            (z,) = ctx.saved_tensors
            s = 1 - z**2
            return None, g * s / (1 + sign * s / 2)

    def whole(x):
        with torch.no_grad():
            z = torch.zeros_like(x)
            for _ in range(80):
                z = torch.tanh(z / 2 + x)
        return Step.apply(z, x).sum()

    return whole


def test_the_gradient_of_the_whole_is_right():
    assert gradtui.check(layer(-1), torch.linspace(-1, 1, 5, dtype=torch.double)) == []


def test_another_gradient_is_wrong():
    finding = only(gradtui.check(layer(1), torch.linspace(-1, 1, 5, dtype=torch.double)))
    assert (finding.severity, finding.target) == ("error", "x")
