"""Gradients that pass a step or `abs` with a slope of their own, and mistakes that look alike."""

import time

import pytest

import gradtui
from findings import line_of, only
from gradtui.diagnosis.recorded.watchdog import Limits

torch = pytest.importorskip("torch")
curve_of = pytest.importorskip("gradtui.recording.torch.jumping").curve_of
Function = torch.autograd.Function


class Spike(Function):
    @staticmethod
    def forward(ctx, u, steepness):
        ctx.save_for_backward(u)
        ctx.steepness = steepness
        return (u > 0.2).to(u.dtype)

    @staticmethod
    def backward(ctx, g):
        (u,) = ctx.saved_tensors
        return g / (ctx.steepness * (u - 0.2).abs() + 1) ** 2, None


class Alone(Spike):
    """Forgets the gradient that it is given."""

    @staticmethod
    def backward(ctx, g):
        (u,) = ctx.saved_tensors
        return 1 / (ctx.steepness * (u - 0.2).abs() + 1) ** 2, None


class Turned(Spike):
    @staticmethod
    def backward(ctx, g):
        slope, _ = Spike.backward(ctx, g)
        return -slope, None


class Growing(Spike):
    """Lets the gradient grow with the distance from the step."""

    @staticmethod
    def backward(ctx, g):
        (u,) = ctx.saved_tensors
        return g * (ctx.steepness * (u - 0.2).abs() + 1) ** 2, None


def u():
    return torch.linspace(-2, 2.1, 12, dtype=torch.float64).reshape(4, 3)


@pytest.mark.parametrize("steepness", [3.0, 25.0])
def test_a_bump_for_a_slope_is_meant(steepness):
    finding = only(gradtui.check(lambda u: Spike.apply(u, steepness), u()))
    assert (finding.severity, finding.rule) == ("info", "straight-through")
    told = f"1/(1 + {steepness:g}*abs(u - 0.2))**2 (Zenke and Ganguli, 2018)"
    assert f"passes through a step, which is flat, with the slope of a fast sigmoid, {told}" in (
        finding.message
    )


@pytest.mark.parametrize("function", [Alone, Turned, Growing])
@pytest.mark.usefixtures("unsearched")
def test_what_is_no_slope_of_a_step_is_wrong(function):
    findings = gradtui.check(lambda u: function.apply(u, 3.0), u())
    assert "error" in {one.severity for one in findings}


class Distance(Function):
    """Passes `abs` by what it is of, in a length of its own."""

    @staticmethod
    def forward(ctx, w, x):
        ctx.save_for_backward(w, x)
        return -(w[:, None] - x).abs().sum(-1)

    @staticmethod
    def backward(ctx, g):
        w, x = ctx.saved_tensors
        dw = ((x - w[:, None]) * g[..., None]).sum(1)
        return dw / dw.norm() * 0.7, ((w[:, None] - x).clamp(-1, 1) * g[..., None]).sum(0)


class Shortened(Distance):
    """Only its length is another than that of the true gradient."""

    @staticmethod
    def backward(ctx, g):
        w, x = ctx.saved_tensors
        own = (w[:, None] - x).sign() * g[..., None]
        dw = -own.sum(1)
        return dw / dw.norm() * 0.7, own.sum(0)


class Opposite(Distance):
    """Has the wrong sign, too."""

    @staticmethod
    def backward(ctx, g):
        w, x = ctx.saved_tensors
        dw = -((x - w[:, None]) * g[..., None]).sum(1)
        dw = dw / dw.norm() * 0.7
        return dw, ((w[:, None] - x).clamp(-1, 1) * g[..., None]).sum(0)


def distances(function):
    w, x = torch.randn(3, 4, dtype=torch.float64), 2 * torch.randn(5, 4, dtype=torch.float64)
    return gradtui.check(lambda w, x: function.apply(w * 1.0, x), w, x)


def test_another_slope_of_abs_in_a_length_of_its_own_is_meant():
    findings = distances(Distance)
    assert {(one.target, one.severity) for one in findings} == {("w", "info"), ("x", "info")}
    assert any("has a magnitude of its own" in one.message for one in findings)


