"""Kernels that cannot be seen inside, at which blame ends: what they take, and what they return.

Functions of NumPy, such as `linalg.inv`, are none: they compute what they are to compute.  Right
neighbours are named as the user writes them, and what a kernel returns by what it is off by.
"""

from __future__ import annotations

import linecache
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from operator import attrgetter
from typing import Any

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from gradtui.base.source import Place
from gradtui.base.text import number
from gradtui.diagnosis.finding import Finding
from gradtui.diagnosis.recorded.point import Point
from gradtui.diagnosis.recorded.simple import ratio_of
from gradtui.recording.foreign import LIBRARIES
from gradtui.recording.slopes import Untold
from gradtui.recording.tape import FLAT, Added, Call, Leaf, Moved, Tape

Array = NDArray[Any]

_CLOSE = 1e-6
_LINE = " in line "
_LARGEST = 5_000
"""Largest tape searched, in nodes."""


class Off(Struct, frozen=True):
    """A relation of what a kernel returns to a true gradient."""

    rule: str
    told: str
    factor: str | None


class Kernel(Struct, frozen=True):
    """A kernel that takes right values and returns a wrong one."""

    place: Place
    told: str
    off: Off | None


def with_kernels(point: Point, findings: Sequence[Finding]) -> Iterator[Finding]:
    """Yield findings, with the kernel for those of gradients that one spoils.

    Another line at which an edit makes a gradient right is named as it is.
    """
    for one in findings:
        spoilt = one.severity == "error" and point.nodes.get(one.target) is not None
        kernel = spoiling(point, one.target) if spoilt else None
        if kernel is not None and (one.rule == "unexplained" or one.line == kernel.place.line):
            yield _of_kernel(one, kernel)
        else:
            yield one


def _of_kernel(one: Finding, kernel: Kernel) -> Finding:
    """Return a finding in the words of a kernel; a fix stays that says the same."""
    seen = one.message.partition(": ")[0]
    if seen.endswith("(also wrong"):
        seen = one.message.partition("): ")[0].removesuffix(")") + ")"
    rule, factor = (one.rule, None) if kernel.off is None else (kernel.off.rule, kernel.off.factor)
    fits = rule == one.rule and one.fix is not None
    factor = one.factor if fits else factor
    return replace(one, rule=rule, factor=factor, message=f"{seen}: {kernel.told}",
                   line=kernel.place.line, place=kernel.place, fix=one.fix if fits else None,
                   replaces=one.replaces if fits else None)  # fmt: skip


def spoiling(point: Point, name: str) -> Kernel | None:
    """Return the first kernel on the way to a gradient that right values enter, and wrong leave."""
    tape, top = point.result.tape, point.nodes[name]
    if top is None or len(tape) > _LARGEST:
        return None
    forward = tape.sources(point.root)
    kernels = [id for id in sorted(set(tape.sources(top)).difference(forward))
               if _is_kernel(tape, id)]  # fmt: skip
    if not kernels:
        return None
    with suppress(Untold):
        known = _Known(point, forward)
        for id in kernels:
            found = known.judged(id)
            if found is not None:
                return found
    return None


def _is_kernel(tape: Tape, id: int) -> bool:
    node = tape.nodes[id]
    opaque = isinstance(node, Call) and node.form is None and node.back is None
    if isinstance(node, Call) and (node.name in FLAT or _is_of_library(node.name)):
        return False  # such as `sign`, which makes no gradients
    return opaque and node.place is not None and tape.value(id).dtype.kind == "f"


def _is_of_library(name: str) -> bool:
    """Return whether an opaque function is one of NumPy's or SciPy's, which is right."""
    if name.partition(".")[0] in LIBRARIES:
        return True
    with suppress(AttributeError):
        return callable(attrgetter(name)(np))
    return False


