"""Shared by all panels: a frame, a title, and the part of the rows in view."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import events
from textual.content import Content
from textual.geometry import Region, Size

from gradtui.base.text import cell_width, clean
from gradtui.debugger.frame import Frame
from gradtui.explain.spans import TextRow, line_width
from gradtui.tui.rows import Rows, crop, marked

_CORNERS = 2
"""Cells that the ends of a border take of a title, besides those beside its content."""


class Panel(Rows, can_focus=True):
    """One part of the debugger's screen.

    It shows a frame and holds only the part of its rows in view.
    """

    NAME: ClassVar[str]
    """Its title; in lower case, its id."""
    HELP: ClassVar[str]
    """Its description, for the help."""

    def __init__(self, key: int, fill: Callable[[str], str]) -> None:
        """Take its number, and a function that replaces `{binding}` by the user's keys."""
        super().__init__(id=self.NAME.lower())
        self.key, self.fill = key, fill
        self._titled = self._hinted = ""
        self.title(self.NAME)
        self.frame: Frame | None = None
        self.top = 0
        self.left = 0
        self.hidden_rows = 0
        """The number of rows above and below those in view."""
        self._wanted = 0
        self._noted: dict[object, tuple[int, int]] = {}
        """The first number of rows and the largest of a model, by width, in a lesson or not."""
        self._about: object = None
        self.first_rows = self.most_rows = 0
        """The first number of rows at the present width, and the largest."""

    @property
    def title_room(self) -> int:
        """The cells of a title that its border shows beside the panel's key."""
        return self.size.width - len(f"{self.key} ") - _CORNERS

    def title(self, text: str) -> None:
        """Show a title after the panel's key."""
        title = clean(f"{self.key} {text}")
        if title != self._titled:
            self._titled = title
            self._border_title = Content(title)  # text would be read as markup
            self._repaint_edge(0)

    def present_name(self, frame: Frame) -> str:
        """Return the first word of its title at a frame."""
        return self.NAME

    def rows_of(self, frame: Frame, width: int) -> Sequence[TextRow]:
        """Return all rows for a frame; only those in view are taken from it."""
        raise NotImplementedError

    def rows_wanted(self, frame: Frame) -> int:
        """Return the number of rows needed, if the style sheet leaves the height to the panel."""
        return 0

    def rows_needed(self, size: Size) -> tuple[int, int]:
        """Return how many rows it gives to no other panel, and how many it would take.

        Both are the most so far, so that no border moves to and fro from step to step.  The size
        is what the style sheet leaves to its content.
        """
        if self.frame is not None:
            with self._holding(size):  # the screen, which asks, cannot tell it now
                self.note_rows(len(self.rows_of(self.frame, size.width)), size.width)
        return self.most_rows, self.most_rows

    def note_rows(self, rows: int, width: int) -> bool:
        """Note the number of rows at a width; return whether that is the most so far."""
        frame = self.frame
        assert frame is not None
        if frame.problem.graph is not self._about:
            self._about, self._noted = frame.problem.graph, {}
        kind = width, frame.lesson is None
        first, most = self._noted.get(kind, (rows, 0))
        self.first_rows, self.most_rows = self._noted[kind] = first, max(most, rows)
        return rows > most

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Return the number of rows needed; called by Textual."""
        return self._wanted

    def show_frame(self, frame: Frame, *, later: bool = False) -> None:
        """Show another moment, at once or with the next paint."""
        self.frame = frame
        self.ask_for_rows()
        self.redraw(later=later)

    def foresee(self, frame: Frame) -> None:
        """Make ahead what takes long of a moment that may come."""

    def ask_for_rows(self) -> None:
        """Lay out the screen again if the number of rows needed has changed."""
        wanted = 0 if self.frame is None else self.rows_wanted(self.frame)
        if wanted != self._wanted:
            self._wanted = wanted
            self.refresh(layout=True)

    def shown_rows(self) -> list[TextRow]:
        """Return the rows, the last one with the numbers of hidden rows if there is no border."""
        rows = super().shown_rows()
        hint = self._hinted
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
        if len(listed) > height and self.note_rows(len(listed), width):
            self.refresh(layout=True)  # another panel may have rows to spare
        self.follow(self.frame, height)
        self.top = max(0, min(self.top, len(listed) - height))
        rows = listed[self.top : self.top + height]
        widths = list(map(line_width, rows))
        widest = max(widths, default=0)
        self.left = max(0, min(self.left, widest - width))
        self.hidden_rows = max(0, len(listed) - height)
        self._hint(len(listed) - self.top - height, widest - self.left - width)
        # One cell more than fits, so that the drawing marks rows cut at the right.
        return [
            row if size <= width and not self.left
            else marked(crop(row, self.left, width + 1), self.left)
            for row, size in zip(rows, widths, strict=True)
        ]  # fmt: skip

    @property
    def below_key(self) -> str:
        """The key that scrolls down, after the number of rows there; empty if it goes unsaid."""
        return ""

    def follow(self, frame: Frame, height: int) -> None:
        """Move the view to the cursor, if the panel has one."""

    def scroll_rows(self, by: int) -> None:
        """Move the view up or down."""
        self.top += by
        self.redraw()

    def scroll_columns(self, by: int) -> None:
        """Move the view left or right."""
        self.left += by
        self.redraw()

    def _hint(self, below: int, right: int) -> None:
        """Show the numbers of hidden rows in the border."""
        above = scroll_marks(self.top, below, self.below_key)
        self.show_hint("  ".join([*above, *scroll_marks(self.left, right, signs="<>")]))

    def show_hint(self, hint: str) -> None:
        """Show the numbers of hidden rows in the border."""
        if hint != self._hinted:
            self._hinted = hint
            self._border_subtitle = Content(hint) if hint else None
            self._repaint_edge(self.outer_size.height - 1)

    def _repaint_edge(self, y: int) -> None:
        """Paint a row of its border again; with a new title Textual paints all of a widget."""
        self.repaint(Region(0, y, self.outer_size.width, 1).translate(-self.content_offset))

    def scroll_at(self, x: int, by: int) -> None:
        """Move the view up or down with the mouse at a column."""
        self.scroll_rows(by)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Scroll with the wheel."""
        event.stop()
        self.scroll_at(event.x, 2)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Scroll with the wheel."""
        event.stop()
        self.scroll_at(event.x, -2)


def scroll_marks(before: int, after: int, key: str = "", signs: str = "↑↓") -> list[str]:
    """Return the numbers of rows, or of columns, out of view before and after those in view."""
    marks = (f"{signs[0]} {before}", before), (f"{signs[1]} {after}{key}", after)
    return [mark for mark, outside in marks if outside > 0]


class ParametersPanel(Panel):
    """Rows for each element of the parameters, scrolled to the selected one."""

    _shown: object = None
    _known = False
    """Whether what the rows tell of the selection was known when it was brought into view."""

    def places_looked_at(self, frame: Frame) -> tuple[range, range] | None:
        """Return the rows of the selected parameter and of its first element, if there is one."""
        raise NotImplementedError

    def titles(self, frame: Frame, height: int) -> int:
        """Return how many of `height` rows are its first ones, which stay in view."""
        return 0

    def is_known(self, frame: Frame) -> bool:
        """Return whether the gradient of the selected parameter is known."""
        looked = frame.looked_at
        parameter = None if looked is None else frame.graph.parameters[looked[0]].id
        return parameter is not None and frame.gradient_state(parameter) == "known"

    def follow(self, frame: Frame, height: int) -> None:
        """Bring the selection into view when it has changed, or is known at last.

        Whole, or its first element if it is larger than the view.
        """
        looked, known = frame.looked_at, self.is_known(frame)
        # A what-if may give each parameter more rows or fewer, another panel the view.
        shown = looked, frame.problem.optimizer, height
        if shown == self._shown and (self._known or not known):
            return
        self._shown, self._known, places = shown, known, self.places_looked_at(frame)
        if places is None:
            return
        titles = self.titles(frame, height)
        rows = next((one for one in places if len(one) <= height - titles), places[-1])
        if rows.start < self.top + titles or rows.stop > self.top + height:
            self.top = rows.start - titles
