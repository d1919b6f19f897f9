"""The Textual app: screens, signals, the palette. Routes commands and nothing else."""

from __future__ import annotations

import asyncio
import time
import traceback
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from rich.text import Text
from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.events import AppBlur, AppFocus, Event, Key, MouseEvent, Paste, Resize
from textual.filter import LineFilter, NoColor
from textual.screen import Screen
from textual.widget import AwaitMount

from gradtui.base.streams import tell
from gradtui.base.terminal import ANY, Display
from gradtui.base.text import clean
from gradtui.tui.commands import COMMANDS
from gradtui.tui.driver import Driver
from gradtui.tui.ending import Ending
from gradtui.tui.filters import AsciiFilter
from gradtui.tui.garbage import Garbage
from gradtui.tui.keys import Keys
from gradtui.tui.later import call_after, in_turns
from gradtui.tui.lean import LeanStylesheet
from gradtui.tui.link import LOST
from gradtui.tui.styles import complete
from gradtui.tui.themes import OWN_COLOURS, PALETTE, THEMES, height_colours
from gradtui.tui.typed import take_any_input
from gradtui.tui.wire import Wire

if TYPE_CHECKING:
    from textual.theme import Theme

    from gradtui.debugger.session import Session
    from gradtui.tui.debugger import Debugger

_TWICE = 1.0
"""Seconds within which a second Ctrl+C quits, if no other key comes between."""
_MOST_CELLS = 2_000_000
"""Largest window; a terminal may send its size as a sequence, and typed text may look like one."""
_FROM_TERMINAL = (Key, Paste, MouseEvent, Resize, AppFocus, AppBlur)


