"""Masks of a backward half that let nothing pass the sign before them."""

import pytest

import gradtui
from findings import only

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
def test_a_mask_that_holds_nowhere_is_no_slope(mask):
    finding = only(checked(Signs, mask))

    assert (finding.rule, finding.severity, finding.target) == ("missing-path", "error", "w")
    assert "so that nothing passes sign, which is flat" in finding.message


def test_a_mask_that_holds_somewhere_is_one():
    assert only(checked(Signs, lambda w: w.abs() <= 1)).severity == "info"


def test_a_gradient_of_0_without_a_mask_is_right():
    assert checked(SignsStopped, None) == []
