"""The values of a backward pass's lines, and which of them are known to be right.

A value is known to be right if it is the true adjoint of a value of the forward pass, or the
contribution along one of its edges. The mistake is where right values become something else.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradtui.base.source import Place
from gradtui.diagnosis.recorded.runs import Point
from gradtui.recording.slopes import Untold, flows
from gradtui.recording.tape import Added, Call, Leaf, Moved, Node, Tape

Array = NDArray[Any]
Line = tuple[str, int]
"""A file and the number of a line."""
Form = tuple[int, float]
"""A key that all multiples of a value share."""
Mark = tuple[Form, float]
"""The form of a value, and its size."""
_Marks = defaultdict[Form, set[float]]
_Parts = defaultdict[Form, dict[float, int]]
"""Form -> the sizes of partial sums, each with the number of its terms."""

_DIGITS = 7
_ROWS, _LONGEST, _AXES = 20_000, 32, 2
"""Most parts of known values, the longest axis of a loop, and most values with parts."""
_TOGETHER = 6
"""Most uses of a value whose contributions are summed."""
_STEPS = 6
"""Most steps of an elementwise function, such as a sigmoid's."""
_PARTS = 12
"""Most terms of a loss whose adjoints are told apart."""
_LINEAR, _SCALING = frozenset({"add", "subtract", "negative"}), frozenset({"multiply", "divide"})
_LEAST = 1e-4
"""Below this relative size, cancelling cubes are only rounding."""


class Told:
    """Knowledge of the lines of a run: empty if nothing was recorded."""

    def __init__(self) -> None:
        self.forward: set[Line] = set()
        """Lines that compute something on the way to the loss."""
        self.feeds: dict[Line, set[str]] = defaultdict(set)
        """Line -> the returned gradients that it takes part in."""
        self.lost: set[str] = set()
        """Gradients returned without a recording."""
        self.shapes: Mapping[Place, tuple[int, ...]] = {}
        """Place of an expression -> the shape of its value."""
        self.moving: set[Line] = set()
        """Lines that put elements in another order."""
        self.known: set[Line] = set()
        """Lines that only pass on right values."""
        self.repeating: set[Line] = set()
        """Those of them that recompute values of the forward pass."""
        self.first: set[Line] = set()
        """Lines that turn right values into others."""
        self.handing: set[Line] = set()
        """Lines whose values such a line uses: right in themselves, but perhaps not needed."""

    def knows(self, value: Array, times: Sequence[float] = (1.0,)) -> float:
        """Return how much of a right value one is, times a number: 0 if it is none.

        It is the number of contributions that a partial sum has, and infinite for a whole one.
        """
        return 0


