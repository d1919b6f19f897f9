"""Mistakes in the curves, regressions, ranks and similarities of the sixth set as people make them.

The rules are those of the design and the habits of the other sets; no diagnosis was seen before.
"""

from mutants.slips import Slip

LEFT_OUT = ("missing-path", "missing-term")
PART = ("missing-term", "missing-path")
CONSTANT = ("constant-factor", "missing-factor")
AGAIN = ("constant-factor", "extra-factor")
ELSEWHERE = ("wrong-point", "wrong-variable")
OTHER_SLOPE = ("wrong-point", "wrong-variable", "unexplained")
ONE_FORGOTTEN = ("missing-term", "wrong-point", "wrong-variable")

SLIPS = {
    ("power_curve", "statements"): (
        Slip(
            "the slope for the base",
            "dk = sum(dp*k*x**(k - 1))",
            ("wrong-variable", "wrong-point", "unexplained"),
        ),
        Slip("the logarithm forgotten", "dk = sum(dp*p)", ("missing-factor",)),
        Slip("a logarithm to base two", "dk = sum(dp*p*log(x)/log(2.0))", AGAIN),
    ),
    ("power_curve", "bare"): (
        Slip(
            "the logarithm of the power",
            "dk = a*mean(e*x**k*log(x**k))",
            ("extra-factor", *ELSEWHERE),
        ),
        Slip("the amplitude left out", "dk = mean(e*x**k*log(x))", ("missing-factor",)),
    ),
    ("power_curve", "source"): (
        Slip("the exponent left out", "grown = np.exp(logs)", ("missing-factor", *ELSEWHERE)),
        Slip("the level forgotten", "miss = (a*grown - y)/m", PART),
    ),
    ("two_slopes", "statements"): (
        Slip(
            "past zero for past the knot",
            "dknot = -sum(dpast*(t > 0))",
            (*ELSEWHERE, "missing-term"),
        ),
        Slip(
            "the value for its slope",
            "dknot = -sum(dpast*past)",
            (*ELSEWHERE, "extra-factor"),
        ),
        Slip("the whole line", "dc = sum(de*t)", ("wrong-variable", "wrong-point")),
    ),
    ("two_slopes", "bare"): (
        Slip("the bend left out", "dknot = -2*sum(e*(past > 0))", ("missing-factor",)),
        Slip("the mask forgotten", "dknot = -2*c*sum(e)", ("missing-factor",)),
    ),
    ("two_slopes", "letters"): (
        Slip("the knot forgotten", "gc = u@t", PART),
        Slip(
            "before the knot",
            "q = (t < knot)",
            ("wrong-point", "sign", "wrong-variable", "missing-term", "unexplained"),
        ),
    ),
    ("log_errors", "statements"): (
        Slip("before the root", "dM = 1/(2*M)", (*ELSEWHERE, "extra-factor")),
        Slip("the one forgotten", "dyhat = dd/yhat", ONE_FORGOTTEN),
        Slip(
            "the slope of sigmoid itself",
            "dz = dyhat*sigmoid(z)*(1 - sigmoid(z))",
            ("extra-factor", "wrong-point", "unexplained"),
        ),
    ),
    ("log_errors", "at_the_weights"): (
        Slip("the root passed over", "dd = d", ("missing-factor",)),
        Slip("relu's slope", "dz = dd*(z > 0)/(1 + yhat)", OTHER_SLOPE),
    ),
    ("log_errors", "notebook"): (
        Slip(
            "the other chance",
            "slope = np.exp(-yhat)",
            ("missing-term", "wrong-point", "sign", "wrong-variable", "unexplained"),
        ),
        Slip(
            "the root forgotten",
            "rmsle = np.mean(ratio**2)",
            ("extra-factor", "missing-factor", "wrong-point", "unexplained"),
        ),
        Slip("not divided by the rows", "grad_b = g.sum()", CONSTANT),
    ),
    ("soft_rank", "statements"): (
        Slip(
            "rows for columns",
            "ds = sum(dD, axis=1) - sum(dD, axis=0)",
            ("sign", "wrong-axis", "transposed"),
        ),
        Slip("its own rank left out", "ds = sum(dD, axis=0)", LEFT_OUT),
        Slip(
            "a square forgotten",
            "dR = scale*gain/(log(1 + R)*(1 + R))",
            ("missing-factor",),
        ),
        Slip("a logarithm to base two", "scale = 1/sum(gain)", CONSTANT),
    ),
    ("soft_rank", "fused"): (
        Slip(
            "the logarithm's own slope forgotten",
            "dR = log(2.0)*gain/log(1 + R)**2/sum(gain)",
            ("missing-factor",),
        ),
        Slip(
            "the temperature forgotten",
            "dD = dR[:, None]*P*P.T",
            ("missing-factor", "constant-factor"),
        ),
    ),
    ("soft_rank", "letters"): (
        Slip("the one forgotten", "t = np.log(R)", ONE_FORGOTTEN),
        Slip("half of tanh's slope", "j = f[:, None]*v*(1 - H)", ("missing-factor",)),
    ),
    ("affinity", "statements"): (
        Slip("only as the one who looks", "dZ = dN@Z + lam*Z", LEFT_OUT),
        Slip(
            "taken as symmetric",
            "dZ = 2*dN@Z + lam*Z",
            ("transposed", "wrong-variable", "double-counted-path", "unexplained"),
        ),
        Slip("exp passed over", "dg = dk", ("missing-factor",)),
    ),
    ("affinity", "fused"): (
        Slip(
            "the sharpness left out",
            "dS = (softmax(Z@Z.T) - T)/len(X)",
            ("missing-factor", *ELSEWHERE),
        ),
        Slip(
            "exp passed over",
            "dg = sum(dS*(Z@Z.T))",
            ("missing-factor", "wrong-variable"),
        ),
    ),
    ("affinity", "source"): (
        Slip("only as the one who looks", "both = miss", LEFT_OUT),
        Slip("before the weights", "inner = (k/m)*both@X", ("wrong-variable", "missing-factor")),
    ),
}
"""By kind and style."""
