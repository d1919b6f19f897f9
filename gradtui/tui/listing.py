"""The list under the command line: the commands that fit what is typed, each with what it does."""

from __future__ import annotations

from collections.abc import Sequence

from gradtui.base.text import cell_width, clip, wrap
from gradtui.tui.commands import COMMANDS, Command, find_command
from gradtui.tui.keys import Keys

_NAMES, _KEYS = 20, 5
"""Cells of the names with their arguments, and of the keys."""
_INDENT = 27
"""Cells before what a command does."""
Rows = Sequence[tuple[str, str]]
"""Names of commands, each with the rest of its row."""


def complete_command(typed: str, keys: Keys, example: str) -> tuple[int, Rows]:
    """Return where the name of a command starts, and the names that fit, with what they do.

    Behind a name there is only what it expects; where none fits, what Enter does instead, with an
    `example` of an expression.
    """
    name, space, argument = typed.partition(" ")
    command = find_command(name) if space else None
    if command is not None:
        told = f"{name} takes nothing after it" if argument.strip() else ""
        told = _rest(command, keys, named=False) if command.argument else told
        return len(typed), [("", told)] if told else []
    begun = [command for command in COMMANDS if command.id.startswith(name)]
    within = [one for one in COMMANDS if name in one.id and one not in begun]
    fitting = [] if space else begun or within
    if fitting:
        return 0, [(one.id, _rest(one, keys)) for one in fitting]
    if typed.strip().isascii() and typed.strip().isdigit():
        return len(typed), [("", f"Enter goes to step {typed.strip()}")]
    said = "is called '{}'" if space else "has '{}' in its name"
    told = f"no command {said.format(clip(name, _NAMES))}"
    return len(typed), [("", f"{told}; Enter prints an expression, such as {example}")]


def _rest(command: Command, keys: Keys, *, named: bool = True) -> str:
    """Return a command's argument, its key and its help."""
    key = keys.first(command.id)
    shown = "" if key == f":{command.id}" else key
    told = keys.fill(command.help)
    if not named:
        return f"{command.argument}: {told}"
    room = _NAMES - len(command.id)
    return f"{command.argument:<{room - 1}}{shown:<{_KEYS - 1}} {told}"


def _first_part(row: str, width: int) -> str:
    """Return a row, or only the first part of a sentence that does not fit."""
    ends = [row.find(sign, _INDENT) for sign in ("; ", ": ")]
    fitting = [end for end in ends if 0 <= end <= width]
    return row[: max(fitting)] if fitting and cell_width(row) > width else clip(row, width)


class Listing:
    """The rows of a list that is gone through with two keys, as many as there is room for."""

    def __init__(self, hint: str) -> None:
        self._hint = hint
        self._rows: Rows = ()
        self._at: int | None = None
        self._top = 0

    def fill(self, rows: Rows) -> None:
        """Take other rows, none of which is chosen."""
        self._rows, self._at, self._top = rows, None, 0

    def choose(self, by: int) -> str:
        """Choose the next row, or the one before; return its name, empty without any."""
        if not self._rows or not self._rows[0][0]:
            return ""
        last = len(self._rows) - 1
        self._at = (0 if by > 0 else last) if self._at is None else (self._at + by) % (last + 1)
        return self._rows[self._at][0]

    def texts(self, width: int, most: int) -> list[tuple[str, bool]]:
        """Return at most so many rows as text, each with whether it is chosen.

        What the chosen command does, or the only one, is told whole.
        """
        told = 0 if len(self._rows) == 1 else self._at
        whole = [] if told is None else self._whole(told, width)[: max(1, most - 2)]
        size = max(1, most - max(1, len(whole)))
        if self._at is not None:
            self._top = max(min(self._top, self._at), self._at - size + 1)
        shown = range(len(self._rows))[self._top : self._top + size]
        found = [
            (text, at == self._at)
            for at in shown
            for text in (whole if at == told else [_first_part(self._text(at), width)])
        ]
        if not self._rows or not self._rows[0][0]:
            return found
        left = len(self._rows) - len(shown)
        more = f"{left} more  " if left else ""
        return [*found, (clip(f"  {more}{self._hint}", width), False)]

    def _text(self, at: int) -> str:
        name, rest = self._rows[at]
        return f"{'▸' if at == self._at else ' '} {name} {rest}".rstrip()

    def _whole(self, at: int, width: int) -> list[str]:
        """Return a row as lines that are not cut, those after the first below what it does."""
        indent = _INDENT if self._rows[at][0] else 2
        text = self._text(at)
        first, *more = wrap(text[indent:], max(1, width - indent)) or [""]
        return [clip(text[:indent] + first, width), *(" " * indent + line for line in more)]
