"""The picker: the course and all bundled scenarios, with search, or a file by its path.

A search finds pages of the manual, too, which open over the picker.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.await_complete import AwaitComplete
from textual.binding import BindingType
from textual.content import Content
from textual.events import ScreenResume
from textual.geometry import Size
from textual.widgets import Input, Label, OptionList, Static
from textual.widgets.option_list import Option

from gradtui.base.ascii import spell
from gradtui.base.source import InputError
from gradtui.base.text import clean, pad
from gradtui.explain.course import course_title, mark_of, next_lesson, score_text
from gradtui.saving.course import read_scores
from gradtui.scenario.bundled import Entry, find_scenario, list_bundled, read_chapters
from gradtui.scenario.searching import Found, chapter_words, read_ahead, search
from gradtui.tui.lately import Lately
from gradtui.tui.later import work_off
from gradtui.tui.lean import LeanScreen, open_once
from gradtui.tui.narrowed import NarrowedList
from gradtui.tui.shortcuts import PICKER, bindings

if TYPE_CHECKING:
    from gradtui.debugger.session import Session
    from gradtui.manual.searching import Hit
    from gradtui.tui.keys import Keys


_CODE = re.compile(r"\.py(:|\s*$)")
"""What tells a file of Python from a word to search for."""
_COURSE = "course"
"""The id of the first row, which continues the course; no scenario has this name."""
_PAGE = "help "
"""What the id of a page of the manual begins with, before its topic."""
_WIDE = 100
"""Fewest columns that have room for what a scenario is about in its row."""
_HIGH = 18
"""Fewest rows that have room for a title, and for a frame around the search."""
_HEIGHTS = [(0, "-low"), (_HIGH, "-high")]
_PAGES = 3
"""Most pages of the manual that a search lists."""
_NOWHERE = (
    "no scenario matches, and the manual has no such word; for a model or a gradient of your own: "
    "`gradtui help scenarios`, `numpy` or `pytorch`; Enter opens a file"
)
_COLOURS = {"✓": "$success", "▸": "$primary", "·": "$dim", " ": ""}
"""The role of a scenario's sign."""


def open_session(file: str, *, ascii: bool) -> Session:
    """Return a session on a path or a bundled name; raises InputError."""
    from gradtui.debugger.session import Session
    from gradtui.scenario.load import load_problem

    if _CODE.search(file):
        raise InputError(f"your own code is opened from the shell: {_in_shell(file)}", file=file)
    return Session(load_problem(find_scenario(file), ascii=ascii))


def _in_shell(file: str) -> str:
    """Return the command that opens a file of Python."""
    return f"gradtui {file}" if ".py:" in file else f"gradtui {file.strip()}:case"


