"""Mistakes whose repair is found only if it is among the edits that are tried."""

import ast
from types import SimpleNamespace

import numpy as np
import pytest

import gradtui
from findings import line_of, only
from gradtui.diagnosis.recorded.blame.forms import stores_gradient
from gradtui.diagnosis.recorded.blame.suspect import Suspect
from gradtui.diagnosis.recorded.blame.worth import Worth

torch = pytest.importorskip("torch")
Function = torch.autograd.Function
attention = torch.nn.functional.scaled_dot_product_attention

RNG = torch.Generator().manual_seed(0)


def x(*shape, asked=False):
    drawn = torch.randn(*shape, generator=RNG, dtype=torch.float64)
    return drawn.requires_grad_() if asked else drawn


class Lower(Function):
    """A matrix times the lower triangle of its product with another one."""

    @staticmethod
    def forward(ctx, a, b):
        ctx.save_for_backward(a, b)
        return torch.tril(a @ b) + b

    @staticmethod
    def backward(ctx, g):
        a, b = ctx.saved_tensors
        kept = torch.triu(g)
        return kept @ b.mT, a.mT @ kept + g


class Unseen(Function):
    """One sum for each row of a batch, which cannot be seen inside."""

    @staticmethod
    def forward(ctx, d, rate):
        own = d.detach().numpy()
        ctx.rate = rate
        ctx.save_for_backward(d)
        return torch.from_numpy(np.exp(rate * own).sum((1, 2)))

    @staticmethod
    def backward(ctx, grad_output):
        kind, place = grad_output.dtype, grad_output.device
        (d,) = ctx.saved_tensors
        found = torch.as_tensor(ctx.rate * np.exp(ctx.rate * d.numpy())).to(place).type(kind)
        return found, None


def spread(rows, step, back):
    moved = torch.zeros_like(rows)
    for at in range(rows.shape[0]):
        other = (at + step) % rows.shape[0]
        if back:
            moved[at] = rows[other] * (at + 1)
        else:
            moved[other] = rows[at] * (at + 1)
    return moved


class Spread(Function):
    @staticmethod
    def forward(ctx, rows, step):
        ctx.step = step
        return spread(rows, step, False)

    @staticmethod
    def backward(ctx, g):
        step = ctx.step  # noqa: F841 -- that nothing uses it is the mistake
        return spread(g, 1, True), None


def sums_of(rows, weights):
    total = rows.new_zeros(rows.shape[1])
    for i in range(rows.shape[0]):
        total = total + torch.sin(rows[i]) * weights[i]
    return total


def slopes_of(rows, weights, g):
    found = torch.zeros_like(rows)
    for i in range(rows.shape[0]):
        found[i] = torch.cos(rows[i]) * g
    return found


class Weighted(Function):
    @staticmethod
    def forward(ctx, rows, weights):
        ctx.save_for_backward(rows, weights)
        return sums_of(rows, weights)

    @staticmethod
    def backward(ctx, g):
        rows, weights = ctx.saved_tensors
        return slopes_of(rows, weights, g), None


class Parted(Function):
    """Two products of the parts of a stack of matrices."""

    @staticmethod
    def forward(ctx, q, a):
        ctx.save_for_backward(q, a)
        return q @ a

    @staticmethod
    def backward(ctx, g):
        q, a = ctx.saved_tensors
        left, right = a[..., :3], a[..., 3:]  # noqa: F841 -- that nothing uses it is the mistake
        first, last = g[..., :3], g[..., 3:]
        by_q = torch.matmul(first, left.mT)
        by_a = torch.cat([q.mT @ first, q.mT @ last], dim=-1)
        return by_q, by_a


class Asking(Function):
    @staticmethod
    def forward(ctx, a, power, b):
        ctx.power = power
        ctx.save_for_backward(a, b)
        return a**power * b

    @staticmethod
    def backward(ctx, g):
        a, b = ctx.saved_tensors
        by_a = by_b = None
        if ctx.needs_input_grad[0]:
            by_a = g * ctx.power * a ** (ctx.power - 1) * b
        if ctx.needs_input_grad[1]:
            by_b = g * a**ctx.power
        return by_a, None, by_b


class Ordered(Function):
    @staticmethod
    def forward(ctx, rows, marks, order, back):
        ctx.order = order
        wide = back.unsqueeze(-1).expand(rows.shape)
        return torch.gather(rows, 1, wide), torch.gather(marks, 1, back)

    @staticmethod
    def backward(ctx, g, by_marks):
        order = ctx.order
        wide = order.unsqueeze(-1).expand(g.shape)
        by_rows = torch.gather(g, 1, wide)
        return by_rows, by_marks, None, None


class Chained(Function):
    """Linear maps, one after the other."""

    @staticmethod
    def forward(ctx, start, maps):
        ctx.maps = maps
        for one in maps:
            start = one @ start
        return start

    @staticmethod
    def backward(ctx, g):
        for _, one in enumerate(ctx.maps):
            g = one.mT @ g
        return g, None


def fft(pairs):
    return torch.view_as_real(torch.fft.fftn(torch.view_as_complex(pairs.contiguous())))


