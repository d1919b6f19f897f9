"""Two mistakes in one program of the fourth set, on lines of which neither cures the other."""

from mutants.slips import Slip

LEFT_OUT = ("missing-path", "missing-term")
CONSTANT = ("constant-factor", "missing-factor")
AGAIN = ("constant-factor", "extra-factor")
ELSEWHERE = ("wrong-point", "wrong-variable")
SOFTMAX = ("missing-term", "missing-factor", "wrong-point", "wrong-variable", "unexplained")

PAIRS = {
    ("s_curve", "statements"): (
        Slip("half of sigmoid's slope", "du = ds*(1 - s)", ("missing-factor",)),
        Slip("a minus forgotten", "dm = r*sum(du)", ("sign",)),
    ),
    ("smoothing", "statements"): (
        Slip("the trend not carried on", "dt1 = df2", LEFT_OUT),
        Slip("the level's rate left out", "dbeta = dt1*e1 + dt2*e2", ("missing-factor",)),
    ),
    ("matches", "statements"): (
        Slip("everybody at home", "dh = sum(dd)", ("missing-factor",)),
        Slip("losers pushed like winners", "ds = won + lost + lam*s", ("sign",)),
    ),
    ("arrivals", "statements"): (
        Slip("the rate passed over", "dw = X.T@drate", ("missing-factor", "wrong-variable")),
        Slip("divided twice", "db = mean(deta)", ("wrong-axis", *AGAIN)),
    ),
    ("margins", "statements"): (
        Slip("alive by the score", "dmargin = (S > 0)*(1 - Y)/n", ELSEWHERE),
        Slip("the two of a square left out", "dW = X.T@dS + lam*W", CONSTANT),
    ),
    ("smoothed_labels", "at_the_weights"): (
        Slip("before the function", "dW2 = Z1.T@dZ2/m", ("wrong-variable", "wrong-point")),
        Slip("divided by the features", "db1 = sum(dZ1, axis=0)/X.shape[1]", ("constant-factor",)),
    ),
    ("log_cosh", "statements"): (
        Slip("divided twice", "dc = sum(dyhat)/n", AGAIN),
        Slip("the slope passed over", "dZ = dH", ("missing-factor",)),
    ),
    ("group_lasso", "helpers"): (
        Slip("one over the square", "inverse = 1/size**2", ("extra-factor",)),
        Slip("divided twice", "g_b = share*R.mean(axis=0)", (*AGAIN, "wrong-axis")),
    ),
    ("maxout", "statements"): (
        Slip("the mask forgotten", "dQ = dH", ("missing-factor",)),
        Slip("the other piece", "dba = sum(dQ, axis=0)", ("wrong-variable",)),
    ),
    ("standardised_weights", "statements"): (
        Slip("before the division", "dg = sum(dW*C, axis=0)", ("wrong-variable", "missing-factor")),
        Slip("the mean taken as fixed", "dV = dC", LEFT_OUT),
    ),
    ("seldom_active", "statements"): (
        Slip("the decay forgotten", "dW2 = H.T@out", LEFT_OUT),
        Slip("a mean's share forgotten", "dH = out@W2.T + dq", CONSTANT),
    ),
    ("neighbours", "fused"): (
        Slip("its own for the neighbours'", "dU = H.T@dO", ("missing-factor", "wrong-variable")),
        Slip("neighbours the other way round", "dWn = (A.T@X).T@dZ", ("transposed",)),
    ),
    ("siamese", "statements"): (
        Slip("not divided by the distance", "dD = dd[:, None]*D", ("missing-factor",)),
        Slip("both pulled the same way", "dV = dD", ("sign",)),
    ),
    ("capped_logits", "statements"): (
        Slip("the cap passed over", "dW = X.T@du", ("missing-factor", "wrong-variable")),
        Slip("divided twice", "db = mean(da, axis=0)", ("wrong-axis", *AGAIN)),
    ),
    ("additive_attention", "statements"): (
        Slip("sigmoid's slope for softmax", "dS = dA*A*(1 - A)", SOFTMAX),
        Slip("divided by the keys too", "dWk = M.T@dK/len(M)", AGAIN),
    ),
    ("one_gate_lstm", "statements"): (
        Slip("what is forgotten left out", "di2 = dc2*g2", LEFT_OUT),
        Slip("before the function", "do1 = dh1*c1", ("wrong-variable", "wrong-point")),
    ),
    ("both_ways", "statements"): (
        Slip("not transposed", "df1 = a2@U", ("transposed",)),
        Slip("the other way's head", "dr1 = outer(ds, p)", ("wrong-variable",)),
    ),
}
"""By kind and style."""
