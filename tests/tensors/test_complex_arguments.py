"""Arguments and results that are complex, and functions that take any number of arguments."""

import pytest

import gradtui
from findings import line_of, only

torch = pytest.importorskip("torch")
Function = torch.autograd.Function
RNG = torch.Generator().manual_seed(0)


def z(*shape, dtype=torch.complex128):
    return torch.randn(*shape, generator=RNG, dtype=dtype)


class Product(Function):
    @staticmethod
    def forward(ctx, a, b):
        ctx.save_for_backward(a, b)
        return a * b

    @staticmethod
    def backward(ctx, g):
        a, b = ctx.saved_tensors
        return g * b.conj(), (g * a.conj()).sum(0)


class ProductNotTurned(Product):
    @staticmethod
    def backward(ctx, g):
        a, b = ctx.saved_tensors
        return g * b.conj(), (g * a).sum(0)


@pytest.mark.parametrize("dtype", [torch.complex128, torch.complex64])
def test_a_right_gradient_by_complex_arguments_is_right(dtype):
    assert not gradtui.check(Product, z(3, 2, dtype=dtype), z(2, dtype=dtype))


def test_a_wrong_gradient_by_a_complex_argument_tells_its_part():
    (finding,) = gradtui.check(ProductNotTurned, z(3, 2), z(2))

    assert finding.fix == "return g * b.conj(), (g * a.conj()).sum(0)"
    assert "the gradient of b.real[" in finding.message or "of b.imag[" in finding.message


def test_complex_arguments_beside_real_ones_and_of_a_loss_are_judged():
    def loss(a, scale):
        return (torch.fft.fft(Product.apply(a * scale, a[0])).abs() ** 3).sum()

    assert not gradtui.check(loss, z(3, 2), torch.tensor(0.5, dtype=torch.float64))


def powers(a):
    """Return the energy of a spectrum, with its gradient."""
    y = torch.fft.fft(a)
    return (y.abs() ** 2).sum(), {"a": 2 * len(a) * torch.fft.ifft(y)}


def powers_halved(a):
    """Forget a factor."""
    y = torch.fft.fft(a)
    return (y.abs() ** 2).sum(), {"a": len(a) * torch.fft.ifft(y)}


def test_returned_gradients_by_complex_arguments_are_judged():
    assert not gradtui.check(powers, z(5))

    (finding,) = gradtui.check(powers_halved, z(5))

    assert finding.severity == "error"
    assert finding.rule == "constant-factor"


def product(a, b):
    """Return a product, and what its gradient needs."""
    return a * b, (a, b)


def product_back(g, cache):
    """Return its gradients."""
    a, b = cache
    return g * b.conj(), g * a.conj()


def product_back_not_turned(g, cache):
    """Forget to conjugate."""
    a, b = cache
    return g * b.conj(), g * a


def test_halves_of_a_complex_layer_are_judged():
    assert not gradtui.check(product, product_back, z(3), z(3))

    (finding,) = gradtui.check(product, product_back_not_turned, z(3), z(3))

    assert finding.fix == "return g * b.conj(), g * a.conj()"


def test_phases_that_cancel_later_are_no_obstacle():
    def nuclear(a):
        u, s, vh = torch.linalg.svd(a, full_matrices=False)
        return (u @ vh).abs().pow(3).sum() + s.sum()

    findings = gradtui.check(nuclear, z(4, 3))

    assert not [one for one in findings if one.severity == "error"]


class Shared(Function):
    """Takes its arguments, with or without a context, as PyTorch 2 does."""

    @classmethod
    def forward(cls, *args):
        if len(args) == 3:
            cls.setup_context(args[0], args[1:], None)
        return args[-2] * args[-1]

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx, g):
        a, b = ctx.saved_tensors
        return g * b, g * a


class SharedWrong(Shared):
    @staticmethod
    def backward(ctx, g):
        a, b = ctx.saved_tensors
        return g * b, -g * a


class Unnamed(Function):
    """Takes arguments of any name, of which `apply` gives it none."""

    @staticmethod
    def forward(ctx, *given, **named):
        a, b = given
        ctx.save_for_backward(a, b)
        return a * b

    @staticmethod
    def backward(ctx, g):
        return Shared.backward(ctx, g)


def test_any_number_of_arguments_may_be_taken():
    a, b = z(4).real, z(4).real
    assert not gradtui.check(Shared, a, b)
    assert not gradtui.check(Unnamed, a, b)

    (finding,) = gradtui.check(SharedWrong, a, b)

    assert finding.fix == "return g * b, g * a"
    assert finding.message.startswith("the gradient of args1[")


class Summed(Function):
    """Takes a context, and any number of arguments."""

    @staticmethod
    def forward(ctx, scale, *parts):
        ctx.save_for_backward(scale, *parts)
        return scale * sum(parts)

    @staticmethod
    def backward(ctx, g):
        scale, *parts = ctx.saved_tensors
        return ((g * sum(parts)).sum(), *[g * scale for _ in parts])


def test_any_number_of_arguments_may_follow_others():
    scale = torch.tensor(2.0, dtype=torch.float64)
    assert not gradtui.check(Summed, scale, z(3).real, z(3).real, z(3).real)


class Halved(Function):
    """Half the square of a complex number."""

    @staticmethod
    def forward(ctx, a):
        ctx.save_for_backward(a)
        return a**2 / 2.0

    @staticmethod
    def backward(ctx, g):
        (a,) = ctx.saved_tensors
        return g * a.conj()


class HalvedTwice(Halved):
    @staticmethod
    def backward(ctx, g):
        (a,) = ctx.saved_tensors
        return g * a.conj() / 2.0


class NotSquared(Halved):
    @staticmethod
    def backward(ctx, g):
        (a,) = ctx.saved_tensors
        return g * torch.pow(a.conj(), 1.5)


@pytest.mark.parametrize("mistaken", [HalvedTwice, NotSquared])
def test_what_complex_numbers_are_divided_by_or_raised_to_may_be_a_number(mistaken):
    assert gradtui.check(Halved, z(3)) == []

    finding = only(gradtui.check(mistaken, z(3)))

    assert (finding.severity, finding.line) == ("error", line_of(mistaken.backward, 3))
