"""The single changes, then pairs, that make a line hold the right value."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from gradtui.diagnosis.backward.constants import scaled
from gradtui.diagnosis.backward.differences import differences, lost_parts
from gradtui.diagnosis.backward.program import Line
from gradtui.diagnosis.backward.trial import Trial, constant_ratio, near, rounded
from gradtui.diagnosis.changes import insertions, small_edits
from gradtui.diagnosis.edits import Editable, EditKind, Pool, Tweak
from gradtui.diagnosis.sieve import Fits, Sieve, most_telling, near_at, proportional_at_first
from gradtui.engine.interpreter import Interpreter, fitted
from gradtui.engine.shapes import Shape
from gradtui.language.parser import Name, Number, Tree
from gradtui.language.trees import NOWHERE, call

Array = NDArray[np.float64]

MULTIPLE = 1.0
"""The cost of a name for another with a multiple of its value: less than that of the constant."""
FAR = 3.0
"""From this cost on, a less far-fetched change is sought elsewhere."""
_SOLVED = 0.9
"""The extra cost of a part that was solved for, because two names combine in many ways."""
_MOST_PAIRED = 60
MOST_TRIED = 2500
"""Most pairs of changes tried."""
MOST_SCALED = 200
"""Most changes examined that may leave only a constant wrong: seldom more than ten."""
MANY = 8
"""With this many random points, one may be spoilt by rounding."""


class Hit(Struct, frozen=True, eq=False):
    """Changes after which an expression holds the right value."""

    edits: tuple[Tweak, ...]
    tree: Tree
    cost: float
    scale: float = 1.0
    """The constant by which the changed expression must still be multiplied."""


class Hits(Struct, frozen=True, eq=False):
    """The changes that make a line hold the right value."""

    hits: tuple[Hit, ...]
    """The nearest first."""
    truth: str
    """The line as its model's derivatives would have it, or nothing."""
    pool: Pool


def pool_for(trial: Trial, line: Line, factors: Sequence[Tree], terms: Sequence[Tree]) -> Pool:
    """Return the material for a line: names in scope, and the given factors and terms."""
    nodes = trial.graph.nodes
    means = (node for node in nodes if node.op == "mean" and node.shape == ())
    shapes = (nodes[node.inputs[0]].shape for node in means)
    averaged = frozenset(shape for shape in shapes if len(shape) == 2)
    more = [*terms, Number(1.0, NOWHERE)]
    return Pool(line.scope, factors, more, _numbers(trial, line), averaged)


def find_hits(
    trial: Trial,
    line: Line,
    world: Interpreter,
    wanted: Array,
    size: Array,
    pool: Pool,
    *,
    pairs: bool = True,
    meant: Sequence[Tree] = (),
) -> list[Hit]:
    """Return the changes that make a line's expression hold `wanted`, the nearest first.

    If no single one fits, differences from one of the `meant` expressions are tried; and pairs of
    changes only with `pairs`, because they take long.
    """
    expression = Editable(line.tree, trial.builder.nodes, line.scope)
    builder = expression.builder
    shape = wanted.shape[1:]
    shapes = {shape}
    if line.target is not None and not line.misfit:
        shapes.add(builder.nodes[line.node].shape)
    goal = _Goal(wanted, size)
    sieves = [
        Sieve(expression, edits, trial.budget)
        for edits in (small_edits(expression, pool), insertions(expression, pool))
    ]
    hits: list[Hit] = []
    for sieve in sieves:
        for edit in sieve.kept(world, shapes, goal.is_near, first=goal.point):
            if goal.is_met(expression, edit, world):
                hits.append(Hit((edit,), expression.edited(edit), edit.cost))
    if not hits:
        hits = [*_with_constant(expression, world, sieves, goal, shapes, pool.numbers)]
    if not hits:
        hits = [*_with_number(expression, world, goal, shapes, pool.numbers)]
    if pairs and all(hit.cost >= FAR for hit in hits):
        hits += _by_terms(trial, line, world, goal, meant)
    if not hits and pairs and not trial.budget.is_spent:
        hits = [*_pairs(trial, line, world, goal, pool, expression)]
    return sorted(hits, key=lambda hit: hit.cost)


class _Goal:
    """The right value of a changed expression at every point, and the scale of differences.

    For values at the `point`, (changes, 1, …), `is_near` tells which may fit; for values at two
    points, (changes, 2, …), `is_proportional` tells which may fit up to a constant.
    """

    def __init__(self, wanted: Array, size: Array) -> None:
        self.wanted, self.size = wanted, size
        shape = wanted.shape[1:]
        self.point = most_telling(wanted)
        near_there = near_at(wanted, size, self.point)
        proportional = proportional_at_first(wanted, size)
        self.is_near: Fits = lambda values: near_there(fitted(values, shape, 2))
        self.is_proportional: Fits = lambda values: proportional(fitted(values, shape, 2))

    def is_met(self, expression: Editable, edit: Tweak, world: Interpreter) -> bool:
        """Return whether an edited expression fits at all points, or at all but one of many.

        At one of many, the program's own form may lose all its digits: 1 - r with r near 1.
        """
        value = _value(expression, edit, world, self.wanted.shape[1:])
        if value is None:
            return False
        agree = [near(*at) for at in zip(value[1:], self.wanted[1:], self.size[1:], strict=True)]
        return agree.count(False) <= (len(agree) >= MANY)

    def ratio(self, value: Array | None) -> float | None:
        """Return the constant by which a value must still be multiplied; None without one."""
        return None if value is None else constant_ratio(self.wanted, value, self.size)


def _value(expression: Editable, edit: Tweak, world: Interpreter, shape: Shape) -> Array | None:
    id = expression.lower(edit)
    if id is None:
        return None
    return fitted(world.extended(expression.builder.nodes).value(id), shape)


