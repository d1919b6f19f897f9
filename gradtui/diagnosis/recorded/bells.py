"""The bells that are the slopes of steps on purpose: which one a slope is, and how wide.

Knows slopes as numbers alone, at the numbers that a step is taken of.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradtui.base.text import number

Array = NDArray[Any]
Bell = Callable[[Array], Array]

_CLOSE = 1e-4
"""How far a slope may be from that of a bell, relative to the largest."""
_LEAST = 6
"""The fewest slopes that tell a bell."""
_EDGE = 0.02
"""The most that may be unknown of a width that is told, relative to it."""
_DIGITS = 4
_STEEPEST, _TRIED, _ROUNDS = 1e4, 60, 7
"""How steep bells may be, relative to their distances, and how these are narrowed down."""
_FARTHEST = 300.0

BELLS: Mapping[Bell, str] = {
    lambda d: 1 / (1 + np.abs(d)) ** 2:
        "with the slope of a fast sigmoid, {A}/(1 + {k}abs({u}))**2 (Zenke and Ganguli, 2018)",
    lambda d: np.maximum(0.0, 1 - np.abs(d)):
        "with a triangle for a slope, {A*}max(0, 1 - {k}abs({u})) (Esser et al., 2016)",
    lambda d: np.exp(-(d**2)):
        "with a Gaussian for a slope, {A*}exp(-({k}{(u)})**2) (Wu et al., 2018)",
    lambda d: 1 / (1 + d**2):
        "with the slope of an arctangent, {A}/(1 + ({k}{(u)})**2) (Fang et al., 2021)",
    lambda d: np.cosh(np.clip(d, -_FARTHEST, _FARTHEST)) ** -2.0:
        "with the slope of a sigmoid or a tanh, {A(}1 - tanh({k}{(u)})**2{)}",
    lambda d: np.exp(-np.abs(d)):
        "with exponentials for a slope, {A*}exp(-{k}abs({u})) (Shrestha and Orchard, 2018)",
    lambda d: 1 / (1 + np.abs(d)): "with the slope {A}/(1 + {k}abs({u}))",
    lambda d: (1 + d**2) ** -1.5: "with the slope {A}/(1 + ({k}{(u)})**2)**1.5",
}  # fmt: skip
"""Bells of height and steepness 1 -> what they are, in words with a formula."""


def bell_of(at: Array, slopes: Array, tops: Collection[float]) -> str | None:
    """Return in words which bell some slopes are, at some numbers u; None for another one.

    Its top is at one of `tops`.
    """
    order = np.argsort(at, kind="stable")
    at, slopes = np.asarray(at[order], np.float64), np.asarray(slopes[order], np.float64)
    largest = float(np.max(slopes, initial=0.0))
    if at.size < _LEAST or largest <= 0 or not np.all(np.isfinite(slopes)):
        return None
    told = _of_levels(at, slopes, largest)
    if told is not None:
        return told
    for top in dict.fromkeys(tops):
        for bell, text in BELLS.items():
            height, steepness = _fitted(bell, at - top, slopes)
            off = np.abs(height * bell(steepness * (at - top)) - slopes)
            if np.all(off <= _CLOSE * largest):
                return _written(text, height, steepness, top)
    return None


def _fitted(bell: Bell, apart: Array, slopes: Array) -> tuple[float, float]:
    """Return the height and the steepness of a bell that is the most like some slopes."""
    farthest = float(np.max(np.abs(apart))) or 1.0
    least, most = 1 / (_STEEPEST * farthest), _STEEPEST / farthest
    for _ in range(_ROUNDS):
        tried = np.geomspace(least, most, _TRIED)
        shapes = bell(tried[:, None] * apart)
        squares = np.sum(shapes * shapes, axis=1)
        heights = np.sum(shapes * slopes, axis=1) / np.where(squares == 0, 1.0, squares)
        off = np.sum((heights[:, None] * shapes - slopes) ** 2, axis=1)
        best = int(np.argmin(off))
        least, most = tried[max(best - 1, 0)], tried[min(best + 1, _TRIED - 1)]
    return float(heights[best]), float(tried[best])


def _of_levels(at: Array, slopes: Array, largest: float) -> str | None:
    """Return in words a slope of one level, of one on each side, or within bounds alone."""
    high = slopes >= (1 - _CLOSE) * largest
    low = slopes[~high]
    if np.ptp(low) > _CLOSE * largest if low.size else False:
        return None
    least = float(np.mean(low)) if low.size else largest
    edges = np.flatnonzero(np.diff(high))
    if len(edges) < 2:
        sides = [largest if one else least for one in high[[0, -1]]]
        below, above = (_rounded(one) for one in sides)
        return (
            f"with the slope {below}"
            if below == above
            else (f"with the slope {below} below it and {above} above it")
        )
    if len(edges) > 2 or high[0] or abs(least) > _CLOSE * largest:
        return None
    first, last = edges
    least, most = at[last] - at[first + 1], at[last + 1] - at[first]
    known = most - least <= _EDGE * most
    wide = _rounded((least + most) / 2) if known else f"{number(least, 2)} to {number(most, 2)}"
    tall = _rounded(largest)
    return f"with a rectangle for a slope, {tall} high and {wide} wide (Wu et al., 2018)"


def _written(text: str, height: float, steepness: float, top: float) -> str:
    """Return the words for a bell with its own numbers in the formula."""
    times, factor = _rounded(height), _rounded(steepness)
    moved = "u" if _rounded(top) == "0" else f"u {'-' if top > 0 else '+'} {_rounded(abs(top))}"
    filled = {
        "{A*}": "" if times == "1" else f"{times}*",
        "{A(}": "" if times == "1" else f"{times}*(",
        "{)}": "" if times == "1" else ")",
        "{A}": times,
        "{k}": "" if factor == "1" else f"{factor}*",
        "{u}": moved,
        "{(u)}": moved if moved == "u" or factor == "1" else f"({moved})",
    }
    for name, own in filled.items():
        text = text.replace(name, own)
    return text


def _rounded(value: float) -> str:
    return number(value, _DIGITS)
