"""The numbers of a column of a table, which look alike."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from gradtui.base.text import DIGITS, SHORT, compact, number, with_exponent

_SMALL = 1e-3
"""Below it a number is shorter with an exponent."""


class Column(Struct, frozen=True):
    """How the numbers of a column are shown, so that they look alike."""

    cells: int
    digits: int
    """Significant digits of each at most: no number looks more exact than those beside it."""
    exponents: bool = False
    """Whether all below `_SMALL` have an exponent, because one of them is too long without."""

    def text(self, value: float, marks: int = 0) -> str:
        """Return a number, which leaves some of the cells to marks behind it."""
        if self.exponents and 0 < abs(value) < _SMALL:
            for digits in range(self.digits, 0, -1):
                text = with_exponent(value, digits)
                if len(text) <= self.cells - marks:
                    return text
        return compact(value, self.cells - marks, self.digits)


def column(values: Iterable[float], cells: int) -> Column:
    """Return a column with all digits, or with short numbers if any needs it."""
    values = list(values)
    digits = DIGITS if all(len(number(value)) <= cells for value in values) else SHORT
    small = (number(value, digits) for value in values if 0 < abs(value) < _SMALL)
    return Column(cells, digits, any(len(text) > cells for text in small))
