"""Results that code rounds to single precision, though its arguments are double."""

import numpy as np
import pytest

import gradtui

torch = pytest.importorskip("torch")
LEFT = float(np.float32(1.1) - np.float32(1) - np.float32(0.1))
"""What single precision leaves of a zero: 2e-8."""


class Cancelling(torch.autograd.Function):
    """Computed by NumPy, unseen, and returned in PyTorch's default type; x[0] cancels out."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        a, b = x.detach().numpy()
        return torch.FloatTensor([1.1 * a - a - 0.1 * a + np.sin(b), 2 * np.sin(b)])

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return torch.stack([g[0] * LEFT, (g[0] + 2 * g[1]) * torch.cos(x[1])])


class Wrong(Cancelling):
    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return torch.stack([g[0] * LEFT, (g[0] + g[1]) * torch.cos(x[1])])


@pytest.mark.usefixtures("numpys_arrays")
@pytest.mark.parametrize(("function", "wrong"), [(Cancelling, False), (Wrong, True)])
def test_what_rounding_leaves_of_a_zero_is_right_and_other_elements_are_compared(function, wrong):
    found = gradtui.check(function, torch.tensor([0.7, -0.4]))

    assert any(one.severity == "error" for one in found) is wrong


LIBRARY = torch.library.Library("gradtui_roundings", "DEF")
LIBRARY.define("quarters(Tensor x) -> Tensor")
LIBRARY.impl("quarters", lambda x: torch.from_numpy(np.round(x.numpy() * 4) / 4), "CPU")


class Quarters(torch.autograd.Function):
    """Rounded by a kernel of its own, which no recording sees inside."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return torch.ops.gradtui_roundings.quarters(x)

    @staticmethod
    def backward(ctx, g):
        return g


class Turned(Quarters):
    @staticmethod
    def backward(ctx, g):
        return -g


class Scaled(Quarters):
    @staticmethod
    def backward(ctx, g):
        return g * ctx.saved_tensors[0]


@pytest.mark.usefixtures("numpys_arrays")
@pytest.mark.parametrize(
    ("function", "severity"), [(Quarters, "info"), (Turned, "error"), (Scaled, "error")]
)
def test_what_a_kernel_rounds_is_passed_as_other_rounding_is(function, severity):
    found = gradtui.check(function, torch.linspace(-1.2, 2.1, 6, dtype=torch.float64))

    assert found[0].severity == severity
    assert "passes through quarters" in found[0].message


class Pooled(torch.autograd.Function):
    """The two smallest numbers become their mean, unseen; the gradient is handed on as it is."""

    @staticmethod
    def forward(ctx, x):
        found = x.detach().numpy().copy()
        least = np.argsort(found)[:2]
        found[least] = found[least].mean()
        return torch.from_numpy(found)

    @staticmethod
    def backward(ctx, g):
        return g


@pytest.mark.usefixtures("numpys_arrays")
def test_what_a_recording_misses_is_not_taken_for_flat():
    def case(x):
        y = Pooled.apply(x)
        above = torch.clamp(y - 0.1, min=0) ** 3
        return above.sum() + (y**2 * torch.arange(6)).sum()

    x = torch.tensor([2.0, -1.5, 0.3, 1.2, -0.2, 0.9], dtype=torch.float64)
    found = gradtui.check(case, x)
    (wrong,) = [one for one in found if one.severity == "error"]
    # Both are 2 * -0.85 * (1 + 4) / 2 for the mean -0.85, and not 2 * -0.85 for x[1].
    assert (wrong.evidence["element"], wrong.evidence["claimed"]) == ([1], pytest.approx(-1.7))
    assert wrong.evidence["true"] == pytest.approx(-4.25)


TABLE = torch.linspace(1, 2, 3, dtype=torch.float64)


class Weighed(torch.autograd.Function):
    """A weighted sum, by NumPy; `kept` is the memory of the weights themselves."""

    @staticmethod
    def forward(ctx, x, table):
        ctx.save_for_backward(table)
        return torch.tensor(x.detach().numpy() @ table.numpy())

    @staticmethod
    def backward(ctx, g):
        (table,) = ctx.saved_tensors
        kept, found = table.numpy(), np.zeros(3)
        np.add.at(kept, np.arange(3), 0.0 * kept)
        np.add.at(found, np.arange(3), float(g) * kept * kept)
        return torch.from_numpy(found), None


@pytest.mark.usefixtures("numpys_arrays")
def test_what_numpy_writes_into_a_tensor_is_undone():
    before = TABLE.clone()
    x = torch.tensor([0.5, -1.0, 2.0], dtype=torch.float64)

    found = gradtui.check(lambda x: Weighed.apply(x, TABLE) ** 2, x)

    assert any(one.severity == "error" for one in found)
    assert torch.equal(TABLE, before)
