"""The operators of the language: how tightly they bind, and so what stands in brackets."""

from __future__ import annotations

from msgspec import Struct

COMPARISON, SUM, PRODUCT, SIGN, POWER, FUNCTION = 1, 2, 3, 4, 5, 9
COMPARISONS = ("<", ">", "<=", ">=", "==", "!=")
INFIX = dict.fromkeys(COMPARISONS, COMPARISON)
INFIX |= {"+": SUM, "-": SUM, "*": PRODUCT, "/": PRODUCT, "@": PRODUCT}
"""Operators between two operands, of which the left one comes first where they bind alike."""
PRECEDENCE = {**INFIX, "neg": SIGN, "**": POWER}
"""All operators, by the names that trees have for them."""
NOT_CALLED = {"neg": "-x", "T": "x.T", "expand": "x[:, None]", "slice": "x[0:2]",
              "shape": "x.shape[0]"}  # fmt: skip
"""Names that trees use for what is not written as a call, and how it is written."""


class Text(Struct, frozen=True):
    """An expression as it is written."""

    text: str
    precedence: int
    """How tightly its outermost operator binds."""

    def beside(self, floor: int) -> str:
        """Return it as an operand of what binds as tightly as `floor`: in brackets if need be."""
        return self.text if self.precedence >= floor else f"({self.text})"
