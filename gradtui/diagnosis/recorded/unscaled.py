"""Backward passes that do not multiply by the gradient that they are given, such as grad_output.

Their gradients are the same for every multiple of a loss, and can be right for the loss alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from gradtui.base.source import Place
from gradtui.base.text import number
from gradtui.diagnosis.backward.trial import TOLERANCE
from gradtui.diagnosis.finding import Finding, gravest_first
from gradtui.diagnosis.recorded.notes import note
from gradtui.diagnosis.recorded.outcome import Outcome
from gradtui.diagnosis.recorded.runs import CodeFailed, Lost, Runs
from gradtui.diagnosis.recorded.upstream import place_of
from gradtui.recording.slopes import Untold

Array = NDArray[Any]

_CLOSE = 1e-3
"""The relative difference up to which gradients are multiples of each other."""
_SAME = "same for every multiple of the loss"


class Unscaled(Struct, frozen=True, eq=False):
    """Code some of whose gradients are no multiples of the loss's scale."""

    runs: Runs
    """Runs of the loss itself, which is not weighted."""
    scale: float
    """What the loss is multiplied by where it is weighted."""
    names: Sequence[str]
    """The gradients that are the same for both; there may be none."""

    def outcome(self, itself: Outcome, weighted: Callable[[], Outcome]) -> Outcome:
        """Return the outcome from those of the loss itself and of the weighted one."""
        if itself.verdict == "wrong" and self.names:
            if (fixes := _fixes(itself)) and _fixes(weighted()) == fixes:
                return itself  # the fix multiplies by that gradient
            return replace(itself, findings=gravest_first([*itself.findings, self._told()]))
        found = weighted()
        if itself.verdict != "correct" or not found.failed or not self.names:
            return found
        errors = [one for one in found.findings if one.severity == "error"]
        rest = [one for one in found.findings if one.severity != "error"]
        told = [self._told()]
        if any(one.fix for one in errors):
            told = [replace(one, message=f"{one.message}; {self._added}") for one in errors]
        return replace(found, findings=gravest_first([*told, *rest]))

    @property
    def _added(self) -> str:
        text = f"as it is, the gradient is the {_SAME} and right for the loss itself alone, which "
        return text + f"is multiplied by {number(self.scale, 3)} here"

    def _told(self) -> Finding:
        first, *others = self.names
        those = f"{first} (also of {', '.join(others)})" if others else first
        text = "the backward pass does not multiply by the gradient that it is given, such as "
        text += f"grad_output: the gradient of {those} is the {_SAME}, and can be right for the "
        text += "loss itself alone"
        evidence = {"gradients": [*self.names]}
        return note("missing-factor", "error", first, text, self._place(first), evidence)

    def _place(self, name: str) -> Place | None:
        """Return the line that computes a gradient last."""
        try:
            point = self.runs.point(self.runs.given, (name,), near=True)
        except (CodeFailed, Lost, Untold):
            return self.runs.target.place
        return place_of(point, name) or self.runs.target.place


def unscaled(runs: Runs) -> Unscaled | None:
    """Return what is told of a loss itself; None if all gradients are multiples of its scale.

    That scale becomes the weight of the runs then, unless they are rounded much.
    """
    target = runs.target.unweighted
    if target is None:
        return None
    plain = runs.of(target)
    try:
        (weighted, own), (loss, found) = runs.as_is(runs.given), plain.as_is(runs.given)
    except CodeFailed:
        return None
    if weighted == loss or not loss or not np.isfinite(weighted / loss):
        return None
    scale, hand, usual = weighted / loss, _arrays(own), _arrays(found)
    both = [name for name in usual if name in hand and hand[name].shape == usual[name].shape]
    if all(_is_close(hand[name], scale * usual[name]) for name in both):
        if all(_is_close(hand[name], scale * usual[name], TOLERANCE) for name in both):
            runs.weight = scale
        return None
    same = [name for name in both if usual[name].any() and _is_close(hand[name], usual[name])]
    return Unscaled(plain, scale, same)


def _fixes(outcome: Outcome) -> set[tuple[str | None, int | None, str]]:
    """Return the fixes of an outcome's errors, by their places; none if an error has none."""
    errors = [one for one in outcome.findings if one.severity == "error"]
    found = {(one.file, one.line, one.fix) for one in errors if one.fix}
    return found if all(one.fix for one in errors) else set()


def _arrays(gradients: Mapping[str, Any]) -> dict[str, Array]:
    return {name: np.asarray(value) for name, value in gradients.items()}


def _is_close(one: Array, other: Array, share: float = _CLOSE) -> bool:
    with np.errstate(all="ignore"):
        apart, room = np.abs(one - other), share * np.max(np.abs(other), initial=0.0)
    return bool(np.all(apart <= room))
