"""Where an update and the optimizer are compared: on the file's run, and on what is drawn.

What the run shows decides; what is drawn shows where else the two part.
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
"""How often two programs are run with their arithmetic moved, and how many times the spread of the
difference between them it may be."""
_MEASURED = 200_000
"""Numbers of which the noise is measured at most."""
_FURTHER = 16
"""Steps after the first difference that are looked at."""
_SEED = 1997


class Origin(IntEnum):
    """Where sequences come from, the nearest to the file's run first."""

    RUN = 0
    DRAWN = 1
    RATES = 2


class Course(Struct, frozen=True, eq=False):
    """Sequences, and where the optimizer takes the weights along them."""

    origin: Origin
    probes: Probes
    target: Target

    @property
    def tells(self) -> bool:
        """Whether the optimizer moves anything."""
        first, last = self.probes.w, self.target.w
        return bool(np.any(np.isfinite(last) & (last != first)))

    def only(self, chosen: Array | slice, steps: int | None = None) -> Course:
        """Return the course on some of the sequences, of each the first steps."""
        return replace(
            self, probes=self.probes.only(chosen, steps), target=self.target.only(chosen, steps)
        )


def course_of(origin: Origin, ours: Motion, probes: Probes) -> Course:
    """Return the course on some sequences, where `ours` is the optimizer."""
    return Course(origin, probes, target_of(ours.weights(probes), probes))


def joined(courses: Sequence[Course]) -> Course:
    """Return the sequences of several courses of as many steps as one."""
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
    """Return where a program does not go with the optimizer: (steps, sequences, *shape)."""
    return np.asarray(~course.target.agrees_always(motion.weights(course.probes)))


def in_sequences(wrong: Array) -> Array:
    """Return what holds of any number of a parameter: (steps, sequences)."""
    return np.asarray(np.any(wrong, axis=tuple(range(2, wrong.ndim))))


def fits(program: UpdateProgram, courses: Sequence[Course]) -> bool:
    """Whether a program goes with the optimizer, at every step of every sequence."""
    try:
        motion = Motion(program, courses[0].probes.constants, courses[0].probes.shape)
    except InputError:
        return False
    return not any(astray(motion, course).any() for course in courses)


def beyond_noise(motion: Motion, ours: UpdateProgram, course: Course) -> Course:
    """Return a course in which a program goes astray only by more than its arithmetic may.

    That is measured in some of the sequences in which it does, soon after the first difference;
    where rounding explains that, nothing is said of the others.
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
    """Return how far rounding spreads the difference of two programs, as `g` in shape.

    That of a step that is no number is 0.
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
    """Return values with nan, which no spread is measured of, for what is infinite."""
    return np.where(np.isfinite(values), values, np.nan)
