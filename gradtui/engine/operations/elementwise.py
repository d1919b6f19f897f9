"""Operations whose result needs, at each place, only the operands' elements there."""

from __future__ import annotations

from gradtui.engine.operation import Constants, Kink, Operation
from gradtui.engine.shapes import broadcast
from gradtui.language.operators import COMPARISONS


def _power_code(constants: Constants) -> str:
    exponent = constants[1]
    if exponent == 0.5:
        return "sqrt({a})"
    if exponent is not None and exponent in (1, 2, 3, 4):
        return " * ".join(["{a}"] * int(exponent))
    return "power({a}, {b})"


_POSITIVE = (0.2, 3.0)

ELEMENTWISE = (
    Operation("+", ("a", "b"), "{a} + {b}", broadcast, ("1", "1"), summary="add"),
    Operation("-", ("a", "b"), "{a} - {b}", broadcast, ("1", "-1"), summary="subtract"),
    Operation("*", ("a", "b"), "{a} * {b}", broadcast, ("b", "a"), summary="multiply"),
    Operation(
        "/",
        ("a", "b"),
        "{a} / {b}",
        broadcast,
        ("1/b", "-out/b"),
        scalar="({a} / {b} if {b} else divide({a}, {b}))",
        domain=_POSITIVE,
        summary="divide",
    ),
    Operation(
        "**",
        ("a", "b"),
        _power_code,
        broadcast,
        ("b*a**(b - 1)", "out*log(a + (a == 0)*(b >= 0))"),
        domain=_POSITIVE,
        summary="raise to a power",
    ),
    Operation(
        "neg",
        ("a",),
        "-{a}",
        broadcast,
        ("-1",),
        rounds=False,
        summary="change the sign",
    ),
    Operation(
        "identity",
        ("a",),
        "{a}",
        broadcast,
        ("1",),
        internal=True,
        rounds=False,
        summary="another name",
    ),
    *(
        Operation(
            symbol,
            ("a", "b"),
            f"mask({{a}} {symbol} {{b}})",
            broadcast,
            ("0", "0"),
            kink=Kink(
                "a == b",
                "a comparison jumps where both sides are equal; its slope is taken "
                "as 0 everywhere, so no gradient passes",
            ),
            rounds=False,
            summary="compare: 1 where it holds, else 0",
        )
        for symbol in COMPARISONS
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
        kink=Kink("a == 0", "abs has a corner at 0; its slope there is taken as 0"),
        rounds=False,
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
        kink=Kink("a == 0", "relu has a corner at 0; its slope there is taken as 0"),
        rounds=False,
        summary="keep what is positive, else 0",
    ),
    Operation(
        "maximum",
        ("a", "b"),
        "maximum({a}, {b})",
        broadcast,
        ("(a > b) + (a == b)/2", "(b > a) + (a == b)/2"),
        kink=Kink(
            "a == b",
            "both operands of maximum are equal; each is taken to pass half of the gradient",
        ),
        rounds=False,
        summary="the larger of the two",
    ),
    Operation(
        "minimum",
        ("a", "b"),
        "minimum({a}, {b})",
        broadcast,
        ("(a < b) + (a == b)/2", "(b < a) + (a == b)/2"),
        kink=Kink(
            "a == b",
            "both operands of minimum are equal; each is taken to pass half of the gradient",
        ),
        rounds=False,
        summary="the smaller of the two",
    ),
    Operation(
        "where",
        ("c", "a", "b"),
        "where({c} != 0, {a}, {b})",
        broadcast,
        ("0", "c != 0", "c == 0"),
        scalar="({a} if {c} else {b})",
        kink=Kink(
            "c == 0",
            "the condition of where is exactly 0, where the choice flips; the "
            "gradient goes to what is chosen, none to the condition",
            ("c",),
        ),
        rounds=False,
        summary="a where the condition holds, else b",
    ),
    Operation("sin", ("a",), "sin({a})", broadcast, ("cos(a)",), summary="sine of an angle"),
    Operation("cos", ("a",), "cos({a})", broadcast, ("-sin(a)",), summary="cosine of an angle"),
    Operation(
        "clip",
        ("a", "low", "high"),
        "minimum(maximum({a}, {low}), {high})",
        broadcast,
        (
            "(a >= low)*(a <= high)",
            "(a < low)*(low <= high)",
            "maximum(a, low) > high",
        ),
        kink=Kink(
            "(a == low) + (a == high)",
            "the value lies exactly on a bound of clip; it is "
            "taken to pass its gradient, as inside the bounds",
        ),
        rounds=False,
        summary="keep between low and high",
    ),
    Operation(
        "erf",
        ("a",),
        "erf({a})",
        broadcast,
        ("1.1283791670955126*exp(-a**2)",),
        summary="the error function: the area under a bell curve, from -1 to 1",
    ),
    Operation(
        "gelu",
        ("a",),
        "gelu({a})",
        broadcast,
        ("(1 + erf(a/1.4142135623730951))/2 + a*exp(-a**2/2)/2.5066282746310002",),
        summary="keep what is positive, smoothly: a times the normal distribution's share below a",
    ),
    Operation(
        "softplus",
        ("a",),
        "softplus({a})",
        broadcast,
        ("sigmoid(a)",),
        summary="a smooth relu: log(1 + exp(a))",
    ),
)
