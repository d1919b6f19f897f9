"""Operators of PyTorch's on the tape: values, and derivatives beside those of autograd."""

import importlib

import numpy as np
import pytest

from gradtui.diagnosis.recorded.runs import Runs
from gradtui.diagnosis.recorded.targets import code_of
from gradtui.recording.sweep import Replay
from gradtui.recording.tape import Call

torch = pytest.importorskip("torch")
F = torch.nn.functional

INDEX = torch.tensor([2, 0, 1, 2])
PLACES = torch.tensor([[0, 1, 2], [2, 2, 0], [1, 0, 0], [0, 0, 1]])
UNLIKE = torch.tensor([[0, 1, 2], [1, 2, 0], [2, 0, 1]])
A, B = (
    torch.linspace(a, b, 12, dtype=torch.float64).reshape(3, 4).sin() for a, b in ((1, 5), (2, 9))
)
CUBE = torch.linspace(0, 7, 24, dtype=torch.float64).cos().reshape(2, 3, 4)


def written(x):
    y = torch.zeros(4, 4, dtype=x.dtype)
    y[1:] = x * 2
    y[0, ::2] += x[0, :2]
    y.mul_(3).t()[1].copy_(x[0] * x[1])
    y[y > 1] = 0.5
    return y


class Heads(torch.autograd.Function):
    own = torch.nn.MultiheadAttention(4, 2, batch_first=True).double().eval()

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return Heads.own(x, x, x, need_weights=False)[0]

    @staticmethod
    def backward(ctx, g):
        x = ctx.saved_tensors[0].detach().requires_grad_()
        with torch.enable_grad():
            y = Heads.own(x, x, x, need_weights=False)[0]
        return torch.autograd.grad(y, x, g)[0]


class Stepped(torch.autograd.Function):
    """PyTorch has no derivative of it: it is 0, and 1 by the values at 0."""

    @staticmethod
    def forward(ctx, x):
        return torch.heaviside(B.round(), x) + torch.heaviside(x, B)

    @staticmethod
    def backward(ctx, g):
        return g * (B.round() == 0)


