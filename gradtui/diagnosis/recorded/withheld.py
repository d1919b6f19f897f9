"""Gradients that a custom function calculates in a branch that a mistaken condition keeps shut.

None may be meant: nothing asks for the gradient of a mask.  It is not where the branch asks whether
another argument needs a gradient, or whether this one is missing, and for no setting beside that.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import suppress

import numpy as np

from gradtui.base.source import InputError
from gradtui.diagnosis.finding import Finding
from gradtui.diagnosis.recorded.blame.shutting import Question, Shut, shut
from gradtui.diagnosis.recorded.differences import slope_of
from gradtui.diagnosis.recorded.exchanged import are_right
from gradtui.diagnosis.recorded.notes import note
from gradtui.diagnosis.recorded.repeated import are_alike
from gradtui.diagnosis.recorded.runs import CodeFailed, Lost, Runs
from gradtui.diagnosis.recorded.target import Misplaced, Misshapen
from gradtui.diagnosis.recorded.unrecorded import right_by_differences
from gradtui.recording.slopes import Untold

_SEED = 7
_UNUSABLE = (CodeFailed, InputError, Lost, Untold, Misplaced, Misshapen)


@np.errstate(all="ignore")  # a repair may compute anything
def withheld(runs: Runs, claimed: Collection[str]) -> list[Finding]:
    """Return the findings of gradients that are withheld, none of which is among those `claimed`.

    There is one for all that the same repair gives.
    """
    lacking, found = [name for name in runs.given if name not in claimed], list[Finding]()
    with suppress(*_UNUSABLE):
        withheld = [one for one in runs.withheld() if {*one.names} & {*lacking}] if lacking else []
        known = [(one.names, own) for one in withheld if (own := shut(one)) is not None]
        for telling in (_repaired, _unrepaired):
            for behind, own in known:
                names = [name for name in behind if name in lacking and _counts(runs, name)]
                told = telling(runs, own, names, lacking) if names else None
                if told is not None:
                    found.append(told)
                    lacking = [one for one in lacking if one not in told.evidence["gradients"]]
    return found


def _counts(runs: Runs, name: str) -> bool:
    """Return whether the loss depends on an argument, along a random direction."""
    value = runs.given[name]
    way = np.random.default_rng(_SEED).normal(size=value.shape).astype(value.dtype)
    slope = slope_of(runs, runs.given, {name: way}, None)
    return abs(slope.value) > slope.error


def _repaired(
    runs: Runs, known: Shut, names: Sequence[str], lacking: Sequence[str]
) -> Finding | None:  # fmt: skip
    """Return the finding of a question whose repair gives right gradients, or None."""
    for one in known.questions:
        if given := _given(runs, one, names, lacking):
            text = f"no gradient is returned for {', '.join(given)}: {one.told}"
            place = one.unit.place(one.edit.start, one.edit.end)
            return Finding("no-gradient", "error", given[0], place.line, text,
                           {"gradients": [*given]}, fix=one.unit.line_after([one.edit]),
                           place=place, replaces=one.unit.lines([one.edit]))  # fmt: skip
    return None


def _unrepaired(
    runs: Runs, known: Shut, names: Sequence[str], lacking: Sequence[str]
) -> Finding | None:  # fmt: skip
    """Return the finding of a branch that is shut; None if that may be meant."""
    if known.place is None:
        return None
    text = f"no gradient is returned for {', '.join(names)}: it is calculated, but on this "
    text += "condition, which does not hold though the gradient is wanted"
    return note("no-gradient", "error", names[0], text, known.place, {"gradients": [*names]})


def _given(
    runs: Runs, question: Question, names: Sequence[str], lacking: Sequence[str]
) -> Sequence[str]:
    """Return the lacking gradients that a repair gives, if they are right; nothing else changes."""
    unit = question.unit
    loss, own = runs.as_is(runs.given)
    try:
        with unit.running(unit.edited([question.edit])):
            now, found = runs.as_is(runs.given)
            same = are_alike(loss, now) and own.keys() <= found.keys()
            if not same or not all(are_alike(own[name], found[name]) for name in own):
                return ()
            given = tuple(name for name in lacking if name in found)
            ways = [given, tuple(names)] if {*names} <= {*given} else []
            return next((one for one in ways if _are_right(runs, one)), ())
    except (SyntaxError, ValueError, *_UNUSABLE):
        return ()


def _are_right(runs: Runs, names: tuple[str, ...]) -> bool:
    """Return whether gradients are right, those too that a recording does not tell."""
    return are_right(runs, names) or right_by_differences(runs, names)
