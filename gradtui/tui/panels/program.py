"""The model's program and the hand-written code, with each line's value."""

from __future__ import annotations

from textual.geometry import Size

from gradtui.debugger.frame import Frame
from gradtui.explain.called import place_text
from gradtui.explain.given import data_rows
from gradtui.explain.program import current_row, given_rows, program_length, program_rows
from gradtui.explain.spans import TextRow
from gradtui.explain.training import batch_text
from gradtui.tui.panels.base import Panel

_DATA_ROWS = 2
"""Rows kept for the start of the data before code goes on in a second row."""


class ProgramPanel(Panel):
    """The model's program."""

    NAME = "Program"
    HELP = (
        "the model and the hand-written lines, with line numbers of the file and each line's "
        "value; for code of your own, the functions that ran; the data, where there is room; "
        "▸ is the cursor; ✓ right, ✗ wrong, "
        "↳ wrong only because of another line"
    )
    _followed: object = None

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
        if self.frame is None:
            return []
        width, height = self.size
        name = self.NAME + " as it was run" * self.frame.outdated
        room = self.title_room - len(f"{name} · ")
        batch = batch_text(self.frame, room) or place_text(self.frame, room)
        self.title(f"{name} · {batch}" if batch else self.NAME)
        count = program_length(self.frame)
        self.follow(self.frame, height)
        self.top = max(0, min(self.top, count - height))
        self._hint(count - self.top - height, 0)
        own = self.frame.problem.call is not None
        given = [] if own else given_rows(self.frame, width)
        spare = max(0, height - count - len(given) - (0 if own else _DATA_ROWS))
        rows = program_rows(self.frame, width, self.top, self.top + height, spare)
        if own or count >= height:
            return rows
        rows += given
        room = height - len(rows) - 1
        data = data_rows(self.frame, width, room) if room > 0 else []
        return [*rows, (), *data] if data else rows

    def follow(self, frame: Frame, height: int) -> None:
        """Keep the cursor's line in view when the cursor moves."""
        here = current_row(frame)
        if here < 0 or frame.now is self._followed:
            return
        self._followed = frame.now
        if not self.top <= here < self.top + height:
            self.top = max(0, here - height // 2)
