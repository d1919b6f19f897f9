"""A gradient of another shape than its argument is said by name, with its line."""

import pytest

import gradtui
from findings import line_of, only
from gradtui.base.source import InputError

torch = pytest.importorskip("torch")
Function = torch.autograd.Function


class Affine(Function):
    @staticmethod
    def forward(ctx, x, weight, shift):
        ctx.save_for_backward(x, weight)
        return x @ weight.t() + shift

    @staticmethod
    def backward(ctx, g):
        x, weight = ctx.saved_tensors
        return g @ weight, g.t() @ x, g.sum(0)


class AlongTheOther(Affine):
    @staticmethod
    def backward(ctx, g):
        x, weight = ctx.saved_tensors
        return g @ weight, g.t() @ x, g.sum(1)


class Turned(Affine):
    @staticmethod
    def backward(ctx, g):
        x, weight = ctx.saved_tensors
        dweight = x.t() @ g
        return g @ weight, dweight, g.sum(0)


class ToANumber(Affine):
    @staticmethod
    def backward(ctx, g):
        x, weight = ctx.saved_tensors
        return g @ weight, g.t() @ x, g.sum()


class LeftWhole(Affine):
    """Not summed over the rows, which PyTorch does itself."""

    @staticmethod
    def backward(ctx, g):
        x, weight = ctx.saved_tensors
        return g @ weight, g.t() @ x, g


class WithoutAnAxis(Affine):
    """Right for a shift of (2,), and refused for one of (1, 2)."""


class TooFew(Affine):
    @staticmethod
    def backward(ctx, g):
        x, weight = ctx.saved_tensors
        return g @ weight, g.t() @ x


class TooMany(Affine):
    @staticmethod
    def backward(ctx, g):
        return *Affine.backward(ctx, g), None, g


class NoneBeyond(Affine):
    """PyTorch drops what is None."""

    @staticmethod
    def backward(ctx, g):
        return *Affine.backward(ctx, g), None, None


class Root(Function):
    """Its slope is compared by differences of the code."""

    @staticmethod
    def forward(ctx, x, scale):
        low, high = torch.full_like(x, -4.0), torch.full_like(x, 4.0)
        for _ in range(60):
            middle = (low + high) / 2
            above = middle**3 + middle > x
            low, high = torch.where(above, low, middle), torch.where(above, middle, high)
        ctx.save_for_backward(low, scale)
        return low * scale

    @staticmethod
    def backward(ctx, g):
        y, scale = ctx.saved_tensors
        return g * scale / (3 * y * y + 1), (g * y).sum(0)


def arguments():
    return torch.randn(4, 3), torch.randn(2, 3), torch.randn(2)


@pytest.mark.parametrize(
    ("function", "target", "seen", "line", "fix"),
    [
        (AlongTheOther, "shift", "shift has the shape [4], not [2]", 3,
         "return g @ weight, g.t() @ x, g.sum(0)"),
        (Turned, "weight", "weight has the shape [3×2], not [2×3]", 3,
         "dweight = g.t() @ x"),
        (ToANumber, "shift", "shift is a scalar, not [2]", 3, None),
    ],
)  # fmt: skip
def test_another_shape_is_an_error_by_name(function, target, seen, line, fix):
    finding = only(gradtui.check(function, *arguments()))

    assert (finding.severity, finding.target) == ("error", target)
    assert seen in finding.message
    assert finding.line == line_of(function.backward, line)
    assert fix in (None, finding.fix)


def test_what_pytorch_sums_itself_is_right():
    assert gradtui.check(LeftWhole, *arguments()) == []


@pytest.mark.parametrize(("function", "count", "line"), [(TooFew, 2, 3), (TooMany, 5, 2)])
def test_a_wrong_number_of_gradients_is_an_error_of_the_function(function, count, line):
    for target, given in ((function, arguments()), (Layer(function), arguments()[:1])):
        with pytest.raises(InputError, match=f"returns is {count}, not 3: one, or None") as caught:
            gradtui.check(target, *given)
        assert f"{function.__name__}.backward" in caught.value.message
        assert caught.value.place.line == line_of(function.backward, line)
    assert gradtui.check(NoneBeyond, *arguments()) == []


def test_a_lost_axis_is_another_shape():
    x, weight, shift = arguments()

    assert gradtui.check(WithoutAnAxis, x, weight, shift) == []
    finding = only(gradtui.check(WithoutAnAxis, x, weight, shift[None]))
    assert (finding.severity, finding.target) == ("error", "shift")
    assert "shift has the shape [2], not [1×2]" in finding.message


def test_another_shape_is_found_where_differences_alone_are_compared():
    found = gradtui.check(Root, torch.randn(4, 3), torch.randn(1, 3))

    wrong = only([one for one in found if one.severity == "error"])
    assert (wrong.rule, wrong.target) == ("no-gradient", "scale")
    assert "scale has the shape [3], not [1×3]" in wrong.message


def test_the_function_keeps_its_own_backward_half():
    before = {one: vars(one).get("backward") for one in (AlongTheOther, WithoutAnAxis)}
    for one in before:
        gradtui.check(one, *arguments())

    assert {one: vars(one).get("backward") for one in before} == before


class Layer(torch.nn.Module):
    def __init__(self, function, before=None):
        super().__init__()
        self.function, self.before = function, before
        _, weight, shift = arguments()
        self.weight, self.shift = torch.nn.Parameter(weight), torch.nn.Parameter(shift)

    def forward(self, x):
        weight = self.weight if self.before is None else self.before(self.weight)
        return torch.tanh(self.function.apply(x, weight, self.shift))


