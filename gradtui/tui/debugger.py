"""The debugger's screen: routes commands to the session and its frames to the panels."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.events import ScreenResume
from textual.widget import AwaitMount, Widget

from gradtui.base.source import did_you_mean
from gradtui.base.text import clean
from gradtui.debugger.frame import Frame
from gradtui.debugger.session import SINGLE, Session
from gradtui.tui.around import Around
from gradtui.tui.bars import Bar, Footer, Header, Now, Timeline, Trouble
from gradtui.tui.body import Body
from gradtui.tui.commands import COMMANDS, OF_A_RUN, Command, find_command
from gradtui.tui.copying import Copying
from gradtui.tui.foresight import Foresight
from gradtui.tui.host import Handlers, joined
from gradtui.tui.keys import SCREEN, Keys
from gradtui.tui.lean import LeanScreen
from gradtui.tui.lessons import Lessons
from gradtui.tui.live import Live
from gradtui.tui.moves import Moves
from gradtui.tui.pace import Pace
from gradtui.tui.panels import panel_types
from gradtui.tui.panels.base import Panel
from gradtui.tui.panels.graph import GraphPanel
from gradtui.tui.room import Room
from gradtui.tui.saving import Saving
from gradtui.tui.shortcuts import bindings
from gradtui.tui.styles import HEIGHTS, WIDTHS, complete, size_classes
from gradtui.tui.trials import Trials
from gradtui.tui.walk import Walk

_PANELS = panel_types()
_COMPUTED = r"[][()+*/@<>=]"
"""Signs that an expression has, and no command's name."""


def _action(command: Command) -> str:
    """Return Textual's action for a command; a lesson takes Enter first."""
    return f"{'enter' if 'enter' in command.keys else 'run'}('{command.id}')"


