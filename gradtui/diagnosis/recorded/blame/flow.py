"""What the lines of a backward pass compute, and which of it is known to be right.

A value is known to be right where it is the true adjoint of a value of the forward pass, or what
flows back along one edge of it. The mistake stands where something else is made of what is right.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradtui.base.source import Place
from gradtui.diagnosis.recorded.runs import Point
from gradtui.recording.slopes import Untold, flows
from gradtui.recording.sweep import gradients
from gradtui.recording.tape import Added, Call, Leaf, Moved, Tape

Array = NDArray[Any]
Line = tuple[str, int]
"""A file and the number of a line."""
Mark = tuple[int, float, float]

_DIGITS = 7
_LEAST = 1e-4
"""The part of a size below which cubes that cancel out are rounding alone."""


class Told:
    """What is known of the lines of a run: nothing where nothing was recorded."""

    def __init__(self) -> None:
        self.forward: set[Line] = set()
        """Lines that compute something on the way to the loss."""
        self.feeds: dict[Line, set[str]] = defaultdict(set)
        """Line -> the returned gradients that what it computes takes part in."""
        self.lost: set[str] = set()
        """Gradients that were returned without having been recorded."""
        self.shapes: Mapping[Place, tuple[int, ...]] = {}
        """Place of an expression -> the shape of its value."""
        self.moving: set[Line] = set()
        """Lines that put elements in another order."""
        self.known: set[Line] = set()
        """Lines that hand on nothing but what is right."""
        self.first: set[Line] = set()
        """Lines that make something else of what is right."""
        self.handing: set[Line] = set()
        """Lines whose values such a line uses: each right as such, and maybe not what is needed."""

    def knows(self, value: Array, times: Sequence[float] = (1.0,)) -> bool:
        """Return whether a value, taken so many times, is one of those that are right."""
        return False


class Flow(Told):
    """The lines of one recorded run; `scales` are factors by which what is right may be off."""

    def __init__(self, point: Point, scales: Sequence[float]) -> None:
        super().__init__()
        tape = point.result.tape
        self._tape, self._scales = tape, scales
        self._lines = [_line(tape, id) for id in range(len(tape))]
        forward = _ancestors(tape, [point.root])
        self.forward = {line for id in forward if (line := self._lines[id]) is not None}
        self._feed(point, forward)
        self.lost = {name for name, node in point.nodes.items() if node is None}
        self.shapes = {
            place: tape.shape(id)
            for id in range(len(tape))
            if (place := tape.nodes[id].place) is not None
        }
        self.moving = {
            line for id, line in enumerate(self._lines)
            if isinstance(tape.nodes[id], Moved) and id not in forward and line is not None
        }  # fmt: skip
        self._follow(point, forward)

    def is_rearranged(self, hand: Array, true: Array) -> bool:
        """Return whether a gradient has the true one's elements in another order."""
        return _mark(hand) == _mark(true)

    def knows(self, value: Array, times: Sequence[float] = (1.0,)) -> bool:
        """Return whether a value, taken so many times, is one of those that are right."""
        count, size, cubes = _measured(value)
        return any(
            (count, _rounded(size * abs(one) / scale), _rounded(cubes * one / scale)) in self._marks
            for one in times
            for scale in self._scales
        )

    def _feed(self, point: Point, forward: set[int]) -> None:
        """Tell which lines take part in which gradients.

        Elements that are only moved are shared between lines: they count where nothing is computed.
        """
        nodes = self._tape.nodes
        computing = {line for id, line in enumerate(self._lines) if isinstance(nodes[id], Call)}
        for name, node in point.nodes.items():
            for id in _ancestors(self._tape, [] if node is None else [node]):
                line = self._lines[id]
                if id in forward or line is None:
                    continue
                if isinstance(nodes[id], Call) or line not in computing:
                    self.feeds[line].add(name)

    def _follow(self, point: Point, forward: set[int]) -> None:
        """Tell the lines whose values are right from those where that ends."""
        self._marks = _marks(point, forward)
        right = list[bool]()
        clean = list[bool]()
        told = dict[Line, bool]()
        for id, node in enumerate(self._tape.nodes):
            inputs = () if isinstance(node, Leaf) else node.inputs
            line = self._lines[id]
            # Of what a line computes on the way, only that counts from which it starts.
            clean.append(
                all(
                    clean[i] if self._lines[i] == line and line is not None else right[i]
                    for i in inputs
                )
            )
            right.append(self._is_right(id, inputs, right, forward))
            if line is None or id in forward or not isinstance(node, Call):
                continue
            if id + 1 < len(self._tape) and self._lines[id + 1] == line:
                continue
            if self._tape.value(id).dtype.kind == "f":
                told[line] = told.get(line, True) and right[id]
                if clean[id] and not right[id]:
                    self.first.add(line)
                    handed = self._handed(id, line)
                    self.handing |= {
                        own
                        for i in handed
                        if i not in forward and (own := self._lines[i]) is not None
                    }
        self.known = {line for line, is_right in told.items() if is_right}

    def _handed(self, id: int, line: Line) -> Iterator[int]:
        """Yield what other lines computed and a value is made of on its line."""
        pending, seen = [id], {id}
        while pending:
            node = self._tape.nodes[pending.pop()]
            for source in () if isinstance(node, Leaf) else node.inputs:
                if source in seen:
                    continue
                seen.add(source)
                if self._lines[source] == line or not isinstance(self._tape.nodes[source], Call):
                    pending.append(source)
                else:
                    yield source

    def _is_right(
        self, id: int, inputs: Iterable[int], right: list[bool], forward: set[int]
    ) -> bool:
        node = self._tape.nodes[id]
        if id in forward or isinstance(node, Leaf):
            return True
        value = self._tape.value(id)
        if isinstance(node, Moved | Added) or not value.any():
            return all(right[i] for i in inputs)
        return value.dtype.kind != "f" or self.knows(value)