def ifft(pairs):
    return torch.view_as_real(torch.fft.ifftn(torch.view_as_complex(pairs.contiguous())))


class Filtered(Function):
    @staticmethod
    def forward(ctx, pairs, mask):
        ctx.save_for_backward(mask)
        return ifft(fft(pairs) * mask)

    @staticmethod
    def backward(ctx, g):
        (mask,) = ctx.saved_tensors
        within = fft(g) * mask
        return fft(within), None


class Chunked(Function):
    """A product whose gradient is made from parts of the rows."""

    @staticmethod
    def forward(ctx, rows, weights):
        ctx.save_for_backward(rows, weights)
        return rows @ weights.mT

    @staticmethod
    def backward(ctx, g):
        rows, weights = ctx.saved_tensors
        by_rows, by_weights = torch.zeros_like(rows), torch.zeros_like(weights)
        for at, part in enumerate(torch.split(rows, 2)):
            own = g[2 * at : 2 * at + 2]
            by_rows[2 * at : 2 * at + 2] = own @ weights
            torch.addmm(torch.zeros_like(by_weights), own.mT, part, out=by_weights)
        return by_rows, by_weights


class Sorted(Function):
    """The sums of the rows of an array that have the same number, which it sorts first."""

    @staticmethod
    def forward(ctx, x, rows, columns):
        order = torch.argsort(rows, stable=True)
        place = torch.stack([rows[order], columns[order]])  # noqa: F841 -- the mistake
        weights = 1.0 / (1 + torch.arange(len(rows), dtype=x.dtype))
        ctx.save_for_backward(torch.stack([rows, columns]), weights)
        own = x[columns[order]] * weights[:, None]
        return torch.zeros_like(x).index_add(0, rows[order], own)

    @staticmethod
    def backward(ctx, g):
        place, weights = ctx.saved_tensors
        own = g[place[0]] * weights[:, None]
        return torch.zeros_like(g).index_add(0, place[1], own), None, None


class Sampled(Function):
    """Picked rows, whose gradients are added at the places in another order."""

    @staticmethod
    def forward(ctx, x, places):
        ctx.save_for_backward(places)
        ctx.rows = len(x)
        return x[places]

    @staticmethod
    def backward(ctx, g):
        (places,) = ctx.saved_tensors
        found = torch.zeros(ctx.rows, g.shape[1], dtype=g.dtype)
        return found.index_add_(0, places.sort()[0], g), None


class Rising(Function):
    """A slope by NumPy, of which only a triangle is taken."""

    @staticmethod
    def forward(ctx, d):
        ctx.save_for_backward(d)
        return torch.from_numpy(np.sinh(d.detach().numpy()))

    @staticmethod
    def backward(ctx, g):
        (d,) = ctx.saved_tensors
        own = g.detach().tril().numpy().astype(np.float64)
        return torch.from_numpy(own * np.cosh(d.numpy()))


class Squares(Function):
    """A sum over all its arguments, whose gradients are listed at once."""

    @staticmethod
    def forward(ctx, *given):
        ctx.save_for_backward(*given)
        return sum(one * one for one in given)

    @staticmethod
    def backward(ctx, g):
        return tuple(g * one for one in ctx.saved_tensors)


class Mean(Function):
    @staticmethod
    def forward(ctx, *given):
        ctx.count = len(given)
        return torch.stack(given).mean(0)

    @staticmethod
    def backward(ctx, g):
        return (g,) * ctx.count


class Attending(Function):
    """Attention to what came before, whose shares are computed again by other code."""

    @staticmethod
    def forward(ctx, q, k, v, later):
        ctx.save_for_backward(q, k, v, later)
        return attention(q, k, v, attn_mask=~later, scale=1.0)

    @staticmethod
    def backward(ctx, g):
        q, k, v, later = ctx.saved_tensors  # noqa: RUF059 -- that nothing uses it is the mistake
        p = torch.softmax(q @ k.mT, -1)
        dp = g @ v.mT
        ds = p * (dp - (dp * p).sum(-1, keepdim=True))
        return ds @ k, ds.mT @ q, p.mT @ g, None


ORDER = torch.tensor([[2, 0, 3, 1], [1, 3, 2, 0]])
MAPS = [x(3, 3) for _ in range(3)]
MASK = torch.tensor([1.0, 0.0, 1.0, 1.0, 0.5], dtype=torch.float64)[:, None]


def repaired(function, *args):
    """Return the finding of a mistake, of which there is one."""
    return only([one for one in gradtui.check(function, *args) if one.severity == "error"])


def test_the_other_triangle_is_meant():
    finding = repaired(Lower, x(3, 3), x(3, 3))

    assert finding.line == line_of(Lower.backward, 3)
    assert finding.fix == "kept = torch.tril(g)"


@pytest.mark.usefixtures("numpys_arrays")
def test_a_gradient_of_which_only_the_type_is_asked_is_not_used():
    finding = repaired(Unseen, x(3, 4, 2), 0.7)

    assert finding.line == line_of(Unseen.backward, 5)
    assert finding.fix == "return found * grad_output[:, None, None], None"


