"""Evaluates many changes of one expression together at one point, to find the few worth a trial.

Changes that differ in one part share the rest: the part is a hole, and its values are the rows of
one array.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import combinations
from typing import Any, Generic, TypeVar

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from gradtui.diagnosis.edits import Edit, Editable, Tweak
from gradtui.engine.interpreter import Interpreter
from gradtui.engine.shapes import Shape
from gradtui.language.parser import Call, Tree
from gradtui.language.trees import Path, replaced

Array = NDArray[Any]
Searched = TypeVar("Searched")
Changed = TypeVar("Changed", bound=Edit)
Fits = Callable[[Array], Array]
"""(changes, points, *shape) -> which of them may fit."""

FIRST = 1
"""The first of the random points, at which changes are tried first."""
SLACK = 1e-5
"""Relative difference that passes the sieve: ten times the final tolerance."""
MOST_CHANGES, MOST_NUMBERS = 50_000, 4_000_000_000
"""Most changes, and most numbers in their values, of one search: about a second, ten at most."""
MOST_PARTS, PARTS_IN_ALL = 120_000, 360_000
"""Most calls and names lowered in one search, and in all searches: some seconds.

One change of a line with thousands of operands lowers thousands of them.
"""
MOST_LINES = 200_000
"""Limit on lines searched for a repair times lines of the program: some 20 seconds."""
_TOGETHER = 1 << 20
"""Most numbers of the largest value computed at once."""
_COMPARED = 1 << 12
"""Numbers of a value that are compared."""


class Budget:
    """The remaining budget of a search, counted in work so that every run ends alike."""

    def __init__(self) -> None:
        self.tried = 0
        """Changes."""
        self.is_cut = False
        """Whether there was more to try."""
        self._most = MOST_CHANGES
        self._parts, self._parts_left = 0, PARTS_IN_ALL
        self._lines = MOST_LINES
        self.renew()

    def limit(self, changes: int) -> None:
        """Allow each search fewer changes."""
        self._most = changes
        self.renew()

    def renew(self) -> None:
        """Begin another search."""
        self._changes, self._numbers = self._most, MOST_NUMBERS
        self._parts_left += self._parts
        self._parts = min(MOST_PARTS, self._parts_left)
        self._parts_left -= self._parts

    @property
    def is_spent(self) -> bool:
        """Whether the search may try no more changes."""
        return not self._changes or self._parts <= 0

    def nearest(self, lines: Sequence[Searched], of: int) -> Sequence[Searched]:
        """Return the last of some lines, as many as the budget allows in a program of `of`."""
        room = self._lines // of
        self.is_cut |= room < len(lines)
        self._lines -= of * min(room, len(lines))
        return lines[max(0, len(lines) - room) :]

    def lowered(self, parts: int) -> None:
        """Count the parts of changes that were lowered."""
        self._parts -= parts

    def allowed(self, edits: Iterable[Changed]) -> Iterator[Changed]:
        """Yield as many of the edits as may still be tried."""
        for edit in edits:
            if self.is_spent:
                self.is_cut = True
                return
            self._changes -= 1
            self.tried += 1
            yield edit

    def allows(self, numbers: int) -> bool:
        """Count some numbers and return whether they may still be computed."""
        self.is_cut |= self._numbers < numbers
        if self._numbers < numbers:
            return False
        self._numbers -= numbers
        return True


class _Group(Struct, frozen=True, eq=False):
    """Changes that put a value of one shape in the same place."""

    path: Path
    tree: Tree
    """The expression there, with a hole."""
    hole: int
    """The leaf that represents the inserted value."""
    root: int
    """The whole expression."""
    members: list[tuple[int, int]]
    """(number of a change, node that it inserts)."""


class Sieve(Generic[Changed]):
    """Finds the changes of one expression that may fit."""

    def __init__(self, expression: Editable, edits: Iterable[Changed], budget: Budget) -> None:
        self._expression = expression
        self._budget = budget
        self._edits = list[Changed]()
        groups = dict[object, _Group | None]()
        before = expression.lowered
        for number, edit in enumerate(budget.allowed(edits)):
            budget.lowered(expression.lowered - before)
            before = expression.lowered
            self._edits.append(edit)
            slot = _slot(edit)
            node = expression.node_of(_part(edit, slot))
            if node is None:
                continue
            shape = expression.builder.nodes[node].shape
            key = _key(edit, slot, shape)
            if key not in groups:
                groups[key] = _group(expression, edit, slot, shape)
            group = groups[key]
            if group is not None:
                group.members.append((number, node))
        self._groups = [group for group in groups.values() if group is not None]
        nodes = expression.builder.nodes
        self._largest = max(1, *(math.prod(node.shape) for node in nodes))

    def count(self, shape: Shape) -> int:
        """Return the number of changes whose value has a shape."""
        return sum(len(group.members) for group in self._of(shape))

    @property
    def shapes(self) -> frozenset[Shape]:
        """The shapes of the values of all changes."""
        nodes = self._expression.builder.nodes
        return frozenset(nodes[group.root].shape for group in self._groups)

    def of(self, shape: Shape) -> list[Changed]:
        """Return the changes whose value has a shape."""
        return self._in_order(at for group in self._of(shape) for at, _ in group.members)

    def kept(
        self,
        world: Interpreter,
        shapes: Collection[Shape],
        fits: Fits,
        points: int = 1,
        first: int = FIRST,
    ) -> list[Changed]:
        """Return the changes to a value of one of the shapes that pass at a number of points."""
        here = world.at(slice(first, first + points) if points > 1 else first)
        found = list[int]()
        for shape in shapes:
            for numbers, values in self._values(here, self._of(shape)):
                with np.errstate(all="ignore"):
                    fit = fits(values)
                found += [number for number, good in zip(numbers, fit, strict=True) if good]
        return self._in_order(found)

    def executed(self, world: Interpreter, shape: Shape) -> list[tuple[Changed, Array]]:
        """Return each change to a value of a shape, and that value everywhere in a world."""
        found = dict[int, Array]()
        for numbers, values in self._values(world, self._of(shape)):
            found |= zip(numbers, values, strict=True)
        return [(self._edits[number], found[number]) for number in sorted(found)]

    def by_part(
        self, world: Interpreter, shape: Shape
    ) -> Iterator[tuple[Sequence[Changed], Array]]:
        """Yield the changes of each part, and the values of the expression, (changes, …)."""
        for group in self._of(shape):
            for numbers, values in self._values(world, [group]):
                yield [self._edits[number] for number in numbers], values

    def by_two_parts(
        self, world: Interpreter, shape: Shape
    ) -> Iterator[tuple[Sequence[Changed], Sequence[Changed], Array]]:
        """Yield the changes of two parts, and the values with both, (second, first, …)."""
        here = world.extended(self._expression.builder.nodes)
        for one, other in combinations(sorted(self._groups, key=lambda group: group.path), 2):
            if other.path[: len(one.path)] == one.path:
                continue
            tree = replaced(self._expression.tree, one.path, one.tree)
            root = self._expression.node_of(replaced(tree, other.path, other.tree))
            if root is None or here.nodes[root].shape != shape:
                continue
            rows, others = (here.stacked([id for _, id in both.members]) for both in (one, other))
            leaves = {one.hole: rows, other.hole: others[:, None]}
            values = here.extended(here.nodes, leaves).value(root)
            yield self._members(one), self._members(other), values

    def _members(self, group: _Group) -> list[Changed]:
        return [self._edits[number] for number, _ in group.members]

    def _in_order(self, numbers: Iterable[int]) -> list[Changed]:
        return [self._edits[number] for number in sorted(numbers)]

    def _of(self, shape: Shape) -> list[_Group]:
        nodes = self._expression.builder.nodes
        return [group for group in self._groups if nodes[group.root].shape == shape]

    def _values(
        self, world: Interpreter, groups: Iterable[_Group]
    ) -> Iterator[tuple[list[int], Array]]:
        """Yield numbers of changes and their values, (changes, *lead, *shape)."""
        here, points = world.extended(self._expression.builder.nodes), math.prod(world.lead)
        rows, numbers, values = max(1, _TOGETHER // self._largest), list[int](), list[Array]()
        for group in groups:
            for start in range(0, len(group.members), rows):
                members = group.members[start : start + rows]
                if not self._budget.allows(len(members) * points * self._largest):
                    break
                filled = {group.hole: here.stacked([node for _, node in members])}
                values.append(here.extended(here.nodes, filled).value(group.root))
                numbers += [number for number, _ in members]
                if len(numbers) >= rows:
                    yield numbers, np.concatenate(values)
                    numbers, values = [], []
        if numbers:
            yield numbers, np.concatenate(values)


class _Slot(Struct, frozen=True, eq=False):
    """The new operand of an edit's insertion, if the rest of it is old."""

    at: int
    call: Call
    new: Tree

    @property
    def frame(self) -> tuple[object, ...]:
        """The common part of edits that put something new beside the same operand."""
        return self.call.function, self.at, id(self.call.arguments[1 - self.at])


