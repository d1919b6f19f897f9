"""A helper whose shape deprives other lines of a value: found by lowering the changed program."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cached_property

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from gradtui.base.source import InputError
from gradtui.diagnosis.backward.hypotheses import pool_for
from gradtui.diagnosis.backward.material import (
    calls_of,
    distinct,
    flow_trees,
    local_trees,
    slope_trees,
    terms_of,
    unread_trees,
)
from gradtui.diagnosis.backward.program import Line, Program
from gradtui.diagnosis.backward.repair import Repair
from gradtui.diagnosis.backward.trial import Trial
from gradtui.diagnosis.changes import insertions, small_edits
from gradtui.diagnosis.edits import INSERTIONS, Editable, EditKind, Pool, Tweak, least_cost
from gradtui.diagnosis.sieve import FIRST, near_at, place_of
from gradtui.engine.builder import Builder
from gradtui.engine.graph import Kind, Node
from gradtui.engine.interpreter import Interpreter
from gradtui.engine.lowering import lower_tree
from gradtui.engine.shapes import Shape
from gradtui.language.parser import Call, Name, Number, Tree
from gradtui.language.trees import NOWHERE, call, names_read, subtrees
from gradtui.scenario.problem import Handwritten

Array = NDArray[np.float64]

_SHAPING = (
    EditKind.TRANSPOSE,
    EditKind.REDUCE,
    EditKind.AXIS,
    EditKind.DROP_CALL,
    EditKind.DROP_FACTOR,
    EditKind.REPLACE,
    EditKind.ADD_FACTOR,
    EditKind.ADD_TERM,
    EditKind.REPLACE_FACTOR,
)
_RENAMING = (EditKind.REPLACE, EditKind.REPLACE_FACTOR)

MOST_LOOKED_AT, MOST_LOWERED, MOST_JUDGED = 20_000, 200, 48
"""Most changes of lines made, checked for fitting shapes, and judged."""


class Reshaped(Struct, frozen=True, eq=False):
    """A helper changed so that shapes fit."""

    line: Line
    edit: Tweak
    hand: Handwritten
    """The program with the helper changed."""
    after: Trial | None
    """That program at the same points, if everything in it is right."""


def reshape_helper(
    trial: Trial,
    hand: Handwritten,
    judged: Collection[str],
    *,
    instead: Repair | None = None,
    granted: Sequence[Repair] = (),
    idle: bool = False,
    nearer: float = math.inf,
) -> Reshaped | None:
    """Return the change of a helper's shape that makes all `judged` claims right.

    Lines that compute nothing are tried first, and alone if only the `idle` are suspects.  If lines
    have no value and there is no such change, the result is one after which most of them have a
    value.  It may be sought `instead` of the repair of a line that reads the helper, with others
    `granted`, and must cost less than `nearer`.
    """
    misfits = [line for line in trial.lines if line.misfit]
    before = len(misfits) + len(trial.program.lost)
    suspects = _suspects(trial, misfits, judged)
    suspects = [line for line in suspects if is_idle(line) or not idle]
    if instead is not None:
        suspects = [line for line in suspects if _feeds(trial, line, instead.line, judged, idle)]
    changes = [*_changes(trial, suspects, nearer)]
    changes.sort(key=lambda one: (_work_of(one[0]), _is_times_number(*one[:2]), one[1].cost))
    fitting = list[tuple[int, Line, Tweak, Handwritten]]()
    world = trial.world.replacing({one.line.node: one.value for one in granted})
    here, settled = world.at(FIRST), {one.line.name for one in granted}
    shaped = _Shaped(trial, hand, judged)
    for line, edit, tree in changes[:MOST_LOWERED]:
        if not before and not _may_mend(trial, here, line, tree, judged, settled):
            continue
        changed = _with_line(hand, line, tree)
        left = shaped.unfit(line, tree, changed, max(before, 1) - 1)
        if left is not None and left < max(before, 1):
            fitting.append((left, line, edit, changed))
    fitting.sort(key=lambda one: one[0])
    for left, line, edit, changed in fitting[:MOST_JUDGED]:
        if left == 0:
            after = Trial(trial.graph, trial.reverse, trial.draw, changed, like=trial)
            if _all_right(after, judged, granted):
                return Reshaped(line, edit, changed, after)
    if trial.program.lost and fitting:
        _, line, edit, changed = fitting[0]
        return Reshaped(line, edit, changed, None)
    return None


def _feeds(trial: Trial, line: Line, other: Line, judged: Collection[str], beside: bool) -> bool:
    """Return whether a line is read by another; or `beside` it, if a judged line reads both."""
    reached = trial.program.dependents([line.name])
    if line.name == other.name:
        return False
    if not beside:
        return other.name in reached
    return not reached.isdisjoint(trial.program.dependents([other.name]) & set(judged))


def _may_mend(
    trial: Trial,
    here: Interpreter,
    line: Line,
    tree: Tree,
    judged: Collection[str],
    settled: Collection[str],
) -> bool:
    """Return whether all may fit and be right at one point with another expression in a line.

    Only lines computed from it are computed again, up to the first wrong one; `settled` lines keep
    their values `here`.
    """
    if trial.program.state:
        return True
    builder, changed = Builder(trial.builder.nodes), dict[str, int]()
    at = here.extended(builder.nodes)
    for one in trial.lines:
        if one is not line and (one.name in settled or changed.keys().isdisjoint(one.reads)):
            continue
        own = tree if one is line else one.tree
        node = _lowered(builder, own, {**one.scope, **changed})
        if node is None:
            return False
        changed[one.name] = node
        if one.name in judged and not _may_hold(trial, one, builder.nodes[node], at):
            return False
    return True


def _lowered(builder: Builder, tree: Tree, scope: Mapping[str, int]) -> int | None:
    """Return the node of an expression; None if its shapes do not fit."""
    try:
        return lower_tree(tree, builder, lambda name: scope[name.name])
    except InputError:
        return None


def _may_hold(trial: Trial, claim: Line, node: Node, at: Interpreter) -> bool:
    """Return whether a node may hold a claim's right value, at one point."""
    target = trial.graph.nodes[claim.target or 0]
    if node.shape != target.shape:
        return target.kind is not Kind.PARAMETER
    fits = near_at(trial.truth(target.id), trial.size(target.id))
    return bool(fits(at.value(node.id)[:, None]).all())


