"""The single rows of the screen: header, present moment, timeline, footer."""

from __future__ import annotations

from collections.abc import Callable, Collection

from msgspec.structs import replace
from textual.geometry import Size
from textual.screen import Screen

from gradtui.base.text import cell_width
from gradtui.debugger.frame import Frame
from gradtui.explain.header import header
from gradtui.explain.spans import Span, TextRow, aligned, line, line_text, line_width
from gradtui.explain.step import MORE, message_row, now_line
from gradtui.explain.timeline import timeline
from gradtui.explain.trouble import trouble_rows
from gradtui.tui.keys import Keys
from gradtui.tui.offers import Place, footer, hint
from gradtui.tui.panels.base import Panel
from gradtui.tui.rows import Rows, crop

PLAYING = "-playing"
"""The screen's class while a run is played."""
_GAP = 4
"""Cells between a sentence and the hint beside it."""
_LEAST = 20
"""Fewest cells of a timeline that shares its row."""


def place_on(screen: Screen[object]) -> Place:
    """Return the place on a screen that receives the keys."""
    focused = screen.focused
    panel = focused.NAME if isinstance(focused, Panel) else ""
    zoomed, playing = (screen.has_class(name) for name in ("-zoomed", PLAYING))
    return Place(panel, zoomed=zoomed, playing=playing)


class Bar(Rows):
    """One row that shows a frame."""

    frame: Frame | None = None

    def show_frame(self, frame: Frame, *, later: bool = False) -> None:
        """Show another moment, at once or with the next paint."""
        self.frame = frame
        self.redraw(later=later)

    def visible_rows(self) -> list[TextRow]:
        """Return the row."""
        return [] if self.frame is None else [self.row_of(self.frame, self.size.width)]

    def row_of(self, frame: Frame, width: int) -> TextRow:
        """Return the row for a frame."""
        raise NotImplementedError


class Header(Bar):
    """Scenario, optimizer, step, pass and loss."""

    def row_of(self, frame: Frame, width: int) -> TextRow:
        """Return the header."""
        return header(frame, width)


class Now(Bar):
    """The last command's message, or the cursor's moment, with a hint."""

    def __init__(self, keys: Keys, used: Collection[str]) -> None:
        super().__init__()
        self._keys, self._used = keys, used
        self.pace = ""
        """How fast operations are played; empty if they are not."""

    def row_of(self, frame: Frame, width: int) -> TextRow:
        """Return the message or the sentence, with the pace, or with a hint if there is room."""
        if frame.message:
            return message_row(frame.message, width, self._more)
        taken = cell_width(self.pace) + _GAP if self.pace else 0
        row = (*line(" "), *now_line(frame, width - 1 - taken))
        if self._is_cut(row, width):
            room = width - cell_width(self._more) - _GAP - 1
            begun = (*crop(row, 0, room), *line(("…", "dim")))
            return aligned(begun, line((f"{self._more} ", "dim")), width)
        shown = [key for key, _ in footer(frame, place_on(self.screen), self._keys, width)]
        tip = self.pace or hint(frame, self._used, shown, self._keys)
        if tip and line_width(row) + cell_width(tip) + _GAP <= width:
            return aligned(row, line((f"{tip} ", "dim")), width)
        return row

    @property
    def whole(self) -> str:
        """All that it says: the message, or a sentence that its row cuts; else empty."""
        frame, width = self.frame, self.size.width
        if frame is None or frame.message:
            return "" if frame is None else frame.message
        cut = self._is_cut((*line(" "), *now_line(frame, width - 1)), width)
        return line_text(now_line(frame)) if cut else ""

    @property
    def _more(self) -> str:
        return f"{self._keys.first('message')} whole"

    def _is_cut(self, row: TextRow, width: int) -> bool:
        """Return whether a sentence is too long for a row that has room to say how to see it."""
        return line_width(row) > width >= MORE


class Trouble(Rows):
    """The error in the file's present text, while the last good one stays in use."""

    frame: Frame | None = None

    def show_frame(self, frame: Frame, *, later: bool = False) -> None:
        """Show the error, if any; a new one has another size, and always waits for it."""
        if self.frame is None or frame.trouble != self.frame.trouble:
            self.display = bool(frame.trouble)
            self.screen.set_class(self.display, "-trouble")
            self.border_title = "the file now; the screen shows the last good version"
            self.frame = frame
            self._made_for = None
            self.refresh(layout=True)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Return the number of rows of the error; called by Textual."""
        return 0 if self.frame is None else len(trouble_rows(self.frame.trouble, width))

    def visible_rows(self) -> list[TextRow]:
        """Return the error."""
        return [] if self.frame is None else trouble_rows(self.frame.trouble, self.size.width)


class Timeline(Bar):
    """The steps of the run, and the names of hidden panels."""

    def __init__(self, keys: Keys) -> None:
        super().__init__()
        self._keys = keys
        self._panels: tuple[Panel, ...] = ()

    def row_of(self, frame: Frame, width: int) -> TextRow:
        """Return the timeline, with the hidden panels and their keys."""
        others = self._others(frame)
        if not others:
            return timeline(frame, width)
        spans: list[Span] = []
        for panel in others:
            key = self._keys.first(f"panel-{panel.key}")
            if not spans and frame.asking and self._keys.begins_number(key):
                spans += [(f" {self._keys.first('escape')}", "heading"), (" then", "dim")]
            spans += [(f" {key} ", "heading"), (panel.present_name(frame), "dim")]
        away = line(*spans, " ")
        room = width - line_width(away) - 2
        if room < _LEAST:
            return timeline(frame, width)
        return aligned(timeline(frame, room), away, width)

    def _others(self, frame: Frame) -> list[Panel]:
        """Return the panels that this size hides; for one call, some are never shown."""
        if self.screen.has_class("-zoomed"):
            return []
        none = {"Update", "Loss"} if frame.problem.call is not None else set[str]()
        if not self._panels:
            self._panels = (*self.screen.query(Panel),)
        return [panel for panel in self._panels if not panel.display and panel.NAME not in none]


class Footer(Bar):
    """The most important keys of the moment."""

    def __init__(self, keys: Keys, resuming: Callable[[], bool]) -> None:
        """`resuming` tells whether resuming is offered."""
        super().__init__()
        self._keys, self._resuming = keys, resuming

    def row_of(self, frame: Frame, width: int) -> TextRow:
        """Return as many of the keys as fit."""
        spans: list[Span] = [(" ", "plain")]
        place = replace(place_on(self.screen), resuming=self._resuming())
        for key, title in footer(frame, place, self._keys, width):
            spans += [(key, "heading"), (f" {title}  ", "dim")]
        return tuple(spans)
