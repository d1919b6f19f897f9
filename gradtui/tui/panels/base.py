"""What all panels share: a frame, a title, and which part of the rows is in view."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import events
from textual.content import Content
from textual.geometry import Size

from gradtui.base.text import cell_width, clean
from gradtui.debugger.frame import Frame
from gradtui.explain.spans import TextRow, line_width
from gradtui.tui.rows import Rows, crop, marked


class Panel(Rows, can_focus=True):
    """One part of the debugger's screen.

    It shows a frame and holds nothing but which part of its rows is in view.
    """

    NAME: ClassVar[str]
    """Its title; in small letters its id."""
    HELP: ClassVar[str]
    """What it shows, for the help."""

    def __init__(self, key: int, fill: Callable[[str], str]) -> None:
        """Take its number, and what puts the user's keys in the place of `{binding}`."""
        super().__init__(id=self.NAME.lower())
        self.key, self.fill = key, fill
        self._titled = ""
        self.title(self.NAME)
        self.frame: Frame | None = None
        self.top = 0
        self.left = 0
        self._wanted = 0

    def title(self, text: str) -> None:
        """Show a title, the panel's key before it."""
        title = clean(f"{self.key} {text}")
        if title != self._titled:
            self._titled = title
            self.border_title = Content(title)  # text would be read as markup

    def rows_of(self, frame: Frame, width: int) -> Sequence[TextRow]:
        """Return all rows for a frame; only those in view are taken from it."""
        raise NotImplementedError

    def rows_wanted(self, frame: Frame) -> int:
        """Return the rows that would do, where the style sheet leaves the height to the panel."""
        return 0

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Return the rows that would do; called by Textual."""
        return self._wanted

    def show_frame(self, frame: Frame) -> None:
        """Show another moment."""
        self.frame = frame
        self.ask_for_rows()
        self.redraw()

    def ask_for_rows(self) -> None:
        """Let the screen be laid out anew where more or fewer rows would do than before."""
        wanted = 0 if self.frame is None else self.rows_wanted(self.frame)
        if wanted != self._wanted:
            self._wanted = wanted
            self.refresh(layout=True)

    def shown_rows(self) -> list[TextRow]:
        """Return the rows, on the last one what lies outside the view if no border says it."""
        rows = super().shown_rows()
        hint = self.border_subtitle
        width, height = self.size
        if not hint or not height or self.styles.border_bottom[0]:
            return rows
        rows += [()] * (height - len(rows))
        text = f" {hint}"
        last = crop(rows[-1], 0, width - cell_width(text))
        gap = width - cell_width(text) - line_width(last)
        return [*rows[:-1], (*last, (" " * gap, "plain"), (text, "dim"))]

    def visible_rows(self) -> list[TextRow]:
        """Return the rows in view, cut at the panel's edges."""
        if self.frame is None:
            return []
        width, height = self.size
        listed = self.rows_of(self.frame, width)
        self.follow(self.frame, height)
        self.top = max(0, min(self.top, len(listed) - height))
        rows = listed[self.top : self.top + height]
        widest = max(map(line_width, rows), default=0)
        self.left = max(0, min(self.left, widest - width))
        self._hint(len(listed) - self.top - height, widest - self.left - width)
        # One cell more than fits: what is cut at the right gets its sign where it is drawn.
        return [marked(crop(row, self.left, width + 1), self.left) for row in rows]

    def follow(self, frame: Frame, height: int) -> None:
        """Move the view to where the cursor is; a panel without a cursor leaves it."""

    def scroll_rows(self, by: int) -> None:
        """Move the view up or down."""
        self.top += by
        self.redraw()

    def scroll_columns(self, by: int) -> None:
        """Move the view left or right."""
        self.left += by
        self.redraw()

    def _hint(self, below: int, right: int) -> None:
        """Say in the border what lies outside the view."""
        marks = [
            mark
            for mark, outside in (
                (f"↑ {self.top}", self.top),
                (f"↓ {below}", below),
                (f"< {self.left}", self.left),
                (f"> {right}", right),
            )
            if outside > 0
        ]
        hint = "  ".join(marks)
        if hint != (self.border_subtitle or ""):
            self.border_subtitle = hint

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Scroll with the wheel."""
        event.stop()
        self.scroll_rows(2)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Scroll with the wheel."""
        event.stop()
        self.scroll_rows(-2)


class ParametersPanel(Panel):
    """Rows for each number of the parameters, at those of another one when that is selected."""

    TITLES: ClassVar[int] = 0
    """Rows of titles, which stay in view."""
    _shown: object = None

    def row_looked_at(self, frame: Frame) -> int | None:
        """Return the first row of the parameter that is looked at, if there is one."""
        raise NotImplementedError

    def follow(self, frame: Frame, height: int) -> None:
        """Bring what is looked at into view when it is another than before."""
        if frame.looked_at == self._shown:
            return
        self._shown, row = frame.looked_at, self.row_looked_at(frame)
        titles = min(self.TITLES, height - 1)
        if row is not None and not self.top + titles <= row < self.top + height:
            self.top = row - titles
