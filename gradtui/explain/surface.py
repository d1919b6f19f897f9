"""The loss surface in rows: a map over two elements of the parameters, a curve over one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradtui.base.text import SHORT, cell_width, clean, clip, number, pad, wrap
from gradtui.debugger.axes import Axis
from gradtui.debugger.frame import Frame
from gradtui.debugger.surface import Range, Surface, middles
from gradtui.explain.contours import contour_levels, draw_contours
from gradtui.explain.elements import element_name
from gradtui.explain.sheet import DRAWN, TYPED, Marks, Sheet
from gradtui.explain.spans import Role, Span, TextRow, folded, line
from gradtui.explain.symbols import label
from gradtui.explain.values import UNKNOWN
from gradtui.layout.plane import ACROSS, DOWN, Share, braille
from gradtui.layout.ticks import round_numbers, tick_texts

LEAST_WIDTH, LEAST_HEIGHT = 24, 7
_TALL, _SLIM = (10, 14, 42), (60, 14)
"""Heights from which the legend has one more row; below this width, and from this height, too."""
_NAME_CELLS = 12
_WORD = re.compile(r"\s?\S+\s*")
MARGIN = 7
"""Cells for the numbers of the left axis."""
_TICK_CELLS = 9
"""Cells of a number of the bottom axis, with its gap."""
_MORE = 4
"""Most extra numbers tried on an axis until two of them are round."""
_ACCURACY = 1e-9
"""Part of an axis's range to which the lowest place is known at best."""
Array = NDArray[np.float64]
_HEADROOM = 1.5
"""A curve shows up to this many times the highest loss of the path in view."""


def axis_name(frame: Frame, axis: Axis) -> str:
    """Return `w1` or `W[0,1]`, in characters of one cell each."""
    text = clean(element_name(frame, (frame.graph.names[axis.name], axis.index)))
    if cell_width(text) != len(text):
        text = str(axis)
    return clip(text, _NAME_CELLS)


def surface_title(frame: Frame) -> str:
    """Return the axes of the surface, with the zoom."""
    view = frame.looked.window
    assert view is not None
    names = [axis_name(frame, axis) for axis in view.axes]
    near = f"  ×{number(2.0**view.zoom)}" if view.zoom else ""
    return "Surface  " + ", ".join(names) + near


def surface_key(frame: Frame) -> tuple[object, ...]:
    """Return a key for the surface's rows besides their size: equal keys mean equal rows."""
    surfaces, last = frame.drawn.surfaces, max(frame.problem.steps, frame.step)
    assert surfaces is not None
    path = min(surfaces.history.known, last + 1)
    done = frame.computed(frame.graph.loss), _moves(frame)
    return frame.problem, surfaces, frame.looked.window, frame.step, path, done


@np.errstate(all="ignore")  # losses may be of any size and far apart
def surface_rows(frame: Frame, width: int, height: int) -> list[TextRow]:
    """Return the surface drawn into a size, with its axes and its legend."""
    slim = width < _SLIM[0] and height >= _SLIM[1]
    legend_rows = 1 + slim + sum(height >= least for least in _TALL)
    rows, columns = height - legend_rows - 2, width - MARGIN - 1
    if width < LEAST_WIDTH or height < LEAST_HEIGHT:
        return _words("a larger panel shows the surface: zoom it, or enlarge the terminal", width)[
            :height
        ]
    try:
        surface = frame.surface((columns * ACROSS, rows * DOWN))
    except ValueError as error:
        return _words(str(error), width)[:height]
    sheet = Sheet(rows, columns, TYPED if frame.problem.ascii else DRAWN)
    names = [axis_name(frame, axis) for axis in surface.window.axes]
    levels: list[float] = []
    if len(names) == 1:
        names.append(clip(label(frame, frame.graph.loss), _NAME_CELLS))
        upward = _draw_curve(frame, sheet, surface)
    else:
        upward = surface.ranges[1]
        levels = contour_levels(surface.losses)
        sheet.draw(_marks(frame, surface))
        put_name(sheet, names[1])
        draw_contours(sheet, surface.losses, levels, numbered=frame.problem.ascii)
    legend = _legend(_facts(frame, surface, levels), width, legend_rows)
    return [*with_axes(sheet, surface.ranges[0], upward, names[0]), *legend]


