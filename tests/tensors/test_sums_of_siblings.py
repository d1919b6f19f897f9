"""What a line lacks that others of its form have, where only differences tell the truth."""

import pytest

import gradtui
from findings import line_of

torch = pytest.importorskip("torch")

STEEP = torch.tensor([0.3, 0.7], dtype=torch.double)
FLAT = torch.tensor([0.2, 0.5, 0.4], dtype=torch.double)


def outer(x, y):
    return x.unsqueeze(1) * y.unsqueeze(0)


class Pulled(torch.autograd.Function):
    @staticmethod
    def forward(ctx, A, B, p):
        kept, _, _ = torch.lu_unpack(*torch.linalg.lu_factor(torch.eye(4, dtype=A.dtype)))
        p = kept @ p
        ctx.near, ctx.far = A @ p + STEEP, torch.tanh(B @ p + FLAT)
        ctx.save_for_backward(A, B, p)
        return p + ctx.near @ A + ctx.far @ B

    @staticmethod
    def backward(ctx, g):
        A, B, p = ctx.saved_tensors
        dnear = A @ g
        dfar = (1 - ctx.far**2) * (B @ g)
        dA = outer(dnear, p) + outer(ctx.near, g)
        dB = outer(dfar, p) + outer(ctx.far, g)
        return dA, dB, g + dnear @ A + dfar @ B


class PulledWithoutATerm(Pulled):
    @staticmethod
    def backward(ctx, g):
        A, B, p = ctx.saved_tensors
        dnear = A @ g
        dfar = (1 - ctx.far**2) * (B @ g)
        dA = outer(dnear, p)
        dB = outer(dfar, p) + outer(ctx.far, g)
        return dA, dB, g + dnear @ A + dfar @ B


def arguments():
    torch.manual_seed(2)
    return [torch.randn(shape, dtype=torch.double) for shape in ((2, 4), (3, 4), (4,))]


def test_the_function_as_it_is_is_right():
    assert all(one.severity == "info" for one in gradtui.check(Pulled, *arguments()))


def test_the_term_of_a_sibling_is_missing():
    finding = gradtui.check(PulledWithoutATerm, *arguments())[0]
    assert finding.line == line_of(PulledWithoutATerm.backward, 5)
    assert finding.fix == "dA = outer(dnear, p) + outer(ctx.near, g)"
