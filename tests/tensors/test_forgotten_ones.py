"""What a backward half lacks of an argument of ones is told by its line."""

import pytest

import gradtui
from findings import line_of, only

torch = pytest.importorskip("torch")


class Gain(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, gain):
        ctx.save_for_backward(gain)
        return x * gain

    @staticmethod
    def backward(ctx, g):
        (gain,) = ctx.saved_tensors
        return g * gain, None


class Forgetting(Gain):
    @staticmethod
    def forward(ctx, x, gain):
        return x * gain

    @staticmethod
    def backward(ctx, g):
        return g, None


def arguments():
    return torch.randn(3, 2, dtype=torch.float64).requires_grad_(), torch.ones(2).double()


def test_a_gain_of_ones_that_is_used_is_no_matter():
    assert gradtui.check(Gain, *arguments()) == []


def test_a_forgotten_gain_of_ones_is_a_warning_at_its_line():
    finding = only(gradtui.check(Forgetting, *arguments()))

    assert (finding.rule, finding.severity) == ("relies-on-data", "warning")
    assert finding.line == line_of(Forgetting.backward, 2)
    assert "right only where gain is 1 throughout" in finding.message
    assert "the slope of x * gain in line" in finding.message