class _Known:
    """The values of the forward pass of a run, and its true gradients."""

    def __init__(self, point: Point, forward: Sequence[int]) -> None:
        self._tape = point.result.tape
        self._forward = [id for id in forward if self._tape.value(id).dtype.kind == "f"]
        self._names = {id: name for name, id in self._tape.arguments.items()}
        # The loss is not the user's own: only what their lines compute has a name.
        users = [id for id in self._forward if self._tape.active[id]
                 and (id in self._names or self._tape.nodes[id].place is not None)]  # fmt: skip
        self._adjoints: Mapping[int, Array] = point.adjoints(users)

    def judged(self, id: int) -> Kernel | None:
        """Return a kernel that spoils what it is given; None if it does not, or is given others."""
        node = self._tape.nodes[id]
        assert isinstance(node, Call) and node.place is not None
        value = self._tape.value(id)
        taken = {self._gradient_of(self._tape.value(one)) for one in node.inputs}
        if any(_is_same(value, own) for one, own in self._adjoints.items() if one not in taken):
            return None
        given = [self._told(one) for one in node.inputs if not self._is_number(one)]
        if any(one is None for one in given):
            return None
        off = self._off(value, taken)
        told = f"blame ends at {node.name}, inside which gradtui does not see: what it takes ("
        told += f"{', '.join(one for one in given if one)}) is right, "
        told += f"what it returns is {off.told if off else 'no multiple of a true gradient'}"
        return Kernel(node.place, told, off)

    def _is_number(self, id: int) -> bool:
        return isinstance(self._tape.nodes[id], Leaf) and self._tape.shape(id) == ()

    def _told(self, id: int) -> str | None:
        """Return the name of a right value; None if it is not known to be right."""
        if id in self._adjoints or id in self._forward:
            return self._text(id)
        value = self._tape.value(id)
        gradient = self._gradient_of(value)
        if gradient is not None:
            return f"the gradient of {self._text(gradient)}"
        own = next((one for one in self._forward if _is_same(value, self._tape.value(one))), None)
        constant = isinstance(self._tape.nodes[id], Leaf)
        return self._text(own) if own is not None else "a constant" if constant else None

    def _gradient_of(self, value: Array) -> int | None:
        """Return the value of the forward pass that another is the gradient of."""
        return next((id for id, one in self._adjoints.items() if _is_same(value, one)), None)

    def _off(self, value: Array, taken: Collection[int | None]) -> Off | None:
        """Return the relation of a value to a true gradient, to one that is `taken` last of all."""
        alike = [id for id, one in self._adjoints.items()
                 if one.shape == value.shape and one.size > 1 and one.any()]  # fmt: skip
        alike.sort(key=lambda id: (id in taken, -id))
        fresh = [id for id in alike if id not in taken]
        found = (self._times(value, id) for id in fresh), (self._by(value, id) for id in fresh)
        last = (self._times(value, id) for id in alike if id in taken)
        return next((one for some in (*found, last) for one in some if one is not None), None)

    def _times(self, value: Array, id: int) -> Off | None:
        """Return the number by which a value is off from a true gradient."""
        ratio = ratio_of([np.asarray(value, np.float64)], [self._adjoints[id]])
        if not ratio:
            return None
        told = f"the gradient of {self._text(id)} "
        if ratio == -1:
            return Off("sign", f"{told}with the opposite sign", "-1")
        return Off("constant-factor", f"{told}times {number(ratio)}", number(ratio))

    def _by(self, value: Array, id: int) -> Off | None:
        """Return the value of the forward pass by which one is off from a true gradient."""
        true, told = self._adjoints[id], f"the gradient of {self._text(id)} "
        for other in self._forward:
            factor = self._tape.value(other)
            if factor.shape != true.shape:
                continue
            text = self._text(other)
            own = text.partition(_LINE)[0]
            if _is_same(value, true * factor):
                return Off("extra-factor", f"{told}times {text}", own)
            ratio = ratio_of([value * factor], [true])
            if ratio:
                many = "" if ratio == 1 else f"{number(1 / ratio)} * "
                return Off("missing-factor", f"{told}without the factor {many}{text}", many + own)
        return None

    def _text(self, id: int) -> str:
        """Return a value as the user writes it, with its line if that is an expression."""
        node = self._tape.nodes[id]
        while isinstance(node, Moved | Added) and len(node.inputs) == 1 and node.place is None:
            id = node.inputs[0]
            node = self._tape.nodes[id]
        if id in self._names:
            return self._names[id]
        place = node.place
        if place is None:
            return "a value"
        line = linecache.getline(place.file, place.line)
        text = line[place.column - 1 : place.column - 1 + place.width].strip()
        return f"{text}{_LINE}{place.line}" if text else f"the value of line {place.line}"


def _is_same(one: Array, other: Array) -> bool:
    if one.shape != other.shape or not one.size or not other.any():
        return False
    return bool(np.max(np.abs(one - other)) <= _CLOSE * np.max(np.abs(other)))
