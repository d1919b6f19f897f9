"""The marks of all values that a backward pass may rightly compute: adjoints and parts of them.

A mark is shared by a value and its transpose alone, up to rounding.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradtui.diagnosis.recorded.blame.paths import Paths
from gradtui.diagnosis.recorded.point import Point
from gradtui.recording.slopes import Untold, flows
from gradtui.recording.tape import Call, Leaf, Tape

Array = NDArray[Any]
Form = tuple[int, float]
"""A key that all multiples of a value share."""
Mark = tuple[Form, float]
"""The form of a value, and its size."""

_DIGITS = 7
_ROWS, _LONGEST, _AXES = 20_000, 32, 2
"""Most parts of known values, the longest axis of a loop, and most values with parts."""
_TOGETHER = 6
"""Most uses of a value whose contributions are summed."""
_JOINED = 100
"""Most values whose contributions through rearrangements are summed."""
_STEPS = 6
"""Most steps of an elementwise function, such as a sigmoid's."""
_PARTS = 12
"""Most terms of a loss whose adjoints are told apart."""
SUMS = frozenset({"add", "subtract"})
_LINEAR, _SCALING = SUMS | {"negative"}, frozenset({"multiply", "divide"})
_LEAST = 1e-4
"""Below this relative size, cancelling cubes are only rounding."""


class Marks:
    """The marks of the right values of a run: whole ones, and parts of them."""

    def __init__(self, point: Point, forward: set[int]) -> None:
        self._whole = defaultdict[Form, set[float]](set)
        self._parts = defaultdict[Form, dict[float, int]](dict)
        """Form -> the sizes of partial sums, right on the way, each with the number of its terms.
        """
        self._adjoints = set[Mark]()
        """Those of whole adjoints, their sizes rounded."""
        self._arrays = defaultdict[Mark, list[Array]](list)
        """Mark of an array -> the adjoints with it, of which some may be transposes of others."""
        self._room = _ROWS
        self._note(point, forward)

    def holds(self, mark: Mark, scales: Sequence[float]) -> bool:
        """Return whether a value is right, whatever else is added, times one of some scales."""
        form, size = mark
        sizes = self._whole.get(form, ())
        return any(rounded(size / scale) in sizes for scale in scales)

    def is_adjoint(self, mark: Mark) -> bool:
        """Return whether a value is the whole adjoint of another."""
        form, size = mark
        return (form, rounded(size)) in self._adjoints

    def turns(self, value: Array, mark: Mark) -> bool:
        """Return whether a matrix is the transpose of right ones, and no right one itself."""
        form, size = mark
        alike = self._arrays.get((form, rounded(size)), ()) if value.ndim == 2 else ()
        return any(_is_alike(value.T, one) for one in alike) and not self.repeats(value, mark)

    def repeats(self, value: Array, mark: Mark) -> bool:
        """Return whether an array is a whole adjoint, element by element."""
        form, size = mark
        return any(_is_alike(value, one) for one in self._arrays.get((form, rounded(size)), ()))

    def knows(self, value: Array, times: Sequence[float], scales: Sequence[float]) -> float:
        """Return how much of a right value one is, times a number: 0 if it is none."""
        form, size = mark_of(value)
        whole, parts = self._whole.get(form, ()), self._parts.get(form, {})
        if not whole and not parts:
            return 0
        sizes = [
            rounded(size * one / scale if form[1] else abs(size * one) / scale)
            for one in times for scale in scales
        ]  # fmt: skip
        if any(one in whole for one in sizes):
            return math.inf
        return max([parts.get(one, 0) for one in sizes], default=0)

    def _add(self, value: Array) -> Array:
        marks = [mark_of(value)]
        if self._room > 0 and value.ndim:
            marks += _row_marks(value)
            self._room -= len(marks)
        for form, size in marks:
            self._whole[form].add(rounded(size))
        return value

    def _add_adjoint(self, value: Array) -> None:
        form, size = mark_of(self._add(value))
        self._adjoints.add((form, rounded(size)))

    def _note(self, point: Point, forward: set[int]) -> None:
        """Note adjoints, contributions along edges, sums of some of them, and values."""
        tape, so_far = point.result.tape, defaultdict[int, list[Array]](list)

        def gathered(id: int, value: Array) -> None:
            if len(so_far[id]) < _TOGETHER:
                so_far[id].append(np.array(value))

        try:
            adjoints = point.adjoints(forward, moved=self._add, gathered=gathered)
        except Untold:
            return
        for values in so_far.values():
            upto = [np.zeros(()), *values] if len(values) > 2 else []
            for (first, start), (last, end) in combinations(enumerate(upto), 2):
                form, size = mark_of(end - start)
                self._parts[form][rounded(size)] = last - first
        self._note_terms(point, adjoints)
        self._note_split(tape, forward, adjoints)
        for id, value in adjoints.items():
            node = tape.nodes[id]
            if tape.active[id]:
                self._add_adjoint(value)
                self._add(tape.value(id))
                if id in tape.imaginary:  # some write the conjugate for the gradient
                    self._add(-value)
                if value.ndim:
                    form, size = mark_of(value)
                    self._arrays[form, rounded(size)].append(value)
                if isinstance(node, Call) and node.elementwise:
                    _note_slopes(tape, id, self._add)
                if isinstance(node, Call) and node.name in ("var", "std"):
                    self._note_squares(tape, id, node, value)

    def _note_split(
        self, tape: Tape, forward: Collection[int], adjoints: Mapping[int, Array]
    ) -> None:
        """Note the sums of contributions that come through one rearrangement, such as a slice."""
        paths = Paths(tape, forward, {i: one for i, one in adjoints.items() if tape.active[i]})
        joined = [id for id in forward if tape.active[id] and paths.is_split(id)]
        for id in joined[:_JOINED]:
            for count, value in paths.sums(id):
                form, size = mark_of(value)
                parts, size = self._parts[form], rounded(size)
                parts[size] = max(count, parts.get(size, 0))

    def _note_squares(self, tape: Tape, id: int, node: Call, adjoint: Array) -> None:
        """Note the adjoints of the squares that a variance is the mean of, and of it itself."""
        value, wanted = tape.value(id), tuple(tape.active[i] for i in node.inputs)
        # How an adjoint is spread over the elements is told by any of which none is the mean.
        rng = np.random.default_rng(0)
        operands = [rng.normal(size=tape.shape(i)) for i in node.inputs]
        with np.errstate(all="ignore"):
            own = adjoint / (2 * value) if node.name == "std" else adjoint
            self._add_adjoint(own)
            slopes = flows(node, operands, value, np.ones_like(value), wanted)
            for slope, moved in zip(slopes, flows(node, operands, value, own, wanted), strict=True):
                if slope is not None and moved is not None:
                    spread, count = moved / slope, slope.size / value.size
                    for divisor in (count, count - 1):
                        self._add_adjoint(spread / divisor)

    def _note_terms(self, point: Point, adjoints: Mapping[int, Array]) -> None:
        """Note the adjoints by each term of the loss alone, for code that goes back by terms."""
        tape = point.result.tape
        terms = _terms(tape, point.root)
        for term in terms if 1 < len(terms) <= _PARTS else []:
            behind = [id for id in tape.sources(term) if tape.active[id]]
            for value in point.adjoints(behind, of=term).values():
                form, size = mark_of(value * adjoints[term])
                self._parts[form].setdefault(rounded(size), 1)


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
        with np.errstate(all="ignore"):
            products = [slope if so_far is None else so_far * slope for _, slope in slopes]
        for one in products:
            noted(one)
        if len(slopes) != 1 or slopes[0][1].shape != tape.shape(id):
            return
        id, so_far = slopes[0][0], products[0]


