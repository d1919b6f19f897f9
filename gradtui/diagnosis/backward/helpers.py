"""The changes of a helper that may mend it, and what they are made of."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, cached_property

import numpy as np
from numpy.typing import NDArray

from gradtui.diagnosis.backward.familiar import Familiar
from gradtui.diagnosis.backward.hypotheses import MULTIPLE, pool_for
from gradtui.diagnosis.backward.likeness import twins_of
from gradtui.diagnosis.backward.material import (
    calls_of,
    columns_like,
    complements_of,
    distinct,
    factors_of,
    flow_trees,
    names_like,
    scalars_of,
    slope_trees,
    statement_trees,
    terms_of,
    turned_of,
    unread_trees,
    values_like,
)
from gradtui.diagnosis.backward.program import Line
from gradtui.diagnosis.backward.trial import Trial, constant_ratio
from gradtui.diagnosis.changes import insertions, small_edits
from gradtui.diagnosis.edits import Editable, EditKind, Tweak
from gradtui.diagnosis.sieve import Fits, Sieve
from gradtui.engine.interpreter import Interpreter
from gradtui.engine.shapes import Shape
from gradtui.language.parser import Name, Tree

Array = NDArray[np.float64]

_MOST = 12
"""Most factors, and terms, of the model tried in a helper's expression."""


class HelperChanges:
    """The small changes of the helpers of a program, made on demand."""

    def __init__(self, trial: Trial, familiar: Familiar) -> None:
        self.trial = trial
        self.familiar = familiar
        self._changes: dict[tuple[str, bool], tuple[Editable, Sieve[Tweak]]] = {}
        self.material = cache(self._material_of)
        """A line -> what it may lack, which is looked for once for all kinds of changes."""
        self._slopes = cache(self._slopes_of)

    def variants(
        self, line: Line, world: Interpreter, fits: Fits, *, inserted: bool
    ) -> Iterator[tuple[Tweak, Array]]:
        """Yield the small changes of a helper's expression that may fit, with their values.

        These are the changes that insert something, or all others.
        """
        key = (line.name, inserted)
        if key not in self._changes:
            self._changes[key] = self._changes_of(line, inserted)
        expression, sieve = self._changes[key]
        nodes = expression.builder.nodes
        found: dict[int, Tweak] = {}
        for edit in sieve.kept(world, [nodes[line.node].shape], fits):
            id = expression.lower(edit)
            if id is not None and id != line.node:
                found.setdefault(id, edit)
        at = world.extended(nodes)
        for id, edit in found.items():
            yield edit, at.value(id)

    def _changes_of(self, line: Line, inserted: bool) -> tuple[Editable, Sieve[Tweak]]:
        """Return the expression of a helper, with its changes."""
        expression = Editable(line.tree, self.trial.builder.nodes, line.scope)
        pool = pool_for(self.trial, line, *self.material(line))
        counts = self.is_count(line)
        edits = (insertions if inserted else small_edits)(expression, pool)
        edits = (edit for edit in edits if not counts or edit.suits_count)
        if line.shared and isinstance(line.tree, Name):
            # What is only taken out of several values lacks nothing, it can only be the wrong one.
            edits = (edit for edit in edits if edit.kind is EditKind.REPLACE)
        return expression, Sieve(expression, edits, self.trial.budget)

    def cost_of(self, line: Line, edit: Tweak) -> float:
        """Return how far-fetched an edit of a helper is.

        A name for another with a multiple of its value is likely: dz for dz_mean.
        """
        if isinstance(edit.old, Name) and isinstance(edit.new, Name):
            scope, world = line.scope, self.trial.world
            old, new = (world.value(scope[one.name]) for one in (edit.old, edit.new))
            if old.shape == new.shape and constant_ratio(new, old, np.abs(old)) is not None:
                return MULTIPLE
        return edit.cost

    def is_count(self, line: Line) -> bool:
        """Return whether a helper is a size, or a number that equals one."""
        value = self.trial.world.value(line.node)
        constant = value[0].size == 1 and bool(np.all(value == value[0]))
        return constant and self.familiar.is_size(float(value.flat[0]))

    def _material_of(self, line: Line) -> tuple[list[Tree], list[Tree]]:
        """Return the factors and the terms that a helper may lack.

        These come from the model, from the contributions through it, and from unread helpers.
        """
        factors, terms, calls = self._material
        shape = self.trial.builder.nodes[line.node].shape
        flows = flow_trees(self.trial, shape)
        slopes = self._slopes(shape)
        unread = unread_trees(self.trial, line)
        names = distinct(names_like(self.trial, line, line.node), _MOST)
        factors = distinct([*factors, *names])
        own = [*values_like(self.trial, line), *complements_of(line)]
        own += turned_of(self.trial, line)
        for tree in twins_of(self.trial.lines, line):
            own += [*factors_of(tree), *terms_of(tree)]
        columns, scalars = columns_like(self.trial, line), scalars_of(self.trial, line)
        return (
            [*unread, *factors, *columns, *scalars, *own, *slopes, *calls],
            [*unread, *terms, *own, *calls, *flows],
        )

    def _slopes_of(self, shape: Shape) -> list[Tree]:
        """Return the shortest local derivatives of a shape."""
        return distinct(slope_trees(self.trial, shape), _MOST)

    @cached_property
    def _material(self) -> tuple[list[Tree], list[Tree], list[Tree]]:
        """Factors and terms of the model, with functions of its backward pass."""
        trial = self.trial
        statements = statement_trees(trial, trial.graph.names, range(len(trial.graph.nodes)))
        factors = [one for tree in statements for one in factors_of(tree)]
        terms = [one for tree in statements for one in (*terms_of(tree), *factors_of(tree))]
        calls = [one for tree in flow_trees(trial) for one in calls_of(tree)]
        factors, terms = distinct(factors, _MOST), distinct(terms, _MOST)
        return factors, terms, distinct(calls, _MOST)
