"""Pairs of small changes with which w is right after one step, of all that could be made.

The changes of one part of a line stand as rows in its place, so all pairs of two parts are tried at
once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

import numpy as np
from msgspec import Struct

from gradtui.diagnosis.updates.line_edits import LineEdit
from gradtui.diagnosis.updates.lowered import Lowered, is_right
from gradtui.diagnosis.updates.probes import Array, Probes, Target
from gradtui.engine.interpreter import Interpreter
from gradtui.language.parser import Name
from gradtui.language.trees import Path, replaced

Pair = tuple[LineEdit, LineEdit]


def likely_pairs(
    program: Lowered, edits: Sequence[Sequence[LineEdit]], probes: Probes, target: Target
) -> Iterator[Pair]:
    """Yield the pairs of the changes of each line, in two places of one line or in two lines."""
    world = program.at(probes, 0, program.first(probes))
    lines = [_Line(program, index, some) for index, some in enumerate(edits)]

    def right(line: _Line, values: Array, at: Interpreter) -> Iterator[tuple[int, int]]:
        after = at.replacing({line.node: values})
        good = np.argwhere(is_right(target, 0, after.value(program.result)))
        yield from ((int(row), int(column)) for row, column in good)

    for index, line in enumerate(lines):
        for first, second, values in line.in_two_places(world):
            yield from ((first[a], second[b]) for b, a in right(line, values, world))
        some, rows = line.whole(world)
        if not some:
            continue
        changed = world.replacing({line.node: rows})
        for later in lines[index + 1 :]:
            for second, values in later.in_one_place(changed):
                yield from ((some[a], second[b]) for b, a in right(later, values, changed))


class _Group(Struct, frozen=True, eq=False):
    """The changes of one part of a line."""

    path: Path
    edits: list[LineEdit]
    parts: list[int]
    """The node of what each of them puts there."""
    hole: Name
    leaf: int
    """The node of the hole, which stands for what is put there."""


class _Line:
    """A line and its changes, by the part that they are made of."""

    def __init__(self, program: Lowered, index: int, edits: Sequence[LineEdit]) -> None:
        self.node, shape = program.lines[index].node, program.shape_of(index)
        self._expression, self._edits = program.editable(index), edits
        nodes, groups = self._expression.builder.nodes, dict[Path, _Group]()
        for edit in edits:
            part = self._expression.node_of(edit.tree)
            if part is None or nodes[part].shape != shape:
                continue
            if edit.path not in groups:
                hole = self._expression.hole(shape)
                leaf = self._expression.node_of(hole)
                assert leaf is not None
                groups[edit.path] = _Group(edit.path, [], [], hole, leaf)
            groups[edit.path].edits.append(edit)
            groups[edit.path].parts.append(part)
        self._groups = [groups[path] for path in sorted(groups)]

    def _values(self, world: Interpreter, rows: Mapping[_Group, Array]) -> Array | None:
        """Return what the line comes to with rows in some places; None where shapes do not fit."""
        tree = self._expression.tree
        for group in rows:
            tree = replaced(tree, group.path, group.hole)
        root, nodes = self._expression.node_of(tree), self._expression.builder.nodes
        if root is None or nodes[root].shape != nodes[self.node].shape:
            return None
        leaves = {group.leaf: values for group, values in rows.items()}
        return world.extended(nodes, leaves).value(root)

    def _rows(self, world: Interpreter, group: _Group) -> Array:
        return world.extended(self._expression.builder.nodes).stacked(group.parts)

    def in_one_place(self, world: Interpreter) -> Iterator[tuple[list[LineEdit], Array]]:
        """Yield the changes of each part, and what the line comes to, (changes, …)."""
        for group in self._groups:
            values = self._values(world, {group: self._rows(world, group)})
            if values is not None:
                yield group.edits, values

    def in_two_places(
        self, world: Interpreter
    ) -> Iterator[tuple[list[LineEdit], list[LineEdit], Array]]:
        """Yield the changes of two parts, and what the line comes to, (second, first, …)."""
        for one, other in combinations(self._groups, 2):
            if other.path[: len(one.path)] != one.path:
                rows = {one: self._rows(world, one), other: self._rows(world, other)[:, None]}
                values = self._values(world, rows)
                if values is not None:
                    yield one.edits, other.edits, values

    def whole(self, world: Interpreter) -> tuple[list[LineEdit], Array]:
        """Return all changes that fit, and what the line comes to with each, (changes, …)."""
        found = list(self.in_one_place(world))
        edits = [edit for some, _ in found for edit in some]
        return edits, np.concatenate([values for _, values in found]) if found else np.zeros(0)
