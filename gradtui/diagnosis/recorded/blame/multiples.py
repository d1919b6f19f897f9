"""The multiples of an edit that give a true result."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import numpy as np

from gradtui.diagnosis.recorded.blame.trial import Results, Trials

_SOLVED, _NEARLY = 1e-6, 1e-4
"""Largest relative rest of a solved multiple, and that of one of an approximation."""
_PARTS = 12
"""Largest denominator of a multiple that an approximation gives almost."""


def multiples(trials: Trials, base: Results | None, once: Results | None) -> Iterator[float]:
    """Yield the multiples of an edit's difference that give a true gradient.

    A backward pass is linear in its adjoints, except around a loop, where only 1 is tried.
    """
    if once is None:
        return
    found = list[float]()
    if any(trials.is_right(name, once) for name in trials.wrong):
        found.append(1.0)
    for name in trials.wrong:
        if base is None:
            break
        if name not in base or name not in once:
            continue
        true = trials.true(name)
        if not base[name].shape == true.shape == once[name].shape:
            continue
        with np.errstate(all="ignore"):
            step, lacking = once[name] - base[name], true - base[name]
            value = float(np.sum(step * lacking) / np.sum(step * step))
            rest = np.max(np.abs(lacking - value * step), initial=0.0)
        largest = np.max(np.abs(true), initial=0.0)
        lacks = np.max(np.abs(lacking), initial=0.0) > _SOLVED * largest
        fits = lacks and np.isfinite(value) and rest <= _NEARLY * largest
        if fits and rest > _SOLVED * largest:
            value = float(Fraction(value).limit_denominator(_PARTS))
        if fits and all(abs(value - one) > _SOLVED * abs(one) for one in found):
            found.append(value)
    yield from found
