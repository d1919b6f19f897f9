"""What goes on by itself in a debugger: playing, and computing what is not known yet."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from gradtui.debugger.curves import last_drawn
from gradtui.debugger.frame import Frame
from gradtui.debugger.session import MAX_STEP
from gradtui.tui.host import Handlers, Host, Part, Work
from gradtui.tui.panels.loss import LossPanel
from gradtui.tui.playing import Playing

if TYPE_CHECKING:
    from textual.timer import Timer

_HELD = 0.05
"""Seconds between two frames while keys come faster than they are shown."""
_AHEAD, _EVERY = 0.02, 0.03
"""Seconds of computing ahead at a time, so that no key waits longer; between two starts."""
_AT_ONCE = 0.004
"""Seconds of computing before a frame is shown, so that it need not be shown twice."""
_TRAVEL = 0.2
"""Seconds of computing at a time on the way to a far step."""
_FAR = 20_000
"""Steps that are computed at once when one goes to a step."""


class Pace(Part):
    """Plays a debugger's run and computes ahead of it, besides what else is to be done."""

    def __init__(self, host: Host, work: Sequence[Work]) -> None:
        super().__init__(host)
        self._work = work
        self._playing = Playing(host)
        self._computing: Timer | None = None
        self._owed: Timer | None = None
        self._target: int | None = None
        """The far step on the way to which everything else waits."""

    @property
    def handlers(self) -> Handlers:
        """What each of its commands does."""
        return {"goto": self.go_to, **self._playing.handlers}

    def show_soon(self) -> None:
        """Show what is come to together with what the keys that wait come to."""
        if self._owed is None:
            self._owed = self._host.screen.set_timer(_HELD, self._host.show_frame)

    def prepare(self) -> None:
        """Compute the steps of the curve beyond the file's last one, if that takes no time."""
        history, until = self._session.history, time.monotonic() + _AT_ONCE
        if history.known > self._session.problem.steps:
            while history.known <= self._last_drawn and time.monotonic() < until:
                history.advance(1)

    def shown(self, frame: Frame) -> None:
        """Go on from a frame that is shown: find out what it does not know."""
        if self._owed is not None:
            self._owed.stop()
            self._owed = None
        # After the paint, which a thread at work would hold up.
        self._host.screen.call_after_refresh(self._find_out, frame)

    def _find_out(self, frame: Frame) -> None:
        for work in self._work:
            work.begin(frame)
        if self._session.history.known <= self._last_drawn:
            self.ahead()

    @property
    def _last_drawn(self) -> int:
        return last_drawn(self._session.problem.steps, self._session.step)

    def stop(self) -> bool:
        """Stop playing, or computing up to a far step; return whether it was."""
        return any([self.stay(), self._playing.stop()])

    def stay(self) -> bool:
        """Be on the way to nowhere any more; return whether it was."""
        busy = [self._target is not None, *(work.stop() for work in self._work)]
        self._target = None
        return any(busy)

    def go_to(self, text: str) -> None:
        """Go to a step by its number, asking for it if there is none."""
        host = self._host
        if not text:
            host.ask("go to step: ", self.go_to)
        elif not (text.isascii() and text.isdigit() and int(text[:12]) <= MAX_STEP):
            host.say(f"'{text}' is not a step: expected a whole number up to {MAX_STEP:,}")
        elif int(text) - self._session.history.known > _FAR:
            self._target = int(text)
            self.ahead()
        else:
            host.do(lambda session: session.seek(int(text)))

    def ahead(self) -> None:
        """Start computing what is not known yet: the curve, or the steps up to a far one."""
        if self._computing is None and self._compute_part():
            self._computing = self._host.screen.set_interval(_EVERY, self._compute_more)

    def _compute_more(self) -> None:
        if not self._compute_part() and self._computing is not None:
            self._computing.stop()
            self._computing = None

    def _compute_part(self) -> bool:
        """Do a part of what there is to do meanwhile; return whether more is left."""
        return any([self._compute_steps(), *(work.work() for work in self._work)])

    def _compute_steps(self) -> bool:
        """Compute steps for a short while; return whether more are left."""
        host, history, target = self._host, self._session.history, self._target
        wanted = max(self._last_drawn, -1 if target is None else target) + 1
        before = history.known
        history.reach(wanted, _AHEAD if target is None else _TRAVEL)
        if target is not None and history.known > target:
            host.do(lambda session: session.seek(target))
        elif target is not None:
            host.say(f"computing step {history.known:,} of {target:,}, Ctrl+C stops")
        elif history.known > before:
            host.show_in(LossPanel)
        return history.known < wanted
