"""A line is named for what its value is: right but for a sign, transposed, or given twice."""

import pytest

import gradtui
from gradtui.diagnosis.recorded.blame.gradients import Blamed

torch = pytest.importorskip("torch")
Function = torch.autograd.Function

RNG = torch.Generator().manual_seed(0)


def x(*shape):
    return torch.randn(*shape, generator=RNG, dtype=torch.float64)


class Centred(Function):
    """The way back through the mean is computed with the other sign, and then added."""

    @staticmethod
    def forward(ctx, x, w):
        total = x.sum(0)
        ctx.save_for_backward(w)
        return (x - total / len(x)) * w

    @staticmethod
    def backward(ctx, g):
        (w,) = ctx.saved_tensors
        found = g * w
        through_mean = found.sum(0) / len(g)
        found += through_mean
        return found, None


class Likelihood(Function):
    """The weights of the gradient are ready before it: only the last line knows its sign."""

    @staticmethod
    def forward(ctx, x, labels, weight):
        loss = torch.nn.functional.nll_loss(x, labels, weight=weight, ignore_index=0)
        weight = weight.clone()
        weight[0] = 0
        own = weight.index_select(0, labels)
        chosen = torch.zeros_like(x).scatter_(1, labels.unsqueeze(1), own.unsqueeze(1))
        chosen /= weight.index_select(0, labels).sum()
        ctx.save_for_backward(chosen)
        return loss

    @staticmethod
    def backward(ctx, g):
        (chosen,) = ctx.saved_tensors
        found = chosen * g
        return found, None, None


class Both(Function):
    """Both gradients are computed on one line, and the first has a factor too much."""

    @staticmethod
    def forward(ctx, x, w):
        size = (x.pow(2).mean(-1, keepdim=True) + 1e-5).rsqrt()
        ctx.save_for_backward(x, w, size)
        return x * size * w

    @staticmethod
    def backward(ctx, g):
        x, w, size = ctx.saved_tensors
        inner = (g * w * x).mean(-1, keepdim=True)
        return 2 * size * (g * w - x * inner * size**2), (g * x * size).sum(0)


class Between(Function):
    """A function of two, whose slopes one function computes, called with the same in order."""

    @staticmethod
    def forward(ctx, a, b):
        ctx.save_for_backward(a, b)
        near = (a * a).sum(-1) * (b * b).sum(-1)
        return torch.log(1 + near) + torch.tanh((a * b).sum(-1))

    @staticmethod
    def slope(a, b, a_size, b_size):
        near = 1 + a_size * b_size
        along = 2 * b_size / near
        found = along.unsqueeze(-1).expand_as(a) * a
        product = torch.sum(a * b, dim=-1)
        bend = 1 - torch.pow(torch.tanh(product), 2)
        return found + bend.unsqueeze(-1).expand_as(b) * b

    @staticmethod
    def backward(ctx, g):
        a, b = ctx.saved_tensors
        a_size, b_size = (a * a).sum(-1), (b * b).sum(-1)
        by_a = Between.slope(a, b, a_size, b_size)
        by_b = Between.slope(a, b, a_size, b_size)
        return g[:, None] * by_a, g[:, None] * by_b


class Scaled(Function):
    """An unbiased variance, of which the last factor counts one too many."""

    @staticmethod
    def forward(ctx, x):
        spread = torch.sqrt(x.var(dim=0, unbiased=True))
        ctx.save_for_backward(x, spread)
        return x / (spread + 0.1)

    @staticmethod
    def backward(ctx, g):
        x, spread = ctx.saved_tensors
        n = x.numel() / x.size(1)
        by_spread = -(g * x).sum(dim=0) / (spread + 0.1) ** 2
        by_variance = by_spread / (2 * spread)
        found = x * by_variance * n
        found += -by_variance * x.sum(dim=0)
        found *= 2 / (n * n)
        return found + g / (spread + 0.1)