class Flow(Told):
    """The lines of one recorded run; `scales` are factors by which right values may be off."""

    def __init__(self, point: Point, scales: Sequence[float]) -> None:
        super().__init__()
        tape = point.result.tape
        self._tape, self._scales = tape, scales
        self._sums = _Parts(dict)
        """The marks of partial adjoints: right on the way, perhaps not in the end."""
        self._found: dict[int, Mark] = {}
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
        (form, size), (other, wanted) = _mark(hand), _mark(true)
        return form == other and _rounded(size) == _rounded(wanted)

    def knows(self, value: Array, times: Sequence[float] = (1.0,)) -> float:
        """Return how much of a right value one is, times a number: 0 if it is none."""
        form, size = _mark(value)
        whole, parts = self._marks.get(form, ()), self._sums.get(form, {})
        sizes = [
            _rounded(size * one / scale if form[1] else abs(size * one) / scale)
            for one in times for scale in self._scales
        ] if whole or parts else []  # fmt: skip
        if any(one in whole for one in sizes):
            return math.inf
        return max([parts.get(one, 0) for one in sizes], default=0)

    def _is_marked(self, id: int, scales: Sequence[float] | None = None) -> bool:
        """Return whether a value is right, whatever else is added, times one of some scales."""
        form, size = self._mark_of(id)
        sizes = self._marks.get(form, ())
        return any(_rounded(size / scale) in sizes for scale in scales or self._scales)

    def _mark_of(self, id: int) -> Mark:
        if id not in self._found:
            self._found[id] = _mark(self._tape.value(id))
        return self._found[id]

    def _feed(self, point: Point, forward: set[int]) -> None:
        """Find the lines that take part in each gradient.

        Moved elements are shared between lines: they count if nothing is computed.
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
        """Separate the lines with right values from those where that ends."""
        self._marks = _marks(point, forward, self._sums)
        right = list[bool]()
        exact = list[bool]()
        clean = list[bool]()
        told = dict[Line, bool]()
        turning = list[tuple[int, Line]]()
        values = {self._mark_of(id) for id in forward}
        for id, node in enumerate(self._tape.nodes):
            inputs = () if isinstance(node, Leaf) else node.inputs
            line = self._lines[id]
            # Of a line's intermediate values, only those that it starts from count.
            clean.append(
                all(
                    clean[i] if self._lines[i] == line and line is not None else right[i]
                    for i in inputs
                )
            )
            right.append(self._is_right(id, inputs, right, forward))
            moved = not isinstance(node, Call)
            exact.append(all(exact[i] for i in inputs) if moved else self._is_marked(id, (1.0,)))
            back = [i for i in inputs if i not in forward and self._lines[i] is not None]
            if right[id] and not exact[id] and all(exact[i] for i in back):
                # A factor that the values before did not need is a mistake, unless none is known.
                right[id] = all(self._mark_of(i) in values for i in back)
            if line is None or id in forward:
                continue
            if not isinstance(node, Call) and not self._is_masked(node):
                continue
            if id + 1 < len(self._tape) and self._lines[id + 1] == line:
                continue
            if self._tape.value(id).dtype.kind == "f":
                told[line] = told.get(line, True) and right[id]
                if id not in forward and self._mark_of(id) in values:
                    self.repeating.add(line)
                if clean[id] and not right[id]:
                    turning.append((id, line))
        cleared = self._cleared(right, forward)
        for id, line in turning:
            if not cleared[id]:
                self.first.add(line)
                handed = self._handed(id, line)
                self.handing |= {
                    own for i in handed if i not in forward and (own := self._lines[i]) is not None
                }
        self.known = {line for line, is_right in told.items() if is_right}
        self._misplaced(point, right)

    def _cleared(self, right: Sequence[bool], forward: set[int]) -> list[bool]:
        """Return which values are right after all: those from which only right ones are made."""
        nodes = self._tape.nodes
        cleared, used = [True] * len(nodes), [False] * len(nodes)
        for id in range(len(nodes) - 1, -1, -1):
            node = nodes[id]
            cleared[id] = right[id] or (used[id] and cleared[id])
            if id in forward or isinstance(node, Leaf):
                continue
            for i in node.inputs:
                used[i] = True
                cleared[i] &= cleared[id]
        return cleared

    def _misplaced(self, point: Point, right: Sequence[bool]) -> None:
        """Find the lines that only move or store right values, if a wrong gradient results."""
        for name, top in point.nodes.items():
            hand, true = point.hand[name], point.true[name]
            if top is None or not right[top] or np.allclose(_mark(hand)[1], _mark(true)[1]):
                continue
            pending = [top]
            while pending:
                id = pending.pop()
                node, line = self._tape.nodes[id], self._lines[id]
                again = id == top and any(one.place == node.place for one in self._tape.nodes[:id])
                if again and isinstance(node, Call) and line is not None:
                    self.first.add(line)  # the last round of a loop alone
                if isinstance(node, Moved | Added) and not self._is_marked(id):
                    pending += node.inputs
                    if line is not None:
                        self.first.add(line)

    def _is_masked(self, node: Node) -> bool:
        """Return whether a value is another with some elements set to 0."""
        if not isinstance(node, Moved) or len(node.inputs) != 2:
            return False
        before, written = (self._tape.value(id) for id in node.inputs)
        return before.shape == node.index.shape and written.size == 1 and not written.any()

    def _handed(self, id: int, line: Line) -> Iterator[int]:
        """Yield the values of other lines from which a value is computed on its line."""
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
        if not value.any() or (isinstance(node, Moved | Added) and not self._is_masked(node)):
            return all(right[i] for i in inputs)
        return value.dtype.kind != "f" or self._is_marked(id)


def _marks(point: Point, forward: set[int], sums: _Parts) -> _Marks:
    """Return the marks of all right values: adjoints, contributions along edges, and values.

    Sums of contributions from some uses of a value are added to `sums`.
    """
    tape, found = point.result.tape, _Marks(set)
    room = _ROWS

    so_far = defaultdict[int, list[Array]](list)

    def gathered(id: int, value: Array) -> None:
        if len(so_far[id]) < _TOGETHER:
            so_far[id].append(np.array(value))

    def noted(value: Array) -> Array:
        nonlocal room
        marks = [_mark(value)]
        if room > 0 and value.ndim:
            marks += _row_marks(value)
            room -= len(marks)
        for form, size in marks:
            found[form].add(_rounded(size))
        return value

    try:
        adjoints = point.adjoints(forward, moved=noted, gathered=gathered)
    except Untold:
        return found
    for values in so_far.values():
        upto = [np.zeros(()), *values] if len(values) > 2 else []
        for (first, start), (last, end) in combinations(enumerate(upto), 2):
            form, size = _mark(end - start)
            sums[form][_rounded(size)] = last - first
    _note_parts(point, adjoints, sums)
    for id, value in adjoints.items():
        node = tape.nodes[id]
        if tape.active[id]:
            noted(value)
            noted(tape.value(id))
            if isinstance(node, Call) and node.elementwise:
                _note_slopes(tape, id, noted)
    return found


def _note_parts(point: Point, adjoints: Mapping[int, Array], sums: _Parts) -> None:
    """Note the adjoints by each term of the loss alone, for code that goes back term by term."""
    tape = point.result.tape
    terms = _terms(tape, point.root)
    for term in terms if 1 < len(terms) <= _PARTS else []:
        behind = [id for id in tape.sources(term) if tape.active[id]]
        for value in point.adjoints(behind, of=term).values():
            form, size = _mark(value * adjoints[term])
            sums[form].setdefault(_rounded(size), 1)


def _terms(tape: Tape, root: int) -> list[int]:
    """Return the numbers that are added up for the loss."""
    found, pending = list[int](), [root]
    while pending:
        id = pending.pop()
        node = tape.nodes[id]
        inputs = [] if isinstance(node, Leaf) else [i for i in node.inputs if tape.active[i]]
        single = all(tape.shape(i) == () for i in inputs) and tape.shape(id) == ()
        added = isinstance(node, Call) and node.name in _LINEAR
        divided = isinstance(node, Call) and node.name in _SCALING and len(inputs) == 1
        if inputs and single and (added or divided):
            pending += inputs
        else:
            found.append(id)
    return found


def _note_slopes(tape: Tape, id: int, noted: Callable[[Array], Array]) -> None:
    """Note the derivatives of an elementwise function by its inputs, step by step."""
    so_far: Array | None = None
    for _ in range(_STEPS):
        node = tape.nodes[id]
        if not isinstance(node, Call) or not node.elementwise:
            return
        slopes = [*_slopes(tape, id, node)]
        for _, slope in slopes:
            noted(slope if so_far is None else so_far * slope)
        if len(slopes) != 1 or slopes[0][1].shape != tape.shape(id):
            return
        id, slope = slopes[0]
        so_far = slope if so_far is None else so_far * slope


def _slopes(tape: Tape, id: int, node: Call) -> Iterator[tuple[int, Array]]:
    """Yield the inputs of an elementwise function, each with its local derivative."""
    value = tape.value(id)
    wanted = tuple(tape.active[i] for i in node.inputs)
    operands = [tape.value(i) for i in node.inputs]
    with np.errstate(all="ignore"):
        found = flows(node, operands, value, np.ones_like(value), wanted)
        yield from ((i, one) for i, one in zip(node.inputs, found, strict=True) if one is not None)


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


def _row_marks(value: Array) -> list[Mark]:
    """Return the marks of a value's parts along each of its first axes, for loops."""
    found = list[Mark]()
    for axis in range(min(_AXES, value.ndim)):
        if 1 < value.shape[axis] <= _LONGEST:
            rows = np.moveaxis(np.asarray(value, np.float64), axis, 0)
            rows = rows.reshape(len(rows), -1)
            with np.errstate(all="ignore"):
                squares = rows * rows
                sizes, cubes = np.sqrt(squares.sum(1)), np.cbrt((squares * rows).sum(1))
            found += [
                _marked(rows.shape[1], size, cube)
                for size, cube in zip(sizes.tolist(), cubes.tolist(), strict=True) if size
            ]  # fmt: skip
    return found


def _mark(value: Array) -> Mark:
    """Return a key that only a value and its transpose share."""
    own = np.asarray(value, np.float64).reshape(-1)
    with np.errstate(all="ignore"):
        squares = own * own
        return _marked(own.size, math.sqrt(squares.sum()), float(np.cbrt(np.dot(squares, own))))


def _marked(count: int, size: float, cubes: float) -> Mark:
    ratio = abs(cubes) / size if size else 0.0
    if not ratio > _LEAST:
        return (count, 0.0), size
    return (count, _rounded(ratio)), math.copysign(size, cubes)


def _rounded(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}")
