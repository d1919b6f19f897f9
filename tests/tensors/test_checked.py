"""What could end the process is refused in a run of edited code, and there alone."""

import pytest

import gradtui

torch = pytest.importorskip("torch")
Checked = pytest.importorskip("gradtui.recording.checked").Checked
PyTorch = pytest.importorskip("gradtui.recording.torch.library").PyTorch
RNG = torch.Generator().manual_seed(2)


def test_pivots_of_other_matrices_are_refused_while_code_is_edited():
    whole, pivots = torch.linalg.lu_factor(torch.randn(2, 5, 5, generator=RNG))
    usual = torch.lu_unpack
    with Checked(lambda: None, PyTorch(by_autograd=True).checked()):
        torch.lu_unpack(whole, pivots)
        for others in (pivots.T, pivots[:1], torch.cat([pivots, pivots])):
            with pytest.raises(ValueError, match="rows of pivots"):
                torch.lu_unpack(whole, others)
    assert torch.lu_unpack is usual


class Scaling(torch.autograd.Function):
    """Keeps what a module hands it."""

    @staticmethod
    def forward(ctx, x, held):
        ctx.held = held[0]
        return x * held[0]

    @staticmethod
    def backward(ctx, g):
        return g * ctx.held, None


class Holder(torch.nn.Module):
    """A module that gives names of its methods to others."""

    def __init__(self):
        super().__init__()
        self.register_buffer("scale", torch.tensor([2.0, 3.0], dtype=torch.float64))
        self.buffers = (self.scale,)
        self.parameters = []

    def forward(self, x):
        return Scaling.apply(x, self.buffers)


def test_a_module_may_name_its_own_after_methods():
    x = torch.randn(4, 2, generator=RNG, dtype=torch.float64, requires_grad=True)
    held = Holder()
    assert gradtui.check(held, x) == []
    assert gradtui.check(lambda x: held(x), x) == []
