"""Operators that move elements, by their effect on the positions of their arguments."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from gradtui.recording.tape import Array, Tape, form
from gradtui.recording.torch.calls import Operation, Slot
from gradtui.recording.torch.tensors import array_of

TIMES = form("a*b")

_MOVING = frozenset({
    "cat", "stack", "index", "_unsafe_index", "index_select", "gather", "take", "flip", "roll",
    "repeat", "clone", "contiguous", "constant_pad_nd", "tril", "triu", "diag_embed", "scatter",
    "index_put", "_unsafe_index_put", "index_copy", "masked_fill", "masked_select",
    "masked_scatter", "select_scatter", "slice_scatter", "diagonal_scatter", "slice_backward",
    "select_backward", "embedding", "im2col", "reflection_pad1d", "reflection_pad2d",
    "replication_pad1d", "replication_pad2d", "upsample_nearest1d", "upsample_nearest2d",
    "pixel_shuffle", "pixel_unshuffle", "unfold_copy", "index_fill", "fill", "rot90",
    "channel_shuffle",
    "_reshape_alias_copy", "lift_fresh_copy", "alias_copy", "_fw_primal_copy", "expand_copy",
    "permute_copy", "view_copy", "t_copy", "copy",
})  # fmt: skip
"""Operators whose results consist of elements of their arguments, and numbers."""
_FILLING = ("value",)
"""The argument with the inserted number."""
_CHOOSING = frozenset({"sort", "topk", "max", "min", "kthvalue", "median", "mode", "cummax",
                       "cummin", "nanmedian"})  # fmt: skip
"""Operators that return elements along an axis, and their positions on it."""


def moved(
    call: Operation, nodes: Sequence[int], slots: Sequence[Slot], value: Array, tape: Tape
) -> int | None:
    """Return the node of a result that consists of operands' elements at known places.

    None if it does not.  `nodes` are those of the operands at `slots`.
    """
    if not call.is_native:
        return None
    if call["accumulate"]:
        return _added(call, _put, nodes, slots, value, tape)
    if call.name in _ADDING:
        return _added(call, _ADDING[call.name], nodes, slots, value, tape)
    if call.name in _CHOOSING and call["dim"] is not None:
        return _gathered(_chosen(call), [tape.number(0.0), nodes[0]], value, tape)
    if call.name == "max_pool2d_with_indices":
        return _gathered(_pooled(call), [tape.number(0.0), nodes[0]], value, tape)
    if call.name not in _MOVING or call["reduce"] is not None:
        return None
    index, filling = _positions(call, slots)
    return _gathered(index, [tape.number(filling), *nodes], value, tape)


def _positions(call: Operation, slots: Sequence[Slot]) -> tuple[Tensor, float]:
    """Return a call's effect on its operands' numbered elements, and the inserted number."""
    first, given = 1, list[Tensor]()
    for slot in slots:
        count = call.value(slot).numel()
        given.append(_numbered(call.value(slot), first))
        first += count
    values = call.filled(slots, given)
    filling = 0.0
    for name in _FILLING:
        if isinstance(call[name], int | float):
            filling = float(call[name])
            values[call.at(name)[0]] = 0
    for at in call.signature.written:
        values[at] = values[at].clone()
    with torch.no_grad():
        returned = call.called(values)
    return returned[0] if isinstance(returned, tuple) else returned, filling


def _numbered(tensor: Tensor, first: int) -> Tensor:
    """Return numbers for the elements of a tensor, as floats, which move like the elements."""
    count = tensor.numel()
    return torch.arange(first, first + count, dtype=torch.float64).reshape(tensor.shape)


def _chosen(call: Operation) -> Tensor:
    own, axis = call["self"], int(call["dim"])
    places = call.called(call.values)[1]
    if places.ndim < own.ndim:
        return _numbered(own, 1).gather(axis, places.unsqueeze(axis)).squeeze(axis)
    return _numbered(own, 1).gather(axis, places) if own.ndim else _numbered(own, 1)


def _pooled(call: Operation) -> Tensor:
    own = call["self"]
    places = call.called(call.values)[1]
    flat = _numbered(own, 1).flatten(-2).gather(-1, places.flatten(-2))
    return flat.reshape(places.shape)


def _gathered(index: Tensor, nodes: Sequence[int], value: Array, tape: Tape) -> int | None:
    """Return the node of the elements at these positions, from 1; None if they differ."""
    places = np.array(array_of(index)).astype(np.intp)
    if places.shape != value.shape:
        return None
    if places.min(initial=1) > 0:
        nodes, places = nodes[1:], places - 1
    used = tape.moved(nodes, places)
    return used if np.array_equal(tape.value(used), value, equal_nan=True) else None


def _along(call: Operation) -> Tensor:
    return _numbered(call["self"], 0).index_select(int(call["dim"]), call["index"])


def _spread(call: Operation) -> Tensor:
    return _numbered(call["self"], 0).gather(int(call["dim"]), call["index"])


def _put(call: Operation) -> Tensor:
    indices = [slice(None) if one is None else one for one in call["indices"]]
    return _numbered(call["self"], 0)[tuple(indices)]


_ADDING: Mapping[str, Callable[[Operation], Tensor]] = {
    "index_add": _along,
    "scatter_add": _spread,
}
"""Operator -> the places in the first operand at which it adds the second's elements."""


def _added(
    call: Operation, places_of: Callable[[Operation], Tensor], nodes: Sequence[int],
    slots: Sequence[Slot], value: Array, tape: Tape,
) -> int | None:  # fmt: skip
    """Return the node of a sum of the first operand and elements of the second."""
    scale = call["alpha"]
    if len(nodes) != 2 or scale not in (None, 1):
        return None
    places = np.array(array_of(places_of(call))).astype(np.intp)
    source = tape.shape(nodes[1])
    if call.name == "scatter_add":
        if len(source) != places.ndim:
            return None
        kept = np.arange(int(np.prod(source, dtype=int)), dtype=np.intp).reshape(source)
        chosen = kept[tuple(slice(size) for size in places.shape)]
    else:
        kept = np.arange(int(np.prod(source, dtype=int)), dtype=np.intp).reshape(source)
        chosen = np.broadcast_to(kept, places.shape)
    part = tape.moved((nodes[1],), np.ascontiguousarray(chosen))
    added = tape.added(part, places, value.shape)
    return tape.call("add", np.add, [nodes[0], added], value, form("a + b"), elementwise=True)
