"""The right value of a line, and the small changes of its expression that give it."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from gradtui.diagnosis.backward.constants import opened, tidied
from gradtui.diagnosis.backward.differences import Values
from gradtui.diagnosis.backward.hypotheses import Hit, Hits, find_hits, pool_for
from gradtui.diagnosis.backward.likeness import twins_of
from gradtui.diagnosis.backward.material import (
    as_tree,
    behind_of,
    calls_of,
    distinct,
    factors_of,
    local_trees,
    names_like,
    statement_trees,
    terms_of,
    unread_trees,
)
from gradtui.diagnosis.backward.meaning import Readings
from gradtui.diagnosis.backward.program import Line
from gradtui.diagnosis.backward.trial import Trial, near
from gradtui.diagnosis.edits import EditKind, Pool, Tweak
from gradtui.engine.interpreter import Interpreter
from gradtui.engine.printer import spell
from gradtui.language.parser import Name, Number, Tree, parse_expression
from gradtui.language.trees import NOWHERE, names_read, substituted, subtrees

Array = NDArray[np.float64]

LIKE = 0.5
"""The bonus of a change after which a line reads like another line of the program."""
_DROPPED = (EditKind.DROP_FACTOR, EditKind.DROP_TERM, EditKind.DROP_CALL)


class Repair(Struct, frozen=True, eq=False):
    """A line with its right value."""

    line: Line
    target: int | None
    """The node of the model whose adjoint it should be; None for any other helper."""
    scale: float
    """The program's own constant: the line should hold scale·dLoss/dtarget."""
    value: Array
    """The right value at every point."""
    edit: Tweak | None = None
    """The change of its expression that repairs it, if it was found by that."""


def hits_of(
    readings: Readings,
    repair: Repair,
    others: Sequence[Repair],
    world: Interpreter,
    *,
    pairs: bool = True,
) -> Hits:
    """Return the changes that repair a line, in a world with the `others` repaired.

    Without `pairs` only single changes are tried.
    """
    trial = readings.trial
    earlier = (one for one in others if one.line.name in repair.line.scope)
    key = (pairs, _key(repair), frozenset(map(_key, earlier)))
    if key not in readings.hits:
        found = _search(readings, repair, others, world, pairs=pairs)
        if trial.budget.is_spent:
            return found
        readings.hits[key] = found
    return readings.hits[key]


def _key(repair: Repair) -> Hashable:
    """Return a key that identifies a repair of a program."""
    edit = repair.edit
    changed = None if edit is None else (edit.path, spell(edit.tree))
    return repair.line.name, repair.target, repair.scale, changed


def _search(
    readings: Readings,
    repair: Repair,
    others: Sequence[Repair],
    world: Interpreter,
    *,
    pairs: bool,
) -> Hits:
    trial, line, target = readings.trial, repair.line, repair.target
    assert target is not None
    size = np.maximum(np.abs(repair.value), abs(repair.scale) * trial.size_of(line, target))
    due = _due(readings, repair, others, world, size)
    pool = _pool(trial, line, target, due)
    hits = find_hits(trial, line, world, repair.value, size, pool, pairs=pairs, meant=due.meant)
    loose = len(trial.program.unread())

    def nearer(hit: Hit) -> Hit:
        more = loose_ends(trial, line, hit.edits, hit.tree) - loose
        return replace(hit, cost=hit.cost + more - LIKE * readings.likeness.gained(line, hit.tree))

    late = _stale(trial, line, world, repair, size, due.truth)
    return Hits((*late, *sorted(map(nearer, hits), key=lambda hit: hit.cost)), due.truth, pool)


class _Due(Struct, frozen=True, eq=False):
    """The right value of a line, with its material as expressions."""

    truth: str
    """The line as the model's derivatives give it, or empty."""
    meant: Sequence[Tree]
    factors: Sequence[Tree]
    terms: Sequence[Tree]


