"""One call of the user's code, run again while the debugger shows it."""

from __future__ import annotations

from gradtui.debugger.session import Session


def run_again(session: Session) -> Session:
    """Run a call's code again; return a session on the new call, at the same place.

    Raises InputError for a call that cannot be used, including exceptions of the user's code.
    """
    assert session.again is not None
    other = session.again()
    other.draw(session.level, frozenset())
    names, own = other.problem.graph.names, session.selection.own
    name = "" if own is None else session.problem.graph.nodes[own].name
    if name in names:
        other.selection.select(names[name])
    done = session.position == session.order.end
    other.position = other.order.end if done else min(session.position, other.order.end)
    return other