def _slot(edit: Edit) -> _Slot | None:
    """Return the new operand; None if everything that an edit inserts is new."""
    call, new = edit.tree, edit.new if isinstance(edit, Tweak) else None
    if isinstance(call, Call) and call.function in ("*", "/", "@", "+", "-") and new is not None:
        slots = (_Slot(at, call, new) for at, one in enumerate(call.arguments) if one is new)
        return next(slots, None)
    return None


def _part(edit: Edit, slot: _Slot | None) -> Tree:
    return edit.tree if slot is None else slot.new


def _key(edit: Edit, slot: _Slot | None, shape: Shape) -> tuple[object, ...]:
    return edit.path, shape, *(slot.frame if slot else ())


def place_of(expression: Editable, edit: Edit) -> object:
    """Return what edits share that put a value of one shape in the same place."""
    slot = _slot(edit)
    node = expression.node_of(_part(edit, slot))
    return None if node is None else _key(edit, slot, expression.builder.nodes[node].shape)


def _group(expression: Editable, edit: Edit, slot: _Slot | None, shape: Shape) -> _Group | None:
    """Return the group that an edit begins; None if its shapes do not fit."""
    hole = expression.hole(shape)
    tree: Tree = hole
    if slot is not None:
        operands = list[Tree](slot.call.arguments)
        operands[slot.at] = hole
        tree = replace(slot.call, arguments=tuple(operands))
    leaf, root = expression.node_of(hole), expression.lower(Edit(edit.path, tree))
    assert leaf is not None
    return None if root is None else _Group(edit.path, tree, leaf, root, [])


