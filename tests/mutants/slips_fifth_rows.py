"""Mistakes in the curves, regressions and losses of the fifth set as people make them.

The rules are those of the design and the habits of the other sets; no diagnosis was seen before.
"""

from mutants.slips import Slip

LEFT_OUT = ("missing-path", "missing-term")
PART = ("missing-term", "missing-path")
CONSTANT = ("constant-factor", "missing-factor")
AGAIN = ("constant-factor", "extra-factor")
ELSEWHERE = ("wrong-point", "wrong-variable")
OTHER_SLOPE = ("wrong-point", "wrong-variable", "unexplained")
OTHER_SIDE = ("wrong-variable", "wrong-point", "sign", "missing-term", "unexplained")
MEANS = ("wrong-axis", "unreduced-broadcast", "unexplained")

SLIPS = {
    ("scaling_law", "statements"): (
        Slip("the residual of squares", "dr = r/n", ("missing-factor", *ELSEWHERE)),
        Slip("the logarithm passed over", "dA = dz*exp(A)", ("wrong-variable", "missing-factor")),
        Slip("the neighbour's share", "dB = dtotal*exp(A)", ELSEWHERE),
        Slip("its own share forgotten", "de = sum(dtotal)", ("missing-factor",)),
    ),
    ("scaling_law", "bare"): (
        Slip(
            "the other curve's column",
            "dbeta = -mean(r/sqrt(1 + r**2)*exp(B - z)*lN)",
            ("wrong-variable",),
        ),
        Slip(
            "a product of means for a mean of products",
            "dalpha = -mean(r/sqrt(1 + r**2)*exp(A - z))*mean(lN)",
            MEANS,
        ),
        Slip(
            "not a share of all",
            "de = mean(r/sqrt(1 + r**2)*exp(e))",
            ("missing-factor", "missing-term", "wrong-point"),
        ),
        Slip(
            "the root forgotten",
            "da = mean(r/(1 + r**2)*exp(A - z))",
            ("extra-factor", "missing-factor", "wrong-point"),
        ),
    ),
    ("scaling_law", "source"): (
        Slip("one of the shares forgotten", "g_e = np.sum(bent) - g_a", PART),
        Slip("not divided by all", "share_D = np.exp(B)", ("missing-factor",)),
    ),
    ("biweight", "statements"): (
        Slip("the three of a cube", "dv = -k*near*v**2", CONSTANT),
        Slip("the mask forgotten", "dv = -3*k*v**2", ("missing-factor", *OTHER_SLOPE)),
        Slip("the scale passed over", "de = du", CONSTANT[::-1]),
        Slip("one minus of two", "du = 2*dv*u", ("sign",)),
    ),
    ("biweight", "at_the_weights"): (
        Slip(
            "not in units of the scale",
            "psi = near*e*(1 - e**2)**2",
            ("missing-factor", *ELSEWHERE),
        ),
        Slip("one square of two", "psi = near*e*(1 - (e/c)**2)", ("missing-factor",)),
        Slip("divided by the features", "dw = X.T@psi/X.shape[1]", ("constant-factor",)),
    ),
    ("biweight", "letters"): (
        Slip(
            "a bound that is not squared",
            "q = np.where(e**2 < c, v*v, 0)",
            (*OTHER_SLOPE, "missing-factor"),
        ),
        Slip("the weight for its square", "q = np.where(e**2 < c**2, v, 0)", ("missing-factor",)),
        Slip("divided twice", "gb = np.mean(p)", (*AGAIN, "wrong-axis")),
    ),
    ("log_logistic", "statements"): (
        Slip("who did not fail left out", "dsp = seen/n", PART),
        Slip("the density's scale forgotten", "ds = dsigma*sigma", LEFT_OUT),
        Slip("a minus forgotten", "deta = dz/sigma", ("sign",)),
        Slip(
            "the other side's chance",
            "dz = dsp*sigmoid(-z) - seen/n",
            ("wrong-point", "sign", "wrong-variable"),
        ),
    ),
    ("log_logistic", "at_the_weights"): (
        Slip("the residual of a logistic regression", "dz = sigmoid(z) - seen", PART),
        Slip(
            "everybody seen to fail",
            "ds = mean(1 - dz*z)",
            ("missing-factor", "wrong-variable"),
        ),
        Slip("the scale passed over", "deta = -dz", ("missing-factor",)),
    ),
    ("log_logistic", "source"): (
        Slip("the odds of the other side", "odds = np.exp(-z)", ("sign", "wrong-point")),
        Slip("odds for a chance", "gone = odds", ("missing-factor",)),
        Slip(
            "divided twice",
            "g_s = np.mean(seen) - np.mean(force*z)",
            (*AGAIN, "wrong-axis"),
        ),
    ),
    ("garch", "statements"): (
        Slip("not carried on to tomorrow", "dv1 = (1/v1 - e1**2/v1**2)/2", LEFT_OUT),
        Slip("one power of the variance", "dv2 = (1/v2 - e2**2/v2)/2 + b*dv3", ("missing-factor",)),
        Slip("a surprise only on its day", "de2 = e2/v2", LEFT_OUT),
        Slip("the two of a square", "de1 = e1/v1 + a*e1*dv2", CONSTANT),
        Slip("a day late", "db = dv2*v2 + dv3*v3", ("wrong-variable", "unexplained")),
    ),
    ("garch", "letters"): (
        Slip("the surprise's sign", "h3 = (v3 + e3*e3)/(2*v3*v3)", ("sign",)),
        Slip(
            "the other rate",
            "h1 = (v1 - e1*e1)/(2*v1*v1) + a*h2",
            ("wrong-variable",),
        ),
        Slip("only the last day", "gw = w*h3", LEFT_OUT),
        Slip(
            "half of sigmoid's slope",
            "gb = b*(h2*v1 + h3*v2)",
            ("missing-factor", "missing-term"),
        ),
    ),
    ("bags", "statements"): (
        Slip("bags without any left out", "dnone = -dp*exp(none)", LEFT_OUT),
        Slip(
            "the other chance",
            "dq = -dnone[:, None]/q",
            OTHER_SIDE,
        ),
        Slip("the exponential passed over", "dnone = -dp - (1 - y)/n", ("missing-factor",)),
        Slip("half of sigmoid's slope", "dz = dq*q", ("missing-factor",)),
    ),
    ("bags", "fused"): (
        Slip(
            "the residual of a logistic regression",
            "dnone = (y - p)/len(y)",
            ("missing-factor", "extra-factor", "unexplained"),
        ),
        Slip("the members averaged", "db = sum(mean(dz, axis=1))", ("wrong-axis", *CONSTANT)),
        Slip(
            "sigmoid's slope on top",
            "dz = -dnone[:, None]*q*(1 - q)",
            ("extra-factor",),
        ),
    ),
    ("bags", "letters"): (
        Slip("the chance left out", "r = 1 - y", ("missing-factor",)),
        Slip("not divided by the bags", "gw = np.sum(t, axis=0)", (*CONSTANT, "wrong-axis")),
        Slip("the whole bag alike", "g = (r*p)[:, None]", ("wrong-variable", "unexplained")),
    ),
    ("podium", "statements"): (
        Slip("not in the first race", "dsb = (exp(sb - rest) - 1)/n", LEFT_OUT),
        Slip("the last forgotten", "dv = HA.T@dsa + HB.T@dsb", LEFT_OUT),
        Slip("the slope of another", "preB = dHB*(1 - HA**2)", ELSEWHERE),
        Slip(
            "the first not gone",
            "dsc = (exp(sc - field) + exp(sc - field))/n",
            ("wrong-variable", "wrong-point", "double-counted-path", "missing-path"),
        ),
        Slip("the neighbour's columns", "dW = A.T@preA + B.T@preB + B.T@preC", ("wrong-variable",)),
    ),
    ("podium", "at_the_weights"): (
        Slip("the last one taken as fixed", "dsb = -dsa", PART),
        Slip("the slope of another", "preC = dsc[:, None]*v*(1 - HB**2)", ELSEWHERE),
        Slip(
            "divided by the features",
            "dW = (A.T@preA + B.T@preB + C.T@preC)/A.shape[1]",
            ("constant-factor",),
        ),
    ),
    ("clipped_policy", "statements"): (
        Slip("held where it is free", "active = (free >= held)", OTHER_SIDE),
        Slip(
            "the mask of one side for all",
            "active = (ratio <= 1.8)",
            (*OTHER_SLOPE, "missing-factor"),
        ),
        Slip("the ratio passed over", "dlogp = dratio", ("missing-factor",)),
        Slip(
            "as if chances did not sum to one",
            "spread = ce*P*(lp + 1)/n",
            ("missing-term", "wrong-variable", "wrong-point", "unexplained"),
        ),
        Slip("the advantage for the return", "dvalue = cv*(value - adv)/n", ("wrong-variable",)),
    ),
    ("clipped_policy", "at_the_weights"): (
        Slip(
            "the held for the free",
            "dlogp = -(free <= held)*held",
            ("wrong-variable", "wrong-point"),
        ),
        Slip(
            "the advantage without its ratio",
            "dlogp = -(free <= held)*adv",
            ("missing-factor", "wrong-variable"),
        ),
        Slip("not divided by the rows", "du = dvalue@X", CONSTANT),
    ),
    ("clipped_policy", "notebook"): (
        Slip("pushed away", "push = gain[:, None]*(hot - P)", ("sign",)),
        Slip(
            "the smaller itself for its slope",
            "gain = np.where(free > held, held, free)",
            (*OTHER_SLOPE, "missing-factor"),
        ),
        Slip("every class alike", "calm = np.log(P) + ent[:, None]", ("missing-factor",)),
    ),
}
"""By kind and style."""

SCALED = ("missing-factor",)
ALSO = {
    "share_D = np.exp(B)": ("pull_D", SCALED),
    "q = np.where(e**2 < c**2, v, 0)": ("p", SCALED),
    "calm = np.log(P) + ent[:, None]": ("grad_Z", SCALED),
}
"""By a slip's text: the one line that reads it, where the factor may as well be missed."""
