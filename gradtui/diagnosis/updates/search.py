"""Finds the small changes that make a program move the weights as another one does.

Single changes first, then pairs.  Nearly all fail at the first step of a few sequences; only what
passes there is run on every sequence.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain, islice

import numpy as np

from gradtui.base.source import InputError, Place
from gradtui.diagnosis.updates.evidence import Trial
from gradtui.diagnosis.updates.execution import (
    Array,
    Memo,
    Value,
    at_step,
    evaluate,
    first_values,
    fitted,
    run_lines,
    trajectory,
    with_line,
    with_state,
)
from gradtui.diagnosis.updates.line_edits import LineEdit, edits_of
from gradtui.diagnosis.updates.linewise import repaired_lines
from gradtui.diagnosis.updates.reference import Reference
from gradtui.diagnosis.updates.remedies import Remedy, Start, other_starts, other_targets
from gradtui.diagnosis.updates.scope import (
    Scope,
)
from gradtui.engine.handwritten import UpdateProgram
from gradtui.engine.shapes import Shape
from gradtui.language.parser import Assignment, Name, Tree
from gradtui.language.trees import Path, names_read, replaced

_PAIRED = 1.35
"""The cost up to which a change is tried together with others."""
_MOST = 700
"""Changes of a program from which on pairs of them take too long to try."""
_HOLE = Name("%part", Place(1))
_CLOSE = 0.6
"""How much more a remedy may change than the best and still be another reading of the mistake."""
_EDITS = 8000
"""Single changes that are tried, fewer of each line where there are many lines."""
_ASKED = 150
"""Programs that go right for a few steps and are followed to the end."""
_ENOUGH = 16
"""Single changes that make a program right: of more the cheapest are taken."""
_TRIED = 600
"""Pairs that pass the first step and are run further."""


def cost_of(remedy: Remedy) -> float:
    """Return how much a remedy changes; of several the cheapest is named."""
    return sum(step.cost for step in remedy)


def applied(program: UpdateProgram, remedy: Remedy) -> UpdateProgram:
    """Return a program with changes made; those of one line are in different places."""
    for step in remedy:
        if isinstance(step, Start):
            program = with_state(program, step.name, step.value)
        else:
            value = replaced(program.lines[step.line].value, step.path, step.part)
            program = with_line(program, step.line, value, step.name)
    return program


def find_remedies(
    program: UpdateProgram,
    scope: Scope,
    few: Trial,
    passes: Callable[[UpdateProgram], bool],
    reference: Reference | None = None,
) -> list[Remedy]:
    """Return the remedies of the fewest changes that are found, cheapest first.

    What goes right on a `few` steps is asked for whether it `passes`.  Remedies of more than one
    change are looked for only if there is a `reference`: what the target's program computes.
    """
    search = _Search(program, scope, few, passes)
    found: list[Remedy] = list(search.singles())
    if reference is not None and not found:
        found = list(search.line_by_line(reference)) or list(search.pairs())
    return sorted(found, key=cost_of)


def which_matter(lines: Sequence[Assignment]) -> list[bool]:
    """Return which lines w is made of, at once or in later steps."""
    made_of, known = {"w"}, 0
    while known < (known := len(made_of)):
        made_of.update(
            name for line in lines if line.name in made_of for name in names_read(line.value)
        )
    return [line.name in made_of for line in lines]


class _Search:
    def __init__(
        self,
        program: UpdateProgram,
        scope: Scope,
        few: Trial,
        passes: Callable[[UpdateProgram], bool],
    ) -> None:
        self.program, self.scope, self.fits = program, scope, passes
        self.few, self.near = few.probes, few.target
        self.left = _ASKED
        self.edits = [
            edits_of(program.lines, index, scope)[: _EDITS // len(program.lines)] if matters else []
            for index, matters in enumerate(which_matter(program.lines))
        ]
        self.paired = [[r for r in line if r.cost <= _PAIRED] for line in self.edits]
        self.scopes: list[Mapping[str, Value]] = []
        parts: list[Shape] = []
        names = at_step(first_values(program, self.few), self.few, 0)
        with np.errstate(all="ignore"):
            for line in program.lines:
                self.scopes.append(names)
                evaluate(line.value, names, memo := Memo())
                parts += [part.shape for part in memo.values()]
                names = run_lines([line], names, program.state)
        self.plain = {*parts} <= {(), self.few.shape}
        """Whether all there is has the shape of the parameter, or none: so rows go in front."""

    def singles(self) -> Iterator[Remedy]:
        starts = ((start,) for start in other_starts(self.program, self.scope))
        for remedy in chain(starts, other_targets(self.program, self.scope)):
            if self.passes(remedy):
                yield remedy
        lines = enumerate(self.edits)
        alive = [edit for index, edits in lines for edit in self.survivors(index, edits)]
        alive.sort(key=lambda edit: edit.cost)
        yield from islice(((one,) for one in alive if self.passes((one,))), _ENOUGH)

    def survivors(self, index: int, edits: Sequence[LineEdit]) -> list[LineEdit]:
        """Return the changes of a line after which w is right for a few steps."""
        if self.few.shape or not self.plain:
            found = self.first_values_of(index, edits)
            return [edit for edit, value in found if self.arrives(index, value)[0]]
        lines, state = self.program.lines, self.program.state
        names, alive = first_values(self.program, self.few), list(edits)
        for step in range(len(self.few.g) if alive else 0):
            with np.errstate(all="ignore"):
                names = run_lines(lines[:index], at_step(names, self.few, step), state)
                names = {**names, lines[index].name: self.side_by_side(index, alive, names)}
                names = run_lines(lines[index + 1 :], names, state)
            rows = {
                name: np.broadcast_to(names[name].array, (len(alive), len(self.few.w)))
                for name in ("w", *state)
            }
            good = np.flatnonzero(np.all(self.near.agrees(step, rows["w"]), axis=1))
            alive = [alive[row] for row in good]
            if not alive:
                break
            names = {**names, **{name: Value(array[good]) for name, array in rows.items()}}
        return alive

    def side_by_side(
        self, index: int, edits: Sequence[LineEdit], names: Mapping[str, Value]
    ) -> Value:
        """Return the values of changes of a line, each in its own row of what it reads."""
        memo, rows = Memo(), list[Array]()
        evaluate(self.program.lines[index].value, names, memo)
        for at, edit in enumerate(edits):
            array = evaluate(edit.value, names, dict(memo)).array
            array = array[at] if np.ndim(array) > 1 else array
            rows.append(np.broadcast_to(array, self.few.w.shape))
        return Value(np.stack(rows))

    def line_by_line(self, reference: Reference) -> Iterator[Remedy]:
        for remedy in repaired_lines(self.program, self.scope, reference, self.edits):
            if self.passes(remedy):
                yield remedy

    def pairs(self) -> Iterator[Remedy]:
        if not self.plain or sum(map(len, self.paired)) > _MOST:
            return
        limit = math.inf
        for remedy in sorted(self.likely_pairs(), key=cost_of)[:_TRIED]:
            if cost_of(remedy) > limit:
                return
            if self.passes(remedy):
                limit = min(limit, cost_of(remedy) + _CLOSE)
                yield remedy

    def likely_pairs(self) -> Iterator[Remedy]:
        for start in other_starts(self.program, self.scope):
            for edits in self.paired:
                yield from ((start, edit) for edit in edits)
        count = len(self.program.lines)
        for index in range(count):
            yield from self.within(index)
            stacked = list(self.first_values_of(index, self.paired[index]))
            if not stacked:
                continue
            rows = np.stack([np.broadcast_to(v.array, self.few.w.shape) for _, v in stacked])
            for later in range(index + 1, count):
                for row, other in self.across(index, Value(rows, self.few.shape), later):
                    yield stacked[row][0], other

    def within(self, index: int) -> Iterator[Remedy]:
        """Yield the pairs in one line that pass the first step.

        All changes of one part are tried at once, as rows in the place of that part.
        """
        line, scope, memo = self.program.lines[index].value, self.scopes[index], Memo()
        edits = self.paired[index]
        with np.errstate(all="ignore"):
            evaluate(line, scope, memo)
            groups = self.by_part(edits, scope, memo)
            for one in edits:
                known = dict(memo)
                if self.value(one.value, scope, known) is None:
                    continue
                others, rows = list[LineEdit](), list[Array]()
                for path, (group, parts) in groups.items():
                    if path > one.path and _apart(path, one.path):
                        tree = replaced(one.value, path, _HOLE)
                        value = evaluate(tree, {**scope, _HOLE.name: parts}, dict(known))
                        others += group
                        rows.append(np.broadcast_to(value.array, parts.array.shape))
                if rows:
                    good = self.arrives(index, Value(np.concatenate(rows)))
                    yield from ((one, others[row]) for row in np.flatnonzero(good))

    def by_part(
        self, edits: Sequence[LineEdit], scope: Mapping[str, Value], memo: Memo
    ) -> dict[Path, tuple[list[LineEdit], Value]]:
        """Return the changes of each part, and what then stands there at the first step."""
        groups: dict[Path, list[LineEdit]] = {}
        for edit in edits:
            groups.setdefault(edit.path, []).append(edit)
        shape = self.few.w.shape
        stacked = {}
        for path, group in groups.items():
            values = [evaluate(edit.part, scope, dict(memo)).array for edit in group]
            rows = np.stack([np.broadcast_to(value, shape) for value in values])
            stacked[path] = (group, Value(rows))
        return stacked

    def across(self, index: int, rows: Value, later: int) -> Iterator[tuple[int, LineEdit]]:
        """Yield (row, change of a later line) that pass the first step together."""
        lines = self.program.lines
        with np.errstate(all="ignore"):
            scope = {**self.scopes[index], lines[index].name: rows}
            scope = run_lines(lines[index + 1 : later], scope, self.program.state)
            for edit, value in self.first_values_of(later, self.paired[later], scope):
                good = self.arrives(later, value, scope)
                for row in np.flatnonzero(np.broadcast_to(good, len(rows.array))):
                    yield int(row), edit

    def first_values_of(
        self, index: int, edits: Sequence[LineEdit], scope: Mapping[str, Value] | None = None
    ) -> Iterator[tuple[LineEdit, Value]]:
        """Yield each change of a line with what the line then is at the first step."""
        scope = self.scopes[index] if scope is None else scope
        memo = Memo()
        with np.errstate(all="ignore"):
            self.value(self.program.lines[index].value, scope, memo)
            for edit in edits:
                value = self.value(edit.value, scope, dict(memo))
                if value is not None:
                    yield edit, value

    def value(self, tree: Tree, scope: Mapping[str, Value], memo: Memo) -> Value | None:
        try:
            return evaluate(tree, scope, memo)
        except InputError:
            return None

    def arrives(self, index: int, value: Value, scope: Mapping[str, Value] | None = None) -> Array:
        """Return, for each row, whether w is right after a first step in which a line is `value`.

        One row where the value has none.
        """
        lines, state = self.program.lines, self.program.state
        name = lines[index].name
        names = self.scopes[index] if scope is None else scope
        try:
            if name == "w" or name in state:
                value = fitted(value, self.few.shape)
            with np.errstate(all="ignore"):
                w = run_lines(lines[index + 1 :], {**names, name: value}, state)["w"].array
        except InputError:
            return np.array([False])
        return self.agreed(np.broadcast_to(w, np.broadcast_shapes(w.shape, self.few.w.shape)))

    def agreed(self, w: Array) -> Array:
        rows = w.reshape(-1, *self.few.w.shape)
        with np.errstate(all="ignore"):
            there = np.all(self.near.agrees(0, rows).reshape(len(rows), -1), axis=1)
        return np.asarray(there)

    def passes(self, remedy: Remedy) -> bool:
        program = applied(self.program, remedy)
        try:
            rows = enumerate(trajectory(program, self.few))
            near = all(bool(np.all(self.near.agrees(step, w))) for step, w in rows)
        except InputError:
            return False
        return near and self.asked(program)

    def asked(self, program: UpdateProgram) -> bool:
        """Return whether a program is right to the end; of too many none is followed."""
        self.left -= 1
        return self.left >= 0 and self.fits(program)


def _apart(one: Path, other: Path) -> bool:
    """Return whether two ways lead to parts of which neither holds the other."""
    short = min(len(one), len(other))
    return one[:short] != other[:short]
