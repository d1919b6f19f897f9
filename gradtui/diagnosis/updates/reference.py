"""What the optimizer computes, part by part, on a few sequences: what lines of a program come to.

Knows no rule.  A line is recognised by its values, however it is written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from msgspec import Struct

from gradtui.diagnosis.updates.execution import (
    Array,
    Memo,
    Value,
    at_step,
    evaluate,
    first_values,
    run,
)
from gradtui.diagnosis.updates.probes import Probes, Target
from gradtui.diagnosis.updates.trees import Path, part_at, parts_of, replaced, shape_of
from gradtui.engine.expression import Call, Name, Tree
from gradtui.engine.handwritten import UpdateProgram
from gradtui.source import InputError

_CLOSE = 1e-8


class Part(Struct, frozen=True, eq=False):
    """A part of one line of the optimizer's program."""

    line: int
    path: Path
    values: Array
    """(steps, sequences), what it comes to."""


class Reference:
    """The optimizer's program and its values."""

    def __init__(self, program: UpdateProgram, probes: Probes, target: Target) -> None:
        self.program, self.probes, self.target = program, probes, target
        self.parts = _parts(program, probes)
        self.before, self.results = _stacked(program, probes)
        self._written = {shape_of(line.value) for line in program.lines}
        operations = [part for part in self.parts if self._is_operation(part)]
        self.operations = np.stack([part.values for part in operations])
        steps = [part.values for part in self.parts if self._is_step(part)]
        with np.errstate(all="ignore"):  # the rate may be 0
            moves = [*(-step for step in steps), *(step / probes.lr for step in steps)]
        self.known = np.stack([*(part.values for part in self.parts), *moves])
        self.whole = np.stack([part.values for part in self.parts if not part.path])

    @property
    def shape(self) -> tuple[int, ...]:
        """(steps, sequences)."""
        return self.probes.g.shape

    def agrees(self, w: Array) -> Array:
        """Return, for each step and sequence, whether w is where it belongs."""
        return np.stack([self.target.agrees(step, w[step]) for step in range(len(w))])

    def is_among(self, many: Array, one: Array) -> bool:
        """Whether a result is one of many."""
        return bool(same(many, np.broadcast_to(one, self.shape)).any())

    def _is_operation(self, part: Part) -> bool:
        return isinstance(part_at(self.program.lines[part.line].value, part.path), Call)

    def _is_step(self, part: Part) -> bool:
        """Whether a part is what w moves by."""
        line = self.program.lines[part.line]
        subtracts = isinstance(line.value, Call) and line.value.function == "-"
        return line.name == "w" and subtracts and part.path == (1,)

    def writes(self, tree: Tree) -> bool:
        """Whether the optimizer has a line with this expression."""
        return shape_of(tree) in self._written

    def likeness(self, program: UpdateProgram) -> tuple[int, int]:
        """Return how many lines come to what a part, and what a line of the optimizer comes to."""
        lines = list(_line_values(program, self.probes))
        alike = sum(bool(same(self.known, values).any()) for values in lines)
        whole = sum(bool(same(self.whole, values).any()) for values in lines)
        return alike, whole

    def true_line(self, program: UpdateProgram) -> tuple[int, Tree] | None:
        """Return a line, and the expression that makes the program right in its place.

        The first line that would do, with the optimizer's expression in the program's own names.
        """
        last = len(program.lines) - 1
        while program.lines[last].name != "w":
            last -= 1
        for index in (*(i for i in range(len(program.lines)) if i != last), last):
            for part in self.parts:
                scopes = self._overridden(program, index, part.values)
                tree = None if scopes is None else self._expressed(part, scopes)
                if tree is not None:
                    return index, tree
        return None

    def _overridden(
        self, program: UpdateProgram, index: int, values: Array
    ) -> Mapping[str, Array] | None:
        """Return what each name is before a line whose result is `values`; None if w goes wrong."""
        probes, seen = self.probes, list[dict[str, Value]]()
        names = first_values(program, probes)
        with np.errstate(all="ignore"):
            for step in range(len(probes.g)):
                scope = at_step(names, probes, step)
                for at, line in enumerate(program.lines):
                    if at == index:
                        seen.append(dict(scope))
                        scope[line.name] = Value(values[step], probes.shape)
                    else:
                        scope[line.name] = evaluate(line.value, scope, {})
                w = np.broadcast_to(scope["w"].array, probes.w.shape)
                if not np.all(self.target.agrees(step, w)):
                    return None
                names = {**names, **{name: scope[name] for name in ("w", *program.state)}}
        shape = probes.w.shape
        return {
            name: np.stack([np.broadcast_to(scope[name].array, shape) for scope in seen])
            for name in seen[0]
        }

    def _expressed(self, part: Part, scope: Mapping[str, Array]) -> Tree | None:
        """Return the optimizer's expression with the names that come to the same, if there are."""
        tree = part_at(self.program.lines[part.line].value, part.path)
        for path, leaf in list(parts_of(tree)):
            if not isinstance(leaf, Name):
                continue
            named = self._named(part.line, (*part.path, *path), scope)
            if named is None:
                return None
            tree = replaced(tree, path, named)
        return tree

    def _named(self, line: int, path: Path, scope: Mapping[str, Array]) -> Tree | None:
        leaf = part_at(self.program.lines[line].value, path)
        assert isinstance(leaf, Name)
        (own,) = (p for p in self.parts if p.line == line and p.path == path)
        matching = [name for name, values in scope.items() if same(values[None], own.values)[0]]
        if matching:
            return Name(leaf.name if leaf.name in matching else matching[0], leaf.place)
        for above in range(line - 1, -1, -1):
            if self.program.lines[above].name == leaf.name:
                (root,) = (p for p in self.parts if p.line == above and p.path == ())
                return self._expressed(root, scope)
        return None


