"""Notes on gradients that are not compared, or compared in another way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from gradtui.base.source import Place
from gradtui.base.text import element_text, number, shape_said
from gradtui.diagnosis.backward.trial import ROUNDED
from gradtui.diagnosis.finding import Finding, Severity
from gradtui.diagnosis.recorded.approximate import leaves
from gradtui.diagnosis.recorded.conditions import only_guards
from gradtui.diagnosis.recorded.differences import digits_of
from gradtui.diagnosis.recorded.judge import Wrong
from gradtui.diagnosis.recorded.point import Point
from gradtui.diagnosis.recorded.runs import CodeFailed, Lost, Runs, root_of
from gradtui.diagnosis.recorded.sides import ROUNDS, one_sided, steady
from gradtui.diagnosis.recorded.target import Target
from gradtui.diagnosis.recorded.upstream import place_of
from gradtui.diagnosis.recorded.varying import first_varying
from gradtui.recording.tape import Call, Leaf, Tape

Array = NDArray[Any]

_DIGITS = (6, 9, 12, 15)
_OTHER = {"above": "below", "below": "above", "True": "False", "False": "True"}


def note(
    rule: str, severity: Severity, target: str, message: str, place: Place | None,
    evidence: Mapping[str, Any] | None = None,
) -> Finding:  # fmt: skip
    """Return a finding at a place."""
    line = place.line if place is not None else None
    return Finding(rule, severity, target, line, message, evidence or {}, place=place)


def seen_text(wrong: Wrong, target: Target) -> str:
    """Return the present and the true value of a gradient, in words."""
    name = target.spelled(wrong.name, wrong.element)
    claimed, true = told_apart(wrong.claimed, wrong.true)
    where = "" if wrong.at_own else " (at random parameters)"
    return f"{name} is {claimed}, {wrong.basis} is {true}{where}"


def told_apart(one: float, two: float) -> tuple[str, str]:
    """Return two numbers with as many digits as tell them apart."""
    pairs = ((number(one, digits), number(two, digits)) for digits in _DIGITS)
    return next((pair for pair in pairs if pair[0] != pair[1]), (repr(one), repr(two)))


def misshapen(name: str, hand: Sequence[int], true: Sequence[int]) -> str:
    """Return the present and the right shape of a gradient, in words."""
    return shape_said(name, hand, true)


def together(notes: Sequence[Finding]) -> Iterator[Finding]:
    """Yield one note for all that say the same, at the same place, of several gradients."""
    found = dict[tuple[str, Place | None, str], list[Finding]]()
    for one in notes:
        told = one.message.replace(f"the gradient of {one.target} ", "the gradient of {} ", 1)
        found.setdefault((one.rule, one.place, told), []).append(one)
    for (_, _, told), (first, *others) in found.items():
        if not others:
            yield first
            continue
        names = [one.target for one in others]
        said = told.replace("{}", f"{first.target} (also of {', '.join(names)})", 1)
        evidence = {**first.evidence, "gradients": [first.target, *names]}
        yield replace(first, message=said, evidence=evidence)


def left_out(runs: Runs) -> Iterator[Finding]:
    """Yield notes on returned gradients that are not compared."""
    for name, why in runs.left_out.items():
        text = f"the gradient of {name} is not compared: {why}"
        yield note("no-gradient", "info", name, text, runs.target.place)


def holes(runs: Runs, names: Sequence[str]) -> Iterator[Finding]:
    """Yield notes on judged arguments with values that are not finite."""
    for name in names:
        found = _hole(runs.given[name])
        if found is not None:
            text = f"{name} holds {found}; the gradient there is compared only at random numbers"
            yield note("not-compared", "warning", name, text, runs.target.place)


def not_finite(runs: Runs) -> tuple[str, Place | None]:
    """Return the origin of a loss that is not finite, with its line."""
    for name, value in runs.given.items():
        found = _hole(value)
        if found is not None:
            return f": {name} holds {found}", None
    with suppress(Lost, CodeFailed):
        result = runs.recorded(runs.given)
        tape = result.tape
        for id in tape.sources(root_of(result, result.returned.loss)):
            node = tape.nodes[id]
            found = _hole(tape.value(id))
            if isinstance(node, Leaf | Call) and found is not None:
                if isinstance(node, Call):
                    return f": {node.name} gives {found} here", node.place
                return f": a value read here holds {found}", node.place or _reader(tape, id)
    return "", None


def _hole(value: Array) -> str | None:
    """Return the first value of an array that is not finite, and its place; None without one."""
    off = ~np.isfinite(value) if value.dtype.kind == "f" else np.zeros(0, bool)
    if not off.any():
        return None
    at = tuple(int(i) for i in np.unravel_index(int(np.argmax(off)), off.shape))
    held = float(value[at])
    what = "NaN" if np.isnan(held) else "inf" if held > 0 else "-inf"
    return element_text(f"{what} at ", at) if at else what


def nondeterministic(runs: Runs) -> Finding:
    """Return the note that two runs differ, at the line that makes or reads the changed value."""
    place, made, drawn = None, None, False
    with suppress(Lost, CodeFailed):
        first, second = (runs.recorded(runs.given).tape for _ in range(2))
        place, drawn = first_difference(first, second)
    with suppress(CodeFailed):
        made = None if drawn else first_varying(lambda: runs.as_is(runs.given))
    text = "two runs with the same arguments differ: "
    if made is not None:
        text += "what this line gives is drawn or measured, or kept from run to run"
    elif place is None:
        text += "the code draws numbers from a random generator of its own, or keeps something "
        text += "from run to run"
    elif drawn:
        text += "this line gives other numbers, as a random generator of the code's own does"
    else:
        text += "what this line reads has changed: it is drawn or measured, or the code keeps "
        text += "something from run to run"
    place = made or place or runs.target.place
    return note("nondeterministic", "error", runs.target.name, text, place)


def first_difference(first: Tape, second: Tape) -> tuple[Place | None, bool]:
    """Return the first difference of two runs, and whether its numbers come from outside."""
    for id, (one, two) in enumerate(zip(first.nodes, second.nodes, strict=False)):
        if isinstance(one, Leaf) and isinstance(two, Leaf):
            if np.array_equal(first.value(id), second.value(id), equal_nan=True):
                continue
            return (one.place, True) if one.place else (_reader(first, id), False)
        if type(one) is not type(two) or one.place != two.place:
            return two.place or one.place, False
    longer = max(first, second, key=len)
    shorter = min(len(first), len(second))
    return (longer.nodes[shorter].place if len(longer) > shorter else None), False


def _reader(tape: Tape, read: int) -> Place | None:
    """Return the line that reads a node first."""
    for node in tape.nodes[read + 1 :]:
        if not isinstance(node, Leaf) and read in node.inputs and node.place:
            return node.place
    return None


def ended(runs: Runs) -> Iterator[Finding]:
    """Yield a note if the user's own point is the only one because runs at others do not end."""
    if runs.patience.ended:
        text = "runs at other arguments take far longer and are ended: what the gradients are "
        text += "there is not compared"
        yield note("relies-on-data", "info", runs.target.name, text, runs.target.place)


