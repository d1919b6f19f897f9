"""Implicit layers: a fixed point found without recording, whose gradient is that of the whole."""

import pytest

import gradtui
from findings import only

torch = pytest.importorskip("torch")


def layer(sign):
    """Return z = tanh(z/2 + x) at its fixed point, where dz/dx = s/(1 - s/2) with s = 1 - z²."""

    class Step(torch.autograd.Function):
        @staticmethod
        def forward(ctx, z, x):
            found = torch.tanh(z / 2 + x)
            ctx.save_for_backward(found)
            return found

        @staticmethod
        def backward(ctx, g):
            (z,) = ctx.saved_tensors
            s = 1 - z**2
            return None, g * s / (1 + sign * s / 2)

    def whole(x):
        with torch.no_grad():
            z = torch.zeros_like(x)
            for _ in range(80):
                z = torch.tanh(z / 2 + x)
        return Step.apply(z, x).sum()

    return whole


def test_the_gradient_of_the_whole_is_right():
    assert gradtui.check(layer(-1), torch.linspace(-1, 1, 5, dtype=torch.double)) == []


def test_another_gradient_is_wrong():
    finding = only(gradtui.check(layer(1), torch.linspace(-1, 1, 5, dtype=torch.double)))
    assert (finding.severity, finding.target) == ("error", "x")


class Root(torch.autograd.Function):
    """The root z of z³ + az = x by bisection, whose derivative belongs to none of its steps."""

    @staticmethod
    def forward(ctx, x, a):
        low, width = torch.full_like(x, -3.0), 3.0
        for _ in range(40):
            middle = low + width
            low = torch.where(middle**3 + a * middle < x, middle, low)
            width /= 2
        ctx.save_for_backward(low, a)
        return low

    @staticmethod
    def backward(ctx, g):
        z, a = ctx.saved_tensors
        slope = 3 * z**2 + a
        return g / slope, g * z / slope


def test_what_autograd_itself_detaches_stops_no_gradient():
    def root(x, w):
        return (Root.apply(x, torch.sigmoid(w)) ** 2).sum()

    x = torch.linspace(-1, 1, 4, dtype=torch.double)
    errors = [one for one in gradtui.check(root, x, x.flip(0) / 2) if one.severity == "error"]
    assert [one.fix for one in errors] == ["return g / slope, -g * z / slope"]


class SquareRoot(torch.autograd.Function):
    """The square root as a root found without recording, with a gradient of `share` of its own."""

    share = 0.5

    @staticmethod
    def forward(ctx, x, y):
        ctx.save_for_backward(y)
        return y.detach()

    @staticmethod
    def backward(ctx, g):
        (y,) = ctx.saved_tensors
        return SquareRoot.share * g / y, None


def rooted(x):
    with torch.no_grad():
        y = torch.ones_like(x)
        for _ in range(30):
            y = (y + x / y) / 2
    return (SquareRoot.apply(x, y) ** 3).sum()


@pytest.mark.parametrize(("share", "right"), [(0.5, True), (0.25, False)])
def test_what_is_found_without_recording_is_compared_with_the_whole_slope(
    share, right, monkeypatch
):
    monkeypatch.setattr(SquareRoot, "share", share)
    x = torch.tensor([2.0, 3.0], dtype=torch.float64)
    found = [one for one in gradtui.check(rooted, x=x) if one.severity == "error"]
    # d/dx x^1.5 = 1.5 sqrt(x), of which 2.1213 at 2 and 2.5981 at 3
    assert right == (not found)
    if not right:
        assert "is 1.29904, the true one is 2.59808" in found[0].message
