"""The picker: the bundled scenarios with search, or a file by its path."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.await_complete import AwaitComplete
from textual.binding import BindingType
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Input, Label, OptionList, Static
from textual.widgets.option_list import Option

from gradtui.base.ascii import spell
from gradtui.base.source import InputError
from gradtui.base.text import clean, pad
from gradtui.scenario.bundled import Entry, find_scenario, list_bundled
from gradtui.tui.narrowed import NarrowedList
from gradtui.tui.shortcuts import PICKER, bindings

if TYPE_CHECKING:
    from gradtui.debugger.session import Session


def open_session(file: str, *, ascii: bool) -> Session:
    """Return a session on a path or a bundled name; raises InputError."""
    from gradtui.debugger.session import Session
    from gradtui.scenario.load import load_problem

    return Session(load_problem(find_scenario(file), ascii=ascii))


class Picker(Screen[None]):
    """Chooses a scenario and hands its session over, or None where it is left."""

    VERTICAL_BREAKPOINTS = [(0, "-low"), (18, "-high")]  # noqa: RUF012
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings(PICKER[:-1], first=True),
        *bindings(PICKER[-1:]),
    ]

    def __init__(self, chosen: Callable[[Session | None], None], *, ascii: bool) -> None:
        super().__init__()
        self._ascii = ascii
        self._receive = chosen
        self._search = Input(placeholder="search, or the path of a .toml file", id="picker-search")
        self._search.cursor_blink = False  # at rest, nothing is written
        self.entries = list_bundled()
        self.shown = list(self.entries)

    def compose(self) -> ComposeResult:
        """Make the list, the search and the details."""
        yield Label("gradtui  step through training, forward and backward", id="picker-title")
        yield self._search
        options = NarrowedList(*self._options(), id="picker-list")
        options.can_focus = False
        options.highlighted = 0
        yield options
        yield Static(id="picker-about")
        yield Label("↑ ↓ choose   Enter open   type to search   Esc quit", id="picker-keys")

    def on_mount(self) -> None:
        """Take the keys at once: some may be waiting."""
        self.set_focus(self._search)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Narrow the list."""
        self._list(event.value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Open what is chosen, or the path that was typed."""
        text = event.value.strip()
        if any(mark in text for mark in "/\\.") or not self.shown:
            self._open(text)
        else:
            self._open(self._chosen().path)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Open what was clicked."""
        self._open(next(entry.path for entry in self.entries if entry.name == event.option_id))

    def on_option_list_option_highlighted(self) -> None:
        """Tell more of what is highlighted."""
        self._tell()

    def action_move(self, by: int) -> None:
        """Move the highlight."""
        options = self.query_one(OptionList)
        if self.shown:
            here = options.highlighted or 0
            options.highlighted = max(0, min(len(self.shown) - 1, here + by))

    def action_leave(self) -> None:
        """Clear the search, or leave."""
        if self._search.value:
            self._search.value = ""
        else:
            self.dismiss()

    def dismiss(self, result: None = None) -> AwaitComplete:
        """Leave, whatever is typed."""
        self._hand_over(None)
        return AwaitComplete()

    def _list(self, text: str) -> None:
        words = text.lower().split()
        self.shown = [entry for entry in self.entries if _matches(entry, words)]
        options = self.query_one(OptionList)
        options.clear_options()
        options.add_options(self._options())
        if self.shown:
            options.highlighted = 0
        self._tell()

    def _options(self) -> list[Option]:
        return [Option(_row(entry), entry.name) for entry in self.shown]

    def _tell(self) -> None:
        about = self.query_one("#picker-about", Static)
        if not self.shown:
            about.update(
                Content("no scenario has this in its name, title or tags; Enter opens a file")
            )
            return
        entry = self._chosen()
        tags = "  ".join(f"#{tag}" for tag in entry.tags)
        text = spell(entry.about) if self._ascii else entry.about
        about.update(Content(clean(f"{text}\n{tags}", newlines=True)))

    def _chosen(self) -> Entry:
        return self.shown[self.query_one(OptionList).highlighted or 0]

    def _hand_over(self, session: Session | None) -> None:
        """Hand over once, whatever keys or clicks came with the first."""
        if self.is_current:
            self._receive(session)

    def _open(self, file: str) -> None:
        try:
            session = open_session(file, ascii=self._ascii)
        except InputError as error:
            about = self.query_one("#picker-about", Static)
            about.update(Content(str(error)).stylize("$text-error"))
        else:
            self._hand_over(session)


def _matches(entry: Entry, words: list[str]) -> bool:
    text = " ".join((entry.name, entry.title, entry.about, *entry.tags)).lower()
    return all(word in text for word in words)


def _row(entry: Entry) -> Content:
    return Content.assemble(
        (pad(clean(entry.title), 32), "bold"),
        (pad(clean(entry.name), 25), "dim"),
        clean(entry.about),
    )
