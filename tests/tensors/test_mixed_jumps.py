"""Custom functions that compute with a jump: neurons that a spike resets, learned thresholds."""

import pytest

import gradtui
from findings import only

torch = pytest.importorskip("torch")
from gradtui.recording.torch.handing import context_for  # noqa: E402
from gradtui.recording.torch.mixed import Called  # noqa: E402

Function = torch.autograd.Function

RNG = torch.Generator().manual_seed(3)


def drawn(*shape):
    return torch.randn(*shape, generator=RNG, dtype=torch.float64)


class Reset(Function):
    """A spike, and the membrane that it sets to 0."""

    @staticmethod
    def forward(ctx, u):
        spike = (u > 0.3).to(u.dtype)
        ctx.save_for_backward(u, spike)
        return spike, u * (1 - spike)

    @staticmethod
    def backward(ctx, g, d):
        u, spike = ctx.saved_tensors
        slope = 1 / (1 + 5 * (u - 0.3).abs()) ** 2
        return (g - d * u) * slope + d * (1 - spike)


class ResetHeld(Reset):
    """Takes the reset for a constant."""

    @staticmethod
    def backward(ctx, g, d):
        u, spike = ctx.saved_tensors
        slope = 1 / (1 + 5 * (u - 0.3).abs()) ** 2
        return g * slope + d * (1 - spike)


class ResetTurned(Reset):
    @staticmethod
    def backward(ctx, g, d):
        u, spike = ctx.saved_tensors
        slope = 1 / (1 + 5 * (u - 0.3).abs()) ** 2
        return (g + d * u) * slope + d * (1 - spike)


class ResetWithout(Reset):
    """Forgets what the membrane is without a spike."""

    @staticmethod
    def backward(ctx, g, d):
        u, _ = ctx.saved_tensors
        slope = 1 / (1 + 5 * (u - 0.3).abs()) ** 2
        return (g - d * u) * slope


class ResetSilent(Reset):
    """Forgets the spike, though not the reset."""

    @staticmethod
    def backward(ctx, g, d):
        u, spike = ctx.saved_tensors
        slope = 1 / (1 + 5 * (u - 0.3).abs()) ** 2
        return -d * u * slope + d * (1 - spike)


class ResetElsewhere(Reset):
    """Its slope is around another number than the threshold."""

    @staticmethod
    def backward(ctx, g, d):
        u, spike = ctx.saved_tensors
        slope = 1 / (1 + 5 * (u - 1).abs()) ** 2
        return (g - d * u) * slope + d * (1 - spike)


FAST = "with the slope of a fast sigmoid, 1/(1 + 5*abs(u - 0.3))**2"


@pytest.mark.parametrize(
    ("function", "told"),
    [
        (Reset, f"{FAST} (Zenke and Ganguli, 2018): that slope is not judged"),
        (ResetHeld, "; the jump in result 2 is taken for a constant"),
    ],
)
def test_a_reset_has_the_slope_of_the_spike_or_none(function, told):
    finding = only(gradtui.check(function, drawn(5, 4)))

    assert (finding.rule, finding.severity) == ("straight-through", "info")
    assert told in finding.message


def test_a_spike_whose_gradient_is_forgotten_is_wrong():
    finding = only(gradtui.check(ResetSilent, drawn(5, 4)))

    assert (finding.rule, finding.severity) == ("missing-path", "error")
    assert "class ResetSilent" in _class_of(finding)


@pytest.mark.parametrize(
    ("function", "right"),
    [
        (Reset, True), (ResetHeld, True), (ResetTurned, False), (ResetWithout, False),
        (ResetElsewhere, None),
    ],
)  # fmt: skip
def test_a_reset_is_right_with_one_slope_at_the_spike(function, right):
    found = called(function, drawn(5, 4))

    assert (found and found.right) == right


def called(function, *args):
    """Return what the backward half of a function should add to the slopes beside its jump."""
    own = [one.requires_grad_() if isinstance(one, torch.Tensor) else one for one in args]
    return Called(function.apply, lambda *a: function.forward(context_for(a), *a), own).mixed()


