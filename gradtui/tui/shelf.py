"""What is kept of a session for the next start: saved while one works, offered when one is back."""

from __future__ import annotations

import os
import re
from collections import deque
from hashlib import sha256
from pathlib import Path
from threading import Lock, Thread
from typing import TYPE_CHECKING

from gradtui.resuming import Resumption, digest_of, take_snapshot
from gradtui.saved import LIMIT, Saved, Snapshot, decode_saved, encode_saved
from gradtui.scenario.reading import read_bytes
from gradtui.source import InputError
from gradtui.text import clean
from gradtui.writing import reason, sweep, write_file

if TYPE_CHECKING:
    from gradtui.scenario.problem import Problem
    from gradtui.tui.debugger import Debugger

_KEPT = 3
"""Places of a scenario that are kept, the last ones left."""
_CALM = 2.0
"""Seconds after a change until the session is saved."""
_AT_ONCE, _PART = 0.2, 0.05
"""Seconds of resuming before the screen lives again; at a time from then on."""


class Shelf:
    """The sessions of a debugger that are put away, one file for each scenario.

    With `at_once` the first one is resumed without being offered.
    """

    def __init__(self, debugger: Debugger, *, at_once: bool = False) -> None:
        self._debugger, self._at_once = debugger, at_once
        self._offers: deque[Snapshot] = deque()
        self._resuming: Resumption | None = None
        self._lock = Lock()
        self._due = False
        self._unsaved: dict[Path, Saved] = {}
        """What could not be written: it is there as long as the program runs."""
        self._trouble = ""
        self._begin()

    def _begin(self) -> None:
        """Take the session as it is for one in which nothing has been done."""
        self._resuming, self._fresh = None, take_snapshot(self._debugger.session)
        self._offers.clear()
        self._scenario = os.path.realpath(self._debugger.session.problem.path)
        self._digested: tuple[Problem, str] | None = None
        self._in_file: Saved | None = None
        self._found = False

    def open(self) -> None:
        """Offer to resume what was left of the scenario, or do so."""
        if self._at_once:
            self.resume()
            return
        self._find()
        if self._in_file is not None and self._offers and not self._debugger.session.message:
            same = self._in_file.digest == self._digest()
            key = "U resumes there" if same else "it has changed since; U resumes what fits"
            self._debugger.say(f"left {described(self._offers[0])}: {key}")

    def _find(self) -> None:
        """Look once for what was left of the scenario."""
        if self._found:
            return
        self._found = True
        path = _file_of(self._scenario)
        sweep(path.parent)
        try:
            saved = self._unsaved.get(path) or _read(path)
        except InputError as error:
            self._debugger.say(f"nothing is resumed: {clean(error.message)}")
            return
        if saved is not None and saved.scenario == _shown(self._scenario):
            self._in_file = saved
            self._offers.extend(saved.snapshots[:_KEPT])

    def resume(self) -> None:
        """Go to where the scenario was left; then U comes back to where one was."""
        from gradtui.scenario.load import load_problem

        self._at_once = False
        self._find()
        if not self._offers:
            self._debugger.say("nothing was left of this scenario that could be resumed")
            return
        try:
            problem = load_problem(self._debugger.session.problem.path)
        except InputError as error:
            self._debugger.say(f"nothing is resumed: {str(error).splitlines()[0]}")
            return
        self._debugger.pace.stop()
        self._resuming = Resumption(problem, self._offers[0])
        if self._go_on(_AT_ONCE):
            self._debugger.pace.ahead()

    def part(self) -> bool:
        """Go on with resuming; return whether more is left."""
        return self._resuming is not None and self._go_on(_PART)

    def stop(self) -> bool:
        """Stay where one is; return whether something was being resumed."""
        stopped, self._resuming = self._resuming is not None, None
        return stopped

    def _go_on(self, seconds: float) -> bool:
        resumption = self._resuming
        assert resumption is not None
        if resumption.run(seconds):
            self._debugger.say(f"resuming, {resumption.computing}; Ctrl+C stops")
            return True
        before = take_snapshot(self._debugger.session)
        self._resuming = None
        self._offers.popleft()
        self._offers.append(before)
        session = resumption.session
        lost = "".join(f"; {text}" for text in resumption.lost)
        session.message = f"resumed at step {session.step:,}{lost}; U goes back"
        self._debugger.show_session(session)
        return False

    def changed(self) -> None:
        """Save the session soon, as something may have changed."""
        if not self._due and self._debugger.is_mounted:
            self._due = True
            self._debugger.set_timer(_CALM, self._save_soon)

    def _save_soon(self) -> None:
        self._due = False
        saved = self._saved()
        if saved != self._in_file:
            Thread(target=self._save_aside, args=(saved,), daemon=True).start()

    def _save_aside(self, saved: Saved) -> None:
        """Write in a thread: the disk may be slow."""
        trouble = self._write(saved)
        if trouble and trouble != self._trouble:
            self._debugger.call_later(self._debugger.say, trouble)
        self._trouble = trouble

    def leave(self) -> str:
        """Save the session; return why that was not possible, or nothing."""
        trouble = self._write(self._saved())
        for path, saved in list(self._unsaved.items()):
            trouble = self._write_file(path, saved) or trouble
        return trouble

    def reopen(self) -> None:
        """Begin with another session, the one before being saved."""
        self._begin()
        self.open()

    def _saved(self) -> Saved:
        """Return what is to be kept: this session if anything was done in it, then earlier ones."""
        kept = [one for one in self._offers if one != self._fresh]
        now = take_snapshot(self._debugger.session)
        if now != self._fresh:
            kept.insert(0, now)
        return Saved(_shown(self._scenario), self._digest(), tuple(dict.fromkeys(kept))[:_KEPT])

    def _write(self, saved: Saved) -> str:
        """Write what is to be kept, where it is not in the file already; return what is wrong."""
        with self._lock:  # one after the other, or the older might be the last
            if saved == self._in_file or not (saved.snapshots or self._in_file):
                return ""
            trouble = self._write_file(_file_of(self._scenario), saved)
            self._in_file = self._in_file if trouble else saved
            return trouble

    def _write_file(self, path: Path, saved: Saved) -> str:
        self._unsaved[path] = saved
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_file(path, encode_saved(saved), mode=0o600)
        except OSError as error:
            return f"the session cannot be saved: {reason(error)}"
        del self._unsaved[path]
        return ""

    def _digest(self) -> str:
        problem = self._debugger.session.explorer.branches.root.problem
        if self._digested is None or self._digested[0] is not problem:
            self._digested = problem, digest_of(problem)
        return self._digested[1]