class Picked(Function):
    """The product of a matrix, given by its elements that are not 0, with another."""

    @staticmethod
    def forward(ctx, values, rows, columns, b):
        a = torch.zeros(len(b), len(b), dtype=b.dtype)
        a[rows, columns] = values
        ctx.save_for_backward(rows, columns, b)
        return a @ b

    @staticmethod
    def backward(ctx, g):
        rows, columns, b = ctx.saved_tensors
        whole = b.matmul(g.t())
        place = rows * len(b) + columns
        return whole.view(-1)[place], None, None, None


class Shares(Function):
    @staticmethod
    def forward(ctx, x):
        p = x.softmax(-1)
        ctx.save_for_backward(p)
        return p

    @staticmethod
    def backward(ctx, g):
        (p,) = ctx.saved_tensors
        mean = (p * g).sum()
        return p * (g - mean)


class Batched(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.pow(3).sum((1, 2))

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return 3 * x.pow(2)


LABELS = torch.tensor([1, 0, 3, 1])
ROWS, COLUMNS = torch.tensor([0, 0, 1, 2, 3]), torch.tensor([1, 3, 2, 0, 2])
WRONG = {
    "the sign of what is added later": (
        Centred, (x(5, 3).requires_grad_(), x(3)), 5, "found -= through_mean",
    ),
    "the sign of what is ready": (
        Likelihood, (x(4, 5).requires_grad_(), LABELS, x(5).abs() + 0.5), 3,
        "found = -chosen * g",
    ),
    "the first of two on one line": (
        Both, (3 * x(4, 8), x(8)), 4,
        "return size * (g * w - x * inner * size**2), (g * x * size).sum(0)",
    ),
    "a call with the same as another": (
        Between, (x(4, 3), x(4, 3)), 5, "by_b = Between.slope(b, a, b_size, a_size)",
    ),
    "a factor, not a term that is its multiple": (
        Scaled, (x(8, 3),), 8, "found *= 2 / ((n - 1) * n)",
    ),
    "a product that is transposed": (
        Picked, (x(5).requires_grad_(), ROWS, COLUMNS, x(4, 3)), 3, "whole = g.matmul(b.t())",
    ),
    "a sum over all, of which the axis is kept": (
        Shares, (x(4, 3),), 3, "mean = (p * g).sum(dim=1, keepdim=True)",
    ),
    "a gradient of each that is forgotten": (
        Batched, (x(2, 4, 3),), 3, "return 3 * x.pow(2) * g[:, None, None]",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_the_line_at_fault_is_named(name):
    function, arguments, offset, fix = WRONG[name]

    (finding,) = gradtui.check(function, *arguments)

    line = function.backward.__code__.co_firstlineno + offset
    assert (finding.severity, finding.line) == ("error", line)
    assert finding.fix.replace("(n * (n - 1))", "((n - 1) * n)") == fix


UNSEEN = """
import numpy as np
import torch


class Root(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        root = torch.from_numpy(np.sqrt(x.detach().numpy()))
        ctx.save_for_backward(root)
        return root

    @staticmethod
    def backward(ctx, g):
        (root,) = ctx.saved_tensors
        slope = 1 / root.numpy()
        found = torch.from_numpy(slope * g.numpy() + 0.3)
        return found


def case(x=torch.ones(3, dtype=torch.float64)):
    return (Root.apply(x.exp()) ** 3).sum()
"""


@pytest.mark.usefixtures("numpys_arrays")
def test_where_only_numpy_computes_the_end_of_the_backward_half_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(
        "gradtui.diagnosis.recorded.faults.blamed_on_fewer", lambda *tried: Blamed()
    )
    path = tmp_path / "program.py"
    path.write_text(UNSEEN)
    names, customs = {"__name__": "program"}, list[object]()
    for _ in range(2):  # what is replaced, as in a notebook, is no other custom function
        exec(compile(UNSEEN, path, "exec"), names)
        customs.append(names["Root"])

    found, *_ = gradtui.check(names["case"])

    assert (found.severity, UNSEEN.splitlines()[found.line - 1].split()[0]) == ("error", "found")
