"""Edits of a backward half are tried without its forward half, if that changes no result."""

import numpy as np
import pytest

import gradtui
from findings import line_of, only
from gradtui.diagnosis.recorded.blame import judged
from gradtui.diagnosis.recorded.runs import Runs

torch = pytest.importorskip("torch")
X = torch.linspace(-1, 1, 5, dtype=torch.double).requires_grad_()


class Cubed(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        ctx.times = 3
        return x**3

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return ctx.times * g * x


class Writing(Cubed):
    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        ctx.times = ctx.times + 1
        x.mul_(2)
        return ctx.times * g * x


class Holding(Cubed):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        ctx.times = [3]
        return x**3

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        ctx.times[0] += 1
        return ctx.times[0] * g * x


class Random(Cubed):
    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return 3 * g * x * torch.rand(1, dtype=torch.double)


@pytest.mark.parametrize("function", [Cubed, Random, lambda x: Cubed.apply(x).sum()])
def test_the_backward_half_alone_gives_the_same_again(runs_of, function):
    runs = runs_of(function, X)
    whole = runs.as_is(runs.given)
    begun = runs.begun(runs.given)

    for _ in range(2):
        loss, found = runs.ended(begun)
        assert loss == whole[0] and begun.halved.is_intact()
        np.testing.assert_array_equal(found["x"], whole[1]["x"])
    assert begun.runs(Cubed.forward.__code__)
    assert not begun.runs(Cubed.backward.__code__)


def test_what_the_forward_half_saved_is_told_from_what_the_backward_half_wrote(runs_of):
    runs = runs_of(Writing, X)
    begun = runs.begun(runs.given)
    runs.ended(begun)

    assert not begun.halved.is_intact()
    holding = runs_of(Holding, X)
    assert holding.begun(holding.given) is None


@pytest.mark.parametrize("dear", [0.0, 1e3])
def test_edits_are_tried_without_the_forward_half_if_that_is_dear(dear, monkeypatch):
    ended, halves = [], Runs.ended
    monkeypatch.setattr(judged, "_DEAR", dear)
    monkeypatch.setattr(Runs, "ended", lambda *args: ended.append(args) or halves(*args))

    finding = only(gradtui.check(Cubed, X))

    assert finding.severity == "error"
    assert finding.line == line_of(Cubed.backward, 3)
    assert finding.fix == "return ctx.times * g * x**2"
    assert (len(ended) > 10) == (dear == 0)
