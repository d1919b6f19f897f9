"""The model's program and the hand-written code, with each line's value."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from textual.geometry import Size

from gradtui.debugger.frame import Frame
from gradtui.explain.called import Half, place_text, selected_row
from gradtui.explain.given import data_rows
from gradtui.explain.program import current_row, given_rows, program_length, program_lines
from gradtui.explain.spans import TextRow
from gradtui.explain.training import batch_text
from gradtui.tui.panels.base import Panel, scroll_marks
from gradtui.tui.rows import BETWEEN, side_by_side

_BELOW = 3
"""Rows in view below the line at the cursor."""
_DATA_ROWS = 2
"""Rows kept for the start of the data before code goes on in a second row."""
_WIDE = 108
"""Cells from which on the two halves of a call stand side by side."""


class _Column:
    """The program, or a half of it, of which a part is in view."""

    def __init__(self, half: Half | None) -> None:
        self.half = half
        self.top = self._below = 0
        self._followed: object = None

    @property
    def hint(self) -> str:
        """The numbers of rows above and below those in view."""
        return "  ".join(scroll_marks(self.top, self._below))

    def rows(self, frame: Frame, width: int, height: int, kept: int = 0) -> list[TextRow]:
        """Return the rows of the lines in view, which may be more than have room.

        Code goes on in rows that are to spare, except in those that are kept for others; in a
        half, which has fewer cells, always.
        """
        count = program_length(frame, self.half)
        spare = max(0, height - count - kept) if self.half is None else height
        here = self._arrived(frame, height)
        if here >= 0 and not self.top <= here < self.top + height:
            self.top = here - height // 2
        self.top = max(0, min(self.top, count - 1))
        below = min(_BELOW, height // 3, count - here - 1)
        made, size = deque[list[TextRow]](), 0
        for one in program_lines(frame, width, self.top, spare, self.half):
            stop = self.top + len(made)
            if stop > here and size >= height:
                break
            made.append(one)
            size += len(one)
            while stop <= here and len(made) > 1 and size + below > height:
                size -= len(made.popleft())
                self.top += 1
        if size < height and self.top:
            # Below the last line there would be rows to spare.
            self.top = max(0, count - height)
            made = deque(program_lines(frame, width, self.top, spare, self.half))
            size = sum(map(len, made))
            while size - len(made[0]) >= height:
                size -= len(made.popleft())
                self.top += 1
        self._below = count - self.top - len(made) + max(0, size - height)
        return [row for one in made for row in one]

    def _arrived(self, frame: Frame, height: int) -> int:
        """Return the line at the cursor, to keep in view, if it or a fold has moved; else -1.

        Beside the half with the cursor it is the line that computes the selected node.
        """
        here = current_row(frame, self.half)
        if here < 0 and self.half is not None:
            here = selected_row(frame, self.half)
        moment = frame.structure, frame.now, frame.folds, height
        if here < 0 or moment == self._followed:
            return -1
        self._followed = moment
        return here


class ProgramPanel(Panel):
    """The model's program."""

    NAME = "Program"
    HELP = (
        "the model and the hand-written lines, with line numbers of the file and each line's "
        "value; for code of your own, the functions that ran; the data, where there is room; "
        "▸ is the cursor; ✓ right, ✗ wrong, "
        "↳ wrong only because of another line, i as a note tells"
    )

    def __init__(self, key: int, fill: Callable[[str], str]) -> None:
        super().__init__(key, fill)
        self._whole = _Column(None)
        self._halves = _Column("forward"), _Column("backward")

    def rows_needed(self, size: Size) -> tuple[int, int]:
        """Return its lines, with the names and shapes of what is given."""
        frame = self.frame
        if frame is not None:
            own = frame.problem.call is not None
            given = [] if own else given_rows(frame, size.width)
            self.note_rows(program_length(frame) + len(given), size.width)
        return self.most_rows, self.most_rows

    def visible_rows(self) -> list[TextRow]:
        """Return the lines in view, because a program may have thousands."""
        frame = self.frame
        if frame is None:
            return []
        width, height = self.size
        name = self.NAME + " as it was run" * frame.outdated
        room = self.title_room - len(f"{name} · ")
        batch = batch_text(frame, room) or place_text(frame, room)
        self.title(f"{name} · {batch}" if batch else self.NAME)
        columns = self._columns
        if len(columns) == 1:
            rows = self._one_column(frame, width, height)
        else:
            each = (width - len(BETWEEN)) // 2
            left, right = (column.rows(frame, each, height) for column in columns)
            rows = side_by_side(left, right, each, height)
        hints = [column.hint for column in columns]
        self.show_hint(BETWEEN.join(hints).strip() if any(hints) else "")
        return rows

    @property
    def _columns(self) -> tuple[_Column, ...]:
        """The two halves of a call if it has both and there is room, else all in one column."""
        frame = self.frame
        if frame is None or frame.problem.call is None or self.size.width < _WIDE:
            return (self._whole,)
        both = all(program_length(frame, column.half) for column in self._halves)
        return self._halves if both else (self._whole,)

    def _one_column(self, frame: Frame, width: int, height: int) -> list[TextRow]:
        """Return the lines in view, and below them what the program starts from."""
        if frame.problem.call is not None:
            return self._whole.rows(frame, width, height)[:height]
        given = given_rows(frame, width)
        rows = self._whole.rows(frame, width, height, len(given) + _DATA_ROWS)
        if program_length(frame) >= height:
            return rows[:height]
        rows += given
        room = height - len(rows) - 1
        data = data_rows(frame, width, room) if room > 0 else []
        return [*rows, (), *data] if data else rows[:height]

    def scroll_rows(self, by: int) -> None:
        """Move the view up or down, of halves side by side that of both."""
        self._scroll(self._columns, by)

    def scroll_at(self, x: int, by: int) -> None:
        """Move the view up or down, of halves side by side that at a column."""
        at = len(self._columns) * x // self.outer_size.width
        self._scroll(self._columns[at : at + 1], by)

    def _scroll(self, columns: tuple[_Column, ...], by: int) -> None:
        for column in columns:
            column.top += by
        self.redraw()