class Debugger(LeanScreen):
    """A session on the screen."""

    HORIZONTAL_BREAKPOINTS = WIDTHS
    VERTICAL_BREAKPOINTS = HEIGHTS
    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            Binding(",".join(command.keys), _action(command), command.title, id=command.id)
            for command in COMMANDS
        ),
        *bindings(SCREEN),
    ]

    def __init__(self, session: Session, keys: Keys, *, resume: bool = False) -> None:
        super().__init__()
        self.session, self.keys = session, keys
        self._opening: Widget | None = None
        self._used = set[str]()
        """The commands run so far, which are not hinted at again."""
        self._parts: tuple[Bar | Trouble | Panel, ...] = ()
        self._finding = False
        """Whether the next finding is to be brought into view, even if it is the same."""
        self._chosen: int | None = None
        """The finding shown last."""
        self.walk, self.trials = Walk(self), Trials(self)
        self.saving = Saving(self, at_once=resume)
        self.live = Live(self, self.saving, self.trials)
        work = self.walk, self.trials, self.saving, Foresight(self)
        self.pace, self.lessons = Pace(self, work), Lessons(self)
        self.around, self.room = Around(self, self.saving), Room(self)
        others = self.live, self.pace, self.lessons, self.around, self.room
        parts = *work, *others, Moves(self), Copying(self)
        self._handlers = joined(self.handlers, *(part.handlers for part in parts))

    @property
    def handlers(self) -> Handlers:
        """The handlers of the screen's own commands."""
        return {
            "list": lambda text: self.query_one(GraphPanel).toggle_list(),
            "finding": lambda text: self.next_finding(),
            "repaint": lambda text: self.call_later(self.app.run_action, "repaint"),
            "command": lambda text: self._ask_command(),
            "message": lambda text: self._show_message(),
        }

    def compose(self) -> ComposeResult:
        """Make the panels."""
        # Set from the start, all classes save every part a second styling and painting.
        self.add_class(*size_classes(self.app.size), update=False)
        self._take(self.session, update=False)
        complete(self.app, self.classes)
        yield Header()
        with Body(id="body"):
            for key, panel in enumerate(_PANELS, 1):
                yield panel(key, self.keys.fill)
        yield Trouble()
        yield Now(self.keys, self._used)
        yield Timeline(self.keys)
        yield Footer(self.keys, lambda: self.saving.offers)

    def update_node_styles(self, animate: bool = True) -> None:
        """Style the parts by the present classes; called by Textual when they change."""
        complete(self.app, self.classes)
        super().update_node_styles(animate)

    def on_mount(self) -> None:
        """Show the first frame and start computing ahead."""
        if not self.query(Panel):
            return  # the app was told to end before the screen was ready, and makes no parts
        self._arrange()
        self._show()
        self.call_after_refresh(self._start)
        self.live.start()

    async def _start(self) -> None:
        """Start what the first paint did without, each part in a turn of its own."""
        await asyncio.sleep(0)
        self.walk.start()
        await asyncio.sleep(0)
        await self.saving.start()
        await asyncio.sleep(0)
        await self.around.start()

    def on_screen_resume(self, event: ScreenResume) -> None:
        """Style nothing again before the first layout; called by Textual."""
        event.refresh_styles = event.refresh_styles and bool(self.outer_size)

    def show_frame(self) -> None:
        """Show the session's frame in every part."""
        self.pace.prepare()
        self.lessons.look()
        frame = self.session.frame
        moved = self.room.make(frame.looked)
        chosen = frame.known.chosen
        if chosen is not None and (self._finding or chosen != self._chosen):
            self._finding = False
            self.add_class("-found")
        self._chosen = chosen
        if not self._parts:
            self._parts = (*self.query(Bar), self.query_one(Trouble), *self.query(Panel))
        for part in self._parts:
            part.show_frame(frame, later=moved)
        self.pace.shown(frame)
        self.saving.changed()

    def show_in(self, widget: type[Bar] | type[Panel]) -> Frame:
        """Show the session's frame in one widget only, once the screen is ready; return it."""
        frame = self.session.frame
        if self.is_mounted:
            self.query_one(widget).show_frame(frame)
        return frame

    def ahead(self) -> None:
        """Start the background work that is now needed."""
        self.pace.ahead()

    def stop(self) -> bool:
        """Stop playing and anything else that the user waits for; return whether there was any."""
        return self.pace.stop()

    def interrupt(self) -> bool:
        """Stop whatever is going on, a search too; return whether there was anything."""
        return any([self.stop(), self.session.investigation.stop_search()])

    def come_forward(self, view: str) -> bool:
        """Give a large view the room that another one took; return whether one did."""
        return self.room.come_forward(view)

    def do(self, command: Callable[[Session], object]) -> None:
        """Let the session do something, then show the result."""
        self.pace.stay()
        self.session.message = ""
        views = self._views
        command(self.session)
        # If more keys are waiting, as while one is held down, they share a frame.
        if views != self._views or not self.app.message_queue_size:
            self.show_frame()
        else:
            self.pace.show_soon()

    @property
    def _views(self) -> tuple[bool, ...]:
        """The views that take over the room, and the keys, of panels."""
        session = self.session
        views = session.selection.lens, session.selection.jacobian, session.surface.window
        return tuple(view is not None for view in views)

    def say(self, message: str) -> None:
        """Show a message until the next command."""
        self.session.message = message
        self.show_frame()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Refuse commands before the screen is ready, or while the app leaves it.

        Called by Textual.
        """
        there = self.is_mounted and self.is_attached
        return there and super().check_action(action, parameters)

    def action_enter(self, id: str) -> None:
        """Go on in the lesson, or run Enter's command without one."""
        if self.session.guide is not None:
            self.uncover_notes()
        if not self.lessons.take_enter():
            self.action_run(id)

    def uncover_notes(self) -> None:
        """Let a large view give way to the panel of notes."""
        if not self.query_one("#notes").display:
            self.room.zoom(None)

    def action_run(self, id: str, text: str = "") -> None:
        """Run a command by its id, with its argument from the command line."""
        if self.session.problem.call is not None and id in OF_A_RUN:
            self.say(SINGLE)
            return
        if held := self.lessons.held(id):
            self.say(held)
            return
        self._used.add(id)
        if id not in ("repaint", "message"):
            self._withdraw_offer()
        self._handlers[id](text)

    def _withdraw_offer(self) -> None:
        """Take back the offer to resume, as the user does something else."""
        if self.saving.withdraw():
            self.show_in(Now)
            self.show_in(Footer)

    def on_descendant_focus(self) -> None:
        """Show the keys of the focused panel; called by Textual."""
        self.room.name_keys()

    def on_resize(self) -> None:
        """Name the panels that this size hides; called by Textual."""
        self.call_after_refresh(self.room.name_keys)

    def tried(self, id: str) -> bool:
        """Return whether a command was used, so that it needs no hint."""
        return id in self._used

    async def opened(self) -> None:
        """Wait until the input opened last is ready."""
        opening, self._opening = self._opening, None
        if opening is not None and not opening.is_mounted:
            await AwaitMount(self, [opening])

    def action_panel(self, index: int) -> None:
        """Focus a panel; one that this size hides is zoomed."""
        self._withdraw_offer()
        self.room.go_to(self.query_one(f"#{_PANELS[index].NAME.lower()}", Panel))

    def action_select(self, node: int) -> None:
        """Select a node by the mouse."""
        self.do(lambda session: session.selection.select(node))

    def action_escape(self) -> None:
        """Close whatever is open."""
        self._withdraw_offer()
        selection = self.session.selection
        if selection.leave():
            self.show_frame()
        elif self.has_class("-zoomed"):
            self.room.zoom(None)
        elif self.has_class("-found") and not self.query_one("#loss").display:
            self.remove_class("-found")
        else:
            followed = selection.follow()
            if self.lessons.step_aside() or followed:
                self.show_frame()

    def next_finding(self) -> None:
        """Go to the next finding; a zoomed panel of findings makes room for the others."""
        if self.query_one("#notes").has_class("-zoom"):
            self.room.zoom(None)
        self._finding = True
        self.walk.next_finding()

    def _ask_command(self) -> None:
        """Open the command line over the list of commands."""
        from gradtui.tui.listing import Listing, complete_command

        first = clean(self.session.problem.graph.parameters[0].name)
        example = f"grad({first})"
        self.ask(
            ":", self.run_line,
            complete=partial(complete_command, keys=self.keys, example=example),
            listing=Listing(f"↑ ↓ choose  Tab completes  or an expression, such as {example}"),
        )  # fmt: skip

    def _show_message(self) -> None:
        """Show the message, or the sentence, of the moment whole."""
        from gradtui.tui.message import Message

        if text := self.query_one(Now).whole:
            self.app.push_screen(Message(text, self.keys))

    def run_line(self, text: str) -> None:
        """Run a line of the command line: a command's name and its argument."""
        from gradtui.debugger.inspection import is_value

        name, _, argument = text.strip().partition(" ")
        if name.isascii() and name.isdigit():
            self.action_run("goto", name)
            return
        command = find_command(name)
        if command is None and (re.search(_COMPUTED, text) or is_value(text, self.session)):
            self.action_run("print", text)
        elif command is None:
            names = [command.id for command in COMMANDS]
            self.say(f"no command is called '{name}'" + did_you_mean(name, names))
        elif argument and not command.argument:
            self.say(f"{command.id} takes nothing after it")
        else:
            self.action_run(command.id, argument.strip())

    def open_scenario(self, text: str) -> None:
        """Open another scenario, in the picker if none is named."""
        self.around.open_scenario(text)

    def show_session(self, session: Session) -> None:
        """Show another session."""
        self._take(session)
        self.live.watch()
        self._arrange()
        self._show()

    def renew_session(self, session: Session) -> None:
        """Show a session that continues this one; the focus stays where it is."""
        self._take(session)
        self._show()

    def _take(self, session: Session, *, update: bool = True) -> None:
        self.pace.stop()
        if session is not self.session:
            self.session.investigation.stop_search()
        self.session = session
        self.lessons.begin()
        self._finding, self._chosen = False, session.investigation.number
        self.set_class(False, "-found", update=update)
        self.set_class(session.guide is not None, "-lesson", update=update)
        self.set_class(session.problem.by_hand, "-by-hand", update=update)
        self.set_class(session.problem.call is not None, "-call", update=update)

    def _show(self) -> None:
        self.pace.open()
        self.walk.open()
        self.show_frame()
        self.call_after_refresh(self.ahead)

    def _arrange(self) -> None:
        """Focus a visible panel."""
        self.room.give_keys(self.query_one("#notes" if self._graph_is_left_out() else "#graph"))

    def _graph_is_left_out(self) -> bool:
        return self.session.problem.by_hand and "-low" in size_classes(self.app.size)

    def ask(
        self, label: str, answer: Callable[[str], None], value: str = "", **options: Any
    ) -> None:
        """Open the prompt; the options are the prompt's."""
        from gradtui.tui.prompt import Prompt, leave_prompt

        if not self.is_attached:
            return  # a table had asked for it, and the app was told to end before the table closed
        leave_prompt(self)
        self._open(Prompt(label, answer, value, **options))

    def yields(self, char: str) -> bool:
        """Close an empty input that gives way to the key of a command; return whether one did."""
        from gradtui.tui.prompt import Prompt

        return any(prompt.yields(char) for prompt in self.query(Prompt))

    def confirm(self, question: str, answer: Callable[[bool], None]) -> None:
        """Ask a yes-or-no question, answered by one key."""
        from gradtui.tui.prompt import Question, leave_prompt

        leave_prompt(self)
        self._open(Question(question, answer))

    def _open(self, asking: Widget) -> None:
        self._opening = asking
        self.mount(asking, before=0)
