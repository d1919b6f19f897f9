"""Edits that carry a value from one round of a loop to the next, where nothing does."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from itertools import islice, permutations

from gradtui.diagnosis.recorded.blame.begun import begun, lost, read
from gradtui.diagnosis.recorded.blame.candidates import Candidate, Statement
from gradtui.diagnosis.recorded.blame.expressions import names_in
from gradtui.diagnosis.recorded.blame.scope import Held, Shape
from gradtui.diagnosis.recorded.blame.trees import walked
from gradtui.diagnosis.recorded.blame.units import Edit
from gradtui.engine.shapes import stretches

_MOST, _PRODUCTS = 6, 48
"""Most names of which some are carried at once, and most products tried for one."""
_LATEST, _WITH = 4, 8
"""Most values of a round that are multiplied, and most by which each is."""


def carries(s: Statement) -> Iterator[Candidate]:
    """Yield the rounds of a loop that end by carrying a value to the next, in names for that.

    Such a name begins as zeros before the loop; each round reads it, and none stores another value.
    """
    if not isinstance(s.node, ast.For):
        return
    last = s.node.body[-1]
    names = lost(s.unit, s.node)
    if not names or s.unit.start(last) == s.unit.start(s.node) or "\n" in s.margin:
        return
    stored = _stored_in(s.node)
    unread = [name for name in stored if name not in read(s.unit.nodes)]
    for some in ([unread, stored] if unread else [stored])[: 1 if len(names) > 1 else 2]:
        for values in islice(permutations(some[:_MOST], len(names)), _PRODUCTS):
            if all(_are_alike(s, *pair) for pair in zip(names, values, strict=True)):
                yield _carried(s, last, names, values, 0)
    for name in names if len(names) == 1 else ():
        for text in islice(_products(s, name, stored), _PRODUCTS):
            yield _carried(s, last, [name], [text], 1)


def taken(s: Statement) -> Iterator[Candidate]:
    """Yield what a round stores with what the one before left for it, which no round reads.

    Such a name begins as zeros before the loop. Of an array with one axis more, the last or the
    first entry takes it.
    """
    source, end = s.unit.source, s.unit.end(s.node)
    behind = source[end : source.find(b"\n", end)].strip()
    end = source.find(b"\n", end) if behind.startswith(b"#") else end
    loops = [one for one in s.unit.of(ast.For) if s.node in one.body]
    name = s.node.targets[0] if isinstance(s.node, ast.Assign) else None
    if not loops or not isinstance(name, ast.Name) or "\n" in s.margin or s.margin.strip():
        return
    for carried in _left_for_next(s, loops[0], name.id):
        own, left = s.stored(name), s.scope.get(carried)
        if own is None or left is None:
            continue
        parts = [name.id] if own.shape == left.shape else []
        if own.shape[1:] == left.shape:
            parts = [f"{name.id}[-1]", f"{name.id}[0]"]
        for part in parts:
            line = f"{part} = {part} + {carried}"
            told = f"no round reads {carried}, which the one before stores: {line} is missing"
            edit = Edit(end, end, f"\n{s.margin}{line}")
            yield Candidate((edit,), "missing-path", told, 0, line, s.node)


def _left_for_next(s: Statement, loop: ast.For, name: str) -> Iterator[str]:
    """Yield the names, first zeros, that later lines of a round make of a name and none reads."""
    at = loop.body.index(s.node)
    known, every = begun(s.unit, loop), read(s.unit.nodes)
    for one in loop.body[at + 1 :]:
        target = one.targets[0] if isinstance(one, ast.Assign) else None
        made = isinstance(target, ast.Name) and name in read([*walked(one)])
        if made and isinstance(target, ast.Name) and target.id in known and target.id not in every:
            yield target.id


def _stored_in(loop: ast.For) -> list[str]:
    """Return the names that the rounds of a loop store, the latest first."""
    names = [one for one in walked(loop) if isinstance(one, ast.Name)]
    stored = [one for one in names if isinstance(one.ctx, ast.Store)]
    stored.sort(key=lambda one: -one.lineno)
    rounds = names_in(loop.target)
    return [name for name in dict.fromkeys(one.id for one in stored) if name not in rounds]


def _are_alike(s: Statement, name: str, value: str) -> bool:
    own, other = s.scope.get(name), s.scope.get(value)
    return own is not None and other is not None and own.shape == other.shape


def _carried(
    s: Statement, last: ast.stmt, names: Sequence[str], values: Sequence[str], cost: int
) -> Candidate:
    at, end = s.unit.start(last), s.unit.end(last)
    margin = s.unit.between(s.unit.source.rfind(b"\n", 0, at) + 1, at)
    line = f"{', '.join(names)} = {', '.join(values)}"
    told = f"no round passes {names[0]} on: {line} is missing at its end"
    return Candidate((Edit(end, end, f"\n{margin}{line}"),), "missing-path", told, cost, line, last)


def _products(s: Statement, name: str, stored: Sequence[str]) -> Iterator[str]:
    """Yield the products of a round's values and others, of the shape of a name."""
    own = s.scope.get(name)
    arrays = [(one, held) for one in stored if (held := s.scope.get(one)) and held.kind == "f"]
    names = [(text, held) for text, held in s.scope.items() if held.kind == "f" and text != name]
    others = [*s.expressions, *names]
    others.sort(key=lambda pair: pair[0] not in s.unit.text(s.node))
    for value, held in arrays[:_LATEST] if own is not None else ():
        for text, other in [pair for pair in others if pair[0] != value][: _WITH * 2]:
            if own is not None:
                yield from _of_two(s, own.shape, (value, held), (text, other))


def _of_two(
    s: Statement, shape: Shape, one: tuple[str, Held], two: tuple[str, Held]
) -> Iterator[str]:
    (value, held), (text, other) = one, two
    if held.shape == shape and stretches(other.shape, shape):
        yield f"{value} * {text}"
    if len(other.shape) != 2 or not 1 <= len(held.shape) <= 2:
        return
    turned = f"{text}{s.transpose}"
    rows, columns = other.shape
    if (*held.shape[:-1], rows) == shape and held.shape[-1] == columns:
        yield f"{value} @ {turned}"
    if (rows, *held.shape[1:]) == shape and held.shape[0] == columns:
        yield f"{text} @ {value}"
    if (*held.shape[:-1], columns) == shape and held.shape[-1] == rows:
        yield f"{value} @ {text}"
    if (columns, *held.shape[1:]) == shape and held.shape[0] == rows:
        yield f"{turned} @ {value}"
