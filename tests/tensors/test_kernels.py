"""Kernels that cannot be seen inside: blame ends there, and what they return is told."""

import pytest

import gradtui
from findings import line_of, only

torch = pytest.importorskip("torch")
Function = torch.autograd.Function

LIBRARY = torch.library.Library("gradtui_tests", "DEF")
"""Kept for as long as its kernels are used."""


def kernel(name, function):
    LIBRARY.define(f"{name}(Tensor g, Tensor y) -> Tensor")
    LIBRARY.impl(name, function, "CPU")
    return getattr(torch.ops.gradtui_tests, name)


right = kernel("right", lambda g, y: 2 * g * y)
more = kernel("more", lambda g, y: 3 * g * y)
opposite = kernel("opposite", lambda g, y: -2 * g * y)
without = kernel("without", lambda g, y: 1 * g)
twofold = kernel("twofold", lambda g, y: 2 * g * y * y)
strange = kernel("strange", lambda g, y: g * (y.exp() + 0.3))


class Squared(Function):
    @staticmethod
    def forward(ctx, x, w):
        y = x * w
        ctx.save_for_backward(x, w, y)
        return y * y

    @staticmethod
    def backward(ctx, g):
        x, w, y = ctx.saved_tensors
        dy = right(g, y)
        return dy * w, (dy * x).sum(0)


class More(Squared):
    @staticmethod
    def backward(ctx, g):
        x, w, y = ctx.saved_tensors
        dy = more(g, y)
        return dy * w, (dy * x).sum(0)


class Opposite(Squared):
    @staticmethod
    def backward(ctx, g):
        x, w, y = ctx.saved_tensors
        dy = opposite(g, y)
        return dy * w, (dy * x).sum(0)


class Without(Squared):
    @staticmethod
    def backward(ctx, g):
        x, w, y = ctx.saved_tensors
        dy = without(g, y)
        return dy * w, (dy * x).sum(0)


class Twofold(Squared):
    @staticmethod
    def backward(ctx, g):
        x, w, y = ctx.saved_tensors
        dy = twofold(g, y)
        return dy * w, (dy * x).sum(0)


class Strange(Squared):
    @staticmethod
    def backward(ctx, g):
        x, w, y = ctx.saved_tensors
        dy = strange(g, y)
        return dy * w, (dy * x).sum(0)


class Beside(Squared):
    """The kernel is right, and the line after it wrong."""

    @staticmethod
    def backward(ctx, g):
        x, _, y = ctx.saved_tensors
        dy = right(g, y)
        return dy, (dy * x).sum(0)


def arguments():
    return torch.randn(4, 3), torch.randn(3)


OFF = {
    "a number": (More, "constant-factor", "times 1.5"),
    "the sign": (Opposite, "sign", "with the opposite sign"),
    "a factor that is missing": (Without, "missing-factor", "without the factor 2 * x * w in line"),
    "a factor too much": (Twofold, "extra-factor", "times x * w in line"),
}


@pytest.mark.parametrize("name", OFF)
def test_it_is_told_by_what_a_kernel_is_off(name):
    function, rule, told = OFF[name]

    finding = only(gradtui.check(function, *arguments()))

    taken = line_of(Squared.forward, 2)
    returned = line_of(Squared.forward, 4)
    assert (finding.severity, finding.rule) == ("error", rule)
    assert finding.line == line_of(function.backward, 3)
    assert f"the gradient of y * y in line {returned}, x * w in line {taken}) is right" in (
        finding.message
    )
    assert f"what it returns is the gradient of x * w in line {taken} {told}" in finding.message


def test_blame_ends_at_a_kernel_that_nothing_simple_explains():
    found = gradtui.check(Strange, *arguments())

    assert {one.line for one in found} == {line_of(Strange.backward, 3)}
    assert all("blame ends at strange" in one.message for one in found)


def test_a_right_kernel_is_not_blamed():
    assert gradtui.check(Squared, *arguments()) == []
    finding = only(gradtui.check(Beside, *arguments()))

    assert (finding.rule, finding.line) == ("missing-factor", line_of(Beside.backward, 4))
    assert "blame ends" not in finding.message
