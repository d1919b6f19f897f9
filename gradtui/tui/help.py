"""The help: what the panels show and what the keys do, from their registries."""

from __future__ import annotations

from textwrap import wrap
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.geometry import Size
from textual.screen import ModalScreen
from textual.widget import Widget

from gradtui.base.files import config_file, short_path
from gradtui.base.text import cell_width, pad
from gradtui.tui.commands import COMMANDS
from gradtui.tui.glossary import GLOSSARY
from gradtui.tui.keys import GROUPS, Keys
from gradtui.tui.panels import panel_types
from gradtui.tui.shortcuts import HELP, bindings


class Help(ModalScreen[None]):
    """All keys, all panels, all signs."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(HELP)]

    def __init__(self, keys: Keys) -> None:
        super().__init__()
        self._keys = keys

    def compose(self) -> ComposeResult:
        """Make the text."""
        with VerticalScroll() as scroll:
            scroll.can_focus = False
            scroll.border_title = "Help"
            first = self._keys.first
            scroll.border_subtitle = (
                f"{first('help-close')} closes, {first('help-up')} {first('help-down')} scroll, "
                f"{first('help-part')} next part"
            )
            yield HelpText(self._keys)

    def action_scroll(self, rows: int) -> None:
        """Scroll down so many rows, or up where negative."""
        for scroll in self.query(VerticalScroll):  # none yet where a key came with the one before
            scroll.scroll_relative(y=rows, animate=False)

    def action_page(self, by: int) -> None:
        """Scroll down a page, or up where `by` is negative."""
        for scroll in self.query(VerticalScroll):
            scroll.scroll_relative(y=by * max(1, scroll.size.height - 1), animate=False)

    def action_part(self) -> None:
        """Scroll to the next heading, after the last to the first."""
        for scroll in self.query(VerticalScroll):
            rows = help_lines(self.query_one(HelpText).size.width, self._keys)
            heads = [at for at, row in enumerate(rows) if row and not row.startswith(" ")]
            here = int(scroll.scroll_y)
            below = [at for at in heads if here < at and here < scroll.max_scroll_y]
            scroll.scroll_to(y=below[0] if below else 0, animate=False)


class HelpText(Widget):
    """The text, folded to the width there is."""

    def __init__(self, keys: Keys) -> None:
        super().__init__()
        self._keys = keys

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Return the number of lines; called by Textual."""
        return len(help_lines(width, self._keys))

    def render(self) -> Content:
        """Return the lines; called by Textual."""
        return Content("\n".join(help_lines(self.size.width, self._keys)))


def help_lines(width: int, keys: Keys) -> list[str]:
    """Return the help as lines of at most `width` cells."""
    rows: list[str] = []
    for group in dict.fromkeys(command.group for command in COMMANDS):
        rows += ["", group.upper()]
        for command in COMMANDS:
            if command.group == group:
                typed = f"  (:{command.id} {command.argument}".rstrip() + ")"
                rows += _entry(
                    pad(keys.shown(command.id), 11), keys.fill(command.help) + typed, width
                )
    rows += ["", "PANELS"]
    for number, panel in enumerate(panel_types(), 1):
        head = f"{pad(keys.shown(f'panel-{number}'), 2)}{pad(panel.NAME, 9)}"
        rows += _entry(head, keys.fill(panel.HELP), width)
    for place, entries in GLOSSARY:
        rows += ["", f"SIGNS: {place}".upper()]
        for sign, meaning in entries:
            rows += _entry(pad(sign, 12), meaning, width)
    return rows[1:] + _own_settings(width, keys)


def _own_settings(width: int, keys: Keys) -> list[str]:
    """Return how to have other keys and colours, with the bindings that are no commands."""
    rows = ["", "KEYS AND COLOURS OF YOUR OWN"]
    said = (
        f'In {short_path(config_file())}: theme = "light", and under [keys] a line for each '
        'binding, as next = "n l right". Its name is the one after : above, or one of these:'
    )
    rows += _entry("", said, width)
    for group, shortcuts in GROUPS.items():
        rows += _entry(group, "", width)
        for shortcut in shortcuts:
            head = f"  {pad(keys.shown(shortcut.id), 17)}"
            rows += _entry(head, f"{shortcut.title}  ({shortcut.id})", width)
    return rows


def _entry(head: str, text: str, width: int) -> list[str]:
    """Return what a key, a panel or a sign is: the text folded beside its head."""
    head = f"  {head} " if head else "  "
    room = max(10, width - cell_width(head))
    first, *others = wrap(text, room, break_on_hyphens=False) or [""]
    return [(head + first).rstrip(), *(" " * cell_width(head) + other for other in others)]