def _words(text: str, width: int) -> list[TextRow]:
    return [line((row, "dim")) for row in wrap(text, width)]


def _marks(frame: Frame, surface: Surface) -> Marks:
    """Return the drawing of the run on a map."""
    floor = surface.floor
    return Marks(
        surface.step,
        surface.path.steps.tolist(),
        [_pair(share) for share in surface.shares(surface.path.places).tolist()],
        _pair(surface.share(surface.point)),
        _pair(surface.share(surface.next)) if _moves(frame) else None,
        None if floor is None else _pair(surface.share(floor.place)),
    )


def _moves(frame: Frame) -> bool:
    """Return whether the end of the step is known at the cursor."""
    return frame.position >= frame.order.backward


def _pair(share: Sequence[float]) -> Share:
    x, y = share
    return x, y


def _draw_curve(frame: Frame, sheet: Sheet, surface: Surface) -> Range:
    """Draw the loss over one parameter; return the range of losses in view."""
    low, high = _heights(surface)

    def share(place: tuple[float, ...] | list[float], loss: float) -> Share:
        return surface.share(place)[0], (loss - low) / (high - low)

    dots = _curve_dots(surface.losses, (low, high), sheet)
    path, floor = surface.path, surface.floor
    slope = _slope(frame)
    if slope is not None:
        across = middles(surface.ranges[0], sheet.columns * ACROSS)
        tangent = surface.loss + slope * (across - surface.point[0])
        sheet.draw_dots(_curve_dots(tangent, (low, high), sheet), "local", braille(dots))
    sheet.draw(
        Marks(
            surface.step,
            path.steps.tolist(),
            [share(*pair) for pair in zip(path.places.tolist(), path.losses.tolist(), strict=True)],
            share(surface.point, surface.loss),
            share(surface.next, surface.next_loss) if _moves(frame) else None,
            None if floor is None else share(floor.place, floor.loss),
            joined=False,
        )
    )
    put_name(sheet, clip(label(frame, frame.graph.loss), _NAME_CELLS))
    none = np.zeros((sheet.rows, sheet.columns), np.int64)
    sheet.lay_under(braille(dots), "value", [None], none)
    return low, high


