"""Values that a backward half restores otherwise than the forward half saved them."""

import pytest

import gradtui
from findings import line_of, only

torch = pytest.importorskip("torch")
Function = torch.autograd.Function

RNG = torch.Generator().manual_seed(0)


def x(*shape):
    return torch.randn(*shape, generator=RNG, dtype=torch.float64)


class OnACircle(Function):
    """Rows convolved with a kernel, both periodic."""

    @staticmethod
    def forward(ctx, rows, kernel):
        n = rows.shape[-1]
        of_rows, of_kernel = torch.fft.rfft(rows, n=n), torch.fft.rfft(kernel, n=n)
        ctx.save_for_backward(of_rows, of_kernel)
        return torch.fft.irfft(of_rows * of_kernel, n=n)

    @staticmethod
    def backward(ctx, g):
        of_kernel, of_rows = ctx.saved_tensors
        n = g.shape[-1]
        of_g = torch.fft.rfft(g, n=n)
        by_rows = torch.fft.irfft(of_g * of_kernel.conj(), n=n)
        by_kernel = torch.fft.irfft(of_g * of_rows.conj(), n=n).sum(0)
        return by_rows, by_kernel


class Blocks(Function):
    """Attention whose backward half takes the keys in blocks."""

    @staticmethod
    def forward(ctx, q, k, v):
        p = torch.softmax(q @ k.T, -1)
        out = p @ v
        ctx.save_for_backward(q, k, v, out, p)
        return out

    @staticmethod
    def backward(ctx, g):
        q, v, k, out, p = ctx.saved_tensors
        dq, dk, dv = torch.zeros_like(q), torch.zeros_like(k), torch.zeros_like(v)
        along = (g * out).sum(-1, keepdim=True)
        for j in range(0, len(k), 2):
            keys, values, own = k[j : j + 2], v[j : j + 2], p[:, j : j + 2]
            dv[j : j + 2] = own.T @ g
            ds = own * (g @ values.T - along)
            dq += ds @ keys
            dk[j : j + 2] = ds.T @ q
        return dq, dk, dv


class Listed(Function):
    """A power of a sum, whose parts a list keeps."""

    @staticmethod
    def forward(ctx, a, b):
        total = a + b
        ctx.parts = a, total
        return a * total**3

    @staticmethod
    def backward(ctx, g):
        total, a = ctx.parts
        through = g * 3 * a * total**2
        return g * total**3 + through, through


class Shares(Function):
    """Shares kept in one way for large rows and in another for small ones."""

    @staticmethod
    def forward(ctx, rows):
        given = rows
        share = torch.softmax(rows * 2, -1)
        if rows.numel() > 1000:
            ctx.save_for_backward(given)
            ctx.share = share
        else:
            ctx.save_for_backward(given, share)
        return share

    @staticmethod
    def backward(ctx, g):
        share, rows = ctx.saved_tensors
        inner = (g * share).sum(-1, keepdim=True)
        return 2 * share * (g - inner) + 0 * rows


WRONG = {
    "one of the two named anew": (Shares, (x(3, 4),), "rows, share = ctx.saved_tensors"),
    "from an attribute": (Listed, (x(4), x(4)), "a, total = ctx.parts"),
    "two of two": (OnACircle, (x(3, 5), x(5)), "of_rows, of_kernel = ctx.saved_tensors"),
    "two of many": (Blocks, (x(3, 2), x(4, 2), x(4, 2)), "q, k, v, out, p = ctx.saved_tensors"),
}


@pytest.mark.parametrize("name", WRONG)
def test_the_line_that_restores_them_is_named(name):
    function, given, fix = WRONG[name]
    finding = only(gradtui.check(function, *given))
    assert finding.line == line_of(function.backward, 2)
    assert finding.fix == fix


class Cubed(Function):
    """A cube of which the root is kept, in the line that only keeps it."""

    @staticmethod
    def forward(ctx, base):
        rest = base.abs() + 1
        ctx.sign = base.sign()
        ctx.save_for_backward(rest.square())
        return rest**3

    @staticmethod
    def backward(ctx, g):
        (rest,) = ctx.saved_tensors
        slope = 3 * rest.square()
        return g * slope * ctx.sign


