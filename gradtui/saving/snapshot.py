"""Takes a snapshot of a session, and resumes a session from a snapshot.

A snapshot is not trusted and may belong to another version of the scenario: the names in it are
looked up in the scenario, no file is opened, and whatever does not fit is reported and left out.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from hashlib import blake2b

from msgspec.structs import replace

from gradtui.base.source import InputError, Place
from gradtui.base.text import clean
from gradtui.debugger import tour
from gradtui.debugger.branches import Branch
from gradtui.debugger.guide import TRIES, Guide
from gradtui.debugger.series import LOSS
from gradtui.debugger.session import Session
from gradtui.debugger.steps import Level
from gradtui.debugger.structure import edges_of
from gradtui.diagnosis.correction import correct_again
from gradtui.engine.history import History
from gradtui.saving.anchors import Anchor, anchor_at, find_anchor, find_node, node_keys
from gradtui.saving.format import (
    SavedBranch,
    SavedBreakpoint,
    SavedFix,
    SavedLesson,
    Snapshot,
)
from gradtui.scenario.changes import read_change
from gradtui.scenario.problem import Patch, Problem

_MOMENTS = 24
"""Moments kept for finding a position again in another version of the scenario."""
_MOST = 100
"""Most branches, breakpoints and watches that are read from a snapshot."""
_LONGEST = 64
"""Characters of a branch's name."""
_CHUNK, _PART = 256, 0.01
"""Most steps computed in one go; seconds after which it stops."""


def digest_of(problem: Problem) -> str:
    """Return a digest of the scenario's files as they were loaded."""
    found = blake2b(digest_size=16)
    for text in problem.texts.values():
        found.update("\n".join(text).encode(errors="surrogatepass") + b"\0")
    for name, value in problem.values.items():
        found.update(f"{name} {value.dtype} {value.shape}".encode())
        found.update(value.ravel().data)  # which lets other threads run, unlike copying its bytes
    return found.hexdigest()


def take_snapshot(session: Session) -> Snapshot:
    """Return where a session is and what the user has set up."""
    problem, looked, plot = session.problem, session.selection, session.curves.plot
    keys, view = node_keys(problem.graph), session.surface.window
    moment = anchor_at(problem.graph, session.order, session.position, _MOMENTS)
    pairs = edges_of(session.structure, looked.node)
    branches = _with_parents(session)
    return Snapshot(
        step=session.step,
        moment=moment,
        level="named" if session.level is Level.NAMED else "operations",
        node=keys[looked.node],
        pinned=looked.pinned,
        folded=tuple(sorted(keys[root] for root in session.folded)),
        lens=None if looked.lens is None else (looked.lens.index, looked.lens.row),
        jacobian=None if looked.jacobian is None else pairs.index(looked.jacobian),
        surface="" if view is None else " ".join(map(str, view.axes)),
        zoom=0 if view is None else view.zoom,
        followed=" ".join(one.text for one in plot.series) if plot.series != (LOSS,) else "",
        log=plot.log,
        drawn=plot.range,
        breakpoints=tuple(SavedBreakpoint(*one) for one in session.breakpoints.conditions),
        watches=tuple(session.breakpoints.watches),
        run=branches[0].name,
        branches=tuple(_saved(branch, branches, session) for branch in branches[1:]),
        current=branches.index(session.branches.current),
        lesson=_saved_lesson(session),
    )


def _saved_lesson(session: Session) -> SavedLesson:
    guide = session.guide
    if guide is None or not (guide.place or guide.tries or guide.ticked):
        return SavedLesson(off=session.unguided)
    ticked, answered, right = map(_numbers, (guide.ticked, guide.answered, guide.right))
    return SavedLesson(guide.place, guide.since, ticked, answered, right, guide.tries)


def _numbers(found: Iterable[int]) -> tuple[int, ...]:
    return tuple(sorted(found))


def _with_parents(session: Session) -> list[Branch]:
    """Return the branches, and removed ones that are the past of others, oldest first."""
    found: dict[int, Branch] = {}
    for branch in session.branches:
        at: Branch | None = branch
        while at is not None:
            found[at.id], at = at, at.parent
    return [found[id] for id in sorted(found)]