class Picker(LeanScreen):
    """Chooses a scenario and hands over its session, or None if it is closed."""

    VERTICAL_BREAKPOINTS = _HEIGHTS
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings(PICKER[:-1], first=True),
        *bindings(PICKER[-1:]),
    ]

    def __init__(
        self,
        chosen: Callable[[Session | None], None],
        keys: Keys,
        *,
        ascii: bool,
        learn: bool = False,
    ) -> None:
        """Take the receiver of the session; with `learn`, the course's next lesson is chosen."""
        super().__init__()
        self._ascii, self._learn = ascii, learn
        self._receive, self._keys = chosen, keys
        self._search = Input(placeholder="search, or the path of a .toml file", id="picker-search")
        self._search.cursor_blink = False  # at rest, nothing is written
        self._narrowing = Lately(self, self._search, self._list)
        self._options: dict[str, Option] = {}
        """The options made so far, by the names of their scenarios."""
        self._found = Found()
        self.entries = list_bundled()
        self._finished, self._trouble = read_scores()
        self._upcoming = next_lesson(self.entries, self._finished)

    def compose(self) -> ComposeResult:
        """Make the list, the search and the details."""
        # before the first layout, after which they would cause a second one
        self.add_class(_HEIGHTS[self.app.size.height >= _HIGH][1], update=False)
        yield Label("gradtui  step through training, forward and backward", id="picker-title")
        yield self._search
        options = NarrowedList(*self._chapters(), id="picker-list")
        options.can_focus = False
        # a scrollbar that the first layout left out would cause a second one
        options.set_reactive(NarrowedList.virtual_size, Size(1, options.option_count))
        options.set_reactive(NarrowedList.show_vertical_scrollbar, True)
        options.highlighted = 0
        if self._learn and self._upcoming is not None:
            options.highlighted = options.get_option_index(self._upcoming.name)
        yield options
        yield Static(id="picker-about")
        yield Label("↑ ↓ choose   Enter open   type to search   Esc quit", id="picker-keys")

    def on_mount(self) -> None:
        """Take the keys at once, because some may be waiting."""
        self.set_focus(self._search)
        # what the first search reads
        self.call_after_refresh(work_off, self, read_ahead(self.entries))

    async def on_screen_resume(self, event: ScreenResume) -> None:
        """Paint once when it opens: the layout, the rows and the paint have a turn each."""
        if await open_once(self, event):
            for options in self.query(OptionList):  # there is none if it was left meanwhile
                options.render_lines(options.size.region)
            await asyncio.sleep(0)

    async def on_resize(self) -> None:
        """Let others have their turn after the first paint; called by Textual."""
        await asyncio.sleep(0)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Narrow the list."""
        self._narrowing.changed()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Open the chosen scenario, or the typed path."""
        self._narrowing.settle()
        text, id = event.value.strip(), self._chosen_id()
        if any(mark in text for mark in "/\\.") or id is None:
            self._open(text)
        else:
            self._enter(id)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Open the clicked scenario or page."""
        if event.option_id is not None:
            self._enter(event.option_id)

    def on_option_list_option_highlighted(self) -> None:
        """Show details of the highlighted entry."""
        self._tell()

    def action_move(self, by: int) -> None:
        """Move the highlight, past the headings."""
        self._narrowing.settle()
        options = self.query_one(OptionList)
        places = [at for at, option in enumerate(options.options) if not option.disabled]
        if places:
            here = places.index(options.highlighted) if options.highlighted in places else 0
            options.highlighted = places[max(0, min(len(places) - 1, here + by))]
            if options.highlighted == places[0]:
                options.scroll_home(animate=False)  # with the heading above it

    def action_leave(self) -> None:
        """Clear the search, or close."""
        if self._search.value:
            self._search.value = ""
        else:
            self.dismiss()

    def dismiss(self, result: None = None) -> AwaitComplete:
        """Close, whatever is typed."""
        self._hand_over(None)
        return AwaitComplete()

    def _list(self, text: str) -> None:
        options = self.query_one(OptionList)
        found = self._matching(text) if text.strip() else self._chapters()
        if list(map(_shown, found)) != list(map(_shown, options.options)):
            options.clear_options()
            options.add_options(found)
        places = [at for at, option in enumerate(found) if not option.disabled]
        if places and options.highlighted != places[0]:
            options.highlighted = places[0]
            options.scroll_home(animate=False)
        self._tell()

    def _chapters(self) -> list[Option]:
        """Return the course, then the other scenarios, with headings."""
        title = course_title(self.entries, self._finished)
        onward = "every lesson is finished"
        if self._upcoming is not None:
            onward = f"{'goes on' if self._finished else 'begins'} with {self._upcoming.title}"
        row = Content.assemble(("▸ ", "$primary"), ("The course  ", "bold"), clean(onward),
                               (f"  {title}", "$dim"))  # fmt: skip
        options = [Option(row, _COURSE)]
        for number, chapter in enumerate(read_chapters(), 1):
            head = f"{number} {chapter.title}" if chapter.in_course else chapter.title
            options.append(_heading(head, chapter.about))
            found = [entry for entry in self.entries if entry.name in chapter.names]
            options += map(self._option, found)
        return options

    def _matching(self, text: str) -> list[Option]:
        """Return the results of a search, the best first."""
        found = self._found = search(self.entries, text, chapter_words())
        instead = [_heading(f"Nothing has this word; {found.instead}:", "")]
        under = [_heading("In notes, programs and lessons", "")] if found.texts else []
        texts, manual = [*under, *map(self._option, found.texts)], _page_options(found.pages)
        first = any(hit.in_title for hit in found.pages)
        own = _heading("Your own code is opened from the shell", _in_shell(text))
        return [
            *([own] if _CODE.search(text) else ()),
            *(instead if found.instead else ()),
            *map(self._option, found.heads),
            *(manual + texts if first else texts + manual),
        ]

    def _option(self, entry: Entry) -> Option:
        if entry.name not in self._options:
            sign, _ = mark_of(entry, self._finished, self._upcoming)
            row = Content.assemble(
                (f"{sign} ", _COLOURS[sign]),
                (pad(clean(entry.title), 32), "bold"),
                (pad(clean(entry.name), 25), "dim"),
                clean(entry.about) if self.app.size.width >= _WIDE else "",
            )
            self._options[entry.name] = Option(row, entry.name)
        return self._options[entry.name]

    def _tell(self) -> None:
        """Show details of the highlighted entry, or of the page."""
        about, told = self.query_one("#picker-about", Static), self._details()
        if told != about.content:  # which is laid out again, even if it is the same
            about.update(told)

    def _details(self) -> Content:
        id = self._chosen_id()
        hit = next((one for one in self._found.pages if _PAGE + one.page.topic == id), None)
        if hit is not None:
            text = f"`gradtui help {hit.page.topic}`\n{hit.passage}"
            return Content(clean(text, newlines=True))
        entry = self._entry(id)
        if entry is None:
            return Content(self._trouble or _NOWHERE)
        score = self._finished.get(entry.name)
        finished = "" if score is None else f"✓ finished  {score_text(score)}"
        tags = "  ".join([*(f"#{tag}" for tag in entry.tags), finished])
        text = "\n".join([*filter(None, [self._trouble]), entry.about, tags])
        return Content(clean(spell(text) if self._ascii else text, newlines=True))

    def _chosen_id(self) -> str | None:
        """Return the id of the highlighted row."""
        options = self.query_one(OptionList)
        if options.highlighted is None or not options.option_count:
            return None
        return options.get_option_at_index(options.highlighted).id

    def _enter(self, id: str) -> None:
        """Open the scenario or the page of a row."""
        if id.startswith(_PAGE):
            from gradtui.tui.help import Help

            self.app.push_screen(Help(self._keys, id.removeprefix(_PAGE)))
            return
        entry = self._entry(id)
        if entry is not None:
            self._open(entry.path)

    def _entry(self, id: str | None) -> Entry | None:
        """Return the scenario of a row; of the course's, its next lesson."""
        if id == _COURSE:
            return self._upcoming or self.entries[0]
        return next((entry for entry in self.entries if entry.name == id), None)

    def _hand_over(self, session: Session | None) -> None:
        """Hand over only once, whatever keys or clicks came with the first."""
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


def _shown(option: Option) -> tuple[str | None, str]:
    """Return the id of a row and its text, which tell whether another is the same."""
    return option.id, str(option.prompt)


def _heading(title: str, about: str) -> Option:
    return Option(Content.assemble((title, "bold $primary"), (f"  {about}", "$dim")), disabled=True)


def _page_options(hits: Sequence[Hit]) -> list[Option]:
    """Return the rows of pages of the manual, under a heading."""
    rows = [_heading("In the manual", "Enter opens the page")] if hits else []
    for hit in hits[:_PAGES]:
        topic = hit.page.topic
        row = Content.assemble(("? ", "$primary"), (pad(topic, 32), "bold"), hit.page.about)
        rows.append(Option(row, _PAGE + topic))
    return rows
