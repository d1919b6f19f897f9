"""Mistakes inside calls and beside other lines: parts of what is joined, indices, axes, copies."""

import pytest

import gradtui
from findings import line_of, only

torch = pytest.importorskip("torch")
F = torch.nn.functional
Function = torch.autograd.Function


def x(*shape, start=0.3):
    count = torch.Size(shape).numel()
    return torch.linspace(start, start + 2.3, count, dtype=torch.float64).sin().reshape(shape)


class Turned(Function):
    @staticmethod
    def forward(ctx, x):
        a, b = x.chunk(2, -1)
        ctx.save_for_backward(a, b)
        return torch.cat([b * b, -a], dim=-1)

    @staticmethod
    def backward(ctx, g):
        _, b = ctx.saved_tensors
        first, second = g.chunk(2, -1)
        return torch.cat([second, 2 * b * first], dim=-1)


class Crossed(Function):
    @staticmethod
    def forward(ctx, b, u, v):
        ctx.save_for_backward(b, u, v)
        return b * u[:, :-1] * v[:, 1:]

    @staticmethod
    def backward(ctx, g):
        b, u, v = ctx.saved_tensors
        db = (u[:, 1:] * v[:, :-1]) * g
        du, dv = torch.zeros_like(u), torch.zeros_like(v)
        du[:, :-1] = g * b * v[:, 1:]
        dv[:, 1:] = g * b * u[:, :-1]
        return db, du, dv


class Moved(Function):
    @staticmethod
    def forward(ctx, x, w):
        ctx.save_for_backward(x, w)
        return F.pad(x[:, 1:], (0, 1)) * w

    @staticmethod
    def backward(ctx, g):
        x, w = ctx.saved_tensors
        gw = g * w
        return F.pad(gw[:, 1:], (0, 1)), g * F.pad(x[:, 1:], (0, 1))


