"""A helper whose shapes leave other lines no value: found by lowering the program changed."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from msgspec import Struct
from msgspec.structs import replace

from gradtui.diagnosis.backward.hypotheses import cost_of, pool_for
from gradtui.diagnosis.backward.program import Line, Program
from gradtui.diagnosis.backward.trial import Trial
from gradtui.diagnosis.changes import insertions, small_edits
from gradtui.diagnosis.edits import NOWHERE, Change, Edit, Editable
from gradtui.engine.expression import Name, Tree
from gradtui.engine.graph import Builder
from gradtui.engine.handwritten import names_in
from gradtui.scenario.problem import Handwritten
from gradtui.source import InputError

_SHAPING = (
    Change.TRANSPOSE,
    Change.REDUCE,
    Change.AXIS,
    Change.DROP_CALL,
    Change.DROP_FACTOR,
    Change.REPLACE,
    Change.ADD_FACTOR,
)


class Reshaped(Struct, frozen=True, eq=False):
    """A helper, changed so that shapes fit."""

    line: Line
    edit: Edit
    hand: Handwritten
    """The program with the helper changed."""


def reshape_helper(trial: Trial, hand: Handwritten) -> Reshaped | None:
    """Return the change of a helper that lets most lines have a value; None if none does."""
    misfits = [line for line in trial.lines if line.misfit]
    suspects = _suspects(trial, misfits)
    before = len(misfits) + len(trial.program.lost)
    best: tuple[int, float, Reshaped] | None = None
    for line in suspects:
        for edit, changed in _changed(trial, line, hand):
            try:
                program = Program(trial.graph, trial.reverse, changed)
            except InputError:
                continue
            left = sum(bool(one.misfit) for one in program.lines) + len(program.lost)
            if left < before and (best is None or (left, cost_of(edit)) < best[:2]):
                best = (left, cost_of(edit), Reshaped(line, edit, changed))
    return best[2] if best else None


def reduce_helper(trial: Trial, hand: Handwritten, judged: Collection[str]) -> Reshaped | None:
    """Return the change of a helper's axes after which shapes still fit, and all else is right."""
    for line in trial.lines:
        if line.target is not None or not trial.program.dependents([line.name]) & set(judged):
            continue
        for edit, changed in _changed(trial, line, hand):
            if edit.change not in (Change.AXIS, Change.REDUCE):
                continue
            if line.name in trial.program.state:
                continue
            try:
                after = Trial(trial.graph, trial.reverse, trial.values, changed)
            except InputError:
                continue
            claims = [one for one in after.lines if one.name in judged]
            fits = not after.program.lost and all(one.claimed for one in claims)
            if fits and all(after.is_right(one, after.world) for one in claims):
                return Reshaped(line, edit, changed)
    return None


def _suspects(trial: Trial, misfits: list[Line]) -> list[Line]:
    """Return the helpers that have no value, and those that lines whose shapes do not fit read."""
    read = {name for line in misfits for name in line.reads}
    for lost in trial.program.lost:
        read |= {name.name for name in names_in(lost.line.value)}
    found = [Line(lost, -1) for lost in trial.program.lost]
    found += [line for line in trial.lines if line.target is None and line.name in read]
    return found


def _changed(trial: Trial, line: Line, hand: Handwritten) -> Iterator[tuple[Edit, Handwritten]]:
    expression = Editable(line.tree, Builder(trial.builder.nodes, simplify=True), line.scope)
    names: list[Tree] = [Name(name, NOWHERE) for name in line.scope]
    pool = pool_for(trial, line, names, [])
    factors = (edit for edit in insertions(expression, pool) if edit.path == ())
    for edit in (*small_edits(expression, pool), *factors):
        if edit.change in _SHAPING and expression.lower(edit) is not None:
            tree = expression.edited(edit)
            program = tuple(
                replace(one, value=tree) if one.name == line.name else one for one in hand.program
            )
            yield edit, replace(hand, program=program)
