"""The findings, and the scenario's notes."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.binding import BindingType
from textual.geometry import Size

from gradtui.debugger.frame import Frame
from gradtui.explain.findings import chosen_rows, notes_rows, notes_title
from gradtui.explain.lesson import lesson_rows, lesson_title
from gradtui.explain.spans import TextRow
from gradtui.tui.kept import Kept
from gradtui.tui.panels.base import Panel
from gradtui.tui.shortcuts import NOTES, bindings

_FEW = 8
"""Rows that notes keep though other panels lack some: they can be scrolled."""


class NotesPanel(Panel):
    """The findings, and the scenario's notes."""

    NAME = "Notes"
    HELP = (
        "the watches; what is wrong with the hand-written lines and with the run, the worst "
        "first ({finding-here} goes there); then what the scenario's author wants you to look at"
    )
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(NOTES)]
    _followed: int | None = None
    _told: tuple[int, str] | None = None
    """The step of the lesson in view, and the last remark on an answer."""

    def __init__(self, key: int, fill: Callable[[str], str]) -> None:
        super().__init__(key, fill)
        self._kept = Kept[list[TextRow]]()

    def rows_needed(self, size: Size) -> tuple[int, int]:
        """Return the rows of the lesson's step, or of findings; notes can be scrolled."""
        frame = self.frame
        if frame is None:
            return 0, 0
        if frame.lesson is not None and self.screen.has_class("-narrow"):
            return size.height, 0  # there the style sheet sees to the lesson
        if frame.lesson is not None:
            rows = len(self.rows_of(frame, size.width))
            return rows, rows
        _, wanted = super().rows_needed(size)
        return wanted if frame.known.findings else min(wanted, _FEW), wanted

    def foresee(self, frame: Frame) -> None:
        """Make the rows of a moment that may come."""
        self.rows_of(frame, self.size.width)

    def rows_wanted(self, frame: Frame) -> int:
        """Return the rows of a lesson, which beside a lens leaves it the rest on a low screen."""
        if frame.lesson is None or not self.screen.has_class("-close"):
            return 0
        width = self.screen.size.width - self.gutter.width
        return len(self._lesson_rows(frame, width)) - 1

    def rows_of(self, frame: Frame, width: int) -> list[TextRow]:
        """Return the findings and the notes, wrapped to the panel."""
        if frame.watched:  # their values may be arrays, of which none is kept
            return self._rows(frame, width)
        known = frame.known
        about = known.run_findings, known.comparing, known.silenced, known.setback
        return self._kept.get((frame.seen, *about, width), lambda: self._rows(frame, width))

    def _rows(self, frame: Frame, width: int) -> list[TextRow]:
        lesson, notes = self._lesson_rows(frame, width), notes_rows(frame, width)
        rows = [*lesson, *(notes[1:] if lesson and notes and not notes[0] else notes)]
        return rows if not rows or rows[-1] else rows[:-1]

    def _lesson_rows(self, frame: Frame, width: int) -> list[TextRow]:
        return lesson_rows(frame, width, self.fill)

    def present_name(self, frame: Frame) -> str:
        """Return its name by what matters most in it."""
        names = self._title_at(frame).split(" · ")
        return names[0] if frame.lesson is not None else names[-1]

    def _title_at(self, frame: Frame) -> str:
        lesson = frame.lesson
        return notes_title(frame) if lesson is None else lesson_title(lesson, self.title_room)

    def visible_rows(self) -> list[TextRow]:
        """Return the rows in view; the width decides what the title says."""
        if self.frame is not None:
            self.title(self._title_at(self.frame))
        return super().visible_rows()

    @property
    def below_key(self) -> str:
        """The key that scrolls down if a lesson or what stands below it is cut."""
        if self.frame is None or self.frame.lesson is None:
            return ""
        focused = self.screen.focused
        taken = isinstance(focused, Panel) and focused is not self and focused.hidden_rows
        return "" if taken else self.fill(" {scroll-down}")

    def follow(self, frame: Frame, height: int) -> None:
        """Bring the finding that the cursor went to, or news of the lesson, into view."""
        lesson = frame.lesson
        told = None if lesson is None else (lesson.place, lesson.said)
        if told != self._told:
            self._told, self.top = told, 0
            self.refresh(layout=told is not None)
        if frame.known.chosen == self._followed:
            return
        self._followed = frame.known.chosen
        above = len(self._lesson_rows(frame, self.size.width))
        first, after = (above + row for row in chosen_rows(frame, self.size.width))
        self.top = max(0, min(first, max(self.top, after - height)))
