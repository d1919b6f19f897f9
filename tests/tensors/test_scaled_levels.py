"""Levels with scales of their own, and signs with the mean size for one, as custom functions.

Trained ternary quantisation (Zhu et al., 2017, section 3) passes weights above a bound by the scale
p of the level, those below by n, and those between by 1; p and n get the sums over their levels.
XNOR-Net (Rastegari et al., 2016, section 3.1) passes a sign times the mean size of n weights by
1/n and that size together, which is no chain rule.
"""

import pytest

import gradtui
from findings import line_of, only

torch = pytest.importorskip("torch")
Function = torch.autograd.Function


class Ternary(Function):
    @staticmethod
    def forward(ctx, w, p, n):
        bound = 0.3 * w.abs().max()
        up, down = (w > bound).to(w.dtype), (w < -bound).to(w.dtype)
        ctx.save_for_backward(up, down, p, n)
        return p * up - n * down

    @staticmethod
    def backward(ctx, g):
        up, down, p, n = ctx.saved_tensors
        rest = 1 - up - down
        dw = g * (p * up + n * down + rest)
        return dw, (g * up).sum_to_size(p.shape), -(g * down).sum_to_size(n.shape)


class Chosen(Ternary):
    """The same by choices, at a bound of its own."""

    @staticmethod
    def forward(ctx, w, p, n):
        up, down = w > 0.4, w < -0.2
        ctx.save_for_backward(up.to(w.dtype), down.to(w.dtype), p, n)
        return torch.where(up, p, torch.where(down, -n, torch.zeros_like(w)))


class Straight(Ternary):
    @staticmethod
    def backward(ctx, g):
        up, down, p, n = ctx.saved_tensors
        return g, (g * up).sum_to_size(p.shape), -(g * down).sum_to_size(n.shape)


def ternary(function, shape=(), dtype=torch.float64, after=lambda q: q):
    drawn = torch.Generator().manual_seed(2)
    w = torch.randn(4, 6, generator=drawn, dtype=torch.float64).to(dtype)
    p, n = (torch.full(shape, one, dtype=dtype) for one in (0.7, 0.9))
    return gradtui.check(lambda w, p, n: after(function.apply(w, p, n)), w, p, n)


OWN = "by the scale of each level, and of the level 0 by 1, as trained ternary quantisation has it"


@pytest.mark.parametrize("function", [Ternary, Chosen])
@pytest.mark.parametrize("shape", [(), (4, 1)])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_levels_may_be_passed_by_their_scales(function, shape, dtype):
    finding = only(ternary(function, shape, dtype))

    assert (finding.rule, finding.severity, finding.target) == ("straight-through", "info", "w")
    assert f"passes through a step, which is flat, {OWN} (Zhu et al., 2017)" in finding.message


def test_levels_with_two_scales_may_be_passed_with_the_slope_1():
    finding = only(ternary(Straight))

    assert (finding.severity, finding.target) == ("info", "w")
    assert "with the slope 1 (straight-through; Bengio et al., 2013)" in finding.message


@pytest.mark.parametrize("after", [lambda q: 2 * q, lambda q: (3 * q).sin() @ q.T])
def test_what_is_computed_with_levels_has_its_own_slope(after):
    assert only(ternary(Ternary, after=after)).severity == "info"


class TernaryMistaken(Ternary):
    """What `slopes` gives is passed."""

    @staticmethod
    def backward(ctx, g):
        up, down, p, n = ctx.saved_tensors
        rest = 1 - up - down
        dw = g * TernaryMistaken.slopes(up, down, rest, p, n)
        return dw, (g * up).sum_to_size(p.shape), -(g * down).sum_to_size(n.shape)


@pytest.mark.usefixtures("unsearched")
@pytest.mark.parametrize(
    "slopes",
    [
        lambda up, down, rest, p, n: p * up - n * down + rest,
        lambda up, down, rest, p, n: -p * up + n * down + rest,
        lambda up, down, rest, p, n: n * up + p * down + rest,
        lambda up, down, rest, p, n: p * up + down + rest,
        lambda up, down, rest, p, n: up + n * down + rest,
        lambda up, down, rest, p, n: p * (up + down) + rest,
        lambda up, down, rest, p, n: p * up + n * down,
        lambda up, down, rest, p, n: p * up + n * down - rest,
        lambda up, down, rest, p, n: 2 * (p * up + n * down + rest),
        lambda up, down, rest, p, n: 2.0,
        lambda up, down, rest, p, n: rest,
    ],
)
@pytest.mark.usefixtures("unsearched")
def test_other_slopes_of_levels_are_wrong(slopes, monkeypatch):
    monkeypatch.setattr(TernaryMistaken, "slopes", slopes, raising=False)

    first, *_ = ternary(TernaryMistaken)

    assert (first.target, first.severity) == ("w", "error")
    assert "the one that passes through a step is " in first.message


