"""gradtui with a log of how long it holds its loop up: `python blocks.py LOG ARGUMENT...`.

Each callback of the loop that takes more than a millisecond of the processor is a line: when it
began (seconds of the monotonic clock), its milliseconds of the processor, what it was.
"""

from __future__ import annotations

import asyncio.events
import sys
import time

_LEAST = 0.001
_run = asyncio.events.Handle._run  # type: ignore[attr-defined]


def watch(path: str) -> None:
    """Have the loop's callbacks timed."""
    log = open(path, "a", buffering=1)  # noqa: SIM115

    def timed(handle: asyncio.events.Handle) -> None:
        began, before = time.monotonic(), time.thread_time()
        _run(handle)
        took = time.thread_time() - before
        if took > _LEAST:
            what = getattr(handle, "_callback", None)
            owner = getattr(what, "__self__", what)
            print(f"{began:.6f} {took * 1e3:.2f} {owner!r:.200}", file=log)

    asyncio.events.Handle._run = timed  # type: ignore[attr-defined]


if __name__ == "__main__":
    watch(sys.argv.pop(1))
    from gradtui.cli.arguments import main

    sys.exit(main())
