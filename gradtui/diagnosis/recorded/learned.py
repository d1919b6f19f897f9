"""The number by which the gradient of a learned step size is scaled on purpose.

Such gradients are sums over all values of a step, and too large beside others: Esser et al., 2020,
section 2.2, multiply by 1/sqrt(N*Q), for N values and the largest level Q.
"""

from __future__ import annotations

import linecache
import math
import re
from collections.abc import Iterator

from msgspec import Struct

from gradtui.diagnosis.recorded.flat import flat_calls
from gradtui.diagnosis.recorded.point import Point
from gradtui.diagnosis.recorded.quantisers import SIGNS, Quantiser, quantisers
from gradtui.recording.tape import Call, Tape

_SAME = 1e-6
_SCALING = frozenset({"multiply", "divide"})
_ROOT = re.compile(r"sqrt|\*\*\s*\(?\s*-?\s*(?:0?\.5|1\s*/\s*2)|pow\([^)]*0?\.5")


class StepScale(Struct, frozen=True):
    """What a gradient is multiplied by, in words and as a number."""

    told: str
    value: float


def step_scale(point: Point, name: str) -> StepScale | None:
    """Return the scale of the gradient of a step size; None if that is none, or not scaled so."""
    tape, node = point.result.tape, point.nodes[name]
    possible = [*_possible(point, name)] if node is not None else []
    used = [*_multiplied(point, name)] if possible else []
    scaled = [one for one in possible
              if any(abs(by - one.value) <= _SAME * one.value for by in used)]  # fmt: skip
    # A simple number, such as 1/2, may be another one: the code must have a root for it.
    return next((one for one in scaled if not _is_simple(one) or _has_root(tape, node or 0)), None)


def _is_simple(scale: StepScale) -> bool:
    inverse = 1 / scale.value
    return abs(inverse - round(inverse)) <= _SAME


def _possible(point: Point, name: str) -> Iterator[StepScale]:
    """Yield the scales that the sizes and the bounds of quantisers give."""
    tape = point.result.tape
    leaf = tape.arguments[name]
    flat = [id for id in flat_calls(point)
            if isinstance(node := tape.nodes[id], Call) and node.name not in SIGNS]  # fmt: skip
    for one in quantisers(tape, flat):
        size, whole = math.prod(tape.shape(leaf)), math.prod(tape.shape(one.source))
        if not size or size >= whole or whole % size or not _is_step(tape, one, leaf):
            continue
        for count in dict.fromkeys((whole // size, whole)):
            for level in _levels(tape, one):
                yield StepScale(f"1/sqrt({count}*{level})", (count * level) ** -0.5)
            yield StepScale(f"1/sqrt({count})", count**-0.5)


def _is_step(tape: Tape, quantiser: Quantiser, leaf: int) -> bool:
    """Return whether a quantiser scales by an argument, which its source does not depend on."""
    if leaf in tape.sources(quantiser.source):
        return False
    path = {quantiser.source, quantiser.flat, *quantiser.before, *quantiser.after}
    return any(
        leaf in tape.sources(by)
        for id in quantiser.before
        if isinstance(call := tape.nodes[id], Call) and call.name in _SCALING
        for by in call.inputs if by not in path
    )  # fmt: skip


def _levels(tape: Tape, quantiser: Quantiser) -> list[int]:
    """Return the largest and the smallest level, without their signs."""
    found = set[int]()
    for id, source in quantiser.bounds(tape).items():
        node = tape.nodes[id]
        assert isinstance(node, Call)
        ends = [tape.value(one) for one in node.inputs if one != source and not tape.active[one]]
        found.update(abs(int(end)) for end in ends if end.size == 1 and float(end) == int(end))
    return sorted(found - {0}, reverse=True)


def _multiplied(point: Point, name: str) -> Iterator[float]:
    """Yield the numbers by which the backward pass multiplies on the way to a gradient."""
    tape, node = point.result.tape, point.nodes[name]
    forward = set(tape.sources(point.root))
    for id in tape.sources(node) if node is not None else ():
        call = tape.nodes[id]
        if id in forward or not isinstance(call, Call) or call.name not in _SCALING:
            continue
        for one in call.inputs[-1:] if call.name == "divide" else call.inputs:
            value = tape.value(one)
            if value.size == 1 and not tape.active[one] and float(value.reshape(())) > 0:
                number = float(value.reshape(()))
                yield 1 / number if call.name == "divide" else number


def _has_root(tape: Tape, node: int) -> bool:
    """Return whether the code that computes a value has a square root somewhere."""
    files = {one.file for id in tape.sources(node) if (one := tape.nodes[id].place) is not None}
    return any(_ROOT.search(line) for file in files for line in linecache.getlines(file))
