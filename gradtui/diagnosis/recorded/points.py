"""The points around the user's own arguments, and farther out, at which gradients are compared."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress

import numpy as np
from msgspec.structs import replace

from gradtui.base.source import InputError
from gradtui.diagnosis.backward.probes import NEAR
from gradtui.diagnosis.backward.sides import SCALES
from gradtui.diagnosis.recorded.around import (
    NONE_WITHIN,
    Inner,
    all_alike,
    all_moved,
    between,
    bounded,
)
from gradtui.diagnosis.recorded.domain import Domain
from gradtui.diagnosis.recorded.point import Point, Values
from gradtui.diagnosis.recorded.runs import VAST, CodeFailed, Lost, Outside, Runs
from gradtui.diagnosis.recorded.sides import Seen, is_uncertain
from gradtui.recording.slopes import Untold
from gradtui.recording.tape import Tape

_SPREADS = (0.1, 0.5, 1.0, 0.1, 0.5, 1.0)
"""The distance of the points from the arguments, relative to their size."""
_NEARER = (0.01, 1e-3)
"""The distance if the code is useless at the others."""
_DRAWS = 3
"""The most points with the largest numbers that are tried."""
_TOGETHER = (3.0, -3.0, 30.0, -30.0)
"""How far all numbers are moved to one side, relative to their size."""
_PULLED = (1.0, 0.5, 0.2, 0.05)
"""The part of that distance used for a point outside the arguments' domain."""
_SMALLER = (0.6, 0.4, 0.25)
"""The shares of the arguments that are smaller ones."""
_ENDED = 3
"""The most runs that have to be ended before no more points are drawn."""
_LARGE, _WIDE = 5_000, 1 << 26
"""With more nodes on a tape, or bytes of values, there are fewer points."""
_SEED = 20_240_229


def smaller_points(runs: Runs, start: Point, names: tuple[str, ...]) -> Iterator[Point]:
    """Yield points with smaller arguments, at which more values are near a jump."""
    for share in _SMALLER:
        values = {name: share * value for name, value in start.values.items()}
        with suppress(CodeFailed, InputError, Lost, Outside, Untold):
            point = runs.point(values, names, near=False, flat=True)
            if _is_comparable(point, start):
                yield point


def _is_comparable(point: Point, start: Point) -> bool:
    """Return whether all is finite, and the code returns the gradients that it does at first."""
    return point.is_finite and point.hand.keys() >= start.hand.keys()


def points_around(
    runs: Runs, start: Point, names: tuple[str, ...], *, signed: bool = False,
    within: Inner = NONE_WITHIN, free: Collection[str] = (),
) -> Iterator[Point]:  # fmt: skip
    """Yield points around the user's own at which the code runs and everything is finite.

    If `signed`, arguments whose numbers have one sign keep it. Matrices `within` arguments stay
    symmetric, and so do arguments, except those that are `free`.
    """
    rng = np.random.default_rng(_SEED)
    spreads = _spreads(start.result.tape)
    found = 0
    domain = Domain(start.result, start.root)
    seen = Seen()
    seen.add(start.run)
    for spread in (*spreads, *_NEARER):
        if (spread in _NEARER and found) or runs.patience.ended >= _ENDED:
            break
        values = all_alike(start.values, spread, rng, within, signed=signed, free=free)
        for near in _PULLED:
            try:
                point = runs.point(between(start.values, values, near), names,
                                   near=spread * near <= NEAR, flat=True)  # fmt: skip
            except Outside as error:
                runs.unused.note(error.run)
                continue
            except (CodeFailed, Lost):  # such as a loss to which no branch adds anything there
                break
            nearest = near == _PULLED[-1]
            excluded = domain.excludes(point.result, point.root, nearest=nearest)
            if excluded or not _is_comparable(point, start):
                runs.unused.note(point.run)
            else:
                found += 1
                seen.add(point.run)
                yield point
            if not excluded:
                break
    if not signed and not free:
        yield from _farther(runs, start, names, seen, domain, within)


def _farther(
    runs: Runs, start: Point, names: tuple[str, ...], seen: Seen, domain: Domain, within: Inner
) -> Iterator[Point]:
    """Yield points farther out, on sides of kinks that no run has been on."""
    if is_uncertain(start.result.tape, start.root):
        return
    for values in _drawn_farther(start, seen, within):
        if runs.patience.ended >= _ENDED:
            return
        # The code is not made for such numbers: what goes wrong there says nothing of it.
        try:
            point = runs.point(values, names, near=False, flat=True)
        except (Lost, Untold, CodeFailed, InputError):
            continue
        usable = _is_comparable(point, start) and not domain.excludes(point.result, point.root)
        if not usable:
            runs.unused.note(point.run)
        elif seen.add(point.run):
            yield replace(point, outer=True)


def _drawn_farther(start: Point, seen: Seen, within: Inner) -> Iterator[Values]:
    """Yield arguments farther out, as long as some side of a kink has not been seen."""
    rng = np.random.default_rng([_SEED, 1])
    largest = 0
    for scale in SCALES[1::2] if len(start.result.tape) > _LARGE else SCALES:
        if seen.settles or seen.is_done or largest == _DRAWS:
            break
        drawn = all_alike(start.values, scale, rng, within)
        values = {name: bounded(one, start.values[name], at)
                  for at, (name, one) in enumerate(drawn.items())}  # fmt: skip
        largest += any(one is not drawn[name] for name, one in values.items())
        yield values
    for scale in _TOGETHER:
        if seen.settles or not (seen.lacks_agreement or seen.leaving):
            return
        yield all_moved(start.values, scale)


def _spreads(tape: Tape) -> Sequence[float]:
    """Return the distances of the points: few for a run that is dear."""
    if len(tape) > VAST:
        return _SPREADS[:3:2]
    return _SPREADS[:3] if len(tape) > _LARGE or tape.bytes > _WIDE else _SPREADS
