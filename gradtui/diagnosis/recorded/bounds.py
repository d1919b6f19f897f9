"""Bounds of the forward pass, such as `clip(x, -6, 6)`, whose slope of 0 a gradient ignores.

Within them it is right.  A single bound of 0 is a rectifier, and part of the function.
"""

from __future__ import annotations

import ast
import linecache
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from gradtui.base.source import Place
from gradtui.base.text import number
from gradtui.diagnosis.finding import Finding
from gradtui.diagnosis.recorded.domain import rectifies
from gradtui.diagnosis.recorded.judge import Sifted, Wrong
from gradtui.diagnosis.recorded.notes import note, seen_text, together
from gradtui.diagnosis.recorded.point import Point
from gradtui.diagnosis.recorded.target import Target
from gradtui.recording.slopes import Untold
from gradtui.recording.sweep import Replay, gradients
from gradtui.recording.tape import Call, Tape

Array = NDArray[Any]
_Key = tuple[str, Place | None]
_Bounds = Mapping[int, int]
"""Calls that bound a value -> that value."""
_Size = tuple[tuple[int, ...], bytes]
"""The shape and the magnitudes of an array."""

_LOWER, _UPPER = frozenset({"maximum", "fmax"}), frozenset({"minimum", "fmin"})
_BOUNDING = frozenset({"clip", *_LOWER, *_UPPER})
_MOST = 6
"""Most calls that are tried alone."""


def ignored(
    target: Target, points: Sequence[Point], wrong: Sequence[Wrong], tolerance: float
) -> Sifted:
    """Return what is told of gradients that are right but for bounds, and what is wrong beside.

    It is a warning if the given arguments lie within the bounds.
    """
    best, names = list[_Bounds](), list[str]()
    for found in _groups(points) if wrong else ():
        right = [one.name for one in wrong if _is_right(points, found, one.name, tolerance)]
        if len(right) > len(names):
            best, names = found, right
    if not names:
        return Sifted((), points, tuple(wrong))
    told = [one for one in wrong if one.name in names]
    left = tuple(one for one in wrong if one.name not in names)
    beyond = [one for one in told if one.at_own]
    warnings = [_warning(points, best, one) for one in told if not one.at_own]
    findings = *_errors(target, points, best, beyond), *together(warnings)
    return Sifted(findings, *_beside(points, best, left, names))


def _groups(points: Sequence[Point]) -> Iterator[list[_Bounds]]:
    """Yield bounds that cut something at some point, for each point: all of them, then each.

    Some are on the way to the loss: others limit what the backward pass alone computes.
    """
    found = [dict(_bounds(point)) for point in points]
    keys = dict[_Key, bool]()
    for point, own in zip(points, found, strict=True):
        tape, forward = point.result.tape, set(point.result.tape.sources(point.root))
        for id, source in own.items():
            if id < point.root and _cuts(tape, id, source):
                key = _key(tape, id)
                keys[key] = keys.get(key, False) or id in forward
    before = [key for key, one in keys.items() if one]
    alone = before[:_MOST] if len(keys) > 1 else []
    for group in ([[*keys]] if before else []) + [[one] for one in alone]:
        yield [
            {id: source for id, source in own.items() if _key(point.result.tape, id) in group}
            for point, own in zip(points, found, strict=True)
        ]


def _bounds(point: Point) -> Iterator[tuple[int, int]]:
    """Yield the calls that bound what the forward pass computes, each with that value.

    One whose value, or what bounds that from its other side, is compared with something is left
    out: a gradient with a mask does not ignore it.
    """
    tape, found, asked = point.result.tape, dict[int, int](), set[int]()
    compared, forward = _compared(tape), set(tape.sources(point.root))
    for id, node in enumerate(tape.nodes):
        if not isinstance(node, Call) or node.name not in _BOUNDING or not tape.active[id]:
            continue
        values = [one for one in node.inputs if tape.active[one]]
        if len(values) != 1 or tape.shape(values[0]) != tape.shape(id):
            continue
        if values[0] in forward and not rectifies(tape, id):
            (source,) = values
            found[id] = source
            if source in asked or _size(tape, source) in compared:
                asked |= {id, source} if source in found else {id}
    yield from ((id, source) for id, source in found.items() if id not in asked)


