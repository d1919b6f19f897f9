"""Two mistakes in one program of the fifth set, on lines of which neither cures the other."""

from mutants.slips import Slip

LEFT_OUT = ("missing-path", "missing-term")
CONSTANT = ("constant-factor", "missing-factor")
AGAIN = ("constant-factor", "extra-factor")
ELSEWHERE = ("wrong-point", "wrong-variable")
OTHER_SLOPE = ("wrong-point", "wrong-variable", "unexplained")
SOFTMAX = ("missing-term", "missing-factor", "wrong-point", "wrong-variable", "unexplained")

PAIRS = {
    ("scaling_law", "statements"): (
        Slip("a minus forgotten", "dbeta = sum(dB*lD)", ("sign",)),
        Slip("its own share forgotten", "de = sum(dtotal)", ("missing-factor",)),
    ),
    ("scaling_law", "source"): (
        Slip("not divided by all", "share_D = np.exp(B)", ("missing-factor",)),
        Slip("a minus forgotten", "g_alpha = pull_N@lN", ("sign",)),
    ),
    ("biweight", "statements"): (
        Slip("one power of what is left", "dv = -3*k*near*v", ("missing-factor",)),
        Slip("divided twice", "db = mean(dyhat)", (*AGAIN, "wrong-axis")),
    ),
    ("biweight", "at_the_weights"): (
        Slip("one square of two", "psi = near*e*(1 - (e/c)**2)", ("missing-factor",)),
        Slip("divided by the features", "dw = X.T@psi/X.shape[1]", ("constant-factor",)),
    ),
    ("log_logistic", "statements"): (
        Slip("the density's scale forgotten", "ds = dsigma*sigma", LEFT_OUT),
        Slip("a minus forgotten", "deta = dz/sigma", ("sign",)),
    ),
    ("log_logistic", "source"): (
        Slip("the scale passed over", "back = force", ("missing-factor",)),
        Slip("a sign", "g_s = np.mean(seen) + force@z", ("sign",)),
    ),
    ("garch", "statements"): (
        Slip("a surprise only on its day", "de2 = e2/v2", LEFT_OUT),
        Slip("a day late", "db = dv2*v2 + dv3*v3", ("wrong-variable", "unexplained")),
    ),
    ("garch", "letters"): (
        Slip("only the last day", "gw = w*h3", LEFT_OUT),
        Slip("the logarithm passed over", "g0 = h1", ("missing-factor",)),
    ),
    ("bags", "statements"): (
        Slip("half of sigmoid's slope", "dz = dq*q", ("missing-factor",)),
        Slip("divided twice", "db = mean(dz)", ("wrong-axis", *AGAIN)),
    ),
    ("bags", "letters"): (
        Slip("the chance left out", "r = 1 - y", ("missing-factor",)),
        Slip("not divided by the bags", "gw = np.sum(t, axis=0)", (*CONSTANT, "wrong-axis")),
    ),
    ("podium", "statements"): (
        Slip("the last forgotten", "dv = HA.T@dsa + HB.T@dsb", LEFT_OUT),
        Slip("the slope of another", "preB = dHB*(1 - HA**2)", ELSEWHERE),
    ),
    ("podium", "at_the_weights"): (
        Slip("the slope of another", "preC = dsc[:, None]*v*(1 - HB**2)", ELSEWHERE),
        Slip("not divided", "dv = HA.T@dsa + HB.T@dsb + HC.T@dsc", CONSTANT),
    ),
    ("clipped_policy", "statements"): (
        Slip("the ratio passed over", "dlogp = dratio", ("missing-factor",)),
        Slip("the advantage for the return", "dvalue = cv*(value - adv)/n", ("wrong-variable",)),
    ),
    ("clipped_policy", "at_the_weights"): (
        Slip(
            "the held for the free",
            "dlogp = -(free <= held)*held",
            ("wrong-variable", "wrong-point"),
        ),
        Slip("not divided by the rows", "du = dvalue@X", CONSTANT),
    ),
    ("clipped_policy", "notebook"): (
        Slip("pushed away", "push = gain[:, None]*(hot - P)", ("sign",)),
        Slip("the value's weight forgotten", "err = inv*(value - ret)", CONSTANT[::-1]),
    ),
    ("physics_informed", "statements"): (
        Slip("the rate's own slope", "dlk = dk", ("missing-factor",)),
        Slip("only through the unit", "dw = t@dz", LEFT_OUT),
    ),
    ("physics_informed", "source"): (
        Slip("a minus forgotten", "second = 2*np.outer(miss, w*v)*h", ("sign",)),
        Slip("the start's unit left out", "g_v = k*(miss@h) + w*along", LEFT_OUT),
    ),
    ("sine_layers", "statements"): (
        Slip("before the function", "dW3 = Z2.T@dO", ("wrong-variable", "wrong-point")),
        Slip("not transposed", "dH1 = dZ2@W2", ("transposed",)),
    ),
    ("sine_layers", "at_the_weights"): (
        Slip("at what comes out", "dZ2 = dO@W3.T*cos(H2)*omega", OTHER_SLOPE),
        Slip("the two of a square", "dW1 = X.T@dZ1/len(Y)", CONSTANT),
    ),
    ("coupling_flow", "statements"): (
        Slip("what went in for what came out", "dV = x2.T@dt2", ("wrong-variable",)),
        Slip("the volume's sign", "ds1 = dk1*k1 + 1/n", ("sign",)),
    ),
    ("coupling_flow", "at_the_weights"): (
        Slip("after the exponential", "a1 = (dz2*x2*k1 - 1)*(1 - k1**2)", ELSEWHERE),
        Slip("the function passed over", "dV = z2.T@a2/len(x1)", ("wrong-variable",)),
    ),
    ("epidemic", "statements"): (
        Slip("who stays sick left out", "dI1 = -df2*beta*f2", LEFT_OUT),
        Slip("the other way to the rate", "dlb = dbeta", ("missing-factor",)),
    ),
    ("epidemic", "bars"): (
        Slip("who stays well left out", "x2_bar = n2_bar*S2", LEFT_OUT),
        Slip("a minus forgotten", "lg_bar = gamma*well*(I1_bar*I0 + I2_bar*I1)", ("sign",)),
    ),
    ("hidden_markov", "statements"): (
        Slip("not transposed", "df2 = dm3@A", ("transposed",)),
        Slip("sigmoid's slope for softmax", "dp = dstart*start*(1 - start)", SOFTMAX),
    ),
    ("hidden_markov", "posteriors"): (
        Slip("to for from", "moved = sum(pairs, axis=0)", ("wrong-axis",)),
        Slip(
            "not divided by the rows",
            "grad_p = start - sum(g1, axis=0)",
            (*CONSTANT, "wrong-axis"),
        ),
    ),
}
"""By kind and style."""
