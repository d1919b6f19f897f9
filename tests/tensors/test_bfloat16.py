"""Code in bfloat16 is judged in float64, with the noise of what it casts to a narrower type."""

import pytest

import gradtui

torch = pytest.importorskip("torch")
Function = torch.autograd.Function


class Scaled(Function):
    @staticmethod
    def forward(ctx, x, weight):
        rms = (x.float().pow(2).mean(-1, keepdim=True) + 1e-5).rsqrt().to(x.dtype)
        ctx.save_for_backward(x, weight, rms)
        return x * rms * weight

    @staticmethod
    def backward(ctx, g):
        x, weight, rms = ctx.saved_tensors
        inner = (g * weight * x).mean(-1, keepdim=True)
        return rms * (g * weight - x * inner * rms**2), (g * x * rms).sum(0)


class ScaledWithout(Scaled):
    @staticmethod
    def backward(ctx, g):
        x, weight, rms = ctx.saved_tensors
        inner = (g * weight * x).mean(-1, keepdim=True)
        return rms * (g * weight - x * inner * rms), (g * x * rms).sum(0)


def drawn():
    torch.manual_seed(0)
    x, weight = (3 * torch.randn(4, 8)).bfloat16(), torch.randn(8).bfloat16()
    return x.requires_grad_(), weight.requires_grad_()


def test_a_sound_function_is_left_alone():
    assert gradtui.check(Scaled, *drawn()) == []


def test_a_wrong_one_is_found():
    (finding,) = gradtui.check(ScaledWithout, *drawn())

    assert (finding.severity, finding.target) == ("error", "x")
