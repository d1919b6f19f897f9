"""Calls of a backward pass that are another, too much, or given something else: line and fix."""

import pytest

import gradtui
from findings import line_of

torch = pytest.importorskip("torch")
Function = torch.autograd.Function
RNG = torch.Generator().manual_seed(0)


def x(*shape):
    return torch.randn(*shape, generator=RNG)


class Product(Function):
    @staticmethod
    def forward(ctx, a, b):
        ctx.save_for_backward(a, b)
        return a * b

    @staticmethod
    def backward(ctx, g):
        a, b = ctx.saved_tensors
        return g * a, g * b


class Turned(Function):
    @staticmethod
    def forward(ctx, a):
        ctx.save_for_backward(a)
        return a.flip(-1).exp()

    @staticmethod
    def backward(ctx, g):
        (a,) = ctx.saved_tensors
        slope = a.exp()
        return g.flip(-1) * slope.flip(-1)


class Lorentz(Function):
    @staticmethod
    def forward(ctx, a, b):
        ctx.save_for_backward(a, b)
        return (a * b).sum(-1) - 2 * a[..., 0] * b[..., 0]

    @staticmethod
    def backward(ctx, g):
        a, b = ctx.saved_tensors
        g = g.unsqueeze(-1).expand_as(a).clone()
        g.narrow(-1, -1, 1).mul_(-1)
        return g * b, g * a


class Summed(Function):
    @staticmethod
    def forward(ctx, table, index):
        ctx.save_for_backward(index, table)
        return table[index]

    @staticmethod
    def backward(ctx, g):
        index, table = ctx.saved_tensors
        found = torch.zeros_like(table)
        found.index_copy_(0, index, g)
        return found, None


class Interleaved(Function):
    @staticmethod
    def forward(ctx, even, odd):
        return torch.stack([even, odd], -1).flatten(-2)

    @staticmethod
    def backward(ctx, g):
        even = g[..., ::2].contiguous()
        odd = g[..., ::2].contiguous()
        return even, odd


class InBlocks(Function):
    @staticmethod
    def forward(ctx, a, w):
        ctx.save_for_backward(a, w)
        return torch.sigmoid(a @ w)

    @staticmethod
    def backward(ctx, g):
        a, w = ctx.saved_tensors
        dw = torch.zeros_like(w)
        y = torch.sigmoid(a @ w)
        dz = g * y * (1 - y)
        for rows in (slice(0, 2), slice(2, 5)):
            dw.copy_(a[rows].T @ dz[rows])
        return dz @ w.T, dw


def squared(A):
    return A @ A


def moved(f, A, by):
    """The change of f at A by a change of A, which a block of f of three blocks is."""
    n = A.size(0)
    blocks = torch.zeros(2 * n, 2 * n, dtype=A.dtype)
    blocks[:n, :n] = A
    blocks[n:, n:] = A
    blocks[:n, n:] = by
    return f(blocks)[:n, n:]


class Squared(Function):
    @staticmethod
    def forward(ctx, A):
        ctx.save_for_backward(A)
        return squared(A)

    @staticmethod
    def backward(ctx, g):
        (A,) = ctx.saved_tensors
        return moved(squared, A, g)


class Steps(Function):
    """The differences of neighbours; the last is subtracted where the first is."""

    @staticmethod
    def forward(ctx, a, b):
        ctx.save_for_backward(a, b)
        return (a[1:] - a[:-1]) * b

    @staticmethod
    def backward(ctx, g):
        a, b = ctx.saved_tensors
        found = torch.zeros_like(a)
        found[1:] += g * b
        found[:-1] -= g * b
        return found, g * (a[1:] - a[:1])


class Coupled(torch.nn.Module):
    """Two maps that are added to each other's inputs; both are one in the backward half."""

    def __init__(self):
        super().__init__()
        self.f, self.g = torch.nn.Linear(3, 3), torch.nn.Linear(3, 3)

    def couple(self, a, b):
        y = a + self.f(b)
        return y, b + torch.tanh(self.g(y))

    def back(self, y, da, db):
        with torch.enable_grad():
            y = y.detach().requires_grad_()
            added = torch.tanh(self.f(y))
            da = da + torch.autograd.grad(added, y, db)[0]
        with torch.enable_grad():
            b = torch.zeros_like(y).requires_grad_()
            db = db + torch.autograd.grad(self.f(b), b, da)[0]
        return da, db


class Coupling(Function):
    @staticmethod
    def forward(ctx, a, b, maps):
        y, z = maps.couple(a, b)
        ctx.maps = maps
        ctx.save_for_backward(y)
        return y, z

    @staticmethod
    def backward(ctx, da, db):
        (y,) = ctx.saved_tensors
        return *ctx.maps.back(y, da, db), None


WRONG = {
    "a method that stores for one that adds": (
        InBlocks, (x(5, 3), x(3, 2)), 7, "dw.add_(a[rows].T @ dz[rows])",
    ),
    "a transpose where a kept matrix is used": (
        Squared, (x(3, 3),), 3, "return moved(squared, A.T, g)",
    ),
    "gradients in the wrong order": (Product, (x(3, 2), x(3, 2)), 3, "return g * b, g * a"),
    "one flip too many": (Turned, (x(3, 4),), 4, "return g.flip(-1) * slope"),
    "another column": (Lorentz, (x(3, 4), x(3, 4)), 4, "g.narrow(-1, 0, 1).mul_(-1)"),
    "a method that overwrites": (
        Summed, (x(3, 2), torch.tensor([0, 2, 0, 1])), 4, "found.index_add_(0, index, g)",
    ),
    "where a slice begins": (
        Interleaved, (x(2, 3), x(2, 3)), 3, "odd = g[..., 1::2].contiguous()",
    ),
    "a bound from the other end": (
        Steps, (x(5), x(4)), 6, "return found, g * (a[1:] - a[:-1])",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_the_call_at_fault_is_named(name):
    function, arguments, offset, fix = WRONG[name]

    (finding,) = gradtui.check(function, *arguments)

    line = line_of(function.backward, offset)
    assert (finding.severity, finding.line, finding.fix) == ("error", line, fix)


class Unused(Product):
    @staticmethod
    def backward(ctx, g):
        a, b = ctx.saved_tensors
        da = db = None
        if ctx.needs_input_grad[0]:
            da = g * b
            db = g * a
        return da, db


def test_a_gradient_that_is_missing_is_told_at_the_condition_on_which_it_is_stored():
    (finding,) = gradtui.check(Unused, x(3), x(3).requires_grad_())

    line = line_of(Unused.backward, 4)
    assert (finding.rule, finding.target, finding.line) == ("no-gradient", "b", line)


def test_the_part_of_an_object_that_is_called_for_another_is_named():
    (finding,) = gradtui.check(Coupling, x(2, 3), x(2, 3), Coupled())

    assert finding.line == line_of(Coupled.back, 3)
    assert finding.fix == "added = torch.tanh(self.g(y))"
