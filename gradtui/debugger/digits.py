"""How exactly a number was typed, and whether another one agrees with it."""

from __future__ import annotations

import math
import re

from msgspec import Struct

_NUMBER = r"(?i)[-+−]?(\d+\.?\d*|\.\d+)(?:e([-+−]?\d+))?"
_FEW = 3
"""Digits from which on a number is the rounding of few others."""
EXACT = 2e-7
"""The relative difference of numbers that are the same on paper.

The machine rounds, to 6e-8 in float32, and Adam's eps is left out by hand.
"""
_SHOWN = 5e-5
"""The relative error of a number worked out from the rounded ones on the screen and in texts."""


class Digits(Struct, frozen=True):
    """How exactly a number was typed."""

    count: int = 0
    """Its significant digits; 0 for an expression, whose digits say nothing."""
    unit: float = 0.0
    """What 1 more in its last digit is worth."""

    def agree(self, given: float, wanted: float) -> bool:
        """Return whether the typed number is the wanted one, rounded or cut off."""
        noise = EXACT * max(abs(wanted), self.unit)
        cut = abs(given) <= abs(wanted) + noise and abs(wanted - given) < self.unit - noise
        near = max(self.unit / 2 + noise, _SHOWN * abs(wanted))
        return not self.count or cut or abs(given - wanted) <= near

    def tell(self, given: float, wanted: float, *, written: bool = False) -> bool:
        """Return whether the typed number can hardly be another than the wanted one.

        With `written`, an expression is one that may have rounded numbers in it.
        """
        if math.isclose(given, wanted, rel_tol=EXACT):
            return self.agree(given, wanted)
        if not self.count:
            return written
        return self.count >= _FEW and self.agree(given, wanted)


def digits_of(text: str) -> Digits:
    """Return the digits of a typed number; none for an expression."""
    found = re.fullmatch(_NUMBER, text.strip())
    if found is None:
        return Digits()
    mantissa, exponent = found[1], int((found[2] or "0").replace("−", "-"))
    whole, point, decimals = mantissa.partition(".")
    written = (whole + decimals).lstrip("0")
    kept = written if point else written.rstrip("0")
    shift = -len(decimals) if point else len(written) - len(kept)
    return Digits(max(1, len(kept)), 10.0 ** max(-300, min(300, exponent + shift)))