def _file_of(scenario: str) -> Path:
    """Return the file that the sessions of a scenario are kept in."""
    from platformdirs import user_state_path  # what is not needed for the first paint

    stem = re.sub(r"[^\w-]+", "_", Path(scenario).stem, flags=re.ASCII)[:40]
    name = sha256(os.fsencode(scenario)).hexdigest()[:16]
    folder = user_state_path("gradtui", appauthor=False) / "sessions"
    return folder / f"{stem}-{name}.session"


def _read(path: Path) -> Saved | None:
    """Return what a file holds, None where there is none; raises InputError."""
    if not os.path.exists(path):
        return None
    return decode_saved(read_bytes(path, LIMIT), str(path))


def _shown(path: str) -> str:
    """Return a path as text, whatever its bytes."""
    return os.fsencode(path).decode(errors="backslashreplace")


def described(snapshot: Snapshot) -> str:
    """Return where a snapshot was taken and what it has: `at step 7 with 2 branches`."""
    made = [branch for branch in snapshot.branches if not branch.drives and not branch.removed]
    counts = [
        (len(made), "branch", "branches"),
        (len(snapshot.breakpoints), "breakpoint", "breakpoints"),
        (len(snapshot.watches), "watch", "watches"),
        (len(snapshot.fixes), "fix not written", "fixes not written"),
    ]
    listed = ", ".join(f"{n} {one if n == 1 else many}" for n, one, many in counts if n)
    return f"at step {snapshot.step:,}" + (f" with {listed}" if listed else "")
