"""Every operation of the language, one entry each: how it is written, computed and differentiated.

Derivatives are expressions of the language itself, in the operands' formal names, `out` (the
result) and `G` (the adjoint of the result).  The compiled code, the rule shown to the user and the
text of a proposed fix all come from the same entry.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gradtui.engine.expression import Option
from gradtui.engine.registry import register
from gradtui.engine.shapes import (
    Options,
    Shape,
    broadcast,
    expanded,
    multiplied,
    reduced,
    stated,
    swapped,
    transposed,
)

ShapeRule = Callable[[Sequence[Shape], Options], Shape]
Vjps = Callable[[Sequence[Shape]], tuple[str, ...]]
Constants = tuple[float | None, ...]
"""The value of each operand that is a constant, None for the others."""

FUNCTION, COMPARISON, SUM, PRODUCT, SIGN, POWER = 9, 1, 2, 3, 4, 5


@dataclass(frozen=True, slots=True)
class Operation:
    """All there is to know of one operation."""

    name: str
    """How it is called in a program: an operator, or a function's name."""
    operands: tuple[str, ...]
    """Formal names of the operands, used in `code` and in the derivatives."""
    code: str | Callable[[Constants], str]
    """The Python expression of the result; its functions are those of `kernels` and NumPy."""
    shape: ShapeRule
    partials: tuple[str, ...] = ()
    """Local derivatives of an elementwise operation or a reduction, one for each operand."""
    vjps: Vjps | None = None
    """Vector-Jacobian products of any other operation, one for each operand.

    They are summed or stretched to the operand's shape where they broadcast."""
    summary: str = ""
    """What it does, in a learner's words."""
    precedence: int = FUNCTION
    scalar: str = ""
    """`code` for Python floats, where it differs."""
    batched: str = ""
    """`code` for operands with leading batch axes, where it differs."""
    options: tuple[tuple[str, Option], ...] = ()
    """Options that a call may give, with their defaults."""
    domain: tuple[float, float] = (-2.0, 2.0)
    """Where operands may lie for the operation to be finite."""
    smooth: bool = True
    """False where the derivative jumps."""
    internal: bool = False
    """True for what only derivatives use; a program cannot call it."""

    @property
    def elementwise(self) -> bool:
        """Whether each element of the result needs only the operands' elements at its place."""
        return self.shape is broadcast

    @property
    def reduction(self) -> bool:
        """Whether it folds axes away."""
        return self.shape is reduced

    @property
    def infix(self) -> bool:
        """Whether it is written between its operands."""
        return len(self.operands) == 2 and self.precedence < FUNCTION


def _power_code(constants: Constants) -> str:
    exponent = constants[1]
    if exponent == 0.5:
        return "sqrt({a})"
    if exponent is not None and exponent in (1, 2, 3, 4):
        return " * ".join(["{a}"] * int(exponent))
    return "power({a}, {b})"


def _matmul_vjps(shapes: Sequence[Shape]) -> tuple[str, ...]:
    match tuple(min(len(shape), 3) for shape in shapes):
        case (1, 1):
            return "G*b", "G*a"
        case (2, 1):
            return "G[:, None]*b", "a.T@G"
        case (1, 2):
            return "b@G", "a[:, None]*G"
        case (2, 2):
            return "G@b.T", "a.T@G"
        case (3, 1):
            return "expand(G, axis=-1)*b", "a*expand(G, axis=-1)"
        case (1, 3):
            return "sum(b*expand(G, axis=-2), axis=-1)", "expand(a, axis=-1)*expand(G, axis=-2)"
        case _:
            return "G@mT(b)", "mT(a)@G"


_REDUCTION: tuple[tuple[str, Option], ...] = (("axis", None), ("keepdims", False))
_POSITIVE = (0.2, 3.0)

