"""Mistakes whose values resemble no adjoint: what the results need tells the edit, at its line."""

import inspect

import pytest

import gradtui

torch = pytest.importorskip("torch")
Function = torch.autograd.Function
RNG = torch.Generator().manual_seed(0)


def x(*shape):
    return torch.randn(*shape, generator=RNG, dtype=torch.float64)


def line_with(function, text):
    """Return the number of the line of a function in its file that contains a text."""
    lines, first = inspect.getsourcelines(function)
    (found,) = [at for at, line in enumerate(lines) if text in line]
    return first + found


def positive(*shape):
    return x(*shape).abs() + 0.5


class RunningSum(Function):
    @staticmethod
    def forward(ctx, a, b):
        ctx.save_for_backward(a, b)
        return (torch.sin(a) * b).cumsum(-1)

    @staticmethod
    def backward(ctx, g):
        a, b = ctx.saved_tensors
        later = g.cumsum(-1)
        return torch.cos(a) * b * later, torch.sin(a) * later


class Backwards(Function):
    @staticmethod
    def forward(ctx, a, b):
        ctx.save_for_backward(a, b)
        return a.flip(-1) * b

    @staticmethod
    def backward(ctx, g):
        a, b = ctx.saved_tensors
        return (g * b).flip(-1), a * g


class Blocks(Function):
    """A linear map of each block of the columns."""

    @staticmethod
    def forward(ctx, a, w):
        ctx.save_for_backward(a, w)
        return torch.einsum("nbp,bqp->nbq", a.reshape(len(a), *w.shape[::2]), w).flatten(1)

    @staticmethod
    def backward(ctx, g):
        a, w = ctx.saved_tensors
        blocks, wide, deep = w.shape
        rows = len(a)
        by_block = g.reshape(blocks, rows, wide)
        da = torch.bmm(by_block, w).transpose(0, 1).reshape(a.shape)
        own = a.reshape(rows, blocks, deep).transpose(0, 1)
        return da, torch.bmm(by_block.transpose(-1, -2), own)


class Knots(Function):
    """Linear interpolation between knots, whose heights are summed up at their places."""

    @staticmethod
    def forward(ctx, heights, at):
        low = at.floor().long()
        part = at - low
        ctx.save_for_backward(heights, low, part)
        return heights[low] * (1 - part) + heights[low + 1] * part

    @staticmethod
    def backward(ctx, g):
        heights, low, part = ctx.saved_tensors
        found = torch.zeros_like(heights)
        found.index_add_(0, low, (1 - part) * g)
        found.index_add_(0, low + 2, part * g)
        return found, None


class Ramp(Function):
    @staticmethod
    def forward(ctx, a, b):
        ctx.save_for_backward(a, b)
        return (a - 0.3).clamp(min=0) * b

    @staticmethod
    def backward(ctx, g):
        a, b = ctx.saved_tensors
        bent = (a - 0.3).clamp(max=0)
        return g * b * (a > 0.3), (g * bent).sum().reshape(b.shape)


class Escort(Function):
    """The logarithm of a sum of powers."""

    @staticmethod
    def forward(ctx, a, t):
        ctx.save_for_backward(a)
        ctx.t = t
        return a.pow(t).sum(-1, keepdim=True).log()

    @staticmethod
    def backward(ctx, g):
        (a,) = ctx.saved_tensors
        t = ctx.t
        shares = a
        shares = shares / shares.sum(-1, keepdim=True)
        return g * t * shares / a, None


class Centred(Function):
    """Centred rows, by another matrix."""

    @staticmethod
    def forward(ctx, a, w):
        ctx.save_for_backward(a, w)
        return (a - a.mean(-1, keepdim=True)).matmul(w)

    @staticmethod
    def backward(ctx, g):
        a, w = ctx.saved_tensors
        middle = a - a.mean(-1, keepdim=True)
        inner = g.matmul(w.t())
        return inner.contiguous(), middle.t().matmul(g)


class Attention(Function):
    @staticmethod
    def forward(ctx, scores, values):
        shares = torch.softmax(scores, -1)
        out = shares @ values
        ctx.save_for_backward(shares, values, out)
        return out

    @staticmethod
    def backward(ctx, g):
        shares, values, out = ctx.saved_tensors
        along = (out * g).sum(-1)
        by_shares = g @ values.t()
        by_scores = shares * by_shares
        return by_scores, shares.t() @ g + 0 * along.sum()


class Coupling(Function):
    """A reversible coupling, whose gradients nested passes of autograd find."""

    @staticmethod
    def forward(ctx, one, two):
        with torch.no_grad():
            own = one + torch.tanh(two)
            other = two + torch.sin(own)
        ctx.save_for_backward(own, other)
        return own, other

    @staticmethod
    def backward(ctx, g_own, g_other):
        own, other = ctx.saved_tensors
        with torch.enable_grad():
            own = own.detach().requires_grad_()
            moved = torch.sin(own)
            torch.autograd.backward(moved, g_other)
        g_one = g_own + own.grad
        with torch.enable_grad():
            two = (other - moved).detach().requires_grad_()
            torch.autograd.backward(torch.tanh(two), g_one)
        g_two = two.grad
        return g_one, g_two


