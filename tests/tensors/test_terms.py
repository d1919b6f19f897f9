"""Missing terms of sums: the line that computes the sum is named, not one that returns it."""

import pytest

import gradtui
from findings import line_of, only

torch = pytest.importorskip("torch")
Function = torch.autograd.Function

RNG = torch.Generator().manual_seed(0)


def x(*shape):
    return torch.randn(*shape, generator=RNG, dtype=torch.float64)


class Turned(Function):
    """Pairs of numbers, turned by angles."""

    @staticmethod
    def forward(ctx, a, b, cos, sin):
        ctx.save_for_backward(a, b, cos, sin)
        return a * cos - b * sin, a * sin + b * cos

    @staticmethod
    def backward(ctx, g, h):
        a, b, cos, sin = ctx.saved_tensors
        by_cos = (h * b).sum(0)
        by_sin = (h * a - g * b).sum(0)
        return g * cos + h * sin, h * cos - g * sin, by_cos, by_sin


class Ratio(Function):
    """The distance from a point, over that from the edge of a disc."""

    @staticmethod
    def forward(ctx, x, p):
        apart = ((x - p) ** 2).sum(-1)
        room = 1 - (x * x).sum(-1)
        ctx.save_for_backward(x, p, room)
        return apart / room

    @staticmethod
    def backward(ctx, g):
        x, p, room = ctx.saved_tensors
        square = ((p * p).sum(-1) - 2 * (x * p).sum(-1)) / room**2
        by_x = 2 * g[:, None] * (square[:, None] * x - p / room[:, None])
        return by_x, None


WRONG = {
    "a term of a sum": (
        Turned, (x(4, 3), x(4, 3), x(3), x(3)), 3, "by_cos = (h * b + a * g).sum(0)",
    ),
    "a one of a sum": (
        Ratio, (x(4, 2).tanh().requires_grad_() / 2, x(2) / 2), 3,
        "square = ((p * p).sum(-1) - 2 * (x * p).sum(-1) + 1) / room**2",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_the_term_is_named(name):
    function, given, offset, fix = WRONG[name]
    finding = only(gradtui.check(function, *given))
    assert finding.fix == fix
    assert finding.line == line_of(function.backward, offset)
