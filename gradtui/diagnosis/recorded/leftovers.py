"""Gradients that are wrong because of what the code has kept from a run before."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gradtui.base.source import InputError
from gradtui.diagnosis.finding import Finding
from gradtui.diagnosis.recorded.judge import Judge, Wrong
from gradtui.diagnosis.recorded.notes import first_difference, note, seen_text
from gradtui.diagnosis.recorded.repeated import are_alike
from gradtui.diagnosis.recorded.runs import CodeFailed, Lost, Runs
from gradtui.recording.slopes import Untold


def left_over(
    runs: Runs, wrong: Sequence[Wrong], tolerance: float
) -> tuple[list[Finding], tuple[Wrong, ...]]:
    """Return findings of gradients that are right once the code starts afresh, and the others."""
    found, left = list[Finding](), list[Wrong]()
    for one in wrong:
        told = _left_over(runs, one, tolerance) if runs.kept.undo() else None
        left += [one] if told is None else []
        found += [] if told is None else [told]
    return found, tuple(left)


def _left_over(runs: Runs, wrong: Wrong, tolerance: float) -> Finding | None:
    point, name = wrong.point, wrong.name
    try:
        fresh = runs.point(point.values, (*point.true,), near=point.near)
    except (CodeFailed, InputError, Lost, Untold):
        return None
    finally:
        runs.kept.undo()  # else the next run at this point would seem to write nothing
    hand, true = fresh.hand[name], fresh.true[name]
    if are_alike(hand, point.hand[name]) or hand.shape != true.shape:
        return None
    if not Judge(runs, [fresh], tolerance).forgives(fresh, name, np.abs(hand - true)):
        return None
    place, _ = first_difference(point.result.tape, fresh.result.tape)
    text = f"the gradient of {seen_text(wrong, runs.target)}: it comes from what the code has kept "
    text += "from a run before; where it starts afresh, it is right"
    return note("stale", "error", name, text, place or runs.target.place, wrong.evidence)
