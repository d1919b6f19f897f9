"""Folding loops of called code into one line, and passing them. Knows no rows."""

from __future__ import annotations

from collections.abc import Collection

from gradtui.debugger.folds import Fold, Run, loops_in, loops_of, run_at
from gradtui.debugger.session import Session
from gradtui.debugger.steps import Flow, Seed


def step(session: Session, by: int) -> None:
    """Do the next moment, or undo the last one; all rounds of a folded loop are one."""
    run = _folded_run(session)
    if run is not None and by > 0 and session.position < run.last:
        session.message, session.position = "", run.last
        return
    if run is not None and by < 0:
        session.message, session.position = "", run.first - 1
        return
    (session.into if by > 0 else session.back)()
    run = _folded_run(session)
    if run is not None:
        session.position = run.last


def _folded_run(session: Session) -> Run | None:
    """Return the run of a folded loop, the outermost, that the cursor is in."""
    runs = _runs_around(session, session.folds, session.position)
    return runs[0][0] if runs else None


def _runs_around(
    session: Session, loops: Collection[Fold], position: int
) -> list[tuple[Run, Fold]]:
    """Return the runs of some loops that a position is in, outermost first.

    The loops may be those of a function that calls the one that is executed there.
    """
    call = session.problem.call
    if call is None:
        return []
    near = [(run_at(session.structure, call, loop, position), loop) for loop in loops]
    around = [(run, loop) for run, loop in near if run is not None and position <= run.last]
    return sorted(around, key=lambda one: (one[0].first - one[0].last, one[1][1]))


def toggle(session: Session) -> None:
    """Fold the innermost loop around the cursor, or unfold one; outside of loops all of them."""
    call = session.problem.call
    every = frozenset[Fold]() if call is None else loops_in(call)
    around = _runs_around(session, every, at := _shown_at(session))
    folded = _runs_around(session, session.folds, at)
    if not every:
        session.message = "there is no loop of your own code"
    elif around:
        chosen = folded[0][1] if folded else around[-1][1]
        session.folds = session.folds ^ {chosen}
        done = "folded" if chosen in session.folds else "unfolded"
        session.message = f"the loop of line {chosen[1]} is {done}"
    else:
        session.folds = frozenset() if session.folds else every
        session.message = "all loops are folded" if session.folds else "no loop is folded"


def _shown_at(session: Session) -> int:
    """Return the position at which the line in view is done.

    Where a gradient flows back, that is the line of the value whose gradient it is.
    """
    match session.order.moments[session.position - 1] if session.position else None:
        case Flow(_, node) | Seed(node):
            return session.structure.value_at.get(node, session.position)
    return session.position


def reveal(session: Session) -> None:
    """Unfold the loops around the line at the cursor, which was gone to for its own sake."""
    call, at = session.problem.call, session.structure.called.get(session.position, -1)
    if call is not None and at >= 0:
        session.folds = session.folds.difference(loops_of(call.lines[at]))