_ENTRIES = (
    Operation("+", ("a", "b"), "{a} + {b}", broadcast, ("1", "1"), precedence=SUM, summary="add"),
    Operation(
        "-", ("a", "b"), "{a} - {b}", broadcast, ("1", "-1"), precedence=SUM, summary="subtract"
    ),
    Operation(
        "*", ("a", "b"), "{a} * {b}", broadcast, ("b", "a"), precedence=PRODUCT, summary="multiply"
    ),
    Operation(
        "/",
        ("a", "b"),
        "{a} / {b}",
        broadcast,
        ("1/b", "-out/b"),
        precedence=PRODUCT,
        scalar="({a} / {b} if {b} else divide({a}, {b}))",
        domain=_POSITIVE,
        summary="divide",
    ),
    Operation(
        "**",
        ("a", "b"),
        _power_code,
        broadcast,
        ("b*a**(b - 1)", "out*log(a)"),
        precedence=POWER,
        domain=_POSITIVE,
        summary="raise to a power",
    ),
    Operation(
        "neg", ("a",), "-{a}", broadcast, ("-1",), precedence=SIGN, summary="change the sign"
    ),
    Operation("identity", ("a",), "{a}", broadcast, ("1",), internal=True, summary="another name"),
    *(
        Operation(
            symbol,
            ("a", "b"),
            f"mask({{a}} {symbol} {{b}})",
            broadcast,
            ("0", "0"),
            precedence=COMPARISON,
            smooth=False,
            summary="compare: 1 where it holds, else 0",
        )
        for symbol in ("<", ">", "<=", ">=", "==", "!=")
    ),
    Operation("exp", ("a",), "exp({a})", broadcast, ("out",), summary="e to the power"),
    Operation(
        "log",
        ("a",),
        "log({a})",
        broadcast,
        ("1/a",),
        domain=_POSITIVE,
        summary="natural logarithm",
    ),
    Operation(
        "sqrt",
        ("a",),
        "sqrt({a})",
        broadcast,
        ("1/(2*out)",),
        domain=_POSITIVE,
        summary="square root",
    ),
    Operation(
        "abs",
        ("a",),
        "abs({a})",
        broadcast,
        ("(a > 0) - (a < 0)",),
        smooth=False,
        summary="distance from 0",
    ),
    Operation(
        "tanh",
        ("a",),
        "tanh({a})",
        broadcast,
        ("1 - out**2",),
        summary="squash to between -1 and 1",
    ),
    Operation(
        "sigmoid",
        ("a",),
        "sigmoid({a})",
        broadcast,
        ("out*(1 - out)",),
        summary="squash to between 0 and 1",
    ),
    Operation(
        "relu",
        ("a",),
        "relu({a})",
        broadcast,
        ("a > 0",),
        smooth=False,
        summary="keep what is positive, else 0",
    ),
    Operation(
        "maximum",
        ("a", "b"),
        "maximum({a}, {b})",
        broadcast,
        ("(a > b) + (a == b)/2", "(b > a) + (a == b)/2"),
        smooth=False,
        summary="the larger of the two",
    ),
    Operation(
        "minimum",
        ("a", "b"),
        "minimum({a}, {b})",
        broadcast,
        ("(a < b) + (a == b)/2", "(b < a) + (a == b)/2"),
        smooth=False,
        summary="the smaller of the two",
    ),
    Operation(
        "where",
        ("c", "a", "b"),
        "where({c} != 0, {a}, {b})",
        broadcast,
        ("0", "c != 0", "c == 0"),
        scalar="({a} if {c} else {b})",
        smooth=False,
        summary="a where the condition holds, else b",
    ),
    Operation(
        "sum",
        ("a",),
        "total({a}, {axis}, None, None, {keepdims})",
        reduced,
        ("1",),
        scalar="{a}",
        options=_REDUCTION,
        summary="add up all elements, or those along an axis",
    ),
    Operation(
        "mean",
        ("a",),
        "total({a}, {axis}, None, None, {keepdims}) / {n}",
        reduced,
        ("1/n",),
        scalar="{a}",
        options=_REDUCTION,
        summary="the average of all elements, or along an axis",
    ),
    Operation(
        "@",
        ("a", "b"),
        "{a} @ {b}",
        multiplied,
        vjps=_matmul_vjps,
        batched="matmul({a}, {b}, {rank_a}, {rank_b})",
        precedence=PRODUCT,
        summary="matrix product: rows times columns",
    ),
    Operation(
        "T",
        ("a",),
        "{a}.T",
        transposed,
        vjps=lambda shapes: ("G.T",),
        scalar="{a}",
        batched="transpose({a}, {rank_a})",
        summary="swap rows and columns",
    ),
    Operation(
        "mT",
        ("a",),
        "swapaxes({a}, -1, -2)",
        swapped,
        vjps=lambda shapes: ("mT(G)",),
        internal=True,
        summary="swap rows and columns of every matrix of a stack",
    ),
    Operation(
        "expand",
        ("a",),
        "expand({a}, {axis})",
        expanded,
        vjps=lambda shapes: ("sum(G, axis=axis)",),
        options=(("axis", None), ("entries", 0)),
        summary="add an axis of size 1",
    ),
    Operation(
        "stretch",
        ("a",),
        "stretch({a}, {shape})",
        stated,
        vjps=lambda shapes: ("G",),
        options=(("shape", None),),
        internal=True,
        summary="repeat along the axes of size 1",
    ),
    Operation(
        "collect",
        ("a",),
        "collect({a}, {drop}, {keep})",
        stated,
        vjps=lambda shapes: ("G",),
        options=(("shape", None), ("drop", ()), ("keep", ())),
        internal=True,
        summary="sum over the axes that broadcasting had added",
    ),
)


OPS = register(_ENTRIES)
FUNCTIONS = tuple(
    name
    for name, entry in OPS.items()
    if name.isidentifier() and name not in ("T", "neg", "expand") and not entry.internal
)
"""Names that a program may call."""
