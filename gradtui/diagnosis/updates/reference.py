"""What the optimizer computes, part by part, on a few sequences: what lines of a program come to.

Knows no rule.  A line is recognised by its values, however it is written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from msgspec import Struct

from gradtui.base.source import InputError
from gradtui.diagnosis.updates.execution import (
    Array,
    Memo,
    Value,
    at_step,
    evaluate,
    first_values,
    fitted,
    run,
    run_lines,
)
from gradtui.diagnosis.updates.probes import Probes, Target
from gradtui.diagnosis.updates.scope import MEANS, values_in
from gradtui.engine.handwritten import UpdateProgram
from gradtui.language.parser import Call, Name, Tree
from gradtui.language.trees import Path, part_at, replaced, shape_of

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
        self.whole = np.stack([part.values for part in self.parts if not part.path])
        self.known = np.concatenate([self.operations, *self._scaled()])

    def _scaled(self) -> Iterator[Array]:
        """Yield the rate, and what a program may have with the rate in it, or unweighed."""
        probes, lines = self.probes, self.program.lines
        steps = [part.values for part in self.parts if self._is_step(part)]
        kept = [self.before[name].array for name in self.program.state]
        kept += [p.values for p in self.parts if not p.path and lines[p.line].name != "w"]
        lr = probes.lr.reshape(*probes.lr.shape, *(1 for _ in probes.shape))
        weights = [probes.constants[name] for name in MEANS if name in probes.constants]
        yield np.broadcast_to(lr, self.shape)[None]
        with np.errstate(all="ignore"):  # the rate may be 0
            for one in kept:
                yield np.stack([one, lr * one, -lr * one, *(one / (1 - w) for w in weights)])
            for step in steps:
                yield np.stack([-step, step / lr])

    @property
    def shape(self) -> tuple[int, ...]:
        """(steps, sequences)."""
        return self.probes.g.shape

    def quiet(self, program: UpdateProgram, names: Sequence[str]) -> Mapping[str, Value]:
        """Return what a program keeps under these names; right of what no gradient changes."""
        before, _ = _stacked(program, self.probes)
        return {name: before[name] for name in names}

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
        """Return how many lines come to what a part does, and how many whole ones they come to."""
        lines = list(_line_values(program, self.probes))
        alike = sum(bool(same(self.known, values).any()) for values in lines)
        reached = np.any([same(self.whole, values) for values in lines], axis=0)
        return alike, int(np.sum(reached))

    def true_line(self, program: UpdateProgram) -> tuple[int, Tree] | None:
        """Return a line, and the expression that makes the program right in its place.

        The first line that would do, with the optimizer's expression in the program's own names.
        """
        last = len(program.lines) - 1
        while program.lines[last].name != "w":
            last -= 1
        for index in (*(i for i in range(len(program.lines)) if i != last), last):
            try:
                filling = self._filling(program, index)
            except InputError:
                continue  # what reads the line needs another shape
            for part in filling:
                tree = self._expressed(part, self._scope_at(program, index, part.values))
                if tree is not None:
                    return index, tree
        return None

    def _filling(self, program: UpdateProgram, index: int) -> list[Part]:
        """Return the parts that make w go right where they are the result of a line."""
        probes, parts, lines = self.probes, self.parts, program.lines
        names = first_values(program, probes)
        for step in range(len(probes.g)):
            with np.errstate(all="ignore"):
                names = run_lines(lines[:index], at_step(names, probes, step), program.state)
                rows = np.stack([part.values[step] for part in parts])
                names = {**names, lines[index].name: Value(rows, probes.shape)}
                names = run_lines(lines[index + 1 :], names, program.state)
            kept = {
                name: np.broadcast_to(names[name].array, rows.shape)
                for name in ("w", *program.state)
            }
            agreed = self.target.agrees(step, kept["w"]).reshape(len(rows), -1)
            there = np.asarray(agreed.all(axis=1))
            parts = [part for part, good in zip(parts, there, strict=True) if good]
            if not parts:
                break
            kept = {name: array[there] for name, array in kept.items()}
            names |= {name: Value(array, probes.shape) for name, array in kept.items()}
        return parts

    def _scope_at(self, program: UpdateProgram, index: int, values: Array) -> Mapping[str, Array]:
        """Return what each name is before a line whose result is `values`."""
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
                        scope = run_lines([line], scope, program.state)
                names = {**names, **{name: scope[name] for name in ("w", *program.state)}}
        own = {name: [scope[name] for scope in seen] for name in seen[0]}
        return {name: full(values, probes) for name, values in own.items() if _fit(values, probes)}

    def _expressed(self, part: Part, scope: Mapping[str, Array]) -> Tree | None:
        """Return the optimizer's expression with the names that come to the same, if there are."""
        tree = part_at(self.program.lines[part.line].value, part.path)
        for path, leaf in list(values_in(tree)):
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
    for name in rows[0][0]:
        values = [before[name] for before, _ in rows]
        single = all(np.ndim(value.array) == 0 for value in values)
        arrays = np.array([value.array for value in values])[:, None] if single else None
        old[name] = Value(full(values, probes) if arrays is None else arrays)
    new = {
        name: Value(full([after[name] for _, after in rows], probes))
        for name in dict.fromkeys(line.name for line in program.lines)
    }
    return old, new


def _parts(program: UpdateProgram, probes: Probes) -> list[Part]:
    """Return every part of every line, whole lines first."""
    found: dict[tuple[int, Path], list[Value]] = {}
    for before, _ in run(program, probes):
        scope = dict(before)
        for index, line in enumerate(program.lines):
            with np.errstate(all="ignore"):
                memo = Memo()
                result = evaluate(line.value, scope, memo)
                for path, part in values_in(line.value):
                    value = memo[id(part)] if isinstance(part, Call) else evaluate(part, scope, {})
                    found.setdefault((index, path), []).append(value)
            scope[line.name] = result
    parts = [Part(line, path, full(values, probes)) for (line, path), values in found.items()]
    return sorted(parts, key=lambda part: len(part.path))


def _line_values(program: UpdateProgram, probes: Probes) -> Iterator[Array]:
    """Yield what each line comes to, (steps, sequences)."""
    rows: list[list[Value]] = [[] for _ in program.lines]
    for before, _ in run(program, probes):
        scope = dict(before)
        for index, line in enumerate(program.lines):
            with np.errstate(all="ignore"):
                scope = run_lines([line], scope, program.state)
            rows[index].append(scope[line.name])
    yield from (full(values, probes) for values in rows if _fit(values, probes))


def full(values: Sequence[Value], probes: Probes) -> Array:
    """Return what a name is at each step for each number of the parameter."""
    own = [fitted(value, probes.shape).array for value in values]
    return np.stack([np.broadcast_to(array, probes.w.shape) for array in own])


def _fit(values: Sequence[Value], probes: Probes) -> bool:
    """Whether values are there for each number of the parameter."""
    shape = values[0].shape
    pairs = zip(reversed(shape), reversed(probes.shape), strict=False)
    return len(shape) <= len(probes.shape) and all(one in (1, own) for one, own in pairs)


def same(many: Array, one: Array) -> Array:
    """Return, for each of many, whether it is the same numbers."""
    near = np.isclose(many, one[None], rtol=_CLOSE, atol=0.0, equal_nan=True)
    return np.asarray(np.all(near.reshape(len(many), -1), axis=1))
