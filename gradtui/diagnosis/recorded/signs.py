"""Gradients that hold where arguments have the sign of the given numbers, and nowhere else.

A penalty `sum(abs(z))` of activations that are never negative has the slope 1, as their code says.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gradtui.base.text import number
from gradtui.diagnosis.finding import Finding
from gradtui.diagnosis.recorded.around import is_one_signed
from gradtui.diagnosis.recorded.domain import unfolded
from gradtui.diagnosis.recorded.judge import Judge
from gradtui.diagnosis.recorded.notes import note
from gradtui.diagnosis.recorded.runs import Point, Runs


def keeps_signs(start: Point) -> bool:
    """Return whether the code may take arguments to have the sign that the given numbers have."""
    one_signed = any(map(is_one_signed, start.values.values()))
    return one_signed and unfolded(start.result.tape, start.root) is not None


def one_sided(
    runs: Runs, start: Point, names: Sequence[str], tolerance: float
) -> Iterator[Finding]:
    """Yield a warning of each gradient that is right, but not where signs are others."""
    beyond = [*runs.points(start, (*start.true,))]
    for wrong in Judge(runs, [start, *beyond], tolerance).judged(names).wrong if beyond else ():
        fold = unfolded(start.result.tape, start.root)
        place = None if fold is None else start.result.tape.nodes[fold].place
        kept = ", ".join(name for name, value in start.values.items() if is_one_signed(value))
        text = f"the gradient of {wrong.name} is right only where the signs of {kept} are those "
        text += f"given: elsewhere {runs.target.spelled(wrong.name, wrong.element)} is "
        text += f"{number(wrong.claimed)}, the true one is {number(wrong.true)}"
        yield note("relies-on-data", "warning", wrong.name, text, place, wrong.evidence)
