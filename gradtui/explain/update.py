"""The optimizer's step in rows: its formula, and each element's with numbers."""

from __future__ import annotations

import math
from functools import cache, lru_cache

from msgspec import Struct

from gradtui.base.ascii import spell
from gradtui.base.text import DIGITS, SHORT, cell_width, clean, element_text, number, wrap
from gradtui.debugger.frame import Frame
from gradtui.engine.elements import flat_index
from gradtui.explain.byhand import claim_done, claimed
from gradtui.explain.folds import INDENT, Breaks, broken, cuts, pieces
from gradtui.explain.operands import Look, Operands, widest
from gradtui.explain.spans import LazyRows, Role, Span, TextRow, folded, line, line_width
from gradtui.explain.symbols import element_roles, label
from gradtui.explain.training import schedule_rows
from gradtui.explain.update_lines import (
    Update,
    line_in_numbers,
    lines_in_numbers,
    lines_of,
    numbers_listed,
    numbers_shown,
    update_of,
)
from gradtui.explain.values import UNKNOWN, Elements, Index, moved

_FEWEST = 3
"""Digits in a panel too narrow for a single number of more."""
_WIDE, _MORE = 60, 4 / 3
"""Width from which an element may take more rows for all digits than for short numbers, and how
many at most, relative to these."""
_MOVED, _SPELT = "→ ", "-> "
"""After the name of an element that has moved; in ASCII the sign keeps its blank."""
_ROLES: tuple[Role, Role] = ("dim", "value")
"""The role of a new value before its parameter has moved, and after."""
_NAMED = 2
"""Most weights named that move by their true gradients."""
_FEW = 8
"""Largest model, in numbers, whose numbers have all their digits even if that takes more rows."""
_FRAMES = 2
"""Most frames whose rows are remembered, because scrolling asks for them again."""
_LOOKS = 1000
"""Most looks of the numbers in a parameter's lines for which it is remembered how these break."""


class _Form(Struct, frozen=True):
    """How the rows of all elements are made, so that they look alike."""

    digits: int
    folds: list[list[Breaks] | None]
    """Of each line of each parameter's update, with room for its widest numbers; None if none is
    known yet."""
    usual: dict[int, list[Breaks]]
    """Where the lines of parameters' first elements are broken, of those shown so far."""


def update_rows(frame: Frame, width: int = 80) -> LazyRows:
    """Return the optimizer's program for each parameter, line by line, with numbers.

    A row wider than the panel continues in the next, broken alike for all elements, and all
    numbers have the same number of digits.
    """
    head = _head(frame, width)
    form = _form(frame, width)
    elements = _elements(frame, form)
    left_out = elements.left_out
    foot = [line((f"… {left_out:,} more elements", "dim"))] if left_out else []

    def between(start: int, stop: int) -> list[TextRow]:
        above, below = start - len(head), stop - len(head)
        rows = head[start:stop]
        for position, index, first in elements.between(max(0, above), below):
            made = _element(frame, position, index, width, form)
            rows += made[max(0, above - first) : below - first]
        return rows + (foot if below > elements.rows else [])

    return LazyRows(len(head) + elements.rows + len(foot), between)


def update_places(frame: Frame, width: int) -> tuple[range, range] | None:
    """Return the rows of the selected parameter's update, and of its first element's.

    None without one.
    """
    looked = frame.looked_at
    if looked is None:
        return None
    places = _elements(frame, _form(frame, width)).places_of(*looked)
    return moved(places, len(_head(frame, width)))


def _head(frame: Frame, width: int) -> list[TextRow]:
    rule = [line((row, "dim")) for row in wrap(_rule(frame), width)]
    digits = _form(frame, width).digits
    return [*rule, *_clip_rows(frame, width, digits), *schedule_rows(frame, width, digits)]


