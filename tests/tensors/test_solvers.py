"""Solvers that stop at a tolerance: the loss, and so a gradient, is only known to that."""

import pytest

import gradtui
from findings import only

torch = pytest.importorskip("torch")


def approached(p):
    """Return the p not below 0, by an interior point that is left at a tolerance, and slacks."""
    mu = 1.0
    while mu > 2e-9 * p.abs().min():
        mu = mu / 2
    x = (p + torch.sqrt(p * p + 4 * mu)) / 2
    return x, x - p


class KeptApart(torch.autograd.Function):
    @staticmethod
    def forward(ctx, p):
        x, z = approached(p)
        ctx.save_for_backward(x, z)
        return x

    @staticmethod
    def backward(ctx, g):
        x, z = ctx.saved_tensors
        a, b = torch.clamp(x, min=1e-8), torch.clamp(z, min=1e-8)
        return g * a / (a + b)


class KeptApartWrongly(KeptApart):
    @staticmethod
    def backward(ctx, g):
        x, z = ctx.saved_tensors
        a, b = torch.clamp(x, min=1e-8), torch.clamp(z, min=1e-8)
        return g * b / (a + b)


class Unseen(KeptApart):
    @staticmethod
    def forward(ctx, p):
        turned, _, _ = torch.lu_unpack(*torch.linalg.lu_factor(torch.diag(p.abs())))
        return KeptApart.forward(ctx, turned @ p)


class UnseenWrongly(Unseen):
    @staticmethod
    def backward(ctx, g):
        x, z = ctx.saved_tensors
        a, b = torch.clamp(x, min=1e-8), torch.clamp(z, min=1e-8)
        return -g * a / (a + b)


P = torch.tensor([0.7, -0.4, 1.3, -2.0, 0.2], dtype=torch.double)


@pytest.mark.parametrize("function", [KeptApart, Unseen])
def test_bounds_that_change_less_than_the_tolerance_are_no_mistake(function):
    assert all(one.severity == "info" for one in gradtui.check(function, P))


def test_a_wrong_gradient_of_a_solver_is_found():
    finding = only(gradtui.check(KeptApartWrongly, P))
    assert (finding.severity, finding.fix) == ("error", "return g * a / (a + b)")


def test_a_wrong_gradient_of_a_solver_that_only_differences_can_tell_of_is_found():
    finding, note = gradtui.check(UnseenWrongly, P)
    assert (finding.severity, finding.fix) == ("error", "return g * a / (a + b)")
    assert (note.rule, note.severity) == ("opaque", "info")