def _curve_dots(values: Array, limits: Range, sheet: Sheet) -> NDArray[np.bool_]:
    """Return the dots of a curve on a sheet, from the top row down."""
    low, high = limits
    dots = np.zeros((sheet.rows * DOWN, sheet.columns * ACROSS), bool)
    up = (np.where(np.isfinite(values), values, np.inf) - low) / (high - low) * len(dots)
    at = np.clip(np.where(np.isfinite(up), up, len(dots)), -1, len(dots)).astype(int)
    wide = np.repeat(at, -(-dots.shape[1] // len(at)))[: dots.shape[1]]
    for column, (before, here) in enumerate(pairwise([wide[0], *wide])):
        first, last = min(before + (before < here), here), max(before - (before > here), here)
        if here < len(dots) or before < len(dots):
            dots[max(0, first) : last + 1, column] = True
    return dots[::-1]


def put_name(sheet: Sheet, name: str) -> None:
    """Write the name of the upward axis at the top, where it covers no mark."""
    text = f"{name} ↑"
    starts = 1, (sheet.columns - len(text)) // 2, sheet.columns - len(text) - 2
    places = [(row, start) for row in range(sheet.rows) for start in starts]
    # A mark beside it would look like a part of it.
    free = (place for place in places if sheet.free((place[0], place[1] - 1), len(text) + 2))
    sheet.put(next(free, places[0]), text, "heading")


def _slope(frame: Frame) -> float | None:
    """Return the derivative of the loss by the curve's parameter, if it is known."""
    view = frame.looked.window
    assert view is not None
    (axis,) = view.axes
    node = frame.graph.names[axis.name]
    known = frame.gradient_state(node) == "known"
    return float(frame.tape.adjoint(node)[axis.index]) if known else None


def _heights(surface: Surface) -> Range:
    """Return the range of losses of a curve: from its lowest to somewhat above the path in view.

    The path may be lower than the curve, where its steps move other numbers too.
    """
    known = surface.losses[np.isfinite(surface.losses)]
    inside = surface.shows(surface.path.places)
    seen = [float(loss) for loss in surface.path.losses[inside] if np.isfinite(loss)]
    low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 1.0)
    low = min(low, *seen, low)
    if surface.window.zoom <= 0 and seen:
        high = min(high, low + _HEADROOM * (max(*seen, surface.loss, low) - low))
    if not high > low:
        high = low + max(1.0, abs(low))
    room = 0.04 * (high - low)
    return low - room, high + room


def with_axes(sheet: Sheet, across: Range, upward: Range, name: str) -> list[TextRow]:
    """Return a sheet with numbers to its left and below it, and the name of the bottom axis."""
    ticks = _at_least_two(upward, max(2, min(8, sheet.rows // 2)))
    at_row = {}
    for value, text in zip(ticks, tick_texts(ticks), strict=True):
        share = (value - upward[0]) / (upward[1] - upward[0])
        # Of numbers too long for the margin the last digits tell which is which.
        shown = text if len(text) <= MARGIN else f"…{text[1 - MARGIN :]}"
        at_row[sheet.rows - 1 - min(int(share * sheet.rows), sheet.rows - 1)] = shown
    drawn = [
        (
            *line((pad(at_row.get(row, ""), MARGIN, right=True) + "┤│"[row not in at_row], "dim")),
            *cells,
        )
        for row, cells in enumerate(sheet.lines())
    ]
    rule, texts = ["─"] * sheet.columns, [" "] * (sheet.columns + 2)
    title = f" {name} →"
    free, end = 0, len(texts)
    ticks = _at_least_two(across, max(2, sheet.columns // _TICK_CELLS))
    for value, text in zip(ticks, tick_texts(ticks), strict=True):
        column = min(int((value - across[0]) / (across[1] - across[0]) * sheet.columns),
                     sheet.columns - 1)  # fmt: skip
        start = max(0, column + 1 - len(text) // 2)
        if start >= free and start + len(text) <= end:
            rule[column] = "┬"
            texts[start : start + len(text)] = text
            free = start + len(text) + 1
    shown = "".join(rule)[: sheet.columns - len(title)]
    return [
        *drawn,
        line((" " * MARGIN + "└" + shown, "dim"), (title, "heading")),
        line((" " * (MARGIN - 1) + "".join(texts), "dim")),
    ]


def _at_least_two(limits: Range, count: int) -> list[float]:
    """Return about `count` round numbers in a range, at least two, as one alone gives no scale."""
    found: list[float] = []
    for more in range(count, count + _MORE):
        found = round_numbers(*limits, more)
        if len(found) > 1:
            break
    return found


class _Fact(NamedTuple):
    """A part of the legend."""

    text: str
    role: Role
    spare: int = 0
    """What is greatest goes first where room is short: the map itself or the help has it too."""


def _legend(facts: list[_Fact], width: int, most: int) -> list[TextRow]:
    """Return the legend in at most so many rows, without the facts that can best be spared."""
    kept = list(facts)
    while len(rows := _folded(kept, width)) > most:
        spare = max(fact.spare for fact in kept)
        if not spare:
            return [*rows[: most - 1], _cut(rows[most - 1], width)]
        kept = [fact for fact in kept if fact.spare < spare]
    return rows


def _folded(facts: list[_Fact], width: int) -> list[TextRow]:
    pieces: list[Span] = [
        (piece, fact.role)
        for fact in facts
        for text in [f"{fact.text}{'  ' * (len(fact.text) > 1)}"]
        for piece in ([text] if cell_width(fact.text) <= width else _WORD.findall(text))
    ]
    return folded(("", "plain"), pieces, width)


def _facts(frame: Frame, surface: Surface, levels: list[float]) -> list[_Fact]:
    """Return the numbers of the legend, and notes on the surface."""
    loss = clip(clean(label(frame, frame.graph.loss)), _NAME_CELLS)
    here = number(surface.loss) if frame.computed(frame.graph.loss) else UNKNOWN
    signs = TYPED if frame.problem.ascii else DRAWN
    facts = [_Fact(signs.point, "now"), _Fact(f" {loss} {here}", "value")]
    if _moves(frame):
        facts.append(_Fact(f"→ {number(surface.next_loss)}", "gradient"))
    slope = _slope(frame) if len(surface.ranges) == 1 else None
    if slope is not None:
        facts.append(_Fact(f"tangent: slope {number(slope)}", "local"))
    if surface.floor is not None:
        floor = surface.floor
        where = ", ".join(map(_coordinate, floor.place, surface.ranges))
        along = " along a line" if floor.level else ""
        lowest = f"{signs.lowest} lowest in view {_lowest(surface, floor.loss)}{along}"
        facts += [_Fact(lowest, "good"), _Fact(f"at {where}", "good", 1)]
    notes = _notes(surface)
    facts += [_Fact(note, "plain") for note in notes]
    if not np.isfinite(surface.losses).all():
        facts.append(_Fact("blank: inf or nan", "plain", 1))
    if surface.batch:
        named = any(note.endswith(f" at step {surface.step:,}") for note in notes)
        facts.append(_Fact("on its batch" if named else "on this step's batch", "plain"))
    if surface.others:
        many = f"{surface.others:,} numbers are" if surface.others > 1 else "number is"
        facts.append(_Fact(f"the other {many} held", "plain", 2))
    facts.append(_Fact(f"{signs.past} past {signs.ahead} to come", "dim", 3))
    heights = tick_texts(levels)
    if heights and frame.problem.ascii:
        numbered = " ".join(f"{at}={text}" for at, text in enumerate(heights, 1))
        facts.append(_Fact(f"contours {numbered}", "dim"))
    elif heights:
        facts.append(_Fact(f"contours {' '.join(heights)}", "dim", 4))
    return facts


def _coordinate(at: float, limits: Range) -> str:
    """Return a coordinate of the lowest place; 0 if it is that within the view's accuracy."""
    return number(0.0 if abs(at) <= _ACCURACY * (limits[1] - limits[0]) else at, SHORT)


def _lowest(surface: Surface, loss: float) -> str:
    """Return the lowest loss, without digits that are rounding beside the losses in view."""
    finite = np.abs(surface.losses[np.isfinite(surface.losses)])
    rounding = float(np.finfo(float).eps * finite.max(initial=0.0))
    return "about 0" if 0.0 < abs(loss) <= rounding else number(loss, SHORT)


def _notes(surface: Surface) -> list[str]:
    """Return the facts that the surface itself does not show."""
    found = []
    if not np.isfinite(surface.point).all():
        found.append("the weights are not finite")
    elif not surface.shows(surface.point):
        found.append("this step is outside")
    if surface.floor is None and np.isfinite(surface.losses).any():
        found.append("flat: the loss is the same all over")
    if surface.leaves is not None:
        found.append(f"the run leaves the view at step {surface.leaves:,}")
    if surface.others:
        strays = surface.strays and surface.leaves is None
        # One row of the panel at 120 columns has this whole; the header has the step.
        found.append("slice: steps move other numbers too" if strays
                     else f"slice at step {surface.step:,}")  # fmt: skip
    return found


def _cut(row: TextRow, width: int) -> TextRow:
    """Return a row with a sign for omitted text."""
    kept: list[Span] = []
    used = 0
    for text, role in row:
        text, room = text.rstrip() if row[-1] == (text, role) else text, width - 2 - used
        if kept and cell_width(text.rstrip()) > room:
            kept[-1] = (kept[-1][0].rstrip(), kept[-1][1])
            break
        kept.append((clip(text, room), role))
        used += cell_width(text)
    return (*kept, (" …", "dim"))
