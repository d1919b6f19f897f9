"""A line of code in rows, with its number, its value and its mark."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from gradtui.base.source import Place
from gradtui.base.text import cell_width, clean, clip, wrap
from gradtui.debugger.frame import Frame
from gradtui.explain.byhand import SIGNS
from gradtui.explain.spans import Role, Span, TextRow, aligned, line
from gradtui.explain.symbols import cursor_role
from gradtui.explain.values import UNKNOWN


class Shown(Struct, frozen=True):
    """The parts of a line's row."""

    text: str
    values: tuple[str, ...]
    """Its value in ever fewer cells, for code that would be cut beside it; empty if it has none."""
    mark: Span | None
    here: bool = False
    chosen: bool = False
    true: str = ""
    """The true value, if the value is wrong."""
    past: bool = False
    """Whether the value is that of an earlier round, or of an earlier call."""
    selected: bool = False
    """Whether it computes the selected node."""


def code_rows(
    frame: Frame, place: Place, shown: Shown, digits: int, width: int, spare_rows: int
) -> list[TextRow]:
    """Return a line's row: its code has precedence over its comment, and over an array's numbers.

    Code that is still too wide goes on in more rows, if there are enough to spare, or if it is
    what one looks at.
    """
    text = clean(shown.text)
    mark = [] if shown.mark is None else [(" ", "plain"), shown.mark]
    taken = digits + 4 + sum(len(text) for text, _ in mark)
    full, *_ = shown.values or ("",)
    if cell_width(text) + len(full) > width - taken:
        text = text.partition("#")[0].rstrip() or text
    looked_at = shown.here or shown.selected or shown.chosen
    most = None if looked_at else spare_rows
    value, (first, *more) = _beside(text, shown.values, width - taken, width - digits - 2, most)
    left_over = width - taken - cell_width(text) - len(shown.true) - 2
    # Beside a wrong value the true one says more than the whole range.
    forms_of_it = shown.values if shown.mark == SIGNS["wrong"] else shown.values[:1]
    told = next((one for one in forms_of_it if len(one) <= left_over), None) if shown.true else None
    value = value if told is None else told
    right: list[Span] = (
        [(value, "dim" if shown.past or value == UNKNOWN else "value")] if value else []
    )
    right += mark
    if told is not None:
        right = [(shown.true, "gradient"), ("  ", "plain"), *right]
    marked: Role | None = cursor_role(frame) if shown.here else None
    if shown.selected:
        marked = "now" if frame.apart else "selected"
    role: Role = marked or ("selected" if shown.chosen else "plain")
    sign = "▸" if shown.here else "›" if shown.selected else " "
    left = line((f"{str(place.line).rjust(digits)}{sign} ", marked or "dim"), (first, role))
    below = [line(" " * (digits + 2), (piece, role)) for piece in more]
    wrong = shown.true if told is None and shown.mark == SIGNS["wrong"] else ""
    if wrong and (most is None or len(more) < most) and cell_width(wrong) + 2 <= width:
        below.append(aligned((), line((wrong, "gradient"), "  "), width))
    return [aligned(left, line(*right), width), *below]


def _beside(
    text: str, values: Sequence[str], room: int, rest: int, most: int | None
) -> tuple[str, list[str]]:
    """Return the longest form of a value that breaks its code no sooner, and the code in rows.

    Code that takes more than `most` rows below its first one is cut.
    """
    *longer, least = values or ("",)
    left = max(4, room - len(least))
    rows = _broken(text, left, rest) if cell_width(text) > left else [text]
    if most is not None and len(rows) - 1 > most:
        rows = [clip(text, left)]
    first = cell_width(rows[0])
    return next((value for value in longer if first + len(value) <= room), least), rows


def _broken(text: str, room: int, rest: int) -> list[str]:
    """Return code as rows of its own indentation, the first one of `room` cells.

    Those after it, beside which there is no value, have more indentation and `rest` cells.
    """
    code = text.lstrip()
    indent = text[: len(text) - len(code)]
    first = wrap(code, max(4, room - len(indent)))[0]
    more = wrap(code[len(first) :].lstrip(), max(4, rest - len(indent) - 2))
    return [indent + first, *(f"{indent}  {piece}" for piece in more)]
