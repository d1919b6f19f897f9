"""Gradients of gradients through custom functions, whose backward halves are differentiated."""

import pytest

import gradtui
from findings import line_of, only

torch = pytest.importorskip("torch")
Function = torch.autograd.Function


class Cubed(Function):
    """Autograd takes the square that it saves for a constant."""

    @staticmethod
    def forward(ctx, x):
        square = x**2
        ctx.save_for_backward(square)
        return x * square

    @staticmethod
    def backward(ctx, g):
        (square,) = ctx.saved_tensors
        return 3 * square * g


class Anew(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x**3

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return 3 * x**2 * g


class Detached(Anew):
    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return 3 * x.detach() ** 2 * g


class Once(Anew):
    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return 3 * x**2 * g


def penalised(function, *, by_grad=True):
    def loss(x):
        y = function.apply(x).sum()
        if by_grad:
            (slope,) = torch.autograd.grad(y, x, create_graph=True)
        else:
            y.backward(create_graph=True)
            slope = x.grad
        slope += 1  # PyTorch refuses to write to a leaf that requires a gradient
        return (slope**2).sum() + y

    return loss


def stopped_outside(x):
    """The user's own stop, of a slope that autograd has lost already."""
    (slope,) = torch.autograd.grad(Cubed.apply(x).sum(), x, create_graph=True)
    return (slope.detach() * x**2).sum()


def hooked(x):
    y = x**3
    y.register_hook(lambda g: g.detach() * 1.0)
    (slope,) = torch.autograd.grad((y**2).sum(), x, create_graph=True)
    return (slope**2).sum()


def x():
    return torch.tensor([0.7, -1.2], dtype=torch.float64, requires_grad=True)


@pytest.mark.parametrize("by_grad", [True, False])
@pytest.mark.parametrize("function", [Cubed, Detached, Once])
def test_what_autograd_loses_within_a_backward_half_is_no_constant(runs_of, function, by_grad):
    lost, right = (
        runs_of(penalised(one, by_grad=by_grad), x()).point({}, ("x",), near=True)
        for one in (function, Anew)
    )
    assert lost.true["x"] == pytest.approx(right.hand["x"])
    assert lost.hand["x"] != pytest.approx(right.hand["x"])


def test_a_value_detached_within_a_backward_half_is_a_mistake():
    finding = only(gradtui.check(penalised(Detached), x()))
    assert (finding.severity, finding.line) == ("error", line_of(Detached.backward, 3))
    assert finding.fix == "return 3 * x ** 2 * g"


@pytest.mark.parametrize("function", [penalised(Anew), stopped_outside])
def test_what_is_differentiated_twice_or_stopped_outside_is_right(function):
    assert gradtui.check(function, x()) == []


def test_what_a_hook_detaches_is_meant():
    assert only(gradtui.check(hooked, x())).rule == "straight-through"