def _slopes(tape: Tape, id: int, node: Call) -> Iterator[tuple[int, Array]]:
    """Yield the inputs of an elementwise function, each with its local derivative."""
    value = tape.value(id)
    wanted = tuple(tape.active[i] for i in node.inputs)
    operands = [tape.value(i) for i in node.inputs]
    with np.errstate(all="ignore"):
        found = flows(node, operands, value, np.ones_like(value), wanted)
        yield from ((i, one) for i, one in zip(node.inputs, found, strict=True) if one is not None)


def _is_alike(one: Array, other: Array) -> bool:
    room = _LEAST * np.max(np.abs(other), initial=0.0)
    return one.shape == other.shape and bool(np.all(np.abs(one - other) <= room))


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
                _made(rows.shape[1], size, cube)
                for size, cube in zip(sizes.tolist(), cubes.tolist(), strict=True) if size
            ]  # fmt: skip
    return found


def mark_of(value: Array) -> Mark:
    """Return a key that only a value and its transpose share."""
    own = np.asarray(value, np.float64).reshape(-1)
    with np.errstate(all="ignore"):
        squares = own * own
        return _made(own.size, math.sqrt(squares.sum()), float(np.cbrt(np.dot(squares, own))))


def _made(count: int, size: float, cubes: float) -> Mark:
    ratio = abs(cubes) / size if size else 0.0
    if not ratio > _LEAST:
        return (count, 0.0), size
    return (count, rounded(ratio)), math.copysign(size, cubes)


def rounded(value: float) -> float:
    """Return a size as marks hold it."""
    return float(f"{value:.{_DIGITS}g}")
