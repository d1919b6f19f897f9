"""Keeps a debugger's sessions: saves during work, and offers to resume later."""

from __future__ import annotations

import asyncio
from functools import partial
from importlib import import_module
from threading import Thread
from typing import TYPE_CHECKING

from gradtui.base.failures import report_failure
from gradtui.base.source import InputError
from gradtui.base.text import clean
from gradtui.tui.host import Handlers, Host, Work
from gradtui.tui.later import Seldom, call_after

if TYPE_CHECKING:
    from gradtui.saving.snapshot import Resumption
    from gradtui.saving.store import Shelf
    from gradtui.scenario.problem import Problem

_NEEDED = "gradtui.saving.format", "gradtui.diagnosis.correction", "gradtui.saving.store"
"""Together they take longer than a key should wait."""
_CALM = 2.0
"""Seconds after a change until the session is saved, and after resuming until that has worked."""
_AT_ONCE = 0.2
"""Seconds of resuming at a time, between which the screen stays responsive."""
_SOON = 0.03
"""Seconds until the next look at whether a large scenario has changed."""
_NOTHING = "no session of this scenario is saved"


class Saving(Work):
    """Saves and resumes a debugger's sessions, so that none is lost.

    With `at_once`, the first one is resumed without being offered.
    """

    def __init__(self, host: Host, *, at_once: bool = False) -> None:
        super().__init__(host)
        self._at_once = at_once
        self._resuming: Resumption | None = None
        self._renewal: str | None = None
        """The message about the reloaded file, if that is the reason for resuming."""
        self._due, self._told = False, Seldom()
        self._trouble = ""
        self._shelves: dict[str, Shelf] = {}
        """Scenario -> its shelf, for all opened scenarios, including what could not be written."""
        self._begin()

    @property
    def handlers(self) -> Handlers:
        """What each of its commands does."""
        return {"resume": lambda text: self.resume(), "quit": lambda text: self.quit()}

    def _begin(self) -> None:
        self._problem, self._step = self._session.problem, self._session.step
        self._unusable = self._offered = ""

    @property
    def _passing(self) -> bool:
        """Whether nothing is kept of the session, because code that is run may change."""
        return self._session.problem.call is not None

    @property
    def _shelf(self) -> Shelf:
        """The shelf of the present scenario, not needed before the first paint."""
        from gradtui.saving.store import Shelf

        path = self._problem.path
        if path not in self._shelves:
            self._shelves[path] = Shelf(self._problem)
            self._shelves[path].begin(self._session, self._step)
        return self._shelves[path]

    async def start(self) -> None:
        """Import what the first look for a session needs, in several turns, and take it."""
        for name in _NEEDED:
            import_module(name)
            await asyncio.sleep(0)
        if self._host.screen.is_mounted:
            self.open()

    def open(self) -> None:
        """Offer to resume the scenario's last session, or do so."""
        if self._passing:
            return
        if self._at_once:
            self.resume()
            return
        self._find()
        self._make_offer(self._problem)

    def _make_offer(self, problem: Problem) -> None:
        """Offer to resume a scenario as soon as it is known whether that has changed."""
        if problem is not self._problem:
            return  # another one was opened meanwhile
        if not self._shelf.compared:
            call_after(self._host.screen, _SOON, partial(self._make_offer, problem))
            return
        self._offered = self._offer()
        if self._offered and not self._session.message:
            self._host.say(self._offered)

    @property
    def offers(self) -> bool:
        """Whether a last session is offered to be resumed."""
        return bool(self._offered) and self._offered != self._unusable

    def withdraw(self) -> bool:
        """Take back the offer to resume; return whether it was still shown."""
        shown = bool(self._offered) and self._session.message == self._offered
        if shown:
            self._session.message = ""
        self._offered = ""
        return shown

    def _find(self) -> None:
        """Look for the scenario's last session, the first time."""
        try:
            self._shelf.find()
        except InputError as error:
            self._unusable = f"nothing is resumed: {clean(error.message)}"

    def _offer(self) -> str:
        """Return the message that offers to resume, if there is anything."""
        from gradtui.saving.store import described, is_untouched

        if not self._shelf.places:
            return self._unusable
        if is_untouched(self._shelf.places[0]):
            return ""
        key = self._host.keys.first("resume")
        same = self._shelf.same
        does = f"{key} resumes there" if same else f"it has changed since; {key} resumes what fits"
        parts = len(self._session.branches.root.problem.lessons)
        return f"left {described(self._shelf.places[0], parts)}: {does}"

    def resume(self) -> None:
        """Go to the place where the scenario was left; repeat to go back."""
        from gradtui.saving.snapshot import Resumption
        from gradtui.scenario.load import load_problem

        self._at_once = False
        self._find()
        if not self._shelf.places:
            self._host.say(self._unusable or _NOTHING)
            return
        try:
            problem = load_problem(self._problem.path, ascii=self._problem.ascii)
        except InputError as error:
            self._host.say(f"nothing is resumed: {str(error).splitlines()[0]}")
            return
        self._shelf.begin_trial()
        self._start(Resumption(problem, self._shelf.places[0]), None)

    def renew(self, problem: Problem, said: str) -> None:
        """Continue at the same place with another version of the scenario, as far as possible."""
        from gradtui.saving.snapshot import Resumption, take_snapshot

        self._start(Resumption(problem, take_snapshot(self._session)), said)

    def _start(self, resumption: Resumption, renewal: str | None) -> None:
        self._host.stop()
        self._resuming, self._renewal = resumption, renewal
        if self._go_on(_AT_ONCE):
            self._host.ahead()

    def work(self, seconds: float) -> bool:
        """Continue resuming; return whether more is left."""
        return self._resuming is not None and self._go_on(seconds)

    def stop(self) -> bool:
        """Stop resuming; return whether that was going on.

        With another version of the scenario, the place reached stays: the old version is gone.
        """
        stopped, self._resuming = self._resuming, None
        if stopped is not None:
            self.harmless()
        if stopped is not None and self._renewal is not None:
            self._arrive(stopped)
        return stopped is not None

    def _go_on(self, seconds: float) -> bool:
        resumption = self._resuming
        assert resumption is not None
        try:
            more = resumption.run(seconds)
        except Exception as error:
            self._resuming = None
            self._host.say(self._failed(error))
            return False
        if more and self._told.due():
            doing = "resuming" if self._renewal is None else self._renewal
            self._host.say(f"{doing}, {resumption.computing}; Ctrl+C stops")
        if more:
            return True
        self._resuming = None
        self._arrive(resumption)
        return False

    def _failed(self, error: Exception) -> str:
        """Return the message about a session that could not be resumed or reloaded."""
        if self._renewal is not None:
            return report_failure("the file could not be loaded again", error)
        return report_failure(
            f"the session could not be resumed and {self._shelf.set_aside()}", error
        )

    def harmless(self) -> None:
        """Note that the resumed session did not crash gradtui."""
        if self._resuming is None:
            for shelf in self._shelves.values():
                shelf.end_trial()

    def _arrive(self, resumption: Resumption) -> None:
        session, renewal = resumption.session, self._renewal
        lost = "".join(f"; {text}" for text in resumption.lost)
        if renewal is None:
            self._shelf.turn(self._session)
            key = self._host.keys.first("resume")
            session.message = f"resumed at step {session.step:,}{lost}; {key} goes back"
            self._host.show_session(session)
            call_after(self._host.screen, _CALM, self.harmless)
        else:
            session.message = renewal + lost
            session.seen = self._session.seen
            self._host.renew_session(session)

    def changed(self) -> None:
        """Save the session soon, because something may have changed."""
        if self._passing:
            return
        if not self._due and self._host.screen.is_mounted:
            self._due = True
            call_after(self._host.screen, _CALM, self._save_soon)

    def _save_soon(self) -> None:
        self._due = False
        self._find()
        if self._shelf.look(self._session):
            Thread(target=self._save_aside, args=(self._shelf,), daemon=True).start()

    def _save_aside(self, shelf: Shelf) -> None:
        """Write in a thread, because the disk may be slow."""
        try:
            trouble = shelf.write()
        except Exception as error:
            trouble = report_failure("the session could not be saved", error)
        if trouble and trouble != self._trouble:
            self._host.screen.call_later(self._host.say, trouble)
        self._trouble = trouble

    def save(self) -> str:
        """Save the session, and earlier unsaved ones; return the reason if that fails."""
        if self._passing:
            return ""
        self._find()
        self._shelf.look(self._session)
        troubles = [shelf.write() for shelf in self._shelves.values()]
        return next(filter(None, troubles), "")

    def quit(self) -> None:
        """Quit, but ask if there are branches, and say whether they would be lost."""
        kept = self._session.branches.kept
        if not kept:
            self._host.screen.app.exit()
            return
        what = f"branch '{kept[0].name}'" if len(kept) == 1 else f"{len(kept)} branches"
        trouble = self.save()
        if trouble:
            self._host.say(trouble)
        first = self._host.keys.first
        does = f"loses {what}" if trouble else f"keeps {what}: {first('resume')} brings it back"
        yes, no = first("question-yes"), first("question-no")
        self._host.confirm(f"quit?  {yes} quits and {does}   {no} stays", self._quit)

    def _quit(self, yes: bool) -> None:
        if yes:
            self._host.screen.app.exit()

    def leave(self) -> None:
        """Put the session away, as another one is opened."""
        if self._passing:
            return
        self.save()
        self._shelf.put(self._session)

    def enter(self) -> None:
        """Begin with another session and offer to resume its scenario's last one."""
        self._begin()
        if not self._passing and self._problem.path in self._shelves:
            self._shelf.begin(self._session, self._step)
        self.open()