def test_a_calculation_in_the_line_that_keeps_a_value_is_told():
    finding = only(gradtui.check(Cubed, x(4)))
    line = line_of(Cubed.forward, 4)
    told = [[finding.line, finding.fix], *finding.evidence.get("elsewhere", [])]
    assert [line, "ctx.save_for_backward(rest)"] in told


class Chunks(Function):
    """Halves of rows, each with a slope of its own."""

    @staticmethod
    def forward(ctx, rows):
        low, high = torch.chunk(rows, 2, dim=1)
        ctx.save_for_backward(low, high)
        return torch.cat([low.tanh(), high**3], dim=1)

    @staticmethod
    def backward(ctx, g):
        low, high = ctx.saved_tensors
        by_high, by_low = torch.chunk(g, 2, dim=1)
        return torch.cat([by_low * (1 - low.tanh() ** 2), 3 * by_high * high**2], dim=1)


def test_the_halves_of_what_is_taken_apart_may_be_swapped():
    finding = only(gradtui.check(Chunks, x(3, 6)))
    assert finding.line == line_of(Chunks.backward, 3)
    assert finding.fix == "by_low, by_high = torch.chunk(g, 2, dim=1)"


class Gated(Function):
    """A value times the sigmoid of another, the second saved first."""

    @staticmethod
    def forward(ctx, value, gate):
        opened = torch.sigmoid(gate)
        ctx.save_for_backward(opened, value)
        return value * opened

    @staticmethod
    def backward(ctx, g):
        value, opened = ctx.saved_tensors
        return g * opened, g * value * opened * (1 - opened)


class Scaled(Function):
    """Rows times a scale each; the rows are saved before they are shifted, not after."""

    @staticmethod
    def forward(ctx, rows, scale):
        shifted = rows - rows.mean(1, keepdim=True)
        ctx.save_for_backward(rows, scale)
        return shifted * scale

    @staticmethod
    def backward(ctx, g):
        shifted, scale = ctx.saved_tensors
        own = g * scale
        return own - own.mean(1, keepdim=True), (g * shifted).sum(0)


class Sized(Function):
    """A sum of squares over a number of rows; the columns are kept for it."""

    @staticmethod
    def forward(ctx, rows):
        count, width = rows.shape
        ctx.count = width
        ctx.save_for_backward(rows)
        return (rows * rows).sum() / count

    @staticmethod
    def backward(ctx, g):
        (rows,) = ctx.saved_tensors
        count = ctx.count
        return 2 * rows * g / count


class LogSum(Function):
    """The logarithm of a sum of exponentials, taken in place."""

    @staticmethod
    def forward(ctx, a):
        parts = a.exp()
        total = parts.sum()
        ctx.parts, ctx.total = parts, total
        return total.log_()

    @staticmethod
    def backward(ctx, g):
        return g * ctx.parts / ctx.total


class Scores(Function):
    """Scores of keys, kept behind what is computed: the arguments alone are in order."""

    @staticmethod
    def forward(ctx, q, k, v):
        scores = q @ k.T
        out = scores @ v
        most = out.abs().max()
        ctx.save_for_backward(most, scores, q, v, k, out)
        return out + 0 * most

    @staticmethod
    def backward(ctx, g):
        most, scores, q, k, v, out = ctx.saved_tensors
        dscores = (g + 0 * most * out) @ v.T
        return dscores @ k, dscores.T @ q, scores.T @ g


KEPT = {
    "arguments behind others": (
        Scores,
        (x(3, 4), x(5, 4), x(5, 4) + 0.5),
        5,
        "ctx.save_for_backward(most, scores, q, k, v, out)",
    ),
    "in another order": (Gated, (x(3), x(3)), 3, "ctx.save_for_backward(value, opened)"),
    "another tensor": (Scaled, (x(3, 4), x(4)), 3, "ctx.save_for_backward(shifted, scale)"),
    "another number": (Sized, (x(3, 4),), 3, "ctx.count = count"),
    "written into later": (LogSum, (x(4),), 4, "ctx.parts, ctx.total = parts, total.clone()"),
}


@pytest.mark.parametrize("name", KEPT)
def test_the_line_that_saves_is_named_if_the_code_tells_that_it_is_wrong(name):
    function, given, line, fix = KEPT[name]
    finding = only(gradtui.check(function, *given))
    assert finding.line == line_of(function.forward, line)
    assert finding.fix == fix


