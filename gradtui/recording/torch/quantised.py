"""PyTorch's fake quantisation in its parts: a value is scaled, rounded, bounded, scaled back.

The slope that PyTorch gives it, 1 within the bounds, is one of its own: what rounds is flat.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from torch import Tensor

from gradtui.recording.tape import Array, Tape, form
from gradtui.recording.torch.calls import Operation, Slot
from gradtui.recording.torch.tensors import array_of

_QUANTISING = frozenset({
    "fake_quantize_per_tensor_affine_cachemask",
    "_fake_quantize_per_tensor_affine_cachemask_tensor_qparams",
    "fake_quantize_per_channel_affine_cachemask",
})  # fmt: skip
_CLOSE = 1e-6
"""How far PyTorch's own scale, which is in single precision, may be from the given one."""


def quantised(
    call: Operation, operand: Callable[[Slot], int], value: Array, tape: Tape
) -> int | None:
    """Return the node of a quantised value; None for another call, or for other numbers."""
    if not call.is_native or call.name not in _QUANTISING:
        return None
    source, scale = operand(call.at("self")), operand(call.at("scale"))
    zero = _numbers(call["zero_point"])
    if call["axis"] is not None:
        shape = [zero.size if at == call["axis"] % value.ndim else 1 for at in range(value.ndim)]
        scale = tape.moved((scale,), np.arange(zero.size, dtype=np.intp).reshape(shape))
        zero = zero.reshape(shape)
    bounds = [tape.leaf(call[name] - zero) for name in ("quant_min", "quant_max")]
    with np.errstate(all="ignore"):
        scaled = tape.value(source) / tape.value(scale)
        rounded = np.rint(scaled)
        bounded = np.clip(rounded, *map(tape.value, bounds))
        if not np.allclose(bounded * tape.value(scale), value, _CLOSE, 0.0, equal_nan=True):
            return None  # such as where it is switched off
    node = tape.call("divide", np.divide, [source, scale], scaled, form("a/b"), elementwise=True)
    node = tape.call("round", np.rint, [node], rounded, elementwise=True, exact=True, back=_flat)
    node = tape.call("clip", np.clip, [node, *bounds], bounded, form("clip(a, b, c)"),
                     elementwise=True, exact=True)  # fmt: skip
    return tape.call("multiply", np.multiply, [node, scale], value, form("a*b"), elementwise=True)


def _numbers(value: Any) -> Array:
    return np.array(array_of(value) if isinstance(value, Tensor) else value, np.float64)


def _flat(
    operands: Sequence[Array], arriving: Array, wanted: tuple[bool, ...]
) -> tuple[Array, ...]:
    return (np.zeros(operands[0].shape),)
