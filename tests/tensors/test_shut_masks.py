"""Masks of a backward half that let nothing pass the sign before them."""

import pytest

import gradtui
from findings import line_of, only

torch = pytest.importorskip("torch")
Function = torch.autograd.Function


class Signs(Function):
    """Signs, passed where a mask of the numbers holds."""

    @staticmethod
    def forward(ctx, w, mask):
        ctx.save_for_backward(w)
        ctx.mask = mask
        return torch.sign(w)

    @staticmethod
    def backward(ctx, g):
        (w,) = ctx.saved_tensors
        return g * ctx.mask(w), None


class SignsStopped(Signs):
    @staticmethod
    def backward(ctx, g):
        return torch.zeros_like(g), None


def checked(function, mask):
    drawn = torch.Generator().manual_seed(2)
    x, w = (torch.randn(*shape, generator=drawn, dtype=torch.float64)
            for shape in ((4, 5), (5, 3)))  # fmt: skip
    return gradtui.check(lambda x, w: (x @ function.apply(w, mask)).pow(2).mean(), x, w)


@pytest.mark.parametrize(
    "mask",
    [
        lambda w: w.abs() <= 1e-3,
        lambda w: (w.abs() <= 1e-3).to(w.dtype),
        lambda w: (w > 1) & (w < -1),
    ],
)
@pytest.mark.usefixtures("unsearched")
def test_a_mask_that_holds_nowhere_is_no_slope(mask):
    finding = only(checked(Signs, mask))

    assert (finding.rule, finding.severity, finding.target) == ("missing-path", "error", "w")
    assert "so that nothing passes sign, which is flat" in finding.message


def test_a_mask_that_holds_somewhere_is_one():
    assert only(checked(Signs, lambda w: w.abs() <= 1)).severity == "info"


def test_a_gradient_of_0_without_a_mask_is_right():
    assert checked(SignsStopped, None) == []


class Levels(Function):
    """Whole numbers from 0 to a top, passed between them; the mask is made into numbers later."""

    @staticmethod
    def forward(ctx, w, top):
        ctx.save_for_backward(w)
        ctx.top = top
        return torch.clamp(w, 0, top).round()

    @staticmethod
    def backward(ctx, g):
        (w,) = ctx.saved_tensors
        below = w < 0
        above = w > ctx.top
        inside = ~(below | above)
        return g * inside.to(g.dtype), None


class LevelsShut(Levels):
    @staticmethod
    def backward(ctx, g):
        (w,) = ctx.saved_tensors
        below = w < ctx.top
        above = w > ctx.top
        inside = ~(below | above)
        return g * inside.to(g.dtype), None


class LevelsStopped(Levels):
    @staticmethod
    def backward(ctx, g):
        (w,) = ctx.saved_tensors
        beyond = (w < 0) & (w > ctx.top)
        ctx.any = beyond.any()
        return torch.zeros_like(g), None


def rounded(function):
    w = 2 * torch.randn(5, 3, generator=torch.Generator().manual_seed(4), dtype=torch.float64)
    return gradtui.check(lambda w: ((function.apply(w, 2) - w.detach()) ** 2).sum(), w)


def test_a_mask_that_holds_nowhere_and_is_made_into_numbers_on_another_line_is_none():
    finding = only(rounded(LevelsShut))

    assert (finding.rule, finding.target) == ("missing-path", "w")
    assert finding.line == line_of(LevelsShut.backward, 5)


def test_masks_that_let_something_pass_and_a_gradient_of_0_on_purpose_are_no_mistakes():
    assert {one.severity for one in rounded(Levels)} == {"info"}
    assert all(one.severity == "info" for one in rounded(LevelsStopped))


class Segments(Function):
    """The sums of runs of rows, by differences of cumulative sums."""

    @staticmethod
    def forward(ctx, x, ends):
        ctx.save_for_backward(ends)
        sums = x.cumsum(0)[ends]
        return torch.cat([sums[:1], sums[1:] - sums[:-1]])

    @staticmethod
    def backward(ctx, g):
        (ends,) = ctx.saved_tensors
        at = torch.cumsum(ends, 0)
        at[ends] -= 1
        return g[at], None


class OtherRows(Segments):
    @staticmethod
    def forward(ctx, x, ends):
        ctx.save_for_backward(~ends)
        sums = x.cumsum(0)[ends]
        return torch.cat([sums[:1], sums[1:] - sums[:-1]])


def test_the_opposite_of_a_mask_is_kept():
    rows = torch.arange(15, dtype=torch.float64).sin().reshape(5, 3)
    ends = torch.tensor([True, False, True, False, True])
    assert gradtui.check(Segments, rows, ends) == []

    finding = only(gradtui.check(OtherRows, rows, ends))

    assert finding.line == line_of(OtherRows.forward, 2)
    assert finding.fix == "ctx.save_for_backward(ends)"
