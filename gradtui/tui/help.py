"""The help: panels, keys and signs, from their registries."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from textwrap import wrap
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.geometry import Size
from textual.reactive import Reactive
from textual.strip import Strip
from textual.visual import Visual
from textual.widget import Widget
from textual.widgets import Input, Label

from gradtui.base.files import config_file, short_path
from gradtui.base.text import cell_width, pad
from gradtui.explain.manual import block_rows, rows_on
from gradtui.explain.spans import line_text
from gradtui.manual.pages import TOPICS, read_page, search
from gradtui.tui.commands import COMMANDS
from gradtui.tui.glossary import GLOSSARY
from gradtui.tui.keys import GROUPS, Keys
from gradtui.tui.lately import Lately
from gradtui.tui.lean import LeanModal
from gradtui.tui.panels import panel_types
from gradtui.tui.prompt import Field
from gradtui.tui.shortcuts import HELP, bindings

_Entry = tuple[str, str]
"""An entry: the sign, and its explanation."""
_HIT = "bold reverse"
"""How what is looked for is marked, with or without colours."""
_SIGN = 12
"""Fewest cells of a sign."""
_SPELT = {r"lambda[ _]?(?=m|\Z)": "λ", r"\bl(?=max|min)": "λ", "kappa": "κ", "nabla": "∇"}
"""What is typed for signs that no keyboard has."""


class Help(LeanModal):
    """The help screen: keys, panels, signs and topics; or a page; or the results of a search."""

    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(HELP)]

    def __init__(self, keys: Keys, topic: str = "") -> None:
        super().__init__()
        self._keys, self._topic = keys, topic
        self._field = Field("", "a word, such as rate or Adam", self._read)
        self._narrowing = Lately(self, self._field, self._look_for)

    def compose(self) -> ComposeResult:
        """Make the text, and the input of the search."""
        with Vertical() as box:
            box.border_title = "Help"
            first = self._keys.first
            box.border_subtitle = (
                f"{first('help-search')} searches, {first('help-close')} closes, "
                f"{first('help-up')} {first('help-down')} scroll, {first('help-part')} next part"
            )
            with VerticalScroll() as scroll:
                scroll.can_focus = False
                # a scrollbar that the first layout left out would cause a second one
                scroll.set_reactive(VerticalScroll.show_vertical_scrollbar, True)
                yield HelpText(self._keys, self._topic)
            with Horizontal() as bar:
                bar.display = False
                yield Label("search: ")
                yield self._field
                yield Label(id="found")

    def action_search(self) -> None:
        """Search for a text, showing only the entries with it while it is typed."""
        for bar in self.query(Horizontal):
            bar.display = True
            self.set_focus(self._field)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Show the entries with the text."""
        event.stop()
        self._narrowing.changed()

    def _look_for(self, wanted: str) -> None:
        for text in self.query(HelpText):
            text.look_for(wanted)
            count = text.found
            said = f"{count:,} {'place' if count == 1 else 'places'}" if wanted.strip() else ""
            self.query_one("#found", Label).update(said)
        self.action_part(first=True)

    def _read(self) -> None:
        """Give the keys back to the text, which stays filtered."""
        self._narrowing.settle()
        self.set_focus(None)

    def action_close(self) -> None:
        """End a search and show everything again, or else close."""
        for bar in self.query(Horizontal):
            if bar.display:
                self._field.value, bar.display = "", False
                self._read()
                return
        self.dismiss()

    def action_scroll(self, rows: int) -> None:
        """Scroll by a number of rows, up if negative."""
        for scroll in self.query(VerticalScroll):  # none yet for an early key
            scroll.scroll_relative(y=rows, animate=False)

    def action_page(self, by: int) -> None:
        """Scroll down a page, or up if `by` is negative."""
        for scroll in self.query(VerticalScroll):
            scroll.scroll_relative(y=by * max(1, scroll.size.height - 1), animate=False)

    def action_part(self, *, first: bool = False) -> None:
        """Scroll to the next heading, wrapping around."""
        for scroll in self.query(VerticalScroll):
            rows = self.query_one(HelpText).lines
            heads = [at for at, row in enumerate(rows) if row and not row.startswith(" ")]
            here = int(scroll.scroll_y)
            below = [at for at in heads if here < at and here < scroll.max_scroll_y]
            scroll.scroll_to(y=below[0] if below and not first else 0, animate=False)


