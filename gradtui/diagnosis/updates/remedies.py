"""Remedies, including changes of more than an expression: an initial value, a line's target.

Knows the possible changes, not whether they help.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from msgspec.structs import replace

from gradtui.diagnosis.edits import Edit, edited
from gradtui.diagnosis.updates.line_edits import LineEdit
from gradtui.diagnosis.updates.scope import (
    BIAS,
    CONSTANT,
    DECAY,
    RATE,
    TIME,
    UNEXPLAINED,
    Rules,
    Scope,
)
from gradtui.engine.handwritten import UpdateProgram
from gradtui.language.parser import Assignment, Name, Number, Tree
from gradtui.language.trees import NOWHERE, expression, is_call, names_read

_APART = 8
"""Most lines by which a line may be too low."""


class Start(Edit, frozen=True):
    """Another initial value of a state."""

    name: str
    value: float
    rules: Rules
    cost: float


class Added(Edit, frozen=True):
    """A line that a program lacks."""

    line: int
    """The index of the line that it belongs above; one past the end if it is the last."""
    name: str
    rules: Rules
    cost: float


class Moved(Edit, frozen=True):
    """A line in another place."""

    line: int
    """Its index in the program."""
    to: int
    """Its index where it belongs."""
    rules: Rules
    cost: float


Step = LineEdit | Start | Added | Moved
Remedy = tuple[Step, ...]
"""Changes that together make a program right."""


def applied(program: UpdateProgram, remedy: Remedy) -> UpdateProgram:
    """Return a program with changes applied; those of one line are in different places."""
    lines, state = list(program.lines), dict(program.state)
    for step in remedy:
        match step:
            case Start():
                state[step.name] = step.value
            case Added():
                lines.insert(step.line, Assignment(step.name, step.tree, NOWHERE))
            case Moved():
                lines.insert(step.to, lines.pop(step.line))
            case LineEdit():
                line = lines[step.line]
                value = edited(line.value, step)
                lines[step.line] = replace(line, value=value, name=step.name or line.name)
    return replace(program, lines=tuple(lines), state=state)


def cost_of(remedy: Remedy) -> float:
    """Return the cost of a remedy; of several, the cheapest is named."""
    return sum(step.cost for step in remedy)


def unstored_in(program: UpdateProgram) -> list[str]:
    """Return the states that no line assigns."""
    assigned = {line.name for line in program.lines}
    return [name for name in program.state if name not in assigned]


def other_starts(program: UpdateProgram, scope: Scope) -> Iterator[Start]:
    """Yield other initial values of the state: 0, 1, and the constants that weight a mean.

    A count may also be one off, and a rate start at a number of the file.
    """
    sums = {line.name for line in program.lines if is_call(line.value, "+", "-")}
    for name, initial in program.state.items():
        first = float(np.ravel(initial)[0])
        costs = dict.fromkeys((0.0, 1.0, *(scope.constants[mean] for mean in scope.means)), 1.0)
        if name in scope.meaning and name in sums:
            counts = (1.0, -1.0, first - 1, first + 1)
            costs = {count: 1.05 if count >= 0 else 1.35 for count in counts} | {0.0: 1.0}
        elif name in scope.meaning:
            costs = dict.fromkeys(sorted(scope.known_numbers), 1.1) | costs
        for value, cost in costs.items():
            if not np.all(initial == value):
                rules = _start_rules(scope, name)
                yield Start((), Number(value, NOWHERE), name, value, rules, cost)


def _start_rules(scope: Scope, name: str) -> Rules:
    made_of = scope.meaning.get(name)
    if made_of is None:
        return (*scope.form, CONSTANT)
    first = RATE if "lr" in made_of else TIME if made_of == {"t"} else BIAS
    return (first, CONSTANT, UNEXPLAINED)


def other_orders(program: UpdateProgram, scope: Scope) -> Iterator[Moved]:
    """Yield the moves of a line above an earlier one that reads its target, or assigns its input.

    Only states exist before a line assigns them.  The weight itself moves last.
    """
    kept, lines = {"w", *program.state}, program.lines
    for later, line in ((at, line) for at, line in enumerate(lines) if line.name != "w"):
        for earlier in range(later - 1, max(-1, later - _APART - 1), -1):
            other = lines[earlier]
            crossing = {line.name} & {*names_read(other.value)}
            crossing |= {other.name} & {*names_read(line.value)}
            if crossing & kept:
                yield Moved((), line.value, later, earlier, scope.form, 1.0)


def other_targets(program: UpdateProgram, scope: Scope) -> Iterator[Remedy]:
    """Yield changes of the name that a line assigns, with the resulting changes there and below."""
    yield from ((edit,) for edit in _stored(program, scope))
    if scope.decays:
        yield from ((edit,) for edit in _coupled(program, scope))


def _stored(program: UpdateProgram, scope: Scope) -> Iterator[LineEdit]:
    """Yield the renaming of an unread helper to a state that no line assigns."""
    for kept in unstored_in(program):
        for index, line in enumerate(program.lines):
            if line.name in scope.meaning and line.name not in scope.read:
                yield LineEdit((), line.value, index, scope.form, 1, kept)


def _coupled(program: UpdateProgram, scope: Scope) -> Iterator[LineEdit]:
    """Yield the lines that decay the weights, or the gradient, instead of the other."""
    for index, line in enumerate(program.lines):
        if line.name in ("w", "g") and "weight_decay" in scope.names(line.value):
            w, g, lr, rate = (Name(n, line.place) for n in ("w", "g", "lr", "weight_decay"))
            decay = expression("*", rate, w)
            coupled: Tree = expression("+", g, decay)
            decoupled: Tree = expression("-", w, expression("*", lr, decay))
            value, name = (coupled, "g") if line.name == "w" else (decoupled, "w")
            yield LineEdit((), value, index, (DECAY,), 1.2, name)
