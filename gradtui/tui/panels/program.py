"""The model's program and the hand-written code, with each line's value."""

from __future__ import annotations

from textual.geometry import Size

from gradtui.debugger.folds import Fold
from gradtui.debugger.frame import Frame
from gradtui.explain.called import place_text
from gradtui.explain.given import data_rows
from gradtui.explain.program import current_row, given_rows, program_length, program_rows
from gradtui.explain.spans import TextRow
from gradtui.explain.training import batch_text
from gradtui.tui.panels.base import Panel

_BELOW = 3
"""Rows in view below the line at the cursor."""
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
    _folds: frozenset[Fold] = frozenset()

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
        own = self.frame.problem.call is not None
        given = [] if own else given_rows(self.frame, width)
        spare = max(0, height - count - len(given) - (0 if own else _DATA_ROWS))
        rows = self._lines(self.frame, count, spare)
        self._hint(count - self.top - height + max(0, len(rows) - height), 0)
        if own or count >= height:
            return rows[:height]
        rows += given
        room = height - len(rows) - 1
        data = data_rows(self.frame, width, room) if room > 0 else []
        return [*rows, (), *data] if data else rows[:height]

    def _lines(self, frame: Frame, count: int, spare: int) -> list[TextRow]:
        """Return the rows of the lines in view, which may be more than have room."""
        width, height = self.size
        wanted, last = max(0, self.top), max(0, count - height)
        self.top = min(wanted, last)
        rows = program_rows(frame, width, self.top, self.top + height, spare)
        if wanted > last and len(rows) > height:
            # A line that goes on in more rows pushes the last ones out of the view.
            self.top = min(wanted, last + len(rows) - height)
            rows = program_rows(frame, width, self.top, self.top + height, spare)
        return rows

    def follow(self, frame: Frame, height: int) -> None:
        """Keep the cursor's line in view when it or a fold moves, with what follows it."""
        here = current_row(frame)
        if here < 0 or (frame.now is self._followed and frame.folds == self._folds):
            return
        self._followed, self._folds = frame.now, frame.folds
        if not self.top <= here < self.top + height:
            self.top = max(0, here - height // 2)
        below = min(_BELOW, height // 3, program_length(frame) - here - 1)
        down_to_here = program_rows(frame, self.size.width, self.top, here + 1)
        self.top = min(here, self.top + max(0, len(down_to_here) + below - height))
