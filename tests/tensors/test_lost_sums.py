"""Sums that a backward half begins as zeros, and the line that must add to them."""

import pytest

import gradtui
from findings import only

torch = pytest.importorskip("torch")
Function = torch.autograd.Function

RNG = torch.Generator().manual_seed(0)
SOURCE, TARGET = torch.tensor([[0, 1, 2, 0, 3], [1, 2, 0, 3, 0]])


def x(*shape):
    return torch.randn(*shape, generator=RNG, dtype=torch.float64)


class Edges(Function):
    """The sum of weighted rows along the edges of a graph."""

    @staticmethod
    def forward(ctx, x, weight, source, target):
        ctx.save_for_backward(x, weight, source, target)
        return torch.zeros_like(x).index_add(0, target, x[source] * weight[:, None])

    @staticmethod
    def backward(ctx, g):
        x, weight, source, target = ctx.saved_tensors  # noqa: RUF059 -- the lost line needs it
        by_weight = (g[target] * x[source]).sum(1)
        by_x = torch.zeros_like(x) if ctx.needs_input_grad[0] else None
        return by_x, by_weight, None, None


class Filtered(Function):
    """The same sum, with numbers of each edge and column, too."""

    @staticmethod
    def forward(ctx, x, filters, weight, source, target):
        ctx.save_for_backward(x, filters, weight, source, target)
        own = x[source] * filters * weight[:, None]
        return torch.zeros_like(x).index_add(0, target, own)

    @staticmethod
    def backward(ctx, g):
        x, filters, weight, source, target = ctx.saved_tensors
        arriving = g[target]
        by_x = torch.zeros_like(x)
        by_filters = arriving * x[source] * weight[:, None]
        by_weight = (arriving * x[source] * filters).sum(1)
        return by_x, by_filters, by_weight, None, None


class Rows(Function):
    """The product of two matrices, a few rows at a time."""

    @staticmethod
    def forward(ctx, a, b):
        ctx.save_for_backward(a, b)
        return torch.cat([a[low : low + 2] @ b for low in range(0, len(a), 2)])

    @staticmethod
    def backward(ctx, g):
        a, b = ctx.saved_tensors
        by_a, by_b = torch.empty_like(a), torch.zeros_like(b)
        for low in range(0, len(a), 2):
            part, own = g[low : low + 2], a[low : low + 2]  # noqa: F841 -- the lost line needs it
            by_a[low : low + 2] = part @ b.t()
        return by_a, by_b


class Columns(Rows):
    """The same, with the gradient of the first matrix lost."""

    @staticmethod
    def backward(ctx, d):
        a, b = ctx.saved_tensors
        d_a, d_b = torch.zeros_like(a), torch.zeros_like(b)
        turned = b.t() + 0.0  # noqa: F841 -- the lost line needs it
        for low in range(0, len(a), 2):
            piece, above = d[low : low + 2], a[low : low + 2]
            d_b += above.t() @ piece
        return d_a, d_b


class Differences(Function):
    """What rows differ by along the edges of a graph, times a number of each edge."""

    @staticmethod
    def forward(ctx, x, weight, source, target):
        ctx.save_for_backward(x, weight, source, target)
        return (x[source] - x[target]) * weight[:, None]

    @staticmethod
    def backward(ctx, g):
        x, weight, source, target = ctx.saved_tensors
        here = g * weight[:, None]
        there = -here  # noqa: F841 -- the lost line needs it
        by_x = torch.zeros_like(x)
        by_x.index_add_(0, source, here)
        return by_x, (g * (x[source] - x[target])).sum(1), None, None


LOST = [
    (Differences, (x(4, 2), x(5), SOURCE, TARGET), "by_x.index_add_(0, target, there)"),
    (
        Edges, (x(4, 2), x(5), SOURCE, TARGET),
        "by_x.index_add_(0, source, g[target] * weight[:, None])",
    ),
    (
        Filtered, (x(4, 2), x(5, 2), x(5), SOURCE, TARGET),
        "by_x.index_add_(0, source, arriving * filters * weight[:, None])",
    ),
    (Rows, (x(4, 3), x(3, 2)), "by_b += own.t() @ part"),
    (Columns, (x(4, 3), x(3, 2)), "d_a[low : low + 2] += piece @ turned"),
]  # fmt: skip


@pytest.mark.parametrize(("function", "arguments", "line"), LOST)
def test_what_must_be_added_to_zeros_is_told(function, arguments, line):
    finding = only(gradtui.check(function, *arguments))
    assert f"{line} is missing" in finding.message


class Smoothed(Function):
    """Lacks the line of its forward half that puts the share of the label in its place."""

    @staticmethod
    def forward(ctx, logits, kinds, rate):
        log_shares = torch.log_softmax(logits, dim=1)
        wanted = torch.full_like(log_shares, rate / 3)
        wanted.scatter_(1, kinds.unsqueeze(1), 1.0 - rate)
        ctx.save_for_backward(log_shares, kinds)
        ctx.rate = rate
        return -(wanted * log_shares).sum(dim=1)

    @staticmethod
    def backward(ctx, g):
        log_shares, kinds = ctx.saved_tensors  # noqa: RUF059 -- the lost line needs it
        wanted = torch.full_like(log_shares, ctx.rate / 3)
        return (log_shares.exp() - wanted) * g[:, None], None, None


def test_a_line_of_the_forward_half_is_put_back_in_the_names_of_the_context():
    logits = torch.linspace(-1.0, 1.2, 12, dtype=torch.float64).sin().reshape(3, 4)
    found = only(gradtui.check(Smoothed, logits, torch.tensor([0, 3, 1]), 0.1))
    assert found.fix is not None
    assert found.fix.endswith("wanted.scatter_(1, kinds.unsqueeze(1), 1.0 - ctx.rate)")
