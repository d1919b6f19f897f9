"""Custom functions of PyTorch's: what is right is left alone, what is wrong gets its line."""

import pytest

import gradtui
from findings import line_of, only
from gradtui.cli.running import RaisedError, check_code

torch = pytest.importorskip("torch")
Function = torch.autograd.Function


class Swish(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * torch.sigmoid(x)

    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        s = torch.sigmoid(x)
        return grad_output * (s * (1 + x * (1 - s)))


class SwishWithoutOnce(Swish):
    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        s = torch.sigmoid(x)
        return grad_output * (s * (x * (1 - s)))


class Linear(Function):
    @staticmethod
    def forward(x, weight, bias):
        out = x.mm(weight.t())
        if bias is not None:
            out += bias.unsqueeze(0).expand_as(out)
        return out

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx, grad_output):
        x, weight, bias = ctx.saved_tensors
        grad_x = grad_weight = grad_bias = None
        if ctx.needs_input_grad[0]:
            grad_x = grad_output.mm(weight)
        if ctx.needs_input_grad[1]:
            grad_weight = grad_output.t().mm(x)
        if bias is not None and ctx.needs_input_grad[2]:
            grad_bias = grad_output.sum(0)
        return grad_x, grad_weight, grad_bias


class LinearMean(Linear):
    @staticmethod
    def backward(ctx, grad_output):
        x, weight, _ = ctx.saved_tensors
        grad_x = grad_output.mm(weight)
        grad_weight = grad_output.t().mm(x)
        grad_bias = grad_output.mean(0)
        return grad_x, grad_weight, grad_bias


class Attention(Function):
    @staticmethod
    def forward(ctx, q, k, v, causal):
        scores = torch.einsum("bid,bjd->bij", q, k) * q.shape[-1] ** -0.5
        if causal:
            later = torch.ones(scores.shape[-2:], dtype=torch.bool).triu(1)
            scores.masked_fill_(later, -torch.finfo(scores.dtype).max)
        p = (scores - scores.amax(-1, keepdim=True)).exp()
        p = p / p.sum(-1, keepdim=True)
        ctx.save_for_backward(q, k, v, p)
        return torch.einsum("bij,bjd->bid", p, v)

    @staticmethod
    @torch.no_grad()
    def backward(ctx, d):
        q, k, v, p = ctx.saved_tensors
        dv = torch.einsum("bij,bid->bjd", p, d)
        dp = torch.einsum("bid,bjd->bij", d, v)
        ds = p * q.shape[-1] ** -0.5 * (dp - (p * dp).sum(-1, keepdim=True))
        dq = torch.einsum("bij,bjd->bid", ds, k)
        dk = torch.einsum("bij,bid->bjd", ds, q)
        return dq, dk, dv, None


class AttentionUnscaled(Attention):
    @staticmethod
    @torch.no_grad()
    def backward(ctx, d):
        q, k, v, p = ctx.saved_tensors
        dv = torch.einsum("bij,bid->bjd", p, d)
        dp = torch.einsum("bid,bjd->bij", d, v)
        ds = p * (dp - (p * dp).sum(-1, keepdim=True))
        dq = torch.einsum("bij,bjd->bid", ds, k)
        dk = torch.einsum("bij,bid->bjd", ds, q)
        return dq, dk, dv, None


class SumByIndex(Function):
    @staticmethod
    def forward(ctx, source, index, count):
        ctx.save_for_backward(index)
        out = torch.zeros(count, source.shape[1], dtype=source.dtype)
        return out.index_add_(0, index, source)

    @staticmethod
    def backward(ctx, g):
        (index,) = ctx.saved_tensors
        return g[index], None, None


class Cube(Function):
    @staticmethod
    def forward(x):
        return x**3, 3 * x**2

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.mark_non_differentiable(output[1])
        ctx.save_for_backward(output[1])

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, g, _):
        return g * ctx.saved_tensors[0]


