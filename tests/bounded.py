"""A bound that only a hang reaches: an input that is read in quadratic time would take hours."""

import contextlib
import signal

import pytest

SECONDS = 60
"""Of the processor: what is bounded takes a twentieth of it, on a slow machine."""


@contextlib.contextmanager
def no_hang():
    """Fail where the code is, when it has had the processor for `SECONDS`."""

    def fail(number, frame):
        pytest.fail(f"it hangs: {SECONDS} s of the processor")

    before = signal.signal(signal.SIGVTALRM, fail)
    signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
