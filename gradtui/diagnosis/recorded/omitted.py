"""What a wrong gradient leaves out that no edit puts back: a slope, or what flows through a value.

The backward half may not have what it takes to compute it.
"""

from __future__ import annotations

import ast
import linecache
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

import numpy as np
from msgspec import Struct

from gradtui.base.source import Place
from gradtui.diagnosis.recorded.point import Point
from gradtui.recording.slopes import Untold
from gradtui.recording.sweep import Link, gradients
from gradtui.recording.tape import Call, Tape

_CLOSE = 1e-6
_POINTS = 3
"""Most points at which what is left out must explain a gradient."""
_LARGEST, _PAIRED, _DEEP = 300, 40, 12
"""Most nodes of a forward pass, most of which two are left out, and most in one slope."""
_LONGEST = 40
"""Longest expression that is quoted, in characters."""

Links = Mapping[int, Link]


class Omitted(Struct, frozen=True, eq=False):
    """What a gradient leaves out."""

    told: str
    """Its description, as a sentence without a beginning or an end."""
    rule: str
    links: Links
    held: Sequence[tuple[int, int]] = ()
    """Calls, each with the place of the operand to which nothing flows back."""


def omitted(name: str, points: Sequence[Point]) -> Omitted | None:
    """Return what a wrong gradient leaves out at all points; None if that does not explain it."""
    if points[0].root > _LARGEST or not any(np.any(one.hand[name]) for one in points):
        return None
    tape = points[0].result.tape
    few = [one for one in points[:_POINTS] if _is_alike(one.result.tape, tape)]
    try:
        return next((one for one in _ways(points[0]) if _explains(one, name, few)), None)
    except Untold:
        return None


def _is_alike(tape: Tape, other: Tape) -> bool:
    return len(tape) == len(other) and all(
        type(one) is type(two) and getattr(one, "name", "") == getattr(two, "name", "")
        for one, two in zip(tape.nodes, other.nodes, strict=True)
    )  # fmt: skip


def _explains(one: Omitted, name: str, points: Sequence[Point]) -> bool:
    for point in points:
        tape, hand, leaf = point.result.tape, point.hand[name], point.result.tape.arguments[name]
        own = {id: None if link is None else (link[0], np.ones(tape.shape(id)))
               for id, link in one.links.items()}  # fmt: skip
        cut = tape.holding(one.held) if one.held else tape
        found = gradients(cut, point.root, [leaf], links=own)[leaf]
        room = _CLOSE * float(np.max(np.abs(hand), initial=0.0))
        if found.shape != hand.shape or not np.all(np.abs(found - hand) <= room):
            return False
    return True


def _ways(point: Point) -> Iterator[Omitted]:
    tape = point.result.tape
    sources = tape.sources(point.root)
    calls = [id for id in sources if tape.active[id] and isinstance(tape.nodes[id], Call)
             and tape.nodes[id].place is not None and id != point.root]  # fmt: skip
    yield from (_stopped(tape, (id,)) for id in reversed(calls))
    for id in calls:
        for source in _operands(tape, id):
            told = f"the slope of {_seen(tape, id)} is missing"
            yield Omitted(told, "missing-factor", {id: (source, np.ones(()))})
    yield from _between_rounds(tape, calls)
    few = calls if len(calls) <= _PAIRED else []
    yield from (_stopped(tape, pair) for pair in combinations(few, 2))


def _between_rounds(tape: Tape, calls: Sequence[int]) -> Iterator[Omitted]:
    """Yield what flows back to an operand of an expression that each round of a loop computes."""
    rounds = defaultdict[Place | None, list[int]](list)
    for id in calls:
        rounds[tape.nodes[id].place].append(id)
    for ids in rounds.values():
        operands = [_inputs(tape, id) for id in ids]
        for at in range(min(map(len, operands))) if len(ids) > 1 else ():
            if any(tape.active[own[at]] for own in operands):
                told = f"what flows back through {_seen(tape, ids[0])}{_to(tape, ids[0], at)}"
                yield Omitted(f"{told} is missing", "missing-path", {}, [(id, at) for id in ids])


def _inputs(tape: Tape, id: int) -> Sequence[int]:
    node = tape.nodes[id]
    return node.inputs if isinstance(node, Call) else ()


def _to(tape: Tape, id: int, at: int) -> str:
    """Return the operand of an expression, in words; empty if its text does not tell it."""
    try:
        made = ast.parse(_text(tape, id), mode="eval").body
    except SyntaxError:
        return ""
    parts: Sequence[ast.expr] = ()
    if isinstance(made, ast.BinOp):
        parts = made.left, made.right
    elif isinstance(made, ast.Call):
        parts = made.args
    return f" to {ast.unparse(parts[at])}" if len(parts) == len(_inputs(tape, id)) else ""


def _stopped(tape: Tape, ids: Sequence[int]) -> Omitted:
    places = " and ".join(dict.fromkeys(_seen(tape, id) for id in ids))
    return Omitted(f"what flows back through {places} is missing", "missing-path",
                   dict.fromkeys(ids))  # fmt: skip


def _operands(tape: Tape, id: int) -> Iterator[int]:
    """Yield the values of which a value is an elementwise function and of nothing else."""
    open_ = {id}
    for _ in range(_DEEP):
        last = max(open_)
        node = tape.nodes[last]
        if not isinstance(node, Call) or not node.elementwise:
            return
        if tape.shape(last) != tape.shape(id):
            return
        open_ = (open_ - {last}) | {one for one in node.inputs if tape.active[one]}
        if len(open_) == 1 and tape.shape(next(iter(open_))) == tape.shape(id):
            yield next(iter(open_))


def _seen(tape: Tape, id: int) -> str:
    """Return the expression that computes a value, with its line."""
    place: Place | None = tape.nodes[id].place
    assert place is not None
    text = _text(tape, id)
    shown = text if 0 < len(text) <= _LONGEST else getattr(tape.nodes[id], "name", "a value")
    return f"{shown} in line {place.line}"


def _text(tape: Tape, id: int) -> str:
    """Return the text of an expression; empty without a place."""
    place: Place | None = tape.nodes[id].place
    line = "" if place is None else linecache.getline(place.file, place.line)
    return "" if place is None else line[place.column - 1 :][: place.width].strip()
