"""The single changes, then pairs, that turn what a line holds into what it should hold."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from gradtui.diagnosis.backward.program import Line
from gradtui.diagnosis.backward.trial import Trial, constant_ratio, fitted, near, rounded
from gradtui.diagnosis.changes import insertions, small_edits
from gradtui.diagnosis.edits import NOWHERE, Change, Edit, Editable, Pool, call
from gradtui.diagnosis.spelling import spell
from gradtui.engine.expression import Call, Name, Number, Tree
from gradtui.engine.graph import Builder
from gradtui.engine.interpreter import Interpreter
from gradtui.engine.shapes import Shape

Array = NDArray[np.float64]

_COST: Mapping[Change, float] = {
    Change.NEGATE: 1.0,
    Change.AXIS: 1.1,
    Change.SCALE: 1.2,
    Change.TRANSPOSE: 1.3,
    Change.REDUCE: 1.3,
    Change.DROP_CALL: 1.4,
    Change.DROP_FACTOR: 1.15,
    Change.DROP_TERM: 1.15,
    Change.POWER: 1.6,
    Change.OPERATOR: 1.6,
    Change.REPLACE: 1.7,
    Change.ADD_FACTOR: 2.0,
    Change.FUNCTION: 2.2,
    Change.ADD_TERM: 2.5,
    Change.REPLACE_FACTOR: 3.0,
}
"""How far-fetched a change is; of several that fit, the nearest is named first."""
_MOST_PAIRED = 60
MOST_TRIED = 2500
"""Pairs of changes that are tried."""
_LONGEST = 80


class Hit(Struct, frozen=True, eq=False):
    """Changes of an expression after which it holds what it should."""

    edits: tuple[Edit, ...]
    tree: Tree
    cost: float
    scale: float = 1.0
    """The constant that the changed expression still has to be multiplied with."""


def cost_of(edit: Edit) -> float:
    """Return how far-fetched an edit is."""
    if edit.change is Change.NEGATE and not _adds_minus(edit):
        return _COST[edit.change] - 0.5
    new = len(spell(edit.new)) if edit.new is not None else 0
    return _COST[edit.change] + 0.01 * min(new, _LONGEST) + 0.02 * len(edit.path)


def _adds_minus(edit: Edit) -> bool:
    return isinstance(edit.tree, Call) and edit.tree.function == "neg"


def pool_for(trial: Trial, line: Line, factors: Sequence[Tree], terms: Sequence[Tree]) -> Pool:
    """Return what may be put into a line: names in scope, and the given factors and terms."""
    return Pool(line.scope, factors, [*terms, Number(1.0, NOWHERE)], _numbers(trial, line))


def find_hits(
    trial: Trial,
    line: Line,
    world: Interpreter,
    wanted: Array,
    size: Array,
    pool: Pool,
    *,
    pairs: bool = True,
) -> list[Hit]:
    """Return the changes that make a line's expression hold `wanted`, the nearest first.

    Pairs of changes are tried where no single one fits, and with `pairs` alone: they take long.
    """
    builder = Builder(trial.builder.nodes, simplify=True)
    expression = Editable(line.tree, builder, line.scope)
    at = world.extended(builder.nodes)
    shapes = {wanted.shape[1:]}
    if line.target is not None and not line.misfit:
        shapes.add(builder.nodes[line.node].shape)
    tried: list[tuple[Edit, int]] = []
    hits: list[Hit] = []
    for group in (small_edits(expression, pool), insertions(expression, pool)):
        for edit, id in _lowered(expression, group, shapes):
            tried.append((edit, id))
            if near(fitted(at.value(id), wanted.shape[1:])[1:], wanted[1:], size[1:]):
                hits.append(Hit((edit,), expression.edited(edit), cost_of(edit)))
    if not hits:
        hits = [*_with_constant(expression, at, tried, wanted, size, shapes)]
    if not hits and pairs:
        hits = [*_pairs(trial, line, world, wanted, size, pool, expression, tried)]
    return sorted(hits, key=lambda hit: hit.cost)


def _lowered(
    expression: Editable, edits: Iterable[Edit], shapes: Collection[Shape]
) -> Iterator[tuple[Edit, int]]:
    nodes = expression.builder.nodes
    for edit in edits:
        id = expression.lower(edit)
        if id is not None and nodes[id].shape in shapes:
            yield edit, id


def _with_constant(
    expression: Editable,
    at: Interpreter,
    tried: Sequence[tuple[Edit, int]],
    wanted: Array,
    size: Array,
    shapes: Collection[Shape],
) -> Iterator[Hit]:
    """Yield the changes that leave only a constant wrong; first that constant alone."""
    root = expression.ids.get(())
    if root is not None and expression.shape(()) in shapes:
        scale = constant_ratio(wanted, fitted(at.value(root), wanted.shape[1:]), size)
        if scale is not None:
            yield Hit((), expression.tree, 1.2, scale)
            return
    for edit, id in tried:
        if edit.change is Change.SCALE or edit.change is Change.NEGATE:
            continue
        scale = constant_ratio(wanted, fitted(at.value(id), wanted.shape[1:]), size)
        if scale is not None and scale != 0:
            yield Hit((edit,), expression.edited(edit), cost_of(edit) + 1.5, scale)


def _pairs(
    trial: Trial,
    line: Line,
    world: Interpreter,
    wanted: Array,
    size: Array,
    pool: Pool,
    expression: Editable,
    tried: Sequence[tuple[Edit, int]],
) -> Iterator[Hit]:
    """Yield two changes together that fit, of those that are near."""
    first = sorted((edit for edit in small_edits(expression, pool)), key=cost_of)[:_MOST_PAIRED]
    if expression.ids.get(()) is None:
        first += [edit for edit in insertions(expression, pool)][:_MOST_PAIRED]
    tries = 0
    for edit in first:
        if edit.change is Change.SCALE:
            continue
        builder = Builder(trial.builder.nodes, simplify=True)
        again = Editable(expression.edited(edit), builder, line.scope)
        at = world.extended(builder.nodes)
        for other, id in _lowered(again, small_edits(again, pool), {wanted.shape[1:]}):
            tries += 1
            if tries > MOST_TRIED:
                return
            if near(at.value(id)[1:], wanted[1:], size[1:]):
                yield Hit((edit, other), again.edited(other), cost_of(edit) + cost_of(other) + 1)


def _numbers(trial: Trial, line: Line) -> dict[float, Tree]:
    """Return the constants that gradients are often wrong by, by name where they have one."""
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


def scaled(tree: Tree, scale: float, numbers: Mapping[float, Tree]) -> Tree:
    """Return a tree times a constant, written as a quotient or by name where it is one."""
    if scale == 1.0:
        return tree
    if scale < 0:
        bare = tree.arguments[0] if isinstance(tree, Call) and tree.function == "neg" else None
        return scaled(bare, -scale, numbers) if bare else call("neg", scaled(tree, -scale, numbers))
    for value, written in numbers.items():
        if abs(value * scale - 1) < 1e-9:
            return call("/", tree, written)
        if abs(value - scale) < 1e-9 * value:
            return call("*", written, tree)
    inverse = rounded(1 / scale)
    if inverse == round(inverse):
        return call("/", tree, Number(inverse, NOWHERE))
    return call("*", Number(scale, NOWHERE), tree)


def tidied(tree: Tree, numbers: Mapping[float, Tree]) -> Tree:
    """Return a tree whose constant factors are taken together, as a person writes them: x/n."""
    if not isinstance(tree, Call):
        return tree
    tree = replace(tree, arguments=tuple(tidied(one, numbers) for one in tree.arguments))
    factor, rest = _constant_of(tree)
    if rest is None or rest is tree:
        return tree
    return scaled(rest, rounded(factor), numbers)


def _constant_of(tree: Tree) -> tuple[float, Tree | None]:
    """Return the constant that a product starts or ends with, and what is left, if anything is."""
    match tree:
        case Number(value):
            return value, None
        case Call("neg", (operand,)):
            factor, rest = _constant_of(operand)
            return -factor, rest
        case Call("*", (left, right)):
            (one, before), (other, after) = _constant_of(left), _constant_of(right)
            if before is None or after is None:
                return one * other, before or after
            return one * other, replace(tree, arguments=(before, after))
        case Call("/", (left, right)):
            (one, before), (other, after) = _constant_of(left), _constant_of(right)
            if other and (after is None or before is not None):
                rest = before if after is None else replace(tree, arguments=(before, after))
                return one / other, rest
    return 1.0, tree
