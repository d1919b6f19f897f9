"""Other axes, masks and bounds, and terms of symmetric or outer products."""

import pytest

import gradtui
from findings import line_of, only

torch = pytest.importorskip("torch")
Function = torch.autograd.Function

RNG = torch.Generator().manual_seed(0)


def x(*shape):
    return torch.randn(*shape, generator=RNG, dtype=torch.float64)


class Images(Function):
    """Each channel of each image with mean 0 and mean square 1."""

    @staticmethod
    def forward(ctx, x, scale):
        centred = x - x.mean((2, 3), keepdim=True)
        inverse = (centred.pow(2).mean((2, 3), keepdim=True) + 1e-5).rsqrt()
        y = centred * inverse
        ctx.save_for_backward(y, inverse, scale)
        return y * scale[None, :, None, None]

    @staticmethod
    def backward(ctx, g):
        y, inverse, scale = ctx.saved_tensors
        by_scale = (g * y).sum((0, 2, 3))
        g = g * scale[None, :, None, None]
        along = (g * y).mean((1, 2), keepdim=True)
        by_x = inverse * (g - g.mean((2, 3), keepdim=True) - y * along)
        return by_x, by_scale


class Near(Function):
    """Products of neighbours alone."""

    @staticmethod
    def forward(ctx, q, k, near):
        ctx.save_for_backward(q, k, near)
        return (q @ k.T).masked_fill(~near, 0)

    @staticmethod
    def backward(ctx, g):
        q, k, near = ctx.saved_tensors
        g = g.masked_fill(near, 0)
        return g @ k, g.T @ q, None


class Heads(Function):
    """Heads of a layer, each a product of its own."""

    @staticmethod
    def forward(ctx, x, w):
        n, heads = len(x), len(w)
        own = x.reshape(n, heads, -1).transpose(0, 1)
        ctx.save_for_backward(own, w)
        return torch.bmm(own, w)

    @staticmethod
    def backward(ctx, g):
        own, w = ctx.saved_tensors
        by_x = torch.bmm(g, w.transpose(1, 2))
        by_x = by_x.reshape(own.shape[1], -1)
        return by_x, torch.bmm(own.transpose(1, 2), g)


class Covariance(Function):
    @staticmethod
    def forward(ctx, x):
        centred = x - x.mean(0, keepdim=True)
        ctx.save_for_backward(centred)
        product = centred.t() @ centred / len(x)
        return product - product.mean()

    @staticmethod
    def backward(ctx, g):
        (centred,) = ctx.saved_tensors
        both = (g - g.mean()) / len(centred)
        by_x = centred @ both
        return by_x - by_x.mean(0, keepdim=True)


class Circle(Function):
    """Rows with copies of their ends before and after them."""

    @staticmethod
    def forward(ctx, x, p):
        ctx.p = p
        return torch.cat([x[:, -p:], x, x[:, :p]], 1)

    @staticmethod
    def backward(ctx, g):
        p = ctx.p
        by_x = g[:, p:-p].clone()
        by_x[:, p:] += g[:, :p]
        by_x[:, :p] += g[:, -p:]
        return by_x, None


class FixedPoint(Function):
    """Solves z = tanh(z W + x)."""

    @staticmethod
    def forward(ctx, x, w):
        z = torch.zeros_like(x)
        for _ in range(60):
            z = torch.tanh(z @ w + x)
        ctx.save_for_backward(w, z)
        return z

    @staticmethod
    def backward(ctx, g):
        w, z = ctx.saved_tensors
        slope = 1 - z * z
        system = torch.eye(len(w), dtype=w.dtype) - w.unsqueeze(0)
        by_z = torch.linalg.solve(system, g.unsqueeze(-1)).squeeze(-1)
        return by_z * slope, z.t() @ (by_z * slope)


