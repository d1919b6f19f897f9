"""That a planted line is wrong at the program's own numbers, by differences in plain NumPy."""

from __future__ import annotations

import heapq
import itertools
import tomllib
from collections.abc import Iterable, Iterator

import numpy as np

from corpus.case import Case, replaced
from corpus.given import Given
from corpus.load import Slip
from corpus.numerics import parse, run

LEAST = 1e-3
"""Of a gradient's element, the share that a planted line changes at least."""
_STEPS = tuple(10.0**-power for power in range(2, 12))
"""Of a parameter's largest element."""
_TRIED = 12
"""Elements that are tried, those whose change moves the loss most."""


def claims(program: Given, slip: Slip | None = None) -> dict:
    """Return the gradient of each parameter that a program computes."""
    with np.errstate(all="ignore"):
        values = run(parse(program.planted(slip)), _values(program))
    return {name: values[f"d{name}"] for name in program.parameters}


def mends(case: Case, fixes: Iterable[tuple[int, str]]) -> bool:
    """Return whether a program with lines replaced claims what the right one does."""
    right, fixed = (_claims_of_text(replaced(case, lines)) for lines in (case.repairs, fixes))
    return all(
        np.shape(fixed[name]) == np.shape(claim)
        and np.all(np.abs(fixed[name] - claim) <= 1e-6 * np.max(np.abs(claim)))
        for name, claim in right.items()
    )


def _claims_of_text(text: str) -> dict:
    raw = tomllib.loads(text)
    given = {**raw["data"], **raw["parameters"]}
    values = {name: np.asarray(value, float)[()] for name, value in given.items()}
    with np.errstate(all="ignore"):
        for part in ("model", "backward"):
            values = run(parse(raw[part]["code"]), values)
    return {f"d{name}": values[f"d{name}"] for name in raw["parameters"]}


def shows(program: Given, slip: Slip) -> bool:
    """Return whether some element's central difference is the right claim and not the planted one.

    That is, whether float64 resolves it.  A claim of another shape is shown to be wrong by that.
    """
    right, planted = claims(program), claims(program, slip)
    if any(np.shape(planted[name]) != np.shape(right[name]) for name in right):
        return True
    changes = []
    for name, true in right.items():
        size = _size(program.parameters[name])
        for at in np.ndindex(np.shape(true)):
            change = abs(planted[name][at] - true[at])
            if change > LEAST * abs(true[at]):
                changes.append((change * size, name, at))
    tried = heapq.nlargest(_TRIED, changes, key=lambda change: change[0])
    return any(_tells(program, name, at, right, planted) for _, name, at in tried)


def _tells(program: Given, name: str, at: tuple, right: dict, planted: dict) -> bool:
    """Return whether differences by two steps in a row are the right claim, not the planted one."""
    true, claimed = right[name][at], planted[name][at]
    room = abs(claimed - true) / 10
    return any(
        all(abs(slope - true) <= room for slope in pair)
        and all(abs(slope - claimed) > LEAST * abs(slope) for slope in pair)
        for pair in itertools.pairwise(_slopes(program, name, at))
    )


def _slopes(program: Given, name: str, at: tuple) -> Iterator[float]:
    """Yield the loss's derivative by one element of a parameter, by ever smaller steps."""
    base = np.asarray(program.parameters[name], float)
    values, model = _values(program), parse(program.model)
    for share in _STEPS:
        step, losses = share * _size(base), []
        for sign in (1, -1):
            moved = base.copy()
            moved[at] += sign * step
            with np.errstate(all="ignore"):
                losses.append(run(model, {**values, name: moved[()]})["L"])
        yield (losses[0] - losses[1]) / (2 * step)


def _size(value) -> float:
    return float(np.max(np.abs(value))) or 1.0


def _values(program: Given) -> dict:
    """Return data, parameters and the values of the model by name."""
    given = {**program.data, **program.parameters}
    arrays = {name: np.asarray(value, float)[()] for name, value in given.items()}
    with np.errstate(all="ignore"):
        return run(parse(program.model), arrays)
