"""Gradients that are others on purpose: each is a note, and what is wrong beside it is found."""

import pytest

import gradtui
from findings import line_of, only
from gradtui.diagnosis.recorded.deliberate import without_meant
from gradtui.diagnosis.recorded.judge import Judge
from gradtui.diagnosis.recorded.passes import kinked
from gradtui.diagnosis.recorded.points import points_around

torch = pytest.importorskip("torch")
Function = torch.autograd.Function


RNG = torch.Generator().manual_seed(0)


def x(*shape):
    return torch.randn(*shape, generator=RNG)


def told(findings):
    return {(name, one.severity) for one in findings for name in gradients_of(one)}


def gradients_of(finding):
    """Return the names of the gradients that a finding is about."""
    return finding.evidence.get("gradients", [finding.target])


class LearnedStep(Function):
    """Rounds to multiples of a step, whose gradient is made smaller on purpose."""

    @staticmethod
    def forward(ctx, w, step, rate):
        ctx.save_for_backward(w, step)
        ctx.rate = rate
        return (w / step).round().clamp(-4, 3) * step

    @staticmethod
    def backward(ctx, g):
        w, step = ctx.saved_tensors
        q = w / step
        low, high = (q < -4).float(), (q > 3).float()
        inside = 1.0 - low - high
        slope = low * -4 + high * 3 + inside * (q.round() - q)
        return inside * g, (slope * g * ctx.rate).sum().reshape(1), None


class LearnedStepPassed(LearnedStep):
    @staticmethod
    def backward(ctx, g):
        _, slope, _ = LearnedStep.backward(ctx, g)
        return g * 1.0, slope, None


class Clipped(Function):
    """Rounds within bounds one of which is learned, as if it did not round."""

    @staticmethod
    def forward(ctx, x, top, levels):
        ctx.save_for_backward(x, top)
        scale = levels / top
        return torch.round(x.clamp(0, top.item()) * scale) / scale

    @staticmethod
    def backward(ctx, g):
        x, top = ctx.saved_tensors
        return g * ((x >= 0) & (x <= top)), (g * (x > top)).sum().reshape(1), None


class ClippedTurned(Clipped):
    @staticmethod
    def backward(ctx, g):
        x, top = ctx.saved_tensors
        return g * ((x >= 0) & (x <= top)), -(g * (x > top)).sum().reshape(1), None


class Bounded(Clipped):
    """The same with a minimum, which a bound that is negative would cross."""

    @staticmethod
    def forward(ctx, x, top, levels):
        ctx.save_for_backward(x, top)
        scale = levels / top
        return torch.round(torch.minimum(torch.relu(x), top) * scale) / scale


class Nearest(Function):
    """Takes the entry of a codebook that is nearest."""

    @staticmethod
    def forward(ctx, x, codebook):
        index = torch.cdist(x, codebook).argmin(1)
        ctx.save_for_backward(index, codebook)
        return codebook[index]

    @staticmethod
    def backward(ctx, g):
        index, codebook = ctx.saved_tensors
        return g, torch.zeros_like(codebook).index_add_(0, index, g)


class NearestOverwritten(Nearest):
    @staticmethod
    def backward(ctx, g):
        index, codebook = ctx.saved_tensors
        return g, torch.zeros_like(codebook).index_copy_(0, index, g)


class Adder(Function):
    """A layer of distances: |w - x| with the slope of other functions."""

    @staticmethod
    def forward(ctx, w, x):
        ctx.save_for_backward(w, x)
        return -(w[:, None] - x).abs().sum(2)

    @staticmethod
    def backward(ctx, g):
        w, x = ctx.saved_tensors
        apart = w[:, None] - x
        dw = (-apart * g[..., None]).sum(1)
        return dw / dw.norm(), (apart.clamp(-1, 1) * g[..., None]).sum(0)


class AdderUneven(Adder):
    """The slope of a square for that of |x|: neither cut nor made as long as any other."""

    @staticmethod
    def backward(ctx, g):
        w, x = ctx.saved_tensors
        apart = w[:, None] - x
        return (-apart * g[..., None]).sum(1), (apart.sign() * g[..., None]).sum(0)


class Huber(Function):
    """A square up to 2 and a line beyond, with the slope of one up to 1."""

    @staticmethod
    def forward(ctx, a, b):
        apart = a - b
        ctx.save_for_backward(apart)
        far = apart.abs()
        return torch.where(far <= 2, 0.5 * apart**2, 2 * (far - 1)).mean()

    @staticmethod
    def backward(ctx, g):
        (apart,) = ctx.saved_tensors
        da = g * apart.clamp(-1, 1) / apart.numel()
        return da, -da


