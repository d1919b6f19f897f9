"""What a backward half leaves out or turns the wrong way, and the line that must have it."""

import numpy as np
import pytest

import gradtui
from findings import line_of, only

torch = pytest.importorskip("torch")
Function = torch.autograd.Function

RNG = torch.Generator().manual_seed(0)


def x(*shape):
    return torch.randn(*shape, generator=RNG, dtype=torch.float64)


class Split(Function):
    """The product of a matrix with two halves of another."""

    @staticmethod
    def forward(ctx, a, b):
        ctx.save_for_backward(a, b)
        return a @ b[:, :2], (a.T @ a @ b)[:, 2:]

    @staticmethod
    def backward(ctx, g, h):
        a, b = ctx.saved_tensors
        left, right = b[:, :2], b[:, 2:]  # noqa: F841 -- that nothing uses it is the mistake
        inner = a.T @ a
        above = inner.T @ h
        core = h @ right.T
        by_a = a @ (core + core.T)
        by_b = torch.cat([a.T @ g, above], dim=1)
        return by_a, by_b


class Smoothed(Function):
    """A running mean along the second axis, which begins with a state."""

    @staticmethod
    def forward(ctx, x, state, rate):
        rows, before = [], state
        for at in range(x.shape[1]):
            before = before + rate * (x[:, at] - before)
            rows.append(before)
        y = torch.stack(rows, dim=1)
        ctx.save_for_backward(x, y, state, rate)
        return y

    @staticmethod
    def backward(ctx, g):
        x, y, state, rate = ctx.saved_tensors  # noqa: RUF059 -- the mistake, too
        back = torch.zeros_like(g)
        carried = torch.zeros_like(g[:, 0])
        for at in reversed(range(g.shape[1])):
            carried = carried + g[:, at]
            back[:, at] = carried
            carried = carried * (1 - rate)
        by_rate = (back * (x - y)).sum()
        return back * rate, carried, by_rate


class PickedBeside(Function):
    """Some rows of an array, and the array itself."""

    @staticmethod
    def forward(ctx, x, rows):
        ctx.save_for_backward(rows)
        return x[rows], x * 1

    @staticmethod
    def backward(ctx, g, beside):
        (rows,) = ctx.saved_tensors
        grad_x = torch.zeros_like(beside)
        grad_x.index_add_(0, rows, g)
        return grad_x, None


