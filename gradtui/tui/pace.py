"""Ongoing work in a debugger: playing, and computing ahead."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from gradtui.debugger.curves import last_drawn
from gradtui.debugger.frame import Frame
from gradtui.debugger.session import MAX_STEP
from gradtui.tui.background import Runner
from gradtui.tui.bars import Now
from gradtui.tui.host import Handlers, Host, Part, Work
from gradtui.tui.later import Seldom, call_after
from gradtui.tui.panels.loss import LossPanel
from gradtui.tui.playing import Playing

if TYPE_CHECKING:
    from asyncio import TimerHandle

_HELD = 0.05
"""Seconds between two frames while keys come faster than they can be shown."""
_SLICE = 0.008
"""Seconds of computing at a time: the longest that a key waits."""
_LITTLE = 0.001
"""Work shorter than this was only a check of threads."""
_WAIT, _LONGER, _LONGEST = 0.03, 1.3, 0.2
"""Seconds until the first check of threads, how much longer until each later one, and at most."""
_CALM = 0.06
"""Seconds after a key without computing, so that its result is painted first."""
_AT_ONCE = 0.004
"""Seconds of computing before a frame, so that it need not be shown twice."""
_WRITTEN = 0.01
"""Seconds after which a paint has been written by its own thread."""
_FAR = 20_000
"""From this many steps on, a jump takes long enough to be announced at once."""
_LEAPS = {
    "next": 1, "back": -1, "ten": 10, "ten-back": -10, "hundred": 100, "hundred-back": -100,
}  # fmt: skip
"""The id of a command -> the number of training steps that it moves by."""


class Pace(Part):
    """Plays a debugger's run and computes ahead, along with other background work."""

    def __init__(self, host: Host, work: Sequence[Work]) -> None:
        super().__init__(host)
        self._work = work
        self._playing, self._runner = Playing(host), Runner()
        self._computing: TimerHandle | None = None
        self._owed: TimerHandle | None = None
        self._target: int | None = None
        """The far step that a jump is heading for."""
        self._busy = 1
        """The number of parts with more to do, which share a slice."""
        self._calm = -math.inf
        """The time at which computing resumes."""
        self._wait = _WAIT
        """Seconds until the next check of threads."""
        self._checking = False
        """Whether the next slice is such a check, which may be a while away."""
        self._drawn: object = None
        self._seldom, self._told = Seldom(), Seldom()

    @property
    def handlers(self) -> Handlers:
        """What each of its commands does."""
        return {
            "goto": self.go_to,
            "first": lambda text: self.go(0),
            "last": lambda text: self.go(self._session.problem.steps),
            **{id: partial(self.leap, by) for id, by in _LEAPS.items()},
            **self._playing.handlers,
        }

    def give_way(self) -> None:
        """Hold back computing until the result of a key is painted."""
        self._calm = time.monotonic() + _CALM

    def show_soon(self) -> None:
        """Show the result together with those of the waiting keys."""
        if self._owed is None:
            self._owed = call_after(self._host.screen, _HELD, self._host.show_frame)

    def prepare(self) -> None:
        """Compute the curve's steps past the file's last one, if that is quick."""
        history, end = self._session.history, self._last_drawn + 1
        if history.known > self._session.problem.steps:
            self._reaches(end)

    def _reaches(self, step: int) -> bool:
        """Compute up to a step if that is quick; return whether it is then known."""
        history = self._session.history
        return history.soon(step, _AT_ONCE) and history.reach(step, _AT_ONCE)

    def shown(self, frame: Frame) -> None:
        """Continue after a frame: compute what it lacks."""
        if self._owed is not None:
            self._owed.cancel()
            self._owed = None
        self._seldom.start()
        self._drawn = self._session.curves.extent
        # After the paint, and its way to the terminal, which a working thread would hold up.
        screen, find_out = self._host.screen, partial(self._find_out, frame)
        screen.call_after_refresh(call_after, screen, _WRITTEN, find_out)

    def _find_out(self, frame: Frame) -> None:
        for work in self._work:
            work.begin(frame)
        if self._session.history.known <= self._last_drawn:
            self.ahead()

    @property
    def _last_drawn(self) -> int:
        return last_drawn(self._session.problem.steps, self._session.step)

    def stop(self) -> bool:
        """Stop playing, or computing towards a far step; return whether either was going on."""
        return any([self.stay(), self._playing.stop()])

    def stay(self) -> bool:
        """Cancel any pending jump; return whether there was one."""
        busy = [self._target is not None, *(work.stop() for work in self._work)]
        self._target = None
        return any(busy)

    def go_to(self, text: str) -> None:
        """Go to a step by its number, asking for it if there is none."""
        host = self._host
        if not text:
            hint = f"0 to {self._session.problem.steps:,}, or a later one"
            host.ask("go to step: ", self.go_to, hint=hint)
        elif not (text.isascii() and text.isdigit() and int(text[:12]) <= MAX_STEP):
            host.say(f"'{text}' is not a step: expected a whole number up to {MAX_STEP:,}")
        else:
            self.go(int(text))

    def leap(self, by: int, text: str = "") -> None:
        """Move by a number of training steps, from the target of a pending jump if there is one."""
        self.go((self._session.step if self._target is None else self._target) + by)

    def go(self, step: int) -> None:
        """Go to a training step; if that takes a while, the screen stays responsive."""
        target = min(max(step, 0), MAX_STEP)
        history, alone = self._session.history, self._session.problem.call is not None
        if alone or history.known > target or self._reaches(target + 1):
            self._host.do(lambda session: session.seek(step))
        else:
            self.stay()
            self._target = target
            if target - history.known > _FAR:
                self._tell(target)
            self.ahead()

    def _tell(self, target: int) -> None:
        """Show the progress towards a step, in the one row that tells of it."""
        known = self._session.history.known
        self._session.message = f"computing step {known:,} of {target:,}, Ctrl+C stops"
        self._host.show_in(Now)

    def open(self) -> None:
        """Compute a curve that takes only a moment, so that the first frame has all of it.

        Any other is computed after that.
        """
        history = self._session.history
        if history.known <= self._last_drawn and history.fitting(_SLICE):
            history.advance(1)  # the first step's time was nearly all for compiling it
        if self._last_drawn - history.known < history.fitting(_SLICE):
            self._compute_steps(_SLICE)

    def ahead(self) -> None:
        """Start computing: the curve, or the steps up to a far one."""
        if self._computing is None or self._checking:
            self._wait = _WAIT
            self._compute()

    def _compute(self) -> None:
        """Do a slice of the background work, and the next one soon if more is left."""
        began = time.monotonic()
        if self._computing is not None:
            self._computing.cancel()
        self._computing, self._checking, wait = None, False, self._calm - began
        if wait <= 0.0:
            if not self._compute_part():
                return
            wait = self._pause(time.monotonic() - began)
        if self._computing is None:
            self._computing = call_after(self._host.screen, wait, self._compute)

    def _pause(self, seconds: float) -> float:
        """Return the seconds until the next slice, after one of some length.

        The longer a thread has been at work, the longer it is left alone.
        """
        self._checking = seconds <= _LITTLE
        if not self._checking:
            return _LITTLE
        wait, self._wait = self._wait, min(self._wait * _LONGER, _LONGEST)
        return wait

    def _compute_part(self) -> bool:
        """Do a slice of the background work; return whether more is left."""
        share = _SLICE / self._busy
        left = [self._compute_steps(share), *(work.work(share) for work in self._work)]
        self._busy = max(1, sum(left))
        curves = self._session.curves.extent
        if curves != self._drawn and (not any(left) or self._seldom.due()):
            self._drawn = curves
            self._host.show_in(LossPanel)
        return any(left)

    def _compute_steps(self, seconds: float) -> bool:
        """Compute steps for a short time; return whether more are left."""
        host, history, target = self._host, self._session.history, self._target
        wanted = max(self._last_drawn, -1 if target is None else target) + 1
        known = history.known
        self._runner.reach(history, wanted, seconds)
        if history.known > known:
            self._wait = _WAIT  # a thread that had steps to deliver has others now
        if target is not None and history.known > target:
            host.do(lambda session: session.seek(target))
        elif target is not None and self._told.due():
            self._tell(target)
        return history.known < wanted
