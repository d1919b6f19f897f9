"""What a wrong update does in the run on the screen, beside what it should do."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradtui.base.text import EXACT, element_text, number
from gradtui.debugger.frame import Frame
from gradtui.diagnosis.finding import Finding
from gradtui.diagnosis.updates.one_step import right_step
from gradtui.engine.indices import Index
from gradtui.explain.symbols import label
from gradtui.explain.update import move_told


def own_move(frame: Frame, finding: Finding) -> str:
    """Return `in this run, step 0: w1 goes from 1 to 1.6, sgd would move it to 0.4 (g 12, …)`.

    Empty where the update is not known yet, or the right one is not known.
    """
    position, index = frame.looked_at or (0, ())
    program = frame.problem.trainer.program
    if not program.updates or not move_told(frame, program.updates[position].parameter):
        return ""
    right = right_step(frame.problem, finding, frame.tape, position)
    if right is None or not right.weight.size:
        return ""
    update = program.updates[position]
    old, new, slope = (
        np.broadcast_to(frame.tape.value(node), right.weight.shape)
        for node in (update.parameter, update.result, update.gradient)
    )
    at = index or _largest(slope)
    here, there = _apart(float(new[at]), float(right.weight[at]))
    name = element_text(label(frame, update.parameter), at)
    should = f"{right.by} would move it" if right.by else "the fix would move it"
    other = f"{should} {f'to {there}' if here != there else 'there too'}"
    numbers = f"g {number(float(slope[at]))}, lr {number(frame.tape.rate)}"
    start = number(float(old[at]))
    step = f"in this run, step {frame.step:,}"
    return f"{step}: {name} goes from {start} to {here}, {other} ({numbers})"


def _largest(slope: NDArray[Any]) -> Index:
    """Return the element with the largest gradient."""
    sizes = np.nan_to_num(np.abs(slope), nan=-1.0, posinf=np.inf)
    return tuple(map(int, np.unravel_index(int(np.argmax(sizes)), slope.shape)))


def _apart(one: float, other: float) -> tuple[str, str]:
    """Return two numbers with enough digits to tell them apart."""
    digits = next((d for d in range(6, EXACT) if number(one, d) != number(other, d)), EXACT)
    return number(one, min(digits, EXACT)), number(other, min(digits, EXACT))
