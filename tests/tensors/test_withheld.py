"""Gradients that are calculated in a branch that a mistaken condition keeps shut."""

import pytest

from findings import only
from planted import Planted, repaired

torch = pytest.importorskip("torch")


class Affine(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, weight, bias, learnable):
        ctx.save_for_backward(x, weight, bias)
        ctx.learnable = learnable
        out = x @ weight
        return out if bias is None else out + bias

    @staticmethod
    def backward(ctx, g):
        x, weight, shift = ctx.saved_tensors
        g_x = g_weight = g_bias = None
        has_bias = shift is not None
        if ctx.needs_input_grad[0]:
            g_x = g @ weight.t()
        if ctx.learnable:
            g_weight = x.t() @ g
        if has_bias:
            g_bias = g.sum(0)
        return g_x, g_weight, g_bias, None


def affine(x, weight, bias):
    return (Affine.apply(x, weight, bias, True) ** 2).sum()


def affine_of_constant(x, weight):
    return (Affine.apply(x.detach(), weight, None, True) ** 2).sum()


def fixed_weight(x, weight, bias):
    return (Affine.apply(x, weight, bias, False) ** 2).sum()


class Gathered(torch.autograd.Function):
    @staticmethod
    def forward(ctx, index, table, shift):
        ctx.save_for_backward(index)
        ctx.rows = table.shape[0]
        return table[index] + shift

    @staticmethod
    def backward(ctx, g):
        g_table = g_shift = None
        _, _, wants_shift = ctx.needs_input_grad
        if ctx.needs_input_grad[-2]:
            (index,) = ctx.saved_tensors
            g_table = g.new_zeros(ctx.rows, g.shape[1]).index_add_(0, index, g)
        if wants_shift:
            g_shift = g.sum(0)
        return None, g_table, g_shift


def gathered(weight, bias):
    return (Gathered.apply(torch.tensor([1, 0, 1]), weight, bias) ** 3).sum()


class Scaled(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, factor, offset):
        ctx.save_for_backward(x, factor)
        return x**2 * factor + offset

    @staticmethod
    def backward(ctx, g):
        x, factor = ctx.saved_tensors
        g_factor, g_offset = None, None
        if factor is not None and ctx.needs_input_grad[1]:
            g_factor = (g * x**2).sum(0)
            g_offset = g.sum(0)
        return 2 * g * x * factor, g_factor, g_offset


def scaled(x, scale, offset):
    return Scaled.apply(x, scale, offset).sin().sum()


class Tilted(torch.autograd.Function):
    @staticmethod
    def forward(x, slope):
        return x * slope

    @staticmethod
    def setup_context(ctx, inputs, output):
        x, slope = inputs
        ctx.save_for_backward(x, slope)
        ctx.tilts = slope is not None

    @staticmethod
    def backward(ctx, g):
        x, slope = ctx.saved_tensors
        return g * slope, (g * x).sum(0) if ctx.tilts else None


def tilted(x, scale):
    return (Tilted.apply(x, 2 * scale) ** 2).sum()


class Squared(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, target):
        ctx.save_for_backward(x, target)
        return ((x - target) ** 2).sum()

    @staticmethod
    def backward(ctx, g):
        x, target = ctx.saved_tensors
        g_target = None
        return 2 * g * (x - target), g_target


def squared(x, target):
    return Squared.apply(x, target)


class Centred(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, running, training):
        ctx.training = training
        return x - (x.mean(0) if training else running)

    @staticmethod
    def backward(ctx, g):
        g_running = None
        g_x = g - g.mean(0) if ctx.training else g
        return g_x, g_running, None


def centred(x, scale):
    return (Centred.apply(x, scale, False) ** 3).sum()


