"""Implicit layers: a fixed point found without recording, whose gradient is that of the whole."""

import numpy as np
import pytest

import gradtui
from findings import line_of, only

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


class Solved(torch.autograd.Function):
    """Hands z = tanh(az + x) on, and gives it the gradient u = g + asu with s = 1 - z²."""

    @staticmethod
    def forward(ctx, z, a):
        ctx.save_for_backward(z, a)
        return z.view_as(z)

    @staticmethod
    def backward(ctx, g):
        z, a = ctx.saved_tensors
        s = 1 - z**2
        u = g
        for _ in range(60):
            u = g + a * s * u
        return u, None


class SolvedTuple(Solved):
    """The same for a tuple of states, the loop of which begins with nothing and adds nothing."""

    @staticmethod
    def forward(ctx, z, a):
        ctx.save_for_backward(z, a)
        return (z,)

    @staticmethod
    def backward(ctx, g):
        z, a = ctx.saved_tensors
        s = 1 - z**2
        u = torch.zeros_like(g)
        for _ in range(60):
            u = a * s * u
        return g + u, None


class Turned(Solved):
    """The same with a wrong sign in the middle."""

    @staticmethod
    def backward(ctx, g):
        z, a = ctx.saved_tensors
        s = 1 - z**2
        u = g
        for _ in range(60):
            u = g - a * s * u
        return u, None


def solution(x, a):
    z = torch.zeros_like(x)
    for _ in range(60):
        z = torch.tanh(a * z + x)
    return z


def equilibrium(x, a, stand_in):
    with torch.no_grad():
        z = solution(x, a)
    z = torch.tanh(a * z + x)
    found = stand_in.apply(z, a)
    return ((found[0] if isinstance(found, tuple) else found) ** 2).sum()


def hooked(x, a, factor):
    """Give a solution its gradient by a hook, whose equation is solved in rounds."""
    with torch.no_grad():
        z = solution(x, a)
    z = torch.tanh(a * z + x)
    s = 1 - z.detach() ** 2

    def solve(g):
        u = g
        for _ in range(60):
            u = g + factor * a.detach() * s * u
        return u

    z.register_hook(solve)
    return (z**2).sum()


X, A = torch.linspace(-1, 1, 4, dtype=torch.double), torch.tensor(0.4, dtype=torch.double)


@pytest.mark.parametrize(
    ("layer", "kind", "x"),
    [(equilibrium, Solved, X), (equilibrium, Solved, X[2:3]), (hooked, 1.0, X)],
    ids=["function", "one number", "hook"],
)
def test_a_placeholder_gives_a_solution_its_gradient(layer, kind, x):
    found = gradtui.check(lambda x, a: layer(x, a, kind), x, A)
    assert [one.severity for one in found] == ["info"]
    assert "gives a gradient to what autograd does not see" in found[0].message


def slope(x):
    """Return the true gradient by x: dz/dx = s/(1 - as), at a = 0.4."""
    z = solution(x, A)
    s = 1 - z**2
    return 2 * z * s / (1 - A * s)


@pytest.mark.parametrize(
    ("layer", "kind", "fix"),
    [
        (equilibrium, Turned, "u = g + a * s * u"),
        (equilibrium, SolvedTuple, None),
        (hooked, 2.0, None),
    ],
    ids=["sign", "unchanged", "hook"],
)
def test_the_truth_behind_a_placeholder_is_that_of_the_whole(layer, kind, fix):
    found = gradtui.check(lambda x, a: layer(x, a, kind), X, A)
    first = next(one for one in found if one.severity == "error")
    (at,) = first.evidence["element"] if first.target == "x" else (0,)
    assert first.target == "x"
    assert first.evidence["true"] == pytest.approx(float(slope(X)[at]), rel=1e-6)
    assert fix is None or first.fix == fix


def settled(step, z):
    """Return what a step leaves as it is, to a tolerance: elsewhere after other rounds."""
    for _ in range(500):
        new = step(z)
        if (new - z).norm() < 1e-13:
            break
        z = new
    return new


def hooked_wrongly(W, x):
    """A layer as in the tutorial on such models, with a minus in its hook that is one too many."""

    def step(z):
        return torch.tanh(z @ W + x)

    with torch.no_grad():
        z = settled(step, torch.zeros_like(x))
    z = step(z)
    before = z.clone().detach().requires_grad_()
    after = step(before)

    def hook(g):
        return settled(lambda u: torch.autograd.grad(after, before, u, retain_graph=True)[0] - g, g)

    z.register_hook(hook)
    return (z**3).sum() + z.sum()


@pytest.mark.usefixtures("unsearched")
def test_what_a_solver_leaves_of_its_tolerance_does_not_hide_the_slopes():
    torch.manual_seed(0)
    W, x = 0.3 * torch.randn(4, 4, dtype=torch.double), torch.randn(3, 4, dtype=torch.double)
    found = gradtui.check(hooked_wrongly, W, x)
    assert any("compared by central differences: hook" in one.message for one in found)


def test_the_line_of_a_hook_is_told():
    found = gradtui.check(lambda x: hooked_wrongly(A.view(1, 1), x), X.view(4, 1))
    (wrong,) = [one for one in found if one.severity == "error"]
    assert (wrong.line, wrong.rule) == (line_of(hooked_wrongly, 13), "sign")


class Reversed(torch.autograd.Function):
    @staticmethod
    def forward(ctx, z):
        ctx.save_for_backward(z)
        return z.view_as(z)

    @staticmethod
    def backward(ctx, g):
        return -0.5 * g