def lost(runs: Runs) -> str:
    """Return why a gradient cannot be judged at any point."""
    digits = digits_of(runs)
    if digits is not None:
        return f"the loss is rounded to {digits} digits: return it as it is computed"
    return (
        "at every point it is lost in rounding or not finite, or differences of the code leave it "
        "open"
    )


def search_crashed(runs: Runs) -> Finding:
    """Return the note that no line at fault is looked for."""
    text = "the line at fault is not looked for: an edit of the code crashed Python "
    text += f"({runs.crashed})"
    return note("not-compared", "warning", runs.target.name, text, runs.target.place)


def one_side(runs: Runs, points: Sequence[Point]) -> Iterator[Finding]:
    """Yield a note on each call that all points have on one side of its kink.

    What comes to lie on the kink itself, as a square may, cannot get beyond.  A condition may guard
    against what does not happen, and code may not be made for the other side: neither is told of.
    """
    found = dict[tuple[str, Place | None, str], list[tuple[str, str]]]()
    for kink, signs in one_sided([point.run for point in points]).items():
        if 0 in signs or not signs or runs.unused.has(kink, -min(signs)):
            continue
        if only_guards(kink.place, _holds(kink.name, -min(signs))):
            continue
        what, than = kink.said
        here = "above" if 1 in signs else "below"
        if kink.agrees:
            here = str(1 in signs)
        found.setdefault((kink.name, kink.place, what), []).append((here, than))
    for (name, place, what), sides in found.items():
        for here, there in _ranges(sides):
            text = f"{what} is {here} at all points tried: what "
            text += f"the gradients are where it is {there} is not compared"
            yield note("relies-on-data", "info", name, text, place, {"points": len(points)})
    for name, place in steady([point.run for point in points]):
        if not runs.unused.varies(name, place):
            text = (
                "this loop takes as many rounds at all points tried: what the gradients are where "
                "it takes more or fewer is not compared"
                if name == ROUNDS
                else f"{name} gives the same at all points tried: what the gradients are where it "
                "gives something else is not compared"
            )
            yield note("relies-on-data", "info", name, text, place, {"points": len(points)})