def _with_constant(
    expression: Editable,
    world: Interpreter,
    sieves: Sequence[Sieve[Tweak]],
    goal: _Goal,
    shapes: Collection[Shape],
    numbers: Mapping[float, Tree],
) -> Iterator[Hit]:
    """Yield the changes that leave only a constant wrong; first that constant alone.

    An extra factor beside a missing number means that one was written for the other: x1*e for
    2*e.
    """
    shape = goal.wanted.shape[1:]
    root = expression.ids.get(())
    if root is not None and expression.shape(()) in shapes:
        at = world.extended(expression.builder.nodes)
        scale = goal.ratio(fitted(at.value(root), shape))
        if scale is not None:
            yield Hit((), expression.tree, 1.2, scale)
            return
    for sieve in sieves:
        kept = sieve.kept(world, shapes, goal.is_proportional, points=2)
        for edit in sorted(kept, key=lambda edit: edit.cost)[:MOST_SCALED]:
            if edit.kind is EditKind.SCALE or edit.kind is EditKind.NEGATE:
                continue
            scale = goal.ratio(_value(expression, edit, world, shape))
            if scale is None or scale == 0:
                continue
            if edit.kind is EditKind.DROP_FACTOR and isinstance(edit.old, Name) and scale > 0:
                other = _replaced_by(edit, scale, numbers)
                yield Hit((other,), expression.edited(other), other.cost)
            else:
                yield Hit((edit,), expression.edited(edit), edit.cost + 1.5, scale)


def _replaced_by(edit: Tweak, scale: float, numbers: Mapping[float, Tree]) -> Tweak:
    """Return the edit that replaces by a number the factor that another edit drops."""
    tree, number = scaled(edit.tree, scale, numbers), Number(scale, NOWHERE)
    return Tweak(edit.path, tree, EditKind.REPLACE, edit.old, numbers.get(scale, number))


def _with_number(
    expression: Editable,
    world: Interpreter,
    goal: _Goal,
    shapes: Collection[Shape],
    numbers: Mapping[float, Tree],
) -> Iterator[Hit]:
    """Yield the number to add, if one number makes up for the whole difference."""
    root = expression.ids.get(())
    if root is None or expression.shape(()) not in shapes:
        return
    held = world.extended(expression.builder.nodes).value(root)
    with np.errstate(all="ignore"):
        lost = (goal.wanted - fitted(held, goal.wanted.shape[1:]))[1:]
        number = rounded(float(np.mean(lost))) if lost.size else np.inf
    if np.isfinite(number) and near(lost, np.full_like(lost, number), goal.size[1:]):
        term = scaled(Number(1.0, NOWHERE), abs(number), numbers)
        sign = "-" if number < 0 else "+"
        edit = Tweak((), call(sign, expression.tree, term), EditKind.ADD_TERM, None, term)
        yield Hit((edit,), edit.tree, edit.cost)


def _by_terms(
    trial: Trial, line: Line, world: Interpreter, goal: _Goal, meant: Sequence[Tree]
) -> Iterator[Hit]:
    """Yield the differences from the meant expressions."""
    for expected in meant:
        edits = differences(trial, line, world, goal.wanted, goal.size, expected)
        if edits:
            cost = sum(edit.cost for edit in edits) + len(edits) - 1
            yield Hit(edits, edits[0].tree, cost)
            if cost < FAR:
                return
            break
    for edit in lost_parts(trial, line, world, goal.wanted):
        yield Hit((edit,), edit.tree, edit.cost + _SOLVED)


def _pairs(
    trial: Trial,
    line: Line,
    world: Interpreter,
    goal: _Goal,
    pool: Pool,
    expression: Editable,
) -> Iterator[Hit]:
    """Yield pairs of changes that fit together, from the likely ones."""
    first = sorted((edit for edit in small_edits(expression, pool)), key=lambda edit: edit.cost)[
        :_MOST_PAIRED
    ]
    if expression.ids.get(()) is None:
        first += [edit for edit in insertions(expression, pool)][:_MOST_PAIRED]
    tries, shape = 0, goal.wanted.shape[1:]
    for edit in first:
        if edit.kind is EditKind.SCALE:
            continue
        again = Editable(expression.edited(edit), trial.builder.nodes, line.scope)
        sieve = Sieve(again, small_edits(again, pool), trial.budget)
        tries += sieve.count(shape)
        if tries > MOST_TRIED or trial.budget.is_spent:
            return
        for other in sieve.kept(world, [shape], goal.is_near, first=goal.point):
            if goal.is_met(again, other, world):
                yield Hit((edit, other), again.edited(other), edit.cost + other.cost + 1)


def _numbers(trial: Trial, line: Line) -> dict[float, Tree]:
    """Return the constants by which gradients are often wrong, by name if they have one."""
    sizes = {2.0}
    for node in (*trial.graph.parameters, *trial.graph.data):
        sizes |= {float(size) for size in node.shape if size > 1}
        if len(node.shape) == 2:
            sizes.add(float(node.shape[0] * node.shape[1]))
    found: dict[float, Tree] = {size: Number(size, NOWHERE) for size in sorted(sizes)}
    for node in trial.graph.data:
        if node.shape and node.shape[0] > 1 and node.name in line.scope:
            found[float(node.shape[0])] = call("len", Name(node.name, NOWHERE))
    for name, id in line.scope.items():
        if trial.builder.nodes[id].shape == ():
            value = trial.world.value(id)
            if np.all(value == value[0]) and abs(float(value[0])) not in (0.0, 1.0):
                found[float(value[0])] = Name(name, NOWHERE)
    return found
