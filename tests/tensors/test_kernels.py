"""Kernels that cannot be seen inside: blame ends there, and what they return is told."""

import ctypes

import pytest

import gradtui
from findings import line_of, only
from gradtui.diagnosis.recorded.check import check_target
from gradtui.diagnosis.recorded.targets import code_of

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


def test_a_kernel_is_told_of_several_gradients_at_once():
    found = check_target(code_of(Strange, arguments(), {}), crashed="SIGSEGV").findings

    assert "(also wrong: w): blame ends at strange" in found[0].message


def test_a_right_kernel_is_not_blamed():
    assert gradtui.check(Squared, *arguments()) == []
    finding = only(gradtui.check(Beside, *arguments()))

    assert (finding.rule, finding.line) == ("missing-factor", line_of(Beside.backward, 4))
    assert "blame ends" not in finding.message


COUNTS = set()


@ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t)
def move(to, source, count):
    COUNTS.add(count)
    ctypes.memmove(to, source, min(count, 48))


MOVING = {"move": move}


def address(tensor):
    return ctypes.c_void_p(tensor.data_ptr())


def moved(x):
    found = torch.empty_like(x)
    MOVING["move"](address(found), address(x.contiguous()), 8 * x.numel())
    return found


class Moved(Function):
    """Native code copies its gradient; the line after it lacks a transpose."""

    @staticmethod
    def forward(ctx, x, w):
        ctx.save_for_backward(x, w)
        return x @ w

    @staticmethod
    def backward(ctx, g):
        x, w = ctx.saved_tensors
        found = torch.empty_like(g)
        MOVING["move"](address(found), address(g.contiguous()), 8 * g.numel())
        return found @ w, x.t() @ found


class MovedByAFunction(Moved):
    @staticmethod
    def backward(ctx, g):
        x, w = ctx.saved_tensors
        found = moved(g)
        return found @ w, x.t() @ found


@pytest.mark.parametrize("custom", [Moved, MovedByAFunction])
def test_native_code_is_given_what_the_user_gives_it_alone(custom):
    COUNTS.clear()

    finding = gradtui.check(custom, torch.randn(3, 2), torch.randn(2, 2))[0]

    assert finding.fix == "return found @ w.t(), x.t() @ found"
    assert {48} == COUNTS
