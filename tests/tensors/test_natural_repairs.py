"""Repairs where a mistake is made, not where its effect could be taken back or evaded."""

import pytest

import gradtui
from findings import only

torch = pytest.importorskip("torch")
nn, Function = torch.nn.functional, torch.autograd.Function

RNG = torch.Generator().manual_seed(3)


def x(*shape):
    return torch.randn(*shape, generator=RNG, dtype=torch.float64)


class Falling(Function):
    """Takes a product of waves, from which the backward half differentiates the rest anew."""

    @staticmethod
    def forward(ctx, shift, height):
        ctx.save_for_backward(shift, height)
        return 1.0 - torch.sin(shift) * height

    @staticmethod
    def backward(ctx, g):
        shift, height = (one.detach().requires_grad_() for one in ctx.saved_tensors)
        with torch.enable_grad():
            risen = torch.sin(shift) * height
        found = torch.autograd.grad(
            risen,
            (shift, height),
            grad_outputs=g,
        )
        return found


class Placed(Function):
    @staticmethod
    def forward(ctx, start, shift, height):
        ctx.save_for_backward(shift, height)
        return torch.sin(shift) * height

    @staticmethod
    def backward(ctx, g):
        shift, height = (one.detach().requires_grad_() for one in ctx.saved_tensors)
        scale = torch.ones_like(shift).requires_grad_()
        with torch.enable_grad():
            again = torch.sin(shift) * height * scale
        every = torch.autograd.grad(again, (scale, shift, height), grad_outputs=g)
        slopes = every[0:2]
        return None, *slopes


def spread(values, rows, picks):
    out = torch.zeros(len(picks), values.shape[1], dtype=values.dtype)
    return out.index_add_(0, picks, values[rows])


class Spread(Function):
    @staticmethod
    def forward(ctx, values, rows, picks):
        found = spread(values, rows, picks)
        return found


class Gathered(Function):
    """Sums picked rows, whose slopes it takes by another custom function."""

    @staticmethod
    def forward(ctx, values, rows, picks):
        ctx.save_for_backward(rows, picks)
        out = torch.zeros(len(rows), values.shape[1], dtype=values.dtype)
        return out.index_add_(0, rows, values[picks])

    @staticmethod
    def backward(ctx, g):
        rows, picks = ctx.saved_tensors
        wanted = ctx.needs_input_grad[0] or None
        slopes = wanted and Spread.apply(g, picks, rows)
        return slopes, None, None


class Decaying(Function):
    """Sums with a decay, whose slopes are taken in blocks from the last one on."""

    @staticmethod
    def forward(ctx, steps, decay, size):
        ctx.size = size
        states, state = [], torch.zeros_like(steps[0])
        for step, rate in zip(steps, decay, strict=True):
            state = rate * state + step
            states.append(state)
        found = torch.stack(states)
        ctx.save_for_backward(decay, found)
        return found


class DecayingWithoutCarry(Decaying):
    @staticmethod
    def backward(ctx, g):
        decay, states = ctx.saved_tensors
        count, size = len(g), ctx.size
        dsteps, ddecay = torch.zeros_like(g), torch.zeros_like(decay)
        carry = torch.zeros_like(g[0])
        for at in reversed(range(0, count, size)):
            dstates = g[at : at + size] * 1.0  # of this block
            rates = decay[at : at + size]
            for t in reversed(range(len(dstates) - 1)):
                dstates[t] = dstates[t] + rates[t + 1] * dstates[t + 1]
            carry = rates[0] * dstates[0]  # noqa: F841 - the next block lacks it
            dsteps[at : at + size] = dstates
        before = torch.cat([torch.zeros_like(states[:1]), states[:-1]])
        ddecay = dsteps * before
        return dsteps, ddecay, None


class DecayingFromWrongRow(Decaying):
    @staticmethod
    def backward(ctx, g):
        decay, states = ctx.saved_tensors
        count, size = len(g), ctx.size
        dsteps, ddecay = torch.zeros_like(g), torch.zeros_like(decay)
        carry = torch.zeros_like(g[0])
        for at in reversed(range(0, count, size)):
            dstates = g[at : at + size] * 1.0
            dstates[-1] = dstates[-1] + carry
            rates = decay[at : at + size]
            for t in reversed(range(len(dstates) - 1)):
                dstates[t] = dstates[t] + rates[t + 1] * dstates[t + 1]
            carry = rates[0] * dstates[0]
            dsteps[at : at + size] = dstates
            first = states[at] if at > 0 else torch.zeros_like(states[0])
            ddecay[at] = dstates[0] * first
            ddecay[at + 1 : at + size] = dstates[1:] * states[at : at + size - 1]
        return dsteps, ddecay, None