class HelpText(Widget):
    """The text, wrapped to the width; only the lines in view are drawn."""

    auto_links: Reactive[bool] = Reactive(False)

    def __init__(self, keys: Keys, topic: str) -> None:
        super().__init__()
        self._keys, self._topic = keys, topic
        self._wanted = ""
        self._made: dict[int, list[str]] = {}
        """The lines by their width, of which a layout tries two."""
        self._marked: dict[int, list[Content]] = {}
        """The same with the text looked for marked."""

    @property
    def lines(self) -> list[str]:
        """The lines at the present width."""
        return self._lines(self.size.width)

    def _lines(self, width: int) -> list[str]:
        """Return the page, or the help; a search covers all of both."""
        if width not in self._made:
            if self._topic and not self._wanted.strip():
                made = [line_text(row) for row in rows_on(self._topic, width)]
            else:
                made = help_lines(width, self._keys, self._wanted)
            self._made[width] = made
        return self._made[width]

    def look_for(self, wanted: str) -> None:
        """Show only the entries with a text."""
        self._wanted = wanted
        self._made.clear()
        self._marked.clear()
        self.refresh(layout=True)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Return the number of lines; called by Textual."""
        return len(self._lines(width))

    @property
    def found(self) -> int:
        """How often the text looked for stands in the lines."""
        return len(self._hits.findall("\n".join(self.lines))) if self._wanted.strip() else 0

    @property
    def _hits(self) -> re.Pattern[str]:
        """The text looked for, also where it is broken between lines."""
        texts = (r"\s+".join(map(re.escape, text.split())) for text in _spelt(self._wanted))
        return re.compile("|".join(texts), re.IGNORECASE)

    @property
    def marked(self) -> list[Content]:
        """The lines, with the text looked for marked."""
        width = self.size.width
        if width not in self._marked:
            made = list(map(Content, self.lines))
            if self._wanted.strip():
                whole = Content("\n").join(made).highlight_regex(self._hits, style=_HIT)
                made = whole.split("\n", allow_blank=True)
            self._marked[width] = made
        return self._marked[width]

    def render_line(self, y: int) -> Strip:
        """Return one line; called by Textual."""
        lines, style, width = self.marked, self.visual_style, self.size.width
        if y >= len(lines):
            return Strip.blank(width, style.rich_style)
        return Visual.to_strips(self, lines[y], width, 1, style)[0]


def help_lines(width: int, keys: Keys, wanted: str = "") -> list[str]:
    """Return the help as lines of at most `width` cells, only with the entries that have a text.

    The pages of the manual are included only in a search.
    """
    rows: list[str] = []
    sought = _spelt(wanted.strip().casefold())
    for title, entries in (*_parts(keys), _own_settings(keys), _topics()):
        kept = [
            (head, text) for head, text in entries
            if any(one in f"{head} {text} {title}".casefold() for one in sought)
        ]  # fmt: skip
        if kept:
            rows += ["", title.upper()]
        for head, text in kept:
            rows += _entry(head, text, width)
    if wanted.strip():
        rows += _found_in_manual(sought, width)
    return rows[1:] or ["nothing in the help has this"]


def _topics() -> tuple[str, list[_Entry]]:
    """Return the topics of the manual."""
    return "the manual", [
        (pad(topic, 11), f"{read_page(topic).about}  (:help {topic})") for topic in TOPICS
    ]


def _spelt(wanted: str) -> list[str]:
    """Return a text to look for, and the same with the signs that no keyboard has."""
    signs = wanted
    for spelt, sign in _SPELT.items():
        signs = re.sub(spelt, sign, signs, flags=re.IGNORECASE)
    return [wanted, signs] if signs != wanted else [wanted]


def _found_in_manual(sought: Sequence[str], width: int) -> Iterator[str]:
    """Yield the parts of the manual with a text, page by page; the help has the keys already."""
    for page in (read_page(topic) for topic in TOPICS if topic != "keys"):
        if found := [block for one in sought for block in search(page, one)]:
            yield from ("", f"MANUAL: {page.topic.upper()}")
            yield from (line_text(row) for row in block_rows(found, width))


def _parts(keys: Keys) -> Iterator[tuple[str, list[_Entry]]]:
    """Yield each part of the help: its title and its entries."""
    for group in dict.fromkeys(command.group for command in COMMANDS):
        entries = []
        for command in COMMANDS:
            if command.group == group:
                typed = f"  (:{command.id} {command.argument}".rstrip() + ")"
                entries.append((pad(keys.shown(command.id), 11), keys.fill(command.help) + typed))
        yield group, entries
    panels = [
        (f"{pad(keys.shown(f'panel-{number}'), 2)}{pad(panel.NAME, 9)}", keys.fill(panel.HELP))
        for number, panel in enumerate(panel_types(), 1)
    ]
    yield "panels", panels
    for place, meanings in GLOSSARY:
        widest = max(_SIGN, *(cell_width(sign) for sign, _ in meanings))
        yield f"signs: {place}", [(pad(sign, widest), meaning) for sign, meaning in meanings]


def _own_settings(keys: Keys) -> tuple[str, list[_Entry]]:
    """Return how to change keys and colours, with the bindings that are no commands."""
    said = (
        f'In {short_path(config_file())}: theme = "light", and under [keys] a line for each '
        'binding, such as next = "n l right". Its name is the one after : above, or one of these:'
    )
    entries = [("", said)]
    for group, shortcuts in GROUPS.items():
        entries.append((group, ""))
        for shortcut in shortcuts:
            head = f" {pad(keys.shown(shortcut.id), 18)}"
            entries.append((head, f"{shortcut.title}  ({shortcut.id})"))
    return "keys and colours of your own", entries


def _entry(head: str, text: str, width: int) -> list[str]:
    """Return an entry: its explanation, wrapped beside its sign."""
    head = f"  {head} " if head else "  "
    room = max(10, width - cell_width(head))
    first, *others = _broken(text, room) or [""]
    return [(head + first).rstrip(), *(" " * cell_width(head) + other for other in others)]


def _broken(text: str, room: int) -> list[str]:
    """Return a text as lines of at most `room` characters, broken where textwrap does."""
    plain = text.isprintable() and not text.startswith(" ")
    if not plain or max(map(len, text.split(" "))) > room:
        return wrap(text, room, break_on_hyphens=False)
    # As many characters as fit, from the start of a word to the end of one: ten times as fast.
    rows, rest = list[str](), text.rstrip(" ")
    while len(rest) > room:
        end = rest.rindex(" ", 0, room + 1)
        rows.append(rest[:end].rstrip(" "))
        rest = rest[end:].lstrip(" ")
    return [*rows, rest] if rest else rows
