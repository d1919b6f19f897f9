"""The evidence on an update: comparisons on the file's run, and on drawn sequences.

The run decides; drawn sequences show where else the two part.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from gradtui.base.source import InputError
from gradtui.diagnosis.updates.motion import Motion
from gradtui.diagnosis.updates.probes import Array, Probes, Target, target_of
from gradtui.engine.handwritten import UpdateProgram
from gradtui.engine.rounding import spread_of

_TIMES = 10
"""Runs of two programs with moved arithmetic, and the multiple of the resulting spread that their
difference may reach."""
_MEASURED = 200_000
"""Most numbers whose noise is measured."""
_FURTHER = 16
"""Steps examined after the first difference."""
_SEED = 1997


class Origin(IntEnum):
    """The origins of sequences, the nearest to the file's run first."""

    RUN = 0
    DRAWN = 1
    RATES = 2


class Course(Struct, frozen=True, eq=False):
    """Sequences, with the optimizer's weights along them."""

    origin: Origin
    probes: Probes
    target: Target

    @property
    def tells(self) -> bool:
        """Whether the optimizer moves anything."""
        first, last = self.probes.w, self.target.w
        return bool(np.any(np.isfinite(last) & (last != first)))

    def only(self, chosen: Array | slice, steps: int | None = None) -> Course:
        """Return the course on the first steps of some sequences."""
        return replace(
            self, probes=self.probes.only(chosen, steps), target=self.target.only(chosen, steps)
        )


def course_of(origin: Origin, ours: Motion, probes: Probes) -> Course:
    """Return the course on some sequences, where `ours` is the optimizer."""
    return Course(origin, probes, target_of(ours.weights(probes), probes))


def joined(courses: Sequence[Course]) -> Course:
    """Return the sequences of several courses of equal length."""
    first = courses[0]
    probes = replace(
        first.probes,
        w=np.concatenate([course.probes.w for course in courses]),
        g=np.concatenate([course.probes.g for course in courses], axis=1),
        lr=np.concatenate([course.probes.lr for course in courses], axis=1),
    )
    w = np.concatenate([course.target.w for course in courses], axis=1)
    room = np.concatenate([course.target.room for course in courses], axis=1)
    return replace(first, probes=probes, target=Target(w, room))


def astray(motion: Motion, course: Course) -> Array:
    """Return where a program deviates from the optimizer: (steps, sequences, *shape)."""
    return np.asarray(~course.target.agrees_always(motion.weights(course.probes)))


def in_sequences(wrong: Array) -> Array:
    """Return whether any element of a parameter is True: (steps, sequences)."""
    return np.asarray(np.any(wrong, axis=tuple(range(2, wrong.ndim))))


def fits(program: UpdateProgram, courses: Sequence[Course]) -> bool:
    """Whether a program follows the optimizer at every step of every sequence."""
    try:
        motion = Motion(program, courses[0].probes.constants, courses[0].probes.shape)
    except InputError:
        return False
    return not any(astray(motion, course).any() for course in courses)


def beyond_noise(motion: Motion, ours: UpdateProgram, course: Course) -> Course:
    """Return a course whose tolerance includes the rounding of the program's arithmetic.

    Rounding is measured in some of the deviating sequences, soon after the first difference; if it
    explains those, the others are not told.
    """
    wrong = in_sequences(astray(motion, course))
    accused = np.flatnonzero(wrong.any(axis=0))
    if not len(accused):
        return course
    until = int(np.argmax(wrong.any(axis=1))) + _FURTHER
    soon = accused[wrong[:until, accused].any(axis=0)]
    chosen = soon[:: 1 + until * len(soon) * _TIMES // _MEASURED]
    part = course.only(chosen, until)
    spread = _spread(motion, ours, part.probes)
    room = course.target.room.copy()
    with np.errstate(over="ignore"):
        room[:until, chosen] = np.maximum(part.target.room, _TIMES * spread)
    measured = replace(course, target=Target(course.target.w, room))
    if not astray(motion, measured)[:until, chosen].any():
        room[:, accused] = np.inf
    return measured


def _spread(motion: Motion, ours: UpdateProgram, probes: Probes) -> Array:
    """Return the spread by rounding of the difference of two programs, in the shape of `g`.

    At a step that is not finite it is 0.
    """
    rng = np.random.default_rng(_SEED)
    both = (one.shaken(probes, rng, _TIMES) for one in (motion, motion.running(ours)))
    spreads = list[Array]()
    for (calm, moved), (true_calm, true_moved) in zip(*both, strict=True):
        with np.errstate(all="ignore"):
            apart, moved_apart = calm - true_calm, moved - true_moved
        spreads.append(spread_of(_finite(moved_apart), _finite(apart)))
    return np.stack(spreads)


def _finite(values: Array) -> Array:
    """Return values with infinite ones replaced by nan, of which no spread is measured."""
    return np.where(np.isfinite(values), values, np.nan)
