"""The curves over the steps, with the present step marked: the loss, or other values."""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np
from textual.geometry import Size

from gradtui.base.text import cell_width, clean, clip, number
from gradtui.debugger.curves import Picture
from gradtui.debugger.frame import Frame
from gradtui.explain.curves import MARKS, ROLES, legend_rows
from gradtui.explain.lesson import HIDDEN
from gradtui.explain.spans import Role, Span, TextRow, line
from gradtui.tui.later import SELDOM, Seldom, call_after
from gradtui.tui.panels.base import Panel

if TYPE_CHECKING:
    from asyncio import TimerHandle

    from gradtui.tui.plot import Drawing

_TITLE = 30
_LOG_OFFER = " · {log} log scale"
"""Said of a curve of which a linear scale shows nothing but its last steps."""
_LEAST_ROWS, _ANY = 10, 1000
"""Rows of a readable curve; more than any screen has."""


class LossPanel(Panel):
    """The loss over the steps of the run and of its branches, or other values."""

    NAME = "Loss"
    HELP = (
        "the loss at each step, with the current step marked, and the branches, each with its "
        "sign; "
        "{log}: log scale, {next-view}: other values, {surface}: the loss surface, "
        "{range}: some of the steps"
    )

    def __init__(self, key: int, fill: Callable[[str], str]) -> None:
        super().__init__(key, fill)
        self._log_offer = fill(_LOG_OFFER)
        self._key: object = None
        self._known = 0
        """The steps of the first curve that are drawn."""
        self._seldom = Seldom()
        self._owed: TimerHandle | None = None
        self._drawn: Drawing | None = None
        self._surface_key: object = None
        self._surface_rows: list[TextRow] = []

    def rows_needed(self, size: Size) -> tuple[int, int]:
        """Return the rows of a readable curve, which may be larger; a map keeps what it has."""
        mapped = self.frame is not None and self.frame.looked.window is not None
        return (_ANY, 0) if mapped else (_LEAST_ROWS, _ANY)

    def rows_of(self, frame: Frame, width: int) -> list[TextRow]:
        """Return the curves, the loss surface, or a message if they do not fit."""
        picture, height = frame.drawn.picture, self.size.height
        if _untold(frame):
            self.title(_title(picture))
            return [line((HIDDEN, "dim"))]
        if frame.looked.window is not None:
            return self._surface(frame, width, height)
        legend, title = legend_rows(picture, width), _title(picture)
        if width < 16 or height < 4:
            self.title(title)
            shown = legend or [_values(picture)]
            return shown[:height]
        if height < 4 + len(legend):
            # Too low for a legend: the title has the markers.
            named = [f"{MARKS[curve.mark]} {clean(curve.name)}" for curve in picture.curves]
            title = clip("  ".join([title, *named]), width - 4)
            legend = []
        drawing = self._drawing(picture, width, height - len(legend))
        if drawing.leaving:
            legend = legend_rows(picture, width, drawing.leaving)
        title += ": nothing to draw" if drawing.empty else _end_text(picture)
        if picture.runs_off and cell_width(title + self._log_offer) <= self.title_room:
            title += self._log_offer
        self.title(title)
        *inside, axis, steps = drawing.rows
        marked = [_mark(frame, y, picture, drawing) for y in range(len(inside))]
        return [*legend, *marked, line((axis, "dim")), line((steps, "dim"))]

    def _surface(self, frame: Frame, width: int, height: int) -> list[TextRow]:
        """Return the loss surface, redrawn only if the moment, the view or the room is new.

        Messages, findings, and scrolling of other panels leave it alone.
        """
        from gradtui.explain.boundary import boundary_rows, boundary_title
        from gradtui.explain.surface import surface_key, surface_rows, surface_title

        data = frame.looked.data and frame.looked.plane is not None
        self.title(boundary_title(frame) if data else surface_title(frame))
        key = (*surface_key(frame), data, width, height)
        if key != self._surface_key:
            made = boundary_rows if data else surface_rows
            self._surface_rows = made(frame, width, height)
            self._surface_key = key
        return self._surface_rows

    def _drawing(self, picture: Picture, width: int, height: int) -> Drawing:
        """Return the drawn curves, redrawn only if a number or the room has changed.

        While the run is computed, keys do not wait for a drawing of each more step.
        """
        edges = picture.first, picture.last
        curves = [(c.source, c.mark, c.main) for c in picture.curves]
        known, *others = [len(c.steps) for c in picture.curves] or [0]
        key = (curves, others, edges, width, height, picture.log)
        if self._drawn is not None and key == self._key:
            if known == self._known:
                return self._drawn
            if _grows(picture) and not self._seldom.due():
                self._draw_later()
                return self._drawn
        from gradtui.tui.plot import draw_curves

        self._drawn = draw_curves(picture.curves, edges, (width, height), log=picture.log)
        self._key, self._known = key, known
        self._seldom.start()
        return self._drawn

    def _draw_later(self) -> None:
        """Draw what has come meanwhile, in any case."""
        if self._owed is None:
            self._owed = call_after(self, SELDOM, self._draw_owed)

    def _draw_owed(self) -> None:
        self._owed = None
        self.redraw()


def _grows(picture: Picture) -> bool:
    """Return whether more steps of the first curve are to come."""
    steps = picture.curves[0].steps
    return isinstance(steps, range) and steps.stop <= picture.last


def _untold(frame: Frame) -> bool:
    """Return whether the panel would tell what is asked for now, or its curve a later loss."""
    later = frame.graph.loss in frame.untold
    return frame.asking or (later and frame.looked.window is None)


def _title(picture: Picture) -> str:
    title = clip(clean(picture.title), _TITLE) + (", log scale" if picture.log else "")
    return title + (f", steps {picture.first:,}-{picture.last:,}" if picture.part else "")


def _end_text(picture: Picture) -> str:
    """Return from where on a single curve is not finite, if it ends so: it cannot be drawn."""
    curve = picture.curves[0]
    if len(picture.curves) > 1 or not len(curve.values) or np.isfinite(curve.values[-1]):
        return ""
    lost = ~np.isfinite(curve.values)
    first = len(lost) - int(np.argmin(lost[::-1])) if not lost.all() else 0
    return f" · {number(float(curve.values[first]))} from step {int(curve.steps[first]):,}"


def _values(picture: Picture) -> TextRow:
    spans: list[Span] = []
    for curve in picture.curves:
        now = "·" if curve.now is None else number(curve.now)
        spans += [(f"{picture.title[:1]} " if picture.title == "Loss" else f"{curve.name} ", "dim")]
        spans += [(f"{now} ", "value")]
    return line(*spans)


def _mark(frame: Frame, y: int, picture: Picture, drawing: Drawing) -> TextRow:
    """Return a row of the plot, with each curve in its colour and the present step marked."""
    from gradtui.tui.plot import column_of

    row, first = drawing.rows[y], drawing.first
    inks: list[Role] = [
        "dim" if x < first else "value" if number is None else ROLES[picture.curves[number].mark]
        for x, number in enumerate(drawing.inks[y])
    ]
    at = column_of(frame.step, (picture.first, picture.last), drawing)
    if at is not None and row[at].strip():
        inks[at] = "now"
    elif at is not None:
        row, inks[at] = f"{row[:at]}│{row[at + 1 :]}", "selected"
    spans, start = list[Span](), 0
    for ink, group in groupby(inks):
        stop = start + len(list(group))
        spans.append((row[start:stop], ink))
        start = stop
    return tuple(spans)
