"""Round numbers for axes and contours. Knows no screen."""

from __future__ import annotations

import math

from gradtui.base.text import number

_DIGITS = range(3, 12)
_LONG = 1e6
"""Numbers from this size on are written as powers of ten."""


def round_step(rough: float) -> float:
    """Return the smallest 1, 2 or 5 times a power of ten that is at least `rough`."""
    power = 10.0 ** math.floor(math.log10(rough))
    return next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough * 0.999)


def round_numbers(low: float, high: float, count: int) -> list[float]:
    """Return about `count` round numbers between `low` and `high`; none if there is no room."""
    rough = (high - low) / max(1, count)
    if not math.isfinite(rough) or rough <= 1e-300:
        return []
    step = round_step(rough)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [index * step for index in range(first, last + 1)]


def round_powers(low: float, high: float, count: int) -> list[float]:
    """Return at most `count` numbers between two positive ones, with about equal ratios.

    They are 1, 2, 5, 10, …, or 1, 3, 10, …, or powers of ten.
    """
    first, last = (math.floor(math.log10(one)) for one in (low, high))
    for factors in ((1, 2, 5), (1, 3), (1,)):
        found = [f * 10.0**k for k in range(first, last + 1) for f in factors]
        found = [value for value in found if low <= value <= high]
        if len(found) <= count:
            return found
    every = math.ceil(len(found) / count)
    return found[::every]


def tick_texts(numbers: list[float]) -> list[str]:
    """Return numbers with the fewest digits that tell them apart."""
    texts: list[str] = []
    for digits in _DIGITS:
        texts = [_text(value, digits) for value in numbers]
        if len(set(texts)) == len(texts):
            break
    return texts


def _text(value: float, digits: int) -> str:
    text = number(value, digits)
    return f"{value:.0f}" if "e" in text and 1.0 <= abs(value) < _LONG else text