class Swapped(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x.transpose(1, 2)

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        other = (g * x).transpose(2, 3)
        return g * x.transpose(1, 2) + other


class Mixed(Function):
    @staticmethod
    def forward(ctx, x, w):
        ctx.save_for_backward(x, w)
        return F.conv1d(x, w)

    @staticmethod
    def backward(ctx, g):
        x, w = ctx.saved_tensors
        dx = F.conv1d(g, w)
        dw = torch.einsum("nol,nil->oi", g, x)
        return dx, dw.unsqueeze(-1)


class Parted(Function):
    @staticmethod
    def forward(ctx, a, b, c):
        ctx.size = a.size(1)
        ctx.save_for_backward(a, b, c)
        return (torch.cat([a, b, c], 1) * 1.5).sin()

    @staticmethod
    def backward(ctx, g):
        n = ctx.size
        joined = g * 1.5 * (torch.cat(ctx.saved_tensors, 1) * 1.5).cos()
        da = joined.narrow(1, 0, n)
        db = joined.narrow(1, n, n)
        dc = joined.narrow(1, n * 1, n)
        return da, db, dc


class Between(Function):
    """Adds the slopes at both ends, of ones for the gradient that it is given."""

    @staticmethod
    def forward(ctx, table, at):
        ctx.save_for_backward(table, at)
        return (table[at + 1] - table[at]) / 2

    @staticmethod
    def backward(ctx, g):
        table, at = ctx.saved_tensors
        found = torch.zeros_like(table)
        found.index_add_(0, at + 1, torch.ones_like(g) / 2)
        found.index_add_(0, at, -torch.ones_like(g) / 2)
        return found, None


def test_ones_that_stand_for_the_gradient_are_replaced_everywhere():
    findings = gradtui.check(Between, x(6), torch.tensor([0, 3, 1, 3, 4]))
    finding = next(one for one in findings if one.severity == "error")
    assert finding.line in (line_of(Between.backward, 4), line_of(Between.backward, 5))
    assert finding.fix.count("index_add_") == finding.fix.count("g / 2") == 2


@pytest.mark.parametrize(("function", "given", "line", "fix"), [
    (Turned, [x(3, 4)], 4, "return torch.cat([-second, 2 * b * first], dim=-1)"),
    (Crossed, [x(2, 4), x(2, 5, start=1), x(2, 5, start=2)], 3,
     "db = (u[:, :-1] * v[:, 1:]) * g"),
    (Moved, [x(2, 5), x(2, 5, start=1)], 4,
     "return F.pad(gw[:, :-1], (1, 0)), g * F.pad(x[:, 1:], (0, 1))"),
    (Swapped, [x(2, 3, 3, 3)], 3, "other = (g * x).transpose(1, 2)"),
    (Mixed, [x(2, 3, 4), x(3, 3, 1, start=1)], 3, "dx = F.conv1d(g, w.transpose(0, 1))"),
    (Parted, [x(3, 2), x(3, 2, start=1), x(3, 2, start=2)], 6, "dc = joined.narrow(1, n * 2, n)"),
])  # fmt: skip
def test_a_part_of_a_call_is_mended(function, given, line, fix):
    finding = only(gradtui.check(function, *given))
    assert (finding.line, finding.fix) == (line_of(function.backward, line), fix)


class Scaled(Function):
    """A line that gives a value another name has lost what it did to it."""

    @staticmethod
    def forward(ctx, x, signs):
        ctx.save_for_backward(x, signs)
        return x.exp() * signs

    @staticmethod
    def backward(ctx, g):
        x, signs = ctx.saved_tensors  # noqa: RUF059
        dx = g * x.exp()
        dx = dx
        return dx, None


class Halves(Function):
    """A line lacks what the one beside it has."""

    @staticmethod
    def forward(ctx, a, b):
        ctx.save_for_backward(a, b)
        return (a @ a + b @ b.t() * a).sum() / 2

    @staticmethod
    def backward(ctx, g):
        a, b = ctx.saved_tensors
        ones = torch.ones_like(a)
        inner = ones @ a.t() + a.t() @ ones
        outer = (a + a.t()) @ b
        da = g * (inner + b @ b.t())
        db = g * (outer + 0 * b) / 2
        return da, db


def test_a_line_that_only_renames_is_likelier():
    signs = torch.tensor([1.0, -1, 1, -1], dtype=torch.float64)
    finding = only(gradtui.check(Scaled, x(3, 4), signs))
    assert (finding.line, finding.fix) == (line_of(Scaled.backward, 4), "dx = dx * signs")


def few(monkeypatch, most):
    """Let a search end after few runs of edited code."""
    monkeypatch.setattr("gradtui.diagnosis.recorded.blame.gradients._MOST", most)
    monkeypatch.setattr("gradtui.diagnosis.recorded.blame.gradients._LEAST", most)


class Kept(Function):
    """Takes the slope from the forward pass, and does nothing with it."""

    @staticmethod
    def forward(ctx, x, w):
        slope = x.cos() * w
        slope = slope + w.square() * 2 * x
        ctx.save_for_backward(slope, w)
        return x.sin() * w + x.square() * w.square()

    @staticmethod
    def backward(ctx, g):
        slope, _ = ctx.saved_tensors
        slope = slope
        return slope, None


def test_a_line_that_does_nothing_comes_first(monkeypatch):
    few(monkeypatch, 40)
    finding = only(gradtui.check(lambda one: Kept.apply(one, x(3, 5, start=1)), x(3, 5)))
    assert (finding.line, finding.fix) == (line_of(Kept.backward, 3), "slope = slope * g")


class Rows(Function):
    """Adds to a part of a padded array."""

    @staticmethod
    def forward(ctx, x, w):
        ctx.save_for_backward(x, w)
        padded = F.pad(x, (2, 2))
        return padded[:, 1:-1] * w + padded[:, :-2] * w.square()

    @staticmethod
    def backward(ctx, g):
        x, w = ctx.saved_tensors
        wide = torch.zeros(x.size(0), x.size(1) + 4, dtype=x.dtype)
        wide[:, 1:-1].add_(g * w)
        wide[:, :-2].add_(g * w.square() * x.size(0))
        return wide[:, 2:-2], None


def test_a_part_of_an_array_that_is_added_to_is_previewed(monkeypatch):
    few(monkeypatch, 60)
    finding = only(gradtui.check(lambda one: Rows.apply(one, x(3, 7, start=1)), x(3, 5)))
    assert finding.line == line_of(Rows.backward, 5)
    assert finding.fix == "wide[:, :-2].add_(g * w.square())"


def test_a_line_unlike_the_one_beside_it_is_likelier():
    finding = only(gradtui.check(Halves, x(3, 3), x(3, 3, start=1)))
    assert finding.line == line_of(Halves.backward, 6)
    assert finding.fix == "da = g * (inner + b @ b.t()) / 2"


MASK = torch.tril(torch.ones(3, 3, dtype=torch.float64))


class Masked(Function):
    """Leaves out an eps, which is most of a gradient that would be 0 without it."""

    @staticmethod
    def forward(ctx, q, k):
        e = torch.exp(q * k) * MASK
        ctx.save_for_backward(q, k, e)
        return (e / (e.sum(-1, keepdim=True) + 1e-10)).square()

    @staticmethod
    def backward(ctx, g):
        q, k, e = ctx.saved_tensors
        p = e / e.sum(-1, keepdim=True)
        dp = 2 * p * g
        ds = p * (dp + (dp * p).sum(-1, keepdim=True))
        return ds * k, (ds * q).sum(0, keepdim=True)


def test_an_eps_that_is_left_out_is_no_second_mistake():
    finding = only(gradtui.check(Masked, x(3, 3), x(1, 3, start=1)))
    assert finding.line == line_of(Masked.backward, 5)
    assert finding.fix == "ds = p * (dp - (dp * p).sum(-1, keepdim=True))"


def test_a_view_that_pytorch_says_nothing_of_is_copied():
    from gradtui.recording.torch.library import PyTorch

    base = torch.zeros(3, 3)
    with torch.no_grad():
        view = base.diagonal()
    base.add_(torch.ones(3, 3, requires_grad=True))
    with pytest.raises(RuntimeError, match="no_grad"):
        _ = view.is_leaf
    assert PyTorch().copied(view).tolist() == [1, 1, 1]
    assert PyTorch().parts(view) == {}


class Rotated(Function):
    @staticmethod
    def forward(ctx, x):
        return torch.stack([x.select(-1, 1) * 2, -x.select(-1, 0)], dim=-1)

    @staticmethod
    def backward(ctx, g):
        up = 2 * g.select(-1, 0)
        down = g.select(-1, 0)
        return torch.stack([-down, up], dim=-1)


def test_another_element_is_picked_along_an_axis():
    finding = only(gradtui.check(Rotated, x(4, 2)))

    assert finding.line == line_of(Rotated.backward, 3)
    assert finding.fix == "down = g.select(-1, 1)"
    assert finding.message.endswith("the index must be 1")
