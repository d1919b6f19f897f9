"""Gradients that hold where arguments have the sign of the given numbers, and nowhere else.

A penalty `sum(abs(z))` of activations that are never negative has the slope 1, as their code says.
So it says of what a backward pass divides by that no number is below a small positive one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

import numpy as np

from gradtui.base.text import number
from gradtui.diagnosis.finding import Finding
from gradtui.diagnosis.recorded.around import is_one_signed
from gradtui.diagnosis.recorded.differences import COARSE
from gradtui.diagnosis.recorded.domain import kept_positive, unfolded
from gradtui.diagnosis.recorded.judge import Judge
from gradtui.diagnosis.recorded.notes import note
from gradtui.diagnosis.recorded.point import Point
from gradtui.diagnosis.recorded.points import points_around
from gradtui.diagnosis.recorded.runs import Runs
from gradtui.recording.tape import Call, Tape


def folding(start: Point) -> int | None:
    """Return the call that tells that arguments may have to keep the sign of the given numbers.

    None if the code does not take them to have one.
    """
    tape = start.result.tape
    if not any(map(is_one_signed, start.values.values())):
        return None
    found = unfolded(tape, start.root)
    return kept_positive(tape, start.root) if found is None else found


def turned(runs: Runs, start: Point, fold: int, count: int) -> list[Point]:
    """Return at most `count` points with signs that the call `fold` turns, or bounds.

    A solver that fails with other signs says nothing of a call that still changes no number.
    """
    call = start.result.tape.nodes[fold]
    assert isinstance(call, Call)
    around = islice(points_around(runs, start, (*start.true,)), count)
    return [one for one in around if _changes(one.result.tape, call)]


def one_sided(
    runs: Runs, start: Point, fold: int, beyond: Sequence[Point], names: Sequence[str],
    tolerance: float,
) -> Iterator[Finding]:  # fmt: skip
    """Yield a warning of each gradient that is right, but not at the points `beyond`.

    The call `fold` tells that arguments may have to keep their signs, which are others there.
    """
    # Other signs change all of a gradient; a solver's own steps change a little of it.
    coarse = max(tolerance, COARSE)
    wrong = Judge(runs, [start, *beyond], coarse).judged(names).wrong if beyond else ()
    place = start.result.tape.nodes[fold].place
    kept = ", ".join(name for name, value in start.values.items() if is_one_signed(value))
    for one in wrong:
        text = f"the gradient of {one.name} is right only where the signs of {kept} are those "
        text += f"given: elsewhere {runs.target.spelled(one.name, one.element)} is "
        text += f"{number(one.claimed)}, the true one is {number(one.true)}"
        yield note("relies-on-data", "warning", one.name, text, place, one.evidence)


def _changes(tape: Tape, call: Call) -> bool:
    """Return whether a run has a round of a call in which it changes some number."""
    rounds = [
        (id, node.inputs[0]) for id, node in enumerate(tape.nodes)
        if isinstance(node, Call) and (node.name, node.place) == (call.name, call.place)
    ]  # fmt: skip
    return any(np.any(tape.value(id) != tape.value(operand)) for id, operand in rounds)
