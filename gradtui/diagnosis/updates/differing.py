"""Where an update and the optimizer part, in words: the first numbers, and the kinds of runs."""

from __future__ import annotations

import numpy as np

from gradtui.base.text import number
from gradtui.diagnosis.updates.evidence import Course, Origin, astray, in_sequences
from gradtui.diagnosis.updates.motion import Motion
from gradtui.diagnosis.updates.wording import Parting

_TOLD = 16
"""Most gradients kept from before two programs part."""


def first_parting(motion: Motion, course: Course) -> Parting | None:
    """Return the first step at which a program deviates, in the sequence where it does most."""
    wrong = astray(motion, course)
    if not wrong.any():
        return None
    probes = course.probes
    step = int(np.argmax(wrong.reshape(len(wrong), -1).any(axis=1)))
    part = course.only(slice(None), step + 1)
    made = motion.weights(part.probes)[step]
    true = course.target.w[step]
    with np.errstate(all="ignore"):
        share = np.abs(made - true) / (np.abs(true) + np.abs(made))
        sizes = np.abs(np.log10(np.max(np.abs(probes.g), axis=0)))
    # Of drawn gradients, ones of ordinary size are shown.
    share = np.nan_to_num(-sizes if probes.kinds else share, nan=1.0, neginf=-1e3)
    share = np.where(wrong[step], share, -np.inf)
    at = np.unravel_index(int(np.argmax(share)), share.shape)
    gradients = tuple(float(probes.g[k][at]) for k in range(max(0, step + 1 - _TOLD), step + 1))
    return Parting(
        step + 1, float(probes.w[at]), gradients, float(probes.lr[step][at[0]]),
        float(made[at]), float(true[at]), course.origin is not Origin.RUN,
    )  # fmt: skip


def where_they_part(motion: Motion, course: Course, steps: int) -> str:
    """Return the runs in which a program deviates that is right on the file's run."""
    if course.origin is Origin.RATES:
        return "at other learning rates"
    wrong = in_sequences(astray(motion, course))
    failing = np.asarray(wrong.any(axis=0))
    first = np.argmax(wrong[:, failing], axis=0)
    if first.min() >= steps > 0:
        return f"from step {first.min() + 1:,} on"
    fails = dict[float | str, bool]()
    for kind, one in zip(course.probes.kinds, failing, strict=True):
        fails[kind] = fails.get(kind, False) or bool(one)
    sizes = [kind for kind in fails if isinstance(kind, float)]
    bad = [size for size in sizes if fails[size]]
    if not bad and fails.get("sparse"):
        return "where a gradient is 0"
    if bad and bad == sizes[-len(bad) :] != sizes:
        return f"where gradients are {number(bad[0])} or more"
    if bad and bad == sizes[: len(bad)] != sizes:
        return f"where gradients are {number(bad[-1])} or less"
    return "for other gradients"
