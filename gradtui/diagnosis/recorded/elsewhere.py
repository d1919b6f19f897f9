"""The check of a target in a process of its own, while this one goes on.

It runs the user's code again and again, with edits in it, with names in its modules and NumPy's
random numbers replaced meanwhile: none of that reaches the process that shows a run of the same
code.  That process keeps its whole time for the keys, and can end the check at any moment.
"""

from __future__ import annotations

import gc
import os
import pickle
import signal
import sys
import threading
import warnings
import weakref
from collections.abc import Collection
from contextlib import suppress
from typing import BinaryIO, NoReturn

from msgspec import Struct
from msgspec.structs import replace

from gradtui.base.source import InputError
from gradtui.diagnosis.finding import Finding
from gradtui.diagnosis.internal import internal
from gradtui.diagnosis.judgement import Judgement
from gradtui.diagnosis.recorded.check import check_target
from gradtui.diagnosis.recorded.outcome import judgement_of
from gradtui.diagnosis.recorded.progress import Progress
from gradtui.diagnosis.recorded.target import Target
from gradtui.recording.run import Answers, spare_shared
from gradtui.recording.traces import is_users

_EACH = 0.2
"""Seconds between two reports."""
STOPPED = "the search was stopped"


class _Told(Struct, frozen=True):
    """One report: the number of edits tried, and the judgement so far."""

    tried: int
    judgement: Judgement | None
    last: bool


def can_check_elsewhere(threads: Collection[threading.Thread]) -> bool:
    """Return whether a copy of this process can run the user's code as this one does.

    A copy has none of the threads that code may have begun, which are those besides `threads`, and
    no graphics card.  Apple's libraries for matrices do not work in a copy.
    """
    begun, torch = set(threading.enumerate()) - set(threads), sys.modules.get("torch")
    on_device = torch is not None and torch.cuda.is_initialized()
    return sys.platform != "darwin" and not begun and not on_device


class Elsewhere:
    """A check that is going on in a copy of this process."""

    def __init__(self, target: Target, answers: Answers) -> None:
        """Begin; `answers` are those that were typed into a run before."""
        read, write = os.pipe()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of threads, none of which is used
            pid = os.fork()
        if not pid:
            os.close(read)
            _check(target, answers, write)
        os.close(write)
        self._name, self._stream = target.name, os.fdopen(read, "rb")
        self._stopped = False
        self._end = weakref.finalize(self, _end, pid)
        # A thread that reads keeps this alive, but not at the end of the program.
        weakref.finalize(self, self._stream.close).atexit = False
        self.tried = 0
        """The number of runs of edited code so far."""
        self.compared: Judgement | None = None
        """The judgement without the lines at fault, once something is known to be wrong."""

    def judgement(self) -> Judgement:
        """Return the judgement once it is known; called by one thread."""
        told = _told(self._stream)
        while told is not None and not told.last:
            self.tried, self.compared = told.tried, told.judgement
            told = _told(self._stream)
        self._end()
        return (told and told.judgement) or self._without_end()

    def stop(self) -> None:
        """End the check now; the judgement is then what is known."""
        self._stopped = True
        self._end()

    def _without_end(self) -> Judgement:
        if self._stopped and self.compared is not None:
            findings = tuple(
                replace(one, message=f"{one.message}; {STOPPED}") for one in self.compared.findings
            )
            return replace(self.compared, findings=findings)
        if self._stopped:
            text = f"the gradients are not compared: {STOPPED}"
            finding = Finding("not-compared", "warning", self._name, None, text, {})
        else:
            finding = internal(self._name, RuntimeError("the process of the check ended"))
        known = self.compared or Judgement("not-compared")
        return replace(known, findings=(*known.findings, finding))


def _told(stream: BinaryIO) -> _Told | None:
    """Return the next report; None if the process has ended."""
    try:
        told = pickle.load(stream)
    except (EOFError, pickle.UnpicklingError):
        return None
    assert isinstance(told, _Told)
    return told


def _end(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    with suppress(ChildProcessError):  # the user's program may collect its children itself
        os.waitpid(pid, 0)


def _check(target: Target, answers: Answers, write: int) -> NoReturn:
    """Check a target in this new process, report on it and end."""
    status = 1
    try:
        _settle_in()
        with os.fdopen(write, "wb") as stream:
            progress, done = Progress(), threading.Event()
            reports = threading.Thread(target=_report, args=(progress, stream, done), daemon=True)
            reports.start()
            found = _judged(target, progress, answers)
            done.set()
            reports.join()
            pickle.dump(_Told(progress.tried, found, last=True), stream)
        status = 0
    finally:
        os._exit(status)  # nothing that the other process has begun may be ended here, too


def _settle_in() -> None:
    """Leave the terminal to the other process, with the signals of its keys."""
    os.setsid()
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, signal.SIG_DFL)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor, name in enumerate(("stdin", "stdout", "stderr")):
        os.dup2(nowhere, descriptor)
        # New ones: a thread of the other process may have been writing, and hold the lock here.
        setattr(sys, name, os.fdopen(descriptor, "w" if descriptor else "r", closefd=False))
    gc.enable()
    spare_shared()  # collecting it would copy it
    if (torch := sys.modules.get("torch")) is not None:
        torch.set_num_threads(1)  # the copy has none of the threads that it would wait for


def _judged(target: Target, progress: Progress, answers: Answers) -> Judgement:
    try:
        return judgement_of(check_target(target, progress, answers))
    except InputError as error:
        return _not_compared(target, error.message)
    except SystemExit:
        return _not_compared(target, "run again, the code ends the program")
    except Exception as error:
        if is_users(error):
            return _not_compared(target, f"run again, the code raises {type(error).__name__}")
        return Judgement("not-compared", findings=(internal(target.name, error),))


def _not_compared(target: Target, why: str) -> Judgement:
    place = target.place
    text = f"the gradients are not compared: {why}"
    finding = Finding("not-compared", "error", target.name, place.line if place else None, text,
                      {}, place=place)  # fmt: skip
    return Judgement("not-compared", findings=(finding,))


def _report(progress: Progress, stream: BinaryIO, done: threading.Event) -> None:
    """Report now and then; end the process if nobody reads any more."""
    while not done.wait(_EACH):
        compared = None if progress.compared is None else judgement_of(progress.compared)
        try:
            pickle.dump(_Told(progress.tried, compared, last=False), stream)
            stream.flush()
        except BrokenPipeError:
            os._exit(0)
