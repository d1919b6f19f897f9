"""One call of somebody's code, run again while it is looked at."""

from __future__ import annotations

from gradtui.debugger.session import Session


def run_again(session: Session) -> Session:
    """Return a session on the call as it is when its code is run again, at the same place.

    Raises InputError for what cannot be used, the user's exceptions among it.
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
