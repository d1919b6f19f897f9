"""The curves over the steps: their markers, their legend, their sparkline."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence

from gradtui.base.text import cell_width, clean, clip, element_text, filled, number
from gradtui.debugger.curves import Curve, Picture
from gradtui.debugger.frame import Frame
from gradtui.explain.spans import Role, Span, TextRow, line, line_width

PLAIN = "─"
MARKS = (PLAIN, "●", "×", "+", "o", "▪")
"""The marker of each curve, by its number; it is drawn along the curve, except for `PLAIN`."""
ROLES: tuple[Role, ...] = ("value", "local", "gradient", "good", "selected", "bad")
"""Their colours; the markers alone tell the curves apart."""
_BARS = "▁▂▃▄▅▆▇█"
_NAME = 18
_ROWS = 2
"""Most rows of a legend."""


def legend_rows(picture: Picture, width: int, leaving: Collection[int] = ()) -> list[TextRow]:
    """Return the legend of the curves, with this step's numbers; empty for a single curve.

    `leaving` are the numbers of the curves that leave the picture at the top.
    """
    if len(picture.curves) < 2:
        return []
    for digits in (4, 0):
        entries = [_entry(curve, digits, at in leaving) for at, curve in enumerate(picture.curves)]
        rows = _flowed([*entries, *_left_out(picture)], width)
        if len(rows) <= _ROWS:
            return rows
    return [*rows[: _ROWS - 1], (*rows[_ROWS - 1], ("  …", "dim"))]


def _entry(curve: Curve, digits: int, leaves: bool) -> list[Span]:
    text = clip(curve.name, _NAME)
    if digits and curve.now is not None:
        text += f" {number(curve.now, digits)}"
    # The arrow takes the place of the blank: the rows stay as many.
    return [(MARKS[curve.mark] + ("↑" if leaves else " "), ROLES[curve.mark]), (text, "plain")]


def _left_out(picture: Picture) -> list[list[Span]]:
    count = len(picture.left_out)
    return [[(f"+{count:,} not drawn", "dim")]] if count else []


def _flowed(entries: Sequence[Sequence[Span]], width: int) -> list[TextRow]:
    """Return entries side by side, in as many rows as needed."""
    rows: list[TextRow] = []
    for entry in entries:
        row = line(*entry)
        if rows and line_width(rows[-1]) + 2 + line_width(row) <= width:
            rows[-1] = (*rows[-1], ("  ", "plain"), *row)
        else:
            rows.append(row)
    return rows


def spark(values: Sequence[float]) -> str:
    """Return values as a row of small bars, scaled from the lowest to the highest.

    Values that are not finite have a mark of their own.
    """
    finite = [value for value in values if math.isfinite(value)]
    low, high = min(finite, default=0.0), max(finite, default=0.0)
    span = high / 2 - low / 2
    bars = ""
    for value in values:
        if not math.isfinite(value):
            bars += "!"
        elif span <= 0.0:
            bars += _BARS[3]
        else:
            bars += _BARS[filled((value / 2 - low / 2) / span, len(_BARS) - 1)]
    return bars


def trail_text(frame: Frame, width: int) -> str:
    """Return the selected value's last steps up to this one; empty if they do not fit.

    A value of this step that is not computed yet is left to come.
    """
    known = frame.computed(frame.selected)
    values, step = frame.drawn.trail, frame.step - (not known)
    values = values if known else values[:-1]
    if len(values) < 2:
        return ""
    node = frame.graph.nodes[frame.selected]
    name = clean(frame.problem.label(node.name) or node.op)
    if frame.looked.lens is not None and frame.looked.lens.index:
        name = element_text(name, frame.looked.lens.index)
    elif node.shape:
        name = f"|{name}|"
    last = "the last " if step >= len(values) else ""
    head = f"{name} over {last}{len(values):,} steps "
    # as many digits as tell both ends apart
    digits = next(
        (few for few in (3, 4, 5) if number(values[0], few) != number(values[-1], few)), 3
    )
    first, end = number(values[0], digits), number(values[-1], digits)
    text = f"{first} {spark(values)} {end}"
    for whole in (f"{head}from {first} {spark(values)} to {end}", f"{name} {text}", text):
        if cell_width(whole) <= width:
            return whole
    return ""