def _all_right(trial: Trial, judged: Collection[str], granted: Sequence[Repair]) -> bool:
    """Return whether all judged claims are right with some repairs granted."""
    held = dict[int, Array]()
    for repair in granted:
        line = trial.program.line(repair.line.name)
        if line is None or trial.builder.nodes[line.node].shape != repair.value.shape[1:]:
            return False
        held[line.node] = repair.value
    world = trial.world.replacing(held) if held else trial.world
    names = set(judged) - {repair.line.name for repair in granted}
    return all(trial.is_right(line, world) for line in trial.lines if line.name in names)


def is_idle(line: Line) -> bool:
    """Return whether a line only passes on its input, at most in another shape.

    A number written as a quotient counts, too.
    """
    if all(isinstance(part, Number) or _is_arithmetic(part) for part in subtrees(line.tree)):
        return True
    calls = (part for part in subtrees(line.tree) if isinstance(part, Call))
    return all(part.function in ("expand", "T") for part in calls)


def _is_arithmetic(tree: Tree) -> bool:
    return isinstance(tree, Call) and tree.function in ("+", "-", "*", "/", "neg")


def _is_times_number(line: Line, edit: Tweak) -> bool:
    """Return whether a bare number gets a factor: more likely it is a term of a sum."""
    return isinstance(line.tree, Number) and edit.kind is EditKind.ADD_FACTOR


def _work_of(line: Line) -> int:
    """Return 0 if a line only renames its input, 1 if it reshapes it, else 2."""
    return isinstance(line.tree, Call) + (not is_idle(line))


class _Shaped:
    """The shapes of a program with one of its lines changed."""

    def __init__(self, trial: Trial, hand: Handwritten, judged: Collection[str]) -> None:
        self._trial, self._hand, self._judged = trial, hand, set(judged)

    def unfit(self, line: Line, tree: Tree, changed: Handwritten, most: int) -> int | None:
        """Return the number of lines without a value, or with a shape that does not fit.

        It is None if there are more than `most`, or if the changed program cannot be judged.
        """
        program = self._program
        if program is None or self._hand.state or program.lost or program.odd:
            return self._unfit(changed)
        reached = program.dependents([line.name])
        left = sum(bool(one.misfit) for one in program.lines if one.name not in reached)
        builder, scope = Builder(program.nodes), dict[str, int]()
        for one in program.lines:
            if one.name not in reached:
                continue
            own = tree if one.name == line.name else one.tree
            node = _lowered(builder, own, {**one.scope, **scope})
            target = None if one.target is None else self._trial.graph.nodes[one.target]
            if node is None or (target and builder.nodes[node].shape != target.shape):
                misfit = node is None or (target and target.kind is Kind.PARAMETER)
                return None if misfit and left >= most else self._unfit(changed)
            scope[one.name] = node
        return left

    @cached_property
    def _program(self) -> Program | None:
        try:
            return Program(self._trial.graph, self._trial.reverse, self._hand)
        except InputError:
            return None

    def _unfit(self, hand: Handwritten) -> int | None:
        try:
            program = Program(self._trial.graph, self._trial.reverse, hand)
        except InputError:
            return None
        if set(program.odd) & self._judged:
            return None
        return sum(bool(one.misfit) for one in program.lines) + len(program.lost)