FORMS = {
    "add": lambda x: torch.add(x, B, alpha=2), "sub": lambda x: torch.sub(x, B, alpha=2),
    "rsub": lambda x: torch.rsub(x, B, alpha=2), "mul": lambda x: x * B, "div": lambda x: x / B,
    "neg": lambda x: -x, "exp": torch.exp, "exp2": torch.exp2, "expm1": torch.expm1,
    "log": lambda x: (x + 2).log(), "log2": lambda x: (x + 2).log2(),
    "log10": lambda x: (x + 2).log10(), "log1p": lambda x: (x + 1).log1p(),
    "sqrt": lambda x: (x + 2).sqrt(), "rsqrt": lambda x: (x + 2).rsqrt(),
    "reciprocal": torch.reciprocal, "abs": torch.abs, "tanh": torch.tanh,
    "sigmoid": torch.sigmoid, "relu": torch.relu, "sin": torch.sin, "cos": torch.cos,
    "asin": lambda x: (x / 2).asin(), "acos": lambda x: (x / 2).acos(), "atan": torch.atan,
    "atan2": lambda x: torch.atan2(x, B), "asinh": torch.asinh, "acosh": lambda x: (x + 3).acosh(),
    "atanh": lambda x: (x / 2).atanh(), "hypot": lambda x: torch.hypot(x, B),
    "deg2rad": torch.deg2rad, "rad2deg": torch.rad2deg,
    "tan": torch.tan, "sinh": torch.sinh, "cosh": torch.cosh, "erf": torch.erf,
    "erfc": torch.erfc, "gelu": lambda x: F.gelu(x) + F.gelu(x, approximate="tanh"),
    "silu": F.silu, "mish": F.mish, "softplus": lambda x: F.softplus(x, beta=2),
    "log_sigmoid_forward": F.logsigmoid, "leaky_relu": lambda x: F.leaky_relu(x, 0.1),
    "elu": lambda x: F.elu(x, 0.7) + F.selu(x), "hardtanh": lambda x: F.hardtanh(x, -0.3, 0.4),
    "pow": lambda x: (x + 2) ** 1.5 + x**3 + 2**x, "maximum": lambda x: torch.maximum(x, B),
    "minimum": lambda x: torch.minimum(x, B), "fmax": lambda x: torch.fmax(x, B),
    "fmin": lambda x: torch.fmin(x, B), "where": lambda x: torch.where(x > B, x, x * B),
    "heaviside": Stepped.apply,
    "clamp": lambda x: x.clamp(-0.3, 0.4), "clamp_min": lambda x: x.clamp_min(0.1),
    "clamp_max": lambda x: x.clamp_max(0.1), "logaddexp": lambda x: torch.logaddexp(x, B),
    "lerp": lambda x: torch.lerp(x, B, 0.3), "addcmul": lambda x: torch.addcmul(x, x, B, value=2),
    "addcdiv": lambda x: torch.addcdiv(x, x, B, value=2), "mse_loss": lambda x: F.mse_loss(x, B),
    "sum": lambda x: x.sum(1, keepdim=True), "mean": lambda x: x.mean((0, 1)),
    "amax": lambda x: x.amax(0), "amin": lambda x: x.amin(-1),
    "logsumexp": lambda x: x.logsumexp(1), "var": lambda x: x.var(0) + x.var(unbiased=False),
    "std": lambda x: x.std(1), "linalg_vector_norm": lambda x: x.norm(dim=1) + x.norm(p=1, dim=1),
    "_softmax": lambda x: x.softmax(0), "_log_softmax": lambda x: x.log_softmax(-1),
    "_safe_softmax": lambda x: F.scaled_dot_product_attention(
        x[None, None], CUBE[None], CUBE[None], is_causal=True),
    "mm": lambda x: x @ B.t(), "bmm": lambda x: (x * CUBE) @ CUBE.mT, "mv": lambda x: x @ B[0],
    "dot": lambda x: x[0] @ x[1], "addmm": lambda x: torch.addmm(B[0], x.t(), x, beta=2, alpha=3),
    "baddbmm": lambda x: torch.baddbmm(CUBE[:, :, :3], CUBE * x, CUBE.mT, alpha=2),
    "addmv": lambda x: torch.addmv(B[:, 0], x, B[0], alpha=2),
    "_to_copy": lambda x: x.to(torch.float32).to(torch.float64), "square": torch.square,
    "max": lambda x: x.max(), "min": lambda x: x.min(),
}  # fmt: skip
MOVES = {
    "cat": lambda x: torch.cat([x, B, x], 1), "stack": lambda x: torch.stack([x, x * B]),
    "index": lambda x: x[:, INDEX], "mask": lambda x: x[x > 0],
    "index_select": lambda x: x.index_select(0, INDEX), "gather": lambda x: x.t().gather(1, PLACES),
    "flip": lambda x: x.flip(0), "roll": lambda x: x.roll(1, 1), "repeat": lambda x: x.repeat(2, 1),
    "pad": lambda x: F.pad(x, (1, 1), value=2.0), "tril": torch.tril, "triu": torch.triu,
    "diag": lambda x: x[0].diag(), "scatter": lambda x: torch.zeros(4, 3).double().scatter(
        0, UNLIKE, x.t()[:3]),
    "scatter_add": lambda x: torch.zeros(4, 3).double().scatter_add(0, PLACES, x.t()),
    "index_add": lambda x: B.t().index_add(0, INDEX, x.t() @ x @ B.t()),
    "index_put": lambda x: torch.zeros(3, 3).double().index_put((INDEX,), x.t(), accumulate=True),
    "masked_fill": lambda x: x.masked_fill(B > 0, -2.0), "sort": lambda x: x.sort(1).values,
    "topk": lambda x: x.topk(2, 0).values, "max.dim": lambda x: x.max(1).values,
    "embedding": lambda x: F.embedding(INDEX, x), "unfold": lambda x: F.unfold(x[None, None], 2),
    "max_pool": lambda x: F.max_pool2d(x[None, None], 2), "views": lambda x: x.t()[1:].reshape(-1),
    "expand": lambda x: x[None].expand(2, 3, 4) * CUBE, "written": written,
    "split": lambda x: x.split(2, 1)[1] * x.chunk(2, 1)[0],
}  # fmt: skip
OTHERS = {
    "conv2d": lambda x: F.conv2d(x[None, None], B[None, None, :2, :2], padding=1),
    "layer_norm": lambda x: F.layer_norm(x, (4,), B[0], B[1]), "cumsum": lambda x: x.cumsum(1),
    "batch_norm": lambda x: F.batch_norm(x, None, None, training=True), "prod": lambda x: x.prod(1),
    "masked rows": lambda x: F.scaled_dot_product_attention(
        x[None], CUBE[:1], CUBE[1:], attn_mask=B[:, :3] > 0),
    "fused attention": lambda x: torch.ops.aten._scaled_dot_product_flash_attention_for_cpu(
        x[None, None], CUBE[None, :1], CUBE[None, 1:])[0],
    "fast path": lambda x: Heads.apply(x[None]),
    "cross_entropy": lambda x: F.cross_entropy(x, INDEX[:3]), "einsum": lambda x: torch.einsum(
        "ij,bij,kj->bk", x, CUBE, B),
    "cosh of a copy": lambda x: torch.cosh(x.clone().add_(1)), "det": lambda x: (x @ x.t()).det(),
}  # fmt: skip

