"""That a program is right and its planted lines wrong, in long arithmetic; needs mpmath.

Right is a program whose gradients are the central differences of the loss along a random direction,
of each parameter, at its own parameters and at others.  A planted line is wrong that changes some
element of a gradient by more than 0.1 % (in float32 1 %) and by far more than rounding does.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from mpmath import mp, mpf

from corpus.evidence import claims
from corpus.given import Given
from corpus.load import Slip
from corpus.long import long, run_long

LEAST = {"float64": 1e-3, "float32": 1e-2}
"""Of the true element, the share that a planted line changes at least."""
BITS = {"float64": 53, "float32": 24}
MARGIN = 100
"""How often the rounding of an element goes into the least change."""


def failures(program: Given) -> list[str]:
    """Return in what a program is not what it is called."""
    found = []
    if not all(np.all(np.isfinite(claim)) for claim in claims(program).values()):
        found.append("float64 does not hold its gradients")
    with mp.workprec(program.bits):
        for place in ("its own", "other", "still other"):
            for name in _wrong_names(program, place):
                found.append(f"d{name} is wrong at {place} parameters")
        truth = _Point(program, "its own")
        rounding = _rounding(program, truth)
        for slip in program.slips:
            if not _is_wrong(truth, slip, rounding):
                found.append(f"{slip.line} is not wrong enough")
    return [f"{program.name}: {one}" for one in found]


class _Point:
    """The loss of a program and its gradients at some parameters."""

    def __init__(self, program: Given, place: str) -> None:
        self.program = program
        own = place == "its own"
        rng = np.random.default_rng(len(place))
        self.values = {name: long(value) for name, value in program.data.items()}
        for name, value in program.parameters.items():
            self.values[name] = long(value if own else _moved(value, rng))
        self.model = program.sided if own else program.model
        self.forward = run_long(program.model, self.values)
        self.claims = self.claimed(program.planted())
        self.step = mpf(2) ** (-program.bits // 3)

    def claimed(self, backward: str) -> dict:
        """Return the gradient of each parameter that a backward pass computes."""
        values = run_long(backward, self.forward)
        return {name: values[f"d{name}"] for name in self.program.parameters}

    def direction(self, name: str, numbers):
        """Return a direction in proportion to the size of a parameter's numbers."""
        largest = np.max(np.abs(self.values[name]))
        return long(numbers) * (largest if largest else mpf(1))

    def slope(self, name: str, direction):
        """Return the central difference of the loss along a direction of a parameter."""
        moved = [self.values[name] + sign * self.step * direction for sign in (1, -1)]
        ends = [run_long(self.model, {**self.values, name: one})["L"] for one in moved]
        return (ends[0] - ends[1]) / (2 * self.step)


def _moved(value, rng: np.random.Generator):
    """Return other values for a parameter, near enough to be as well conditioned."""
    value = np.asarray(value, float)
    largest = np.max(np.abs(value)) or 1.0
    noise = 0.05 * largest * rng.standard_normal(value.shape)
    return value * np.exp(0.05 * rng.standard_normal(value.shape)) + noise


def _wrong_names(program: Given, place: str) -> Iterator[str]:
    """Yield the parameters whose gradients are not those of central differences."""
    point, rng = _Point(program, place), np.random.default_rng(7)
    found = {}
    for name, claim in point.claims.items():
        if np.shape(claim) != np.shape(program.parameters[name]):
            yield name
            continue
        numbers = rng.choice([-1.0, 1.0], np.shape(claim)) * (0.5 + rng.random(np.shape(claim)))
        direction = point.direction(name, numbers)
        terms = claim * direction
        found[name] = (abs(point.slope(name, direction) - np.sum(terms)), np.sum(np.abs(terms)))
    # A gradient that is zero is one but for the rounding of long numbers and the step.
    largest = max(size for _, size in found.values())
    zero = largest * mpf(2) ** (-program.bits // 4) + abs(point.forward["L"]) * point.step / 10**10
    for name, (apart, size) in found.items():
        if not apart <= size * mpf(program.tolerance) + zero:
            yield name


def _rounding(program: Given, truth: _Point) -> dict:
    """Return by how much rounding moves each element of the gradients at most.

    Told by computing with the machine's number of bits and with a few less.
    """
    bits = BITS[program.dtype]
    found = {name: np.abs(claim) * mpf(2) ** -bits for name, claim in truth.claims.items()}
    for less in range(4):
        with mp.workprec(bits - less):
            shorter = _Point(program, "its own").claims
        for name, claim in truth.claims.items():
            apart = np.abs(shorter[name] - claim) / 2**less
            found[name] = np.maximum(found[name], apart)
    return found


def _is_wrong(truth: _Point, slip: Slip, rounding: dict) -> bool:
    program = truth.program
    planted = truth.claimed(program.planted(slip))
    changed = []
    for name, true in truth.claims.items():
        if np.shape(planted[name]) != np.shape(true):
            return True
        parts = (np.ravel(one[name]) for one in (planted, truth.claims, rounding))
        elements = zip(*parts, strict=True)
        least = np.max(np.abs(true)) * mpf(1e-6)
        for at, (claim, one, noise) in enumerate(elements):
            if abs(claim - one) > MARGIN * noise:
                size = max(abs(one), least)
                share = abs(claim - one) / size if size else mpf("inf")
                changed.append((share, name, at, claim, one))
    if not changed:
        return False
    _, name, at, claim, one = max(changed)
    shape = np.shape(program.parameters[name])
    alone = np.eye(1, int(np.prod(shape)), at).reshape(shape)
    direction = truth.direction(name, alone)
    slope = truth.slope(name, direction) / np.max(direction)
    agrees = abs(slope - one) <= abs(claim - slope) * mpf(1e-6)
    return bool(agrees and abs(claim - slope) > LEAST[program.dtype] * abs(slope))