class Swapped(Ternary):
    @staticmethod
    def backward(ctx, g):
        up, down, p, n = ctx.saved_tensors
        rest = 1 - up - down
        dw = g * (p * up + p * down + rest)
        return dw, (g * up).sum(), -(g * down).sum_to_size(n.shape)


class OneSided(Ternary):
    @staticmethod
    def backward(ctx, g):
        up, down, p, n = ctx.saved_tensors
        rest = 1 - up - down
        dw = p * up * g + down * g + rest * g
        return dw, (g * up).sum(), -(g * down).sum_to_size(n.shape)


class AcrossRegions(Ternary):
    @staticmethod
    def backward(ctx, g):
        up, down, p, n = ctx.saved_tensors
        rest = 1 - up - down
        dw = g * (p * up + n * down + rest)
        return dw, (g * up).sum(), -(g * up).sum()


class Turned(Ternary):
    @staticmethod
    def backward(ctx, g):
        up, down, p, n = ctx.saved_tensors
        rest = 1 - up - down
        dw = g * (p * up + n * down + rest)
        return dw, (g * up).sum(), (g * down).sum()


@pytest.mark.parametrize(
    ("function", "target", "line", "fix"),
    [
        (Swapped, "w", 4, "dw = g * (p * up + n * down + rest)"),
        (OneSided, "w", 4, "dw = p * up * g + down * g * n + rest * g"),
        (AcrossRegions, "n", 5, "return dw, (g * up).sum(), -(g * down).sum()"),
        (Turned, "n", 5, "return dw, (g * up).sum(), -(g * down).sum()"),
    ],
)
def test_a_mistake_beside_levels_is_told_with_its_line(function, target, line, fix):
    first, *rest = ternary(function)

    assert (first.target, first.severity, first.fix) == (target, "error", fix)
    assert first.line == line_of(function.backward, line)
    assert [one.severity for one in rest] == ["info"] * len(rest)


class Sign(Function):
    """The sign of weights times their mean size in each row."""

    @staticmethod
    def forward(ctx, w):
        size = w.abs().mean(1, keepdim=True)
        ctx.save_for_backward(w, size)
        return size * w.sign()

    @staticmethod
    def backward(ctx, g):
        w, size = ctx.saved_tensors
        return g * Sign.slopes((w.abs() <= 1).to(g.dtype), size, w.shape[1])


class SignChosen(Sign):
    @staticmethod
    def forward(ctx, w):
        size = w.abs().mean(1, keepdim=True)
        ctx.save_for_backward(w, size)
        return torch.where(w > 0, size, -size)


class SignByLargest(Sign):
    """Its scale is not the one that is nearest to the weights."""

    @staticmethod
    def forward(ctx, w):
        size = w.abs().amax(1, keepdim=True)
        ctx.save_for_backward(w, size)
        return size * w.sign()


def signs(function, slopes, monkeypatch):
    monkeypatch.setattr(Sign, "slopes", slopes, raising=False)
    drawn = torch.Generator().manual_seed(3)
    return gradtui.check(function, torch.randn(4, 6, generator=drawn, dtype=torch.float64))


XNOR = "times its scale, plus 1/6, as XNOR-Net has it (Rastegari et al., 2016)"
HELD = "times its scale, which it takes for a constant (Liu et al., 2018)"


@pytest.mark.parametrize("function", [Sign, SignChosen])
@pytest.mark.parametrize(
    ("slopes", "told"),
    [
        (lambda near, size, count: 1 / count + size * near, XNOR),
        (lambda near, size, count: size * near, HELD),
    ],
)
def test_a_sign_may_be_passed_by_its_mean_size(function, slopes, told, monkeypatch):
    finding = only(signs(function, slopes, monkeypatch))

    assert (finding.rule, finding.severity) == ("straight-through", "info")
    assert f"with the slope of a hard tanh (Hubara et al., 2016) {told}" in finding.message


@pytest.mark.usefixtures("unsearched")
@pytest.mark.parametrize(
    ("function", "slopes"),
    [
        (Sign, lambda near, size, count: 1 / 4 + size * near),
        (Sign, lambda near, size, count: size * near - 1 / count),
        (Sign, lambda near, size, count: 1 / count + near),
        (Sign, lambda near, size, count: 1 / count + size * (1 - near)),
        (Sign, lambda near, size, count: (1 / count + size) * near),
        (Sign, lambda near, size, count: 2 * size * near),
        (Sign, lambda near, size, count: -size * near),
        (Sign, lambda near, size, count: size * (1 - near)),
        (Sign, lambda near, size, count: size * size * near),
        (SignByLargest, lambda near, size, count: size * near),
        (SignByLargest, lambda near, size, count: 1 / count + size * near),
    ],
)
def test_other_slopes_of_a_scaled_sign_are_wrong(function, slopes, monkeypatch):
    assert only(signs(function, slopes, monkeypatch)).severity == "error"