def _suspects(trial: Trial, misfits: Sequence[Line], judged: Collection[str]) -> list[Line]:
    """Return the helpers without a value, and those from which wrong values are computed."""
    read = {name for line in misfits for name in line.reads}
    for lost in trial.program.lost:
        read |= set(names_read(lost.line.value))
    if not misfits and not trial.program.lost:
        read = set(judged)
    for line in reversed(trial.lines):
        if line.name in read:
            read |= line.reads
    found = [Line(lost, -1) for lost in trial.program.lost]
    found += [line for line in trial.lines if line.target is None and line.name in read]
    return [line for line in found if line.name not in trial.program.state]


def _lost_terms(trial: Trial, line: Line) -> list[Tree]:
    """Return the terms that a line may have lost: readable names, and more if it is idle."""
    if not is_idle(line):
        return [Name(name, NOWHERE) for name in line.scope]
    terms = [term for tree in slope_trees(trial) for term in terms_of(tree)]
    if isinstance(line.tree, Number):
        terms += [Name(name, NOWHERE) for name in line.scope]
    return [*unread_trees(trial, line), *distinct(terms)]


def _lost_whole(trial: Trial, line: Line) -> list[Tree]:
    """Return the expressions that a line holding a number may have held."""
    if any(names_read(line.tree)):
        return []
    slopes = [*local_trees(trial, line, range(len(trial.graph.nodes))), *slope_trees(trial)]
    return distinct([*slopes, *(one for tree in flow_trees(trial) for one in calls_of(tree))])


def _with_line(hand: Handwritten, line: Line, tree: Tree) -> Handwritten:
    """Return a program with a line's expression replaced."""
    lines = (replace(one, value=tree) if one.name == line.name else one for one in hand.program)
    return replace(hand, program=tuple(lines))


def _changes(
    trial: Trial, suspects: Sequence[Line], nearer: float
) -> Iterator[tuple[Line, Tweak, Tree]]:
    """Yield the changes of lines that change a shape, with the resulting tree."""
    looked_at = 0
    for line in sorted(suspects, key=_work_of):
        expression = Editable(line.tree, trial.builder.nodes, line.scope)
        shape = expression.builder.nodes[line.node].shape if line.node >= 0 else None
        known = dict[object, tuple[Tweak, Shape | None]]()
        for edit in _edits(trial, line, expression, nearer):
            if edit.kind not in _SHAPING or not _is_nearer(edit, nearer):
                continue
            looked_at += 1
            if looked_at > MOST_LOOKED_AT:
                return
            key = place_of(expression, edit)
            if key not in known:  # with the edit, which keeps what the key has by its id
                known[key] = edit, _shape_after(expression, edit)
            if known[key][1] not in (None, shape):
                yield line, edit, expression.edited(edit)


def _shape_after(expression: Editable, edit: Tweak) -> Shape | None:
    """Return the shape of an edited expression; None if shapes do not fit in it."""
    node = expression.lower(edit)
    return None if node is None else expression.builder.nodes[node].shape


def _is_nearer(edit: Tweak, nearer: float) -> bool:
    """Return whether an edit costs less; its text need not be written if its kind tells that."""
    return nearer == math.inf or (least_cost(edit.kind) < nearer and edit.cost < nearer)


def _edits(trial: Trial, line: Line, expression: Editable, nearer: float) -> Iterator[Tweak]:
    """Yield the changes of a line that may cost less than `nearer`.

    There are too many other names and insertions to make them when none can be cheap enough.
    """
    renamed, inserted = (least_cost(*kinds) < nearer for kinds in (_RENAMING, INSERTIONS))
    names: list[Tree] = [Name(name, NOWHERE) for name in line.scope] if inserted else []
    pool = pool_for(trial, line, names, _lost_terms(trial, line) if inserted else [])
    if renamed:
        yield from _exchanged(expression, pool)
    else:
        pool = replace(pool, names={})
    yield from small_edits(expression, pool)
    if inserted:
        yield from insertions(expression, pool, whole=True)
        for tree in _lost_whole(trial, line):
            yield Tweak((), tree, EditKind.REPLACE_FACTOR, line.tree, tree)


def _exchanged(expression: Editable, pool: Pool) -> Iterator[Tweak]:
    """Yield names of other shapes to replace a name, or a factor wherever it is."""
    nodes = expression.builder.nodes
    for path, part in expression.parts.items():
        if not isinstance(part, Name) or part.name not in pool.names:
            continue
        own = nodes[pool.names[part.name]].shape
        for name, id in pool.names.items():
            if nodes[id].shape != own and len(nodes[id].shape) == len(own):
                yield Tweak(path, Name(name, NOWHERE), EditKind.REPLACE, part, Name(name, NOWHERE))
    for edit in small_edits(expression, pool):
        if edit.kind is EditKind.DROP_FACTOR and isinstance(edit.old, Name):
            rest = expression.edited(edit)
            for factor in pool.factors:
                whole = call("*", rest, factor)
                yield Tweak((), whole, EditKind.REPLACE_FACTOR, edit.old, factor)
