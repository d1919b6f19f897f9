"""Elementwise operations."""

from __future__ import annotations

from gradtui.engine.operation import Kink, Operation
from gradtui.language.operators import COMPARISONS

_POSITIVE = (0.2, 3.0)
_ROOT = "keep the argument above 0: add a small number under the root"

ELEMENTWISE = (
    Operation("+", ("a", "b"), ("1", "1"), summary="add"),
    Operation("-", ("a", "b"), ("1", "-1"), summary="subtract"),
    Operation("*", ("a", "b"), ("b", "a"), summary="multiply"),
    Operation(
        "/",
        ("a", "b"),
        ("1/b", "-out/b"),
        scalar="({a} / {b} if {b} else divide({a}, {b}))",
        domain=_POSITIVE,
        remedy="keep the divisor away from 0: add a small number to it",
        summary="divide",
    ),
    Operation(
        "**",
        ("a", "b"),
        ("b*a**(b - 1)", "out*log(a + (a == 0)*(b >= 0))"),
        code="power({a}, {b})",
        scalar="raised({a}, {b})",
        special={0.5: "sqrt({a})", **{n: " * ".join(["{a}"] * n) for n in (1, 2, 3, 4)}},
        domain=_POSITIVE,
        remedy=_ROOT,
        summary="raise to a power",
    ),
    Operation(
        "neg", ("a",), ("-1",), code="-{a}", rounds=False, linear=True, summary="change the sign"
    ),
    Operation(
        "identity", ("a",), ("1",), code="{a}", internal=True, rounds=False, summary="another name"
    ),
    *(
        Operation(
            symbol,
            ("a", "b"),
            ("0", "0"),
            code=f"number({{a}} {symbol} {{b}})",
            scalar=f"(1.0 if {{a}} {symbol} {{b}} else 0.0)",
            kink=Kink(
                "a == b",
                "a comparison jumps where both sides are equal; its slope is taken "
                "as 0 everywhere, so no gradient passes",
            ),
            rounds=False,
            compares=True,
            summary="compare: 1 where it holds, else 0",
        )
        for symbol in COMPARISONS
    ),
    Operation("exp", ("a",), ("out",), squashes=True, tried=True, summary="e to the power"),
    Operation(
        "log",
        ("a",),
        ("1/a",),
        domain=_POSITIVE,
        tried=True,
        remedy="keep the argument above 0: log(x + 1e-12), or cross_entropy of the scores",
        summary="natural logarithm",
    ),
    Operation(
        "sqrt",
        ("a",),
        ("1/(2*out)",),
        scalar="(root({a}) if {a} >= 0.0 else sqrt({a}))",
        domain=_POSITIVE,
        tried=True,
        remedy=_ROOT,
        summary="square root",
    ),
    Operation(
        "abs",
        ("a",),
        ("(a > 0) - (a < 0)",),
        kink=Kink("a == 0", "abs has a corner at 0; its slope there is taken as 0"),
        rounds=False,
        summary="distance from 0",
    ),
    Operation(
        "tanh",
        ("a",),
        ("1 - out**2",),
        squashes=True,
        full_slope=1.0,
        tried=True,
        summary="squash to between -1 and 1",
    ),
    Operation(
        "sigmoid",
        ("a",),
        ("out*(1 - out)",),
        squashes=True,
        full_slope=0.25,
        tried=True,
        summary="squash to between 0 and 1",
    ),
    Operation(
        "relu",
        ("a",),
        ("a > 0",),
        kink=Kink("a == 0", "relu has a corner at 0; its slope there is taken as 0"),
        rounds=False,
        rectifies=True,
        tried=True,
        summary="keep what is positive, else 0",
    ),
    Operation(
        "maximum",
        ("a", "b"),
        ("(a > b) + (a == b)/2", "(b > a) + (a == b)/2"),
        kink=Kink(
            "a == b",
            "both operands of maximum are equal; each is taken to pass half of the gradient",
        ),
        rounds=False,
        rectifies=True,
        summary="the larger of the two",
    ),
    Operation(
        "minimum",
        ("a", "b"),
        ("(a < b) + (a == b)/2", "(b < a) + (a == b)/2"),
        kink=Kink(
            "a == b",
            "both operands of minimum are equal; each is taken to pass half of the gradient",
        ),
        rounds=False,
        rectifies=True,
        summary="the smaller of the two",
    ),
    Operation(
        "where",
        ("c", "a", "b"),
        ("0", "c != 0", "c == 0"),
        code="where({c} != 0, {a}, {b})",
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
    Operation("sin", ("a",), ("cos(a)",), tried=True, summary="sine of an angle"),
    Operation("cos", ("a",), ("-sin(a)",), tried=True, summary="cosine of an angle"),
    Operation(
        "arcsin",
        ("a",),
        ("1/sqrt((1 - a)*(1 + a))",),
        domain=(-0.9, 0.9),
        summary="the angle with that sine, from -π/2 to π/2",
    ),
    Operation(
        "arccos",
        ("a",),
        ("-1/sqrt((1 - a)*(1 + a))",),
        domain=(-0.9, 0.9),
        summary="the angle with that cosine, from 0 to π",
    ),
    Operation(
        "arctan",
        ("a",),
        ("1/(1 + a*a)",),
        squashes=True,
        full_slope=1.0,
        summary="the angle with that slope, from -π/2 to π/2",
    ),
    Operation(
        "arctan2",
        ("a", "b"),
        ("b/(a*a + b*b)", "-a/(a*a + b*b)"),
        summary="the angle of the point with height a and width b, from -π to π",
    ),
    Operation("arcsinh", ("a",), ("1/sqrt(a*a + 1)",), summary="the number with that sinh"),
    Operation(
        "arccosh",
        ("a",),
        ("1/sqrt((a - 1)*(a + 1))",),
        domain=(1.2, 3.0),
        summary="the number with that cosh, not below 0",
    ),
    Operation(
        "arctanh",
        ("a",),
        ("1/((1 - a)*(1 + a))",),
        domain=(-0.9, 0.9),
        summary="the number with that tanh",
    ),
    Operation(
        "clip",
        ("a", "low", "high"),
        (
            "(a >= low)*(a <= high)",
            "(a < low)*(low <= high)",
            "maximum(a, low) > high",
        ),
        code="minimum(maximum({a}, {low}), {high})",
        kink=Kink(
            "(a == low) + (a == high)",
            "the value lies exactly on a bound of clip; it is "
            "taken to pass its gradient, as inside the bounds",
        ),
        rounds=False,
        squashes=True,
        summary="keep between low and high",
    ),
    Operation(
        "erf",
        ("a",),
        ("1.1283791670955126*exp(-a**2)",),
        squashes=True,
        full_slope=1.1283791670955126,
        summary="the error function: the area under a bell curve, from -1 to 1",
    ),
    Operation(
        "gelu",
        ("a",),
        ("(1 + erf(a/1.4142135623730951))/2 + a*exp(-a**2/2)/2.5066282746310002",),
        rectifies=True,
        summary="keep what is positive, smoothly: a times the normal distribution's share below a",
    ),
    Operation(
        "softplus", ("a",), ("sigmoid(a)",), squashes=True, summary="a smooth relu: log(1 + exp(a))"
    ),
    Operation(
        "logaddexp",
        ("a", "b"),
        ("sigmoid(a - b)", "sigmoid(b - a)"),
        summary="log(exp(a) + exp(b)) without overflow: a smooth maximum",
    ),
)