@lru_cache(_FRAMES)
def _form(frame: Frame, width: int) -> _Form:
    """Return all digits if these take few more rows than short ones, or if the model is small."""
    program = frame.problem.trainer.program
    shapes = [program.nodes[update.parameter].shape for update in program.updates]
    few = sum(map(math.prod, shapes)) <= _FEW
    # Weights whose move is not told yet count too, or the digits would change on the way.
    found = widest(frame.tape, numbers_listed(program))
    listed = [
        Operands(frame, position, None, found) if math.prod(shape) else None
        for position, shape in enumerate(shapes)
    ]

    @cache
    def made(at: int, digits: int) -> list[Breaks]:
        operands = listed[at]
        return [] if operands is None else _folds(frame, at, operands, width, digits)

    def spare(at: int) -> bool:
        """Return whether a parameter's rows have room for all digits."""
        if not _fit(made(at, DIGITS)):
            return False
        most = _MORE if width >= _WIDE else 1.0
        return few or _rows(made(at, DIGITS)) <= most * _rows(made(at, SHORT))

    places = range(len(shapes))
    digits = DIGITS if all(map(spare, places)) else SHORT
    if not all(_fit(made(at, digits)) for at in places):
        digits = _FEWEST
    folds = [made(at, digits) for at in places]
    told = [move_told(frame, update.parameter) for update in program.updates]
    return _Form(
        digits,
        [fold if fold and known else None for fold, known in zip(folds, told, strict=True)],
        {},
    )


def _fit(fold: list[Breaks]) -> bool:
    """Return whether the lines of one element have room in the panel."""
    return all(breaks.fits for breaks in fold)


def _rows(fold: list[Breaks]) -> int:
    """Return how many rows the lines of one element take."""
    return sum(1 + len(breaks.at) for breaks in fold)


def _folds(
    frame: Frame, position: int, operands: Operands, width: int, digits: int
) -> list[Breaks]:
    """Return where a parameter's lines are broken if they hold some numbers."""
    update = update_of(frame.problem, position)
    shown = numbers_shown(update.program, position, digits)
    return _breaks(update, operands.look(shown, digits), width, digits)


@lru_cache(_LOOKS)
def _breaks(update: Update, look: Look, width: int, digits: int) -> list[Breaks]:
    """Return where the lines of numbers that look so are broken."""
    last = flat_index(math.prod(update.shape) - 1, update.shape)
    indent = cell_width(element_text(update.name, last)) + len(_sign(update.ascii, moved=False))
    return [
        cuts(parts, width - indent - cell_width(own), width - indent - INDENT)
        for own, parts in lines_in_numbers(update, look, "value", digits, digits)
    ]


def _usual(frame: Frame, position: int, width: int, form: _Form) -> list[Breaks]:
    """Return where the lines of a parameter's first element are broken."""
    if position not in form.usual:
        shape = frame.problem.trainer.program.nodes[_parameter(frame, position)].shape
        first = Operands(frame, position, flat_index(0, shape))
        form.usual[position] = _folds(frame, position, first, width, form.digits)
    return form.usual[position]


def _elements(frame: Frame, form: _Form) -> Elements:
    program = frame.problem.trainer.program
    heights = [1 if fold is None else _rows(fold) for fold in form.folds]
    return Elements([program.nodes[update.parameter].shape for update in program.updates], heights)


def _rule(frame: Frame) -> str:
    """Return the update as in its source, with the gradient used here."""
    problem = frame.problem
    formula = problem.trainer.program.formula
    if problem.ascii:
        formula = spell(formula)
    if problem.drive == "hand" and problem.backward and problem.backward.claims:
        return formula.replace("∂L/∂w", "dw") + ", dw by hand" + _but_true(frame)
    # The registry calls every loss L.
    return formula.replace("∂L/", f"∂{label(frame, frame.graph.loss)}/")


def _but_true(frame: Frame) -> str:
    """Return the weights that move by their true gradients, without a claim in their shape."""
    names = [one.name for one in frame.graph.parameters if claimed(frame, one.name) is None]
    if not names:
        return ""
    shown = [clean(frame.problem.label(name)) for name in names[:_NAMED]]
    more = ", …" if len(names) > _NAMED else ""
    return f"; for {', '.join(shown)}{more} the true one"