class Curved(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * torch.tanh(x)

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        bent = torch.tanh(x)
        slope = bent + x * (1 - bent**2)
        return slope


class CurvedGradient(Curved):
    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        bent = torch.tanh(x)
        grad_x = bent + x * (1 - bent**2)
        return grad_x


class Gated(Function):
    """A layer that keeps neither its activation nor what that is of."""

    @staticmethod
    def forward(ctx, x, w):
        ctx.save_for_backward(x, w)
        return torch.nn.functional.silu(x @ w)

    @staticmethod
    def backward(ctx, g):
        x, w = ctx.saved_tensors
        return g @ w.T, x.T @ g


class MeanOfSome(Function):
    @staticmethod
    def forward(ctx, x):
        kept = x > 0
        count = kept.sum()
        ctx.save_for_backward(kept)
        ctx.share = 1.0 / x.numel()
        return (x * kept).sum() / count

    @staticmethod
    def backward(ctx, g):
        (kept,) = ctx.saved_tensors
        return g * kept * ctx.share


class Whitened(Function):
    """Solves by a Cholesky factor."""

    @staticmethod
    def forward(ctx, root, b):
        solved = torch.linalg.solve_triangular(root, b, upper=False)
        ctx.save_for_backward(root, solved)
        return solved

    @staticmethod
    def backward(ctx, g):
        root, solved = ctx.saved_tensors
        by_b = torch.linalg.solve_triangular(root, g, upper=False)
        return -(by_b @ solved.mT).tril(), by_b


class Spectrum(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.length = x.shape[-1]
        found = torch.fft.rfft(x)
        return found.real, found.imag

    @staticmethod
    def backward(ctx, g, h):
        whole = torch.zeros(*g.shape[:-1], ctx.length, dtype=torch.complex128)
        whole[..., : g.shape[-1]] = torch.complex(g, h)
        return torch.fft.ifft(whole, norm="backward").real


class Oriented(Function):
    """The part of each row across a direction."""

    @staticmethod
    def forward(ctx, rows, way, other):
        ctx.save_for_backward(rows, way, other)
        return rows - (rows @ way)[:, None] * way + other.sum()

    @staticmethod
    def backward(ctx, g):
        rows, way, other = ctx.saved_tensors
        unit = torch.eye(len(way), dtype=g.dtype)
        by_rows = g @ (unit - torch.outer(other, other)) + 0 * other.sum()
        by_way = -(g @ way) @ rows - (rows @ way) @ g
        return by_rows, by_way, g.sum() * torch.ones_like(other)


def halved(matrix):
    return (matrix + matrix.mT) / 2


class Squared(Function):
    """The trace of the square of a matrix made symmetric."""

    @staticmethod
    def forward(ctx, m):
        own = halved(m)
        ctx.save_for_backward(own)
        return own @ own

    @staticmethod
    def backward(ctx, g):
        (own,) = ctx.saved_tensors
        return halved(own @ g + g @ own)


class SquaredAlone(Squared):
    @staticmethod
    def backward(ctx, g):
        (own,) = ctx.saved_tensors
        return own @ g + g @ own


class Modes(Function):
    """The sum of the logarithms of the eigenvalues of a matrix made symmetric, times a vector."""

    @staticmethod
    def forward(ctx, m, v):
        values, vectors = torch.linalg.eigh((m + m.mT) / 2)
        ctx.save_for_backward(values, vectors, v)
        return v * values.log().sum()

    @staticmethod
    def backward(ctx, g):
        values, vectors, v = ctx.saved_tensors
        inverse = vectors @ torch.diag(1 / values) @ vectors.mT
        uneven = (g * v).sum() * (inverse + torch.triu(inverse, 1) - torch.tril(inverse, -1))
        return uneven, g * values.log().sum()


class Scaled(Function):
    """A kernel that cannot be seen inside, on both ways."""

    @staticmethod
    def forward(ctx, x, n):
        ctx.n = n
        found = np.fft.rfft(x.detach().numpy()) / np.sqrt(n)
        return torch.from_numpy(found.real.copy())

    @staticmethod
    def backward(ctx, g):
        rows = np.arange(ctx.n)[:, None] * np.arange(g.shape[-1]) * 2 * np.pi / ctx.n
        table = np.cos(rows)
        table /= ctx.n
        return torch.from_numpy(table @ g.numpy()), None


class Aligned(Function):
    """A sum over paths through a grid, whose forward half cannot be seen inside."""

    @staticmethod
    def forward(ctx, score):
        ways = np.zeros((score.shape[0] + 1, score.shape[1] + 1))
        ways[0, 0], own = 1.0, score.detach().numpy()
        for i in range(1, ways.shape[0]):
            for j in range(1, ways.shape[1]):
                ways[i, j] = own[i - 1, j - 1] * (ways[i - 1, j - 1] + ways[i, j - 1])
        ctx.save_for_backward(score)
        ctx.ways = ways
        return torch.tensor(ways[1:, 1:])

    @staticmethod
    def backward(ctx, g):
        (score,) = ctx.saved_tensors
        own, seeds = score.numpy(), g.numpy()
        rows, columns = own.shape
        back = np.zeros((rows + 2, columns + 2))
        padded = np.zeros((rows + 2, columns + 2))
        padded[1:-1, 1:-1] = own
        for i in range(rows, 0, -1):
            for j in range(columns, 0, -1):
                back[i, j] = (
                    seeds[i - 1, j - 1]
                    + padded[i, j] * back[i + 1, j + 1]
                    + padded[i, j + 1] * back[i, j + 1]
                )
        found = back[1:-1, 1:-1] * (ctx.ways[:-1, :-1] + ctx.ways[1:, :-1])
        return torch.from_numpy(found)


class Masked(Function):
    """The entropies of rows of which some elements are left out."""

    @staticmethod
    def forward(ctx, x, out):
        hidden = x.masked_fill(out, -torch.inf)
        p = hidden.softmax(-1)
        ctx.save_for_backward(hidden, p, out)
        return -(p * p.clamp(min=1e-300).log()).sum(-1)

    @staticmethod
    def backward(ctx, g):
        hidden, p, out = ctx.saved_tensors
        logs = hidden - hidden.logsumexp(-1, keepdim=True)
        mean = (p * logs.masked_fill(out, 0.0)).sum(-1, keepdim=True)
        found = -p * (logs + mean) * g[:, None]
        return found.masked_fill(out, 0.0), None


LOWER = torch.tensor([[1.5, 0.0, 0.0], [0.3, 1.2, 0.0], [-0.4, 0.2, 0.9]], dtype=torch.float64)
OUT = torch.tensor([[0, 1, 0, 0], [0, 0, 0, 1], [1, 0, 0, 0]], dtype=torch.bool)


def test_a_product_with_the_half_that_nothing_reads_is_added():
    finding = only(gradtui.check(Split, x(3, 3), x(3, 5)))

    assert finding.line == line_of(Split.backward, 7)
    assert finding.fix == "by_a = a @ (core + core.T) + g @ left.T"


def test_states_that_nothing_reads_begin_the_values_one_step_earlier():
    args = (x(2, 5), x(2), torch.tensor(0.3, dtype=torch.float64))

    finding = only(gradtui.check(Smoothed, *args))

    assert finding.line == line_of(Smoothed.backward, 9)
    assert "torch.cat([state.unsqueeze(1), y[:, :-1]], dim=1)" in finding.fix


def test_a_triangular_matrix_is_transposed_with_the_triangle_that_is_read():
    finding = only(gradtui.check(Whitened, LOWER, x(3, 2)))

    assert finding.line == line_of(Whitened.backward, 3)
    assert finding.fix == "by_b = torch.linalg.solve_triangular(root.mT, g, upper=True)"


def test_a_word_that_a_call_takes_may_be_another_one():
    finding = only(gradtui.check(Spectrum, x(2, 6)))

    assert finding.line == line_of(Spectrum.backward, 4)
    assert finding.fix == 'return torch.fft.ifft(whole, norm="forward").real'


def test_a_name_may_be_wrong_throughout_a_product():
    finding = only(gradtui.check(Oriented, x(4, 3), x(3), x(3)))

    assert finding.line == line_of(Oriented.backward, 4)
    assert "torch.outer(way, way)" in finding.fix and "0 * other.sum()" in finding.fix


def test_a_function_of_the_users_own_is_forgotten():
    finding = only(gradtui.check(SquaredAlone, halved(x(3, 3))))

    assert finding.line == line_of(SquaredAlone.backward, 3)
    assert finding.fix == "return halved(own @ g + g @ own)"


def test_the_gradient_of_a_matrix_made_symmetric_is_symmetric():
    m = x(3, 3)
    definite = m @ m.mT + torch.eye(3, dtype=torch.float64)

    found = [one for one in gradtui.check(Modes, definite, x(2)) if one.severity == "error"]

    assert only(found).target == "m"
    assert not gradtui.check(Squared, halved(x(3, 3)))


@pytest.mark.usefixtures("numpys_arrays")
def test_the_root_of_a_whole_number_is_forgotten():
    found = gradtui.check(Scaled, x(8), 8)

    finding = only([one for one in found if one.severity == "error"])
    assert finding.line == line_of(Scaled.backward, 4)
    assert finding.fix == "table /= np.sqrt(ctx.n)"


@pytest.mark.usefixtures("numpys_arrays")
def test_one_array_of_a_product_is_at_the_index_of_the_other():
    found = gradtui.check(Aligned, x(3, 4).abs())

    finding = only([one for one in found if one.severity == "error"])
    assert finding.line == line_of(Aligned.backward, 12)
    assert finding.fix == "+ padded[i + 1, j + 1] * back[i + 1, j + 1]"


def test_what_a_mask_hides_is_no_number_and_yet_its_line_is_looked_at():
    finding = only(gradtui.check(Masked, x(3, 4), OUT))

    assert finding.line == line_of(Masked.backward, 5)
    assert finding.fix == "found = -p * (logs - mean) * g[:, None]"


def test_a_sum_begins_as_the_gradient_that_nothing_uses():
    finding = only(gradtui.check(PickedBeside, x(5, 2), torch.tensor([3, 0, 3])))

    assert finding.line == line_of(PickedBeside.backward, 3)
    assert finding.fix == "grad_x = beside.clone()"


def test_a_slope_is_multiplied_where_it_is_returned_and_a_gradient_where_it_is_made():
    slope, gradient = (only(gradtui.check(one, x(4))) for one in (Curved, CurvedGradient))

    assert slope.line == line_of(Curved.backward, 5)
    assert slope.fix == "return slope * g"
    assert gradient.line == line_of(CurvedGradient.backward, 4)
    assert gradient.fix == "grad_x = (bent + x * (1 - bent**2)) * g"


def test_a_count_may_be_wrong_that_is_the_number_of_elements():
    # Of nine, three would be a third: 3 / 9, too.
    values = [0.5, -1.2, 0.8, -0.3, -0.9, 1.1, -0.4, 0.7, -1.5]
    finding = only(gradtui.check(MeanOfSome, torch.tensor(values, dtype=torch.float64)))

    assert finding.line == line_of(MeanOfSome.forward, 5)
    assert finding.fix == "ctx.share = 1.0 / count"


def test_a_slope_is_computed_anew_where_nothing_keeps_it():
    finding = only(gradtui.check(Gated, x(5, 4), x(4, 3)))

    slope = "(torch.sigmoid(x @ w) * (1 + x @ w * (1 - torch.sigmoid(x @ w))))"
    assert f"g = g * {slope}" in finding.fix
    line = line_of(Gated.forward, 3)
    assert f"the slope of torch.nn.functional.silu(x @ w) in line {line}" in finding.message
