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


def conjugate(a, b):
    """Return the solution of a @ x = b by conjugate gradients, without a call of `times`."""
    times = lambda v: a @ v  # noqa: E731
    x = torch.zeros_like(b)
    r = b - times(x)
    d = r
    for _ in range(len(b)):
        step = (r @ r) / (d @ times(d))
        x = x + step * d
        new = r - step * d
        d = new + (new @ new) / (r @ r) * d
        r = new
    return x


class Solved(torch.autograd.Function):
    @staticmethod
    def forward(ctx, a, b):
        root = torch.linalg.cholesky((a + a.T) / 2)
        x = torch.cholesky_solve(b[:, None], root)[:, 0]
        ctx.save_for_backward(a, x)
        return x

    @staticmethod
    def backward(ctx, g):
        a, x = ctx.saved_tensors
        gb = conjugate((a + a.T) / 2, g)
        ga = -torch.outer(gb, x)
        return (ga + ga.T) / 2, gb


def test_a_forgotten_call_of_a_function_that_the_code_makes_and_uses_elsewhere_is_named():
    a = torch.tensor([[4.0, 1, 0.5], [1, 3, -0.8], [0.5, -0.8, 5]], dtype=torch.double)
    b = torch.tensor([0.3, -1.2, 0.7], dtype=torch.double)

    finding = only(gradtui.check(Solved, a, b))

    line = conjugate.__code__.co_firstlineno + 9
    assert (finding.line, finding.fix) == (line, "new = r - step * times(d)")
    assert (finding.rule, finding.factor) == ("missing-factor", "times")