class GradtuiApp(App[int]):
    """The debugger in a terminal; its return value is the exit status."""

    CSS_PATH = "style.tcss"
    TITLE = "gradtui"
    ENABLE_COMMAND_PALETTE = True
    # Textual would select panels by their names, and its Ctrl+C, which copies those, is not used.
    ALLOW_SELECT = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+c", "interrupt", "stop, quit", show=False, priority=True),
        Binding("ctrl+z", "suspend_process", "suspend", show=False, priority=True),
    ]

    def __init__(
        self,
        session: Session | None = None,
        display: Display = ANY,
        keys: Keys | None = None,
        *,
        resume: bool = False,
        learn: bool = False,
    ) -> None:
        chosen = display.theme or (THEMES[0] if display.colours == "many" else PALETTE).name
        # The terminal's own colours, or none, stay as they are.
        own = chosen == PALETTE.name or display.colours == "none" or None
        self._display_as, self._themed = display, False
        super().__init__(Driver, watch_css=False, ansi_color=own)
        self.stylesheet = LeanStylesheet()
        # Two more parts of every screen, which nothing here fills.
        self._disable_tooltips = self._disable_notifications = True
        take_any_input()
        self._session, self._resume, self._learn = session, resume, learn
        self._debugger: Debugger | None = None
        self._keys = keys or Keys()
        self.set_keymap(self._keys.keymap)
        self._interrupted = -_TWICE
        self._wire, self._garbage = Wire(), Garbage()
        self._held_up: asyncio.TimerHandle | None = None
        self.ending = Ending(self.exit, self.save)
        for theme in THEMES:
            self.register_theme(theme)
        # Set before the first paint, because a change of theme styles everything again.
        self.set_reactive(App.theme, chosen)
        self._themed = True
        self.stylesheet.set_variables(self.get_css_variables())

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Return our own colour names for Textual's themes."""
        return OWN_COLOURS

    def get_theme(self, theme_name: str) -> Theme | None:
        """Return a theme; Textual, which asks hundreds of times in a paint, copies all of them."""
        return self._registered_themes.get(theme_name) or super().get_theme(theme_name)

    def get_css_variables(self) -> dict[str, str]:
        """Return the colours of the style sheet, with those of the surface's heights."""
        if not self._themed:
            return {}  # Textual's own theme, which comes first, is shown nowhere
        found = super().get_css_variables()
        # In 16 colours the bands would be patches of two or three greys: contours say it better.
        flat = self.current_theme.ansi or self._display_as.colours != "many"
        self.theme_variables = {**found, **height_colours(found, flat=flat)}
        return self.theme_variables

    async def refresh_css(self, animate: bool = False) -> None:  # type: ignore[override]
        """Show other colours, which are read and given to the parts in turns; called by Textual."""
        sheet = self.stylesheet
        assert isinstance(sheet, LeanStylesheet)
        with self.batch_update():
            await asyncio.sleep(0)
            await in_turns(sheet.changing(self.get_css_variables()))
            sheet.update_nodes([self])
            for screen in reversed(self.screen_stack):
                await in_turns(sheet.restyling(screen))
                screen._css_update_count = self._css_update_count
        self.screen.refresh(layout=True)

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Return the filters applied to every row before painting."""
        filters = list(super().get_line_filters())
        if self._display_as.colours == "none":
            filters.append(NoColor())
        if self._display_as.ascii:
            filters.append(AsciiFilter())
        return filters

    def get_default_screen(self) -> Screen[Any]:
        """Return the debugger, if there is a session yet.

        Pushed onto Textual's default screen, it would wait for that to be laid out and painted.
        """
        if self._session is None:
            return super().get_default_screen()
        # The picker starts without numpy and the panels, the debugger without the picker.
        from gradtui.tui.debugger import Debugger

        self._debugger = Debugger(self._session, self._keys, resume=self._resume)
        return self._debugger

    def _load_screen_css(self, screen: Screen[Any]) -> None:
        """Read the styles of other screens before the first of them; called by Textual."""
        complete(self)
        super()._load_screen_css(screen)

    def on_mount(self) -> None:
        """Let signals end the app; open the picker if there is no session."""
        self.ending.serve(asyncio.get_running_loop())
        self.app_resume_signal.subscribe(self, lambda app: self.action_repaint())
        if self._session is None:
            from gradtui.tui.picker import Picker

            ascii = self._display_as.ascii
            self.push_screen(Picker(self._chosen, self._keys, ascii=ascii, learn=self._learn))

    def on_ready(self) -> None:
        """Start collecting garbage at the first paint, sparing everything made before it."""
        self._garbage.begin()

    def save(self) -> str:
        """Save everything for the next start; return the reason of a failure, or an empty text."""
        if self._debugger is None:
            return ""
        if self._exception is None:
            self._debugger.saving.harmless()
        return self._debugger.saving.save()

    @contextmanager
    def suspend(self) -> Iterator[None]:
        """Give the terminal to another program, with the signals of its keys."""
        with self.ending.aside(), super().suspend():
            yield

    def _fatal_error(self) -> None:
        """Exit on an internal error: at once, in plain text, without the values of variables."""
        self.panic(Text(clean(traceback.format_exc(), newlines=True)))

    def _chosen(self, session: Session | None) -> None:
        """Open the debugger on the picker's choice; exit without one."""
        if session is None:
            self.exit(0)
        else:
            from gradtui.tui.debugger import Debugger

            self._debugger = Debugger(session, self._keys)
            self.switch_screen(self._debugger)

    def _display(self, screen: Screen[Any], renderable: Any) -> None:
        """Write a paint to the terminal, if it changes anything there; called by Textual."""
        driver, waits = self._driver, self._batch_count or not self._running
        if not isinstance(driver, Driver) or waits or renderable is None:
            super()._display(screen, renderable)
        elif driver.link.takes_more():
            renderable = self._wire.lean(renderable, self.console, self.cursor_position)
            super()._display(screen, renderable)
            if renderable is not None:
                driver.ask()
        elif self._held_up is None:
            self._held_up = call_after(self, LOST, self.on_answered)

    def on_answered(self) -> None:
        """Paint what was held back: everything that differs from the terminal's picture."""
        if self._held_up is not None:
            self._held_up.cancel()
            self._held_up = None
            self.screen.refresh()

    def action_repaint(self) -> None:
        """Paint the whole screen for the present size, whatever the terminal shows."""
        self.post_message(Resize(self.size, self.size))

    async def on_event(self, event: Event) -> None:
        """Handle each key before the next one is read; repaint everything at another size."""
        if (self._exit or not self.screen_stack) and isinstance(event, _FROM_TERMINAL):
            return  # the screens are closing, and a screen opened now would never get its parts
        if isinstance(event, Resize) and isinstance(self._driver, Driver):
            # Of many signals the first may arrive last, with the size read for it.
            size = self._driver.size_now(event.size)
            event = Resize(size, size)
        if isinstance(event, Resize) and event.size.area > _MOST_CELLS:
            return
        if isinstance(event, Key | Paste):
            await self._type(event)
        elif not isinstance(event, MouseEvent) or self._takes(event):
            await super().on_event(event)
        if isinstance(event, Resize):
            self._wire.forget()
            self.screen.refresh()

    def _takes(self, event: MouseEvent) -> bool:
        """Return whether the widget under the mouse, or the one holding it, will stay.

        A widget being removed stays laid out for a moment.  If it is pressed then, Textual gives it
        the focus for good, or fails at its missing parent; removed then, it keeps the mouse.
        """
        held = self.mouse_captured
        if held is not None and held._pruning:
            self.capture_mouse(None)
        return not any(found._pruning for found, _ in self.screen.get_widgets_at(event.x, event.y))

    async def _type(self, event: Key | Paste) -> None:
        """Pass a key to the focused input, or run its binding.

        Textual passes a key to the focused widget and takes it back if unused, each time through a
        queue: if the focus changed meanwhile, a later key was handled first, and an earlier Escape
        closed what that had opened.
        """
        from textual.widgets import Input  # takes a while: the first paint must not wait

        self.app_focus = True
        await self._opened()
        if self._exit:
            return
        field, text = self.focused, event.text if isinstance(event, Paste) else ""
        if isinstance(event, Key):
            if event.key != "ctrl+c":
                self._interrupted = -_TWICE  # any other key ends the wait for a second one
            if not await self._check_bindings(event.key, priority=True):
                if isinstance(field, Input) and event.is_printable:
                    text = event.character or ""
                    if self._is_meant_for_command(text):
                        field, text = None, ""
                        if not self._answers(event):
                            await self._check_bindings(event.key)
                elif not self._answers(event) and not await self._check_bindings(event.key):
                    self._tell_unused(event)
        if isinstance(field, Input) and text:
            field.replace(text, *field.selection)
        self._garbage.pause()
        await asyncio.sleep(0)  # other tasks get their turn, however many keys there are

    def _is_meant_for_command(self, char: str) -> bool:
        """Return whether a character typed into an input closes that, as the key of a command."""
        debugger = self._front(self.screen)
        return debugger is not None and debugger.yields(char)

    def _tell_unused(self, event: Key) -> None:
        """Say that a key has no meaning, so that it is seen to have arrived."""
        debugger = self._front(self.screen)
        if debugger is not None and self.screen is debugger and event.is_printable:
            key = clean(event.character or "")
            debugger.say(f"{key} does nothing here: {debugger.keys.first('help')} lists the keys")

    def _answers(self, event: Key) -> bool:
        """Return whether a key begins the answer to a lesson's question."""
        debugger = self._front(self.screen)
        return debugger is not None and debugger.lessons.take_key(event.key, event.character or "")

    async def _opened(self) -> None:
        """Wait until the screen opened by the last key is ready and has the focus."""
        screen = self.screen
        if not screen.is_mounted:
            await AwaitMount(screen, [screen])
        debugger = self._front(screen)
        if debugger is not None:
            debugger.pace.give_way()
            await debugger.opened()

    async def action_quit(self) -> None:
        """Quit by Textual's own key, with the debugger's question."""
        debugger = self._front(self.screen)
        if debugger is None:
            self.exit(0)
        else:
            debugger.action_run("quit")

    def action_interrupt(self) -> None:
        """Close any screen over the debugger, or else stop what runs; twice in a row, quit."""
        from gradtui.tui.prompt import leave_prompt

        screen, now = self.screen, time.monotonic()
        debugger = self._front(screen)
        if now - self._interrupted < _TWICE:
            self.exit(0)
            return
        self._interrupted, stopped = now, False
        if debugger is None:
            screen.dismiss(None)
        else:
            stopped = not leave_prompt(debugger) and debugger.interrupt()
        if self._debugger is not None:
            self._debugger.say(f"{'stopped: ' * stopped}press Ctrl+C again to quit")

    def action_command_palette(self) -> None:
        """Open the palette."""
        from gradtui.tui.palette import Palette

        if not isinstance(self.screen, Palette):
            self.push_screen(Palette())

    def _front(self, screen: Screen[Any]) -> Debugger | None:
        """Return the debugger, if that is the screen; the picker must not import it for that."""
        return self._debugger if screen is self._debugger else None

    def search_themes(self) -> None:
        """Open the palette of the themes."""
        from textual.command import SimpleProvider

        from gradtui.tui.palette import Palette

        names = sorted(self.available_themes)
        # Textual's own provider of them is made from its palette, which is left out at the start.
        themes = SimpleProvider(
            self.screen, [(name, partial(setattr, self, "theme", name)) for name in names]
        )
        providers = [themes]  # of instances its types know nothing, but it takes them
        self.push_screen(Palette(providers, placeholder="other colours"))  # type: ignore[arg-type]

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """Return the palette's entries: the debugger's commands and the theme."""
        debugger = self._front(screen)
        if debugger is not None:
            for command in COMMANDS:
                run = partial(debugger.action_run, command.id)
                keys = self._keys.shown(command.id) or f":{command.id}"
                yield SystemCommand(
                    f"{command.title}  ({keys})", self._keys.fill(command.help), run
                )
        yield SystemCommand("themes", "choose one of all colours", self.action_change_theme)


def run_app(
    session: Session | None, display: Display, keys: Keys, *, resume: bool = False,
    learn: bool = False,
) -> int:  # fmt: skip
    """Run the app until the user quits; return the exit status.

    With `resume` the session continues where it was left, with `learn` the course does.
    """
    app = GradtuiApp(session, display, keys, resume=resume, learn=learn)
    app.ending.watch()
    try:
        status = app.run(mouse=display.mouse)
    finally:
        trouble = app.save()
        app.ending.over()
    if trouble:
        tell(f"gradtui: {trouble}")
    return app.return_code or 0 if status is None else status
