"""Mistakes of which the code beside tells, where several lines are as well repaired."""

import linecache
from pathlib import Path

import pytest

import gradtui

torch = pytest.importorskip("torch")
Function = torch.autograd.Function


def x(*shape, start=0.3):
    count = torch.Size(shape).numel()
    return torch.linspace(start, start + 2.3, count, dtype=torch.float64).sin().reshape(shape)


class Swapped(Function):
    @staticmethod
    def forward(ctx, a, rate, b):
        ctx.save_for_backward(a, b)
        ctx.rate = rate
        return rate * a**2 * b

    @staticmethod
    def backward(ctx, g):
        a, b = ctx.saved_tensors
        da = 2 * ctx.rate * a * b * g
        db = ctx.rate * a**2 * g
        return da, None, db


class Swish(Function):
    @staticmethod
    def forward(ctx, x):
        out = x * x.sigmoid()
        ctx.save_for_backward(out, x)
        return out

    @staticmethod
    def backward(ctx, g):
        out, x = ctx.saved_tensors
        share = x.sigmoid()
        return g * (out + share * (1 - out))


class Norm(Function):
    @staticmethod
    def forward(ctx, x, gain):
        centred = x - x.mean(0)
        var = centred.pow(2).mean(0)
        inverse = torch.rsqrt(var + 1e-3)
        ctx.save_for_backward(centred, var, inverse, gain)
        return gain * centred * inverse

    @staticmethod
    def backward(ctx, g):
        centred, var, inverse, gain = ctx.saved_tensors
        dgain = (g * centred * inverse).sum(0)
        d = g * gain
        dvar = (d * centred).sum(0) * -0.5 / torch.sqrt(var + 1e-3) * inverse**2
        dx = d * inverse + 2 * centred * dvar / len(g)
        return dx - dx.mean(0), dgain


class Turned(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.turns = x.dim() > 1
        x = x.transpose(0, 1) if ctx.turns else x
        out = torch.exp(x - x.logsumexp(0, keepdim=True))
        ctx.save_for_backward(out)
        return out.transpose(0, 1) if ctx.turns else out

    @staticmethod
    def backward(ctx, g):
        (out,) = ctx.saved_tensors
        g = g.transpose(0, 1) if ctx.turns else g
        dx = out * (g - (g * out).sum(0, keepdim=True))
        if ctx.turns:
            dx = dx.transpose(0, 1)
        return dx


class Bilinear(Function):
    @staticmethod
    def forward(ctx, a, b):
        ctx.save_for_backward(a, b)
        return torch.einsum("ri,rj,ri->rj", a, b, a)

    @staticmethod
    def backward(ctx, g):
        a, b = ctx.saved_tensors
        da = 2 * torch.einsum("ri,rj,rj->ri", a, b, g)
        db = torch.einsum("ri,ri,rj->rj", a, a, g)
        return da, db


class Most(Function):
    @staticmethod
    def forward(ctx, x, begins):
        parts = [x[at : at + 3].max(0) for at in begins.tolist()]
        ctx.save_for_backward(begins, torch.stack([one.indices for one in parts]))
        ctx.size = x.shape
        return torch.stack([one.values for one in parts])

    @staticmethod
    def backward(ctx, g):
        begins, places = ctx.saved_tensors
        before = begins.unsqueeze(1)
        rows = before + places
        return g.new_zeros(ctx.size).scatter_(0, rows, g), None


class Cut(Function):
    @staticmethod
    def forward(ctx, x):
        inside = x.abs() < 0.9
        ctx.save_for_backward(x, inside)
        return x**2 * inside

    @staticmethod
    def backward(ctx, g):
        x, inside = ctx.saved_tensors
        rising = 2 * x * g
        return rising * inside


class Saved(Function):
    @staticmethod
    def forward(ctx, w, x):
        ctx.save_for_backward(w, x)
        return w @ x

    @staticmethod
    def backward(ctx, g):
        w, x = ctx.saved_tensors
        return g @ x.t(), w.t() @ g


class Parts(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        total, n = 0.0, len(x)
        for i in range(0, n, 4):
            end = min(i + 4, n)
            total = total + x[i:end].pow(2).mean() * (end - i) / n
        return total

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        dx, n = torch.zeros_like(x), len(x)
        for i in range(0, n, 4):
            end = min(i + 4, n)
            with torch.enable_grad():
                part = x[i:end].detach().requires_grad_(True)
                out = part.pow(2).mean()
            dx[i:end] = torch.autograd.grad(out, part, g * (end - i) / n)[0]
        return dx


ARGUMENTS = {
    "Swapped": (x(3, 2), 0.7, x(3, 2, start=1.1)),
    "Swish": (x(3, 2),),
    "Norm": (x(5, 3), x(3, start=0.9)),
    "Turned": (x(3, 4),),
    "Bilinear": (x(3, 4), x(3, 4, start=0.5)),
    "Most": (x(7, 2), torch.tensor([0, 4])),
    "Parts": (x(10, start=0.1),),
    "Cut": (x(3, 4),),
    "Saved": (x(4, 4), x(4, 2)),
}
MISTAKES = [
    ("Swapped", "return da, None, db", "return db, None, da"),
    ("Swish", "ctx.save_for_backward(out, x)", "ctx.save_for_backward(out, x.sigmoid())"),
    (
        "Norm",
        "save_for_backward(centred, var, inverse,",
        "save_for_backward(centred, inverse, var,",
    ),
    ("Norm", "-0.5 / torch.sqrt(var + 1e-3)", "-0.5 / (var + 1e-3)"),
    ("Turned", "dx = dx.transpose(0, 1)", "dx = g.transpose(0, 1)"),
    ("Bilinear", '"ri,ri,rj->rj"', '"ri,rj,rj->rj"'),
    ("Most", "rows = before + places", "rows = places"),
    ("Cut", "rising * inside", "rising * ~inside"),
    ("Saved", "ctx.save_for_backward(w, x)", "ctx.save_for_backward(w.t(), x)"),
    ("Parts", "g * (end - i) / n", "g / n"),
]


def checked(folder, name, old="", new=""):
    """Return what is wrong with a function with a mistake, and the line of that."""
    text = Path(__file__).read_text(encoding="utf-8").partition("\nARGUMENTS =")[0]
    assert not old or text.count(old) == 1
    line = text[: text.index(old)].count("\n") + 1
    path = folder / "functions.py"
    path.write_text(text.replace(old, new) if old else text, encoding="utf-8")
    linecache.checkcache(str(path))
    names = {"__name__": "functions", "__file__": str(path)}
    exec(compile(path.read_text(encoding="utf-8"), path, "exec"), names)
    own = [one.requires_grad_() if torch.is_tensor(one) and one.is_floating_point() else one
           for one in ARGUMENTS[name]]  # fmt: skip
    found = gradtui.check(names[name], *own)
    return [one for one in found if one.severity == "error"], line


@pytest.mark.parametrize(("name", "old", "new"), MISTAKES)
def test_the_line_is_named(tmp_path, name, old, new):
    (found,), line = checked(tmp_path, name, old, new)
    assert found.line == line


@pytest.mark.parametrize("name", ARGUMENTS)
def test_what_is_right_stays_so(tmp_path, name):
    assert not checked(tmp_path, name)[0]
