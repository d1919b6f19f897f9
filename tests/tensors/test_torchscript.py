"""Functions that TorchScript has compiled: Python runs them while code is checked or recorded."""

import warnings

import pytest

import gradtui
from findings import line_of, only

torch = pytest.importorskip("torch")
Function = torch.autograd.Function


def slope(y: torch.Tensor, g: torch.Tensor) -> torch.Tensor:
    return g * (1 - y)


def squared(x: torch.Tensor) -> torch.Tensor:
    y = x.sin() ** 2
    return y


with warnings.catch_warnings(action="ignore"):  # TorchScript is deprecated, and still used
    scripted = torch.jit.script(slope)

    class Tanh(Function):
        @staticmethod
        @torch.jit.script
        def value(x: torch.Tensor) -> torch.Tensor:
            return x.tanh()

        @staticmethod
        def forward(ctx, x):
            y = Tanh.value(x)
            ctx.save_for_backward(y)
            return y

        @staticmethod
        def backward(ctx, g):
            (y,) = ctx.saved_tensors
            return scripted(y, g)


def pairs(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    return torch.cartesian_prod([x, y]).prod(1)  # Python takes no list


with warnings.catch_warnings(action="ignore"):
    only_scripted = torch.jit.script(pairs)


class Pairs(Function):
    @staticmethod
    def forward(ctx, x, y):
        ctx.save_for_backward(x, y)
        return only_scripted(x, y)

    @staticmethod
    def backward(ctx, g):
        x, y = ctx.saved_tensors
        g = g.view(len(x), len(y))
        return g @ y, g.t() @ x


class Halved(Pairs):
    @staticmethod
    def backward(ctx, g):
        x, y = ctx.saved_tensors
        g = g.view(len(x), len(y))
        return g @ y / 2, g.t() @ x


def test_what_python_cannot_run_is_left_to_torchscript():
    assert not gradtui.check(Pairs, torch.randn(4), torch.randn(3))
    assert only(gradtui.check(Halved, torch.randn(4), torch.randn(3))).target == "x"


def test_a_line_inside_is_told():
    finding = only(gradtui.check(Tanh, torch.randn(4, 3)))

    assert (finding.line, finding.fix) == (line_of(slope, 1), "return g * (1 - y**2)")


def test_compiled_functions_are_put_back():
    before = Tanh.__dict__["value"].__func__

    gradtui.check(Tanh, torch.randn(4, 3))

    assert Tanh.__dict__["value"].__func__ is before
    assert isinstance(before, torch.jit.ScriptFunction)
    assert isinstance(scripted, torch.jit.ScriptFunction)


@pytest.mark.filterwarnings("ignore")
def test_pytorch_keeps_the_function_that_it_compiles():
    assert torch.jit.script(squared)._torchdynamo_inline is squared
