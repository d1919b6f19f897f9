"""Quantisers that choose the nearest level of a table, beneath a learned bound.

The gradient passes the choice as if it were not there: by the bound it is the level less the number
below it, and 1 above (Li et al., 2020).
"""

import pytest

import gradtui
from findings import line_of

torch = pytest.importorskip("torch")
Function = torch.autograd.Function

LEVELS = torch.tensor([0.0, 0.1, 0.2, 0.3, 0.4, 0.6, 0.8, 1.0], dtype=torch.float64)


class InOneRow(Function):
    """Chooses for all numbers in one row."""

    @staticmethod
    def forward(ctx, x, bound):
        v = x / bound
        row = v.clamp(max=1).view(-1)
        at = (row.unsqueeze(0) - LEVELS.unsqueeze(1)).abs().min(dim=0)[1]
        q = LEVELS[at].view(x.shape)
        ctx.save_for_backward(v, q)
        return q * bound

    @staticmethod
    def backward(ctx, g):
        v, q = ctx.saved_tensors
        above = (v > 1).to(g.dtype)
        by_bound = above + (q - v) * (1 - above)
        return g * (1 - above), (g * by_bound).sum()


class Beside(InOneRow):
    """Chooses along an axis of its own."""

    @staticmethod
    def forward(ctx, x, bound):
        v = x / bound
        q = LEVELS[(v.clamp(max=1)[..., None] - LEVELS).abs().argmin(-1)]
        ctx.save_for_backward(v, q)
        return q * bound


class Unbounded(Beside):
    """Passes numbers above the bound, but not by the bound."""

    @staticmethod
    def backward(ctx, g):
        v, q = ctx.saved_tensors
        above = (v > 1).to(g.dtype)
        by_bound = above + (q - v) * (1 - above)
        return g, (g * by_bound).sum()


class Shut(Beside):
    @staticmethod
    def backward(ctx, g):
        v, q = ctx.saved_tensors
        above = (v > 1).to(g.dtype)
        by_bound = above + (q - v) * (1 - above)
        return g * above, (g * by_bound).sum()


class Twice(InOneRow):
    @staticmethod
    def backward(ctx, g):
        v, q = ctx.saved_tensors
        above = (v > 1).to(g.dtype)
        by_bound = above + (q - v) * (1 - above)
        return 2 * g * (1 - above), (g * by_bound).sum()


class BoundForgotten(InOneRow):
    """Passes nothing above the bound, and says nothing of that by the bound."""

    @staticmethod
    def backward(ctx, g):
        v, q = ctx.saved_tensors
        above = (v > 1).to(g.dtype)
        return g * (1 - above), (g * (q - v)).sum()


class BoundTurned(InOneRow):
    @staticmethod
    def backward(ctx, g):
        v, q = ctx.saved_tensors
        above = (v > 1).to(g.dtype)
        return g * (1 - above), (g * (above + (v - q) * (1 - above))).sum()


class BoundWithout(InOneRow):
    @staticmethod
    def backward(ctx, g):
        v, _ = ctx.saved_tensors
        above = (v > 1).to(g.dtype)
        return g * (1 - above), torch.zeros((), dtype=g.dtype)


class ShutAlike(InOneRow):
    """Takes what is below the bound for what is above it, in both gradients."""

    @staticmethod
    def backward(ctx, g):
        v, q = ctx.saved_tensors
        above = (v <= 1).to(g.dtype)
        by_bound = above + (q - v) * (1 - above)
        return g * (1 - above), (g * by_bound).sum()


def checked(function):
    drawn = torch.Generator().manual_seed(1)
    x = 2 * torch.rand(4, 6, generator=drawn, dtype=torch.float64)
    return gradtui.check(function, x, torch.tensor(1.3, dtype=torch.float64))


@pytest.mark.parametrize("function", [InOneRow, Beside])
def test_the_nearest_level_of_a_table_is_passed_with_what_bounds_it(function):
    (finding,) = checked(function)

    assert (finding.rule, finding.severity) == ("straight-through", "info")
    assert "(also of bound) passes through a step, which is flat, with the slope 1" in (
        finding.message
    )


@pytest.mark.parametrize(
    ("function", "target", "line"),
    [
        (Unbounded, "x", 5), (Shut, "x", 5), (Twice, "x", 5),
        (BoundForgotten, "bound", 4), (BoundTurned, "bound", 4), (BoundWithout, "bound", 4),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("unsearched")
def test_a_mistake_beside_the_nearest_level_of_a_table_stays_one(function, target, line):
    first, *rest = checked(function)

    assert (first.target, first.severity) == (target, "error")
    assert first.line == line_of(function.backward, line)
    assert "as that of " in first.message
    assert [one.severity for one in rest] == ["info"]


def test_a_mistake_in_both_gradients_past_a_table_is_mended():
    (finding,) = checked(ShutAlike)

    assert (finding.severity, finding.line) == ("error", line_of(ShutAlike.backward, 3))
    assert finding.fix == "above = (v > 1).to(g.dtype)"
