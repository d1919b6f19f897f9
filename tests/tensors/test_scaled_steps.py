"""Learned step sizes whose gradient is scaled within the custom function.

Esser et al., 2020, section 2.2, multiply it by 1/sqrt(N*Q), for N values and the largest level Q:
1/sqrt(10*3) here, and 1/sqrt(5*3) for each of two channels.
"""

import math

import pytest

import gradtui

torch = pytest.importorskip("torch")

W = torch.tensor(
    [[0.31, -0.47, 1.2, -1.6, 0.08], [0.66, -0.9, 0.43, 0.17, -0.28]], dtype=torch.float64
)
ONE = torch.tensor(0.25, dtype=torch.float64)
EACH = torch.tensor([0.25, 0.3], dtype=torch.float64)


class Step(torch.autograd.Function):
    """A step size, or one for each row."""

    @staticmethod
    def forward(ctx, w, s):
        ctx.save_for_backward(w, s)
        each = s.reshape(-1, 1) if s.dim() else s
        return (w / each).clamp(-4, 3).round() * each

    @staticmethod
    def slopes(ctx, g):
        w, s = ctx.saved_tensors
        r = w / (s.reshape(-1, 1) if s.dim() else s)
        inside = (r >= -4) & (r <= 3)
        ds = g * (r.clamp(-4, 3).round() - r * inside)
        return g * inside, ds.sum(1) if s.dim() else ds.sum(), w.numel() // s.numel()


class ByRoot(Step):
    @staticmethod
    def backward(ctx, g):
        dw, ds, count = ByRoot.slopes(ctx, g)
        return dw, ds / math.sqrt(count * 3)


class ByLowest(Step):
    """Its largest level is that of the negative numbers."""

    @staticmethod
    def backward(ctx, g):
        dw, ds, count = ByLowest.slopes(ctx, g)
        return dw, ds * (count * 4) ** -0.5


class ByCount(Step):
    @staticmethod
    def backward(ctx, g):
        dw, ds, count = ByCount.slopes(ctx, g)
        return dw, ds * (1 / math.sqrt(count))


class ByMean(Step):
    """Divides by the number of values itself."""

    @staticmethod
    def backward(ctx, g):
        dw, ds, count = ByMean.slopes(ctx, g)
        return dw, ds / count


class ByNoLevel(Step):
    """Takes a level that the forward pass does not have."""

    @staticmethod
    def backward(ctx, g):
        dw, ds, count = ByNoLevel.slopes(ctx, g)
        return dw, ds / math.sqrt(count * 7)


class ByRootUpward(Step):
    """Multiplies instead of dividing."""

    @staticmethod
    def backward(ctx, g):
        dw, ds, count = ByRootUpward.slopes(ctx, g)
        return dw, ds * math.sqrt(count * 3)


class ByRootOfWeights(Step):
    """Scales the gradient of the weights, not of the step size."""

    @staticmethod
    def backward(ctx, g):
        dw, ds, count = ByRootOfWeights.slopes(ctx, g)
        return dw / math.sqrt(count * 3), ds


class ByRootTurned(Step):
    @staticmethod
    def backward(ctx, g):
        dw, ds, count = ByRootTurned.slopes(ctx, g)
        return dw, -ds / math.sqrt(count * 3)


@pytest.mark.parametrize(("steps", "count"), [(ONE, 10), (EACH, 5)])
@pytest.mark.parametrize(
    ("function", "level"), [(ByRoot, "*3"), (ByLowest, "*4"), (ByCount, "")]
)  # fmt: skip
def test_the_scale_of_a_step_size_is_told_and_right(function, level, steps, count):
    found = gradtui.check(function, W, steps)

    assert {(one.rule, one.severity) for one in found} == {("straight-through", "info")}
    (told,) = [one.message for one in found if "learned step sizes" in one.message]
    assert told.startswith("the gradient of s ")
    assert f"times 1/sqrt({count}{level}), as learned step sizes have it" in told


@pytest.mark.parametrize("steps", [ONE, EACH])
@pytest.mark.parametrize(
    "function", [ByMean, ByNoLevel, ByRootUpward, ByRootOfWeights, ByRootTurned]
)  # fmt: skip
@pytest.mark.usefixtures("unsearched")
def test_any_other_scale_of_a_step_size_is_wrong(function, steps):
    found = gradtui.check(function, W, steps)

    assert any(one.severity == "error" for one in found)


class Halved(torch.autograd.Function):
    """Four values: 1/2 is 1/sqrt(4), and yet no scale but a mistake."""

    @staticmethod
    def forward(ctx, w, s):
        ctx.save_for_backward(w, s)
        return torch.round(w / s) * s

    @staticmethod
    def backward(ctx, g):
        w, s = ctx.saved_tensors
        return g, 0.5 * (g * (torch.round(w / s) - w / s)).sum()


def test_a_simple_factor_is_no_scale_without_a_root_in_the_code(tmp_path, monkeypatch):
    from gradtui.diagnosis.recorded import learned

    monkeypatch.setattr(learned.linecache, "getlines", lambda file: ["ds = 0.5 * ds\n"])
    found = gradtui.check(Halved, W[0, :4], ONE)

    assert any(one.severity == "error" for one in found)


class Given(Step):
    """What scales its gradient is given to it."""

    @staticmethod
    def forward(ctx, w, s, scale):
        ctx.scale = scale
        return Step.forward(ctx, w, s)

    @staticmethod
    def backward(ctx, g):
        dw, ds, _ = Given.slopes(ctx, g)
        return dw, ds * ctx.scale, None


def both(w, v, s, t):
    return Given.apply(w, s, 0.7).sum() + Given.apply(v, t, 0.3).sum()


def test_two_calls_may_be_given_scales_of_their_own():
    found = gradtui.check(both, w=W, v=W + 0.05, s=ONE, t=ONE + 0.07)

    assert {one.severity for one in found} == {"info"}
    told = " ".join(one.message for one in found)
    assert "times scale, which is 0.7" in told
    assert "times scale of Given, which is 0.3" in told
