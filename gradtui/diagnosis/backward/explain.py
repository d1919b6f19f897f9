"""A repaired line -> its explanation: the rule, the edge, the factor, the corrected line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from gradtui.diagnosis.backward.constants import scaled
from gradtui.diagnosis.backward.hypotheses import FAR, Hit, find_hits, pool_for
from gradtui.diagnosis.backward.material import columns_like, names_like
from gradtui.diagnosis.backward.meaning import Readings
from gradtui.diagnosis.backward.program import Line
from gradtui.diagnosis.backward.repair import Repair, hits_of
from gradtui.diagnosis.backward.rules import Context, equivalents_of, rules_of
from gradtui.diagnosis.backward.trial import Trial, constant_ratio
from gradtui.diagnosis.edits import Editable, EditKind, Pool, Tweak
from gradtui.engine.interpreter import Interpreter, fitted
from gradtui.engine.printer import assigned_in, spell, unbracketed

Array = NDArray[np.float64]

NEAR = 1.0
"""Changes up to this much more far-fetched than the nearest are named as alternatives."""


class Explanation(Struct, frozen=True, eq=False):
    """The explanation of one wrong line."""

    line: Line
    target: int | None
    """The node of the model whose adjoint it should be; None for any other helper."""
    hits: tuple[Hit, ...]
    """The changes that repair it, the nearest first."""
    context: Context
    truth: str
    """The line as the model's derivatives give it, or empty."""
    pool: Pool
    ratio: float | None = None
    """c if the line holds c times the right value at all points."""
    scale: float = 1.0
    """The program's own constant: the line should hold scale·dLoss/dtarget."""

    def fixes(self, lines: Sequence[str]) -> Iterator[str]:
        """Yield corrected lines, the best first."""
        name, tree = assigned_in(lines, self.line.place, self.line.name), self.line.tree
        for hit in self.hits[:6]:
            whole = scaled(hit.tree, hit.scale, self.pool.numbers)
            yield f"{name} = {unbracketed(spell(whole, tree, lines))}"
        if self.truth:
            yield f"{name} = {self.truth}"

    @property
    def far_fetched(self) -> bool:
        """Whether no single small change repairs the line."""
        return not self.hits or self.hits[0].cost >= FAR

    @property
    def cost(self) -> float:
        """How far-fetched the nearest change is; infinitely without a change."""
        return self.hits[0].cost if self.hits else 3 * FAR

    @property
    def is_constant(self) -> bool:
        """Whether only a sign or another constant is wrong."""
        if not self.hits:
            return False
        return all(edit.kind in (EditKind.NEGATE, EditKind.SCALE) for edit in self.hits[0].edits)

    @property
    def is_double(self) -> bool:
        """Whether the line contains two mistakes."""
        if not self.hits:
            return False
        return len(self.hits[0].edits) + (self.hits[0].scale != 1.0) > 1

    @property
    def rules(self) -> tuple[str, ...]:
        """The rules that fit, the nearest first; two bugs in one line give two for the first."""
        found: dict[str, None] = {}
        near = [hit for hit in self.hits if hit.cost <= self.hits[0].cost + NEAR]
        for hit in near:
            found |= dict.fromkeys(rules_of(hit, self.context))
        for edit in (hit.edits[0] for hit in near if len(hit.edits) == 1):
            found |= dict.fromkeys(equivalents_of(edit, self.context))
        return tuple(found) or ("unexplained",)


def explain(
    trial: Trial, readings: Readings, repairs: Sequence[Repair], repair: Repair
) -> Explanation:
    """Return the explanation of one line, with the other repairs granted."""
    line = repair.line
    others = [one for one in repairs if one is not repair]
    world = trial.world.replacing({one.line.node: one.value for one in others})
    if repair.target is None:
        assert repair.edit is not None
        factors, terms = readings.helpers.material(line)
        names = [*names_like(trial, line, line.node), *columns_like(trial, line)]
        pool = pool_for(trial, line, [*names, *factors], [*names, *terms])
        size = np.abs(repair.value)
        found = find_hits(trial, line, world, repair.value, size, pool)
        single = [
            replace(hit, cost=readings.helpers.cost_of(line, hit.edits[0]))
            for hit in found
            if len(hit.edits) == 1 and hit.scale == 1.0
        ]
        alike = [
            one for one in single if one.edits[0].suits_count or not readings.helpers.is_count(line)
        ]
        return explain_helper(readings, line, repair.edit, world, alike)
    offered = hits_of(readings, repair, others, world)
    context = Context(trial, readings, line, repair.target, world)
    ratio = None
    if not line.misfit:
        held = fitted(world.value(line.node), repair.value.shape[1:])
        ratio = constant_ratio(held, repair.value, np.abs(repair.value))
    return Explanation(
        line, repair.target, offered.hits, context, offered.truth, offered.pool, ratio,
        repair.scale,
    )  # fmt: skip


def explain_helper(
    readings: Readings,
    line: Line,
    edit: Tweak,
    world: Interpreter | None = None,
    alike: Sequence[Hit] = (),
) -> Explanation:
    """Return the explanation of a helper that one change of its expression repairs.

    `alike` are changes with the same result.
    """
    trial = readings.trial
    expression = Editable(line.tree, trial.builder.nodes, line.scope)
    hits = [Hit((edit,), expression.edited(edit), readings.helpers.cost_of(line, edit)), *alike]
    context = Context(trial, readings, line, None, world or trial.world)
    pool = pool_for(trial, line, [], [])
    nearest = tuple(sorted(hits, key=lambda hit: hit.cost))
    return Explanation(line, None, nearest, context, "", pool)