def _compared(tape: Tape) -> set[_Size]:
    """Return the sizes of all numbers that are compared with something, as those of a mask are."""
    return {_size(tape, id) for one in tape.choices for id in one.inputs if id is not None}


def _size(tape: Tape, id: int) -> _Size:
    value = tape.value(id)
    return value.shape, np.abs(value).tobytes()


def _cuts(tape: Tape, id: int, source: int) -> bool:
    return not np.array_equal(tape.value(id), tape.value(source), equal_nan=True)


def _is_right(
    points: Sequence[Point], bounds: Sequence[_Bounds], name: str, tolerance: float
) -> bool:
    """Return whether a gradient is right at all points but for bounds, of which some point tells.

    Far out, where there is no gradient without them, nothing tells.
    """
    known = False
    for point, own in zip(points, bounds, strict=True):
        hand, true = point.hand[name], point.true[name]
        tape, found = point.result.tape, [(hand, true)]
        try:
            if any(_cuts(tape, id, source) for id, source in own.items()):
                without = Replay(tape, handing={**point.handing, **own})
                found = [
                    (hand, _passing(point, own, name)),
                    (point.claimed(without)[name], _passing(point, own, name, without)),
                ]
        except Untold:
            return False
        right = np.logical_or.reduce([_is_close(one, two, tolerance) for one, two in found])
        known |= bool(np.all(right)) and not np.all(_is_close(hand, true, tolerance))
        if not point.near:
            right |= np.logical_or.reduce([~np.isfinite(one - two) for one, two in found[1:]])
        if not np.all(right):
            return False
    return known


def _is_close(one: Array, two: Array, tolerance: float) -> Array:
    with np.errstate(all="ignore"):
        finite = two[np.isfinite(two)]
        room = tolerance * float(np.max(np.abs(finite), initial=0.0))
        return np.asarray(np.abs(one - two) <= room)


def _passing(point: Point, bounds: _Bounds, name: str, world: Replay | None = None) -> Array:
    """Return the gradient that passes bounds as if they did not cut, with the values of a world."""
    tape = point.result.tape
    leaf, values = tape.arguments[name], None if world is None else world.value
    links = {id: (source, np.ones(tape.shape(id))) for id, source in bounds.items()}
    return gradients(tape, point.root, [leaf], links=links, values=values)[leaf]


def _beside(
    points: Sequence[Point], bounds: Sequence[_Bounds], left: Sequence[Wrong], told: Sequence[str]
) -> tuple[Sequence[Point], tuple[Wrong, ...]]:
    """Return points where bounds tell nothing of other wrong gradients, and these there.

    They are those at which nothing is cut. If the user's own is none, gradients pass the bounds, as
    those that are `told` do.
    """
    within = [
        point
        for point, own in zip(points, bounds, strict=True)
        if not any(_cuts(point.result.tape, id, source) for id, source in own.items())
    ]
    if any(point is points[0] for point in within):
        kept = all(one.at_own or any(one.point is point for point in within) for one in left)
        return within if kept else points, tuple(left)
    names = [*told, *(one.name for one in left)]
    found = [
        replace(point, true={**point.true, **{one: _passing(point, own, one) for one in names}})
        for point, own in zip(points, bounds, strict=True)
    ]
    at = {id(old): new for old, new in zip(points, found, strict=True)}
    return found, tuple(replace(one, point=at[id(one.point)]) for one in left)


def _warning(points: Sequence[Point], bounds: Sequence[_Bounds], wrong: Wrong) -> Finding:
    tape, ids = _first(points, bounds)
    text = f"the gradient of {wrong.name} is right {_within(tape, ids)}, where the given arguments "
    text += "keep it: beyond, it ignores the slope of 0"
    place = tape.nodes[ids[0]].place
    return note("relies-on-data", "warning", wrong.name, text, place, wrong.evidence)


