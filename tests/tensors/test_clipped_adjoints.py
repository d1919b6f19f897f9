"""Adjoints that a backward pass clips on their way, on purpose, and mistakes beside that."""

import pytest

import gradtui
from findings import only
from gradtui.diagnosis.recorded import capped

torch = pytest.importorskip("torch")
Function = torch.autograd.Function

MOST = 0.5


def by_a_number(g):
    n = g.norm().item()
    return g * min(1.0, MOST / n)


def where_it_is_large(g):
    n = g.norm().item()
    if n > MOST:
        g = g * (MOST / n)
    return g


def by_a_tensor(g):
    return g * torch.clamp(MOST / g.norm(), max=1.0)


def by_a_root(g):
    n = float(g.pow(2).sum()) ** 0.5
    coef = MOST / (n + 1e-6)
    if coef < 1:
        g = g.mul(coef)
    return g


def by_its_elements(g):
    return g.clamp(-MOST, MOST)


def row_by_row(g):
    n = g.norm(dim=1, keepdim=True)
    return g * (MOST / n).clamp(max=1.0)


SCALED, CLIPPED = "is scaled by its own size here", "is clipped at 0.5 here"
CLIPS = [
    (by_a_number, SCALED), (where_it_is_large, SCALED), (by_a_tensor, SCALED),
    (by_a_root, SCALED), (by_its_elements, CLIPPED), (row_by_row, SCALED),
]  # fmt: skip


class Layers(Function):
    """Two layers, whose adjoint is clipped between them."""

    @staticmethod
    def forward(ctx, x, w, v, clip):
        h = torch.tanh(x @ w)
        ctx.save_for_backward(x, w, v, h)
        ctx.clip = clip
        return h @ v

    @staticmethod
    def backward(ctx, g):
        x, w, v, h = ctx.saved_tensors
        gv = h.t() @ g
        g = ctx.clip(g @ v.t())
        g = g * (1 - h * h)
        return g @ w.t(), x.t() @ g, gv, None


class LayersWrong(Layers):
    @staticmethod
    def backward(ctx, g):
        x, w, v, h = ctx.saved_tensors
        gv = h.t() @ g
        g = ctx.clip(g @ v.t())
        g = g * (1 - h)
        return g @ w.t(), x.t() @ g, gv, None


class Rounds(Function):
    """A recurrent layer, whose adjoint is clipped in each round."""

    @staticmethod
    def forward(ctx, h, u, clip):
        states = [h]
        for _ in range(3):
            states.append(torch.tanh(states[-1] @ u))
        ctx.save_for_backward(u, *states)
        ctx.clip = clip
        return states[-1]

    @staticmethod
    def backward(ctx, g):
        u, *states = ctx.saved_tensors
        gu = torch.zeros_like(u)
        for t in reversed(range(3)):
            g = ctx.clip(g) * (1 - states[t + 1] ** 2)
            gu += states[t].t() @ g
            g = g @ u.t()
        return g, gu, None


class RoundsWrong(Rounds):
    @staticmethod
    def backward(ctx, g):
        u, *states = ctx.saved_tensors
        gu = torch.zeros_like(u)
        for t in reversed(range(3)):
            g = ctx.clip(g) * (1 - states[t + 1] ** 2)
            gu += states[t + 1].t() @ g
            g = g @ u.t()
        return g, gu, None


def given(*shapes):
    drawn = torch.Generator().manual_seed(5)
    made = (torch.randn(*shape, generator=drawn, dtype=torch.float64) for shape in shapes)
    return [one.requires_grad_() for one in made]


LAYERS, ROUNDS = ((5, 4), (4, 6), (6, 3)), ((4, 5), (5, 5))


@pytest.mark.parametrize(("clip", "told"), CLIPS)
def test_an_adjoint_that_is_clipped_on_its_way_is_told_and_no_mistake(clip, told):
    x, w, v = given(*LAYERS)

    found = gradtui.check(lambda x, w, v: Layers.apply(x, w, v, clip), x, w, v)
    note = only([one for one in found if one.rule != "relies-on-data"])

    assert {one.severity for one in found} == {"info"}
    assert (note.rule, note.target) == ("straight-through", "x")
    assert note.message.startswith(f"the gradient of x (also of w) {told}")


@pytest.mark.parametrize(("clip", "told"), CLIPS)
def test_a_mistake_beside_it_is_found_with_its_fix(clip, told):
    x, w, v = given(*LAYERS)

    mistake, note = gradtui.check(lambda x, w, v: LayersWrong.apply(x, w, v, clip), x, w, v)

    assert (mistake.severity, mistake.fix) == ("error", "g = g * (1 - h * h)")
    assert told in note.message


@pytest.mark.parametrize("clip", [by_a_number, by_its_elements])
def test_it_may_be_clipped_in_each_round(clip):
    h, u = given(*ROUNDS)

    notes = gradtui.check(lambda h, u: Rounds.apply(h, u, clip), h, u)
    mistake, *others = gradtui.check(lambda h, u: RoundsWrong.apply(h, u, clip), h, u)

    assert {one.severity for one in (*notes, *others)} == {"info"}
    assert mistake.fix == "gu += states[t].t() @ g"


class Huber(Function):
    """Bounds a slope, and may do it wrong."""

    @staticmethod
    def forward(ctx, r, back):
        ctx.save_for_backward(r)
        ctx.back = back
        return torch.where(r.abs() < 1, r * r / 2, r.abs() - 0.5)

    @staticmethod
    def backward(ctx, g):
        (r,) = ctx.saved_tensors
        return ctx.back(g, r), None


def halved(g, r):
    n = g.norm().item()
    return g * (0.5 if n else 1.0) * r.clamp(-1, 1)


WRONG = [
    lambda g, r: (g * r).clamp(-1, 1),
    halved,
    lambda g, r: g * r.clamp(-1, 1) / g.sum(1, keepdim=True),
]


@pytest.mark.parametrize("back", WRONG)
@pytest.mark.usefixtures("unsearched")
def test_what_bounds_or_scales_something_else_is_wrong(back):
    (r,) = given((6, 4))

    findings = gradtui.check(lambda r: Huber.apply(r * 2, back), r)

    assert "error" in {one.severity for one in findings}


def test_a_bounded_slope_is_right():
    (r,) = given((6, 4))

    assert gradtui.check(lambda r: Huber.apply(r * 2, lambda g, r: g * r.clamp(-1, 1)), r) == []


class Refined(Function):
    """Solves `y = x + y a / 2` for y, backward by rounds until they change nothing."""

    @staticmethod
    def forward(ctx, x, a):
        ctx.save_for_backward(a)
        return x @ torch.linalg.inv(torch.eye(len(a), dtype=a.dtype) - a / 2)

    @staticmethod
    def backward(ctx, g):
        (a,) = ctx.saved_tensors
        both, apart = g + g, 1.0
        back = both
        while apart > 1e-12:
            last, back = back, 0.5 * both - 0.5 * (back @ a.t())
            apart = (back - last).norm().item()
        return back, None


@pytest.mark.usefixtures("unsearched")
def test_what_is_always_scaled_alike_is_compared_with_no_norm(monkeypatch):
    x, a = given((4, 3), (3, 3))
    asked = []
    monkeypatch.setattr(capped, "is_by_norm", lambda *given: asked.append(given))

    findings = gradtui.check(lambda x: Refined.apply(x, torch.tanh(a.detach()) / 4), x)

    assert ("error" in {one.severity for one in findings}, asked) == (True, [])
