"""What a wrong update does in the run on the screen, beside what it should do."""

from __future__ import annotations

from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from gradtui.base.text import element_text, number
from gradtui.debugger.frame import Frame
from gradtui.diagnosis.finding import Finding
from gradtui.diagnosis.updates.one_step import Right, right_step
from gradtui.engine.handwritten import Update
from gradtui.engine.indices import Index
from gradtui.explain.symbols import label
from gradtui.explain.update import move_told

_CLOSE = 1e-6
"""How far two moves of an element may be apart to be the same, relative to them."""
_ROUNDING = 8
"""Roundings of the weight that a step may take."""


def own_move(frame: Frame, finding: Finding) -> str:
    """Return `in this run, step 0: w1 goes from 1 to 1.6, sgd would move it to 0.4 (g 12, …)`.

    Of an element that goes elsewhere: the selected one, else one of the selected parameter, else
    any.  Empty where the update is not known yet, or the right one is not known.
    """
    position, index = frame.looked_at or (0, ())
    updates = frame.problem.trainer.program.updates
    others = (at for at in range(len(updates)) if at != position)
    moves = [_Moves.of(frame, finding, at) for at in (position, *others) if at < len(updates)]
    known = [one for one in moves if one is not None]
    if not known or moves[0] is None:
        return ""
    step = f"in this run, step {frame.step:,}"
    for one in known:
        if one.apart.any():
            selected = one is moves[0] and index != () and one.apart[index]
            at = index if selected else _largest(np.where(one.apart, np.abs(one.slope), -1.0))
            return f"{step}: {one.told(frame, at)}"
    if len(known) < len(updates):
        return ""
    return f"{step}: every weight goes where {known[0].right.by or 'the fix'} would move it"


class _Moves(Struct, frozen=True, eq=False):
    """Where one parameter goes in a step, and where it should."""

    update: Update
    right: Right
    old: NDArray[Any]
    new: NDArray[Any]
    slope: NDArray[Any]
    """The gradient that it gets."""

    @classmethod
    def of(cls, frame: Frame, finding: Finding, position: int) -> _Moves | None:
        """Return the moves of the parameter at a position; None where they are not known."""
        update = frame.problem.trainer.program.updates[position]
        if not move_told(frame, update.parameter):
            return None
        right = right_step(frame.problem, finding, frame.tape, position)
        if right is None or not right.weight.size:
            return None
        nodes = update.parameter, update.result, update.gradient
        old, new, slope = (
            np.broadcast_to(frame.tape.value(node), right.weight.shape) for node in nodes
        )
        return cls(update, right, old, new, slope)

    @property
    def apart(self) -> NDArray[np.bool_]:
        """Which elements go elsewhere, by more than rounding does."""
        new, right = self.new, self.right.weight
        rounding = _ROUNDING * np.finfo(new.dtype).eps * np.abs(self.old)
        with np.errstate(all="ignore"):
            near = np.abs(new - right) <= _CLOSE * np.abs(right - self.old) + rounding
        alike: NDArray[np.bool_] = near | (new == right) | (np.isnan(new) & np.isnan(right))
        return ~alike

    def told(self, frame: Frame, at: Index) -> str:
        """Return where an element goes, and where it should."""
        old, new, right = (float(of[at]) for of in (self.old, self.new, self.right.weight))
        name = element_text(label(frame, self.update.parameter), at)
        by = self.right.by or "the fix"
        numbers = f"g {number(float(self.slope[at]))}, lr {number(frame.tape.rate)}"
        if number(new) != number(right):
            start, here, there = map(number, (old, new, right))
            moves = f"{name} goes from {start} to {here}, {by} would move it to {there}"
        else:
            here, there = number(new - old), number(right - old)
            moves = f"{name}, {number(old)}, moves by {here}, {by} would move it by {there}"
        return f"{moves} ({numbers})"


def _largest(sizes: NDArray[Any]) -> Index:
    """Return the place of the largest number."""
    sizes = np.nan_to_num(sizes, nan=0.0, posinf=np.inf)
    return tuple(map(int, np.unravel_index(int(np.argmax(sizes)), sizes.shape)))