def _errors(
    target: Target, points: Sequence[Point], bounds: Sequence[_Bounds], wrong: Sequence[Wrong]
) -> Iterator[Finding]:
    """Yield one finding for all gradients that are wrong at the given arguments."""
    if not wrong:
        return
    (tape, ids), names = _first(points, bounds), [one.name for one in wrong]
    others = f" (also wrong: {', '.join(names[1:])})" if len(names) > 1 else ""
    factor = _mask(tape, ids)
    text = f"the gradient of {seen_text(wrong[0], target)}{others}: it ignores that the slope is 1 "
    text += f"only {_within(tape, ids)}, and 0 beyond"
    text += "" if factor is None else f"; the factor {factor} is missing"
    evidence = {**wrong[0].evidence, "gradients": names}
    place = tape.nodes[ids[0]].place
    found = note("missing-factor", "error", names[0], text, place, evidence)
    yield replace(found, factor=factor)


def _first(points: Sequence[Point], bounds: Sequence[_Bounds]) -> tuple[Tape, list[int]]:
    """Return the first call that cuts something, and what bounds its value from the other side.

    That is where some call does so first; the inner one of two comes first.
    """
    for point, own in zip(points, bounds, strict=True):
        tape = point.result.tape
        for id, source in sorted(own.items()):
            if _cuts(tape, id, source):
                outer = [other for other, value in own.items() if value == id]
                return tape, sorted([id, *([source] if source in own else outer[:1])])
    raise AssertionError("nothing is cut")


def _key(tape: Tape, id: int) -> _Key:
    node = tape.nodes[id]
    assert isinstance(node, Call)
    return node.name, node.place


def _ends(tape: Tape, ids: Sequence[int]) -> tuple[str | None, str | None]:
    """Return the lower and the upper bound of calls in words, as far as they have them."""
    low, high = None, None
    for id in ids:
        node = tape.nodes[id]
        assert isinstance(node, Call)
        values = [tape.value(one) for one in node.inputs if not tape.active[one]]
        told = [number(float(one.reshape(-1)[0])) if np.unique(one).size == 1 else "its bound"
                for one in values]  # fmt: skip
        low = told[0] if node.name not in _UPPER else low
        high = told[-1] if node.name not in _LOWER else high
    return low, high


def _within(tape: Tape, ids: Sequence[int]) -> str:
    """Return where calls leave their argument as it is, in words."""
    name = " and ".join(_key(tape, id)[0] for id in ids)
    low, high = _ends(tape, ids)
    if low is not None and high is not None:
        return f"between the bounds {low} and {high} of {name}"
    return f"above the {low} of {name}" if high is None else f"below the {high} of {name}"


def _mask(tape: Tape, ids: Sequence[int]) -> str | None:
    """Return the slope of calls as a mask in the user's words; None if these are not found."""
    node, (low, high) = tape.nodes[ids[0]], _ends(tape, ids)
    assert isinstance(node, Call)
    operand = None if node.place is None else _operand(node.place, node)
    if operand is None or "its bound" in (low, high):
        return None
    sides = [f"({operand} {sign} {end})" for sign, end in ((">", low), ("<", high)) if end]
    return " & ".join(sides)


def _operand(place: Place, node: Call) -> str | None:
    """Return what a call bounds as the user wrote it; None if it is not found."""
    line = linecache.getline(place.file, place.line)
    text = line[place.column - 1 : place.column - 1 + place.width]
    try:
        call = ast.parse(text, mode="eval").body
    except SyntaxError:
        return None
    if not isinstance(call, ast.Call):
        return None
    owner = call.func.value if isinstance(call.func, ast.Attribute) else None
    own = [one for one in call.args if not isinstance(one, ast.Constant | ast.UnaryOp)]
    function = len(call.args) + len(call.keywords) >= len(node.inputs) and own
    operand = own[0] if function else owner
    return None if operand is None else ast.get_source_segment(text, operand)