def _marks(point: Point, forward: set[int]) -> set[Mark]:
    """Return the marks of all that is right: adjoints, what flows along edges, and values."""
    tape, found = point.result.tape, set[Mark]()

    def noted(value: Array) -> Array:
        found.add(_mark(value))
        return value

    try:
        adjoints = gradients(tape, point.root, forward, moved=noted)
    except Untold:
        return found
    for id, value in adjoints.items():
        node = tape.nodes[id]
        if tape.active[id]:
            noted(value)
            noted(tape.value(id))
            if isinstance(node, Call) and node.elementwise:
                _note_slopes(tape, id, node, noted)
    return found


def _note_slopes(tape: Tape, id: int, node: Call, noted: Callable[[Array], Array]) -> None:
    """Note the local derivatives of an elementwise function."""
    value = tape.value(id)
    wanted = tuple(tape.active[i] for i in node.inputs)
    operands = [tape.value(i) for i in node.inputs]
    with np.errstate(all="ignore"):
        for slope in flows(node, operands, value, np.ones_like(value), wanted):
            if slope is not None:
                noted(slope)


def _line(tape: Tape, id: int) -> Line | None:
    node = tape.nodes[id]
    place = node.place
    return None if place is None or isinstance(node, Leaf) else (place.file, place.line)


def _ancestors(tape: Tape, roots: Iterable[int]) -> set[int]:
    found: set[int] = set()
    pending = list(roots)
    while pending:
        id = pending.pop()
        if id not in found:
            found.add(id)
            pending += getattr(tape.nodes[id], "inputs", ())
    return found


def _mark(value: Array) -> Mark:
    """Return what a value has in common with its transpose, and with no other."""
    count, size, cubes = _measured(value)
    return count, _rounded(size), _rounded(cubes)


def _measured(value: Array) -> Mark:
    own = np.asarray(value, np.float64).reshape(-1)
    with np.errstate(all="ignore"):
        squares = own * own
        size, cubes = math.sqrt(squares.sum()), float(np.cbrt(np.dot(squares, own)))
    return own.size, size, cubes if abs(cubes) > _LEAST * size else 0.0


def _rounded(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}")
