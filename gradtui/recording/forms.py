"""NumPy's functions in the registry's operations: elementwise ones, reductions, and moves.

A text is an expression of the language: the only source of derivatives.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import numpy as np

from gradtui.engine.ops import OPS
from gradtui.recording.array import plain
from gradtui.recording.constants import DEGREE, LN2, LN10, ROOT2
from gradtui.recording.recorder import Recorder
from gradtui.recording.tape import Form, form

_REGISTERED = tuple(
    one for one in OPS.values() if one.elementwise and one.in_numpy and not one.internal
)
"""Operations of the registry with the same name in NumPy."""

ELEMENTWISE: Mapping[str, Form] = {
    name: form(text)
    for name, text in {
        **{one.name: f"{one.name}({', '.join('abc'[: len(one.operands)])})" for one in _REGISTERED},
        "add": "a + b",
        "subtract": "a - b",
        "multiply": "a*b",
        "divide": "a/b",
        "true_divide": "a/b",
        "power": "a**b",
        "float_power": "a**b",
        "negative": "-a",
        "positive": "1*a",
        "conjugate": "1*a",
        "absolute": "abs(a)",
        "fabs": "abs(a)",
        "square": "a**2",
        "reciprocal": "1/a",
        "exp2": f"exp(a*{LN2})",
        "expm1": "exp(a) - 1",
        "log2": f"log(a)/{LN2}",
        "log10": f"log(a)/{LN10}",
        "log1p": "log(1 + a)",
        "hypot": "sqrt(a*a + b*b)",
        **dict.fromkeys(("deg2rad", "radians"), f"a*{DEGREE}"),
        **dict.fromkeys(("rad2deg", "degrees"), f"a/{DEGREE}"),
        "tan": "sin(a)/cos(a)",
        "sinh": "(exp(a) - exp(-a))/2",
        "cosh": "(exp(a) + exp(-a))/2",
        "fmax": "maximum(a, b)",
        "fmin": "minimum(a, b)",
        "expit": "sigmoid(a)",
        "erf": "erf(a)",
        "erfc": "1 - erf(a)",
        "logit": "log(a/(1 - a))",
        "log_expit": "-softplus(-a)",
        "ndtr": f"(1 + erf(a/{ROOT2}))/2",
        "pseudo_huber": "a**2*(sqrt(1 + (b/a)**2) - 1)",
        "matmul": "a@b",
        "@": "a@b",
    }.items()
}
"""Universal function -> its expression."""
EXACT = frozenset(
    {"negative", "positive", "conjugate", "absolute", "fabs", "fmax", "fmin"}
    | {"sign", "floor", "ceil", "trunc", "rint", "heaviside"}
    | {one.name for one in _REGISTERED if not one.rounds}
)
"""Those that round nothing."""
_REDUCTIONS = {
    "add": ("sum", "sum(a, axis=axis, keepdims=keepdims)"),
    "maximum": ("max", "max(a, axis=axis, keepdims=keepdims)"),
    "minimum": ("min", "-max(-a, axis=axis, keepdims=keepdims)"),
    "mean": ("mean", "mean(a, axis=axis, keepdims=keepdims)"),
    "var": ("var", "var(a, axis=axis, keepdims=keepdims)"),
    "std": ("std", "sqrt(var(a, axis=axis, keepdims=keepdims))"),
}
LIKE = frozenset({"zeros_like", "ones_like", "empty_like"})
MOVING = frozenset({
    "reshape", "transpose", "matrix_transpose", "permute_dims", "swapaxes", "moveaxis",
    "rollaxis", "ravel", "squeeze", "expand_dims", "atleast_1d", "atleast_2d", "atleast_3d",
    "concatenate", "concat", "stack", "vstack", "hstack", "dstack", "column_stack", "row_stack",
    "split", "array_split", "hsplit", "vsplit", "dsplit", "unstack", "flip", "fliplr", "flipud",
    "rot90", "roll", "tile", "repeat", "broadcast_to", "broadcast_arrays", "take",
    "take_along_axis", "diag", "diagflat", "diagonal", "compress", "extract", "delete",
    "insert", "append", "copy", "resize", "tril", "triu", "pad", "meshgrid", "block",
    "linalg.matrix_transpose", "linalg.diagonal", "choose", "select",
})  # fmt: skip
"""Functions whose results consist of elements of their arguments, and zeros."""
COMPOSITE = frozenset({"average", "diff", "ptp", "trapezoid"})
"""Functions that NumPy composes from others, and that keep recording arrays on the way."""


@lru_cache(1 << 12)
def name_of(function: Any) -> str:
    """Return the name of a function within NumPy: sum, linalg.norm."""
    module = function.__module__ or ""
    prefix = module.removeprefix("numpy").removeprefix(".").removesuffix("_linalg")
    inside = "linalg." if prefix.startswith("linalg") else ""
    return inside + str(function.__name__)


def reduction(
    recorder: Recorder, kind: str, array: Any, told: Mapping[str, Any], ddof: float = 0
) -> Any:
    """Record a reduction over axes by the ufunc `kind`, or by its name in NumPy."""
    own = plain(array)
    shape = np.shape(own)
    axis, keepdims = told["axis"], told["keepdims"]
    axes = (
        tuple(range(len(shape))) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    )
    axes = tuple(int(one) % len(shape) if shape else int(one) for one in axes)
    back = tuple(one - len(shape) for one in axes)
    name, text = _REDUCTIONS.get(kind, (kind, ""))
    numpy = getattr(np, kind) if kind in ("mean", "var", "std") else getattr(np, kind).reduce
    extra = {"ddof": ddof} if ddof else {}

    def compute(a: Any) -> Any:
        return numpy(a, axis=axis, keepdims=keepdims, **extra)

    if ddof:
        count = float(np.prod([shape[one] for one in axes]))
        scale = count / (count - ddof) if count > ddof else float("nan")
        text = f"{text}*{scale if kind == 'var' else scale**0.5!r}"
    value = compute(own)
    if kind == "multiply":
        return _product(recorder, array, axes, value, keepdims=keepdims)
    written = form(text, {"axis": back, "keepdims": keepdims}) if text and shape else None
    if text and not shape:
        written = form("1*a") if kind in ("add", "maximum", "minimum", "mean") else None
    return recorder.result(name, compute, [array], value, written,
                           exact=kind in ("maximum", "minimum"))  # fmt: skip


def _product(recorder: Recorder, array: Any, axes: Any, value: Any, *, keepdims: bool) -> Any:
    """Record a product along axes as a chain of products."""
    if not isinstance(value, np.floating | np.ndarray) or np.asarray(value).dtype.kind != "f":
        return value
    kept = [axis for axis in range(np.ndim(array)) if axis not in axes]
    rows = np.transpose(array, (*axes, *kept)).reshape(-1, *[np.shape(array)[a] for a in kept])
    if not len(rows):
        return value
    total = rows[0]
    for row in rows[1:]:
        total = total * row
    return total.reshape(np.shape(value)) if keepdims else total


def _reducing(kind: str) -> Callable[..., Any]:
    def call(
        recorder: Recorder, array: Any, axis: Any = None, dtype: Any = None, out: Any = None, *,
        keepdims: Any = False, ddof: Any = 0, **options: Any,
    ) -> Any:  # fmt: skip
        if any(value is not np._NoValue for value in options.values()):
            return NotImplemented
        if not isinstance(array, np.ndarray):
            array = recorder.constant(np.asarray(plain(array)))
        told = {"axis": axis, "keepdims": keepdims is not np._NoValue and bool(keepdims)}
        return recorder.put(reduction(recorder, kind, array, told, ddof or 0), out)

    return call


def _extreme(kind: str) -> Callable[..., Any]:
    def call(
        recorder: Recorder, array: Any, axis: Any = None, out: Any = None,
        keepdims: Any = False, **options: Any,
    ) -> Any:  # fmt: skip
        return _reducing(kind)(recorder, array, axis, None, out, keepdims=keepdims, **options)

    return call


def _where(recorder: Recorder, condition: Any, *branches: Any) -> Any:
    if len(branches) != 2:
        return np.where(plain(condition))
    value = np.where(plain(condition), *plain(branches))
    return recorder.result("where", np.where, [condition, *branches], value, ELEMENTWISE["where"],
                           elementwise=True, exact=True)  # fmt: skip


def _clip(
    recorder: Recorder, a: Any, a_min: Any = None, a_max: Any = None, out: Any = None,
    **options: Any,
) -> Any:  # fmt: skip
    low, high = options.get("min", a_min), options.get("max", a_max)
    low, high = (None if one is np._NoValue else one for one in (low, high))
    if low is not None and high is not None:
        value = np.clip(*plain((a, low, high)))
        result = recorder.result("clip", np.clip, [a, low, high], value, ELEMENTWISE["clip"],
                                 elementwise=True, exact=True)  # fmt: skip
    elif low is not None:
        result = np.maximum(a, low)
    else:
        result = a if high is None else np.minimum(a, high)
    return recorder.put(result, out)


CALLS: Mapping[str, Callable[..., Any]] = {
    **{name: _reducing(kind) for name, kind in
       {"sum": "add", "prod": "multiply", "mean": "mean", "var": "var", "std": "std"}.items()},
    **{name: _extreme(kind) for name, kind in
       {"max": "maximum", "amax": "maximum", "min": "minimum", "amin": "minimum"}.items()},
    "where": _where,
    "clip": _clip,
}  # fmt: skip
"""Functions that are a single operation."""
