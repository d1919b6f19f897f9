"""Playing a run, in steps or in operations, at any pace, up to a breakpoint or an error."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from gradtui.base.text import number
from gradtui.debugger.session import Session
from gradtui.tui.bars import PLAYING, Now
from gradtui.tui.host import Handlers, Host, Part

if TYPE_CHECKING:
    from textual.timer import Timer

_STEP, _MOMENT = 0.15, 0.3
"""Seconds between two steps at the usual pace, between two moments of a step."""
_WHOLE = 60
"""Most seconds for a whole run at the usual pace: a long run is played in leaps."""
_FRAME = 0.1
"""Fewest seconds between two frames: a faster pace leaps."""
_SLOWEST, _FASTEST = -4, 6
"""Most halvings and doublings of the usual pace."""


class Playing(Part):
    """Plays a debugger's run: its steps, or its moments from inside a step."""

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self._timer: Timer | None = None
        self._pace = 0
        """Doublings of the usual pace, kept for the next time."""
        self._by_moments = False
        self._stopped_at: tuple[int, int] | None = None
        """The place at which a breakpoint or an error stopped it: it goes on as it came."""

    @property
    def handlers(self) -> Handlers:
        """What each of its commands does."""
        return {
            "play": lambda text: self.toggle(),
            "slower": lambda text: self.change(-1),
            "faster": lambda text: self.change(1),
        }

    def toggle(self) -> None:
        """Play from here, or stop."""
        if self.stop():
            self._host.say("")
            return
        session = self._session
        if (session.step, session.position) != self._stopped_at:
            inside = session.position != session.order.backward
            self._by_moments = inside or session.problem.call is not None
        if not self._by_moments and session.step >= session.problem.steps:
            first = self._host.keys.first("first")
            self._host.say(f"this is the end of the run: {first} goes to its first step")
            return
        self._play()
        self._host.say(self.told)

    def stop(self) -> bool:
        """Stop; return whether it was playing."""
        playing = self._timer is not None
        if self._timer is not None:
            self._timer.stop()
        self._timer = None
        self._host.screen.remove_class(PLAYING, update=False)
        self._tell("")
        return playing

    def change(self, by: int) -> None:
        """Halve or double the pace, for the next time if nothing is playing."""
        self._pace = max(_SLOWEST, min(self._pace + by, _FASTEST))
        if self.stop():
            self._play()
        self._host.say(self.told)

    @property
    def told(self) -> str:
        """The text on what is playing, and how fast."""
        leap = self._beat[1]
        leaps = f", {leap:,} at a time" if leap > 1 else ""
        slower, faster = map(self._host.keys.first, ("slower", "faster"))
        return f"{self._rate}{leaps}: {slower} slower, {faster} faster"

    @property
    def _rate(self) -> str:
        seconds, leap = self._beat
        what = "operation" if self._by_moments else "step"
        rate = leap / seconds
        shown = number(rate, 2) if rate < 10 else f"{rate:,.0f}"
        sign = "▶" if self._timer is not None else "paused,"
        return f"{sign} {shown} {what}s a second"

    @property
    def _beat(self) -> tuple[float, int]:
        """The seconds between two frames, and the steps or moments from one to the next."""
        session = self._session
        usual, many = _STEP, session.problem.steps
        if self._by_moments:
            usual, many = _MOMENT, session.order.end
        rate = max(1 / usual, many / _WHOLE) * 2.0**self._pace
        leap = max(1, math.ceil(rate * _FRAME))
        return leap / rate, leap

    def _play(self) -> None:
        self._host.screen.add_class(PLAYING, update=False)
        self._start()
        # Of a step the sentence on an operation says nothing, so there the message may stay.
        self._tell(self._rate if self._by_moments else "")

    def _tell(self, pace: str) -> None:
        for bar in self._host.screen.query(Now):
            bar.pace = pace

    def _start(self) -> None:
        self._timer = self._host.screen.set_interval(self._beat[0], self._go)

    def _go(self) -> None:
        """Move on by the steps or moments of one frame."""
        session, (_, leap) = self._session, self._beat
        last = session.problem.steps
        if self._by_moments:
            self._host.do(lambda session: self._go_by_moments(session, leap))
        elif session.step < last:
            self._host.do(
                lambda session: self._go_by_steps(session, min(leap, last - session.step))
            )
        else:
            self.stop()
            self._host.say("")

    def _go_by_steps(self, session: Session, leap: int) -> None:
        from gradtui.debugger.stops import play_to

        if play_to(session, session.step + leap):
            self._stop_at(session)
        else:
            session.message = self.told

    def _go_by_moments(self, session: Session, leap: int) -> None:
        from gradtui.debugger.stops import play_into

        for _ in range(leap):
            if session.step >= session.problem.steps and session.position == session.order.end:
                session.message = "this is the end of the run"
                break
            if play_into(session):
                self._stop_at(session)
                return
            if session.message:
                break
        if session.message:
            self.stop()

    def _stop_at(self, session: Session) -> None:
        """Stop at a breakpoint or an error, and say so."""
        self.stop()
        self._stopped_at = session.step, session.position
        key = self._host.keys.first("play")
        session.message = f"stopped, {key} plays on; {session.message}"