def move_told(frame: Frame, parameter: int) -> bool:
    """Return whether a parameter's update is known at the cursor, and may be shown."""
    moved = frame.order.backward + [n.id for n in frame.graph.parameters].index(parameter) + 1
    # The arithmetic of the other weights is the same: one learns nothing by copying it.
    asked = any(weight.id in frame.untold_moves for weight in frame.graph.parameters)
    if asked and frame.position < moved:
        return False
    if frame.problem.trainer.program.clip:
        return frame.position >= frame.order.backward
    if frame.problem.drive == "hand" and frame.claims:
        return claim_done(frame, frame.graph.nodes[parameter].name)
    return frame.gradient_state(parameter) == "known"


def _element(frame: Frame, position: int, index: Index, width: int, form: _Form) -> list[TextRow]:
    """Return one element's update: each line of the program with its numbers."""
    moved = frame.moved(position)
    name = _name(frame, position, index)
    cells = len(_sign(frame.problem.ascii, moved=moved))
    called, folds = name[:-cells], form.folds[position]
    named = element_roles(frame, _parameter(frame, position), [index])[0]
    head: list[Span] = [(called, named), (name[-cells:], "name")]
    if folds is None:
        return [line(*head, (UNKNOWN, "dim"))]
    indent, operands = cell_width(name), Operands(frame, position, index)
    update, role = update_of(frame.problem, position), _ROLES[moved]
    usual = _usual(frame, position, width, form)

    def told(digits: int) -> list[TextRow]:
        rows: list[TextRow] = []
        lines = lines_in_numbers(update, operands, role, digits, form.digits)
        for (own, parts), breaks, other in zip(lines, folds, usual, strict=True):
            before: list[Span] = [(" " * indent, "plain")] if rows else head
            whole: list[Span] = [*before, (own, "plain")]
            made = broken(whole, pieces(parts), other.at, indent)
            # Elements look like the first one where they can, in as many rows as the widest.
            same = len(other.at) == len(breaks.at) and all(line_width(row) <= width for row in made)
            rows += made if same else broken(whole, pieces(parts), breaks.at, indent)
        return rows

    rows = told(form.digits)
    # A difference of short numbers that are nearly alike has hardly a digit that is right.
    for digits in range(DIGITS, form.digits, -1) if operands.cancels() else ():
        exact = told(digits)
        if len(exact) == len(rows) and all(line_width(row) <= width for row in exact):
            return exact
    return rows


def _parameter(frame: Frame, position: int) -> int:
    return frame.problem.trainer.program.updates[position].parameter


def _name(frame: Frame, position: int, index: Index) -> str:
    """Return an element's name, with a sign if it has been moved."""
    sign = _sign(frame.problem.ascii, moved=frame.moved(position))
    return f"{element_text(label(frame, _parameter(frame, position)), index)}{sign}"


def _sign(ascii: bool, *, moved: bool) -> str:
    """Return what follows an element's name: whether it has been moved."""
    sign = _SPELT if ascii else _MOVED
    return sign if moved else " " * len(sign)


def _clip_rows(frame: Frame, width: int, digits: int) -> list[TextRow]:
    """Return the factor that scales the gradients, if the scenario limits their norm."""
    clip = frame.problem.trainer.program.clip
    if clip is None:
        return []
    head: Span = ("clip  ", "name")
    if frame.position < frame.order.backward:
        return [line(head, (UNKNOWN, "dim"))]
    norm, scale = (float(frame.tape.value(id)) for id in (clip.norm, clip.scale))
    said: Span = (f"|∇| {number(norm, digits)}: {'not clipped: ' * (scale >= 1)}", "plain")
    factor: list[Span] = [("× ", "plain"), (number(scale, digits), "value")]
    row = line(head, said, "all gradients ", *factor)
    if line_width(row) <= width:
        return [row]
    return [*folded(head, [said, ("all gradients", "plain")], width), line(" " * 6, *factor)]


def arithmetic(frame: Frame, position: int, result: int, index: Index, digits: int = DIGITS) -> str:
    """Return a line of the update with numbers, including the results of earlier lines.

    A line without a single element, such as a sum, has shapes for its arrays.
    """
    update = update_of(frame.problem, position)
    line = next(one for one in lines_of(update.program, position) if one.result == result)
    return line_in_numbers(update, line, Operands(frame, position, index), digits)
