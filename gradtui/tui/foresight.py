"""The next step's numbers, made before the key that leads there. Knows no panel's contents."""

from __future__ import annotations

import asyncio

from msgspec.structs import replace

from gradtui.debugger.frame import Frame
from gradtui.tui.host import Handlers, Work
from gradtui.tui.panels.base import Panel


class Foresight(Work):
    """Lets the panels prepare for the step to which the last move leads once more."""

    @property
    def handlers(self) -> Handlers:
        """It has no commands."""
        return {}

    def work(self, seconds: float) -> bool:
        """Leave nothing for later: what the next key makes useless is not worth a wait."""
        return False

    def begin(self, frame: Frame) -> None:
        """Prepare, now that a frame is painted."""
        session = self._session
        onward = session.step + session.leap
        known = session.leap and 0 <= onward < session.history.known
        if not known or frame.tape.step != session.step or frame.problem is not session.problem:
            return  # nothing leads on, or the next key has come already
        if frame.lesson is None and session.investigation.ahead:
            screen = self._host.screen
            screen.call_later(self._foresee, frame, onward)

    async def _foresee(self, frame: Frame, onward: int) -> None:
        """Let one panel after the other prepare, each in a turn of its own, until a key comes."""
        tape = self._session.tape(onward)
        ahead = replace(frame, tape=tape, position=frame.order.backward)
        for panel in self._host.screen.query(Panel):
            await asyncio.sleep(0)
            if panel.frame is None or panel.frame.seen != frame.seen:
                return
            if panel.size:
                panel.foresee(ahead)
