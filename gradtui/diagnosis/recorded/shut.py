"""Masks of a backward pass that let nothing pass what is flat, such as `abs(x) <= 0.01`.

The gradient is 0 then, as the true one is, but a mask is only there for what passes it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from gradtui.base.source import Place
from gradtui.diagnosis.finding import Finding
from gradtui.diagnosis.recorded.flat import flat_calls
from gradtui.diagnosis.recorded.notes import note
from gradtui.diagnosis.recorded.point import Point
from gradtui.recording.sweep import gradients
from gradtui.recording.tape import Call, Leaf, Tape

_FEW = 20
"""Fewer elements may all be outside of a mask by chance."""


def shut(points: Sequence[Point], names: Sequence[str]) -> Iterator[Finding]:
    """Yield what is told of gradients that are 0 at all points because of a mask."""
    start, length = points[0], len(points[0].result.tape)
    if any(len(point.result.tape) != length for point in points):
        return
    for name in names:
        still = not any(np.any(one.hand[name]) or np.any(one.true[name]) for one in points)
        flat = _flat(start, name) if still else None
        if flat is None or len(points) * start.hand[name].size < _FEW:
            continue
        place = _mask(points, name)
        if place is not None:
            text = f"the gradient of {name} is 0 at all points tried: this holds for no element, "
            text += f"so that nothing passes {flat}, which is flat"
            yield note("missing-path", "error", name, text, place)


def _flat(point: Point, name: str) -> str | None:
    """Return the name of the flat function that a gradient would pass first, if it is not 0."""
    tape = point.result.tape
    for id in flat_calls(point):
        node = tape.nodes[id]
        if tape.arguments[name] in tape.sources(id) and isinstance(node, Call):
            return node.name if np.any(gradients(tape, point.root, [id])[id]) else None
    return None


def _mask(points: Sequence[Point], name: str) -> Place | None:
    """Return where the mask is that a gradient is multiplied by; None if there is none."""
    start = points[0]
    tape, node = start.result.tape, start.nodes[name]
    sources = [] if node is None else [one for one in tape.sources(node) if one > start.root]
    leaves = [one for one in sources if isinstance(tape.nodes[one], Leaf)]
    shape = start.hand[name].shape

    def is_nowhere(id: int, kind: str) -> bool:
        return all(_is_nowhere(one.result.tape, id, shape, kind) for one in points)

    # A mask that becomes numbers is known by its line, or is any before numbers that are all 0.
    lines = {_line(tape, one) for one in leaves} - {None}
    last = max((one for one in leaves if is_nowhere(one, "f")
                and _multiplies(tape, one, sources)), default=0)  # fmt: skip
    masks = [one for one in range(start.root + 1, len(tape))
             if one in sources or one < last or _line(tape, one) in lines]  # fmt: skip
    found = next((id for id in reversed(masks) if is_nowhere(id, "b")), None)
    return None if found is None else tape.nodes[found].place


def _multiplies(tape: Tape, id: int, ids: Sequence[int]) -> bool:
    """Return whether a value is a factor of one of some nodes."""
    calls = (one for at in ids if isinstance(one := tape.nodes[at], Call))
    return any(one.name == "multiply" and id in one.inputs for one in calls)


def _is_nowhere(tape: Tape, id: int, shape: tuple[int, ...], kind: str) -> bool:
    value = tape.value(id)
    return value.dtype.kind == kind and value.shape == shape and not value.any()


def _line(tape: Tape, id: int) -> tuple[str | None, int] | None:
    place = tape.nodes[id].place
    return None if place is None else (place.file, place.line)
