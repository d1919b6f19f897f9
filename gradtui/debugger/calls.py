"""One call of the user's code, run again while the debugger shows it."""

from __future__ import annotations

from collections.abc import Hashable, Iterator

from gradtui.debugger.folds import loops_in
from gradtui.debugger.session import Session
from gradtui.debugger.steps import Compute, Flow


def run_again(session: Session) -> Session:
    """Run a call's code again; return a session on the new call, at the same place.

    Raises InputError for a call that cannot be used, including exceptions of the user's code.
    """
    assert session.again is not None
    other = session.again()
    other.draw(session.level, frozenset())
    if other.problem.call is not None:
        other.folds = session.folds & loops_in(other.problem.call)
    names, own = other.problem.graph.names, session.selection.own
    name = "" if own is None else session.problem.graph.nodes[own].name
    if name in names:
        other.selection.select(names[name])
    done = session.position == session.order.end
    other.position = other.order.end if done else _same_place(session, other)
    return other


def _same_place(session: Session, other: Session) -> int:
    """Return the position in another call of the moment done last here, or of one before it.

    A changed line may compute more values or fewer, so that positions are not the same.
    """
    there = {key: position for position, key in enumerate(_places(other), 1)}
    here = [*_places(session)][: session.position]
    return next((there[key] for key in reversed(here) if key in there), 0)


def _places(session: Session) -> Iterator[Hashable]:
    """Yield what tells each moment from all others, the same after a change of other lines."""
    order, nodes = session.order, session.problem.graph.nodes
    seen = dict[Hashable, int]()
    for position, moment in enumerate(order.moments, 1):
        key: Hashable = type(moment)
        if position in session.structure.called:
            key = _line(session, session.structure.called[position])
        elif isinstance(moment, Compute):
            key = nodes[moment.node].name
        elif isinstance(moment, Flow):
            key = nodes[moment.source].name, nodes[moment.target].name
        key = order.pass_at(position), key
        seen[key] = seen.get(key, 0) + 1
        yield key, seen[key]


def _line(session: Session, at: int) -> Hashable:
    """Return the place of an executed line in its function and the rounds of its loops."""
    call = session.problem.call
    assert call is not None
    line = call.lines[at]
    rounds = tuple(each.partition(" of ")[0] for each in line.rounds)
    return line.place.file, line.function, line.place.line - line.scope[0], rounds
