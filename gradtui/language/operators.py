"""The operators of the language: how tightly they bind, and what needs brackets."""

from __future__ import annotations

from msgspec import Struct

COMPARISON, SUM, PRODUCT, SIGN, POWER, FUNCTION = 1, 2, 3, 4, 5, 9
COMPARISONS = ("<", ">", "<=", ">=", "==", "!=")
INFIX = dict.fromkeys(COMPARISONS, COMPARISON)
INFIX |= {"+": SUM, "-": SUM, "*": PRODUCT, "/": PRODUCT, "@": PRODUCT}
"""Binary operators that group from the left."""
PRECEDENCE = {**INFIX, "neg": SIGN, "**": POWER}
"""All operators, by their names in trees."""
NOT_CALLED = {"neg": "-x", "T": "x.T", "expand": "x[:, None]", "slice": "x[0:2]",
              "shape": "x.shape[0]"}  # fmt: skip
"""Names in trees that are not written as calls -> how they are written."""


class Text(Struct, frozen=True):
    """An expression as it is written."""

    text: str
    precedence: int
    """How tightly its outermost operator binds."""

    def beside(self, floor: int) -> str:
        """Return it as an operand of an operator that binds as `floor`, in brackets if needed."""
        return self.text if self.precedence >= floor else f"({self.text})"