class Similar(Function):
    """The products of vectors of length 1."""

    @staticmethod
    def forward(ctx, x):
        length = x.norm(dim=1, keepdim=True)
        ctx.save_for_backward(x / length, length)
        return (x / length) @ (x / length).t() / 2

    @staticmethod
    def backward(ctx, g):
        y, length = ctx.saved_tensors
        by_y = (g + g.t()) @ y / 2
        by_x = by_y / length
        return by_x


class Batch(Function):
    """The products of each image's channels."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x @ x.transpose(1, 2)

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        both = g + g
        return both.bmm(x)


class Least(Function):
    """The least z'Qz / 2 + p'z with Az = b, by its linear system."""

    @staticmethod
    def forward(ctx, q, p, a, b):
        rows = torch.zeros(len(a), len(a), dtype=a.dtype)
        system = torch.cat([torch.cat([q, a.t()], 1), torch.cat([a, rows], 1)])
        solved = torch.linalg.solve(system, torch.cat([-p, b]))
        ctx.save_for_backward(system, solved)
        return solved[: len(p)].clone()

    @staticmethod
    def backward(ctx, g):
        system, solved = ctx.saved_tensors
        z, nu = solved[: len(g)], solved[len(g) :]
        d = torch.linalg.solve(system.t(), torch.cat([-g, torch.zeros_like(nu)]))
        dz, dnu = d[: len(g)], d[len(g) :]
        by_a = torch.outer(nu, dz)
        return torch.outer(dz, z), dz, by_a, -dnu


class Shares(Function):
    """Shares that the backward half computes again from the logarithm of their sum."""

    @staticmethod
    def forward(ctx, x):
        total = torch.logsumexp(x, -1, keepdim=True)
        ctx.save_for_backward(x, total)
        return torch.exp(x - total)

    @staticmethod
    def backward(ctx, g):
        x, total = ctx.saved_tensors
        p = x - total
        return p * (g - (p * g).sum(-1, keepdim=True))


NEAR = torch.tensor([[True, True, False], [False, True, True]])
WRONG = {
    "of two others": (
        Images, (x(2, 3, 3, 2), x(3)), 5, "along = (g * y).mean((2, 3), keepdim=True)",
    ),
    "a mask that keeps the rest": (
        Near, (x(2, 4).requires_grad_(), x(3, 4).requires_grad_(), NEAR), 3,
        "g = g.masked_fill(~near, 0)",
    ),
    "before a reshape": (
        Heads, (x(3, 8), x(4, 2, 2)), 4, "by_x = by_x.transpose(0, 1).reshape(own.shape[1], -1)",
    ),
    "a product that is symmetric": (
        Covariance, (x(5, 3),), 4, "by_x = centred @ (both + both.T)",
    ),
    "a bound from the end": (Circle, (x(2, 5), 1), 4, "by_x[:, -p:] += g[:, :p]"),
    "a factor with an axis between": (
        FixedPoint, (x(3, 2), x(2, 2) / 3), 4,
        "system = torch.eye(len(w), dtype=w.dtype) - w.unsqueeze(0) * slope.unsqueeze(1)",
    ),
    "a part along what is divided": (
        Similar, (x(3, 4),), 4, "by_x = (by_y - y * (by_y * y).sum(dim=1, keepdim=True)) / length",
    ),
    "a sum with a transpose": (
        Batch, (x(2, 3, 4),), 3, "both = g.transpose(-1, -2) + g",
    ),
    "a term that is an outer product": (
        Least, (x(3, 3) / 4 + 2 * torch.eye(3), x(3), x(2, 3), x(2)), 6,
        "by_a = torch.outer(nu, dz) + torch.outer(dnu, z)",
    ),
    "a function that is not called": (Shares, (x(3, 4),), 3, "p = torch.exp(x - total)"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_the_line_and_its_fix_are_named(name):
    function, given, offset, fix = WRONG[name]
    finding = only(gradtui.check(function, *given))
    assert finding.fix == fix
    assert finding.line == line_of(function.backward, offset)
