"""The operators of PyTorch by whose results code may choose what it does next."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from gradtui.recording.tape import FLAT, Array, Tape
from gradtui.recording.torch.calls import Operation, is_number
from gradtui.recording.torch.forms import COMPARING, NAMES
from gradtui.recording.torch.tensors import array_of, is_known

_WHOLE = "iu"
"""Kinds of whole numbers."""


def note_choices(call: Operation, value: Array, tape: Tape, node: Callable[[Tensor], int]) -> None:
    """Note a comparison by size, and a result in whole numbers or steps, of a call."""
    name = NAMES.get(call.name, call.name)
    if call.name in COMPARING:
        _compared(call, tape, node)
    elif name in ("all", "any") and value.ndim == 0 and is_known(call["self"]):
        tape.agreed(name, array_of(call["self"]), node(call["self"]))
    elif value.dtype.kind in _WHOLE or name in FLAT:
        told = [call.value(slot) for slot in call.slots()]
        if any(is_number(one) and tape.active[node(one)] for one in told):
            tape.levelled(name, value)


def _compared(call: Operation, tape: Tape, node: Callable[[Tensor], int]) -> None:
    """Note a comparison by size, if a side depends on an argument."""
    sides = call.values[:2]
    nodes = [node(one) if is_number(one) else None for one in sides]
    moving = [id if id is not None and tape.active[id] else None for id in nodes]
    if moving != [None, None]:
        left, right = (array_of(one) if isinstance(one, Tensor) else one for one in sides)
        tape.chosen(COMPARING[call.name], left, right, (moving[0], moving[1]))
