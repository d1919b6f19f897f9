"""gradtui with a log of what would be lost with the screen: `python watched.py LOG ARGUMENT...`.

Warnings and exceptions of threads are written down; on SIGUSR1 the stacks of all threads, on
SIGUSR2 what the app waits for.
"""

from __future__ import annotations

import asyncio
import faulthandler
import logging
import signal
import sys
import threading
from collections.abc import Iterator
from types import FrameType
from typing import Any, TextIO

if __name__ == "__main__":  # at once: a signal may come while all else is imported
    LOG = open(sys.argv.pop(1), "a", buffering=1)  # noqa: SIM115
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)  # what is restored while Python shuts down
    faulthandler.register(signal.SIGUSR1, LOG, all_threads=True)
    signal.signal(signal.SIGUSR2, lambda number, frame: describe(LOG))

from textual._xterm_parser import XTermParser
from textual.app import App
from textual.message_pump import MessagePump


def describe(out: TextIO) -> None:
    """Write what every task waits for, which messages wait, and how far the input is read."""
    tasks = asyncio.all_tasks()
    owners = [frame.f_locals.get("self") for task in tasks for frame in _frames(task)]
    pumps = {owner for owner in owners if isinstance(owner, MessagePump)}
    for app in (pump for pump in pumps if isinstance(pump, App)):
        print(f"screens {app.screen_stack}, focus {app.focused}, batches {app._batch_count},"
              f" size {app.size}, app focus {app.app_focus}", file=out)  # fmt: skip
        for screen in app.screen_stack:
            print(f"  {screen}: layout {screen._layout_required}, repaint"
                  f" {screen._repaint_required}, dirty {len(screen._dirty_widgets)}, callbacks"
                  f" {len(screen._callbacks)}, timer {screen._update_timer},"
                  f" enabled {screen._running}", file=out)  # fmt: skip
    for pump in pumps:
        if pump.message_queue_size or pump._next_callbacks or pump._closing:
            print(f"{pump}: {list(pump._message_queue._queue)}, next {pump._next_callbacks},"  # type: ignore[attr-defined]
                  f" closing {pump._closing}", file=out)  # fmt: skip
    print(f"input: {[*_input()]}", file=out)
    for task in tasks:
        frames = [*_frames(task)]
        names = {frame.f_code.co_name for frame in frames}
        if "_get_message" not in names and ("_run_timer" not in names or "_tick" in names):
            where = [f"{f.f_code.co_filename}:{f.f_lineno} {f.f_code.co_name}" for f in frames]
            print("\n    ".join([task.get_name(), *where]), file=out)


def _frames(task: asyncio.Task[Any]) -> Iterator[FrameType]:
    """Yield the frames of the coroutines that a task awaits."""
    coroutine: Any = task.get_coro()
    while (frame := getattr(coroutine, "cr_frame", None)) is not None:
        yield frame
        coroutine = coroutine.cr_await


def _input() -> Iterator[dict[str, object]]:
    """Yield what the parsers of the terminal's input hold."""
    for frame in sys._current_frames().values():
        here: FrameType | None = frame
        while here is not None:
            if isinstance(parser := here.f_locals.get("parser"), XTermParser):
                yield vars(parser)
            here = here.f_back


def main() -> int:
    """Run the command with the hooks."""
    logging.basicConfig(stream=LOG, level=logging.WARNING)
    logging.captureWarnings(True)

    def tell(found: Any) -> None:
        logging.error("lost: %r", found, exc_info=found.exc_value)

    threading.excepthook = sys.unraisablehook = tell
    from gradtui.cli.arguments import main as run

    return run()


if __name__ == "__main__":
    sys.exit(main())
