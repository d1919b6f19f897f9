"""Names of values that lines of backward halves confuse with others."""

import pytest

import gradtui
from findings import line_of, only

torch = pytest.importorskip("torch")
Function = torch.autograd.Function

RNG = torch.Generator().manual_seed(0)


def x(*shape):
    return torch.randn(*shape, generator=RNG, dtype=torch.float64)


class Normalised(Function):
    """A batch normalised by statistics that are not its own affair, but that it derives."""

    @staticmethod
    def forward(ctx, x, weight, mean, var):
        ctx.save_for_backward(x, weight, mean, var)
        return (x - mean) / torch.sqrt(var + 0.1) * weight

    @staticmethod
    def backward(ctx, g):
        x, weight, mean, var = ctx.saved_tensors
        root = torch.sqrt(var + 0.1)
        apart = (x - mean) / root
        grad_weight = (g * apart).sum(0)
        grad_x = (g - g.mean(0) - apart * (g * apart).mean(0)) / root
        grad_x.mul_(weight)
        return grad_x, grad_weight, None, None


class OfAnother(Normalised):
    @staticmethod
    def backward(ctx, g):
        x, weight, mean, var = ctx.saved_tensors
        root = torch.sqrt(var + 0.1)
        apart = (x - mean) / root
        grad_weight = (g * apart).sum(0)
        grad_x = (g - g.mean(0) - apart * (g * apart).mean(0)) / root
        g.mul_(weight)
        return grad_x, grad_weight, None, None


class NotRooted(Normalised):
    @staticmethod
    def backward(ctx, g):
        x, weight, mean, var = ctx.saved_tensors
        root = torch.sqrt(var + 0.1)
        apart = (x - mean) / root
        grad_weight = (g * apart).sum(0)
        grad_x = (g - g.mean(0) - apart * (g * apart).mean(0)) / torch.square(root)
        grad_x.mul_(weight)
        return grad_x, grad_weight, None, None


class OfTheSum(Normalised):
    @staticmethod
    def backward(ctx, g):
        x, weight, mean, var = ctx.saved_tensors
        root = torch.sqrt(var + 0.1)
        apart = (x - mean) / root
        grad_weight = (g + apart).sum(0)
        grad_x = (g - g.mean(0) - apart * (g * apart).mean(0)) / root
        grad_x.mul_(weight)
        return grad_x, grad_weight, None, None


def twice(function):
    def case(x, weight, other):
        for factor in (weight, other):
            with torch.no_grad():
                mean, var = x.mean(0), (x - x.mean(0)).pow(2).mean(0)
            x = torch.tanh(function.apply(x, factor, mean, var)) + 0.2 * x
        return (x**2).sum() + x[0].sum()

    return case


def errors(case):
    found = gradtui.check(case, x(4, 3), x(3), x(3))
    return [one for one in found if one.severity == "error"]


def test_statistics_that_a_backward_half_derives_are_part_of_the_whole():
    assert errors(twice(Normalised)) == []


@pytest.mark.parametrize(
    ("function", "at", "right"),
    [
        (OfAnother, 7, "grad_x.mul_(weight)"),
        (NotRooted, 6, "grad_x = (g - g.mean(0) - apart * (g * apart).mean(0)) / root"),
        (OfTheSum, 5, "grad_weight = (g * apart).sum(0)"),
    ],
)
def test_a_mistake_beside_them_is_found_by_what_the_whole_does(function, at, right):
    finding = only(errors(twice(function)))
    assert (finding.line, finding.fix) == (line_of(function.backward, at), right)


class Product(Function):
    """Stores one gradient under the name of an operand, where that is wanted."""

    @staticmethod
    def forward(ctx, a, b):
        ctx.save_for_backward(a, b)
        return a @ b

    @staticmethod
    def backward(ctx, g):
        a, b = ctx.saved_tensors
        grad_a = grad_b = None
        if ctx.needs_input_grad[0]:
            grad_a = g @ b.t()
        if ctx.needs_input_grad[1]:
            a = a.t() @ g
        return grad_a, grad_b


def test_what_is_left_without_a_value_is_what_a_line_stores():
    def case(a, b):
        return torch.sin(Product.apply(a, b)).sum() + (b**2).sum()

    finding = only(gradtui.check(case, x(3, 4), x(4, 2)))
    assert (finding.line, finding.fix) == (line_of(Product.backward, 7), "grad_b = a.t() @ g")
