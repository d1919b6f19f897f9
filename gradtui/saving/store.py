"""Where sessions on a scenario were left: in memory, and in a file for each scenario."""

from __future__ import annotations

import os
import re
from collections import deque
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from threading import RLock, Thread

from platformdirs import user_state_path

from gradtui.base.files import is_running, reason, short_path, sweep, write_file
from gradtui.base.source import InputError
from gradtui.debugger import tour
from gradtui.debugger.session import Session
from gradtui.saving.format import Saved, Snapshot, decode_saved, encode_saved
from gradtui.saving.sealed import LIMIT
from gradtui.saving.snapshot import digest_of, take_snapshot
from gradtui.scenario.problem import Problem
from gradtui.scenario.reading import read_bytes

_KEPT = 3
"""Number of places that are kept."""
_MOMENT = 0.002
"""Seconds in which most digests are known."""


class _Digest(Thread):
    """Computes the digest of a scenario aside: of millions of numbers it takes a while."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(daemon=True)
        self.problem = problem
        self._found: str | None = None
        self.start()
        self.join(_MOMENT)

    def run(self) -> None:
        self._found = digest_of(self.problem)

    def wait(self) -> str:
        """Return the digest once it is known."""
        self.join()
        return digest_of(self.problem) if self._found is None else self._found


class Shelf:
    """The places kept for the next session on one scenario, latest first."""

    def __init__(self, problem: Problem) -> None:
        path = _full(problem.path)
        self._scenario = os.fsencode(path).decode(errors="backslashreplace")
        self._file = _file_of(path)
        self._trial = self._file.with_suffix(".trial")
        """Exists from the start of a resume until it has proved harmless."""
        self._on_trial = False
        self.places: deque[Snapshot] = deque(maxlen=_KEPT)
        self._found = False
        self._in_file: Saved | None = None
        self._wanted: Saved | None = None
        self._lock = RLock()  # reentrant: a signal may come while the same thread writes
        self._digest = _Digest(problem)

    def find(self) -> None:
        """Read the file, once; raises InputError if it is unusable."""
        if not self._found:
            self._found = True
            sweep(self._file.parent)
            if self._was_fatal():
                kept = self.set_aside()
                raise InputError(f"the saved session crashed gradtui when it was resumed; {kept}")
            if _is_there(self._file):
                saved = decode_saved(read_bytes(self._file, LIMIT), str(self._file))
                if saved.scenario == self._scenario:
                    self._in_file = self._wanted = saved
                    self.places.extend(saved.snapshots[:_KEPT])

    def _was_fatal(self) -> bool:
        """Return whether a process that resumed this file died while doing so."""
        if not _is_there(self._trial):
            return False
        try:
            process = int(self._trial.read_text())
        except (OSError, ValueError):
            return False
        self._on_trial = process == os.getpid() or not is_running(process)
        return self._on_trial

    def begin_trial(self) -> None:
        """Mark the file as being resumed, until it has proved harmless."""
        self._on_trial = True
        with suppress(OSError):  # saving reports that nothing can be written
            write_file(self._trial, str(os.getpid()).encode(), mode=0o600)

    def end_trial(self) -> None:
        """Note that the resumed session has proved harmless."""
        if self._on_trial:
            self._on_trial = False
            with suppress(OSError):
                self._trial.unlink(missing_ok=True)

    def set_aside(self) -> str:
        """Set the file aside; return a clause that says where it is now."""
        aside = self._file.with_suffix(".aside")
        try:
            os.replace(self._file, aside)
        except OSError as error:
            return f"it cannot be set aside: {reason(error)}"
        self.end_trial()
        self.places.clear()
        self._in_file = self._wanted = None
        return f"it is set aside in {short_path(aside)}"

    @property
    def compared(self) -> bool:
        """Whether it is known without waiting whether the scenario is the same."""
        return self._wanted is None or not self._digest.is_alive()

    @property
    def same(self) -> bool:
        """Whether the scenario is unchanged since its latest place was saved."""
        return self._wanted is None or self._wanted.digest == self._digest.wait()

    def begin(self, began: Session, step: int) -> None:
        """Remember where a session began: it is worth saving once that changes."""
        session = began.afresh()
        session.seek(step)
        tour.begin(session)
        self._fresh = take_snapshot(session)

    def put(self, session: Session) -> None:
        """Store the place of a session that the user leaves."""
        place = take_snapshot(session)
        if place != self._fresh:
            self.places.appendleft(place)

    def turn(self, session: Session) -> None:
        """Remove the latest place, and add this session's at the end."""
        self.places.popleft()
        self.places.append(take_snapshot(session))

    def look(self, session: Session) -> bool:
        """Collect the places to keep, this session's included; return whether any is new."""
        places = [take_snapshot(session), *self.places]
        kept = dict.fromkeys(place for place in places if place != self._fresh)
        problem = session.branches.root.problem
        if self._digest.problem is not problem:
            self._digest = _Digest(problem)
        self._wanted = Saved(self._scenario, self._digest.wait(), tuple(kept)[:_KEPT])
        return self._wanted != self._in_file and bool(kept or self._in_file)

    def write(self) -> str:
        """Write the places if the file differs; return why they cannot be written, or nothing."""
        with self._lock:  # one at a time, or an older state might be written last
            saved = self._wanted
            if saved is None or saved == self._in_file or not (saved.snapshots or self._in_file):
                return ""
            try:
                self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                write_file(self._file, encode_saved(saved), mode=0o600)
            except OSError as error:
                return f"the session cannot be saved: {reason(error)}"
            self._in_file = saved
        return ""


def _full(scenario: str) -> str:
    """Return the absolute path of a scenario."""
    try:
        return os.path.realpath(scenario)
    except FileNotFoundError:  # the working directory has vanished: the name must suffice
        return scenario


def _is_there(file: Path) -> bool:
    """Return whether there is a file, or an error that hides whether there is one."""
    try:
        return file.exists()
    except OSError:  # reading it reports the error
        return True


def _file_of(scenario: str) -> Path:
    stem = re.sub(r"[^\w-]+", "_", Path(scenario).stem, flags=re.ASCII)[:40]
    name = sha256(os.fsencode(scenario)).hexdigest()[:16]
    folder = user_state_path("gradtui", appauthor=False) / "sessions"
    return folder / f"{stem}-{name}.session"


def is_untouched(place: Snapshot) -> bool:
    """Return whether a place is at the start, with nothing set up: there is little to resume."""
    made = place.branches, place.breakpoints, place.watches
    lesson = place.lesson
    return place.step == 0 and not (lesson.place or lesson.off or any(made))


def described(place: Snapshot, parts: int = 0) -> str:
    """Describe a place, for example `at step 7 with 2 branches`; the lesson has so many parts."""
    made = [branch for branch in place.branches if not branch.drives and not branch.removed]
    fixes = [branch for branch in made if branch.fix is not None]
    counts = [
        (len(made) - len(fixes), "branch", "branches"),
        (len(fixes), "fix not written", "fixes not written"),
        (len(place.breakpoints), "breakpoint", "breakpoints"),
        (len(place.watches), "watch", "watches"),
    ]
    listed = ", ".join(f"{n} {one if n == 1 else many}" for n, one, many in counts if n)
    lesson = f", part {place.lesson.place + 1} of the lesson" if place.lesson.place else ""
    lesson = ", the lesson finished" if place.lesson.place >= parts > 0 else lesson
    lesson = ", the lesson off" if place.lesson.off else lesson
    return f"at step {place.step:,}{lesson}" + (f" with {listed}" if listed else "")
