"""The single rows of the screen: header, what is done now, timeline, footer."""

from __future__ import annotations

from typing import ClassVar

from textual.geometry import Size

from gradtui.debugger.frame import Frame
from gradtui.explain.spans import Span, TextRow, line
from gradtui.explain.step import header, message_rows, now_line
from gradtui.explain.timeline import timeline
from gradtui.explain.trouble import trouble_rows
from gradtui.tui.commands import (
    CALL_FOOTER,
    FINDING_FOOTER,
    FOOTER,
    LENS_FOOTER,
    SURFACE_FOOTER,
    find_command,
)
from gradtui.tui.keys import Keys
from gradtui.tui.rows import Rows


class Bar(Rows):
    """One row that shows a frame."""

    frame: Frame | None = None

    def show_frame(self, frame: Frame) -> None:
        """Show another moment."""
        self.frame = frame
        self.redraw()

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


class Foot(Bar):
    """One of the last rows of the screen: a message that is long goes on in the next one."""

    PLACE: ClassVar[int]
    """Which of them it is, from 0."""

    def __init__(self, keys: Keys) -> None:
        super().__init__()
        self.keys = keys

    def row_of(self, frame: Frame, width: int) -> TextRow:
        """Return this row's part of what the last command had to say, or what it shows else."""
        if not frame.message:
            return self.usual(frame, width)
        shown = sum(bar.display for bar in self.screen.query(Foot))
        told = message_rows(frame.message, width, shown)[self.PLACE :]
        return told[0] if told else self.usual(frame, width)

    def usual(self, frame: Frame, width: int) -> TextRow:
        """Return the row where no message needs it."""
        raise NotImplementedError


class Now(Foot):
    """What the cursor's moment did."""

    PLACE = 0

    def usual(self, frame: Frame, width: int) -> TextRow:
        """Return the sentence."""
        return (*line(" "), *now_line(frame, width - 1))


class Trouble(Rows):
    """What is wrong with the file's present text, while the last good one lives on."""

    frame: Frame | None = None

    def show_frame(self, frame: Frame) -> None:
        """Show the error there is, if any."""
        if self.frame is None or frame.trouble != self.frame.trouble:
            self.display = bool(frame.trouble)
            self.border_title = "the file as it is now; what is shown is the last good one"
            self.frame = frame
            self._made_for = None
            self.refresh(layout=True)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Return how many rows the error takes; called by Textual."""
        return 0 if self.frame is None else len(trouble_rows(self.frame.trouble, width))

    def visible_rows(self) -> list[TextRow]:
        """Return the error."""
        return [] if self.frame is None else trouble_rows(self.frame.trouble, self.size.width)


class Timeline(Foot):
    """The steps of the run."""

    PLACE = 1

    def usual(self, frame: Frame, width: int) -> TextRow:
        """Return the timeline."""
        return timeline(frame, width)


class Footer(Foot):
    """The most used keys."""

    PLACE = 2

    def usual(self, frame: Frame, width: int) -> TextRow:
        """Return as many of the keys as fit."""
        spans: list[Span] = [(" ", "plain")]
        used = 1
        for key, title in _keys(frame, self.keys):
            used += len(key) + len(title) + 3
            if used > width:
                break
            spans += [(key, "heading"), (f" {title}  ", "dim")]
        return tuple(spans)


def _keys(frame: Frame, keys: Keys) -> list[tuple[str, str]]:
    """Return the keys that matter most and what they do."""
    if frame.looked.lens is not None or frame.looked.window is not None:
        listed = LENS_FOOTER if frame.looked.lens is not None else SURFACE_FOOTER
        return [(" ".join(map(keys.first, ids)), title) for ids, title in listed]
    if frame.problem.call is not None:
        commands = [command for id in CALL_FOOTER if (command := find_command(id))]
        return [(keys.first(command.id), command.title) for command in commands]
    findings = frame.known.judgement.findings if frame.known.judgement else ()
    ids = FINDING_FOOTER if any(finding.fix for finding in findings) else FOOTER
    commands = [command for id in ids if (command := find_command(id))]
    return [(keys.first(command.id), command.title) for command in commands]
