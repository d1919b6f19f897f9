"""Mistakes whose repair is found only if it is among the edits that are tried."""

import pytest

import gradtui
from findings import line_of, only

torch = pytest.importorskip("torch")
Function = torch.autograd.Function

RNG = torch.Generator().manual_seed(0)


def x(*shape, asked=False):
    drawn = torch.randn(*shape, generator=RNG, dtype=torch.float64)
    return drawn.requires_grad_() if asked else drawn


class Asking(Function):
    @staticmethod
    def forward(ctx, a, power, b):
        ctx.power = power
        ctx.save_for_backward(a, b)
        return a**power * b

    @staticmethod
    def backward(ctx, g):
        a, b = ctx.saved_tensors
        by_a = by_b = None
        if ctx.needs_input_grad[0]:
            by_a = g * ctx.power * a ** (ctx.power - 1) * b
        if ctx.needs_input_grad[1]:
            by_b = g * a**ctx.power
        return by_a, None, by_b


def repaired(function, *args):
    """Return the finding of a mistake, of which there is one."""
    return only([one for one in gradtui.check(function, *args) if one.severity == "error"])


def test_another_argument_is_asked_whether_it_needs_a_gradient():
    finding = repaired(Asking, x(4, asked=True), 3, x(4, asked=True))

    assert finding.line == line_of(Asking.backward, 6)
    assert finding.target == "b" and finding.fix == "if ctx.needs_input_grad[2]:"
