"""Repairs a program line by line, giving each line the optimizer's own values to read.

So any number of wrong lines is found at the cost of one, if the program's states can be matched
with the optimizer's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import permutations

import numpy as np

from gradtui.diagnosis.sieve import Sieve
from gradtui.diagnosis.updates.line_edits import LineEdit
from gradtui.diagnosis.updates.motion import Motion
from gradtui.diagnosis.updates.probes import Array
from gradtui.diagnosis.updates.reference import Reference, same
from gradtui.diagnosis.updates.scope import Scope
from gradtui.engine.interpreter import Interpreter

_BRANCHES = 64
"""Most lines examined beyond those of the program."""
_CHANGES = 4
"""Most changes of one program."""


def repaired_lines(
    program: Motion, scope: Scope, reference: Reference, changes: Sequence[Sieve[LineEdit]]
) -> Iterator[tuple[LineEdit, ...]]:
    """Yield sets of changes, at most one per line, that make every relevant line right."""
    own, theirs = scope.state, tuple(reference.program.state)
    if len(own) != len(theirs):
        return
    orders = sorted(permutations(theirs), key=lambda order: -sum(map(str.__eq__, order, own)))
    quiet = reference.quiet(program, scope.kept)
    for order in orders:
        roles = dict(zip(own, order, strict=True))
        yield from _Reading(program, reference, roles, quiet, changes).all()


class _Reading:
    """A program with each of its states matched to one of the optimizer's."""

    def __init__(
        self,
        program: Motion,
        reference: Reference,
        roles: Mapping[str, str],
        quiet: Mapping[str, Array],
        changes: Sequence[Sieve[LineEdit]],
    ) -> None:
        self.lines, self.reference, self.changes = program.lines, reference, changes
        before = {own: reference.before[role] for own, role in roles.items()}
        self.world = program.given({**quiet, **reference.before, **before})
        self.wanted = {own: reference.results[role] for own, role in roles.items()}
        self.wanted["w"] = reference.results["w"]
        names = [line.name for line in program.lines]
        self.last = {name: len(names) - 1 - names[::-1].index(name) for name in names}

    def all(self) -> Iterator[tuple[LineEdit, ...]]:
        pending: list[tuple[int, Interpreter, tuple[LineEdit, ...]]] = [(0, self.world, ())]
        for _ in range(_BRANCHES + len(self.lines)):
            if not pending:
                return
            index, world, made = pending.pop()
            if index == len(self.lines):
                if len(made) > 1:
                    yield made
                continue
            for value, edit in reversed(self.choices(index, world)):
                added = made if edit is None else (*made, edit)
                if len(added) <= _CHANGES:
                    after = world.replacing({self.lines[index].node: value})
                    pending.append((index + 1, after, added))

    def choices(self, index: int, world: Interpreter) -> list[tuple[Array, LineEdit | None]]:
        """Return the right values of a line, each with the change it needs.

        A helper may stay as it is, or become the optimizer's value of the same name, one of the
        optimizer's lines, a part of one, or the bare gradient; a helper with such a value stays.
        """
        line = self.lines[index]
        kept = line.name in self.wanted and self.last[line.name] == index
        value = world.value(line.node)
        if self.is_done(line.name, value, kept):
            return [(value, None)]
        shape = world.nodes[line.node].shape  # a value of another shape would not fit its readers
        changed = [(made, edit) for edit, made in self.changes[index].executed(world, shape)]
        own: list[tuple[Array, LineEdit | None]] = [] if kept else [(value, None)]
        part = bool(own) and line.name not in self.reference.results and self.is_part(value)

        def done(value: Array) -> bool:
            return self.is_done(line.name, value, kept)

        tests = [done] if kept else [done, self.is_whole, *([] if part else [self.is_part])]
        firsts: dict[int, tuple[Array, LineEdit | None]] = {}
        for test in tests:
            found = next((one for one in changed if test(one[0])), None)
            if found is not None:
                firsts[id(found[1])] = found
        return [*own, *firsts.values()] if part else [*firsts.values(), *own]

    def is_done(self, name: str, value: Array, kept: bool) -> bool:
        """Whether a line has the optimizer's value of the same name."""
        if name == "w" and kept:
            return bool(np.all(self.reference.target.agrees_always(value)))
        wanted = self.wanted.get(name) if kept else self.reference.results.get(name)
        return wanted is not None and bool(same(wanted[None], value)[0])

    def is_whole(self, value: Array) -> bool:
        """Whether a line has the value of one of the optimizer's lines."""
        return bool(same(self.reference.whole, value).any())

    def is_part(self, value: Array) -> bool:
        """Whether a line has the value of one of the optimizer's operations, or of the gradient."""
        parts = (self.reference.operations, self.reference.before["g"][None])
        return any(bool(same(many, value).any()) for many in parts)
