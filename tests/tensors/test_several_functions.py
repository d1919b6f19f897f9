"""Several custom functions in one program, one of which is wrong: its own line is told."""

import pytest

import gradtui
from findings import only

torch = pytest.importorskip("torch")
Function = torch.autograd.Function


class Norm(Function):
    @staticmethod
    def forward(ctx, x, gamma):
        r = torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6)
        ctx.save_for_backward(x, gamma, r)
        return x * r * gamma

    @staticmethod
    def backward(ctx, g):
        x, gamma, r = ctx.saved_tensors
        dgamma = (g * x * r).sum(0)
        g = g * gamma
        dot = (g * x).mean(-1, keepdim=True)
        return r * g - r**3 * x * dot, dgamma


class NormWrong(Norm):
    @staticmethod
    def backward(ctx, g):
        x, gamma, r = ctx.saved_tensors
        dgamma = (g * x * r).sum(0)
        g = g * gamma
        dot = (g * x).sum(-1, keepdim=True)
        return r * g - r**3 * x * dot, dgamma


class Swish(Function):
    @staticmethod
    def forward(ctx, x, beta):
        s = torch.sigmoid(beta * x)
        ctx.save_for_backward(x, s)
        ctx.beta = beta
        return x * s

    @staticmethod
    def backward(ctx, g):
        x, s = ctx.saved_tensors
        slope = s + ctx.beta * x * s * (1 - s)
        return g * slope, None


class SwishWrong(Swish):
    @staticmethod
    def backward(ctx, g):
        x, s = ctx.saved_tensors
        slope = s - ctx.beta * x * s * (1 - s)
        return g * slope, None


class Linear(Function):
    @staticmethod
    def forward(ctx, x, w):
        ctx.save_for_backward(x, w)
        return x @ w

    @staticmethod
    def backward(ctx, g):
        x, w = ctx.saved_tensors
        dw = x.t() @ g
        return g @ w.t(), dw


class LinearWrong(Linear):
    @staticmethod
    def backward(ctx, g):
        x, w = ctx.saved_tensors
        dw = x.t() @ g * 2
        return g @ w.t(), dw


def checked(norm, swish, linear):
    """Check a network of three functions, one of which it uses twice."""
    drawn = torch.Generator().manual_seed(3)
    x, gamma, w, v = (
        torch.randn(*shape, generator=drawn, dtype=torch.float64).requires_grad_()
        for shape in ((6, 5), (5,), (5, 4), (4, 3))
    )

    def net(x, gamma, w, v):
        h = swish.apply(linear.apply(norm.apply(x, gamma), w), 1.5)
        return linear.apply(h, v)

    return gradtui.check(net, x, gamma, w, v)


def test_a_network_of_right_functions_is_right():
    assert checked(Norm, Swish, Linear) == []


@pytest.mark.parametrize(
    ("functions", "fix"),
    [
        ((NormWrong, Swish, Linear), "dot = (g * x).mean(-1, keepdim=True)"),
        ((Norm, SwishWrong, Linear), "slope = s + ctx.beta * x * s * (1 - s)"),
        ((Norm, Swish, LinearWrong), "dw = x.t() @ g"),
    ],
)
def test_the_line_of_the_function_at_fault_is_told(functions, fix):
    finding = only(checked(*functions))

    assert (finding.severity, finding.fix) == ("error", fix)