class Penalised(Reversed):
    @staticmethod
    def backward(ctx, g):
        (z,) = ctx.saved_tensors
        return g + 0.1 * torch.sign(z)


def reversed_beside(x, a):
    return (Reversed.apply(x * a.detach()) ** 2).sum()


def penalised_beside(x, a):
    """A penalty on what does not depend on the detached maximum."""
    y = Penalised.apply(a * x)
    return (torch.exp(y) / torch.exp(x.detach().max())).sum()


def looked_at(x, a):
    seen = []
    y = a * torch.tanh(x - x.detach().mean())
    y.register_hook(lambda g: seen.append(g))
    y.register_hook(lambda g: g * 0.5)
    return (y**2).sum()


def clamped(x, a):
    """One element alone is beyond the bound of a hook, and another one is stopped."""
    y = a * torch.tanh(x - x.detach().mean())
    y.register_hook(lambda g: torch.clamp(g, -0.55, 0.55) * torch.tensor([1.0, 0.0, 1.0, 1.0]))
    return (y**2).sum()


@pytest.mark.parametrize("function", [reversed_beside, penalised_beside, looked_at, clamped])
def test_what_changes_a_gradient_beside_detached_values_is_no_placeholder(function):
    found = gradtui.check(function, X, A)
    assert not any("autograd does not see" in one.message for one in found)


class Reparametrised(torch.autograd.Function):
    """Hands on the root z of z³ + az = b, and gives the gradient of it to a alone."""

    @staticmethod
    def forward(ctx, z, a):
        ctx.save_for_backward(z, a)
        return z

    @staticmethod
    def backward(ctx, g):
        z, a = ctx.saved_tensors
        return None, -g * z / (3 * z**2 + a)


class WrongRoot(Reparametrised):
    @staticmethod
    def backward(ctx, g):
        z, a = ctx.saved_tensors
        return None, -g * z / (2 * z**2 + a)


def by_bisection(function):
    def case(a):
        with torch.no_grad():
            low, width = torch.full_like(a, -3.0), 3.0
            for _ in range(50):
                middle = low + width
                low = torch.where(middle**3 + a * middle < 1.3, middle, low)
                width /= 2
        return (function.apply(low, a) ** 2).sum() + torch.sin(a).sum()

    return case


def elsewhere(function):
    """Return the same with the root found by NumPy."""

    def case(a):
        roots = [np.roots([1.0, 0.0, one, -1.3]) for one in a.detach().numpy()]
        z = torch.tensor([float(one[np.isreal(one)][0].real) for one in roots], dtype=a.dtype)
        return (function.apply(z, a) ** 2).sum() + torch.sin(a).sum()

    return case


@pytest.mark.parametrize("solved", [by_bisection, elsewhere])
def test_a_root_that_no_recording_follows_is_part_of_the_whole(solved, request):
    if solved is elsewhere:
        request.getfixturevalue("numpys_arrays")
    a = torch.tensor([0.4, 1.3, 2.2], dtype=torch.double)
    (told,) = gradtui.check(solved(Reparametrised), a)
    assert told.severity == "info" and "autograd does not see" in told.message
    found = [one for one in gradtui.check(solved(WrongRoot), a) if one.severity == "error"]
    assert only(found).line == line_of(WrongRoot.backward, 3)


class Chosen(torch.autograd.Function):
    """Hands on the choice, and gives its gradient to the shares."""

    @staticmethod
    def forward(ctx, hard, soft):
        return hard

    @staticmethod
    def backward(ctx, g):
        return None, g


def chosen(x):
    soft = torch.softmax(x, -1)
    with torch.no_grad():
        hard = torch.nn.functional.one_hot(soft.argmax(-1), x.shape[-1]).to(x.dtype)
    return (Chosen.apply(hard, soft) * torch.arange(3.0)).sum() + (x**2).sum()


def test_what_is_chosen_does_not_follow_its_argument():
    found = gradtui.check(chosen, torch.tensor([[0.3, 0.9, -0.4]], dtype=torch.double))
    assert not any("autograd does not see" in one.message for one in found)
    assert not any(one.severity == "error" for one in found)


class Shares(torch.autograd.Function):
    """The gradient of a log-sum-exp, kept from its forward pass."""

    @staticmethod
    def forward(ctx, x, shares):
        ctx.save_for_backward(shares)
        return shares

    @staticmethod
    def backward(ctx, g):
        (shares,) = ctx.saved_tensors
        return shares * (g - (g * shares).sum(-1, keepdim=True)), None


class WrongShares(Shares):
    @staticmethod
    def backward(ctx, g):
        (shares,) = ctx.saved_tensors
        return shares * (g + (g * shares).sum(-1, keepdim=True)), None


def softly(function):
    class LogSumExp(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x, torch.softmax(x, -1))
            return torch.logsumexp(x, -1)

        @staticmethod
        def backward(ctx, g):
            return g.unsqueeze(-1) * function.apply(*ctx.saved_tensors)

    def case(x):
        y = LogSumExp.apply(x)
        (shares,) = torch.autograd.grad(y.sum(), x, create_graph=True)
        return y.sum() + (shares**2 * torch.arange(4.0)).sum()

    return case


def test_what_a_backward_half_hands_on_for_its_own_derivative_is_judged():
    x = torch.tensor([[0.3, 0.9, -0.4, 0.1], [1.2, 0.2, 0.5, -0.7]], dtype=torch.double)
    assert gradtui.check(softly(Shares), x) == []
    finding = only(gradtui.check(softly(WrongShares), x))
    assert (finding.severity, finding.line) == ("error", line_of(WrongShares.backward, 3))