def _class_of(finding):
    with open(finding.place.file, encoding="utf-8") as file:
        lines = file.read().splitlines()[: finding.line]
    return next(line for line in reversed(lines) if line.startswith("class "))


class Leaky(Function):
    """One step of a leaky neuron, reset by subtraction."""

    @staticmethod
    def forward(ctx, v, i, decay):
        u = decay * v + i
        spike = (u >= 1.0).to(u.dtype)
        ctx.save_for_backward(u)
        ctx.decay = decay
        return spike, u - spike

    @staticmethod
    def backward(ctx, g, d):
        (u,) = ctx.saved_tensors
        du = (g - d) / (1 + (4 * (u - 1.0)) ** 2) + d
        return ctx.decay * du, du, None


class LeakyForgetful(Leaky):
    @staticmethod
    def backward(ctx, g, d):
        (u,) = ctx.saved_tensors
        du = (g - d) / (1 + (4 * (u - 1.0)) ** 2) + d
        return du, du, None


def test_neurons_in_a_loop_are_judged_beside_their_jumps():
    def net(x, w):
        v, total = torch.zeros(3, 2, dtype=x.dtype), 0.0
        for t in range(3):
            spike, v = Leaky.apply(v, x[t] @ w, 0.8)
            total = total + (spike * (t + 1)).sum()
        return total + (v**2).sum()

    finding = only(gradtui.check(net, drawn(3, 3, 4), drawn(4, 2)))
    assert finding.severity == "info"


class Adaptive(Function):
    """A spike at a threshold that an argument moves by more than it changes."""

    @staticmethod
    def forward(ctx, u, a):
        ctx.save_for_backward(u, a)
        return (u - (1.0 + 1.8 * a) >= 0).to(u.dtype)

    @staticmethod
    def backward(ctx, g):
        u, a = ctx.saved_tensors
        slope = 1 / (1 + (3 * (u - (1.0 + 1.8 * a))) ** 2)
        return g * slope, -1.8 * g * slope


class AdaptiveUnscaled(Adaptive):
    @staticmethod
    def backward(ctx, g):
        slope, _ = Adaptive.backward(ctx, g)
        return slope, -slope


@pytest.mark.parametrize(("neuron", "right"), [(Adaptive, True), (AdaptiveUnscaled, False)])
@pytest.mark.usefixtures("unsearched")
def test_what_moves_a_threshold_has_the_slope_of_that(neuron, right):
    assert called(neuron, drawn(5, 4), drawn(5, 4).abs()).right == right
    severities = {one.severity for one in gradtui.check(neuron, drawn(5, 4), drawn(5, 4).abs())}
    assert ("error" in severities) != right


@pytest.mark.parametrize(("neuron", "right"), [(Leaky, True), (LeakyForgetful, False)])
def test_a_leaky_neuron_passes_on_its_leak(neuron, right):
    assert called(neuron, drawn(3, 2), drawn(3, 2), 0.8).right == right


class Gate(Function):
    """Keeps what is above a learned threshold, whose gradient a kernel estimates."""

    @staticmethod
    def forward(ctx, x, least, width):
        ctx.save_for_backward(x, least)
        ctx.width = width
        return x * (x > least)

    @staticmethod
    def backward(ctx, g):
        x, least = ctx.saved_tensors
        near = ((x - least).abs() < ctx.width / 2).to(x.dtype)
        return g * (x > least), -(least / ctx.width * near * g).sum(0), None


class GateMean(Gate):
    @staticmethod
    def backward(ctx, g):
        x, least = ctx.saved_tensors
        near = ((x - least).abs() < ctx.width / 2).to(x.dtype)
        return g * (x > least), -(least / ctx.width * near * g).mean(0), None


class GateUndivided(Gate):
    @staticmethod
    def backward(ctx, g):
        x, least = ctx.saved_tensors
        near = ((x - least).abs() < ctx.width / 2).to(x.dtype)
        return g * (x > least), -(least * near * g).sum(0), None


