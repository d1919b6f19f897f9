"""Scales that a forward half detaches: rounding is passed as if they were constants."""

import pytest

import gradtui
from findings import only

torch = pytest.importorskip("torch")
Function = torch.autograd.Function


class Levels(Function):
    """Rounds shares of the largest element, and does not multiply them back."""

    @staticmethod
    def forward(ctx, w, levels):
        top = w.abs().max().detach()
        ctx.save_for_backward(top)
        return torch.round(w / top * levels) / levels

    @staticmethod
    def backward(ctx, g):
        (top,) = ctx.saved_tensors
        return g / top, None


class LevelsTimes(Levels):
    @staticmethod
    def backward(ctx, g):
        (top,) = ctx.saved_tensors
        return g * top, None


class LevelsTurned(Levels):
    @staticmethod
    def backward(ctx, g):
        (top,) = ctx.saved_tensors
        return -g / top, None


class Squashed(Function):
    """Rounds shares of a tanh, as weights of few bits are made (Zhou et al., 2016)."""

    @staticmethod
    def forward(ctx, w, levels):
        t = torch.tanh(w)
        top = t.abs().max().detach()
        ctx.save_for_backward(t, top)
        return 2 * torch.round((t / (2 * top) + 0.5) * levels) / levels - 1

    @staticmethod
    def backward(ctx, g):
        t, top = ctx.saved_tensors
        return g * (1 - t * t) / top, None


class SquashedShifted(Squashed):
    @staticmethod
    def backward(ctx, g):
        t, top = ctx.saved_tensors
        return g * (1 - t) / top, None


def w():
    return torch.randn(5, 6, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


@pytest.mark.parametrize("function", [Levels, Squashed])
def test_a_detached_scale_is_a_constant_of_the_gradient_too(function):
    finding = only(gradtui.check(function, w(), 7))

    assert (finding.rule, finding.severity) == ("straight-through", "info")
    assert "passes through round, which is flat, with the slope 1" in finding.message
    assert "and stops at what is detached in line" in finding.message


@pytest.mark.parametrize(
    ("function", "fix"),
    [
        (LevelsTimes, "return g / top, None"),
        (LevelsTurned, "return g / top, None"),
        (SquashedShifted, "return g * (1 - t**2) / top, None"),
    ],
)
def test_what_lacks_or_turns_such_a_scale_is_wrong(function, fix):
    finding = only(gradtui.check(function, w(), 7))

    assert (finding.severity, finding.fix) == ("error", fix)
