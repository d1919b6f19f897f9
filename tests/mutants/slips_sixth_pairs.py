"""Two mistakes in one program of the sixth set, on lines of which neither cures the other."""

from mutants.slips import Slip

LEFT_OUT = ("missing-path", "missing-term")
CONSTANT = ("constant-factor", "missing-factor")
AGAIN = ("constant-factor", "extra-factor")
ELSEWHERE = ("wrong-point", "wrong-variable")
PASSED_OVER = ("missing-factor", "wrong-variable")

PAIRS = {
    ("power_curve", "statements"): (
        Slip("divided twice", "dc = mean(dyhat)", ("wrong-axis", *AGAIN)),
        Slip("the amplitude left out", "dp = dyhat", ("missing-factor",)),
    ),
    ("power_curve", "source"): (
        Slip("the logarithm for the power", "g_a = miss@logs", ELSEWHERE[::-1]),
        Slip("the amplitude left out", "g_k = np.sum(miss*grown*logs)", ("missing-factor",)),
    ),
    ("two_slopes", "statements"): (
        Slip("the input left out", "db = sum(de)", ("missing-factor",)),
        Slip("a minus forgotten", "dknot = sum(dpast*(t > knot))", ("sign",)),
    ),
    ("two_slopes", "letters"): (
        Slip("a square's two", "r = yhat - y", CONSTANT),
        Slip("the bend left out", "gk = -u.sum()", ("missing-factor",)),
    ),
    ("log_errors", "statements"): (
        Slip("the slope passed over", "dw = X.T@dyhat", PASSED_OVER),
        Slip("divided twice", "db = mean(dz)", ("wrong-axis", *AGAIN)),
    ),
    ("log_errors", "at_the_weights"): (
        Slip("not divided by the rows", "dw = X.T@dz", CONSTANT),
        Slip("the slope passed over", "db = mean(dd)", PASSED_OVER),
    ),
    ("soft_rank", "statements"): (
        Slip("the ranks' for the scores'", "dv = H.T@dR", ("wrong-variable", "missing-factor")),
        Slip("a square forgotten", "pre = dH*(1 - H)", ("missing-factor",)),
    ),
    ("soft_rank", "letters"): (
        Slip("the loss's minus again", "gv = -f@H", ("sign",)),
        Slip("the layer above left out", "j = f[:, None]*(1 - H)*(1 + H)", ("missing-factor",)),
    ),
    ("affinity", "statements"): (
        Slip("exp passed over", "dg = dk", ("missing-factor",)),
        Slip("the sharpness left out", "dN = dS", ("missing-factor",)),
    ),
    ("affinity", "fused"): (
        Slip("exp passed over", "dg = sum(dS*(Z@Z.T))", PASSED_OVER),
        Slip("only as the one who is looked at", "dZ = k*dS.T@Z + lam*Z", LEFT_OUT),
    ),
    ("affinity", "source"): (
        Slip("a square's two", "pull = 2*lam*Z", AGAIN),
        Slip("not divided by the rows", "g_g = np.sum(miss*S)", CONSTANT),
    ),
    ("learnt_swish", "statements"): (
        Slip("the input left out", "dbeta = sum(du, axis=0)", ("missing-factor",)),
        Slip("the gate left out", "dZ = dH + du*beta", ("missing-factor",)),
    ),
    ("learnt_swish", "fused"): (
        Slip("not divided by the rows", "dV = H.T@E", CONSTANT),
        Slip("divided twice", "db = mean(dZ, axis=0)", ("wrong-axis", *AGAIN)),
    ),
    ("soft_pool", "statements"): (
        Slip("exp passed over", "dr = dk", ("missing-factor",)),
        Slip("a square forgotten", "dZ = dH*(1 - H)", ("missing-factor",)),
    ),
    ("soft_pool", "at_the_weights"): (
        Slip("not divided by the sets", "dv = ds@p", CONSTANT),
        Slip(
            "the division taken as fixed",
            "dr = sum(dp*sum(A*H, axis=1))/len(y)",
            ("missing-term", "missing-path"),
        ),
    ),
    ("tied_words", "statements"): (
        Slip("the other word", "dW2 = x1.T@pre", ("wrong-variable",)),
        Slip("the other word's weights", "dx2 = pre@W1.T", ("wrong-variable",)),
    ),
    ("tied_words", "at_the_weights"): (
        Slip(
            "the table's second use left out",
            "dE = (one_hot(first, 6).T@pre@W1.T + one_hot(second, 6).T@pre@W2.T)/len(y)",
            LEFT_OUT,
        ),
        Slip("not divided by the rows", "dW1 = x1.T@pre", CONSTANT),
    ),
    ("tied_words", "source"): (
        Slip("the weights left out", "in1 = one_hot(first, 6).T@back", ("missing-factor",)),
        Slip("divided twice", "g_c = delta.mean(axis=0)", ("wrong-axis", *AGAIN)),
    ),
    ("two_heads", "statements"): (
        Slip("not transposed", "dva = Aa@dO", ("transposed",)),
        Slip("the other head's queries", "dQb = X.T@dqa", ("wrong-variable",)),
    ),
    ("two_heads", "fused"): (
        Slip("transposed once too often", "dVa = (Aa.T@X).T@G", ("transposed",)),
        Slip("keys for queries", "dKb = X.T@rb.T@kb", ("wrong-variable",)),
    ),
    ("state_space", "statements"): (
        Slip("the slope before the function", "dlam = da*lam*(1 - lam)", ELSEWHERE),
        Slip("only the last step", "dB = x3.T@du3", LEFT_OUT),
    ),
    ("state_space", "at_the_weights"): (
        Slip("the last step left out", "df = (e1@x1 + e2@x2)/m", LEFT_OUT),
        Slip(
            "a minus forgotten",
            "dlam = (kept + taken*a/g)*(a - a**2)/m",
            ("sign",),
        ),
    ),
    ("fast_weights", "statements"): (
        Slip("the wrong way round", "dk1 = beta*(v1@dM1)", ("transposed",)),
        Slip("only the last step", "dbeta = sum(dM2*outer(k2, w2))", LEFT_OUT),
    ),
    ("fast_weights", "fused"): (
        Slip(
            "the first step's input for both",
            "dV = beta*outer(x1, k1@dM1) + outer(x1, dw2)",
            ("wrong-variable",),
        ),
        Slip("the wrong way round", "dQ = outer(x3, (o - y)@M2)", ("transposed",)),
    ),
    ("fast_weights", "source"): (
        Slip("the rate left out", "write1 = k1@early", ("missing-factor",)),
        Slip(
            "the rate left out of a step",
            "used = np.sum(early*M1) + k2@late@w2",
            ("missing-factor",),
        ),
    ),
    ("gated_filter", "statements"): (
        Slip("its own value for the gate", "df2 = dh2*f2", ("wrong-variable",)),
        Slip("the gate for the filter", "dg1 = dh1*g1", ("wrong-variable",)),
    ),
    ("gated_filter", "at_the_weights"): (
        Slip("its own value for the gate", "p1 = dh1*f1*(1 - f1**2)", ("wrong-variable",)),
        Slip("not divided by the rows", "dC = x1.T@q1 + x2.T@q2 + h1.T@q3", CONSTANT),
    ),
}
"""By kind and style."""
