"""The lines of an update: what is the same in them at every step, and their numbers."""

from __future__ import annotations

from functools import lru_cache
from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace

from gradtui.base.text import DIGITS, shape_text
from gradtui.engine.formula import PRETTY, TYPED, Style, formula
from gradtui.engine.graph import STRETCH, Kind, Node
from gradtui.engine.ops import OPS
from gradtui.engine.optimizers import VELOCITY
from gradtui.engine.program import StepProgram
from gradtui.engine.shapes import Shape
from gradtui.explain.operands import acts
from gradtui.explain.spans import Role, Span
from gradtui.scenario.problem import Problem

_FORMS = 1000
"""Most updates, and most of the forms of their lines, that are remembered."""
_PROGRAMS = 2
"""Most programs of which it is remembered whose numbers they show."""


class Numbers(Protocol):
    """The numbers in the lines of a parameter's update."""

    def text(self, node: int, digits: int) -> str:
        """Return the number of a node."""

    def own_rate(self, digits: int) -> tuple[str, str, str] | None:
        """Return the arithmetic of a rate of its own, its result, and the move, if it has one."""


class Update(Struct, frozen=True):
    """A parameter's update, as it is written."""

    program: StepProgram
    position: int
    name: str
    """The parameter's, as it is shown."""
    ascii: bool

    @property
    def shape(self) -> Shape:
        """The parameter's shape."""
        return self.program.nodes[self.program.updates[self.position].parameter].shape


def update_of(problem: Problem, position: int) -> Update:
    """Return the update of the parameter at a position."""
    program = problem.trainer.program
    node = program.nodes[program.updates[position].parameter]
    return Update(program, position, problem.label(node.name), problem.ascii)


class Line(Struct, frozen=True, eq=False):
    """A line of a parameter's update, without its numbers."""

    name: str
    """What it assigns to."""
    result: int
    known: frozenset[int]
    """The operations before it, which are shown as their numbers."""
    whole: bool
    """Whether it is about whole arrays, as a sum is, and has their shapes."""
    copied: bool
    """Whether it is a line such as `v = g`."""
    parts: tuple[int, ...]
    """The nodes whose numbers it shows."""

    def shown(self, digits: int) -> list[tuple[int, int]]:
        """Return the nodes whose numbers it shows, each with its digits."""
        return [(part, DIGITS if self.whole else digits) for part in self.parts]

    def opens(self, part: Node) -> bool:
        """Return whether it writes an operation out.

        One that is not elementwise stands beside shapes only: one element of its operands means
        nothing.
        """
        free = part.kind is Kind.OPERATION and part.id not in self.known and not part.name
        return free and (self.whole or OPS[part.op].elementwise)


@lru_cache(_FORMS)
def lines_of(program: StepProgram, position: int) -> tuple[Line, ...]:
    """Return the lines of a parameter's update."""
    nodes, update, lines = program.nodes, program.updates[position], list[Line]()
    for name, result in update.lines:
        node = nodes[result]
        own = node.inputs[0] if node.op == STRETCH else result
        known = frozenset({update.gradient, *(id for _, id in update.lines if id < result)})
        if own in known or nodes[own].kind is not Kind.OPERATION:
            lines.append(Line(name, result, known, False, True, (own,)))
            continue
        whole = not (OPS[nodes[own].op].elementwise and acts(program, position, own))
        line = Line(name, result, known, whole, False, ())
        lines.append(replace(line, parts=_parts(program, line)))
    return tuple(lines)


def _parts(program: StepProgram, line: Line) -> tuple[int, ...]:
    """Return the nodes whose numbers a line shows."""
    found: dict[int, None] = {}

    def show(part: Node) -> str | None:
        if line.opens(part):
            return None
        if not (line.whole and part.shape):
            found[part.id] = None
        return "0"

    formula(program.nodes, line.result, show)
    return tuple(found)


@lru_cache(_FORMS)
def numbers_shown(program: StepProgram, position: int, digits: int) -> tuple[tuple[int, int], ...]:
    """Return the nodes whose numbers a parameter's lines show, each with its digits."""
    lines = lines_of(program, position)
    return tuple(dict.fromkeys(
        one for line in lines for one in [(line.result, digits), *line.shown(digits)]
    ))  # fmt: skip


@lru_cache(_PROGRAMS)
def numbers_listed(program: StepProgram) -> tuple[int, ...]:
    """Return the nodes of which the lines of all updates show a number for each element."""
    found = dict[int, None]()
    for position in range(len(program.updates)):
        for line in lines_of(program, position):
            shown = line.result, *(() if line.whole else line.parts)
            found |= dict.fromkeys(id for id in shown if acts(program, position, id))
    return tuple(found)


def line_in_numbers(update: Update, line: Line, numbers: Numbers, digits: int) -> str:
    """Return a line with numbers: `1 - 0.05 · 12`."""
    texts = [numbers.text(*one) for one in line.shown(digits)]
    below = tuple([text.startswith("-") for text in texts])
    written = _written(update.program, line, below, TYPED if update.ascii else PRETTY)
    return written.format(*[text.removeprefix("-") for text in texts])


@lru_cache(_FORMS)
def _written(program: StepProgram, line: Line, below: tuple[bool, ...], style: Style) -> str:
    """Return a line with a field for each number, given which of them have a minus.

    It is the same at every step and for every element, only with other numbers.
    """
    fields = {
        part: f"{'-' * minus}{{{at}}}"
        for at, (part, minus) in enumerate(zip(line.parts, below, strict=True))
    }
    if line.copied:
        return fields[line.parts[0]]

    def show(part: Node) -> str | None:
        if part.id in fields or line.opens(part):
            return fields.get(part.id)
        return f"[{shape_text(part.shape)}]"

    return formula(program.nodes, line.result, show, style)


def lines_in_numbers(
    update: Update, numbers: Numbers, role: Role, digits: int, last: int
) -> list[tuple[str, list[Span]]]:
    """Return each line's name, and its numbers with their result.

    The new value itself has `last` digits.
    """
    lines = lines_of(update.program, update.position)
    final = update.program.updates[update.position].result
    told: list[tuple[str, list[Span]]] = []
    for line in lines:
        own = f"{_name(update, line.name)} = " if len(lines) > 1 else ""
        result = numbers.text(line.result, last if line.result == final else digits)
        sum_text = line_in_numbers(update, line, numbers, digits)
        told.append((own, [(sum_text, "plain"), (f" = {result}", role)]))
    rate = numbers.own_rate(digits)
    if rate is not None:
        divided, own_text, step = rate
        came: list[Span] = [(f" = {own_text}", role), (f"   step {step}", role)]
        told.append(("own rate = ", [(divided, "plain"), *came]))
    return told


def _name(update: Update, name: str) -> str:
    """Return an optimizer's name as written on paper: `m̂` for `mhat`, `velocity` for `b`.

    The weight is called as in the model, if that is short.
    """
    if name == "b" and not update.program.moved_by_hand:
        return VELOCITY
    if name == "w" and not update.program.moved_by_hand and not update.shape:
        return update.name
    hat = name.endswith("hat") and not update.ascii
    return f"{name[0]}\N{COMBINING CIRCUMFLEX ACCENT}" if hat else name
