"""Code that frees the memory of its tensors and takes it again, to save some."""

import pytest

import gradtui
from findings import line_of, only

torch = pytest.importorskip("torch")
A = torch.linspace(0.3, 1.7, 12, dtype=torch.float64).reshape(3, 4)
B = torch.linspace(-1.3, 1.2, 12, dtype=torch.float64).reshape(3, 4)
OLD = not hasattr(torch.utils, "swap_tensors")


class Scaled(torch.autograd.Function):
    """Frees its input, which it computes again from what it has made of it."""

    @staticmethod
    def forward(ctx, x, w):
        y = x * 2.0
        ctx.save_for_backward(x, y, w)
        out = y * w
        x.untyped_storage().resize_(0)
        return out

    @staticmethod
    def backward(ctx, g):
        x, y, w = ctx.saved_tensors
        if x.untyped_storage().nbytes() == 0:
            x.untyped_storage().resize_(y.numel() * y.element_size())
            x.copy_(y / 2.0)
        return g * w * 2.0, g * 2.0 * x


class Wrong(Scaled):
    @staticmethod
    def backward(ctx, g):
        x, y, w = ctx.saved_tensors
        x.storage().resize_(y.numel())
        x[:] = y / 2.0
        dx = g * w
        dw = g * 2.0 * x
        return dx * 2.0, dw * w


class Forgotten(Scaled):
    @staticmethod
    def backward(ctx, g):
        x, y, w = ctx.saved_tensors
        x.storage().resize_(y.numel())
        return g * w * 2.0, g * 2.0 * x


class Left(torch.autograd.Function):
    """Lets a result go, whose memory the next one then takes."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        y = x * 2.0
        out = y + x
        y.data = torch.empty(0, dtype=x.dtype)
        return out * (x + 1.0)

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g * (6.0 * x + 3.0)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize("args", [(Scaled, A, B), (Left, A)])
def test_code_that_frees_its_input_is_judged(args, dtype):
    function, *given = args
    assert gradtui.check(function, *[one.to(dtype) for one in given]) == []


def freeing(x, w):
    y = x * 2.0
    x.untyped_storage().resize_(0)
    return (y * w).sum(), (2.0 * w, y)


def test_so_is_code_that_returns_its_gradients():
    assert gradtui.check(freeing, A, B) == []


@pytest.mark.filterwarnings("ignore:TypedStorage")
def test_a_mistake_beside_it_is_found():
    finding = only(gradtui.check(Wrong, A, B))
    assert (finding.line, finding.fix) == (line_of(Wrong.backward, 7), "return dx * 2.0, dw")


@pytest.mark.filterwarnings("ignore:TypedStorage")
@pytest.mark.skipif(OLD, reason="on PyTorch 2.1 memory taken again may hold the old numbers")
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_what_is_freed_and_not_computed_again_is_no_right_value(dtype):
    findings = gradtui.check(Forgotten, A.to(dtype), B.to(dtype))
    assert "gradient of w" in only(findings).message


@pytest.mark.filterwarnings("ignore:TypedStorage")
@pytest.mark.skipif(OLD, reason="PyTorch before 2.3")
def test_a_tensor_that_edited_code_returns_is_as_before_after_a_check():
    gradtui.check(Forgotten, A, B)
    assert A.is_leaf and not A.requires_grad


def test_storages_are_as_before_after_a_check():
    gradtui.check(Scaled, A, B)
    storage = A.clone().untyped_storage()
    assert storage.resize_(0).nbytes() == 0
    assert not {"resize_", "nbytes"} & vars(torch.UntypedStorage).keys()


@pytest.mark.parametrize("double", [False, True])
def test_a_tensor_that_a_run_resizes_is_restored(double):
    def run():
        return buffer

    from gradtui.recording.torch.kept import TensorsKept

    buffer = torch.arange(3.0)
    kept = TensorsKept(run, double=double)
    for restored in (kept.rewind, kept.put_back):
        buffer.resize_(2, 4).zero_()
        restored()
        assert buffer.tolist() == [0.0, 1.0, 2.0]
    assert buffer.dtype == torch.float32
