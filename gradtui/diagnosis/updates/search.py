"""Finds the small changes that make a program move the weights like another one.

Single changes first, then pairs.  Nearly all fail at the first step of a few sequences; only those
that pass there are run on every sequence.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from copy import copy
from functools import cached_property
from itertools import chain, combinations, islice

import numpy as np

from gradtui.base.source import InputError
from gradtui.diagnosis.sieve import Budget, Sieve
from gradtui.diagnosis.updates.evidence import Course
from gradtui.diagnosis.updates.line_edits import LineEdit, edits_of
from gradtui.diagnosis.updates.linewise import repaired_lines
from gradtui.diagnosis.updates.motion import Motion, is_right
from gradtui.diagnosis.updates.probes import Array
from gradtui.diagnosis.updates.reference import Reference
from gradtui.diagnosis.updates.remedies import (
    Remedy,
    applied,
    cost_of,
    other_starts,
    other_targets,
)
from gradtui.diagnosis.updates.scope import Scope
from gradtui.engine.handwritten import UpdateProgram
from gradtui.engine.interpreter import Interpreter, fitted
from gradtui.language.parser import Assignment
from gradtui.language.trees import names_read

_PAIRED = 1.35
"""Changes up to this cost are tried together with others."""
_MOST = 700
"""With more changes than this, pairs take too long."""
_CLOSE = 0.6
"""The extra cost over the best remedy up to which another reading of the mistake is reported."""
_EDITS = 8000
"""Most single changes tried; fewer per line if there are many lines."""
_ASKED = 150
"""Most programs right for a few steps that are followed to the end."""
_ENOUGH = 16
"""Most single changes that make a program right: of more, the cheapest are taken."""
_TRIED = 600
"""Most pairs that pass the first step and are run further."""


def which_matter(lines: Sequence[Assignment]) -> list[bool]:
    """Return the lines that w depends on, at once or in later steps."""
    made_of, known = {"w"}, 0
    while known < (known := len(made_of)):
        made_of.update(
            name for line in lines if line.name in made_of for name in names_read(line.value)
        )
    return [line.name in made_of for line in lines]


class Search:
    """The changes of a program, tried on a `few` steps.

    Programs right on these are tested with `passes`.
    """

    def __init__(
        self,
        program: UpdateProgram,
        scope: Scope,
        few: Course,
        passes: Callable[[UpdateProgram], bool],
    ) -> None:
        self.program, self.scope = program, scope
        self.edits = [
            edits_of(program.lines, index, scope)[: _EDITS // len(program.lines)] if matters else []
            for index, matters in enumerate(which_matter(program.lines))
        ]
        self.motion, self.budget = Motion(program, few.probes.constants, few.probes.shape), Budget()
        self._try_on(few, passes)

    def _try_on(self, few: Course, passes: Callable[[UpdateProgram], bool]) -> None:
        self.few, self.near, self.fits = few.probes, few.target, passes
        self.start = self.motion.at(self.few, 0, self.motion.first(self.few))
        self.left = _ASKED

    def on(self, few: Course, passes: Callable[[UpdateProgram], bool]) -> Search:
        """Return the search of the same changes on other steps."""
        other = copy(self)
        other._try_on(few, passes)
        return other

    def single(self) -> list[Remedy]:
        """Return the remedies of one change, cheapest first."""
        return sorted(self._singles(), key=cost_of)

    def of_line(self, index: int) -> list[LineEdit]:
        """Return the changes of one line that are remedies, cheapest first."""
        alive = sorted(self._survivors(index), key=lambda edit: edit.cost)
        asked = (edit for edit in alive if self._asked(applied(self.program, (edit,))))
        return list(islice(asked, _ENOUGH))

    def joint(self, reference: Reference) -> list[Remedy]:
        """Return the remedies of several changes; `reference` has the target program's values."""
        return sorted(list(self._line_by_line(reference)) or self._pairs(), key=cost_of)

    @cached_property
    def _sieves(self) -> list[Sieve[LineEdit]]:
        return self._sieves_of(self.edits)

    def _sieves_of(self, edits: Sequence[Sequence[LineEdit]]) -> list[Sieve[LineEdit]]:
        """Return the changes of each line, to be executed together."""
        return [
            Sieve(self.motion.editable(index), some, self.budget)
            for index, some in enumerate(edits)
        ]

    def _singles(self) -> Iterator[Remedy]:
        starts = ((start,) for start in other_starts(self.program, self.scope))
        for remedy in chain(starts, other_targets(self.program, self.scope)):
            if self.passes(remedy):
                yield remedy
        alive = [edit for index in range(len(self.edits)) for edit in self._survivors(index)]
        alive.sort(key=lambda edit: edit.cost)
        asked = (edit for edit in alive if self._asked(applied(self.program, (edit,))))
        yield from ((edit,) for edit in islice(asked, _ENOUGH))

    def _survivors(self, index: int) -> Iterator[LineEdit]:
        """Yield the changes of a line that make w right for a few steps."""
        line, sieve = self.motion.lines[index], self._sieves[index]
        shape = self.motion.shape_of(index)
        shapes = [one for one in sieve.shapes if self.motion.may_hold(index, one)]

        def fits(values: Array) -> Array:
            after = self.start.replacing({line.node: fitted(values, shape, 2)})
            return is_right(self.near, 0, after.value(self.motion.result))

        points = len(self.few.w)
        some = sieve.kept(self.start, shapes, fits, points=points, first=0)
        expression = self.motion.editable(index)
        ids = [(edit, id) for edit in some if (id := expression.lower(edit)) is not None]

        def value(way: tuple[LineEdit, int], _: int, world: Interpreter) -> Array:
            return world.extended(expression.builder.nodes).value(way[1])

        left = self.motion.followed(index, ids, value, self.few, self.near)
        yield from (edit for edit, _ in left)
        # Values of another shape: the line's readers must be lowered again.
        others = (edit for one in sieve.shapes.difference(shapes) for edit in sieve.of(one))
        yield from (edit for edit in others if self._is_near(applied(self.program, (edit,))))

    def _line_by_line(self, reference: Reference) -> Iterator[Remedy]:
        for remedy in repaired_lines(self.motion, self.scope, reference, self._sieves):
            if self.passes(remedy):
                yield remedy

    def _pairs(self) -> Iterator[Remedy]:
        paired = [[edit for edit in line if edit.cost <= _PAIRED] for line in self.edits]
        if self.few.shape or sum(map(len, paired)) > _MOST:
            return
        starts = list(other_starts(self.program, self.scope))
        likely: list[Remedy] = [
            (one, other) for one, other in combinations(starts, 2) if one.name != other.name
        ]
        likely += [(one, edit) for one in starts for line in paired for edit in line]
        likely += self._likely_pairs(self._sieves_of(paired))
        limit = math.inf
        for remedy in sorted(likely, key=cost_of)[:_TRIED]:
            if cost_of(remedy) > limit:
                return
            if self.passes(remedy):
                limit = min(limit, cost_of(remedy) + _CLOSE)
                yield remedy

    def _likely_pairs(self, sieves: Sequence[Sieve[LineEdit]]) -> Iterator[Remedy]:
        """Yield the changes in two places, of one line or of two, that pass the first step."""
        nodes = [line.node for line in self.motion.lines]
        shapes = [self.start.nodes[node].shape for node in nodes]
        for index, node in enumerate(nodes):
            for some, others, values in sieves[index].by_two_parts(self.start, shapes[index]):
                after = self.start.replacing({node: values})
                yield from ((some[a], others[b]) for b, a in self._right(after))
            both = list(sieves[index].by_part(self.start, shapes[index]))
            if not both:
                continue
            some = [edit for edits, _ in both for edit in edits]
            world = self.start.replacing({node: np.concatenate([rows for _, rows in both])})
            for later in range(index + 1, len(nodes)):
                for others, values in sieves[later].by_part(world, shapes[later]):
                    after = world.replacing({nodes[later]: values})
                    yield from ((some[a], others[b]) for b, a in self._right(after))

    def _right(self, world: Interpreter) -> list[list[int]]:
        """Return (second, first) of the pairs of changes that make w right in one step."""
        good = is_right(self.near, 0, world.value(self.motion.result))
        return [[int(one) for one in row] for row in np.argwhere(good)]

    def passes(self, remedy: Remedy) -> bool:
        """Return whether a remedy makes the program right."""
        program = applied(self.program, remedy)
        return self._is_near(program) and self._asked(program)

    def _is_near(self, program: UpdateProgram) -> bool:
        """Return whether w is right for a few steps."""
        try:
            motion = self.motion.running(program)
        except InputError:
            return False
        rows = (world.value(motion.result) for world in motion.worlds(self.few))
        return all(is_right(self.near, step, w[None]).all() for step, w in enumerate(rows))

    def _asked(self, program: UpdateProgram) -> bool:
        """Return whether a program is right to the end; after too many, none is followed."""
        self.left -= 1
        return self.left >= 0 and self.fits(program)
