"""The likeliest place of a mistake that no edit repairs."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from gradtui.base.source import Place
from gradtui.diagnosis.recorded.blame.flow import Flow
from gradtui.diagnosis.recorded.point import Point
from gradtui.recording.functions import function_of
from gradtui.recording.tape import Leaf


def likeliest(
    flow: Flow, point: Point, name: str, wrong: Collection[str], called: Callable[..., Any]
) -> Place | None:
    """Return the first place where right values become wrong, on the way to a gradient.

    `flow` is that of the point, without scales, and `wrong` are all wrong gradients. Lines of the
    function itself precede those of others that it calls. Without any, it is the last line that
    computes something for all of the wrong gradients alone, or else for this one.
    """
    tape, code = point.result.tape, getattr(function_of(called), "__code__", None)
    own = [
        place for id in range(point.root + 1, len(tape))
        if not isinstance(tape.nodes[id], Leaf) and (place := tape.nodes[id].place) is not None
        and (line := (place.file, place.line)) not in flow.forward and name in flow.feeds[line]
    ]  # fmt: skip
    lines = {at for _, _, at in code.co_lines()} if code is not None else set()
    within = [place for place in own if code is not None and place.file == code.co_filename
              and place.line in lines]  # fmt: skip
    doubtful = [one for one in own if (one.file, one.line) not in flow.known]
    shared = [one for one in doubtful if flow.feeds[one.file, one.line] == set(wrong)]
    for some in (within, own):
        first = next((one for one in some if (one.file, one.line) in flow.first), None)
        if first is not None:
            return first
    return next((some[-1] for some in (shared, within, own) if some), None)
