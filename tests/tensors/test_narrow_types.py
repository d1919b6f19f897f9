"""Code that takes no other type than its own is judged in double precision beneath it."""

import numpy as np
import pytest

import gradtui
from findings import line_of, only

torch = pytest.importorskip("torch")
Function = torch.autograd.Function
TYPES = [torch.bfloat16, torch.float16, torch.float32]


class Normed(Function):
    @staticmethod
    def forward(ctx, x, weight):
        assert x.dtype == weight.dtype != torch.float64
        rms = (x.float().pow(2).mean(-1, keepdim=True) + 1e-5).rsqrt().to(x.dtype)
        ctx.save_for_backward(x, weight, rms)
        return x * rms * weight

    @staticmethod
    def backward(ctx, g):
        assert g.dtype != torch.float64
        x, weight, rms = ctx.saved_tensors
        inner = (g * weight * x).mean(-1, keepdim=True)
        by_x = rms * (g * weight - x * inner * rms**2)
        return by_x, (g * x * rms).sum(0)


class Twice(Normed):
    @staticmethod
    def backward(ctx, g):
        x, weight, rms = ctx.saved_tensors
        inner = (g * weight * x).mean(-1, keepdim=True)
        by_x = 2 * rms * (g * weight - x * inner * rms**2)
        return by_x, (g * x * rms).sum(0)


class Turned(Normed):
    @staticmethod
    def backward(ctx, g):
        by_x, by_weight = Normed.backward(ctx, g)
        return by_x, -by_weight


class Largest(Function):
    """Takes the largest of each row, of which a narrow type sees several."""

    @staticmethod
    def forward(ctx, x, scale):
        assert x.dtype != torch.float64
        top = (x * scale).amax(-1, keepdim=True)
        chosen = (x * scale) == top
        ctx.save_for_backward(chosen, x)
        ctx.scale = scale
        return top.clone().mul_(2).squeeze(-1)

    @staticmethod
    def backward(ctx, g):
        chosen, _ = ctx.saved_tensors
        found = torch.zeros_like(chosen, dtype=g.dtype)
        found[chosen] = 2 * ctx.scale
        return found * g[:, None], None


class Short(Normed):
    """Lacks a term that is a fifth of the gradient."""

    @staticmethod
    def forward(ctx, x, weight):
        assert x.dtype != torch.float64
        ctx.save_for_backward(x, weight)
        return x * weight + 0.1 * torch.sin(2 * x)

    @staticmethod
    def backward(ctx, g):
        x, weight = ctx.saved_tensors
        return g * weight, (g * x).sum(0)


def arguments(dtype):
    return (3 * torch.randn(4, 8)).to(dtype), (torch.rand(8) + 0.5).to(dtype)


@pytest.mark.parametrize("dtype", TYPES)
def test_a_sound_function_is_left_alone(dtype):
    assert gradtui.check(Normed, *arguments(dtype)) == []


def test_choices_are_those_beneath():
    assert gradtui.check(Largest, torch.randn(4, 6).bfloat16(), 1.5) == []


@pytest.mark.parametrize("dtype", TYPES)
def test_the_line_of_a_factor_is_named(dtype):
    finding = only(gradtui.check(Twice, *arguments(dtype)))

    assert (finding.severity, finding.target) == ("error", "x")
    assert finding.line == line_of(Twice.backward, 4)
    assert finding.fix == "by_x = rms * (g * weight - x * inner * rms**2)"


def test_the_line_of_a_sign_is_named():
    finding = only(gradtui.check(Turned, *arguments(torch.bfloat16)))

    assert (finding.severity, finding.rule, finding.target) == ("error", "sign", "weight")
    assert finding.line == line_of(Turned.backward, 3)


def test_a_lost_term_is_found():
    finding = only(gradtui.check(Short, *arguments(torch.bfloat16)))

    assert (finding.severity, finding.target) == ("error", "x")


def test_gradients_by_hand_are_judged_alike():
    def case(x, w):
        assert x.dtype == torch.bfloat16
        y = x @ w
        return y.pow(2).sum(), (2 * y @ w.t(), 3 * x.t() @ y)

    x, w = torch.randn(3, 4).bfloat16(), torch.randn(4, 2).bfloat16()
    finding = only(gradtui.check(case, x=x, w=w))

    assert (finding.severity, finding.target, finding.line) == ("error", "w", line_of(case, 3))
    assert "3 must be 2" in finding.message


def test_a_function_of_the_user_that_calls_it_is_judged_alike():
    def loss(x, weight):
        return torch.tanh(Twice.apply(x.detach() * 0 + x, weight)).pow(2).sum()

    found = gradtui.check(loss, *[one.requires_grad_() for one in arguments(torch.bfloat16)])

    assert [(one.severity, one.target) for one in found] == [("error", "x")]


class Written(Function):
    """Has NumPy write its result, and its gradient, into the memory of tensors."""

    made = staticmethod(torch.empty_like)

    @classmethod
    def forward(cls, ctx, x):
        assert x.dtype == torch.float32
        y = cls.made(x)
        np.tanh(x.numpy(), out=y.numpy())
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx, g):
        (y,) = ctx.saved_tensors
        return g * (1 - y**2)


class Halved(Written):
    @staticmethod
    def backward(ctx, g):
        (y,) = ctx.saved_tensors
        return g * (1 - y**2) / 2


class OnZeros(Written):
    made = staticmethod(torch.zeros_like)


class GradientWritten(Function):
    @staticmethod
    def forward(ctx, x):
        assert x.dtype == torch.float32
        y = torch.tanh(x)
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx, g):
        (y,) = ctx.saved_tensors
        found = torch.empty_like(y)
        np.multiply(g.numpy(), 1 - y.numpy() ** 2, out=found.numpy())
        return found


@pytest.mark.usefixtures("numpys_arrays")
@pytest.mark.parametrize("custom", [Written, OnZeros, GradientWritten])
def test_memory_that_no_operator_writes_counts_as_it_is(custom):
    assert not any(one.severity == "error" for one in gradtui.check(custom, torch.randn(3, 2)))


@pytest.mark.usefixtures("numpys_arrays")
def test_a_factor_beside_such_memory_is_named():
    finding = gradtui.check(Halved, torch.randn(3, 2))[0]

    assert (finding.severity, finding.line) == ("error", line_of(Halved.backward, 3))
    assert finding.fix == "return g * (1 - y**2)"


class Stepped(Function):
    """Writes into what it has computed, between lines at which its values are looked at."""

    @staticmethod
    def forward(ctx, x, weight):
        assert x.dtype != torch.float64
        scaled = [x * weight, x]
        scaled[0].mul_(2)
        ctx.save_for_backward(x, weight)
        return scaled[0].sin_()

    @staticmethod
    def backward(ctx, g):
        x, weight = ctx.saved_tensors
        slope = [g * torch.cos(2 * x * weight), x]
        slope[0].mul_(2)
        return slope[0] - weight, (slope[0] * x).sum(0)


def test_the_line_is_found_where_code_writes_into_the_values_that_are_looked_at():
    found = only(gradtui.check(Stepped, torch.randn(4, 3), torch.tensor([0.5, 1.2, -0.7])))
    assert found.fix == "return slope[0] * weight, (slope[0] * x).sum(0)"
