"""Mistakes in the layers and sequences of the seventh set as people make them.

The rules are those of the design and the habits of the other sets; no diagnosis was seen before.
"""

from mutants.slips import Slip

LEFT_OUT = ("missing-path", "missing-term")
CONSTANT = ("constant-factor", "missing-factor")
SCALAR = ("missing-factor", "constant-factor")
ELSEWHERE = ("wrong-point", "wrong-variable")
OTHER_SLOPE = ("wrong-point", "wrong-variable", "unexplained")
PASSED_OVER = ("wrong-variable", "missing-factor")

SLIPS = {
    ("rotary", "statements"): (
        Slip("turned on for turned back", "dq = dqr*c + (dqr*s)@J", ("transposed",)),
        Slip("a minus forgotten", "dA = ds*c + dc*s", ("sign",)),
        Slip("not turned back", "dWk = X.T@dkr", PASSED_OVER),
    ),
    ("rotary", "fused"): (
        Slip("before they are turned", "a = R@k", ELSEWHERE[::-1]),
        Slip(
            "the root forgotten",
            "R = U - P*sum(U, axis=1, keepdims=True)",
            CONSTANT,
            (("U = P*(G@v.T)/sqrt(2.0)", CONSTANT),),
        ),
    ),
    ("squared_scores", "statements"): (
        Slip("the value for its slope", "dS = dR*R", (*ELSEWHERE, "extra-factor")),
        Slip(
            "the columns forgotten",
            "count = Y.shape[0]",
            CONSTANT,
            (("dO = (O - Y)/count", ("constant-factor", "extra-factor")),),
        ),
    ),
    ("squared_scores", "fused"): (
        Slip("not divided by the places", "dB = 2*R*(G@v.T)", CONSTANT),
        Slip(
            "relu's slope for its square's",
            "dB = 2*(S > 0)*(G@v.T)/len(X)",
            ("missing-factor", *ELSEWHERE),
        ),
    ),
    ("squared_scores", "bars"): (
        Slip("a square's two", "S_bar = relu(S)*(O_bar@v.T)/m", CONSTANT),
        Slip("transposed once too often", "k_bar = q.T@S_bar.T", ("transposed",)),
    ),
    ("separable", "statements"): (
        Slip("relu's slope", "dD = dH*(D > 0)", (*OTHER_SLOPE, "missing-term", "missing-path")),
        Slip(
            "one neighbour of two",
            "dk1 = sum(dD*X1, axis=0) + lam*(k1 - k0)",
            LEFT_OUT,
        ),
        Slip("before the function", "dP = D.T@dO", ELSEWHERE[::-1]),
    ),
    ("separable", "at_the_weights"): (
        Slip(
            "nine tenths forgotten",
            "dD = dO@P.T*(0.1 + (D > 0))",
            (*CONSTANT, *OTHER_SLOPE),
        ),
        Slip(
            "one neighbour's weight",
            "dk1 = 2*mean(dD*X1, axis=0) + lam*(k1 - k0 - k2)",
            (*CONSTANT, "missing-term", "missing-path"),
        ),
    ),
    ("separable", "letters"): (
        Slip(
            "the slope for what flows",
            "q = np.where(D > 0, u, 0.1)",
            ("missing-factor", *OTHER_SLOPE),
        ),
        Slip("the wrong way round", "g = lam*(k1 - k2)", ("sign",)),
    ),
    ("oscillators", "statements"): (
        Slip("the way by the place", "ds2 = (1 - h*e)*ds3 + r3@R.T", LEFT_OUT),
        Slip("the time left out", "da2 = ds2", SCALAR),
        Slip("a time late", "dW = p2.T@r2 + p3.T@r3", ("wrong-variable", "unexplained")),
    ),
    ("oscillators", "bars"): (
        Slip("the time left out", "keep = 1 - e", SCALAR),
        Slip("another time's slope", "r2 = h*s2_bar*(1 - a2)*(1 + a3)", ELSEWHERE[::-1]),
        Slip("the first time forgotten", "U_bar = (x2.T@r2 + x3.T@r3)/m", LEFT_OUT),
    ),
    ("predators", "statements"): (
        Slip("not carried on", "dv2 = v2 - q2 + df2*f2", LEFT_OUT),
        Slip("a year late", "de1 = 0.1*c*dv3", ("wrong-variable",)),
        Slip("the exponential passed over", "du1 = u1 - p1 + du2 + de1", ("missing-factor",)),
    ),
    ("predators", "letters"): (
        Slip("the first year forgotten", "gb = -h*b*(s2*f1 + s3*f2)", LEFT_OUT),
        Slip("the other's rate", "s2 = u2 - p2 + s3 + h*b*e2*t3", ("wrong-variable",)),
    ),
}
"""By kind and style."""