def _due(
    readings: Readings,
    repair: Repair,
    others: Sequence[Repair],
    world: Interpreter,
    size: Array,
) -> _Due:
    """Return a line's right value from the adjoints that it reads, and from all earlier ones."""
    trial, line, target, scale = readings.trial, repair.line, repair.target, repair.scale
    assert target is not None
    scales = readings.scales_in(world) | {one.line.name: one.scale for one in others}
    truth, factors, terms, meant = "", list[Tree](), list[Tree](), list[Tree]()
    numbers = pool_for(trial, line, [], []).numbers
    value = world.value(line.node)
    constant = bool(np.all(value == value[0]))
    values = Values(trial, line, world, repair.value)
    for upstream in (readings.steps.upstream(line), readings.steps.before(line)):
        builder, root = readings.steps.true_step(line, target, scale, scales, upstream)
        expected = as_tree(builder.nodes, root, line.scope)
        if expected is not None:
            held = values.of(expected)
            if held is None or not near(held[1:], repair.value[1:], size[1:]):
                # If two sides are equal at many points, as clipped values are, ties do count.
                expected = as_tree(builder.nodes, root, line.scope, ties=True) or expected
            expected = tidied(expected, numbers)
            meant.append(expected)
            zero = isinstance(expected, Number) and expected.value == 0
            name = trial.graph.nodes[target].name
            truth = f"0*{name}" if zero and name in line.scope else spell(expected)
            factors += factors_of(expected) if not constant else [expected, *factors_of(expected)]
            terms += [*terms_of(opened(expected, numbers)), *calls_of(expected)]
        builder, roots = readings.steps.true_flows(line, target, scale, scales, upstream)
        flows = (as_tree(builder.nodes, root, line.scope) for root in roots)
        terms += [opened(flow, numbers) for flow in flows if flow is not None]
    return _Due(truth, meant, factors, terms)


def _pool(trial: Trial, line: Line, target: int, due: _Due) -> Pool:
    """Return the material for a line, its own right value first."""
    behind = behind_of(trial, target)
    factors, terms = [*due.factors, *local_trees(trial, line, behind)], [*due.terms]
    for tree in statement_trees(trial, line.scope, behind):
        factors += [*factors_of(tree), *calls_of(tree)]
        terms += [tree, *terms_of(tree)]
    for tree in twins_of(trial.lines, line):
        factors, terms = [*factors_of(tree), *factors], [*terms_of(tree), *terms]
    names, unread = names_like(trial, line, target), unread_trees(trial, line)
    return pool_for(
        trial,
        line,
        [*unread, *distinct([*names, *factors], likely=due.factors)],
        [*unread, *distinct([*names, *terms], likely=due.terms)],
    )


def loose_ends(trial: Trial, line: Line, edits: Sequence[Tweak], tree: Tree) -> int:
    """Return the number of unread helpers if edits make a line `tree`.

    A dropped helper may remain unread; a replaced one should not.
    """
    dropped = [one.old for one in edits if one.kind in _DROPPED and one.old is not None]
    reads = {name for part in (tree, *dropped) for name in names_read(part)}
    return len(trial.program.unread(line.name, reads))


def _stale(
    trial: Trial, line: Line, world: Interpreter, repair: Repair, size: Array, truth: str
) -> tuple[Hit, ...]:
    """Return the explanation of a line that would be right with this step's value of a state."""
    for part in subtrees(line.tree):
        name = part.name if isinstance(part, Name) else ""
        later = trial.program.line(name)
        if name not in trial.program.state or later is None or later is line or not truth:
            continue
        fresh = world.replacing({trial.program.state[name]: world.value(later.node)})
        if line.scope[name] == trial.program.state[name] and near(
            fresh.value(line.node)[1:], repair.value[1:], size[1:]
        ):
            own = later.tree
            if isinstance(own, Name) and own.name in line.scope:
                tree = substituted(line.tree, {name: own})
            else:
                own, tree = Name(name, NOWHERE), parse_expression(truth)
            return (Hit((Tweak((), tree, EditKind.REPLACE, part, own),), tree, 0.0),)
    return ()