def test_what_is_sorted_by_a_call_too_many_keeps_its_order():
    finding = repaired(Sampled, x(5, 2), torch.tensor([3, 0, 4, 1]))

    assert finding.line == line_of(Sampled.backward, 4)
    assert finding.fix == "return found.index_add_(0, places, g), None"


@pytest.mark.usefixtures("numpys_arrays")
def test_a_call_too_many_among_those_of_numpys_arrays():
    finding = repaired(Rising, x(3, 3))

    assert finding.line == line_of(Rising.backward, 3)
    assert finding.fix == "own = g.detach().numpy().astype(np.float64)"


def test_a_number_is_written_where_a_count_is_meant():
    finding = repaired(Spread, x(5, 2), 3)

    assert finding.line == line_of(Spread.backward, 3)
    assert finding.fix == "return spread(g, step, True), None"


def test_an_array_that_nothing_reads_is_picked_from_as_elsewhere():
    finding = repaired(Weighted, x(4, 3, asked=True), x(4).exp())

    assert finding.line == line_of(slopes_of, 4)
    assert finding.fix == "return found * weights[:, None]"


def test_a_product_of_stacks_with_the_part_that_nothing_reads_is_added():
    finding = repaired(Parted, x(2, 3, 3), x(2, 3, 5))

    assert finding.line == line_of(Parted.backward, 5)
    assert "last @ right.transpose(-1, -2)" in finding.fix


def test_another_argument_is_asked_whether_it_needs_a_gradient():
    finding = repaired(Asking, x(4, asked=True), 3, x(4, asked=True))

    assert finding.line == line_of(Asking.backward, 6)
    assert finding.target == "b" and finding.fix == "if ctx.needs_input_grad[2]:"


def test_the_order_of_one_array_is_that_of_another():
    finding = repaired(Ordered, x(2, 4, 3), x(2, 4), ORDER, torch.argsort(ORDER, dim=1))

    assert finding.line == line_of(Ordered.backward, 5)
    assert finding.fix == "return by_rows, torch.gather(by_marks, 1, order), None, None"


def test_what_is_counted_is_gone_through_backwards():
    finding = repaired(Chained, x(3), MAPS)

    assert finding.line == line_of(Chained.backward, 2)
    assert finding.fix == "for _, one in enumerate(reversed(ctx.maps)):"


def test_a_function_of_the_users_own_may_call_the_modules_of_a_library():
    finding = repaired(Filtered, x(5, 2), MASK)

    assert finding.line == line_of(Filtered.backward, 4)
    assert finding.fix == "return ifft(within), None"


def test_a_call_adds_to_what_it_is_given_and_not_to_zeros():
    finding = repaired(Chunked, x(5, 3), x(2, 3))

    assert finding.line == line_of(Chunked.backward, 7)
    assert "torch.addmm(by_weights, own.mT, part, out=by_weights)" in finding.fix


def test_what_is_kept_is_the_value_that_nothing_else_reads():
    finding = repaired(Sorted, x(4, 2), torch.tensor([3, 0, 2, 0, 1]), torch.arange(5) % 4)

    assert finding.line == line_of(Sorted.forward, 5)
    assert finding.fix == "ctx.save_for_backward(place, weights)"


@pytest.mark.parametrize(("function", "fix"), [
    (Squares, "return tuple(g * one * 2 for one in ctx.saved_tensors)"),
    (Mean, "return (g / ctx.count,) * ctx.count"),
])  # fmt: skip
def test_all_gradients_that_are_listed_at_once_lack_a_factor(function, fix):
    finding = repaired(function, x(3), x(3), x(3))

    assert finding.line == line_of(function.backward, 2)
    assert finding.fix == fix


def test_a_mask_that_nothing_reads_hides_scores():
    finding = repaired(Attending, x(4, 3), x(4, 3), x(4, 3), x(4, 4).triu(1) != 0)

    assert finding.line == line_of(Attending.backward, 3)
    assert finding.fix == "p = torch.softmax((q @ k.mT).masked_fill(later, float('-inf')), -1)"


def _runs_unseen(text):
    """Return whether a likely line's rather far-fetched edit is run if no glance can tell."""
    (node,) = ast.parse(text).body
    s = SimpleNamespace(node=node)
    preview = SimpleNamespace(
        is_blind_to=lambda s: False, is_hopeful=lambda s, edits: None, is_exact=lambda s: False
    )
    worth = Worth(preview)
    worth.open = 10
    worth.turn_to(Suspect(s, 1, False, 0))
    return worth.is_worth(s, (), 2)


def test_where_a_part_is_stored_no_glance_tells():
    assert _runs_unseen("found[:, t] += part")
    assert not _runs_unseen("found = part")


def test_what_is_named_as_a_gradient_is_no_part_of_the_loss():
    def tells(text):
        return stores_gradient(ast.parse(text).body[0])

    assert tells("gradients = -np.exp(gradients + cost)") and tells("dx = a * g")
    assert not tells("cost = -beta[0, 0]") and not tells("cache.grad_x = a * g")