class GateTurned(Gate):
    @staticmethod
    def backward(ctx, g):
        x, least = ctx.saved_tensors
        near = ((x - least).abs() < ctx.width / 2).to(x.dtype)
        return g * (x > least), (least / ctx.width * near * g).sum(0), None


class GateOpen(Gate):
    """Passes what is kept at 0, not at the threshold."""

    @staticmethod
    def backward(ctx, g):
        x, least = ctx.saved_tensors
        near = ((x - least).abs() < ctx.width / 2).to(x.dtype)
        return g * (x > 0), -(least / ctx.width * near * g).sum(0), None


def gated(function):
    x, least = drawn(20, 4).abs(), torch.tensor([0.3, 0.4, 0.5, 0.35], dtype=torch.float64)
    return gradtui.check(function, x, least, 0.4)


def test_a_threshold_may_have_a_kernel_for_a_slope_alone():
    finding = only(gated(Gate))

    assert (finding.target, finding.severity) == ("least", "info")
    assert "with a rectangle for a slope, 2.5 high and 0.4 wide" in finding.message
    assert "it reaches the threshold alone; the height of the jump is that at the threshold" in (
        finding.message
    )


@pytest.mark.parametrize(
    ("function", "target"),
    [(GateMean, "least"), (GateUndivided, "least"), (GateOpen, "x")],
)
@pytest.mark.usefixtures("unsearched")
def test_another_gradient_of_a_threshold_is_wrong(function, target):
    (wrong,) = [one for one in gated(function) if one.severity == "error"]

    assert wrong.target == target
    assert "class " + function.__name__ in _class_of(wrong)


@pytest.mark.usefixtures("unsearched")
def test_a_threshold_turned_is_wrong():
    x, least = drawn(20, 4).abs(), torch.tensor([0.3, 0.4, 0.5, 0.35], dtype=torch.float64)

    assert called(Gate, x, least, 0.4).right
    assert not called(GateTurned, x, least, 0.4).right


class Spike(Function):
    """A spike at 1, whose slope is around a number."""

    @staticmethod
    def forward(ctx, u, around):
        ctx.save_for_backward(u)
        ctx.around = around
        return (u > 1.0).to(u.dtype)

    @staticmethod
    def backward(ctx, g):
        (u,) = ctx.saved_tensors
        return g / (1 + (4 * (u - ctx.around)) ** 2), None


class Window(Spike):
    @staticmethod
    def backward(ctx, g):
        (u,) = ctx.saved_tensors
        return g * ((u - ctx.around).abs() < 0.5), None


@pytest.mark.parametrize("spike", [Spike, Window])
@pytest.mark.parametrize(("around", "severity"), [(1.0, "info"), (0.0, "error")])
@pytest.mark.usefixtures("unsearched")
def test_a_slope_belongs_where_the_jump_is(spike, around, severity):
    def code(u, w):
        return (spike.apply(u @ w, around) * torch.arange(8.0).reshape(4, 2)).sum()

    finding = only(gradtui.check(code, drawn(4, 3), drawn(3, 2)))
    assert finding.severity == severity


@pytest.mark.parametrize(("around", "severity"), [(1.0, "info"), (0.0, "error")])
@pytest.mark.usefixtures("unsearched")
def test_a_single_element_near_a_jump_does_not_tell_its_slope(around, severity):
    u = [[0.585, 1.51, 1.323], [-0.826, 0.615, 0.11], [-0.698, -0.016, -0.512],
         [0.069, 0.025, 0.449]]  # fmt: skip
    w = [[-0.183, -2.238], [-1.166, 0.648], [-3.357, -0.812]]

    def code(u, w):
        return (Window.apply(u @ w, around) * torch.arange(8.0).reshape(4, 2)).sum()

    finding = only(gradtui.check(code, *map(torch.DoubleTensor, (u, w))))

    assert finding.severity == severity
