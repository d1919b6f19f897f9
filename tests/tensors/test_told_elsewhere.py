"""Custom functions with a slip that another line of the file tells of."""

import pytest

from planted import Planted, repaired

torch = pytest.importorskip("torch")
Function = torch.autograd.Function


def waves(*shape):
    count = torch.Size(shape).numel()
    return torch.arange(1.0, count + 1, dtype=torch.float64).mul(1.7).sin().reshape(shape)


def rise(x, k):
    return k * 3 * x**2


class Between(Function):
    @staticmethod
    def forward(ctx, a, b, k, turned=False):
        ctx.save_for_backward(a, b, k)
        ctx.turned = turned
        return k * b**3 - k * a**3 if turned else k * (b**3 - a**3)

    @staticmethod
    def backward(ctx, g):
        a, b, k = ctx.saved_tensors
        low = rise(a, k)
        high = rise(b, k)
        if ctx.turned:
            return -low * g, high * g, g * (b**3 - a**3), None
        else:
            return -low * g, high * g, g * (b**3 - a**3), None


class Waved(Function):
    """The sine of a symmetric matrix."""

    @staticmethod
    def forward(ctx, m):
        s, u = torch.linalg.eigh((m + m.T) / 2)
        ctx.save_for_backward(s, u)
        return u @ torch.diag(s.sin()) @ u.T

    @staticmethod
    def backward(ctx, g):
        s, u = ctx.saved_tensors
        apart = s[:, None] - s
        equal = apart.abs() < 1e-9
        apart[equal] = 1.0
        slopes = (s.sin()[:, None] - s.sin()) / apart
        slopes[equal] = s.cos()[:, None].expand(len(s), len(s))[equal]
        found = u @ (slopes * (u.T @ g @ u)) @ u.T
        return (found + found.T) / 2


class Smooth(Function):
    """A softplus whose slope is computed in logarithms, for both signs apart."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return torch.log1p(x.exp())

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        slope, below, above = torch.zeros_like(x), x < 0, x >= 0
        left = torch.log1p(x[below].exp()) - x[below]
        slope.masked_scatter_(below, left.neg().exp())
        right = torch.log1p(x[above].neg().exp())
        slope.masked_scatter_(above, right.neg().exp())
        return g * slope


class Polar(Function):
    """The orthogonal columns nearest to a tall matrix."""

    @staticmethod
    def forward(ctx, x):
        u, s, vt = torch.linalg.svd(x, full_matrices=False)
        ctx.save_for_backward(u, s, vt)
        return u @ vt

    @staticmethod
    def backward(ctx, g):
        u, s, vt = ctx.saved_tensors
        rows = u.size(0)
        count = s.size(0)
        inner = u.T @ g @ vt.T
        found = u @ ((inner - inner.T) / (s[:, None] + s)) @ vt
        if rows > count:
            rest = torch.eye(rows, dtype=g.dtype) - u @ u.T
            found = found + rest @ g @ (vt.T / s) @ vt
        return found


class Balanced(Function):
    """The nearest point to x where some sums are r, by the system that it solves."""

    @staticmethod
    def forward(ctx, x, r, c):
        ctx.save_for_backward(c)
        return x + c.T @ torch.linalg.solve(c @ c.T, r - c @ x)

    @staticmethod
    def backward(ctx, g):
        (c,) = ctx.saved_tensors
        many, n = c.shape
        top = torch.cat((torch.eye(n, dtype=c.dtype), c.T), 1)
        low = torch.cat((c, c.new_zeros(many, many)), 1)
        both = torch.linalg.solve(torch.cat((top, low)), torch.cat((g, g.new_zeros(many))))
        held = both[n:]
        found = both[:n]
        return found, held, None


class Centred(Function):
    """Columns of groups without their mean, over the root of their number."""

    @staticmethod
    def forward(ctx, x):
        _, d, m = x.size()  # noqa: RUF059
        ctx.save_for_backward(x)
        return (x - x.mean(-1, keepdim=True)).pow(3) / m

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        k, d, m = x.size()  # noqa: RUF059
        found = 3 * g * (x - x.mean(-1, keepdim=True)).pow(2) / m
        return found - found.mean(-1, keepdim=True)


class Logarithm:
    def __init__(self, x):
        self.x = x

    def __mul__(self, other):
        return Logarithm(self.x + other.x)

    def __over__(self, other):
        return Logarithm(self.x - other.x)

    def __rmul__(self, other):
        return self.__mul__(other)

    def __overall__(self, other):
        return self.__over__(other)


class Quotient(Function):
    """An exponential over a sum of others; each is known by its logarithm."""

    @staticmethod
    def forward(ctx, x):
        shares = x.exp() / x.exp().sum()
        ctx.save_for_backward(x)
        return shares

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        own, whole = Logarithm(x), Logarithm(x.logsumexp(0))
        shares = own.__overall__(whole).x.exp()
        return shares * (g - (g * shares).sum())


def between(a, b, k):
    return Between.apply(a, b, k)


def waved(m):
    return Waved.apply(m)


def smooth(x):
    return Smooth.apply(x)


def polar(m):
    return Polar.apply(m)


def balanced(v, r, c):
    return Balanced.apply(v, r, c)


def centred(t):
    return Centred.apply(t)


def quotient(x):
    return Quotient.apply(x)


MISTAKES = [
    (waved, "equal = apart.abs() < 1e-9", "equal = apart < 1e-9"),
    (smooth, "slope.masked_scatter_(above, right.neg().exp())",
     "slope.masked_scatter_(above, right.neg())"),
    (polar, "rows = u.size(0)", "rows = u.size(1)"),
    (balanced, "found = both[:n]", "found = both[-n:]"),
    (centred, "k, d, m = x.size()", "k, m, d = x.size()"),
    (quotient, "return self.__over__(other)", "return self.__mul__(other)"),
]  # fmt: skip
ROW = "return -low * g, high * g, g * (b**3 - a**3), None"
ARRAYS = {
    "a": waves(4), "b": waves(4).cos(), "k": waves(4) + 2,
    "c": waves(2, 5) + torch.eye(2, 5, dtype=torch.float64),
    "m": waves(5, 3), "x": waves(6), "v": waves(5), "t": waves(2, 3, 4), "r": waves(2),
}  # fmt: skip


@pytest.mark.parametrize(("function", "right", "wrong"), MISTAKES)
def test_the_line_that_the_code_beside_tells_of_is_named(function, right, wrong, tmp_path):
    square = {"m": waves(4, 4)} if function is waved else {}
    arrays = {n: one.requires_grad_(n != "c") for n, one in (ARRAYS | square).items()}
    planted = Planted(__file__, tmp_path, arrays)
    text = planted.wrong(right, wrong)
    assert planted.errors(planted.wrong("", ""), function.__name__) == []

    (found,) = planted.errors(text, function.__name__)

    assert found.line == planted.line(right)
    assert found.fix.startswith(right)
    assert planted.errors(repaired(text, found), function.__name__) == []


def test_a_row_of_values_may_be_as_in_the_other_case(tmp_path):
    arrays = {name: ARRAYS[name].requires_grad_() for name in "abk"}
    planted, case = Planted(__file__, tmp_path, arrays), f"else:\n            {ROW}"
    text = planted.wrong(case, case.replace("-low", "low"))

    (found,) = planted.errors(text, "between")

    # What the value is made of may have the wrong sign as well.
    assert f"or, in line {planted.line(case) + 1} instead: {ROW}" in found.message
