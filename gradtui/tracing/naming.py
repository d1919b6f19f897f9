"""Names for the values of a recorded run: those that the user's lines assign, each once."""

from __future__ import annotations

import linecache
from collections.abc import Mapping, Sequence

from gradtui.base.source import Place
from gradtui.base.text import clean, clip
from gradtui.recording.tape import Call, Leaf, Moved, Tape
from gradtui.tracing.visits import Bound, Round, Visits

_LONGEST = 32
"""Longest expression, in characters, used as a name."""


class Names:
    """Gives each value a name of its own; names in `last` are reserved for the last value."""

    def __init__(self, last: str) -> None:
        self._given: dict[str, int] = {}
        self._last = clean(last)

    def take(self, text: str) -> str:
        """Return a printable name, with its version from the second on: x, x#2.

        For a reserved name, the first version is numbered, too.
        """
        text = clean(text)
        count = self._given[text] = self._given.get(text, 0) + 1
        if count == 1 and text != self._last:
            return text
        return self.take(f"{text}#{count}")


def bound_names(visits: Visits) -> Mapping[int, str]:
    """Return the names of the assigned nodes, each from the first line that assigns it."""
    found: dict[int, str] = {}
    for at in visits.finished:
        visit = visits.visits[at]
        for bound in visit.bound:
            if bound.node is not None and bound.target.strip("_"):
                found.setdefault(bound.node, told_apart(bound, visit.rounds))
    return found


def told_apart(bound: Bound, rounds: Sequence[Round]) -> str:
    """Return an assigned name with the round of the loops around it: h(t=3)."""
    within = [] if bound.indexed else [round_text(one) for one in rounds]
    return f"{bound.target}({', '.join(within)})" if within else bound.target


def round_text(one: Round) -> str:
    """Return a round of a loop in short: t=3, or #4 without a telling variable."""
    told = [f"{name}={value}" for name, value in one.variables]
    return ",".join(told) or f"#{one.number}"


def leaf_name(tape: Tape, id: int, visits: Visits, bound: Mapping[int, str]) -> str:
    """Return the name of a value that the run did not compute."""
    node = tape.nodes[id]
    assert isinstance(node, Leaf)
    known = node.name or visits.names.get(id) or bound.get(id) or written_at(node.place)
    # A value without a line is drawn at random to check a layer: the gradient of its output.
    return known or ("data" if visits.precedes(id) else "dout")


def loss_name(visits: Visits, loss: int) -> str:
    """Return the name of the loss, without the rounds of loops in which it was summed."""
    for at in visits.finished:
        for bound in visits.visits[at].bound:
            if bound.node == loss and bound.target.strip("_"):
                return bound.target
    return "loss"


def computed_name(tape: Tape, id: int, visits: Visits, bound: Mapping[int, str]) -> str:
    """Return the name of a computed value: as assigned, as returned, or as written."""
    node = tape.nodes[id]
    if id in bound:
        return bound[id]
    if id in visits.returned:
        function, rounds = visits.returned[id]
        return f"{function}({', '.join(map(round_text, rounds))})"
    if isinstance(node, Moved) and not tape.active[id]:
        # An array that was filled step by step keeps the name that it was created with.
        return next((bound[one] for one in node.inputs if one in bound), "") or "made"
    return written_at(node.place) or (node.name if isinstance(node, Call) else "value")


def written_at(place: Place | None) -> str:
    """Return the expression at a place; empty if it takes several lines."""
    if place is None:
        return ""
    line = linecache.getline(place.file, place.line)
    text = line[place.column - 1 : place.column - 1 + place.width].strip()
    return clip(text, _LONGEST) if len(text) > 1 else ""