NEEDED = {
    "masked rows": (torch.ops.aten, "_safe_softmax"),
    "fused attention": (torch.ops.aten, "_scaled_dot_product_flash_attention_for_cpu"),
    "fast path": (torch.backends, "mha"),
}
"""What the oldest supported version of PyTorch lacks: a row that a mask hides is not a number."""


def recorded(function):
    runs = Runs(code_of(function, [A], {}))
    try:
        return runs.point(runs.given, tuple(runs.given), near=True)
    finally:
        runs.kept.put_back()


@pytest.mark.parametrize("name", [*FORMS, *MOVES, *OTHERS])
def test_an_operator_has_its_value_and_autograd_s_derivative_and_is_of_the_registry(name):
    def function(x):
        return ({**FORMS, **MOVES, **OTHERS})[name](x)

    if name in NEEDED and not hasattr(*NEEDED[name]):
        pytest.skip(f"PyTorch {torch.__version__} has no {NEEDED[name][1]}")
    point = recorded(function)

    replayed = Replay(point.result.tape).value(point.root)
    assert float(replayed.reshape(-1)[0]) == pytest.approx(point.loss, rel=1e-6)
    (true,), (hand,) = point.true.values(), point.hand.values()
    np.testing.assert_allclose(true, hand, rtol=1e-6, atol=1e-9)
    assert np.any(true)
    assert name in OTHERS or not opaque(point)


def opaque(point):
    """Return the names of operators on the way to the loss that the registry does not have."""
    tape = point.result.tape
    forward = tape.nodes[: point.root + 1]
    used = {id for node in forward for id in getattr(node, "inputs", ())}
    calls = [forward[id] for id in used if isinstance(forward[id], Call) and tape.active[id]]
    return [node.name for node in calls if node.form is None]


def test_every_form_is_tried():
    from gradtui.recording.torch import forms

    assert {*forms.FORMS, *forms.WHOLE} <= {*FORMS}


class Doubled(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return 2 * x

    @staticmethod
    def backward(ctx, g):
        return 2 * g


def test_the_private_names_of_pytorch_that_are_used_are_there():
    mode = importlib.import_module("torch.utils._python_dispatch").TorchDispatchMode
    schema = torch.ops.aten.add_.Tensor._schema

    assert hasattr(mode, "__torch_dispatch__")
    assert schema.arguments[0].alias_info.is_write
    assert isinstance(torch.zeros(1)._version, int)
    assert torch._VF.einsum is torch.functional._VF.einsum
    assert callable(torch.autograd.Variable._execution_engine.run_backward)
    assert callable(torch._neg_view) and callable(torch._C._functorch.is_functorch_wrapped_tensor)
    kept = Doubled.apply(torch.zeros(1, requires_grad=True)).grad_fn
    assert kept._forward_cls is Doubled
    tensor = torch.zeros(1)
    assert tensor.untyped_storage()._cdata == tensor.untyped_storage()._cdata