class Products(Function):
    @staticmethod
    def forward(ctx, weights, rows):
        ctx.save_for_backward(weights, rows)
        return rows @ weights.transpose(1, 2)

    @staticmethod
    def backward(ctx, g):
        weights, rows = ctx.saved_tensors
        total = weights.clone()
        total = torch.baddbmm(total, g.transpose(1, 2), rows)
        return total, None


class Sparing(Function):
    """Keeps what it returns, from which it gets its input back, or else the input itself."""

    @staticmethod
    def forward(ctx, values, rise, sparing):
        scale = torch.exp(rise)
        out = values * scale
        ctx.sparing = sparing
        ctx.save_for_backward(values if sparing else out, scale)
        return out

    @staticmethod
    def backward(ctx, g):
        kept, scale = ctx.saved_tensors
        if ctx.sparing:  # noqa: SIM108 - two lines, of which one is taken for wrong
            values = kept / scale
        else:
            values = kept
        return g * scale, (g * values * scale).sum(0), None


class Turned(Function):
    @staticmethod
    def forward(ctx, values, turn):
        ctx.save_for_backward(turn)
        return turn.transpose(-2, -1) @ values @ turn

    @staticmethod
    def backward(ctx, g):
        (turn,) = ctx.saved_tensors
        slopes = turn.transpose(-2, -1) @ g @ turn
        return slopes, None


class Bent(Function):
    """Mish: what a softplus bends, with its slope written out."""

    @staticmethod
    def forward(ctx, values):
        ctx.save_for_backward(values)
        return values * torch.tanh(nn.softplus(values))

    @staticmethod
    def backward(ctx, g):
        (values,) = ctx.saved_tensors
        opened = nn.softplus(values)
        bent = torch.tanh(nn.softplus(values))
        return g * (bent + values * opened * (1 - bent * bent))


def fixes(function, *args):
    return only(gradtui.check(function, *args)).fix


def test_the_sign_of_an_argument_that_is_given_by_name():
    assert fixes(Falling, x(4), x(4)) == "grad_outputs=-g,"


def test_a_function_in_place_of_its_slope():
    assert fixes(Bent, x(3, 4)) == "opened = nn.sigmoid(values)"


def test_a_slice_that_begins_one_too_early():
    assert fixes(Placed, torch.tensor([1]), x(4), x(4)) == "slopes = every[1:3]"


def test_a_call_that_another_custom_function_answers():
    rows, picks = torch.tensor([0, 2, 1, 0, 3]), torch.tensor([1, 1, 4, 2, 0])
    assert fixes(Gathered, x(5, 3), rows, picks) == (
        "slopes = wanted and Spread.apply(g, rows, picks)"
    )


@pytest.mark.parametrize(
    ("function", "line"),
    [
        (DecayingWithoutCarry, "dstates[-1] = dstates[-1] + carry"),
        (DecayingFromWrongRow, "first = states[at - 1] if at > 0 else torch.zeros_like(states[0])"),
    ],
)
def test_a_size_with_which_a_loop_has_one_round_is_no_repair(function, line):
    finding = only(gradtui.check(function, x(7, 2), x(7, 2), 2))
    assert finding.fix is not None
    assert finding.fix.splitlines()[-1].strip() == line


def test_a_sum_that_begins_as_a_copy_must_begin_as_zeros():
    assert (
        fixes(Products, x(2, 3, 2).requires_grad_(), x(2, 4, 2))
        == "total = torch.zeros_like(weights)"
    )


def test_two_cases_that_would_do_the_same_are_no_repair():
    finding = only(gradtui.check(Sparing, x(4, 3), x(3), True))
    assert finding.fix == "ctx.save_for_backward(out if sparing else values, scale)"


def test_a_matrix_and_its_transpose_on_each_others_side():
    turn = x(3, 3)
    assert fixes(Turned, x(3, 3).requires_grad_(), turn) == (
        "slopes = turn @ g @ turn.transpose(-2, -1)"
    )


class Bell(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return 0.5 * x * (1 + torch.erf(x / 2**0.5))

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        bell = torch.exp(-x * x / 2) / (2 * torch.pi)
        return g * (0.5 * (1 + torch.erf(x / 2**0.5)) + x * bell)


def test_a_number_that_is_no_tensor_gets_its_root():
    found = only(gradtui.check(Bell, x(4)))
    assert found.fix == "bell = torch.exp(-x * x / 2) / (2 * torch.pi)**0.5"


class Unchanged(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return torch.tanh(x)

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        slope = 1.0 - torch.tanh(x) ** 2
        slope.mul(g)
        return slope


def test_a_method_that_changes_nothing_is_that_which_does():
    found = only(gradtui.check(Unchanged.apply, x=x(3, 2)))
    assert found.fix == "slope.mul_(g)"
    assert "mul does not change slope" in found.message