@pytest.mark.usefixtures("unsearched")
def test_a_length_of_its_own_alone_is_wrong():
    finding = only(distances(Shortened))
    assert (finding.target, finding.severity) == ("w", "error")


def test_the_sign_of_a_gradient_with_a_length_of_its_own_is_mended():
    (finding,) = (one for one in distances(Opposite) if one.severity == "error")

    assert finding.target == "w"
    assert finding.fix == "dw = ((x - w[:, None]) * g[..., None]).sum(1)"
    assert finding.line == line_of(Opposite.backward, 3)


class Unscaled(Function):
    """Forgets a factor, so that its gradient is the same everywhere."""

    @staticmethod
    def forward(ctx, x, s):
        ctx.save_for_backward(x, s)
        return x * s.exp()

    @staticmethod
    def backward(ctx, g):
        x, s = ctx.saved_tensors
        return g, (g * x).sum() * s.exp()


@pytest.mark.usefixtures("unsearched")
def test_a_gradient_of_one_length_that_nothing_scales_lacks_a_factor():
    x, s = torch.randn(4, dtype=torch.float64), torch.tensor(0.4, dtype=torch.float64)
    finding = only(gradtui.check(Unscaled, x.requires_grad_(), s.requires_grad_()))
    assert finding.severity == "error"


class Largest(Function):
    """Chooses the largest, with the slope of the shares."""

    @staticmethod
    def forward(ctx, z):
        p = z.softmax(-1)
        ctx.save_for_backward(p)
        return torch.nn.functional.one_hot(p.argmax(-1), z.shape[-1]).to(z.dtype)

    @staticmethod
    def backward(ctx, g):
        (p,) = ctx.saved_tensors
        return p * (g - (g * p).sum(-1, keepdim=True))


class LargestOfColumns(Largest):
    @staticmethod
    def backward(ctx, g):
        (p,) = ctx.saved_tensors
        return p * (g - (g * p).sum(0, keepdim=True))


def test_a_step_in_whole_numbers_is_told_by_the_line_that_makes_it_a_number():
    wrong, right = (only(gradtui.check(one, u())) for one in (LargestOfColumns, Largest))

    assert (wrong.rule, wrong.severity, right.severity) == ("wrong-axis", "error", "info")
    assert "the one that passes through a step" in wrong.message


class Linear(Function):
    @staticmethod
    def forward(ctx, x, w):
        ctx.save_for_backward(x, w)
        return x @ w

    @staticmethod
    def backward(ctx, g):
        x, w = ctx.saved_tensors
        return g @ w.T, x.T @ g


class LinearWrong(Linear):
    @staticmethod
    def backward(ctx, g):
        x, w = ctx.saved_tensors
        return g @ w.T, -x.T @ g


