"""Functions that hand a value on, for the sake of its gradient, and mistakes beside them."""

import gc

import pytest

import gradtui

torch = pytest.importorskip("torch")
customs = pytest.importorskip("gradtui.recording.torch.handing").customs
Function = torch.autograd.Function


class Handing(Function):
    @staticmethod
    def forward(ctx, x, rate):
        ctx.rate = rate
        return x.clone()


class Reversing(Handing):
    @staticmethod
    def backward(ctx, g):
        return -ctx.rate * g, None


class Scaling(Handing):
    @staticmethod
    def backward(ctx, g):
        return ctx.rate * g, None


class Stopping(Handing):
    @staticmethod
    def backward(ctx, g):
        return torch.zeros_like(g), None


class Clipping(Handing):
    @staticmethod
    def backward(ctx, g):
        return g.clamp(-ctx.rate, ctx.rate), None


class ClippingNorm(Handing):
    """Decides by a number of Python's own."""

    @staticmethod
    def backward(ctx, g):
        if g.norm().item() > ctx.rate:
            g = g * (ctx.rate / g.norm())
        return g, None


class Normalising(Handing):
    @staticmethod
    def backward(ctx, g):
        return g / g.norm(), None


class Damping(Handing):
    @staticmethod
    def backward(ctx, g):
        return g / (1 + g.norm()), None


class Signing(Handing):
    @staticmethod
    def backward(ctx, g):
        return g.sign() * g.abs().sqrt(), None


class Forgetful(Function):
    """Forgets a factor of its derivative, 1 - s."""

    @staticmethod
    def forward(ctx, x):
        s = torch.sigmoid(x)
        ctx.save_for_backward(s)
        return s

    @staticmethod
    def backward(ctx, g):
        (s,) = ctx.saved_tensors
        return g * s


DONE = {
    Reversing: "reverses its gradient, times 0.01 (Ganin et al., 2015)",
    Scaling: "multiplies its gradient by 0.01",
    Stopping: "stops its gradient",
    Clipping: "clips the elements of its gradient at 0.01",
    ClippingNorm: "clips the norm of its gradient at 0.01",
    Normalising: "brings its gradient to the norm 1",
    Damping: "scales its gradient by its own size",
    Signing: "changes its gradient in a way that has no name here",
}


def x():
    return torch.linspace(-1.2, 2.1, 12, dtype=torch.float64).reshape(4, 3)


@pytest.mark.parametrize(("after", "function"), [(at % 2, one) for at, one in enumerate(DONE)])
def test_only_the_mistake_beside_it_is_wrong(function, after):
    def code(w):
        if after:
            return function.apply(Forgetful.apply(w), 0.01).pow(2).sum()
        return Forgetful.apply(function.apply(w.tanh(), 0.01)).pow(2).sum()

    wrong, meant = gradtui.check(code, x().requires_grad_())

    assert (wrong.severity, wrong.fix) == ("error", "return g * s * (1 - s)")
    assert (meant.severity, meant.rule) == ("info", "straight-through")
    assert DONE[function] in meant.message


class InPlace(Function):
    """Writes into what it is given, which it does not hand on unchanged."""

    @staticmethod
    def forward(ctx, x):
        x.mul_(2)
        ctx.mark_dirty(x)
        return x

    @staticmethod
    def backward(ctx, g):
        return g


def test_what_writes_into_its_argument_hands_no_value_on():
    (wrong,) = gradtui.check(lambda w: InPlace.apply(w * 1.0).sin().sum(), x().requires_grad_())

    assert wrong.severity == "error"


class Largest(Function):
    """Keeps the larger half of the weights of each row."""

    @staticmethod
    def forward(ctx, w, decay):
        kept = w.abs().topk(w.shape[-1] // 2, dim=-1).indices
        mask = torch.zeros_like(w).scatter_(-1, kept, 1.0)
        ctx.save_for_backward(w, mask)
        ctx.decay = decay
        return w * mask

    @staticmethod
    def backward(ctx, g):
        return g * ctx.saved_tensors[1], None


class Straight(Largest):
    @staticmethod
    def backward(ctx, g):
        return g, None


class Refined(Largest):
    @staticmethod
    def backward(ctx, g):
        w, mask = ctx.saved_tensors
        return g + ctx.decay * (1 - mask) * w, None


class Pushed(Largest):
    """Pushes what it leaves out away from 0."""

    @staticmethod
    def backward(ctx, g):
        w, mask = ctx.saved_tensors
        return g - ctx.decay * (1 - mask) * w, None


class Turned(Largest):
    @staticmethod
    def backward(ctx, g):
        return -g, None


class Others(Largest):
    @staticmethod
    def backward(ctx, g):
        return g * (1 - ctx.saved_tensors[1]), None


class Unmasked(Function):
    """Forgets the mask of what is no choice between numbers: it is continuous."""

    @staticmethod
    def forward(ctx, x, slope):
        return x * (x > 0)

    @staticmethod
    def backward(ctx, g):
        return g, None


class Dropped(Unmasked):
    """Forgets the mask of what is chosen by a number beside."""

    @staticmethod
    def forward(ctx, x, slope):
        return x * (torch.arange(x.shape[-1]) < 2)


def severities(function, code=None):
    code = code or (lambda w: (x().t() @ function.apply(w, 0.1)).sin().sum())
    return [one.severity for one in gradtui.check(code, 2 * x().sin().requires_grad_())]


@pytest.mark.parametrize(
    ("function", "told"),
    [
        (Straight, "passes the gradient of the others, too (straight-through"),
        (Refined, "and pulls these to 0, by 0.1 of each"),
    ],
)
@pytest.mark.usefixtures("unsearched")
def test_what_is_left_out_may_have_a_gradient(function, told):
    (meant,) = gradtui.check(function, 2 * x().sin(), 0.1)

    assert meant.severity == "info" and told in meant.message
    assert severities(Largest) == []
    assert severities(function) == ["info"]
    beside = lambda w: Forgetful.apply(function.apply(w, 0.1)).pow(2).sum()  # noqa: E731
    assert severities(function, beside) == ["error", "info"]


@pytest.mark.parametrize("function", [Pushed, Turned, Others, Unmasked, Dropped])
@pytest.mark.usefixtures("unsearched")
def test_what_is_no_gradient_of_chosen_elements_is_wrong(function):
    assert "error" in severities(function)


def test_functions_that_each_call_makes_anew_do_not_pile_up():
    def made():
        class Doubled(torch.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                return 2 * x

            @staticmethod
            def backward(ctx, g):
                return 2 * g

        return Doubled

    kept, counts = made(), []
    gc.collect()
    alive = len(customs())
    for _ in range(3 * alive + 200):
        made()
        counts.append(len(customs()))

    assert kept in customs()
    assert max(counts) < 2 * alive + 100