class Unit(Function):
    """Rows divided by their lengths, times a gain; both orders of what is kept are unusual."""

    @staticmethod
    def forward(ctx, rows, gain):
        length = rows.norm(dim=1, keepdim=True)
        unit = rows / length
        ctx.save_for_backward(unit, gain, length)
        return unit * gain

    @staticmethod
    def backward(ctx, g):
        gain, unit, length = ctx.saved_tensors
        own = g * gain
        return (own - unit * (own * unit).sum(1, keepdim=True)) / length, (g * unit).sum(0)


def test_of_two_unusual_orders_that_of_the_backward_half_is_wrong():
    finding = only(gradtui.check(Unit, x(3, 4), x(4)))
    assert finding.line == line_of(Unit.backward, 2)
    assert finding.fix == "unit, gain, length = ctx.saved_tensors"


class Turned(Function):
    """A square matrix times a square one, which is saved as its adjoint."""

    @staticmethod
    def forward(ctx, a, b):
        ctx.save_for_backward(a, b.adjoint())
        return (a @ b).exp()

    @staticmethod
    def backward(ctx, g):
        a, b = ctx.saved_tensors
        through = g * (a @ b).exp()
        return through @ b.adjoint(), a.adjoint() @ through


def test_a_matrix_is_saved_as_its_adjoint():
    finding = only(gradtui.check(Turned, x(3, 3), x(3, 3)))
    assert finding.line == line_of(Turned.forward, 2)
    assert finding.fix == "ctx.save_for_backward(a, b)"


class Halves(Function):
    """Two halves of the columns, which are saved in a list turned round."""

    @staticmethod
    def forward(ctx, x):
        x_1, x_2 = torch.chunk(x, 2, dim=-1)
        both = [x_1.detach(), x_2.detach()]
        ctx.save_for_backward(*both[::-1])
        return torch.cat([x_1 * x_2, x_2**3], dim=-1)

    @staticmethod
    def backward(ctx, g):
        g_1, g_2 = torch.chunk(g, 2, dim=-1)
        x_1, x_2 = ctx.saved_tensors
        return torch.cat([g_1 * x_2, g_1 * x_1 + 3 * g_2 * x_2**2], dim=-1)


def test_names_stay_in_the_order_of_their_numbers():
    finding = only(gradtui.check(Halves, x(3, 4)))
    assert finding.line == line_of(Halves.forward, 4)
    assert finding.fix == "ctx.save_for_backward(*both)"


class Decaying(Function):
    """A state that decays from where it begins, computed by itself backward in time."""

    @staticmethod
    def forward(ctx, x, start, rate):
        out, h = [], start
        for row in x:
            h = rate * h + row
            out.append(h)
        ctx.rate = rate
        return torch.stack(out)

    @staticmethod
    def backward(ctx, g):
        back = Decaying.apply(g.flip(0), g[0], ctx.rate).flip(0)
        return back, ctx.rate * back[0], None

    @staticmethod
    def jvp(ctx, g, *_):
        return Decaying.apply(g, torch.zeros_like(g[0]), ctx.rate)


def test_zeros_are_handed_on_where_the_file_makes_some_of_that_shape():
    finding = only(gradtui.check(Decaying, x(4, 3), x(3), 0.8))
    assert finding.line == line_of(Decaying.backward, 2)
    assert "zeros in the shape of g[0] are needed" in finding.message


class Left(Function):
    """Rows whose label is not the one to leave out."""

    @staticmethod
    def forward(ctx, rows, labels, left_out=2):
        ctx.save_for_backward(rows, labels)
        ctx.left_out = -1
        return (rows**2).sum(1) * (labels != left_out)

    @staticmethod
    def backward(ctx, g):
        rows, labels = ctx.saved_tensors
        g = g.masked_fill(labels == ctx.left_out, 0)
        return 2 * g[:, None] * rows, None, None


def test_an_argument_is_kept_under_its_own_name():
    labels = torch.tensor([0, 2, 1, 2])
    finding = only(gradtui.check(lambda rows: Left.apply(rows, labels), x(4, 3)))
    assert finding.line == line_of(Left.forward, 3)
    assert finding.fix == "ctx.left_out = left_out"
