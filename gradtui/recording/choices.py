"""Where the code of a run chooses by what depends on an argument."""

from __future__ import annotations

from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from gradtui.base.source import Place

Array = NDArray[Any]

_ODD = 1.5
"""A power whose sums tell apart what squares do not, such as distances from -1 and from 1."""


class Choice(Struct, frozen=True):
    """One comparison by size, by which the code may decide what it does next."""

    name: str
    """NumPy's name of the comparison."""
    signs: frozenset[int]
    """The signs of the differences of its sides."""
    keeps_range: bool
    """Whether a side that depends on no argument is close to 0 or very large."""
    of_numbers: bool
    """Whether it compares single numbers, as conditions of statements are."""
    at: int
    """The number of nodes before it."""
    place: Place | None
    inputs: tuple[int | None, int | None] = (None, None)
    """The nodes of its sides; None for one that depends on no argument."""
    bound: tuple[float, float] | None = None
    """The least and the largest number of a side that depends on no argument."""
    apart: float = 0.0
    """A measure of the differences: two comparisons of the same numbers have the same."""
    sides: tuple[str, str] | None = None
    """What is compared with what, in words, if no comparison is written in the code."""


class Level(Struct, frozen=True):
    """One result in whole numbers or steps, by which the code may choose what it does next."""

    name: str
    at: int
    """The number of nodes before it."""
    place: Place | None
    told: int
    """A number that hardly any other result has."""
    leaves: bool
    """Whether it is a number of Python's, of which no comparison is seen."""


def signs_of(differences: Array) -> frozenset[int]:
    """Return which signs some differences have."""
    signs = np.sign(differences)
    return frozenset(sign for sign in (-1, 0, 1) if np.any(signs == sign))


def apart(differences: Array) -> float:
    """Return a measure of differences that hardly any others have; of either direction."""
    with np.errstate(all="ignore"):
        return float(np.sum(np.abs(differences) ** _ODD))
