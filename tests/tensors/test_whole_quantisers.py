"""Custom functions that pass a whole quantiser, whose functions undo each other, as if not there.

Without rounding `2**log2(abs(x)) * sign(x)` is x, of slope 1: that is the gradient to pass.
"""

import pytest

import gradtui
from findings import only

torch = pytest.importorskip("torch")
Function = torch.autograd.Function

X = torch.tensor([[0.3, -0.11, 0.62, 2.6], [-0.9, 0.22, 1.7, -5.1]], dtype=torch.float64)
POSITIVE = torch.tensor([0.3, 0.11, 1.7, 0.9, 4.6], dtype=torch.float64)
OLD = not hasattr(torch.utils, "swap_tensors")
TABLE = torch.tensor([-1.0, -0.6, -0.25, 0.0, 0.2, 0.45, 1.0], dtype=torch.float64)


class Passing(Function):
    """Hands on what arrives."""

    @staticmethod
    def backward(ctx, g):
        return g


class Powers(Passing):
    @staticmethod
    def forward(ctx, x):
        return x.sign() * 2 ** torch.log2(x.abs()).round()


class PowersOfPositive(Passing):
    @staticmethod
    def forward(ctx, x):
        return torch.exp(torch.round(torch.log(x)))


class PowersRoundedHalfUp(Passing):
    @staticmethod
    def forward(ctx, x):
        return x.sign() * torch.exp2(torch.floor(torch.log2(x.abs()) + 0.5))


class PowersBounded(Passing):
    """Small and large numbers become the bounds, and yet pass the gradient."""

    @staticmethod
    def forward(ctx, x):
        e = torch.log2(x.abs().clamp(min=2**-6)).round().clamp(-3, 1)
        return torch.sign(x) * torch.pow(2.0, e)


class PowersMasked(Function):
    """Numbers beyond the bounds pass no gradient."""

    @staticmethod
    def forward(ctx, x):
        e = torch.log2(x.abs() + 1e-12)
        ctx.save_for_backward((e >= -2) & (e <= 1))
        return torch.sign(x) * torch.exp2(e.clamp(-2, 1).round())

    @staticmethod
    def backward(ctx, g):
        (inside,) = ctx.saved_tensors
        return g * inside


class Companded(Passing):
    """Rounded as its logarithm, as sound is."""

    @staticmethod
    def forward(ctx, x):
        y = torch.round(8 * torch.log1p(20 * x.abs())) / 8
        return x.sign() * torch.expm1(y) / 20


class Mantissa(Function):
    """A number of four bits and an exponent, bounded."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x.abs() <= 3)
        m, e = torch.frexp(x)
        return torch.ldexp(torch.round(m * 16) / 16, e).clamp(-3, 3)

    @staticmethod
    def backward(ctx, g):
        (inside,) = ctx.saved_tensors
        return g * inside


class StepOfExponent(Passing):
    """Rounded to a multiple of a step that is a power of two below each number."""

    @staticmethod
    def forward(ctx, x):
        step = torch.exp2(torch.floor(torch.log2(x.abs())) - 2)
        return torch.round(x / step) * step


class SmallestExponent(Mantissa):
    """The same by powers of two, with a smallest exponent: small numbers have a common step."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x.abs() <= 3)
        e = torch.floor(torch.log2(x.abs())).clamp(min=-1)
        step = torch.exp2(e - 2)
        return (torch.round(x / step) * step).clamp(-3, 3)


class Nearest(Passing):
    """The nearest of a table's numbers, times the largest size of a row."""

    @staticmethod
    def forward(ctx, x):
        size = x.abs().amax(1, keepdim=True)
        at = ((x / size)[..., None] - TABLE).abs().argmin(-1)
        return TABLE[at] * size


class NearestDetached(Passing):
    @staticmethod
    def forward(ctx, x):
        size = x.detach().abs().amax(1, keepdim=True)
        at = ((x / size)[..., None] - TABLE).abs().argmin(-1)
        return TABLE[at] * size


@pytest.mark.parametrize(
    ("function", "x", "flat"),
    [
        (Powers, X, "round"), (PowersOfPositive, POSITIVE, "round"),
        (PowersRoundedHalfUp, X, "floor"), (PowersBounded, X, "round"), (PowersMasked, X, "round"),
        (Companded, X, "round"), (StepOfExponent, X, "round"), (SmallestExponent, X, "round"),
        pytest.param(
            Mantissa, X, "round",
            marks=pytest.mark.skipif(OLD, reason="ldexp is two operations on PyTorch 2.1"),
        ),
        (Nearest, X, "a step"), (NearestDetached, X, "a step"),
    ],
)  # fmt: skip
def test_a_whole_quantiser_is_passed_with_the_slope_1_on_purpose(function, x, flat):
    finding = only(gradtui.check(function, x))

    assert (finding.rule, finding.severity) == ("straight-through", "info")
    assert f"passes through the whole quantiser around {flat}, which is flat" in finding.message
    assert "with the slope 1" in finding.message


class PowersTwice(Passing):
    @staticmethod
    def forward(ctx, x):
        return 2 * x.sign() * 2 ** torch.log2(x.abs()).round()


class PowersSlightlyLarger(Passing):
    @staticmethod
    def forward(ctx, x):
        return 1.02 * x.sign() * 2 ** torch.log2(x.abs()).round()


