"""An edit that is right at the sizes of the given tensors alone is not the fix."""

import pytest

import gradtui
from findings import line_of, only

torch = pytest.importorskip("torch")
Function = torch.autograd.Function


class Spread(Function):
    """The means of columns, and their variances: sums of squares divided by n - 1."""

    @staticmethod
    def forward(ctx, x):
        c = x - x.mean(0)
        ctx.save_for_backward(c)
        return x.mean(0), (c**2).sum(0) / (x.shape[0] - 1)

    @staticmethod
    def backward(ctx, gm, gv):
        (c,) = ctx.saved_tensors
        n = c.shape[0]
        gx = gm.expand_as(c) / n
        gx = gx + 2 * gv * c / (n - 1)
        return gx


class Biased(Spread):
    @staticmethod
    def backward(ctx, gm, gv):
        (c,) = ctx.saved_tensors
        n = c.shape[0]
        gx = gm.expand_as(c) / n
        gx = gx + 2 * gv * c / n
        return gx


class OfThree(Spread):
    @staticmethod
    def backward(ctx, gm, gv):
        (c,) = ctx.saved_tensors
        gx = gm.expand_as(c) / len(c)
        gx = gx + gv * c / 3
        return gx


class Kept(Function):
    """The mean cross-entropy of the rows that have a label."""

    @staticmethod
    def forward(ctx, z, y):
        keep = y >= 0
        logp = z.log_softmax(1)
        ctx.save_for_backward(logp, y, keep)
        return -logp[keep, y[keep]].sum() / keep.sum()

    @staticmethod
    def backward(ctx, g):
        logp, y, keep = ctx.saved_tensors
        d = logp.exp()
        d[keep, y[keep]] -= 1
        d = d * keep[:, None]
        return g * d / keep.sum(), None


class OfAll(Kept):
    @staticmethod
    def backward(ctx, g):
        logp, y, keep = ctx.saved_tensors
        d = logp.exp()
        d[keep, y[keep]] -= 1
        d = d * keep[:, None]
        return g * d / len(y), None


def rows(many, columns):
    return torch.randn(many, columns, dtype=torch.float64).requires_grad_()


def labelled(z):
    return Kept.apply(z, torch.tensor([0, -1, 2, 1, -1]))  # three rows, and three columns


def labelled_of_all(z):
    return OfAll.apply(z, torch.tensor([0, -1, 2, 1, -1]))


def test_sound_functions_are_left_alone():
    assert gradtui.check(Spread, rows(6, 2)) == []
    assert gradtui.check(labelled, rows(5, 3)) == []


def test_six_fifths_are_not_taken_for_a_constant():
    """2 / (6 - 1) = 2.4 / 6."""
    finding = only(gradtui.check(Biased, rows(6, 2)))

    assert finding.line == line_of(Biased.backward, 5)
    assert finding.fix == "gx = gx + 2 * gv * c / (n - 1)"


def test_the_columns_are_not_taken_for_the_rows_that_count():
    finding = only(gradtui.check(labelled_of_all, rows(5, 3)))

    assert finding.line == line_of(OfAll.backward, 6)
    assert finding.fix == "return g * d / keep.sum(), None"


def test_a_number_that_is_right_at_these_sizes_alone_is_told_to_be():
    """2 / (6 - 1) = 1 / 2.5."""
    finding = only(gradtui.check(OfThree, rows(6, 2)))

    assert finding.line == line_of(OfThree.backward, 4)
    assert "which is right at these sizes of the data alone" in finding.message


class Rounded(Function):
    """Rounds to multiples of a step; passes the gradient, divided by the step once too often."""

    @staticmethod
    def forward(ctx, x, step):
        ctx.step = step
        return torch.round(x / step) * step

    @staticmethod
    def backward(ctx, g):
        return g / ctx.step, None


def test_nothing_is_said_of_sizes_where_a_slope_is_one_of_the_codes_own():
    finding = only(gradtui.check(Rounded, rows(4, 3), 0.2))

    assert finding.line == line_of(Rounded.backward, 2)
    assert "at these sizes" not in finding.message
