"""A repaired line -> findings: which rule, which edge, which factor, the corrected line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from gradtui.diagnosis.backward.blame import Repair
from gradtui.diagnosis.backward.hypotheses import Hit, find_hits, pool_for, scaled
from gradtui.diagnosis.backward.material import (
    as_tree,
    behind_of,
    distinct,
    factors_of,
    local_trees,
    statement_trees,
    terms_of,
)
from gradtui.diagnosis.backward.meaning import Readings
from gradtui.diagnosis.backward.program import Line
from gradtui.diagnosis.backward.rules import Context, rules_of
from gradtui.diagnosis.backward.trial import Trial
from gradtui.diagnosis.edits import Edit, Editable, Pool
from gradtui.diagnosis.spelling import spell
from gradtui.engine.expression import Tree
from gradtui.engine.graph import Builder
from gradtui.engine.interpreter import Interpreter

Array = NDArray[np.float64]

_MOST = 40
_LONGEST = 90


class Explanation(Struct, frozen=True, eq=False):
    """Why one line is wrong."""

    line: Line
    target: int | None
    """The node of the model whose adjoint it should be; None for another kind of helper."""
    hits: tuple[Hit, ...]
    """The changes that repair it, the nearest first."""
    context: Context
    truth: str
    """The line as its model's derivatives would have it, or nothing."""
    pool: Pool

    def fixes(self, lines: Sequence[str]) -> Iterator[str]:
        """Yield corrected lines, the best first."""
        name, tree = self.line.name, self.line.tree
        for hit in self.hits[:6]:
            whole = scaled(hit.tree, hit.scale, self.pool.numbers)
            yield f"{name} = {spell(whole, tree, lines)}"
        if self.truth:
            yield f"{name} = {self.truth}"

    @property
    def rules(self) -> tuple[str, ...]:
        """The rules that fit, the nearest first; two bugs in one line give two for the first."""
        found: dict[str, None] = {}
        for hit in self.hits:
            for rule in rules_of(hit, self.context):
                found.setdefault(rule)
        return tuple(found) or ("unexplained",)


def explain(
    trial: Trial, readings: Readings, repairs: Sequence[Repair], repair: Repair
) -> Explanation:
    """Return what is wrong with one line, the other repairs taken for granted."""
    line = repair.line
    others = [one for one in repairs if one is not repair]
    world = trial.world.replacing({one.line.node: one.value for one in others})
    truth = ""
    target = repair.target
    if target is None:
        assert repair.edit is not None
        return explain_helper(trial, line, repair.edit, world)
    scales = {one.line.name: one.scale for one in others}
    truth, factors, terms = "", list[Tree](), list[Tree]()
    value = world.value(line.node)
    constant = bool(np.all(value == value[0]))
    for upstream in (readings.upstream(line), readings.before(line)):
        builder, root = readings.true_step(line, target, repair.scale, scales, upstream)
        expected = as_tree(builder.nodes, root, line.scope)
        if expected is not None:
            truth = spell(expected)
            factors += factors_of(expected) if not constant else [expected, *factors_of(expected)]
            terms += terms_of(expected)
    behind = behind_of(trial, target)
    factors += local_trees(trial, line, behind)
    for tree in statement_trees(trial, line, behind):
        factors += factors_of(tree)
        terms += [tree, *terms_of(tree)]
    pool = pool_for(trial, line, distinct(factors), distinct(terms))
    size = np.maximum(np.abs(repair.value), abs(repair.scale) * trial.size_of(line, target))
    hits = find_hits(trial, line, world, repair.value, size, pool)
    return Explanation(
        line, target, tuple(hits), Context(trial, readings, line, world), truth, pool
    )


def explain_helper(
    trial: Trial, line: Line, edit: Edit, world: Interpreter | None = None
) -> Explanation:
    """Return what is wrong with a helper that one change of its expression repairs."""
    expression = Editable(line.tree, Builder(trial.builder.nodes, simplify=True), line.scope)
    hit = Hit((edit,), expression.edited(edit), 0.0)
    context = Context(trial, Readings(trial), line, world or trial.world)
    pool = pool_for(trial, line, [], [])
    return Explanation(line, None, (hit,), context, "", pool)