class ReluInPlace(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.mark_dirty(x)
        x.clamp_(min=0)
        ctx.save_for_backward(x)
        return x

    @staticmethod
    def backward(ctx, g):
        (y,) = ctx.saved_tensors
        return g * (y > 0)


class Standardised(Function):
    """PyTorch does not differentiate by the statistics that it gives."""

    @staticmethod
    def forward(ctx, x):
        mean, variance = x.mean(0), x.var(0, unbiased=False)
        y = torch.nn.functional.batch_norm(x, mean, variance, eps=0.1)
        ctx.save_for_backward(y, variance)
        return y

    @staticmethod
    def backward(ctx, g):
        y, variance = ctx.saved_tensors
        return (g - g.mean(0) - y * (g * y).mean(0)) / (variance + 0.1).sqrt()


class Joined(Function):
    @staticmethod
    def forward(ctx, x, y):
        ctx.save_for_backward(y)
        return torch.cat([x, y**2])

    @staticmethod
    def backward(ctx, g):
        (y,) = ctx.saved_tensors
        return g[:0], 2 * y * g


def x(*shape):
    return torch.randn(*shape)


SOUND = {
    "swish": (Swish, lambda: (x(4, 3),)),
    "setup_context": (Linear, lambda: (x(4, 3), x(2, 3), x(2))),
    "no bias": (Linear, lambda: (x(4, 3), x(2, 3), None)),
    "attention": (Attention, lambda: (x(2, 4, 3), x(2, 4, 3), x(2, 4, 2), True)),
    "index_add": (SumByIndex, lambda: (x(6, 2), torch.tensor([0, 1, 0, 2, 1, 0]), 4)),
    "once differentiable, two outputs": (Cube, lambda: (x(4),)),
    "statistics": (Standardised, lambda: (x(5, 3),)),
    "in place": (ReluInPlace, lambda: (x(4, 3),)),
    "0-dim": (Swish, lambda: (torch.tensor(0.3),)),
    "zero size": (Swish, lambda: (torch.empty(0, 3),)),
    "zero size beside another": (Joined, lambda: (x(0, 3), x(2, 3))),
    "expanded": (Swish, lambda: (x(3).expand(4, 3),)),
    "transposed": (Swish, lambda: (x(3, 4).t(),)),
    "apply": (Swish.apply, lambda: (x(4, 3),)),
}


@pytest.mark.parametrize("name", SOUND)
def test_a_sound_function_is_left_alone(name):
    function, arguments = SOUND[name]

    assert gradtui.check(function, *arguments()) == []


WRONG = {
    "a dropped 1": (SwishWithoutOnce, (x(4, 3),), 4, ["x"], None),
    "a mean for a sum": (
        LinearMean, (x(4, 3), x(2, 3), x(2)), 5, ["bias"], "grad_bias = grad_output.sum(0)",
    ),
    # Either line may have the factor: what the first computes the second multiplies.
    "no scale": (
        AttentionUnscaled, (x(2, 4, 3), x(2, 4, 3), x(2, 4, 2), False), 6, ["q", "k"], None,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_the_line_at_fault_is_named(name):
    function, arguments, offset, gradients, fix = WRONG[name]

    finding = only(gradtui.check(function, *arguments))

    backward = getattr(function.backward, "__wrapped__", function.backward)
    assert (finding.severity, finding.line) == ("error", line_of(backward, offset))
    assert finding.evidence["gradients"] == gradients
    assert fix in (None, finding.fix)


def test_only_tensors_that_ask_for_a_gradient_are_judged():
    arguments = x(4, 3).requires_grad_(), x(2, 3), x(2)

    assert gradtui.check(LinearMean, *arguments) == []


class Rounded(Function):
    @staticmethod
    def forward(ctx, x):
        return x.clamp(-1, 1).mul(7).round().div(7)

    @staticmethod
    def backward(ctx, grad_output):
        return grad_output


class Sign(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.sign()

    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        passed = grad_output.clone()
        passed[x.abs() > 1] = 0
        return passed


class Clipped(Function):
    @staticmethod
    def forward(ctx, x):
        return x.clone()

    @staticmethod
    def backward(ctx, grad_output):
        return grad_output.clamp(-0.1, 0.1)


@pytest.mark.parametrize("function", [Rounded, Sign, Clipped])
def test_a_gradient_that_is_another_on_purpose_is_a_note(function):
    finding = only(gradtui.check(function, x(4, 3)))

    assert (finding.rule, finding.severity) == ("straight-through", "info")


class Column(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.shape = x.shape
        return x[:, 1]

    @staticmethod
    def backward(ctx, grad_output):
        out = grad_output.new_zeros(ctx.shape)
        out[:, 0] = grad_output
        return out


def test_what_is_picked_is_no_identity():
    finding = only(gradtui.check(Column, x(4, 3)))

    assert (finding.severity, finding.fix) == ("error", "out[:, 1] = grad_output")


class Symmetric(Function):
    """Right for symmetric matrices alone, which is what it is given."""

    @staticmethod
    def forward(ctx, a):
        ctx.save_for_backward(a)
        return a @ a

    @staticmethod
    def backward(ctx, g):
        (a,) = ctx.saved_tensors
        return g @ a + a @ g


def test_a_symmetric_matrix_stays_one_where_it_is_drawn():
    a = x(3, 3)

    found = only(gradtui.check(Symmetric, a + a.t()))
    assert found.severity == "info"
    assert "the gradient of a is right only where a is symmetric" in found.message
    assert only(gradtui.check(Symmetric, a)).severity == "error"


class NoGradient(Function):
    @staticmethod
    def forward(ctx, a, b):
        ctx.save_for_backward(b)
        return a * b

    @staticmethod
    def backward(ctx, g):
        (b,) = ctx.saved_tensors
        return g * b, None


def test_a_gradient_that_is_none_is_missed_where_it_is_asked_for():
    assert gradtui.check(NoGradient, x(3), x(3)) == []
    asking = x(3).requires_grad_(), x(3).requires_grad_()

    finding = only(gradtui.check(NoGradient, *asking))

    assert (finding.rule, finding.target) == ("no-gradient", "b")


def root_of(x):
    """Return y with y**3 + y = x, by bisection: no step of it has the slope of y."""
    low, high = torch.full_like(x, -4.0), torch.full_like(x, 4.0)
    for _ in range(60):
        middle = (low + high) / 2
        above = middle**3 + middle > x
        low, high = torch.where(above, low, middle), torch.where(above, middle, high)
    return low


class Root(Function):
    @staticmethod
    def forward(ctx, x):
        y = root_of(x)
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx, grad_output):
        (y,) = ctx.saved_tensors
        return grad_output / (3 * y * y + 1)


class RootWrong(Root):
    @staticmethod
    def backward(ctx, grad_output):
        (y,) = ctx.saved_tensors
        return grad_output / (y * y + 1)


class RootOfRest(Root):
    """The same of what is left of x, which a recording has the slope of, but not all of it."""

    @staticmethod
    def forward(ctx, x):
        y = root_of(x)
        ctx.save_for_backward(y)
        return x - y**3


@pytest.mark.parametrize("function", [Root, RootOfRest])
def test_what_is_solved_for_is_compared_by_differences_of_the_code(function):
    assert only(gradtui.check(function, x(4))).rule == "opaque"


def test_what_is_solved_for_gets_the_line_of_a_wrong_gradient():
    wrong, note = gradtui.check(RootWrong, x(4))

    assert (wrong.severity, wrong.line) == ("error", line_of(RootWrong.backward, 3))
    assert (note.rule, note.severity) == ("opaque", "info")


class Inverse(Function):
    """The inverse of an increasing function, by bisection."""

    @staticmethod
    def forward(ctx, f, y):
        low, high = torch.full_like(y, -9.0), torch.full_like(y, 9.0)
        for _ in range(80):
            middle = (low + high) / 2
            below = f(middle) < y
            low, high = torch.where(below, middle, low), torch.where(below, high, middle)
        ctx.f = f
        ctx.save_for_backward(low)
        return low

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        with torch.enable_grad():
            x = x.detach().requires_grad_()
            (slope,) = torch.autograd.grad(ctx.f(x).sum(), x)
        return None, g / slope


class InverseWrong(Inverse):
    @staticmethod
    def backward(ctx, g):
        _, slope = Inverse.backward(ctx, torch.ones_like(g))
        return None, g / slope


def test_what_a_custom_function_takes_first_may_be_any_function():
    y = torch.linspace(-0.7, 0.9, 5, dtype=torch.float64)
    assert not [one for one in gradtui.check(Inverse, torch.sinh, y) if one.severity == "error"]
    found = gradtui.check(InverseWrong, torch.sinh, y)
    assert [one.target for one in found if one.severity == "error"] == ["y"]


APART = """
import torch

class Apart(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x**2

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        with torch.enable_grad():
            other = torch.ones(3, requires_grad=True) ** 2
        return torch.autograd.grad(other, [x], g)[0]

def case(x=torch.ones(3)):
    return Apart.apply(x).sum()
"""


def test_what_autograd_raises_within_a_backward_pass_of_theirs_is_theirs(tmp_path):
    path = tmp_path / "apart.py"
    path.write_text(APART, encoding="utf-8")
    with pytest.raises(RaisedError) as caught:
        check_code(f"{path}:case")
    assert "have been used in the graph" in caught.value.text