class Laplace(Function):
    """A kernel of all pairs, whose distances have kinks, with a smooth slope."""

    @staticmethod
    def forward(ctx, a, b):
        apart = a[:, None] - b
        kernel = torch.exp(-apart.abs().sum(2))
        ctx.save_for_backward(apart, kernel)
        return kernel

    @staticmethod
    def backward(ctx, g):
        apart, kernel = ctx.saved_tensors
        slope = -(g * kernel)[..., None] * torch.tanh(apart)
        return slope.sum(1), -slope.sum(0)


class Handed(Function):
    """Hands on what another has computed, and its gradient to what that was computed of."""

    @staticmethod
    def forward(ctx, x, rounded):
        return rounded

    @staticmethod
    def backward(ctx, g):
        return g.clamp(-1, 1), None


class Floor(Function):
    @staticmethod
    def forward(ctx, x, levels):
        return (x * levels).floor() / levels

    @staticmethod
    def backward(ctx, g):
        return g.clamp(-1, 1), None


class FloorTwice(Floor):
    @staticmethod
    def backward(ctx, g):
        return 2 * g, None


class Ternary(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        least = x.abs().median()
        return torch.where(x.abs() < least, torch.zeros_like(x), x.sign())

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g * (x.abs() <= 1)


class ScaledSigns(Function):
    """Signs times the mean size of each row, passed as if they were the weights themselves."""

    @staticmethod
    def forward(ctx, w):
        return w.sign().mul(w.abs().mean(1, keepdim=True).expand(w.shape))

    @staticmethod
    def backward(ctx, g):
        return g


class ScaledSignsTwice(ScaledSigns):
    @staticmethod
    def backward(ctx, g):
        return 2 * g


class ScaledTernary(ScaledSigns):
    @staticmethod
    def forward(ctx, w):
        kept = (w.abs() > 0.7 * w.abs().mean()).to(w.dtype)
        return (w.abs() * kept).sum() / kept.sum() * w.sign() * kept


class ScaledBySum(ScaledSigns):
    @staticmethod
    def forward(ctx, w):
        return w.sign() * w.abs().sum()


class ScaledStep(Function):
    @staticmethod
    def forward(ctx, w):
        ctx.save_for_backward(w)
        return torch.where(w >= 0, 1.0, -1.0) * w.abs().mean()

    @staticmethod
    def backward(ctx, g):
        return g


class ScaledStepOfSize(ScaledStep):
    @staticmethod
    def backward(ctx, g):
        return g * ctx.saved_tensors[0].sign()


class NormClipped(Function):
    """A tanh, the norm of whose gradient is clipped."""

    @staticmethod
    def forward(ctx, x, w):
        h = torch.tanh(x @ w)
        ctx.save_for_backward(x, w, h)
        return h

    @staticmethod
    def backward(ctx, g):
        x, w, h = ctx.saved_tensors
        d = g * (1 - h * h)
        dw = x.t() @ d
        dw = dw / dw.norm().clamp(min=4.0)
        return d @ w.t(), dw


class NormClippedShifted(NormClipped):
    @staticmethod
    def backward(ctx, g):
        x, w, h = ctx.saved_tensors
        d = g * (1 - h)
        dw = x.t() @ d
        return d @ w.t(), dw / dw.norm().clamp(min=4.0)


class Squashed(Function):
    """A function of the rounded input."""

    @staticmethod
    def forward(ctx, x):
        q = (4 * x).round() / 4
        ctx.save_for_backward(q)
        return q.tanh()

    @staticmethod
    def backward(ctx, g):
        (q,) = ctx.saved_tensors
        return g * (1 - q.tanh() ** 2)


class SquashedPassed(Squashed):
    @staticmethod
    def backward(ctx, g):
        return g.clone()


class SignedBeside(Function):
    """A step, and a square beside it."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return torch.where(x > 0, 1.0, -1.0) + x**2

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g * (x.abs() <= 1) + g * 2 * x


class SignedBesideHalf(SignedBeside):
    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g * (x.abs() <= 1) + g * x


class Halved(Function):
    """A square, of which the gradient takes half, times a floor."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x**2 * x.floor()

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g * x * x.floor()


class Mixture(Function):
    """A sum of exponentials, whose shares are given for the gradient alone."""

    @staticmethod
    def forward(ctx, x, shares):
        ctx.save_for_backward(shares)
        return x.logsumexp(-1)

    @staticmethod
    def backward(ctx, g):
        (shares,) = ctx.saved_tensors
        return g[..., None] * shares, None


class MixtureTurned(Mixture):
    @staticmethod
    def backward(ctx, g):
        (shares,) = ctx.saved_tensors
        return -g[..., None] * shares, None


class Masked(Function):
    """Lets a gradient pass where a mask says so, which the forward pass does not use."""

    @staticmethod
    def forward(ctx, x, mask):
        ctx.save_for_backward(x, mask)
        return x.exp()

    @staticmethod
    def backward(ctx, g):
        x, mask = ctx.saved_tensors
        return g * x.exp() * mask, None


class MaskedTwice(Masked):
    @staticmethod
    def backward(ctx, g):
        x, mask = ctx.saved_tensors
        return 2 * g * x.exp() * mask, None


class MixtureUsed(Mixture):
    """The shares take part in the value: what they are in the gradient must be right."""

    @staticmethod
    def forward(ctx, x, shares):
        ctx.save_for_backward(shares)
        return (x + shares).logsumexp(-1)


class Solved(Function):
    """Solves by a factor of a symmetric matrix, of which it reads one triangle."""

    @staticmethod
    def forward(ctx, a, b):
        factor = torch.linalg.cholesky(a)
        x = torch.cholesky_solve(b, factor)
        ctx.save_for_backward(factor, x)
        return x

    @staticmethod
    def backward(ctx, g):
        factor, x = ctx.saved_tensors
        db = torch.cholesky_solve(g, factor)
        return -x @ db.mT, db


class SolvedTwice(Solved):
    @staticmethod
    def backward(ctx, g):
        da, db = Solved.backward(ctx, g)
        return 2 * da, db


def definite(size):
    a = x(size, size + 2)
    return a @ a.t() / size + 0.5 * torch.eye(size)


def grown():
    return (2 * x(4, 5)).requires_grad_()


class Held(Function):
    """A lower bound that values below it may leave again."""

    @staticmethod
    def forward(ctx, x, low):
        ctx.save_for_backward(x, low)
        return torch.maximum(x, low)

    @staticmethod
    def backward(ctx, g):
        x, low = ctx.saved_tensors
        return g * ((x >= low) | (g < 0)), None


class Unheld(Held):
    @staticmethod
    def backward(ctx, g):
        return g.clone(), None


class Reversed(Function):
    @staticmethod
    def forward(ctx, x, rate):
        ctx.rate = rate
        return x.view_as(x)

    @staticmethod
    def backward(ctx, g):
        return -ctx.rate * g, None


class Pulled(Function):
    """Hands a loss on, and adds a pull towards 0 to the gradient of what it is made from."""

    @staticmethod
    def forward(loss, y):
        return loss

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(inputs[1])

    @staticmethod
    def backward(ctx, g):
        (y,) = ctx.saved_tensors
        return g, 1e-2 * y


class Cubed(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x**3

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return 2 * g * x**2


class ReversedCopy(Function):
    @staticmethod
    def forward(ctx, x):
        return x.clone() * 1

    @staticmethod
    def backward(ctx, g):
        return -g


class ReversedAbs(ReversedCopy):
    @staticmethod
    def forward(ctx, x):
        return x.abs()


def copied_on_the_way(w):
    return ReversedCopy.apply(torch.tanh(w)).pow(2).sum()


def larger_than_zero_anyway(w):
    return ReversedAbs.apply(torch.exp(w)).sum()


reversed_by = Reversed.apply


def adversary(w):
    return torch.tanh(reversed_by(torch.relu(w), 0.5)).pow(2).sum()


def pulled(w):
    return Pulled.apply(torch.tanh(w).pow(2).sum(), w)


def adversary_cubed(w):
    return Cubed.apply(reversed_by(torch.relu(w), 0.5)).sum()


STEP, TOP = torch.tensor([0.31]), torch.tensor([0.8])
MEANT = {
    "a learned step": (LearnedStep, (3 * x(4, 5), STEP, 0.13), {"w", "step"}),
    "a learned bound": (Clipped, (x(3, 5), TOP, 7), {"x", "top"}),
    "a codebook": (Nearest, (x(6, 3), x(4, 3)), {"x"}),
    "another slope of abs": (Adder, (2 * x(3, 4), 2 * x(5, 4)), {"w", "x"}),
    "a floor that is cut": (Floor, (x(4, 3), 100), {"x"}),
    "three values": (Ternary, (x(4, 3),), {"x"}),
    "signs of the mean size": (ScaledSigns, (x(4, 3),), {"w"}),
    "three values of the mean size": (ScaledTernary, (x(4, 3),), {"w"}),
    "a step of the mean size": (ScaledStep, (x(4, 3),), {"w"}),
    "a norm that is clipped": (NormClipped, (x(5, 4), x(4, 3)), {"w"}),
    "a function of what is rounded": (Squashed, (x(4, 3),), {"x"}),
    "a step beside a square": (SignedBeside, (x(4, 3),), {"x"}),
    "shares of its own": (Mixture, (x(4, 3).requires_grad_(), x(4, 3).softmax(-1)), {"x"}),
    "a mask": (Masked, (x(4, 3).requires_grad_(), (x(4, 3) > 0).float()), {"x"}),
    "a way back within bounds": (Held, (x(4, 5).requires_grad_(), torch.tensor(0.3)), {"x"}),
    "a gradient that is reversed": (Reversed, (x(4, 3), 0.5), {"x"}),
    "a gradient that is reversed on its way": (adversary, (x(3, 4).requires_grad_(),), {"w"}),
    "a copy whose gradient is reversed": (ReversedCopy, (x(4, 3),), {"x"}),
    "a copy on the way": (copied_on_the_way, (x(3, 4).requires_grad_(),), {"w"}),
    "a pull beside the loss": (pulled, (x(3, 4).requires_grad_(),), {"w"}),
    "what is handed on": (Handed, (grown(), x(4, 5).sign()), {"x"}),
}


@pytest.mark.parametrize("name", MEANT)
def test_what_is_meant_is_a_note(name):
    function, arguments, names = MEANT[name]

    found = gradtui.check(function, *arguments)

    assert {(one.rule, one.severity) for one in found} == {("straight-through", "info")}
    assert sorted(name for one in found for name in gradients_of(one)) == sorted(names)


WRONG = {
    "a sign": (
        ClippedTurned, (x(3, 5), TOP, 7), {("x", "info"), ("top", "error")},
    ),
    "entries that are taken twice": (
        NearestOverwritten, (x(6, 3), x(2, 3)), {("x", "info"), ("codebook", "error")},
    ),
    "a floor twice": (FloorTwice, (x(4, 3), 100), {("x", "error")}),
    "a function that is left out": (SquashedPassed, (x(4, 3),), {("x", "error")}),
    "signs of the mean size, twice": (ScaledSignsTwice, (x(4, 3),), {("w", "error")}),
    "signs of another size": (ScaledBySum, (x(4, 3),), {("w", "error")}),
    "a step of the size": (ScaledStepOfSize, (x(4, 3),), {("w", "error")}),
    "a power beside a clipped norm": (
        NormClippedShifted, (x(5, 4), x(4, 3)), {("x", "error"), ("w", "error"), ("w", "info")},
    ),
    "half a square beside a step": (SignedBesideHalf, (x(4, 3),), {("x", "error")}),
    "half a square times a floor": (Halved, (2 * x(4, 3),), {("x", "error")}),
    "shares that are used": (
        MixtureUsed, (x(4, 3).requires_grad_(), x(4, 3).softmax(-1)), {("x", "error")},
    ),
    "shares with the other sign": (
        MixtureTurned, (x(4, 3).requires_grad_(), x(4, 3).softmax(-1)), {("x", "error")},
    ),
    "a mask and a factor": (
        MaskedTwice, (x(4, 3).requires_grad_(), (x(4, 3) > 0).float()), {("x", "error")},
    ),
    "a matrix twice": (SolvedTwice, (definite(3), x(3, 1)), {("a", "error")}),
    "bounds that are forgotten": (
        Unheld, (x(4, 5).requires_grad_(), torch.tensor(0.3)), {("x", "error")},
    ),
    "another function than the one that reverses": (
        adversary_cubed, (x(3, 4).requires_grad_(),), {("w", "error"), ("w", "info")},
    ),
    "what leaves these values as they are": (
        larger_than_zero_anyway, (x(3, 4).requires_grad_(),), {("w", "error")},
    ),
    "a square for abs": (AdderUneven, (2 * x(3, 4), 2 * x(5, 4)), {("w", "error")}),
    "a slope cut too early": (Huber, (3 * x(3, 4), x(3, 4)), {("a", "error"), ("b", "error")}),
    "a smooth slope of abs": (Laplace, (x(3, 2), x(4, 2)), {("a", "error"), ("b", "error")}),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
@pytest.mark.usefixtures("unsearched")
def test_what_is_wrong_beside_it_is_an_error(name):
    function, arguments, expected = WRONG[name]

    assert told(gradtui.check(function, *arguments)) == expected


class Masking(Function):
    """A sign, whose slope is 1 up to 1."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.sign()

    @staticmethod
    def backward(ctx, g):
        return g * (ctx.saved_tensors[0].abs() <= 1)


class MaskingBelow(Masking):
    """Forgets that the numbers are below -1, too."""

    @staticmethod
    def backward(ctx, g):
        return g * (ctx.saved_tensors[0] <= 1)


class MaskingTimes(Masking):
    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g * (x.abs() <= 1) * x


class Weights(Function):
    """A product with weights rounded by a scale of their own, which are passed as they are."""

    @staticmethod
    def forward(ctx, x, w):
        s = w.abs().mean()
        q = (w / s).round().clamp(-1, 1) * s
        ctx.save_for_backward(x, q)
        return x @ q

    @staticmethod
    def backward(ctx, g):
        x, q = ctx.saved_tensors
        return g @ q.t(), x.t() @ g * 2


@pytest.mark.parametrize(
    ("function", "arguments", "repaired"),
    [
        (MaskingTimes, (2 * x(4, 3),), "return g * (x.abs() <= 1)"),
        (Weights, (x(5, 4), x(4, 3)), "return g @ q.t(), x.t() @ g"),
    ],
)
def test_the_fix_of_a_factor_keeps_what_passes_a_rounding(function, arguments, repaired):
    (wrong,) = gradtui.check(function, *arguments)

    assert (wrong.severity, wrong.fix) == ("error", repaired)
    assert "the one that passes through" in wrong.message


class Levelled(Function):
    """The lower bound of its slope is another one, which shows only for numbers between both."""

    @staticmethod
    def forward(ctx, x, low, high):
        ctx.save_for_backward(x)
        step = (high - low) / 15
        return torch.round((x.clamp(low, high) - low) / step) * step + low

    @staticmethod
    def backward(ctx, g):
        return g * (ctx.saved_tensors[0].abs() <= 0.9), None, None


def test_a_difference_of_rounding_is_never_what_is_wrong(runs_of):
    given = torch.tensor([-1.0, -0.5, 0.1, 0.25, 0.7, 1.2], dtype=torch.float64)
    runs = runs_of(Levelled, given, -0.6, 0.9)
    start = runs.point(runs.given, ("x",), near=True)
    points = [start, *points_around(runs, start, ("x",))]

    found = without_meant(runs, points, Judge(runs, points, 1e-6).judged(("x",)).wrong, 1e-6)

    wrong = only(found.wrong)
    assert abs(wrong.claimed - wrong.true) > 1e-3


def test_a_slope_that_falls_to_one_side_alone_is_none_of_a_step():
    (wrong,) = gradtui.check(MaskingBelow, 2 * x(4, 3))

    assert wrong.severity == "error"


def test_a_fix_beside_a_reversed_gradient_leaves_it_reversed():
    wrong, meant = gradtui.check(adversary_cubed, x(3, 4).requires_grad_())

    assert (wrong.severity, wrong.fix) == ("error", "return 3 * g * x**2")
    assert "Reversed hands a value on unchanged and reverses its gradient" in meant.message


def test_what_other_gradients_pass_says_what_one_must_be():
    found = gradtui.check(LearnedStepPassed, 3 * x(4, 5), STEP, 0.13)

    (wrong,) = [one for one in found if one.severity == "error"]
    assert told(found) == {("w", "error"), ("step", "info")}
    assert "passes through round as that of step does" in wrong.message
    assert wrong.line == line_of(LearnedStepPassed.backward, 3)


def test_of_a_symmetric_matrix_the_symmetric_part_of_its_gradient_counts():
    assert gradtui.check(Solved, definite(3), x(3, 1)) == []


class SparseProduct(Function):
    @staticmethod
    def forward(ctx, places, values, size, b):
        a = torch.sparse_coo_tensor(places, values, size)
        ctx.save_for_backward(a, b)
        return a @ b

    @staticmethod
    def backward(ctx, g):
        a, b = ctx.saved_tensors
        row, column = a._indices()
        return None, (g @ b.t())[row, column], None, a.t() @ g


class SparseProductTurned(SparseProduct):
    @staticmethod
    def backward(ctx, g):
        a, b = ctx.saved_tensors
        row, column = a._indices()
        return None, (g @ b.t())[column, row], None, a.t() @ g


PLACES = torch.tensor([[0, 0, 1, 2, 3, 3], [1, 3, 2, 0, 1, 2]])


def test_a_sparse_matrix_is_recorded_as_the_dense_one():
    arguments = PLACES, x(6), (4, 4), x(4, 3)

    assert gradtui.check(SparseProduct, *arguments) == []
    assert told(gradtui.check(SparseProductTurned, *arguments)) == {("values", "error")}


class Damped(Function):
    """Halves an error a few times, unless it is small already."""

    @staticmethod
    def forward(ctx, w):
        e = w - 1
        for _ in range(3):
            if torch.max(torch.abs(e)) <= 1e-9:
                break
            e = 0.5 * e
        return e

    @staticmethod
    def backward(ctx, dy):
        return dy


def test_a_slope_that_no_gradient_passes_is_not_replaced(runs_of):
    runs = runs_of(Damped, x(4).requires_grad_())
    point = runs.point(runs.given, runs.target.judged, near=True)

    assert [*kinked([point], straight=True)] == []


@pytest.mark.parametrize("seed", [1, 5])
def test_the_largest_gradient_is_no_clipped_one_by_chance(seed):
    drawn = torch.Generator().manual_seed(seed)
    values = torch.randn(3, 4, generator=drawn, dtype=torch.float64).clamp(-2, 2)

    found = gradtui.check(Bounded, values, torch.tensor([0.8], dtype=torch.float64), 7)

    assert told(found) == {("x", "info"), ("top", "info")}
    assert not any("clipped" in one.message for one in found)


class StepScaled(Function):
    """A learned step size, whose gradient is scaled by a number given for that alone."""

    @staticmethod
    def forward(ctx, w, s, g, n):
        ctx.save_for_backward(w, s)
        ctx.given = g, n
        return (w / s).round().clamp(-n, n) * s

    @staticmethod
    def backward(ctx, d):
        w, s = ctx.saved_tensors
        g, n = ctx.given
        inside = (w / s).abs() <= n
        slopes = torch.where(inside, (w / s).round() - w / s, n * w.sign())
        return d * inside, (d * slopes).sum() * g, None, None


class TimesLevels(StepScaled):
    """Scales a gradient by the number of levels, which the result depends on."""

    @staticmethod
    def backward(ctx, d):
        dw, ds, *_ = StepScaled.backward(ctx, d)
        return dw, ds * ctx.given[1], None, None


@pytest.mark.parametrize(
    ("function", "step"),
    [(StepScaled, "info"), (TimesLevels, "error")],
)
def test_a_number_that_only_the_gradient_uses_scales_it_on_purpose(function, step):
    s = torch.tensor(0.5, dtype=torch.float64)
    found = gradtui.check(lambda w, s: function.apply(w, s, 0.125, 2.0), x(6, 3), s)

    by_name = {one.target: one for one in found}
    assert (by_name["w"].severity, by_name["s"].severity) == ("info", step)
    assert ("times g, which is 0.125" in by_name["s"].message) == (step == "info")


class Pair(Function):
    """Hands two tensors on, and their gradients in the wrong order."""

    @staticmethod
    def forward(ctx, one, two):
        return one.clone(), two.clone()

    @staticmethod
    def backward(ctx, d, e):
        return e, d


def test_two_gradients_in_the_place_of_each_other_are_not_meant():
    (wrong,) = gradtui.check(Pair, x(2, 3), x(2, 3))

    assert (wrong.severity, wrong.fix) == ("error", "return d, e")


class Rectified(Function):
    """Clips the gradient that it masks: its largest element stays the same from run to run."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.relu()

    @staticmethod
    def backward(ctx, g):
        return (g * (ctx.saved_tensors[0] > 0)).clamp(-0.5, 0.5)


def test_a_masked_gradient_may_be_clipped():
    finding = only(gradtui.check(Rectified, x(5, 3)))

    assert finding.severity == "info" and "is clipped at 0.5 here" in finding.message
