"""Kinks in code over tensors whose other side the given arguments do not reach."""

import pytest

import gradtui

torch = pytest.importorskip("torch")
Function = torch.autograd.Function
RNG = torch.Generator().manual_seed(0)
X = torch.randn(20, 3, generator=RNG, dtype=torch.float64)
SIGNS = torch.sign(X @ torch.tensor([1.0, -2.0, 0.5], dtype=torch.float64))
SMALL = torch.randn(3, generator=RNG, dtype=torch.float64) * 1e-4


def hinge(masked, bent):
    class Hinge(Function):
        @staticmethod
        def forward(ctx, w):
            left = 1 - SIGNS * (X @ w)
            ctx.save_for_backward(left)
            return bent(left).mean()

        @staticmethod
        def backward(ctx, g):
            (left,) = ctx.saved_tensors
            mask = (left > 0) if masked else torch.ones_like(left)
            return -g * X.T @ (SIGNS * mask) / 20

    return Hinge


BENT = [torch.relu, lambda left: left.clamp(min=0), lambda left: torch.where(left > 0, left, 0.0)]


@pytest.mark.parametrize("bent", BENT)
@pytest.mark.usefixtures("unsearched")
def test_a_hinge_without_its_mask_is_wrong_where_rows_are_beyond_the_kink(bent):
    found = gradtui.check(hinge(False, bent), SMALL.clone().requires_grad_())
    assert [one.severity for one in found] == ["error"]


@pytest.mark.parametrize("bent", BENT)
def test_a_hinge_with_its_mask_is_right_and_nothing_is_said(bent):
    assert gradtui.check(hinge(True, bent), SMALL.clone().requires_grad_()) == []


class Tripled(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return (x @ x).sum()

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        unit = torch.ones(3, 3, dtype=x.dtype)
        return g * (3.0 * unit @ x.T + 3.0 * x.T @ unit) / 3.0


def test_a_number_written_before_a_matrix_is_no_size_of_it():
    x = torch.linspace(0.1, 0.9, 9, dtype=torch.float64).reshape(3, 3)
    found = gradtui.check(Tripled, x)
    assert not any("stands for the size" in one.message for one in found)
    assert all(one.severity == "info" for one in found)


def bounded(function, mask):
    class Bounded(Function):
        @staticmethod
        def forward(ctx, z):
            ctx.save_for_backward(z)
            return function(z) ** 2

        @staticmethod
        def backward(ctx, g):
            (z,) = ctx.saved_tensors
            return 2 * g * function(z) * mask(z)

    return Bounded


F = torch.nn.functional
Z = torch.randn(5, 4, generator=RNG, dtype=torch.float64)
FAR = [
    (lambda z: z.clamp(-20, 20), "the first argument of clip is between the lower bound and the "
     "upper bound", "outside"),
    (lambda z: F.hardtanh(z, -20, 20), "the argument of hardtanh is between min_val and max_val",
     "outside"),
    (lambda z: F.threshold(z, -20.0, -20.0), "the argument of threshold is above threshold",
     "below"),
    (lambda z: F.hardshrink(z, 20.0), "the argument of hardshrink is between -lambd and lambd",
     "outside"),
    (lambda z: F.hardtanh_(z.clone(), -20, 20),
     "the argument of hardtanh is between min_val and max_val", "outside"),
    (lambda z: F.elu(z + 40), "the argument of elu is above 0", "below"),
]  # fmt: skip


@pytest.mark.parametrize(("function", "here", "there"), FAR)
def test_a_bend_of_an_operator_that_no_point_is_beyond_is_told(function, here, there):
    shrunk = function(torch.tensor([3.0])).item() == 0
    case = bounded(function, lambda z: 0.0 if shrunk else 1.0)
    (found,) = gradtui.check(case, Z.clone().requires_grad_())
    assert (found.rule, found.severity) == ("relies-on-data", "info")
    text = f"{here} at all points tried: what the gradients are where it is {there} is not compared"
    assert found.message == text


def inside(z):
    return (z.abs() < 2.0) * 1.0


@pytest.mark.parametrize("function", [lambda z: z.clamp(-2, 2), lambda z: F.hardtanh(z, -2, 2)])
def test_bounds_that_points_exceed_are_not_told(function):
    right = bounded(function, inside)
    assert gradtui.check(right, Z.clone().requires_grad_()) == []
    wrong = bounded(function, lambda z: (z > -2.0) * 1.0)
    assert [one.severity for one in gradtui.check(wrong, Z.clone().requires_grad_())] == ["error"]


def losses(delta):
    class Loss(Function):
        @staticmethod
        def forward(ctx, z):
            ctx.save_for_backward(z)
            return F.huber_loss(z, torch.zeros_like(z), reduction="none", delta=delta)

        @staticmethod
        def backward(ctx, g):
            (z,) = ctx.saved_tensors
            return g * z.clamp(-3.0, 3.0)

    return Loss


def test_a_loss_is_compared_far_from_its_target_or_that_is_told():
    assert gradtui.check(losses(3.0), Z.clone().requires_grad_()) == []
    found = gradtui.check(losses(2.5), Z.clone().requires_grad_())
    assert [one.severity for one in found] == ["error"]


@pytest.mark.parametrize("right", [True, False])
@pytest.mark.parametrize(
    "chosen",
    [
        lambda w: 2 if (w * w).sum().item() > 60 else 0,
        lambda w: torch.bucketize(w, torch.tensor([6.0, 8.0], dtype=w.dtype)),
        lambda w: 1 if (w > 2).all() else 0,
    ],
)
def test_what_is_chosen_by_a_number_an_index_or_a_whole_mask_is_tried_farther_out(chosen, right):
    def case(w):
        k = chosen(w)
        return ((k + 1) * w * w).sum(), 2 * ((k + 1) if right else 1) * w

    found = gradtui.check(case, torch.tensor([0.3, 0.25, 0.35], dtype=torch.float64))
    assert [one.severity for one in found] == ([] if right else ["error"])


class Shining(Function):
    """Gives a scale no gradient where nothing is lit."""

    @staticmethod
    def forward(ctx, x, scale):
        ctx.save_for_backward(x, scale)
        return x.clamp(min=0) * scale

    @staticmethod
    def backward(ctx, g):
        x, scale = ctx.saved_tensors
        lit = x > 0
        return g * scale * lit, (g * x * lit).sum() if lit.any() else None


class ShiningTurned(Shining):
    @staticmethod
    def backward(ctx, g):
        dx, dscale = Shining.backward(ctx, g)
        return dx, None if dscale is None else -dscale


def test_points_at_which_a_gradient_is_left_out_are_not_compared():
    x = torch.tensor([0.4], dtype=torch.float64, requires_grad=True)
    scale = torch.tensor(1.5, dtype=torch.float64, requires_grad=True)

    told = [one.severity for one in gradtui.check(Shining.apply, x, scale)]
    assert "error" not in told
    wrong = [one for one in gradtui.check(ShiningTurned.apply, x, scale) if one.severity == "error"]
    assert [one.target for one in wrong] == ["scale"]
