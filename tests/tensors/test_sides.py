"""Kinks in code over tensors whose other side the given arguments do not reach."""

import pytest

import gradtui

torch = pytest.importorskip("torch")
RNG = torch.Generator().manual_seed(0)
X = torch.randn(20, 3, generator=RNG, dtype=torch.float64)
SIGNS = torch.sign(X @ torch.tensor([1.0, -2.0, 0.5], dtype=torch.float64))
SMALL = torch.randn(3, generator=RNG, dtype=torch.float64) * 1e-4


def hinge(masked, bent):
    class Hinge(torch.autograd.Function):
        @staticmethod
        def forward(ctx, w):
            left = 1 - SIGNS * (X @ w)
            ctx.save_for_backward(left)
            return bent(left).mean()

        @staticmethod
        def backward(ctx, g):
            (left,) = ctx.saved_tensors
            mask = (left > 0) if masked else torch.ones_like(left)
            return -g * X.T @ (SIGNS * mask) / 20

    return Hinge


BENT = [torch.relu, lambda left: left.clamp(min=0), lambda left: torch.where(left > 0, left, 0.0)]


@pytest.mark.parametrize("bent", BENT)
def test_a_hinge_without_its_mask_is_wrong_where_rows_are_beyond_the_kink(bent):
    found = gradtui.check(hinge(False, bent), SMALL.clone().requires_grad_())
    assert [one.severity for one in found] == ["error"]


@pytest.mark.parametrize("bent", BENT)
def test_a_hinge_with_its_mask_is_right_and_nothing_is_said(bent):
    assert gradtui.check(hinge(True, bent), SMALL.clone().requires_grad_()) == []


class Tripled(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return (x @ x).sum()

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        unit = torch.ones(3, 3, dtype=x.dtype)
        return g * (3.0 * unit @ x.T + 3.0 * x.T @ unit) / 3.0


def test_a_number_written_before_a_matrix_is_no_size_of_it():
    x = torch.linspace(0.1, 0.9, 9, dtype=torch.float64).reshape(3, 3)
    found = gradtui.check(Tripled, x)
    assert not any("stands for the size" in one.message for one in found)
    assert all(one.severity == "info" for one in found)
