"""A cast to half precision inside of code counts as none: its slope is 1."""

import pytest

import gradtui
from findings import line_of, only

torch = pytest.importorskip("torch")
Function = torch.autograd.Function
KINDS = [torch.bfloat16, torch.float16]
OWN = [torch.float64, torch.float32]


class Product(Function):
    """Multiplies matrices in bfloat16, and adds a row in the type of the arguments."""

    @staticmethod
    def forward(ctx, x, w, b):
        xs, ws = x.bfloat16(), w.bfloat16()
        ctx.save_for_backward(xs, ws)
        return (xs @ ws.t()).to(x.dtype) + b

    @staticmethod
    def backward(ctx, g):
        xs, ws = ctx.saved_tensors
        gs = g.bfloat16()
        return (gs @ ws).to(g.dtype), (gs.t() @ xs).to(g.dtype), g.sum(0)


class Negated(Product):
    @staticmethod
    def backward(ctx, g):
        xs, ws = ctx.saved_tensors
        gs = g.bfloat16()
        return (gs @ ws).to(g.dtype), -(gs.t() @ xs).to(g.dtype), g.sum(0)


class Gated(Function):
    """x times its sigmoid, in half precision."""

    kind = torch.bfloat16

    @classmethod
    def forward(cls, ctx, x):
        xs = x.to(cls.kind)
        ctx.save_for_backward(xs)
        return (xs * torch.sigmoid(xs)).to(x.dtype)

    @staticmethod
    def backward(ctx, g):
        (xs,) = ctx.saved_tensors
        xf = xs.float()
        s = torch.sigmoid(xf)
        return (g.float() * s * (1 + xf * (1 - s))).to(g.dtype)


class Ungated(Gated):
    @staticmethod
    def backward(ctx, g):
        (xs,) = ctx.saved_tensors
        xf = xs.float()
        s = torch.sigmoid(xf)
        return (g.float() * s * (1 + (1 - s))).to(g.dtype)


class InTwoParts(Function):
    """Takes a factor for its half in bfloat16 and what that leaves."""

    @staticmethod
    def forward(ctx, x, w):
        ctx.save_for_backward(x, w)
        high = x.bfloat16()
        low = (x - high.to(x.dtype)).bfloat16()
        return (high.to(x.dtype) + low.to(x.dtype)) * w

    @staticmethod
    def backward(ctx, g):
        x, w = ctx.saved_tensors
        return g * w, g * x


class Bits(Function):
    """Cuts a mantissa by its bits, which there are only in single precision."""

    @staticmethod
    def forward(ctx, x):
        bits = x.float().view(torch.int32) & ~0xFFFF
        ctx.save_for_backward(x)
        return bits.view(torch.float32).bfloat16().to(x.dtype) + x * x

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g + 2 * x * g


def drawn(*shapes, dtype=torch.float64):
    return [torch.randn(*one, dtype=dtype).requires_grad_() for one in shapes]


@pytest.mark.parametrize("own", OWN)
def test_a_product_in_half_precision_is_right(own):
    assert gradtui.check(Product, *drawn((4, 3), (2, 3), (2,), dtype=own)) == []


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("own", OWN)
def test_an_activation_in_half_precision_is_right(kind, own):
    class Own(Gated):
        pass

    Own.kind = kind
    assert gradtui.check(Own, *drawn((5,), dtype=own)) == []


def test_what_rounding_leaves_is_taken_for_nothing():
    assert gradtui.check(InTwoParts, *drawn((5,), (5,))) == []


def test_the_line_of_a_lost_factor_is_named():
    finding = only(gradtui.check(Ungated, *drawn((4,))))

    assert (finding.severity, finding.target) == ("error", "x")
    assert finding.line == line_of(Ungated.backward, 5)
    assert finding.fix == "return (g.float() * s * (1 + (1 - s) * xf)).to(g.dtype)"


def test_the_line_of_a_sign_is_named():
    finding = only(gradtui.check(Negated, *drawn((4, 3), (2, 3), (2,))))

    assert (finding.rule, finding.target) == ("sign", "w")
    assert finding.line == line_of(Negated.backward, 4)


def test_gradients_by_hand_are_judged_alike():
    def case(x, w):
        y = (x.bfloat16() @ w.bfloat16()).to(x.dtype)
        return y.pow(2).sum(), (2 * y @ w.t(), 3 * x.t() @ y)

    x, w = (one.detach() for one in drawn((3, 4), (4, 2)))
    finding = only(gradtui.check(case, x=x, w=w))

    assert (finding.severity, finding.target, finding.line) == ("error", "w", line_of(case, 2))
    assert "3 must be 2" in finding.message


def test_bits_that_are_read_are_those_of_the_codes_own_types():
    finding = only(gradtui.check(Bits, *drawn((4,))))

    assert (finding.rule, finding.line) == ("straight-through", line_of(Bits.forward, 4))
