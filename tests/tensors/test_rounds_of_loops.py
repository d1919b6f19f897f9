"""Loops of a backward half whose rounds store or add what other rounds have, too."""

import pytest

import gradtui
from findings import line_of, only

torch = pytest.importorskip("torch")
Function = torch.autograd.Function

RNG = torch.Generator().manual_seed(0)


def x(*shape):
    return torch.randn(*shape, generator=RNG, dtype=torch.float64)


class Gathered(Function):
    """Some entries of a vector, some of them twice."""

    @staticmethod
    def forward(ctx, x, places):
        ctx.save_for_backward(places)
        ctx.length = len(x)
        return x[places[places >= 0]]

    @staticmethod
    def backward(ctx, g):
        (places,) = ctx.saved_tensors
        grad_x = g.new_zeros(ctx.length)
        grad_x[places[places >= 0]] = g
        return grad_x, None


class ByChunks(Function):
    """A product of matrices, half of the rows at a time."""

    @staticmethod
    def forward(ctx, a, b):
        ctx.save_for_backward(a, b)
        ctx.size = len(a) // 2
        out, b = a.new_empty(a.shape[0], b.shape[-1]), b.flatten(0, 1)
        for at in range(0, len(a), ctx.size):
            rows = a[at : at + ctx.size]
            out[at : at + ctx.size] = rows @ b
        return out


class LastChunk(ByChunks):
    @staticmethod
    def backward(ctx, g):
        a, b = ctx.saved_tensors
        by_b = torch.zeros_like(b).flatten(0, 1)
        for at in range(0, len(a), ctx.size):
            rows = a[at : at + ctx.size]
            by_b = rows.t() @ g[at : at + ctx.size]
        return g @ b.flatten(0, 1).t(), by_b.view(b.shape)


class KeptBeside(Function):
    """The same, with what is kept partly under other names."""

    @staticmethod
    def forward(ctx, a, b, scale):
        given, scale = scale, float(scale)
        length, size = len(a), len(a) // 2
        ctx.save_for_backward(a, b)
        ctx.args = (given, size)
        out = a.new_empty(length, b.shape[-1])
        for at in range(0, length, size):
            out[at : at + size] = scale * a[at : at + size] @ b
        return out

    @staticmethod
    def backward(ctx, g):
        a, b = ctx.saved_tensors
        scale, size = ctx.args
        by_b = torch.zeros_like(b)
        for at in range(0, len(a), size):
            by_b.copy_(scale * a[at : at + size].t() @ g[at : at + size])
        return scale * g @ b.t(), by_b, None


class FusedLoss(Function):
    """A loss in parts, with the gradients of each made along with it."""

    @staticmethod
    def forward(ctx, a, b):
        by_a, by_b, shift = torch.zeros_like(a), b.new_zeros(b.shape), a.new_zeros(2)
        loss = a.new_zeros(())
        for at in range(0, len(a), 2):
            apart = torch.tanh(a[at : at + 2] @ b + 0.5)
            loss += (apart**2).sum()
            slope = 2 * apart * (1 - apart**2)
            by_a[at : at + 2] = slope @ b.t()
            shift += slope.sum(0)
        ctx.save_for_backward(by_a, by_b)
        ctx.shift = shift
        return loss

    @staticmethod
    def backward(ctx, g):
        by_a, by_b = ctx.saved_tensors
        return by_a * g, by_b * g


def test_what_is_stored_at_repeated_places_is_added():
    finding = only(gradtui.check(Gathered, x(4), torch.tensor([1, -1, 3, 1])))

    assert finding.line == line_of(Gathered.backward, 4)
    assert finding.fix == "grad_x.index_add_(0, places[places >= 0], g)"


def test_of_a_loop_of_which_the_last_round_is_left_the_rounds_are_added():
    finding = only(gradtui.check(LastChunk, x(4, 6), x(3, 2, 2)))

    assert finding.line == line_of(LastChunk.backward, 6)
    assert finding.fix.startswith("by_b +=")


def test_a_size_kept_beside_another_name_is_no_likelier_wrong():
    finding = only(gradtui.check(KeptBeside, x(4, 3), x(3, 2), 2.0))

    assert finding.line == line_of(KeptBeside.backward, 6)
    assert finding.fix == "by_b.add_(scale * a[at : at + size].t() @ g[at : at + size])"


def test_a_gradient_made_along_with_the_loss_is_added_to():
    finding = only(gradtui.check(FusedLoss, x(6, 3), x(3, 2)))

    assert line_of(FusedLoss.forward, 4) <= finding.line <= line_of(FusedLoss.forward, 10)
    assert finding.fix.splitlines()[-1].strip() == "by_b += a[at : at + 2].t() @ slope"
