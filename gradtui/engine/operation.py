"""The form of the registry's entries: an operation. Knows none of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from msgspec import Struct

from gradtui.engine.indices import Elements
from gradtui.engine.shapes import Options, Shape, broadcast, reduced
from gradtui.language.operators import INFIX
from gradtui.language.parser import Option

ShapeRule = Callable[[Sequence[Shape], Options], Shape]
Vjps = Callable[[Sequence[Shape]], tuple[str, ...]]
Settle = Callable[[Sequence[Shape], Options], dict[str, Option]]
_CALLED = re.compile(r"[a-z]\w*(?=\()")


class Kink(Struct, frozen=True):
    """A jump of an operation's derivative, and the convention there."""

    where: str
    """An expression that is not 0 exactly on the kink."""
    convention: str
    """The convention for the derivative there, in a learner's words."""
    operands: tuple[str, ...] = ()
    """Operands that must depend on a parameter for the kink to matter; any, if none is named."""


class Operation(Struct, frozen=True):
    """Everything about one operation."""

    name: str
    """Its name in a program: an operator, or a function's name."""
    operands: tuple[str, ...]
    """Formal names of the operands, used in `code` and in the derivatives."""
    partials: tuple[str, ...] = ()
    """Local derivatives of an elementwise operation or a reduction, one for each operand."""
    code: str = ""
    """The Python expression of the result, if it differs from the program's.

    Its functions are those of `kernels` and NumPy."""
    parts: tuple[tuple[str, str], ...] = ()
    """(name, code) of parts that `code` uses, computed once for all operations that share them.
     `{width}` is the length of the first operand's last axis."""
    shape: ShapeRule = broadcast
    """The shape of the result by those of the operands; by default elementwise."""
    vjps: Vjps | None = None
    """Vector-Jacobian products of any other operation, one for each operand.

    They are summed or broadcast to the operand's shape."""
    elements: Elements | None = None
    """The terms of one element of the result, if it is not elementwise."""
    fold: str = "+"
    """The operation that adds it up."""
    meaning: str | Callable[[Sequence[Shape]], str] = ""
    """The same in simpler operations, instead of `elements`; it may name options, too."""
    shifts: bool = False
    """Whether it keeps numbers in range by means beyond its meaning."""
    summary: str = ""
    """Its effect, in a learner's words."""
    scalar: str = ""
    """`code` for Python floats, if it differs."""
    batched: str = ""
    """`code` for operands with leading batch axes, if it differs."""
    special: Mapping[float, str] = {}
    """`code` for a last operand that is one of these constants."""
    options: tuple[tuple[str, Option], ...] = ()
    """Options of a call, with their defaults."""
    settle: Settle | None = None
    """Options as a call gives them, defaults included -> as code and derivatives use them."""
    positional: str = ""
    """The option that may be a last argument, of literal whole numbers."""
    longer: tuple[tuple[str, ...], str] | None = None
    """Further operands of a call, and their meaning."""
    folds: bool = False
    """Whether a call may have more than two operands, which are then combined in halves."""
    domain: tuple[float, float] = (-2.0, 2.0)
    """The domain of the operands in which the operation is finite."""
    kink: Kink | None = None
    """The jump of the derivative; None for a smooth operation."""
    rounds: bool = True
    """False if elements are only chosen, moved, compared or negated: nothing is rounded."""
    index: str = ""
    """The operand with whole numbers, if any: labels, tokens."""
    below: Callable[[Sequence[Shape], Shape], int] | None = None
    """The upper bound of these whole numbers, by the shapes of operands and result."""
    compares: bool = False
    """Whether the result is only 0 or 1."""
    linear: bool = False
    """Whether it is linear, not only by rearranging."""
    rearranges: bool = False
    """Whether it only rearranges the operand's elements, each once."""
    rectifies: bool = False
    """Whether it passes some numbers and blocks the others."""
    squashes: bool = False
    """Whether it saturates, so that nothing before it learns there."""
    full_slope: float = 0.0
    """The largest slope, if it saturates on both sides."""
    tried: bool = False
    """Whether the diagnosis tries it as a replacement or an insertion."""
    remedy: str = ""
    """The advice for a result that is not finite."""
    own: bool = False
    """Whether it differs from NumPy's function of that name."""
    internal: bool = False
    """Whether only derivatives and recorded code use it; a program cannot call it."""

    @property
    def elementwise(self) -> bool:
        """Whether it is elementwise."""
        return self.shape is broadcast

    @property
    def expression(self) -> str:
        """The Python expression of the result."""
        operands = [f"{{{formal}}}" for formal in self.operands]
        own = (
            f" {self.name} ".join(operands) if self.infix else f"{self.name}({', '.join(operands)})"
        )
        return self.code or own

    @property
    def calls(self) -> frozenset[str]:
        """The functions that its code calls."""
        parts = (code for _, code in self.parts)
        codes = (self.expression, self.scalar, self.batched, *self.special.values(), *parts)
        return frozenset(_CALLED.findall(" ".join(codes)))

    @property
    def used_by_partials(self) -> frozenset[str]:
        """The operations that its local derivatives call."""
        return frozenset(_CALLED.findall(" ".join(self.partials)))

    @property
    def in_numpy(self) -> bool:
        """Whether NumPy has it by this name."""
        return hasattr(np, self.name) and not self.own

    @property
    def reduction(self) -> bool:
        """Whether it reduces axes."""
        return self.shape is reduced

    @property
    def infix(self) -> bool:
        """Whether it is written between its operands."""
        return self.name in INFIX or self.name == "**"
