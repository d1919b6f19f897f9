"""Parts that a backward half lacks: the forward half has them, or nothing uses what they are of."""

import pytest

import gradtui
from findings import line_of, only

torch = pytest.importorskip("torch")
Function = torch.autograd.Function

RNG = torch.Generator().manual_seed(0)


def x(*shape):
    return torch.randn(*shape, generator=RNG, dtype=torch.float64).requires_grad_()


class Causal(Function):
    """Weights of what came before, which the backward half computes anew."""

    @staticmethod
    def forward(ctx, q, k):
        ctx.save_for_backward(q, k)
        scores = q @ k.mT
        later = torch.ones_like(scores).triu(1).bool()
        scores = scores.masked_fill(later, float("-inf"))
        return torch.softmax(scores, dim=-1)

    @staticmethod
    def backward(ctx, g):
        q, k = ctx.saved_tensors
        scores = q @ k.mT
        later = torch.ones_like(scores).triu(1).bool()  # noqa: F841 -- the mistake
        p = torch.softmax(scores, dim=-1)
        by_scores = p * (g - (p * g).sum(dim=-1, keepdim=True))
        return by_scores @ k, by_scores.mT @ q


class Idle(Function):
    """The same with a line that does nothing."""

    @staticmethod
    def forward(ctx, scores, later):
        ctx.save_for_backward(scores)
        ctx.later = later
        scores = scores.masked_fill(ctx.later, float("-inf"))
        return torch.softmax(scores, dim=-1)

    @staticmethod
    def backward(ctx, g):
        (scores,) = ctx.saved_tensors
        scores = scores
        p = torch.softmax(scores, dim=-1)
        return p * (g - (p * g).sum(dim=-1, keepdim=True)), None


class InParts(Function):
    """Rows times weights, a few at a time."""

    @staticmethod
    def forward(ctx, rows, weights, step):
        ctx.weights, ctx.step = weights, step
        out = torch.zeros_like(rows)
        for start in range(0, len(weights), ctx.step):
            end = min(start + ctx.step, len(weights))
            out[start:end] = rows[start:end] * weights[start:end, None]
        return out

    @staticmethod
    def backward(ctx, g):
        found = torch.zeros_like(g)
        for start in range(0, len(ctx.weights), ctx.step):
            end = min(ctx.step, len(ctx.weights))
            found[start:end] = g[start:end] * ctx.weights[start:end, None]
        return found, None, None


class Solved(Function):
    @staticmethod
    def forward(ctx, a, b):
        solution = torch.linalg.solve(a, b)
        ctx.save_for_backward(a, solution)
        return solution

    @staticmethod
    def backward(ctx, g):
        a, solution = ctx.saved_tensors  # noqa: RUF059 -- the mistake
        by_b = torch.linalg.solve(a.mT, g)
        return -by_b[..., :, None], by_b


class Standard(Function):
    @staticmethod
    def forward(ctx, rows, weight):
        mean, rstd = rows.mean(dim=1, keepdim=True), torch.rsqrt(rows.var(dim=1, keepdim=True))
        ctx.save_for_backward(rows, mean, rstd, weight)
        return (rows - mean) * rstd * weight

    @staticmethod
    def backward(ctx, g):
        rows, mean, rstd, weight = ctx.saved_tensors  # noqa: RUF059 -- the mistake
        normed, own, n = rows * rstd, g * weight, rows.shape[1]
        by_rows = own - own.mean(1, True) - normed * (own * normed).sum(1, True) / (n - 1)
        return by_rows * rstd, (g * normed).sum(0)


class Grouped(Function):
    """The sines of rows, which are kept as two groups, times weights."""

    @staticmethod
    def forward(ctx, rows, weight):
        ctx.save_for_backward(rows.reshape(2, -1), weight)
        return torch.sin(rows) * weight

    @staticmethod
    def backward(ctx, g):
        groups, weight = ctx.saved_tensors
        sines = torch.sin(groups)  # noqa: F841 -- that nothing uses it is the mistake
        by_groups = (g * weight).reshape_as(groups) * torch.cos(groups)
        return by_groups.reshape_as(g), g.sum(0)


class Picked(Function):
    @staticmethod
    def forward(ctx, rows, at, weights):
        ctx.at, ctx.weights, ctx.shape = at, weights, rows.shape
        return rows[at] * weights[:, None]

    @staticmethod
    def backward(ctx, g):
        scale = ctx.at.to(g.dtype)[:, None]
        return g.new_zeros(ctx.shape).index_add(0, ctx.at, g * scale), None, None


LATER, AT = torch.ones(4, 4).triu(1).bool(), torch.tensor([2, 0, 3])


@pytest.mark.parametrize(
    ("custom", "args", "offset", "fix"),
    [
        (Causal, (x(4, 3), x(4, 3)), 5, 'scores.masked_fill(later, float("-inf"))'),
        (Idle, (x(4, 4), LATER), 3, 'scores = scores.masked_fill(ctx.later, float("-inf"))'),
        (InParts, (x(5, 2), x(5).detach(), 2), 4, "min(start + ctx.step, len(ctx.weights))"),
        (Solved, (x(2, 3, 3), x(2, 3)), 4, "-by_b[..., :, None] * solution[..., None, :]"),
        (Standard, (x(4, 3), x(3)), 3, "normed, own, n = (rows - mean) * rstd, g * weight"),
        (Grouped, (x(4, 3), x(3)), 5, "(g * sines.reshape_as(g)).sum(0)"),
        (Picked, (x(4, 2), AT, x(3).detach()), 2, "scale = ctx.weights.to(g.dtype)[:, None]"),
    ],
)
def test_what_one_half_lacks_is_put_into_it(custom, args, offset, fix):
    finding = only([one for one in gradtui.check(custom, *args) if one.severity == "error"])

    assert finding.line == line_of(custom.backward, offset)
    assert fix in finding.fix.replace("'", '"')
