"""Tables over the debugger with a chosen row: the branches, the runs of a sweep."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical

from gradtui.explain.spans import TextRow, line_width
from gradtui.tui.keys import Keys
from gradtui.tui.lean import LeanModal
from gradtui.tui.rows import Rows, crop, marked
from gradtui.tui.shortcuts import TABLE, Shortcut, bindings

MakeRows = Callable[[int], Sequence[TextRow]]
"""The number of the chosen row -> a header and the rows."""
Action = Callable[[int], bool]
"""The action of a key on the chosen row; it returns whether the table stays open."""


class _Table(Rows):
    """The header, and as many rows around the chosen one as fit."""

    def __init__(self, make: MakeRows) -> None:
        super().__init__(id="table")
        self._make = make
        self.chosen, self.left, self._top = 0, 0, 0
        self.hidden = False
        """Whether some columns are out of view."""

    def visible_rows(self) -> list[TextRow]:
        """Return the rows in view."""
        head, *rows = self._make(self.chosen)
        width, height = self.size
        self.hidden = max(map(line_width, (head, *rows))) > width
        room = max(1, height - 1)
        self._top = max(self.chosen + 1 - room, min(self._top, self.chosen))
        shown = [head, *rows[self._top : self._top + room]]
        return [marked(crop(row, self.left, width + 1), self.left) for row in shown]


class Table(LeanModal):
    """A table over the screen; `actions` are the shortcuts' actions on the chosen row."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(TABLE)]

    def __init__(
        self,
        title: str,
        make: MakeRows,
        shortcuts: Sequence[Shortcut],
        actions: Sequence[Action],
        keys: Keys,
        chosen: int = 0,
        closes: Sequence[str] = (),
    ) -> None:
        super().__init__()
        self._title, self._rows = title, make
        more = f"{keys.first('table-left')} {keys.first('table-right')} more"
        parts = keys.hint(shortcuts), more, keys.hint([TABLE[0]])
        self._hint, self._hint_of_more = "  ".join(parts[::2]), "  ".join(parts)
        self._actions = actions
        self._table = _Table(make)
        self._table.chosen = chosen
        for key in closes:
            self._bindings.bind(key, "dismiss", show=False)
        for at, shortcut in enumerate(shortcuts):
            for key in keys.of(shortcut.id):
                self._bindings.bind(key, f"act({at})", show=False)

    def compose(self) -> ComposeResult:
        """Make the table."""
        with Vertical() as box:
            box.border_title, box.border_subtitle = self._title, self._hint
            yield self._table

    def on_mount(self) -> None:
        """Give the table the rows it needs, and keep it up to date."""
        self.refresh_rows()
        self.set_interval(0.2, self.refresh_rows)

    def refresh_rows(self) -> None:
        """Redraw the rows."""
        count = len(self._rows(self._table.chosen)) - 1
        self._table.chosen = max(0, min(self._table.chosen, count - 1))
        self._table.styles.height = count + 1
        if self._table.size:
            self._table.redraw()
            hint = self._hint_of_more if self._table.hidden else self._hint
            self.query_one(Vertical).border_subtitle = hint

    def action_move(self, by: int) -> None:
        """Choose another row."""
        self._table.chosen += by
        self.refresh_rows()

    def action_scroll(self, by: int) -> None:
        """Scroll to the right or the left."""
        self._table.left = max(0, self._table.left + by)
        self.refresh_rows()

    def action_act(self, at: int) -> None:
        """Apply a shortcut's action to the chosen row."""
        if self._actions[at](self._table.chosen):
            self.refresh_rows()
        else:
            self.dismiss()