class PowersOfThree(Passing):
    @staticmethod
    def forward(ctx, x):
        return x.sign() * 3 ** torch.log2(x.abs()).round()


class PowersUnsigned(Passing):
    @staticmethod
    def forward(ctx, x):
        return 2 ** torch.log2(x.abs()).round()


class Root(Passing):
    @staticmethod
    def forward(ctx, x):
        return 2 ** (torch.log2(x) / 2).round()


class Tanh(Passing):
    """About x for small numbers alone."""

    @staticmethod
    def forward(ctx, x):
        return torch.round(32 * torch.tanh(x)) / 32


class Doubled(Passing):
    @staticmethod
    def forward(ctx, x):
        return 2 * torch.round(x)


class PowersTurned(Powers):
    @staticmethod
    def backward(ctx, g):
        return -g


class PowersShut(PowersMasked):
    """Its mask is the opposite of the right one."""

    @staticmethod
    def backward(ctx, g):
        (inside,) = ctx.saved_tensors
        return g * ~inside


class PowersHalfMasked(PowersMasked):
    """Its mask is narrower than the bounds."""

    @staticmethod
    def forward(ctx, x):
        e = torch.log2(x.abs() + 1e-12)
        ctx.save_for_backward((e >= -1) & (e <= 0.5))
        return torch.sign(x) * torch.exp2(e.clamp(-2, 1).round())


class PowersRectified(Passing):
    """A rectifier follows, whose slope of 0 is missing."""

    @staticmethod
    def forward(ctx, x):
        return (x.sign() * 2 ** torch.log2(x.abs()).round()).clamp(min=0)


class PowersCapped(Passing):
    @staticmethod
    def forward(ctx, x):
        return 3 * (x.sign() * 2 ** torch.log2(x.abs()).round()).clamp(max=1) / 3


class MantissaDoubled(Mantissa):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x.abs() <= 3)
        m, e = torch.frexp(x)
        return torch.ldexp(torch.round(m * 16) / 16, e + 1).clamp(-6, 6)


class NearestTwice(Passing):
    @staticmethod
    def forward(ctx, x):
        size = x.abs().amax(1, keepdim=True)
        at = ((x / size)[..., None] - TABLE).abs().argmin(-1)
        return 2 * TABLE[at] * size


class NearestOfAnotherTable(Passing):
    @staticmethod
    def forward(ctx, x):
        size = x.abs().amax(1, keepdim=True)
        at = ((x / size)[..., None] - TABLE).abs().argmin(-1)
        return (2 * TABLE)[at] * size


class NearestOfAnotherSize(Passing):
    @staticmethod
    def forward(ctx, x):
        size = x.abs().amax(1, keepdim=True)
        at = ((x / size)[..., None] - TABLE).abs().argmin(-1)
        return TABLE[at] * x.abs().mean(1, keepdim=True)


@pytest.mark.parametrize(
    ("function", "x"),
    [
        (PowersTwice, X), (PowersSlightlyLarger, X), (PowersOfThree, X), (PowersUnsigned, X),
        (Root, POSITIVE), (Tanh, X), (Doubled, X), (PowersTurned, X), (PowersShut, X),
        (PowersHalfMasked, X), (PowersRectified, X), (PowersCapped, X), (MantissaDoubled, X),
        (NearestTwice, X),
        (NearestOfAnotherTable, X), (NearestOfAnotherSize, X),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("unsearched")
def test_what_is_no_slope_of_a_whole_quantiser_is_wrong(function, x):
    found = gradtui.check(function, x)

    assert any(one.severity == "error" for one in found)


class Shifted(Function):
    @staticmethod
    def forward(ctx, x, b):
        return x.sign() * 2 ** torch.log2(x.abs()).round() + b

    @staticmethod
    def backward(ctx, g):
        return g, g.mean(0)


class Stepped(Function):
    """Powers of two times a step size, which is used beside them, too."""

    @staticmethod
    def forward(ctx, x, s):
        ctx.save_for_backward(x, s)
        q = 2 ** torch.log2((x / s).abs()).round() * (x / s).sign()
        return q * s, s * s

    @staticmethod
    def backward(ctx, g, h):
        x, s = ctx.saved_tensors
        q = 2 ** torch.log2((x / s).abs()).round() * (x / s).sign()
        return g, (g * (q - x / s)).sum() + 2 * s * h


class SteppedForgetting(Stepped):
    """Leaves out what the step size does to the powers of two."""

    @staticmethod
    def backward(ctx, g, h):
        _, s = ctx.saved_tensors
        return g, 2 * s * h


def test_a_mistake_in_another_gradient_beside_a_whole_quantiser_stays_one():
    first, *rest = gradtui.check(Shifted, X, torch.tensor([0.1, 0, -0.2, 0.3], dtype=X.dtype))

    assert (first.rule, first.severity) == ("wrong-axis", "error")
    assert [one.severity for one in rest] == ["info"]


@pytest.mark.parametrize(
    ("function", "severity"), [(Stepped, "info"), (SteppedForgetting, "error")]
)
def test_a_step_size_has_its_share_of_a_whole_quantiser(function, severity):
    found = gradtui.check(function, X, torch.tensor(0.7, dtype=X.dtype))

    assert found[0].severity == severity