def _stacked(program: UpdateProgram, probes: Probes) -> tuple[dict[str, Value], dict[str, Value]]:
    """Return what the program reads and what w and its state come to, at all steps at once."""
    rows = list(run(program, probes))
    old: dict[str, Value] = {}
    for name, value in rows[0][0].items():
        arrays = [before[name].array for before, _ in rows]
        single = np.ndim(value.array) == 0
        old[name] = Value(np.array(arrays)[:, None] if single else np.stack(arrays))
    shape = probes.g.shape
    new = {
        name: Value(np.stack([np.broadcast_to(after[name].array, shape[1:]) for _, after in rows]))
        for name in dict.fromkeys(line.name for line in program.lines)
    }
    return old, new


def _parts(program: UpdateProgram, probes: Probes) -> list[Part]:
    """Return every part of every line, whole lines first."""
    found: dict[tuple[int, Path], list[Array]] = {}
    for before, _ in run(program, probes):
        scope = dict(before)
        for index, line in enumerate(program.lines):
            with np.errstate(all="ignore"):
                memo = Memo()
                result = evaluate(line.value, scope, memo)
                for path, part in parts_of(line.value):
                    value = memo[id(part)] if isinstance(part, Call) else evaluate(part, scope, {})
                    full = np.broadcast_to(value.array, probes.w.shape)
                    found.setdefault((index, path), []).append(full)
            scope[line.name] = result
    parts = [Part(line, path, np.stack(values)) for (line, path), values in found.items()]
    return sorted(parts, key=lambda part: len(part.path))


def _line_values(program: UpdateProgram, probes: Probes) -> Iterator[Array]:
    """Yield what each line comes to, (steps, sequences)."""
    rows: list[list[Array]] = [[] for _ in program.lines]
    try:
        for before, _ in run(program, probes):
            scope = dict(before)
            for index, line in enumerate(program.lines):
                with np.errstate(all="ignore"):
                    scope[line.name] = evaluate(line.value, scope, {})
                rows[index].append(np.broadcast_to(scope[line.name].array, probes.w.shape))
    except (InputError, ValueError):
        return
    yield from map(np.stack, rows)


def same(many: Array, one: Array) -> Array:
    """Return, for each of many, whether it is the same numbers."""
    near = np.isclose(many, one[None], rtol=_CLOSE, atol=0.0, equal_nan=True)
    return np.asarray(np.all(near.reshape(len(many), -1), axis=1))
