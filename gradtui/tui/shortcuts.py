"""The keys of lists and inputs, which are no commands, grouped by place."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from textual.binding import Binding


class Shortcut(Struct, frozen=True):
    """A key of a list or an input."""

    id: str
    keys: tuple[str, ...]
    """Textual's names of its keys."""
    action: str
    """Textual's action; empty if the list supplies it."""
    title: str


HELP = (
    Shortcut("help-close", ("escape", "q", "question_mark", "f1", "enter"), "close", "closes"),
    Shortcut("help-down", ("j", "down"), "scroll(5)", "down"),
    Shortcut("help-up", ("k", "up"), "scroll(-5)", "up"),
    Shortcut("help-page-down", ("pagedown", "space"), "page(1)", "a page down"),
    Shortcut("help-page-up", ("pageup",), "page(-1)", "a page up"),
    Shortcut("help-first", ("g", "home"), "scroll(-1000000)", "first row"),
    Shortcut("help-end", ("G", "end"), "scroll(1000000)", "last row"),
    Shortcut("help-part", ("n", "tab"), "part", "next part"),
    Shortcut("help-search", ("slash",), "search", "search"),
)
TABLE = (
    Shortcut("table-close", ("escape", "q"), "dismiss", "closes"),
    Shortcut("table-down", ("j", "down"), "move(1)", "next"),
    Shortcut("table-up", ("k", "up"), "move(-1)", "before"),
    Shortcut("table-right", ("greater_than_sign",), "scroll(8)", "right"),
    Shortcut("table-left", ("less_than_sign",), "scroll(-8)", "left"),
)
BRANCHES = (
    Shortcut("branch-go", ("enter",), "", "goes there"),
    Shortcut("branch-rename", ("r",), "", "renames"),
    Shortcut("branch-remove", ("x",), "", "removes"),
    Shortcut("branch-sweep", ("s",), "", "sweep"),
)
SWEEP = (
    Shortcut("sweep-keep", ("enter",), "", "makes it a branch"),
    Shortcut("sweep-end", ("x",), "", "ends the sweep"),
)
BREAKPOINTS = (
    Shortcut("stops-close", ("escape", "q", "B"), "dismiss", "closes"),
    Shortcut("stops-down", ("j", "down"), "move(1)", "next"),
    Shortcut("stops-up", ("k", "up"), "move(-1)", "before"),
    Shortcut("stops-enable", ("space",), "enable", "on/off"),
    Shortcut("stops-remove", ("x", "delete", "backspace"), "remove", "removes"),
    Shortcut("stops-go", ("enter",), "go", "goes there"),
)
ARRAY = (
    Shortcut("array-close", ("escape", "q", "P"), "dismiss", "closes"),
    Shortcut("array-down", ("j", "down"), "move(1, 0)", "a row down"),
    Shortcut("array-up", ("k", "up"), "move(-1, 0)", "a row up"),
    Shortcut("array-page-down", ("pagedown", "space"), "page(1)", "a page down"),
    Shortcut("array-page-up", ("pageup",), "page(-1)", "a page up"),
    Shortcut("array-right", ("greater_than_sign", "l", "right"), "aside(1)", "columns"),
    Shortcut("array-left", ("less_than_sign", "h", "left"), "aside(-1)", "columns before"),
    Shortcut("array-first", ("g", "home"), "end(-1)", "first row"),
    Shortcut("array-end", ("G", "end"), "end(1)", "last row"),
    Shortcut("array-all", ("a",), "whole", "all rows, or the batch's"),
)
PROMPT = (
    Shortcut("prompt-leave", ("escape",), "leave", "leave"),
    Shortcut("prompt-next", ("down",), "offer(1)", "an example"),
    Shortcut("prompt-before", ("up",), "offer(-1)", "an example"),
    Shortcut("prompt-complete", ("tab",), "complete", "the rest of the word"),
)
QUESTION = (
    Shortcut("question-yes", ("enter", "y", "q"), "answer(1)", "yes"),
    Shortcut("question-no", ("escape", "n"), "answer(0)", "no"),
)
MESSAGE = (
    Shortcut(
        "message-close", ("escape", "q", "enter", "space", "exclamation_mark"), "dismiss", "closes"
    ),
)
PICKER = (
    Shortcut("picker-down", ("down",), "move(1)", "down"),
    Shortcut("picker-up", ("up",), "move(-1)", "up"),
    Shortcut("picker-page-down", ("pagedown",), "move(8)", "down"),
    Shortcut("picker-page-up", ("pageup",), "move(-8)", "up"),
    Shortcut("picker-leave", ("escape",), "leave", "leave"),
)
NOTES = (Shortcut("finding-here", ("enter",), "screen.enter('finding')", "go to the next finding"),)


def bindings(shortcuts: Sequence[Shortcut], *, first: bool = False) -> list[Binding]:
    """Return Textual's bindings; with `first`, they precede the focused widget's."""
    return [
        Binding(",".join(one.keys), one.action, one.title, show=False, id=one.id, priority=first)
        for one in shortcuts
        if one.action
    ]
