"""Where a debugger's screen leads: another scenario, other colours, the help."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING

from gradtui.base.source import InputError, did_you_mean
from gradtui.tui.garbage import spare
from gradtui.tui.host import Handlers, Host, Part
from gradtui.tui.later import call_after, work_off
from gradtui.tui.lean import LeanStylesheet
from gradtui.tui.styles import completing
from gradtui.tui.themes import find_theme

if TYPE_CHECKING:
    from gradtui.debugger.session import Session
    from gradtui.tui.saving import Saving

_REST = 0.3
"""Seconds after the first paint until what the next screen needs is read."""
_INPUT = "textual.containers", "textual.scroll_view", "textual.widgets._input"
"""The modules of an input, a turn of the loop each."""
_SCREENS = "prompt", "help", "picker"
"""The modules of the screens that are opened most."""


class Around(Part):
    """Opens what does not concern the present session."""

    def __init__(self, host: Host, saving: Saving) -> None:
        super().__init__(host)
        self._saving = saving

    @property
    def handlers(self) -> Handlers:
        """The handlers of its commands."""
        return {
            "theme": self.choose_theme,
            "open": self.open_scenario,
            "help": self.show_help,
        }

    async def start(self) -> None:
        """Import what the first key would wait for, and soon read what other screens need."""
        for name in _INPUT:
            import_module(name)
            await asyncio.sleep(0)
        screen = self._host.screen
        call_after(screen, _REST, partial(work_off, screen, self._reading(), spare))

    def _reading(self) -> Iterator[None]:
        """Read what other screens need, in parts."""
        sheet = self._host.screen.app.stylesheet
        assert isinstance(sheet, LeanStylesheet)
        yield from completing(sheet)
        for name in _SCREENS:
            import_module(f"gradtui.tui.{name}")
            yield
        from textual.containers import Horizontal, Vertical, VerticalScroll
        from textual.scrollbar import ScrollBar
        from textual.widgets import Input, Label, OptionList

        for kind in (Horizontal, Vertical, VerticalScroll, ScrollBar, Input, Label, OptionList):
            yield from sheet.reading_of(kind())
        from gradtui.manual.pages import TOPICS, read_page

        for topic in TOPICS:  # what each is about stands in the help
            read_page(topic)
            yield

    def open_scenario(self, text: str) -> None:
        """Open another scenario, through the picker if none is named."""
        from gradtui.tui.picker import Picker, open_session

        plain = self._session.problem.ascii
        if not text:
            self._host.stop()
            self._host.screen.app.push_screen(Picker(self._picked, self._host.keys, ascii=plain))
            return
        try:
            self.open_session(open_session(text, ascii=plain))
        except InputError as error:
            self._host.say(str(error).split("\n")[0])

    def open_session(self, session: Session) -> None:
        """Show another session and put the present one away."""
        self._saving.leave()
        self._host.show_session(session)
        self._saving.enter()

    def choose_theme(self, text: str) -> None:
        """Switch the colours: between light and dark, or to those named."""
        app = self._host.screen.app
        if app.native_ansi_color and not text:
            self._host.say("these are the terminal's own colours: its settings change them")
            return
        other = "light" if app.current_theme.dark else "dark"
        try:
            app.theme = find_theme(text or other)
        except InputError as error:
            self._host.say(error.message)
        else:
            self._host.say(f"colours: {text or other}")

    def show_help(self, topic: str = "") -> None:
        """Open the help, or what the manual says on a topic or of a name."""
        from gradtui.explain.manual import rows_on
        from gradtui.manual.pages import TOPICS
        from gradtui.tui.help import Help

        if topic and not rows_on(topic, self._host.screen.size.width):
            hint = did_you_mean(topic, TOPICS) or f": {', '.join(TOPICS)}"
            self._host.say(f"the manual has no topic '{topic}'{hint}")
            return
        self._host.screen.app.push_screen(Help(self._host.keys, topic))

    def _picked(self, session: Session | None) -> None:
        self._host.screen.app.pop_screen()
        if session is not None:
            self.open_session(session)