WRONG = {
    "a running sum from the wrong end": (
        RunningSum, (x(3, 5).requires_grad_(), x(3, 5).requires_grad_()),
        "later = g.cumsum(-1)", "later = g.flip(-1).cumsum(-1).flip(-1)",
    ),
    "a missing reversal": (
        Backwards, (x(3, 5).requires_grad_(), x(3, 5).requires_grad_()),
        "return (g * b)", "return (g * b).flip(-1), a.flip(-1) * g",
    ),
    "axes laid out the other way round": (
        Blocks, (x(4, 6).requires_grad_(), x(2, 5, 3).requires_grad_()),
        "by_block = g.reshape(", "by_block = g.reshape(rows, blocks, wide).transpose(0, 1)",
    ),
    "an index that is off by one": (
        Knots, (x(7), torch.tensor([0.2, 1.7, 3.4, 4.9, 2.5], dtype=torch.float64)),
        "low + 2", "found.index_add_(0, low + 1, part * g)",
    ),
    "a bound from the wrong side": (
        Ramp, (x(8).requires_grad_(), x(1).requires_grad_()),
        "clamp(max=0)", "bent = (a - 0.3).clamp(min=0)",
    ),
    "a power that is a number of the call": (
        Escort, (positive(3, 4).requires_grad_(), 1.7), "shares = a", "shares = a ** t",
    ),
    "a mean that is not taken off": (
        Centred, (x(4, 5).requires_grad_(), x(5, 3).requires_grad_()),
        "inner = g.matmul(w.t())",
        "inner = g.matmul((w - w.mean(0, keepdim=True)).t())",
    ),
    "the gradient that a tensor holds": (
        Coupling, (x(2, 3).requires_grad_(), x(2, 3).requires_grad_()),
        "g_two = two.grad", "g_two = two.grad + g_other",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_the_line_at_fault_is_named(name):
    function, arguments, text, fix = WRONG[name]

    finding = gradtui.check(function, *arguments)[0]

    assert (finding.severity, finding.line) == ("error", line_with(function.backward, text))
    assert finding.fix == fix


def test_a_term_that_softmax_needs_is_named():
    finding = gradtui.check(Attention, x(3, 4).requires_grad_(), x(4, 2).requires_grad_())[0]

    assert finding.line == line_with(Attention.backward, "by_shares = g")
    assert finding.fix == "by_shares = g @ values.t() - along[..., None]"


class Circular(Function):
    """A circular convolution by Fourier transforms."""

    @staticmethod
    def forward(ctx, a, b):
        fa, fb = torch.fft.rfft(a), torch.fft.rfft(b)
        ctx.save_for_backward(fa, fb)
        return torch.fft.irfft(fa * fb, n=a.shape[-1])

    @staticmethod
    def backward(ctx, g):
        fa, fb = ctx.saved_tensors
        n, fg = g.shape[-1], torch.fft.rfft(g)
        by_a = torch.fft.irfft(fg * fb.conj(), n=n)
        by_b = torch.fft.irfft(fg * fa.conj(), n=n)
        return by_a, by_b


class CircularNotTurned(Circular):
    @staticmethod
    def backward(ctx, g):
        fa, fb = ctx.saved_tensors
        n, fg = g.shape[-1], torch.fft.rfft(g)
        by_a = torch.fft.irfft(fg * fb, n=n)
        by_b = torch.fft.irfft(fg * fa.conj(), n=n)
        return by_a, by_b


def test_functions_of_complex_numbers_are_recorded():
    assert not gradtui.check(Circular, x(2, 7).requires_grad_(), x(2, 7).requires_grad_())


def test_a_missing_conjugate_is_named():
    arguments = x(2, 7).requires_grad_(), x(2, 7).requires_grad_()

    (finding,) = gradtui.check(CircularNotTurned, *arguments)

    assert finding.fix == "by_a = torch.fft.irfft(fg * fb.conj(), n=n)"
    assert finding.line == line_with(CircularNotTurned.backward, "by_a =")


class Emptied(Function):
    """Gives up the memory of a tensor on the way."""

    @staticmethod
    def forward(ctx, a):
        half = a / 2
        out = torch.exp(half)
        half.set_()
        ctx.save_for_backward(out)
        return out

    @staticmethod
    def backward(ctx, g):
        (out,) = ctx.saved_tensors
        return g * out / 2


def test_a_tensor_may_give_up_its_memory():
    assert not gradtui.check(Emptied, x(3, 2).requires_grad_())


class Recomputing(Function):
    """Runs a function again on the way back."""

    @staticmethod
    def forward(ctx, function, a):
        ctx.function, ctx.given = function, [a]
        with torch.no_grad():
            return function(a)

    @staticmethod
    def backward(ctx, g):
        own = [one.detach().mul(2).requires_grad_() for one in ctx.given]
        with torch.enable_grad():
            out = ctx.function(*own)
        return None, *torch.autograd.grad(out, own, g)


def recomputed(a, always=True):
    return Recomputing.apply(torch.sin, a) if always else torch.sin(a)


def test_the_code_that_calls_a_custom_function_is_not_at_fault():
    (finding,) = gradtui.check(recomputed, x(3, 2).requires_grad_())

    assert finding.line == line_with(Recomputing.backward, "mul(2)")
    assert "own = [one.detach().requires_grad_() for one in ctx.given]" in finding.fix