class HighestHalf(Function):
    """Keeps the connections with the highest scores."""

    @staticmethod
    def forward(scores):
        kept = torch.zeros_like(scores)
        kept.view(-1)[scores.reshape(-1).argsort()[scores.numel() // 2 :]] = 1
        return kept

    @staticmethod
    def setup_context(ctx, inputs, output):
        pass

    @staticmethod
    def backward(ctx, g):
        return g


def spiking(linear, spike):
    """Return a layer of leaky neurons that a spike resets, over three steps."""

    def net(x, w):
        membrane = spikes = torch.zeros(3, 2, dtype=x.dtype)
        count = 0.0
        for t in range(3):
            membrane = 0.9 * membrane * (1 - spikes) + linear.apply(x[t], w)
            spikes = spike(membrane)
            count = count + spikes
        return (count**2).sum()

    return net


def given(dtype=torch.float64):
    drawn = torch.Generator().manual_seed(5)
    return [torch.randn(*shape, generator=drawn, dtype=torch.float64).to(dtype).requires_grad_()
            for shape in ((3, 3, 4), (4, 2))]  # fmt: skip


FAST = "with the slope of a fast sigmoid, 1/(1 + 3*abs(u - 0.2))**2 (Zenke and Ganguli, 2018)"


@pytest.mark.parametrize(
    ("dtype", "spike", "slope"),
    [
        (torch.float64, lambda u: Spike.apply(u, 3.0), FAST),
        (torch.float32, lambda u: Spike.apply(u, 3.0), FAST),
        (torch.float64, HighestHalf.apply, "with the slope 1"),
    ],
    ids=["spikes", "spikes in single precision", "highest half"],
)
def test_custom_functions_that_jump_have_the_slopes_that_they_claim(dtype, spike, slope):
    finding = only(gradtui.check(spiking(Linear, spike), *given(dtype)))

    assert (finding.rule, finding.severity) == ("straight-through", "info")
    assert f"which jumps, {slope}: that slope is not judged" in finding.message


class Flat(Function):
    """A step with any slope."""

    @staticmethod
    def forward(ctx, u, slope):
        ctx.save_for_backward(u)
        ctx.slope = slope
        return (u > 0).to(u.dtype)

    @staticmethod
    def backward(ctx, g):
        (u,) = ctx.saved_tensors
        return g * ctx.slope(u), None


@pytest.mark.parametrize(
    ("slope", "told"),
    [
        (lambda u: (u.abs() < 0.35) / 0.7, "with a rectangle for a slope, 1.429 high and 0.7 wide"),
        (lambda u: torch.relu(1 - u.abs() / 0.4) / 0.4,
         "with a triangle for a slope, 2.5*max(0, 1 - 2.5*abs(u))"),
        (lambda u: 1 / (1 + (2 * u) ** 2), "with the slope of an arctangent, 1/(1 + (2*u)**2)"),
        (lambda u: 1 / (1 + 4 * u.abs()) ** 3, "with a slope of its own"),
    ],
)  # fmt: skip
def test_the_width_of_a_slope_is_told(slope, told):
    code = spiking(Linear, lambda u: Flat.apply(u, slope))

    assert (
        f"passes through Flat, which jumps, {told}" in only(gradtui.check(code, *given())).message
    )


def test_slopes_that_differ_from_call_to_call_are_told_as_such():
    x, w = given()

    def twice(x, w):
        first = Spike.apply(x[0] @ w, 3.0).sum()
        return first + Spike.apply(x[1] @ w, 9.0).sum()

    finding = only(gradtui.check(twice, x, w))
    assert "passes through Spike, which jumps, with a slope of its own" in finding.message


def test_what_is_wrong_beside_custom_functions_that_jump_is_told():
    findings = gradtui.check(spiking(LinearWrong, lambda u: Spike.apply(u, 3.0)), *given())

    (wrong,) = [one for one in findings if one.severity == "error"]
    assert (wrong.rule, wrong.fix) == ("sign", "return g @ w.T, x.T @ g")


def test_a_slope_against_the_direction_of_a_jump_is_wrong():
    (wrong,) = gradtui.check(spiking(Linear, lambda u: Turned.apply(u, 3.0)), *given())

    assert (wrong.rule, wrong.severity, wrong.fix) == ("sign", "error", "return slope, None")


class Threshold(Function):
    """A step at a learned threshold of each column."""

    @staticmethod
    def forward(ctx, u, at):
        ctx.save_for_backward(u, at)
        return (u > at).to(u.dtype)

    @staticmethod
    def backward(ctx, g):
        u, at = ctx.saved_tensors
        d = g / (1 + 10 * (u - at).abs()) ** 2
        return d, -d.sum(0)


def test_a_threshold_has_the_slope_of_what_is_compared_with_it():
    at = torch.tensor([0.1, -0.3], dtype=torch.float64)

    finding = only(gradtui.check(lambda u, at: Threshold.apply(u, at), u()[:, :2], at))

    assert (finding.target, finding.severity) == ("u", "info")
    assert "(also of at) passes through Threshold, which jumps" in finding.message


def test_an_argument_may_be_at_the_jump_itself():
    x, w = given()

    def twice(x, w):
        nothing = HighestHalf.apply(x[0] @ w) * 0
        return Spike.apply(nothing + 0.2, 3.0).sum() + Spike.apply(x[1] @ w, 3.0).sum()

    finding = only(gradtui.check(twice, x, w))
    assert finding.severity == "info"


class Doubled(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x * 2

    @staticmethod
    def backward(ctx, g):
        return g * 2


class Tripled(Doubled):
    @staticmethod
    def backward(ctx, g):
        return g * 3


SCALES, ZEROS = torch.tensor([0.1, 0.2, 0.05]), torch.tensor([0, 2, -1], dtype=torch.int32)
QUANTISED = [
    lambda y: torch.fake_quantize_per_tensor_affine(y, 0.1, 1, -8, 7),
    lambda y: torch.fake_quantize_per_tensor_affine(y, SCALES[1:2], ZEROS[1:2], -8, 7),
    lambda y: torch.fake_quantize_per_channel_affine(y, SCALES, ZEROS, 1, -8, 7),
]


@pytest.mark.parametrize("quantised", QUANTISED)
def test_fake_quantisation_has_the_slope_that_pytorch_gives_it(quantised):
    x = torch.linspace(-1.0, 1.0, 12).reshape(4, 3)

    assert only(gradtui.check(lambda x: quantised(Doubled.apply(x)), x)).rule == "straight-through"
    finding = only(gradtui.check(lambda x: quantised(Tripled.apply(x)), x))
    assert (finding.severity, finding.fix) == ("error", "return g * 2")


class Neuron(Function):
    """Returns the membrane beside its spikes."""

    @staticmethod
    def forward(ctx, u):
        ctx.save_for_backward(u)
        return 2 * u, (u > 0.2).to(u.dtype)

    @staticmethod
    def backward(ctx, g, d):
        (u,) = ctx.saved_tensors
        return 2 * g + d / (10 * (u - 0.2).abs() + 1) ** 2


class NeuronDoubled(Neuron):
    @staticmethod
    def backward(ctx, g, d):
        (u,) = ctx.saved_tensors
        return 4 * g + d / (10 * (u - 0.2).abs() + 1) ** 2


def test_one_of_several_results_may_jump():
    right, wrong = (only(gradtui.check(one, u())) for one in (Neuron, NeuronDoubled))

    assert (right.rule, right.severity, wrong.severity) == ("straight-through", "info", "error")
    assert wrong.fix == "return 2 * g + d / (10 * (u - 0.2).abs() + 1) ** 2"


class Leaky(Function):
    """A slope of its own for each level of a step."""

    @staticmethod
    def forward(ctx, x, below):
        y = (x > 0).to(x.dtype)
        ctx.save_for_backward(y)
        ctx.below = below
        return y

    @staticmethod
    def backward(ctx, g):
        (y,) = ctx.saved_tensors
        return torch.where(y > 0, g, ctx.below * g), None


class LeakyTurned(Leaky):
    @staticmethod
    def backward(ctx, g):
        return -Leaky.backward(ctx, g)[0], None


@pytest.mark.parametrize(
    ("function", "below", "severity"),
    [(Leaky, 0.1, "info"), (Leaky, -0.1, "error"), (LeakyTurned, 0.1, "error")],
)
@pytest.mark.usefixtures("unsearched")
def test_each_side_of_a_step_may_have_a_slope_that_goes_with_it(function, below, severity):
    code = lambda w: (function.apply(w.tanh(), below) + w).sin().sum()  # noqa: E731

    assert only(gradtui.check(code, u().requires_grad_())).severity == severity


def test_the_time_that_it_takes_to_learn_a_slope_is_not_the_code_s(monkeypatch):
    def slowly(*given):
        time.sleep(1.0)
        return curve_of(*given)

    limits = Limits(least=0.3, computing=0.3, times=1)
    monkeypatch.setattr("gradtui.diagnosis.recorded.patience._LIMITS", limits)
    monkeypatch.setattr("gradtui.recording.torch.jumping.curve_of", slowly)
    code = lambda w: (Leaky.apply(w.tanh(), 0.1) + w).sin().sum()  # noqa: E731

    assert only(gradtui.check(code, u().requires_grad_())).severity == "info"