def _ranges(sides: Sequence[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Yield in words where something always is, and where it never is."""
    if [here for here, _ in sides] == ["above", "below"]:
        (_, low), (_, high) = sides
        yield f"between {low} and {high}", "outside"
        return
    for here, than in sides:
        yield f"{here} {than}".rstrip(), _OTHER[here]


def _holds(name: str, sign: int) -> bool:
    """Return whether a comparison holds where its left side is above, or below, the right one."""
    return (sign > 0) == (name.startswith("greater") or name in ("all", "any"))


def coarse(start: Point, names: Sequence[str], tolerance: float) -> Iterator[Finding]:
    """Yield a note on each line that rounds numbers of gradients more than is compared.

    The forward pass rounds none of its own as much.
    """
    tape, found = start.result.tape, dict[Place | None, tuple[str, list[str]]]()
    tops = {name: node for name in names if (node := start.nodes[name]) is not None}
    rough = {
        id: tape.value(id).dtype
        for id in {*tape.sources(*tops.values())} - {*tape.sources(start.root)}
        if tape.active[id] and isinstance(tape.nodes[id], Call)
        and ROUNDED * float(np.finfo(tape.value(id).dtype).eps) > tolerance
    }  # fmt: skip
    for name, node in tops.items() if rough else ():
        id = next((one for one in tape.sources(node) if one in rough), None)
        if id is not None:
            found.setdefault(tape.nodes[id].place, (rough[id].name, []))[1].append(name)
    for place, (kind_name, rounding) in found.items():
        text = f"the gradient of {', '.join(rounding)} is rounded to {kind_name} here: a mistake "
        text += "smaller than that is not seen"
        yield note("opaque", "info", rounding[0], text, place)


def opaque(start: Point) -> list[Finding]:
    """Return a note for each opaque function on the way to the loss."""
    found = dict[tuple[str, Place | None], Finding]()
    for node in start.differenced:
        text = f"gradtui does not see inside {node.name}: its derivative comes from central "
        text += "differences"
        found.setdefault(
            (node.name, node.place), note("opaque", "info", node.name, text, node.place)
        )
    return list(found.values())


def outside(points: Sequence[Point], names: Sequence[str]) -> Iterator[Finding]:
    """Yield a note on the gradients that leave the recording before they are returned."""
    found = [name for name in names if leaves(name, points)]
    if found:
        text = f"the gradient of {', '.join(found)} is compared as numbers: it leaves the "
        text += "recording before it is returned, as through text or a library"
        yield note("opaque", "info", found[0], text, place_of(points[0], found[0]))
