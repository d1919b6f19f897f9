"""Gradients returned in one another's places: what such a place cannot take, PyTorch drops."""

import pytest

import gradtui
from findings import only
from gradtui.cli.running import check_code

torch = pytest.importorskip("torch")


class Picked(torch.autograd.Function):
    @staticmethod
    def forward(ctx, rows, table, weight):
        ctx.save_for_backward(rows, table)
        return table[rows] * weight

    @staticmethod
    def backward(ctx, g):
        rows, table = ctx.saved_tensors
        g_table = torch.zeros_like(table).index_add_(0, rows, g * 2.0)
        g_weight = None
        return g_table, g_weight, None


class PickedWell(Picked):
    @staticmethod
    def backward(ctx, g):
        rows, table = ctx.saved_tensors
        g_table = torch.zeros_like(table).index_add_(0, rows, g * 2.0)
        g_weight = None
        return None, g_table, g_weight


class PickedDoubly(Picked):
    @staticmethod
    def backward(ctx, g):
        rows, table = ctx.saved_tensors
        g_table = torch.zeros_like(table).index_add_(0, rows, g * 4.0)
        return g_table, None, None


class Shifted(torch.autograd.Function):
    @staticmethod
    def forward(ctx, base, step):
        ctx.save_for_backward(base, step)
        return base + step**2

    @staticmethod
    def backward(ctx, g):
        _, step = ctx.saved_tensors
        g_base = None
        g_step = 2 * step * g
        return g_step, g_base


class Scaled(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, times, weight):
        ctx.save_for_backward(x, weight)
        ctx.times = times
        return times * x * weight

    @staticmethod
    def backward(ctx, g):
        x, weight = ctx.saved_tensors
        by_x = g * ctx.times * weight
        by_weight = g * ctx.times * x
        return by_x, by_weight, None


def rows_and_table():
    torch.manual_seed(3)
    rows = torch.tensor([2, 0, 2, 1])
    return rows, torch.randn(4, 3, dtype=torch.double, requires_grad=True), 2.0


def test_a_gradient_in_the_place_of_an_index_is_put_into_its_own():
    finding = only(gradtui.check(Picked, *rows_and_table()))
    assert (finding.rule, finding.severity) == ("no-gradient", "error")
    assert finding.fix == "return g_weight, g_table, None"
    assert finding.message == (
        "no gradient is returned for table: g_table and g_weight are returned in each other's "
        "places"
    )


def test_a_gradient_in_the_place_of_a_constant_is_put_into_its_own():
    base = torch.randn(5, dtype=torch.double)
    step = torch.randn(5, dtype=torch.double, requires_grad=True)
    finding = only(gradtui.check(Shifted, base, step))
    assert (finding.target, finding.fix) == ("step", "return g_base, g_step")


def test_a_gradient_in_the_place_of_a_number_is_put_into_its_own():
    x, weight = (torch.randn(4, dtype=torch.double, requires_grad=True) for _ in range(2))
    finding = only(gradtui.check(Scaled, x, 3, weight))
    assert (finding.target, finding.fix) == ("weight", "return by_x, None, by_weight")


def test_in_their_own_places_they_are_right():
    finding = only(gradtui.check(PickedWell, *rows_and_table()))
    assert finding.severity == "info" and "right only where weight is 2" in finding.message


def test_an_exchange_that_leaves_a_gradient_wrong_is_not_offered():
    finding = only(gradtui.check(PickedDoubly, *rows_and_table()))
    assert (finding.rule, finding.fix) == ("no-gradient", None)


MADE_BESIDE = """
import torch

class Halves(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.set_materialize_grads(False)
        return x / 2, x / 2

    @staticmethod
    def backward(ctx, g, h):
        if g is None or h is None: return None
        return (g + h) / 2

def case(
    ): return lambda x: Halves.apply(x)[1].sum(), torch.ones(3, requires_grad=True)
"""


def test_what_cannot_be_exchanged_in_its_line_is_told_as_missing(tmp_path):
    path = tmp_path / "halves.py"
    path.write_text(MADE_BESIDE, encoding="utf-8")
    finding = only(check_code(f"{path}:case").findings)
    assert finding.message == "no gradient is returned for x, which should be judged"


FORGOTTEN = """
import torch

class Affine(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, weight, bias):
        ctx.save_for_backward(x, weight)
        return x @ weight + bias

    @staticmethod
    def backward(ctx, g):
        x, weight = ctx.saved_tensors
        g_x, g_weight = g @ weight.T, x.T @ g
        if ctx.needs_input_grad[2]:
            g_bias = g.sum(0)
        return g_x, g_weight, None

def drawn(*shape):
    return torch.randn(*shape, dtype=torch.double, requires_grad=True)

def case(x=drawn(4, 3), weight=drawn(3, 2), bias=drawn(2)):
    return Affine.apply(x, weight, bias)
"""


def test_a_gradient_that_is_calculated_and_not_returned_is_returned(tmp_path):
    path = tmp_path / "affine.py"
    path.write_text(FORGOTTEN, encoding="utf-8")
    finding = only(check_code(f"{path}:case").findings)
    assert (finding.line, finding.fix) == (16, "return g_x, g_weight, g_bias")
    assert "g_bias is calculated and not returned" in finding.message


def test_a_gradient_in_the_place_of_a_constant_is_put_into_its_own_within_a_case(tmp_path):
    path = tmp_path / "masked.py"
    text = FORGOTTEN.replace("x, weight, bias):", "x, weight, bias, mask):").replace(
        "(x, weight, bias)\n", "(x, weight, bias, torch.ones(3))\n"
    )
    path.write_text(text.replace("g_weight, None", "g_weight, None, g_bias"), encoding="utf-8")
    finding = only(check_code(f"{path}:case").findings)
    assert (finding.line, finding.fix) == (16, "return g_x, g_weight, g_bias, None")
    assert "None and g_bias are returned in each other's places" in finding.message
