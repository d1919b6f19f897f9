"""The operators of PyTorch with bends that no comparison of two operands tells of."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np
from msgspec import Struct

from gradtui.recording.tape import Array
from gradtui.recording.torch.calls import Operation

Operand = Callable[[str], Array]
"""The value of an operand before the call, by its name."""


class Bend(Struct, frozen=True, eq=False):
    """Where the slope of a call jumps: what lies on one side of a number, and the number."""

    left: Array
    right: Array
    sides: tuple[str, str]
    """Both in words."""


Bends = Callable[[Operation, Operand], Iterator[Bend]]


def bends(call: Operation, operand: Operand) -> Iterator[Bend]:
    """Yield the bends of a call."""
    find = _BENDS.get(call.name)
    if find is not None:
        yield from find(call, operand)


def _at(*numbers: float) -> Bends:
    def find(call: Operation, operand: Operand) -> Iterator[Bend]:
        for number in numbers:
            yield Bend(operand("self"), np.asarray(number), (_argument(call), f"{number:g}"))

    return find


def _told(*options: str, both: bool = False) -> Bends:
    """Return bends at options of the call, or at `both` signs of them."""

    def find(call: Operation, operand: Operand) -> Iterator[Bend]:
        for name in options:
            for sign in ("-", "") if both else ("",):
                bound = np.asarray(-call[name] if sign else call[name])
                yield Bend(operand("self"), bound, (_argument(call), f"{sign}{name}"))

    return find


def _apart(option: str) -> Bends:
    """Return the bend of a loss where its arguments are as far apart as an option says."""

    def find(call: Operation, operand: Operand) -> Iterator[Bend]:
        size = np.abs(operand("self") - operand("target"))
        words = (f"the size of the difference in {call.name}", option)
        yield Bend(size, np.asarray(call[option]), words)

    return find


def _argument(call: Operation) -> str:
    return f"the argument of {call.name.strip('_').removesuffix('_kernel')}"


_BENDS: Mapping[str, Bends] = {
    "hardtanh": _told("min_val", "max_val"),
    "threshold": _told("threshold"),
    "softshrink": _told("lambd", both=True),
    "hardshrink": _told("lambd", both=True),
    "hardsigmoid": _at(-3.0, 3.0),
    "hardswish": _at(-3.0, 3.0),
    "elu": _at(0.0),
    "celu": _at(0.0),
    "_prelu_kernel": _at(0.0),
    "huber_loss": _apart("delta"),
    "smooth_l1_loss": _apart("beta"),
}
