"""Random keys as fast as the debugger takes them, without a terminal: does anything fail?

By hand: `python tests/benchmarks/storm.py [--seed N] [--minutes M | --events N] [--mouse]`.  The
keys, clicks, pastes, sizes and edits of files are the soak's, but they come from the app's own
loop, with a random number of its turns between two: what is opened, removed and typed at once meets
far more often than in a terminal.  With `--mouse` most are of the mouse, which also presses
whatever is not painted yet, and `--events` counts only those.  A failure is printed with what came
before it; the exit status is 1 then.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import random
import sys
import tempfile
import time
import traceback
from collections import Counter, deque
from pathlib import Path
from typing import Any

from hand import EDITOR, ESCAPE, SUSPEND, Hand
from textual.events import Key, MouseDown, MouseEvent, Resize
from textual.geometry import Size
from textual.message import Message

import gradtui
from gradtui.tui.app import GradtuiApp
from gradtui.tui.rows import Rows
from gradtui.tui.typed import Typed

_GUST, _GUST_OF_MOUSE = 40, 12
"""How many things are done to one app at most, before the next is started."""
_LAST = 3
"""How many of them may find the app at its end, or bring it there."""
_TURNS = (0, 0, 0, 1, 2, 3, 5, 10, 20, 50)
"""Turns of the loop between two messages."""
_HUNG = 60.0
"""Seconds after an event after which an app is not waited for any more."""


class Storm:
    """One run over a folder of scenarios: what is done, and what was found."""

    def __init__(self, seed: int, folder: Path, *, mouse: bool = False) -> None:
        self.random = random.Random(seed)
        self.done: deque[str] = deque(maxlen=120)
        self.waiting: deque[Message] = deque()
        self.hand = Hand(self.random, folder, self.press, self.size, self.done.append)
        self.act = self.hand.point if mouse else self.hand.act
        self.most = _GUST_OF_MOUSE if mouse else _GUST
        self.counted: type[Message] = MouseEvent if mouse else Message
        self.events = Counter[str]()
        self.apps = self.count = self.faults = 0

    def press(self, keys: str) -> None:
        """Take keys or a paste, as the messages that they are to the app."""
        if keys not in (SUSPEND, EDITOR):  # they need a terminal
            self.done.append(keys)
            # Alone it may be the start of a sequence, for which a terminal's input is waited for.
            escape = [Key("escape", ESCAPE)]
            self.waiting += escape if keys == ESCAPE else Typed().feed(keys)

    def size(self, width: int, height: int) -> None:
        """Take a size of the terminal."""
        self.waiting.append(Resize(Size(width, height), Size(width, height)))

    async def gust(self) -> None:
        """Run one app for as long as it lives and answers."""
        async with asyncio.timeout(_HUNG) as limit:
            await self.blow_at(limit)

    async def blow_at(self, limit: asyncio.Timeout) -> None:
        """Run one app and do a random number of things to it."""
        loop = asyncio.get_running_loop()
        self.hand.restore(self.hand.name)
        self.hand.room = (100, 30)
        picks = self.random.random() < 0.1
        session = None if picks else gradtui.load(self.hand.path)
        app = GradtuiApp(session, resume=not picks and self.random.random() < 0.3)
        self.done.append("<start>" if picks else f"<start {self.hand.name}>")
        lost = list[dict[str, Any]]()
        loop.set_exception_handler(lambda loop, found: lost.append(found))
        async with app.run_test(size=(100, 30)) as pilot:
            acts = self.random.randrange(1, self.most)
            for left in reversed(range(acts)):
                self.act()
                while self.waiting and app._exception is None:
                    message = self.waiting.popleft()
                    app.post_message(message)
                    limit.reschedule(loop.time() + _HUNG)
                    self.events[type(message).__name__] += 1
                    self.count += isinstance(message, self.counted)
                    if left < _LAST and self.random.random() < 0.1:
                        app.exit(0)
                    for _ in range(self.random.choice(_TURNS)):
                        if self.counted is MouseEvent:
                            await self.press_unpainted(app)
                        await asyncio.sleep(0)
            if self.random.random() < 0.5:
                await pilot.pause(self.random.choice((0.0, 0.1, 0.5)))
            app.exit(0)
        for found in lost:
            self.fault(f"{found}\n{''.join(traceback.format_exception(found.get('exception')))}")

    async def press_unpainted(self, app: GradtuiApp) -> None:
        """Press the last row of whatever has more rows by now than were painted, at once."""
        if app._exit or not app.screen_stack:
            return
        for rows in app.screen.query(Rows):
            if rows.region and len(rows._strips) < rows.size.height:
                x, y = rows.region.x + 2, rows.region.bottom - 1
                try:
                    with app._context():
                        await app.on_event(MouseDown(None, x, y, 0, 0, 1, False, False, False))
                except Exception:
                    self.fault(traceback.format_exc())
                self.events["press before a paint"] += 1
                self.count += 1

    def blow(self) -> None:
        """Run one app; note a failure."""
        self.apps += 1
        self.waiting.clear()
        try:
            asyncio.run(self.gust())
        except Exception:
            self.fault(traceback.format_exc())
        gc.unfreeze()  # the app keeps what there is at its first paint
        gc.collect()

    def fault(self, text: str) -> None:
        """Print something wrong, with what came before it."""
        self.faults += 1
        print(f"FAULT in app {self.apps}: {text}\n  done: {list(self.done)}", flush=True)


def main() -> int:
    """Storm for some minutes and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--events", type=int, default=0, help="to end after, instead of minutes")
    parser.add_argument("--mouse", action="store_true")
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        os.environ.update(XDG_STATE_HOME=f"{folder}/state", XDG_CONFIG_HOME=f"{folder}/config")
        storm = Storm(options.seed, Path(folder), mouse=options.mouse)
        until = time.monotonic() + 60 * options.minutes
        while storm.count < options.events if options.events else time.monotonic() < until:
            storm.blow()
        kinds = ", ".join(f"{count} {kind}" for kind, count in storm.events.most_common())
        print(f"{storm.apps} apps, {storm.events.total()} events ({kinds}), {storm.faults} faults")
        return 1 if storm.faults else 0


if __name__ == "__main__":
    sys.exit(main())
