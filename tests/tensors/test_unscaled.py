"""Backward passes that are right for a loss alone, because they do not multiply by grad_output."""

import pytest

import gradtui
from findings import only

torch = pytest.importorskip("torch")
Function = torch.autograd.Function

RNG = torch.Generator().manual_seed(3)


def x(*shape):
    return torch.randn(*shape, generator=RNG, dtype=torch.float64)


class Distance(Function):
    @staticmethod
    def forward(ctx, values, wanted):
        ctx.save_for_backward(values, wanted)
        return ((values - wanted) ** 2).sum()

    @staticmethod
    def backward(ctx, grad_output):
        values, wanted = ctx.saved_tensors
        return 2 * (values - wanted), None


class Distances(Function):
    """Divides by the number of rows in its backward half, for a mean; and lacks a factor of 2."""

    @staticmethod
    def forward(ctx, values, wanted):
        ctx.save_for_backward(values, wanted)
        return ((values - wanted) ** 2).sum(1)

    @staticmethod
    def backward(ctx, grad_output):
        values, wanted = ctx.saved_tensors
        slopes = values - wanted
        return slopes / len(values), None


def test_a_loss_itself_is_right_without_grad_output():
    found = only(gradtui.check(Distance, x(4).requires_grad_(), x(4)))
    assert found.fix == "return 2 * (values - wanted) * grad_output, None"
    assert "the same for every multiple of the loss and right for the loss itself" in found.message


def test_another_mistake_is_told_by_the_numbers_of_the_loss_itself():
    wanted = x(3, 2)
    found = gradtui.check(lambda v: Distances.apply(v, wanted).mean(), v=x(3, 2).requires_grad_())
    first, second = [one for one in found if one.severity == "error"]
    assert ": the factor 2 is missing" in first.message
    assert second.message.startswith("the backward pass does not multiply by the gradient that it")
    assert "the gradient of v is the same for every multiple of the loss" in second.message


class DistanceOnce(Distance):
    @staticmethod
    def backward(ctx, grad_output):
        values, wanted = ctx.saved_tensors
        return grad_output * (values - wanted), None


def test_the_numbers_of_a_loss_are_those_of_the_loss_itself():
    values, wanted = x(4).requires_grad_(), x(4)
    found = only(gradtui.check(DistanceOnce, values, wanted))
    at = tuple(found.evidence["element"])
    slope = (values - wanted)[at].item()

    assert found.evidence["claimed"] == pytest.approx(slope)
    assert found.evidence["true"] == pytest.approx(2 * slope)


def test_the_screen_shows_the_loss_itself():
    values, wanted = x(4).requires_grad_(), x(4)
    session = gradtui.trace(DistanceOnce, values, wanted)

    assert session.frame.loss == pytest.approx(((values - wanted) ** 2).sum().item())


class Parted(Function):
    """The overlap of two vectors, times the size of the first."""

    @staticmethod
    def forward(ctx, one, two):
        ctx.save_for_backward(one, two)
        return (one * two).sum() * (one * one).sum()

    @staticmethod
    def backward(ctx, grad_output):
        one, two = ctx.saved_tensors
        both, size = (one * two).sum(), (one * one).sum()
        d_one = two * size + 2 * one * both
        d_two = one * size
        return d_one, d_two


def test_all_that_is_returned_is_multiplied_by_grad_output():
    wanted = [x(4).requires_grad_(), x(4).requires_grad_()]
    found = only(gradtui.check(lambda one, two: 1.5 * Parted.apply(one, two), *wanted))
    assert found.fix == "return d_one * grad_output, d_two * grad_output"