def most_telling(wanted: Array) -> int:
    """Return the first random point at which most of the wanted value is not 0."""
    told = np.count_nonzero(_start(wanted[FIRST:]), axis=1)
    return FIRST + int(np.argmax(told)) if told.size else FIRST


def near_at(wanted: Array, size: Array, point: int = FIRST) -> Fits:
    """Return a test of whether values at one point are near the wanted ones.

    Whatever passes the full test at all points, `near`, passes this one.
    """
    at, largest = _start(wanted[point][None]), np.max(size[point], initial=0.0)
    allowed = SLACK * (_start(size[point][None]) + 1e-3 * largest)

    def fits(values: Array) -> Array:
        return rows_of(np.abs(_start(values) - at) <= allowed)

    return fits


def proportional_at_first(wanted: Array, size: Array) -> Fits:
    """Return a test of whether the wanted values at two points are a constant times values there.

    Whatever passes the full test at all points, `constant_ratio`, passes this one.
    """
    both = slice(FIRST, FIRST + 2)
    at, norm = _starts(wanted[None, both])[0], np.linalg.norm(size[both])

    def fits(values: Array) -> Array:
        rows = _starts(values)
        square = np.sum(rows * rows, axis=1)
        ratio = (rows @ at / square)[:, None]
        near = np.abs(at - ratio * rows) <= SLACK * 2 * norm * np.maximum(1.0, np.abs(ratio))
        return np.asarray(rows_of(near) | (square == 0))

    return fits


def _start(values: Array) -> Array:
    """Return the first numbers of each row."""
    return values.reshape(len(values), -1)[:, :_COMPARED]


def _starts(values: Array) -> Array:
    """Return the first numbers of each row at two points."""
    return np.concatenate([_start(values[:, 0]), _start(values[:, 1])], axis=1)


def rows_of(fit: Array) -> Array:
    """Return, for each row, whether all of it is true."""
    return np.asarray(fit.all(axis=tuple(range(1, fit.ndim))))
