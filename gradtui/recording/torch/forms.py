"""PyTorch's operators in the registry's operations: elementwise ones, reductions, products.

A text is an expression of the language: the only source of derivatives.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct
from torch import Tensor

from gradtui.recording.constants import DEGREE, LN2, LN10
from gradtui.recording.tape import Form, form
from gradtui.recording.torch.calls import Operation

_VARIANCE = "var(a, axis=axis, keepdims=keepdims)"


class Written(Struct, frozen=True):
    """A call as an expression of the operands a, b, c, with their places in its arguments."""

    form: Form
    operands: tuple[str, ...]
    elementwise: bool = True


Writing = Callable[[Operation], Written | None]


def _of(text: str, *operands: str) -> Writing:
    found = Written(form(text), operands or ("self",))
    return lambda call: found


def _filled(text: str, *constants: str) -> Writing:
    """Return the form of an elementwise function of one operand with constants."""

    def write(call: Operation) -> Written | None:
        given = {name: call[name] for name in constants}
        if any(isinstance(value, Tensor) for value in given.values()):
            return None
        return Written(form(text.format(**{n: _number(v) for n, v in given.items()})), ("self",))

    return write


def _number(value: Any) -> str:
    return f"({float(value)!r})"


def _sum(sign: str, *, turned: bool = False) -> Writing:
    def write(call: Operation) -> Written | None:
        scale = call["alpha"]
        names = ("other", "self") if turned else ("self", "other")
        if scale in (None, 1):
            return Written(form(f"a {sign} b"), names)
        return Written(form(f"a {sign} b*{_number(scale)}"), names)

    return write


def _quotient(call: Operation) -> Written | None:
    return None if call["rounding_mode"] else Written(form("a/b"), ("self", "other"))


def _clamp(call: Operation) -> Written | None:
    low, high = call["min"] is not None, call["max"] is not None
    if low and high:
        return Written(form("clip(a, b, c)"), ("self", "min", "max"))
    if low:
        return Written(form("where(a >= b, a, b)"), ("self", "min"))
    return Written(form("where(a <= b, a, b)"), ("self", "max"))


def _gelu(call: Operation) -> Written:
    if call["approximate"] == "tanh":
        inner = "0.7978845608028654*(a + 0.044715*a*a*a)"
        return Written(form(f"0.5*a*(1 + tanh({inner}))"), ("self",))
    return Written(form("gelu(a)"), ("self",))


def _softplus(call: Operation) -> Written:
    beta = _number(call["beta"])
    return Written(form(f"softplus(a*{beta})/{beta}"), ("self",))


def _elu(call: Operation) -> Written:
    alpha, scale, rate = (_number(call[name]) for name in ("alpha", "scale", "input_scale"))
    curve = f"(exp(minimum(a, 0)*{rate}) - 1)*{alpha}*{scale}"
    return Written(form(f"where(a > 0, a*{scale}, {curve})"), ("self",))


def _reduced(text: str, *, correction: bool = False) -> Writing:
    """Return the form of a reduction over `dim`, by default over everything."""

    def write(call: Operation) -> Written | None:
        tensor, keepdims = call["self"], bool(call["keepdim"])
        axes = _axes(tensor, call["dim"])
        if not tensor.ndim:
            return Written(form("1*a"), ("self",)) if "var" not in text else None
        told, own = text, {"axis": axes, "keepdims": keepdims}
        if correction:
            lost = call["correction"]
            count = 1
            for axis in axes:
                count *= tensor.shape[axis]
            lost = 1 if lost is None else lost
            if count <= lost:
                return None
            scale = _number(count / (count - lost))
            told = text.replace(_VARIANCE, f"({_VARIANCE}*{scale})")
        return Written(form(told, own), ("self",), elementwise=False)

    return write


def _axes(tensor: Tensor, given: Any) -> tuple[int, ...]:
    """Return the axes, counted from the last."""
    rank = tensor.ndim
    if given is None or (isinstance(given, list | tuple) and not given):
        return tuple(range(-rank, 0))
    many = given if isinstance(given, list | tuple) else [given]
    return tuple(sorted(int(one) % rank - rank for one in many)) if rank else ()


def _norm(call: Operation) -> Written | None:
    order = call["ord"]
    if order == 2:
        return _reduced("sqrt(sum(a*a, axis=axis, keepdims=keepdims))")(call)
    return _reduced("sum(abs(a), axis=axis, keepdims=keepdims)")(call) if order == 1 else None


def _along(text: str) -> Writing:
    def write(call: Operation) -> Written | None:
        if not call["self"].ndim:
            return None
        axes = _axes(call["self"], call["dim"])
        return Written(form(text, {"axis": axes[0]}), ("self",), elementwise=False)

    return write


def _masked_softmax(call: Operation) -> Written | None:
    """Return the form of a softmax that is 0, not nan, where a mask leaves nothing."""
    masked = call["self"].isneginf().all(call["dim"])
    return None if masked.any() else _along("softmax(a, axis=axis)")(call)


def _product(call: Operation) -> Written:
    other = next(name for name in ("other", "mat2", "vec", "vec2", "tensor")
                 if call[name] is not None)  # fmt: skip
    return Written(form("a@b"), ("self", other), elementwise=False)


def _added_product(left: str, right: str) -> Writing:
    def write(call: Operation) -> Written:
        beta, alpha = call["beta"], call["alpha"]
        added = "a" if beta == 1 else f"a*{_number(beta)}"
        product = "b@c" if alpha == 1 else f"(b@c)*{_number(alpha)}"
        return Written(form(f"{added} + {product}"), ("self", left, right), elementwise=False)

    return write


def _squared_error(call: Operation) -> Written:
    inner = "(a - b)*(a - b)"
    text = {1: f"mean({inner})", 2: f"sum({inner})"}.get(call["reduction"], inner)
    return Written(form(text), ("self", "target"), elementwise=call["reduction"] == 0)


def _cast(call: Operation) -> Written | None:
    return Written(form("1*a"), ("self",)) if call["self"].dtype.is_floating_point else None


FORMS: Mapping[str, Writing] = {
    "add": _sum("+"),
    "sub": _sum("-"),
    "rsub": _sum("-", turned=True),
    "mul": _of("a*b", "self", "other"),
    "div": _quotient,
    "neg": _of("-a"),
    "exp": _of("exp(a)"),
    "exp2": _of(f"exp(a*{LN2})"),
    "expm1": _of("exp(a) - 1"),
    "log": _of("log(a)"),
    "log2": _of(f"log(a)/{LN2}"),
    "log10": _of(f"log(a)/{LN10}"),
    "log1p": _of("log(1 + a)"),
    "sqrt": _of("sqrt(a)"),
    "rsqrt": _of("1/sqrt(a)"),
    "square": _of("a**2"),
    "reciprocal": _of("1/a"),
    "abs": _of("abs(a)"),
    "tanh": _of("tanh(a)"),
    "sigmoid": _of("sigmoid(a)"),
    "relu": _of("relu(a)"),
    "sin": _of("sin(a)"),
    "cos": _of("cos(a)"),
    "tan": _of("sin(a)/cos(a)"),
    "asin": _of("arcsin(a)"),
    "acos": _of("arccos(a)"),
    "atan": _of("arctan(a)"),
    "atan2": _of("arctan2(a, b)", "self", "other"),
    "asinh": _of("arcsinh(a)"),
    "acosh": _of("arccosh(a)"),
    "atanh": _of("arctanh(a)"),
    "hypot": _of("sqrt(a*a + b*b)", "self", "other"),
    "deg2rad": _of(f"a*{DEGREE}"),
    "rad2deg": _of(f"a/{DEGREE}"),
    "sinh": _of("(exp(a) - exp(-a))/2"),
    "cosh": _of("(exp(a) + exp(-a))/2"),
    "erf": _of("erf(a)"),
    "erfc": _of("1 - erf(a)"),
    "gelu": _gelu,
    "silu": _of("a*sigmoid(a)"),
    "mish": _of("a*tanh(softplus(a))"),
    "softplus": _softplus,
    "log_sigmoid_forward": _of("-softplus(-a)"),
    "leaky_relu": _filled("where(a > 0, a, a*{negative_slope})", "negative_slope"),
    "elu": _elu,
    "hardtanh": _filled("clip(a, {min_val}, {max_val})", "min_val", "max_val"),
    "pow": _of("a**b", "self", "exponent"),
    "maximum": _of("maximum(a, b)", "self", "other"),
    "minimum": _of("minimum(a, b)", "self", "other"),
    "fmax": _of("maximum(a, b)", "self", "other"),
    "fmin": _of("minimum(a, b)", "self", "other"),
    "where": _of("where(a, b, c)", "condition", "self", "other"),
    "heaviside": _of("where(a > 0, 1, where(a >= 0, b, 0))", "self", "values"),
    "clamp": _clamp,
    "clamp_min": _clamp,
    "clamp_max": _clamp,
    "logaddexp": _of("logaddexp(a, b)", "self", "other"),
    "lerp": _of("a + c*(b - a)", "self", "end", "weight"),
    "addcmul": _of("a + d*b*c", "self", "tensor1", "tensor2", "value"),
    "addcdiv": _of("a + d*b/c", "self", "tensor1", "tensor2", "value"),
    "mse_loss": _squared_error,
    "sum": _reduced("sum(a, axis=axis, keepdims=keepdims)"),
    "mean": _reduced("mean(a, axis=axis, keepdims=keepdims)"),
    "amax": _reduced("max(a, axis=axis, keepdims=keepdims)"),
    "amin": _reduced("-max(-a, axis=axis, keepdims=keepdims)"),
    "logsumexp": _reduced("logsumexp(a, axis=axis, keepdims=keepdims)"),
    "var": _reduced(_VARIANCE, correction=True),
    "std": _reduced(f"sqrt({_VARIANCE})", correction=True),
    "linalg_vector_norm": _norm,
    "_softmax": _along("softmax(a, axis=axis)"),
    "_safe_softmax": _masked_softmax,
    "_log_softmax": _along("log_softmax(a, axis=axis)"),
    "mm": _product,
    "bmm": _product,
    "mv": _product,
    "dot": _product,
    "addmm": _added_product("mat1", "mat2"),
    "baddbmm": _added_product("batch1", "batch2"),
    "addmv": _added_product("mat", "vec"),
    "_to_copy": _cast,
}
"""Operator -> the form of its (first) result; None without one."""
WHOLE: Mapping[str, Writing] = {
    "max": _of("max(a)"),
    "min": _of("-max(-a)"),
}
"""Operators with that form if they are given no axis."""
EXACT = frozenset({
    "neg", "abs", "relu", "maximum", "minimum", "fmax", "fmin", "where", "clamp", "clamp_min",
    "clamp_max", "amax", "amin", "max", "min", "sign", "sgn", "round", "floor", "ceil", "trunc",
    "hardtanh", "heaviside", "lt", "le", "gt", "ge", "eq", "ne",
})  # fmt: skip
"""Operators that round nothing."""
COMPARING = {"gt": "greater", "ge": "greater_equal", "lt": "less", "le": "less_equal"}
"""Operators that compare by size, with their names in NumPy."""
MAKING = frozenset({
    "ones_like", "zeros_like", "empty_like", "full_like", "new_zeros", "new_ones", "new_empty",
    "new_full", "new_empty_strided",
})  # fmt: skip
"""Operators that read only a tensor's shape."""
NAMES: Mapping[str, str] = {
    "sub": "subtract", "rsub": "subtract", "mul": "multiply", "div": "divide", "clamp": "clip",
    "clamp_min": "maximum", "clamp_max": "minimum", "pow": "power", "neg": "negative",
    "mm": "@", "bmm": "@", "mv": "@", "dot": "@", "sgn": "sign", "_softmax": "softmax",
    "_safe_softmax": "softmax", "_log_softmax": "log_softmax", "_to_copy": "astype",
    "convolution": "convolution",
}  # fmt: skip
"""Their names in NumPy, or for people."""
