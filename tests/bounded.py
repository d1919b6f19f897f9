"""A bound that is far from what is read in linear time, on any machine and however busy it is."""

import contextlib
import signal

import pytest

SECONDS = 20
"""Of the processor: what is bounded takes a tenth of it, and more where its time is quadratic.

A list that is copied for each of its 160,000 items takes three times as long.
"""


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