def _saved(branch: Branch, branches: list[Branch], session: Session) -> SavedBranch:
    assert branch.parent is not None
    parent, removed = branches.index(branch.parent), branch not in list(session.branches)
    fix = None if branch.fix is None else _saved_fix(branch.fix, branch.problem.path)
    return SavedBranch(
        branch.name, parent, branch.start, branch.change, branch.drives, removed, fix
    )


def _saved_fix(patch: Patch, scenario: str) -> SavedFix:
    file = _name_beside(scenario, patch.file)
    return SavedFix(file, patch.place.line, patch.place.column, patch.before, patch.after)


def _name_beside(scenario: str, file: str) -> str:
    """Return a file's path from the scenario's folder, as text: a name may be any bytes.

    The names alone say it: the working directory may have vanished.
    """
    inside = os.path.join(os.sep, os.path.dirname(scenario))
    name = os.path.relpath(os.path.join(os.sep, file), inside)
    return os.fsencode(name).decode(errors="backslashreplace")


class Resumption:
    """A session that is being resumed from a snapshot, part by part.

    `problem` is the scenario as it is on disk now.
    """

    def __init__(self, problem: Problem, snapshot: Snapshot) -> None:
        self._saved = snapshot
        self.lost: list[str] = []
        self._written: list[str] = []
        """Branches of fixes that the file has by now."""
        """Whatever no longer fits, and why."""
        self.session = Session(problem)
        self._parts = self._go()

    def run(self, seconds: float) -> bool:
        """Work for a while; return whether more is left."""
        until = time.monotonic() + seconds
        return any(time.monotonic() >= until for _ in self._parts)

    @property
    def computing(self) -> str:
        """The next part, for example `step 4,000 of 10,000`."""
        wanted = max([self._saved.step, *(branch.start for branch in self._saved.branches)])
        return f"step {self.session.history.known:,} of {wanted:,}"

    @contextmanager
    def _losing(self, what: str) -> Iterator[None]:
        """Note an InputError: the thing no longer fits, and why."""
        try:
            yield
        except InputError as error:
            self.lost.append(f"{what} is left out: {clean(error.message)}")

    def _go(self) -> Iterator[None]:
        """Yield between the parts."""
        made: dict[int, Branch] = {0: self.session.branches.current}
        for number, saved in enumerate(self._saved.branches[:_MOST], 1):
            parent = made.get(saved.parent)
            if parent is not None:
                yield from _know(parent.history, saved.start)
                with self._losing(f"branch '{clean(saved.name)}'"):
                    made[number] = self._branch(parent, saved)
        if len(self._written) > 1:
            names = ", ".join(self._written)
            self.lost.append(f"branches {names} are in the file now")
        elif self._written:
            self.lost.append(f"branch {self._written[0]} is in the file now")
        self._look_at(made)
        yield from _know(self.session.history, self._saved.step)
        self._place()
        self._look()
        self._draw()
        self._guide()

    def _branch(self, parent: Branch, saved: SavedBranch) -> Branch:
        """Recreate a branch; raises InputError if that is impossible."""
        branches = self.session.branches
        branches.switch(parent)
        if saved.drives:
            if parent.problem.undriven:
                raise InputError(parent.problem.undriven)
            branches.toggle_drive()
            return branches.current
        if saved.fix is not None:
            return self._fix(parent, saved.fix, saved.name)
        return branches.add(parent.fork(saved.start, read_change(saved.change, parent.problem)))

    def _fix(self, parent: Branch, fix: SavedFix, name: str) -> Branch:
        """Recreate the branch of a fix; its parent stands in if the file has the fix already."""
        problem = parent.problem
        files = {_name_beside(problem.path, file): file for file in problem.texts}
        file = files.get(fix.file, "")
        place = Place(fix.line, fix.column, file="" if file == problem.path else file)
        corrected = correct_again(problem, file, place, fix.before, fix.after)
        if corrected is problem:
            self._written.append(f"'{clean(name)}'")
            return parent
        branches = self.session.branches
        branches.fix(corrected, parent.start)
        return branches.current

    def _look_at(self, made: dict[int, Branch]) -> None:
        """Go to the same branch, drop the removed ones, and name the rest as before."""
        branches = self.session.branches
        branches.switch(made.get(self._saved.current, branches.root))
        numbers = dict[Branch, int]()
        for number, branch in made.items():
            numbers.setdefault(branch, number)
        taken = set[str]()
        for branch, number in numbers.items():
            saved = self._saved.branches[number - 1] if number else None
            name = clean(saved.name if saved else self._saved.run)[:_LONGEST]
            removed = saved is not None and saved.removed
            free = removed or name not in taken  # others may have the name of a removed one
            branch.name = name if name and free else f"{branch.name} ({number})"
            if removed:
                branches.remove(branch)
            else:
                taken.add(branch.name)

    def _place(self) -> None:
        """Go to the same moment of the same step, at the same level."""
        session, saved = self.session, self._saved
        graph = session.problem.graph
        session.seek(saved.step)
        roots = {s.root for s in graph.statements if len(s.operations) > 1}
        folded = roots & {find_node(graph, key) for key in saved.folded}
        named = saved.level == "named"
        session.draw(Level(saved.level), frozenset() if named else frozenset(folded))
        known = saved.moment.boundary in (None, 0, 1, 2, 3)
        moment = saved.moment if known else Anchor(None, saved.moment.before)
        session.position = find_anchor(graph, session.order, moment)

    def _look(self) -> None:
        """Select the same node, with the same lens or Jacobian."""
        session, saved = self.session, self._saved
        looked, node = session.selection, find_node(session.problem.graph, saved.node)
        if node is None or node not in looked.selectable:
            self.lost.append(f"{clean(saved.node[0]) or 'the selected operation'} is gone")
            return
        if saved.pinned:
            looked.select(node)
        count = len(edges_of(session.structure, node))
        if saved.jacobian is not None and saved.jacobian < count:
            for _ in range(saved.jacobian + 1):
                looked.show_jacobian()
        if saved.lens is not None:
            index, row = saved.lens
            looked.look(f"{','.join(map(str, index))} row {row}".strip())
            self._note()

    def _draw(self) -> None:
        """Restore the curves, breakpoints and watches."""
        session, saved = self.session, self._saved
        conditions = {clean(one.text): one.enabled for one in saved.breakpoints[:_MOST]}
        session.breakpoints.restore(
            conditions.items(), dict.fromkeys(map(clean, saved.watches[:_MOST]))
        )
        if saved.surface:
            session.surface.show(saved.surface)
            if saved.zoom and session.surface.window is not None:
                session.surface.zoom(saved.zoom)
            self._note()
        curves = session.curves
        if saved.followed:
            with self._losing(f"the curve of {clean(saved.followed)}"):
                curves.follow(saved.followed)
        drawn = saved.drawn if saved.drawn is not None and saved.drawn[0] < saved.drawn[1] else None
        curves.plot = replace(curves.plot, log=saved.log, range=drawn)

    def _guide(self) -> None:
        """Restore the progress in the lesson."""
        saved, session = self._saved.lesson, self.session
        lessons = session.problem.lessons
        session.unguided = saved.off
        if lessons and not saved.off:
            asking = {at for at, lesson in enumerate(lessons) if lesson.question is not None}
            guide = Guide(lessons)
            guide.ticked = set(saved.ticked) & set(range(len(lessons)))
            guide.answered = set(saved.answered) & asking
            guide.right = set(saved.right) & guide.answered
            tour.resume(session, guide, saved.place, saved.since)
            guide.tries = min(saved.tries, TRIES - 1) if guide.question is not None else 0
            session.message = ""

    def _note(self) -> None:
        """Take the session's message: it reports something that does not fit."""
        if self.session.message:
            self.lost.append(clean(self.session.message))
            self.session.message = ""


def _know(history: History, step: int) -> Iterator[None]:
    """Compute a history up to a step, yielding from time to time."""
    while history.known < step:
        history.reach(min(step, history.known + _CHUNK), _PART)
        yield
