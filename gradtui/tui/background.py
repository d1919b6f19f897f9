"""Background threads: examine runs, measure curvature, compute states."""

from __future__ import annotations

from threading import Thread

from gradtui.base.failures import report_failure
from gradtui.debugger.frame import Frame
from gradtui.debugger.investigation import COMPUTING
from gradtui.debugger.session import Session
from gradtui.engine.history import History, Leg

_LEG = 0.1
"""Seconds of a thread's steps, which are delivered together."""


class _Preparing(Thread):
    """Computes the states around a step."""

    def __init__(self, ahead: History, step: int, leap: int) -> None:
        super().__init__(daemon=True)
        self._ahead, self._step, self._leap = ahead, step, leap
        self.failed = ""

    def run(self) -> None:
        try:
            self._ahead.prepare(self._step, self._leap)
        except Exception as error:
            self.failed = report_failure(f"the steps near {self._step:,} were not computed", error)


class _Running(Thread):
    """Computes some steps of a run, without keeping them."""

    def __init__(self, history: History, count: int) -> None:
        super().__init__(daemon=True)
        self._history, self._ahead, self._count = history, history.snapshot(), count
        self._leg: Leg | None = None
        self._error: BaseException | None = None

    def run(self) -> None:
        try:
            self._leg = self._ahead.leg(self._count)
        except BaseException as error:
            self._error = error

    def deliver(self) -> None:
        """Keep the steps; raises what the thread could not handle."""
        if self._error is not None:
            raise self._error
        assert self._leg is not None
        self._history.append(self._leg)


class Runner:
    """Computes runs: for a short time, or in a thread where a single step takes longer."""

    def __init__(self) -> None:
        self._running: _Running | None = None

    def reach(self, history: History, step: int, seconds: float) -> None:
        """Compute towards a step of a run for a short time."""
        if self._running is not None:
            if self._running.is_alive():
                return
            running, self._running = self._running, None
            running.deliver()
        missing = step - history.known
        if missing <= 0:
            return
        if history.fitting(seconds):
            history.reach(step, seconds)
        else:
            # The last step by itself, so that the state before it stays at hand.
            count = max(1, min(missing - 1, history.fitting(_LEG)))
            self._running = _Running(history, count)
            self._running.start()


class Background:
    """At most one thread each, to examine a session's run, to measure a step, to compute states."""

    def __init__(self) -> None:
        self._looking: Thread | None = None
        self._measuring: tuple[int | None, Thread] | None = None
        """The step shown while the one after it is measured; None while it is measured itself."""
        self._preparing: tuple[History, History, _Preparing] | None = None
        self._unprepared: History | None = None
        """The run whose states could not be computed, which is not tried again."""
        self._judged = False
        self.measured = False
        """Whether a step's curvature has become known since the last call."""
        self.failed = ""
        """The message about a failed thread, given once."""

    @property
    def busy(self) -> bool:
        """Whether a thread is at work."""
        return any((self._looking, self._measuring, self._preparing))

    def measure(self, session: Session, frame: Frame) -> bool:
        """Measure the curvature at a frame's step, or where the last move leads once more.

        Return whether a thread began to; it does not if both are known.
        """
        if self._measuring is not None or frame.problem is not session.problem:
            return False  # while it waited for the paint, another scenario may have been opened
        found, tape, shown = session.investigation, frame.tape, None
        if frame.known.gauge != COMPUTING:
            onward = session.step + session.leap
            if not session.leap or not 0 <= onward < session.history.known or not found.ahead:
                return False
            tape, shown = session.tape(onward), session.step
            if not found.lacks(tape):
                return False
        thread = Thread(target=lambda: found.measure(tape), daemon=True)
        self._measuring = shown, thread
        thread.start()
        return True

    def prepare(self, session: Session) -> bool:
        """Compute the states that a key may lead to next; return whether that takes a while."""
        if self._preparing is not None:
            return False
        step, leap = session.step, session.leap
        history = session.history.owner(step)
        ahead = None if history is self._unprepared else history.ahead(step, leap)
        if ahead is None:
            return False
        thread = _Preparing(ahead, step, leap)
        self._preparing = history, ahead, thread
        thread.start()
        return True

    def poll(self, session: Session) -> tuple[bool, bool]:
        """Return whether a thread is at work, and whether there is news to show.

        `measured` is no news: only one place shows it.
        """
        self.failed, news, self.measured = "", False, False
        if self._measuring is not None and not self._measuring[1].is_alive():
            shown, self._measuring = self._measuring[0], None
            self.measured = shown != session.step  # no key has led to the measured one yet
        if self._preparing is not None and not self._preparing[2].is_alive():
            history, ahead, thread = self._preparing
            self._preparing, self.failed = None, thread.failed
            if thread.failed:
                self._unprepared = history
            else:
                history.take(ahead)
                self.prepare(session)
        investigation = session.investigation
        investigation.version.look_in()
        judged = investigation.judgement is not None
        news, self._judged = news or judged != self._judged, judged
        if self._looking is not None and not self._looking.is_alive():
            self._looking, news = None, True
        if self._looking is None and investigation.unknown and investigation.ready:
            self._looking = Thread(target=investigation.look, daemon=True)
            self._looking.start()
        return self.busy or bool(investigation.unknown), news
