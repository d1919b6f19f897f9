"""Repairs a program line by line, each line given the optimizer's own values to read.

So any number of wrong lines is found at the cost of one, where what the program keeps can be
matched with what the optimizer keeps.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import permutations

import numpy as np

from gradtui.base.source import InputError
from gradtui.diagnosis.updates.execution import Array, Memo, Value, evaluate
from gradtui.diagnosis.updates.line_edits import LineEdit
from gradtui.diagnosis.updates.reference import Reference, same
from gradtui.diagnosis.updates.scope import Scope
from gradtui.engine.handwritten import UpdateProgram
from gradtui.language.parser import Tree

_BRANCHES = 64
"""Lines that are read beyond those of the program."""
_CHANGES = 4
"""Changes of one program."""

Names = Mapping[str, Value]


def repaired_lines(
    program: UpdateProgram,
    scope: Scope,
    reference: Reference,
    changes: Sequence[list[LineEdit]],
) -> Iterator[tuple[LineEdit, ...]]:
    """Yield sets of changes, at most one a line, after which every line that matters is right."""
    own, theirs = scope.state, tuple(reference.program.state)
    if len(own) != len(theirs):
        return
    orders = sorted(permutations(theirs), key=lambda order: -sum(map(str.__eq__, order, own)))
    quiet = reference.quiet(program, scope.kept)
    for order in orders:
        roles = dict(zip(own, order, strict=True))
        yield from _Reading(program, reference, roles, quiet, changes).all()


class _Reading:
    """A program of which each thing kept is taken for one that the optimizer keeps."""

    def __init__(
        self,
        program: UpdateProgram,
        reference: Reference,
        roles: Mapping[str, str],
        quiet: Names,
        changes: Sequence[list[LineEdit]],
    ) -> None:
        self.lines, self.reference, self.changes = program.lines, reference, changes
        self.before = {
            **quiet,
            **reference.before,
            **{own: reference.before[role] for own, role in roles.items()},
        }
        self.wanted = {own: reference.results[role] for own, role in roles.items()}
        self.wanted["w"] = reference.results["w"]
        names = [line.name for line in program.lines]
        self.last = {name: len(names) - 1 - names[::-1].index(name) for name in names}

    def all(self) -> Iterator[tuple[LineEdit, ...]]:
        pending: list[tuple[int, Names, tuple[LineEdit, ...]]] = [(0, self.before, ())]
        for _ in range(_BRANCHES + len(self.lines)):
            if not pending:
                return
            index, names, made = pending.pop()
            if index == len(self.lines):
                if len(made) > 1:
                    yield made
                continue
            name = self.lines[index].name
            for value, edit in reversed(self.choices(index, names)):
                added = made if edit is None else (*made, edit)
                if len(added) <= _CHANGES:
                    pending.append((index + 1, {**names, name: value}, added))

    def choices(self, index: int, names: Names) -> list[tuple[Value, LineEdit | None]]:
        """Return what a line may come to, with the change that it takes.

        A helper may stay as it is, or become what the optimizer has under its name, a line of the
        optimizer's, a part of one, or the bare gradient; one that is such a part stays rather.
        """
        line, memo = self.lines[index], Memo()
        kept = line.name in self.wanted and self.last[line.name] == index
        with np.errstate(all="ignore"):
            value = self.value(line.value, names, memo)
            if value is not None and self.is_done(line.name, value.array, kept):
                return [(value, None)]
            changed = [
                (made, edit)
                for edit in self.changes[index]
                if (made := self.value(edit.value, names, dict(memo))) is not None
            ]
        own: list[tuple[Value, LineEdit | None]] = []
        if value is not None and not kept:
            own.append((value, None))
        part = bool(own) and line.name not in self.reference.results and self.is_part(own[0][0])

        def done(value: Value) -> bool:
            return self.is_done(line.name, value.array, kept)

        tests = [done] if kept else [done, self.is_whole, *([] if part else [self.is_part])]
        firsts: dict[int, tuple[Value, LineEdit | None]] = {}
        for test in tests:
            found = next((one for one in changed if test(one[0])), None)
            if found is not None:
                firsts[id(found[1])] = found
        return [*own, *firsts.values()] if part else [*firsts.values(), *own]

    def value(self, tree: Tree, names: Names, memo: Memo) -> Value | None:
        try:
            return evaluate(tree, names, memo)
        except InputError:
            return None

    def is_done(self, name: str, array: Array, kept: bool) -> bool:
        """Whether a line comes to what the optimizer has under its name."""
        full = np.broadcast_to(array, self.reference.shape)
        if name == "w" and kept:
            return bool(np.all(self.reference.agrees(full)))
        wanted = self.wanted.get(name) if kept else self.reference.results.get(name)
        return wanted is not None and bool(same(wanted.array[None], full)[0])

    def is_whole(self, value: Value) -> bool:
        """Whether a line comes to what a line of the optimizer does."""
        return self.reference.is_among(self.reference.whole, value.array)

    def is_part(self, value: Value) -> bool:
        """Whether a line comes to what an operation of the optimizer does, or to the gradient."""
        parts = (self.reference.operations, self.before["g"].array[None])
        return any(self.reference.is_among(many, value.array) for many in parts)
