"""The files of a session as they change: reloading, and what is wrong with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradtui.scenario.files import Watch, files_of
from gradtui.source import InputError

if TYPE_CHECKING:
    from gradtui.tui.debugger import Debugger

_EVERY, _SOON = 0.3, 0.1
"""Seconds between two looks at the files; until the second look at a change."""


class Live:
    """Watches the files of a debugger's session and loads them again when they change."""

    def __init__(self, debugger: Debugger) -> None:
        self._debugger = debugger
        self._watch = Watch(debugger.session.problem.files)

    def start(self) -> None:
        """Begin to look at the files."""
        self._debugger.set_interval(_EVERY, self._look)

    def watch(self) -> None:
        """Watch the files of another session."""
        self._watch = Watch(self._debugger.session.problem.files)

    def _look(self) -> None:
        if self._watch.changed():
            self.reload("the file has changed and is loaded again")
        elif self._watch.settling:
            self._debugger.set_timer(_SOON, self._look_again)

    def _look_again(self) -> None:
        if self._watch.settling:
            self._look()

    def reload(self, said: str) -> None:
        """Load the scenario again; if it is unusable, say so and go on with what there is."""
        from gradtui.scenario.load import load_problem

        debugger, session = self._debugger, self._debugger.session
        path = session.problem.path
        try:
            problem = load_problem(path)
        except InputError as error:
            self._watch.watch({*session.problem.files, *files_of(path)})
            session.trouble = str(error)
            debugger.show_frame()
            return
        self._watch.watch(problem.files)
        session.trouble = ""
        debugger.adopt(problem, said)