MISTAKES = [
    (affine, ["bias"], "has_bias = shift is not None", "has_bias = shift is None"),
    (affine, ["bias"], "has_bias = shift is not None", "has_bias = g_bias is not None"),
    (affine, ["x"], "if ctx.needs_input_grad[0]:", "if ctx.needs_input_grad[3]:"),
    (gathered, ["weight"], "if ctx.needs_input_grad[-2]:", "if ctx.needs_input_grad[-3]:"),
    (scaled, ["scale", "offset"], "if factor is not None and ctx", "if factor is None and ctx"),
    (tilted, ["scale"], "ctx.tilts = slope is not None", "ctx.tilts = slope is None"),
]
"""The program, the arguments without a gradient, the text, and the mistake in its place."""
SOUND = [affine, affine_of_constant, fixed_weight, gathered, scaled, tilted, squared, centred]


def arrays(*wanting):
    draw = torch.Generator().manual_seed(5)
    shapes = {"x": (5, 3), "weight": (3, 2), "bias": (2,), "scale": (3,), "offset": (3,)}
    found = {
        name: torch.randn(*shape, generator=draw, dtype=torch.float64)
        for name, shape in ({**shapes, "target": (5, 3)}).items()
    }
    return {name: one.requires_grad_(name in wanting) for name, one in found.items()}


@pytest.mark.parametrize("function", SOUND)
def test_a_gradient_that_is_meant_to_be_none_is_no_error(function, tmp_path):
    planted = Planted(__file__, tmp_path, arrays())

    assert planted.errors(planted.wrong("", ""), function.__name__) == []


def test_what_is_not_asked_for_is_not_withheld(tmp_path):
    planted = Planted(__file__, tmp_path, arrays("weight", "bias"))

    assert planted.errors(planted.wrong("", ""), "affine") == []


@pytest.mark.parametrize("wanting", [False, True])
@pytest.mark.parametrize(("function", "names", "right", "wrong"), MISTAKES)
def test_the_condition_that_keeps_a_branch_shut_is_named(
    function, names, right, wrong, wanting, tmp_path
):
    own = function.__code__.co_varnames[: function.__code__.co_argcount] if wanting else ()
    planted = Planted(__file__, tmp_path, arrays(*own))
    text = planted.wrong(right, wrong)

    found = only(planted.errors(text, function.__name__))

    assert (found.rule, found.target, found.line) == ("no-gradient", names[0], planted.line(right))
    assert found.evidence == {"gradients": names}
    assert found.message.startswith(f"no gradient is returned for {', '.join(names)}: it depends")
    assert found.fix.startswith(right)
    assert planted.errors(repaired(text, found), function.__name__) == []


def test_a_branch_whose_gradient_is_wrong_too_has_no_fix(tmp_path):
    _, _, right, wrong = MISTAKES[0]
    planted = Planted(__file__, tmp_path, arrays())
    text = planted.wrong(right, wrong).replace("g_bias = g.sum(0)", "g_bias = 3 * g.sum(0)")

    found = only(planted.errors(text, "affine"))

    assert (found.target, found.line, found.fix) == ("bias", planted.line(right), None)


def test_the_repair_of_one_gradient_may_give_another(tmp_path):
    right, wrong = "if factor is not None and ctx.needs_input_grad[1]:", "if offset is None:"
    planted = Planted(__file__, tmp_path, arrays())
    text = planted.wrong(right, wrong).replace("x, factor = ctx", "x, factor, offset = ctx")
    text = text.replace(
        "ctx.save_for_backward(x, factor)", "ctx.save_for_backward(x, factor, offset)"
    )

    found = only(planted.errors(text, "scaled"))

    assert found.evidence == {"gradients": ["scale", "offset"]}
    assert found.fix == "if offset is not None:"


def test_a_need_in_the_place_of_another_has_no_fix(tmp_path):
    right, wrong = "_, _, wants_shift", "wants_shift, _, _"
    planted = Planted(__file__, tmp_path, arrays())

    found = only(planted.errors(planted.wrong(right, wrong), "gathered"))

    assert (found.target, found.line, found.fix) == ("bias", planted.line("if wants_shift:"), None)


def test_a_setting_beside_the_condition_may_keep_the_branch_shut(tmp_path):
    planted = Planted(__file__, tmp_path, arrays())
    text = planted.wrong("if has_bias:", "if has_bias and not ctx.learnable:")

    assert planted.errors(text, "affine") == []
