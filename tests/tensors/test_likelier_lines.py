"""Which of several lines is named, where more than one edit makes a gradient right."""

import pytest

import gradtui
from findings import line_of, only

torch = pytest.importorskip("torch")
Function = torch.autograd.Function

RNG = torch.Generator().manual_seed(0)


def x(*shape):
    return torch.randn(*shape, generator=RNG, dtype=torch.float64)


def waves(*shape):
    return torch.arange(torch.Size(shape).numel(), dtype=torch.float64).sin().reshape(shape)


class Spread(Function):
    """Divides each column by its standard deviation; the loss is of two images."""

    @staticmethod
    def forward(ctx, x):
        spread = torch.sqrt(x.var(dim=0, unbiased=True))
        ctx.save_for_backward(x, spread)
        return x / spread


class SpreadTwice(Spread):
    @staticmethod
    def backward(ctx, g):
        x, spread = ctx.saved_tensors
        n = x.numel() / x.size(1)
        through = -(g * x).sum(dim=0) / spread**2
        along = through / spread
        found = (x - x.mean(dim=0)) * along
        found = found * 2 / (n - 1)
        return found + g / spread


class Variance(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.var()

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        n = float(x.numel())
        return 2 * g * (x - x.mean()) / (1.0 * n)


ROWS, COLUMNS = torch.tensor([0, 2, 1, 2]), torch.tensor([1, 0, 1, 2])


class Sparse(Function):
    @staticmethod
    def forward(ctx, values, b):
        ctx.shape = b.shape
        ctx.save_for_backward(values, b)
        a = values.new_zeros(3, 3)
        a[ROWS, COLUMNS] = values
        return a @ b

    @staticmethod
    def backward(ctx, g):
        values, b = ctx.saved_tensors
        rows, columns = g.index_select(0, ROWS), b.index_select(0, COLUMNS)
        v_grad = (rows * columns).mean(dim=1)
        a = values.new_zeros(3, 3)
        a[ROWS, COLUMNS] = values
        return v_grad, a.T @ g


class Kernel(Function):
    """Gaussian weights of the differences from the first column."""

    @staticmethod
    def forward(ctx, x):
        apart = x[:, 1:] - x[:, :1]
        out = torch.exp(-0.5 * apart.pow(2))
        ctx.save_for_backward(apart, out)
        return out

    @staticmethod
    def backward(ctx, g):
        apart, out = ctx.saved_tensors
        grad = -g * out
        apart_grad = grad * (2 * apart)
        return torch.cat([-apart_grad.sum(dim=1, keepdim=True), apart_grad], dim=1)


class Saved(Function):
    """Keeps the two gradients that it computes in its forward half."""

    @staticmethod
    def forward(ctx, a, b):
        ctx.save_for_backward(2 * a * b.sum(), torch.ones_like(b) * a.pow(2).sum())
        return a.pow(2).sum() * b.sum()

    @staticmethod
    def backward(ctx, g):
        (
            a_grad,
            b_grad,
        ) = ctx.saved_tensors
        return a_grad, g * b_grad


class Pooled(Function):
    @staticmethod
    def forward(ctx, x, w):
        ctx.save_for_backward(x, w)
        return torch.einsum("ijk,jk->ij", x, w)

    @staticmethod
    def backward(ctx, g):
        x, w = ctx.saved_tensors
        x_grad = torch.einsum("ij,jk->ijk", g, w)
        w_grad = torch.einsum("ij,ijk->jk", torch.ones_like(g), x)
        return x_grad, w_grad


class Quotient(Function):
    @staticmethod
    def forward(ctx, x, y):
        both, all = torch.dot(x, y), x.sum() + y.sum()
        ctx.save_for_backward(y, both, all)
        return 2 * both / all

    @staticmethod
    def backward(ctx, g):
        y, both, all = ctx.saved_tensors
        found = (
            (g * 2 * (y * all - both))
            / all * all
        )  # fmt: skip
        return found, None


def positive(*shape):
    return x(*shape).abs() + 0.5


class Shares(Function):
    """Shares of groups; a difference is turned round, which another line turns as well."""

    @staticmethod
    def forward(ctx, scores, groups):
        highest = scores.new_full((3,), -9.0).scatter_reduce(0, groups, scores, "amax")
        scores = torch.exp(scores - highest[groups])
        shares = scores / scores.new_zeros(3).index_add(0, groups, scores)[groups]
        ctx.save_for_backward(shares, groups)
        return shares

    @staticmethod
    def backward(ctx, g):
        shares, groups = ctx.saved_tensors
        own = shares * g
        total = g.new_zeros(3).index_add(0, groups, own)
        return shares * total[groups] - own, None


class Bent(Function):
    """A gate's slope without a power, which the line before could have as a factor."""

    @staticmethod
    def forward(ctx, x):
        t = torch.tanh(x + 0.1 * x**3)
        ctx.save_for_backward(x, t)
        return x * (1 + t)

    @staticmethod
    def backward(ctx, g):
        x, t = ctx.saved_tensors
        inner = 1 + 0.3 * x**2
        left = 1 + t
        right = x * (1 - t) * inner
        return g * (left + right)


class Decayed(Function):
    """A product of decaying values, with a slope that another line only sums."""

    @staticmethod
    def forward(ctx, s, r, v):
        kept = torch.exp(r - s.abs())
        ctx.save_for_backward(s, kept, v)
        return (s * kept) @ v

    @staticmethod
    def backward(ctx, g):
        s, kept, v = ctx.saved_tensors
        across = g @ v.T
        through = across * s
        by_rate = torch.sum(through, dim=-2)
        return across * kept * (1 - s.abs()), by_rate, (s * kept).T @ g


class Solved(Function):
    """A solution, and half of a logarithm whose gradient is twice what it must be."""

    @staticmethod
    def forward(ctx, a, b):
        low = torch.linalg.cholesky(a)
        x = torch.cholesky_solve(b, low)
        ctx.save_for_backward(low, x)
        return x, torch.log(torch.diagonal(low)).sum()

    @staticmethod
    def backward(ctx, g, g_log):
        low, x = ctx.saved_tensors
        b_grad = torch.cholesky_solve(g, low)
        whole = torch.cholesky_inverse(low)
        a_grad = g_log * whole - b_grad @ x.T
        return 0.5 * (a_grad + a_grad.T), b_grad


def solved(m, b):
    x, log = Solved.apply(m @ m.T + torch.eye(4, dtype=m.dtype), b)
    return torch.sum(torch.tanh(x)) + log**2


WRONG = {
    "a difference turned round": (
        Shares, (x(6), torch.tensor([0, 0, 1, 1, 1, 2])), 5,
        "return own - shares * total[groups], None",
    ),
    "a power that is left out": (Bent, (x(5),), 5, "right = x * (1 - t**2) * inner"),
    "a factor of a product that is summed": (
        Decayed, (waves(4, 5).requires_grad_(), waves(5).requires_grad_(), waves(5, 3)), 4,
        "through = across * s * kept",
    ),
    "a factor on the line that loses it": (
        SpreadTwice, (x(4, 3),), 5, "along = through / spread / 2",
    ),
    "a number that is whole": (
        Variance, (x(7),), 4, "return 2 * g * (x - x.mean()) / (1.0 * (n - 1))",
    ),
    "a mean for a sum along an axis": (
        Sparse, (x(4).requires_grad_(), x(3, 5).requires_grad_()), 4,
        "v_grad = (rows * columns).sum(dim=1)",
    ),
    "before what is right but for it": (Kernel, (x(3, 4),), 3, "grad = -g * out / 2"),
    "beside what has the factor": (
        Saved, (x(3).requires_grad_(), x(4).requires_grad_()), 6, "return g * a_grad, g * b_grad",
    ),
    "ones for the gradient": (
        Pooled, (x(5, 3, 4), x(3, 4)), 4, 'w_grad = torch.einsum("ij,ijk->jk", g, x)',
    ),
    "the second line of an expression": (
        Quotient, (positive(4).requires_grad_(), positive(4)), 5, "/ all / all",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_the_line_at_fault_is_named(name):
    function, arguments, offset, fix = WRONG[name]

    (finding,) = gradtui.check(function, *arguments)

    line = function.backward.__code__.co_firstlineno + offset
    assert (finding.severity, finding.line, finding.fix) == ("error", line, fix)


def test_what_a_call_gives_is_not_halved_where_its_only_use_is_a_product():
    (finding,) = gradtui.check(solved, waves(4, 4).requires_grad_(), waves(4, 2))

    assert finding.line == line_of(Solved.backward, 5)


class RootTwice(Function):
    """A square root, and its gradient by a series that is cut off."""

    @staticmethod
    def forward(ctx, x):
        root = torch.sqrt(x)
        ctx.save_for_backward(root)
        return root

    @staticmethod
    def backward(ctx, g):
        (root,) = ctx.saved_tensors
        rest = 1 - root
        inverse = 1 + rest * (1 + rest)
        return g * inverse


class Layer(Function):
    @staticmethod
    def forward(ctx, x, w, b):
        out = torch.tanh(x @ w.T + b)
        ctx.save_for_backward(x, w, out)
        return out

    @staticmethod
    def backward(ctx, g):
        x, w, out = ctx.saved_tensors  # noqa: RUF059 -- that nothing uses it is the mistake
        return g @ w, g.T @ x, g.sum(0)


def test_an_edit_that_leaves_the_error_of_an_approximation_is_named():
    near_one = 1 + 0.04 * x(4).tanh()

    (finding,) = gradtui.check(RootTwice, near_one)

    assert finding.severity == "error"
    assert "the error of an approximation" in finding.message


def test_a_search_that_ends_early_says_so(monkeypatch):
    monkeypatch.setattr("gradtui.diagnosis.recorded.blame.trial._LONGEST", 0.0)

    (finding,) = gradtui.check(Far, x(4, 3))

    assert "not all edits had been tried" in finding.message


class Far(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return torch.sin(x).exp() * x

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g * torch.tanh(x + 1) * 0.37


def test_a_slope_that_all_gradients_lack_is_one_missing_line():
    finding = only(gradtui.check(Layer, x(5, 4), x(3, 4), x(3)))

    assert (finding.line, finding.rule) == (line_of(Layer.backward, 3), "missing-factor")
    assert finding.fix.splitlines()[-1].strip() == "g = g * (1 - out**2)"
