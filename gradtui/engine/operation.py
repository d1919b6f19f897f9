"""What an operation is: the form of the registry's entries. Knows none of them."""

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
    """Where an operation's derivative jumps, and what is taken there."""

    where: str
    """An expression like a derivative, not 0 exactly on the kink."""
    convention: str
    """What the derivative is taken to be there, in a learner's words."""
    operands: tuple[str, ...] = ()
    """Those that must depend on a parameter for the kink to matter; any, if none is named."""


class Operation(Struct, frozen=True):
    """All there is to know of one operation."""

    name: str
    """How it is called in a program: an operator, or a function's name."""
    operands: tuple[str, ...]
    """Formal names of the operands, used in `code` and in the derivatives."""
    partials: tuple[str, ...] = ()
    """Local derivatives of an elementwise operation or a reduction, one for each operand."""
    code: str = ""
    """The Python expression of the result, where it is not written as in a program.

    Its functions are those of `kernels` and NumPy."""
    parts: tuple[tuple[str, str], ...] = ()
    """(name, code) of what `code` takes from the operands first: computed once for all operations
    that take the same.  `{width}` is the length of the first operand's last axis."""
    shape: ShapeRule = broadcast
    """The shape of the result by those of the operands; elementwise where none is given."""
    vjps: Vjps | None = None
    """Vector-Jacobian products of any other operation, one for each operand.

    They are summed or stretched to the operand's shape where they broadcast."""
    elements: Elements | None = None
    """What one element of the result adds up, where it is not elementwise."""
    fold: str = "+"
    """The operation that adds it up."""
    meaning: str | Callable[[Sequence[Shape]], str] = ""
    """The same in simpler operations, in place of `elements`; its options too may be named."""
    shifts: bool = False
    """Whether it keeps numbers in range by means that its meaning does not speak of."""
    summary: str = ""
    """What it does, in a learner's words."""
    scalar: str = ""
    """`code` for Python floats, where it differs."""
    batched: str = ""
    """`code` for operands with leading batch axes, where it differs."""
    special: Mapping[float, str] = {}
    """`code` where the last operand is one of these constants."""
    options: tuple[tuple[str, Option], ...] = ()
    """Options that a call may give, with their defaults."""
    settle: Settle | None = None
    """Options as a call gives them, defaults included -> as code and derivatives use them."""
    positional: str = ""
    """The option that a call may give as a last argument, of whole numbers written out."""
    longer: tuple[tuple[str, ...], str] | None = None
    """More operands that a call may give, and what is then meant."""
    folds: bool = False
    """Whether a call may give more than two operands: it is then one of the halves of them."""
    domain: tuple[float, float] = (-2.0, 2.0)
    """Where operands may lie for the operation to be finite."""
    kink: Kink | None = None
    """Where the derivative jumps; None for a smooth operation."""
    rounds: bool = True
    """False where elements are only chosen, moved, compared or negated: nothing is rounded."""
    index: str = ""
    """The operand that holds whole numbers, if one does: labels, tokens."""
    below: Callable[[Sequence[Shape], Shape], int] | None = None
    """What these whole numbers are below, by the shapes of the operands and of the result."""
    compares: bool = False
    """Whether the result is only 0 or 1."""
    linear: bool = False
    """Whether it makes of a sum the sum of what it makes of the terms, not by rearranging alone."""
    rearranges: bool = False
    """Whether the result holds all of the operand's elements once, in another order or shape."""
    rectifies: bool = False
    """Whether it lets a part of the numbers through and nothing of the others."""
    squashes: bool = False
    """Whether it is flat far out, so that nothing before it learns there."""
    full_slope: float = 0.0
    """The largest slope of what is flat far out on both sides."""
    tried: bool = False
    """Whether it is tried where a line may be meant to call another function, or one at all."""
    remedy: str = ""
    """What to do where the result is not finite."""
    own: bool = False
    """Whether it is another function than NumPy's of that name."""
    internal: bool = False
    """True for what only derivatives and recorded code use; a program cannot call it."""

    @property
    def elementwise(self) -> bool:
        """Whether each element of the result needs only the operands' elements at its place."""
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
        """Whether it folds axes away."""
        return self.shape is reduced

    @property
    def infix(self) -> bool:
        """Whether it is written between its operands."""
        return self.name in INFIX or self.name == "**"