@pytest.mark.parametrize(
    ("function", "target", "seen", "line"),
    [(AlongTheOther, "shift", "shift has the shape [4], not [2]", 3),
     (Turned, "weight", "weight has the shape [3×2], not [2×3]", 3),
     (ToANumber, "shift", "shift is a scalar, not [2]", 3)],
)  # fmt: skip
@pytest.mark.parametrize("of", [Layer, lambda function: through(Layer(function))])
def test_another_shape_within_a_module_is_an_error_by_name(of, function, target, seen, line):
    finding = only(gradtui.check(of(function), torch.randn(4, 3)))

    assert (finding.severity, finding.target.rpartition(".")[2]) == ("error", target)
    assert seen in finding.message
    assert finding.line == line_of(function.backward, line)


def through(layer):
    return torch.nn.Sequential(torch.nn.Linear(3, 3), layer)


def test_another_shape_of_a_value_that_a_module_computes_is_an_error_at_the_line():
    if not hasattr(torch.ones(1, requires_grad=True).exp().grad_fn, "_input_metadata"):
        pytest.skip(f"PyTorch {torch.__version__} does not tell the shape of what it goes back to")
    module = Layer(Turned, before=torch.exp)

    finding = only(gradtui.check(module, torch.randn(4, 3)))

    assert (finding.rule, finding.severity, finding.target) == ("no-gradient", "error", "weight")
    assert (
        "weight has the shape [3×2], not [2×3], when Turned.backward returns it" in finding.message
    )
    assert finding.line == line_of(Turned.backward, 3)


def test_another_shape_within_a_function_is_an_error_by_name():
    def case(x, w, s):
        return Turned.apply(x, w, s) ** 2

    finding = only(gradtui.check(case, *arguments()))

    assert (finding.severity, finding.target) == ("error", "w")
    assert finding.line == line_of(Turned.backward, 3)


class Mended(Turned):
    @staticmethod
    def backward(ctx, g):
        dx, dweight, dshift = Turned.backward(ctx, g)
        return dx, dweight.t(), dshift


class Lent(Affine):
    @staticmethod
    def backward(ctx, g):
        class Saved:
            saved_tensors = ctx.saved_tensors

        return Affine.backward(Saved, g)


@pytest.mark.parametrize("function", [Mended, Lent])
def test_what_a_function_makes_of_anothers_gradients_is_judged(function):
    assert gradtui.check(function, *arguments()) == []
    assert gradtui.check(Layer(function), torch.randn(4, 3)) == []


class ByAnotherName(Function):
    @staticmethod
    def forward(ctx, x, weight, shift):
        ctx.save_for_backward(x, weight)
        return x @ weight.t() + shift

    @staticmethod
    def vjp(ctx, g):
        x, weight = ctx.saved_tensors
        return g @ weight, g.t() @ x, g.sum(0)


def test_a_module_whose_function_is_right_is_right():
    assert gradtui.check(Layer(ByAnotherName), torch.randn(4, 3)) == []
    assert gradtui.check(through(Layer(Affine)), torch.randn(4, 3)) == []
    assert gradtui.check(Layer(LeftWhole), torch.randn(4, 3)) == []


class Picked(Function):
    @staticmethod
    def forward(ctx, x, labels, w):
        ctx.save_for_backward(x, labels, w)
        return (x[torch.arange(len(labels)), labels] * w).sum()

    @staticmethod
    def backward(ctx, g):
        x, labels, w = ctx.saved_tensors
        rows = torch.arange(len(labels))
        dx = torch.zeros_like(x)
        dx[rows, labels] = w * g
        dw = x[rows, labels] * g
        return dx, dw, None


class PickedInOrder(Picked):
    @staticmethod
    def backward(ctx, g):
        dx, dw, _ = Picked.backward(ctx, g)
        return dx, None, dw


class PickedDoubly(Picked):
    @staticmethod
    def backward(ctx, g):
        dx, dw, _ = Picked.backward(ctx, g)
        return dx, 2 * dw, None


class PickedAlone(Picked):
    @staticmethod
    def backward(ctx, g):
        dx, _, _ = Picked.backward(ctx, g)
        return dx, None, None


def test_a_gradient_in_the_place_of_labels_is_missing_where_it_belongs():
    given = (
        torch.arange(12.0, dtype=torch.float64).reshape(4, 3).sin(),
        torch.tensor([0, 2, 1, 1]),
        torch.arange(1.0, 5.0, dtype=torch.float64),
    )
    finding = only(gradtui.check(Picked, *given))
    assert (finding.rule, finding.severity, finding.target) == ("no-gradient", "error", "w")
    assert finding.message == (
        "no gradient is returned for w: dw and None are returned in each other's places"
    )
    assert finding.fix == "return dx, None, dw"
    finding = only(gradtui.check(PickedDoubly, *given))
    assert "no gradient is returned for w, but one for labels" in finding.message
    assert finding.fix is None
    assert gradtui.check(PickedInOrder, *given) == gradtui.check(PickedAlone, *given) == []


class Misnamed(Affine):
    @staticmethod
    def backward(ctx, g):
        x, weight = ctx.saved_tensors
        scaled = g * 2
        halved = scaled / 2
        dweight = halved.t() @ x  # noqa: F841
        return g @ weight, halved, g.sum(0)


def test_the_name_of_another_value_that_is_returned_is_told():
    if not hasattr(torch.ones(1, requires_grad=True).exp().grad_fn, "_input_metadata"):
        pytest.skip(f"PyTorch {torch.__version__} does not tell the shape of what it goes back to")
    module = Layer(Misnamed, before=torch.exp)

    finding = only(gradtui.check(module, torch.randn(4, 3)))

    assert finding.message.endswith("when Misnamed.backward returns it: halved must be dweight")
    assert finding.fix == "return g @ weight, dweight, g.sum(0)"
    assert finding.line == line_of(Misnamed.backward, 6)
