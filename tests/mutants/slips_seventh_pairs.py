"""Two mistakes in one program of the seventh set, on lines of which neither cures the other."""

from mutants.slips import Slip

LEFT_OUT = ("missing-path", "missing-term")
CONSTANT = ("constant-factor", "missing-factor")
SCALAR = ("missing-factor", "constant-factor")
AGAIN = ("constant-factor", "extra-factor")
ELSEWHERE = ("wrong-variable", "wrong-point")
PASSED_OVER = ("wrong-variable", "missing-factor")
HALF = ("missing-factor", "missing-term")
"""Of a product p(1 - p): a factor, and a term of p - p**2."""

PAIRS = {
    ("tweedie", "statements"): (
        Slip("what was seen left out", "da = -deach", ("missing-factor",)),
        Slip("divided twice", "db = mean(deta)", ("wrong-axis", *AGAIN)),
    ),
    ("tweedie", "at_the_weights"): (
        Slip("everybody alike", "deta = (mu - y)*mu**(1 - power)", ("missing-factor",)),
        Slip("not divided by the rows", "dw = X.T@deta", CONSTANT),
    ),
    ("tweedie", "source"): (
        Slip(
            "the exponent of the other",
            "high = np.exp((1 - power)*eta)",
            ("wrong-point", "missing-factor", "missing-term", "wrong-variable"),
            (("score = (high*np.exp(eta) - y*low)*expo", ("missing-factor",)),),
        ),
        Slip("not divided by the rows", "g_w = score@X", CONSTANT),
    ),
    ("noisy_labels", "statements"): (
        Slip("after the noise", "dN = Q.T@dQ", ELSEWHERE),
        Slip("divided twice", "db = mean(dZ, axis=0)", ("wrong-axis", *AGAIN)),
    ),
    ("noisy_labels", "fused"): (
        Slip(
            "the chance left out",
            "dT = (sum(counts, axis=1, keepdims=True) - counts)/len(y)",
            ("missing-factor",),
        ),
        Slip("divided twice", "dW = X.T@dZ/len(y)", AGAIN),
    ),
    ("noisy_labels", "letters"): (
        Slip("a row for a column", "h = take(N, y)", ("transposed",)),
        Slip("not divided by the rows", "gb = np.sum(e, axis=0)", (*CONSTANT, "wrong-axis")),
    ),
    ("planar_flow", "statements"): (
        Slip("a square's two", "dh = dZ@u - dbend*h", CONSTANT),
        Slip("the volume left out", "dw = X.T@da", LEFT_OUT),
    ),
    ("planar_flow", "at_the_weights"): (
        Slip("the volume's sign", "wide = mean(bend/det)", ("sign",)),
        Slip("not divided by the rows", "db = sum(da)", (*CONSTANT, "wrong-axis")),
    ),
    ("planar_flow", "notebook"): (
        Slip("the slope left out of one", "grad_a = (Z@u - s*inv*curl)/m", ("missing-factor",)),
        Slip("the slope left out", "k = np.mean(inv)", ("missing-factor",)),
    ),
    ("preferences", "statements"): (
        Slip("the strength forgotten", "dgain = dm", SCALAR),
        Slip("divided twice", "db = mean(dZ, axis=0)", ("wrong-axis", *AGAIN)),
    ),
    ("preferences", "at_the_weights"): (
        Slip(
            "anchored to the bad",
            "dZ = push[:, None]*(B - G) + anchor*(exp(lp) - B)",
            ("wrong-variable",),
        ),
        Slip("not divided by the rows", "dW = X.T@dZ", CONSTANT),
    ),
    ("preferences", "source"): (
        Slip(
            "the anchor's weight",
            "pull = softmax(Z) - good_hot",
            SCALAR,
            (("delta = (anchor*pull + shift)/rows", SCALAR),),
        ),
        Slip("divided twice", "g_b = delta.mean(axis=0)", ("wrong-axis", *AGAIN)),
    ),
    ("yield_curve", "statements"): (
        Slip("the other load", "db2 = sum(dyhat*load)", (*ELSEWHERE, "missing-term")),
        Slip("a minus forgotten", "dx = -dload*load/x + ddecay*decay", ("sign",)),
    ),
    ("yield_curve", "source"): (
        Slip("before the curve", "g_1 = r@x", ELSEWHERE),
        Slip("growth for decay", "late = r@(x*np.exp(x))", ("sign", *ELSEWHERE)),
    ),
    ("production", "statements"): (
        Slip("half of sigmoid's slope", "ds = dshare*share", HALF),
        Slip("exp passed over", "dp = drho", ("missing-factor",)),
    ),
    ("production", "letters"): (
        Slip("the root left out", "gs = -e@(k*(1 - share) - n*share)/m", ("missing-factor",)),
        Slip(
            "the wrong way round",
            "c = z - a",
            ("sign",),
            (("gp = e@(k*lK + n*lN - c)/m", ("sign",)),),
        ),
    ),
    ("nested_choice", "statements"): (
        Slip("not divided by the likeness", "dva = dta", ("missing-factor",)),
        Slip("half of sigmoid's slope", "dlm = dmu*mu", HALF),
    ),
    ("nested_choice", "fused"): (
        Slip("with the nest", "dvc = k/sum(n)", ("sign",)),
        Slip(
            "before it is scaled",
            "dlm = (1 - mu)*(sum(k*inside)/sum(n) - dva@va - dvb@vb)",
            PASSED_OVER,
        ),
    ),
    ("rotary", "statements"): (
        Slip("not transposed", "dv = P@dO", ("transposed",)),
        Slip("only one part of the turn", "dk = dkr*c", LEFT_OUT),
    ),
    ("rotary", "fused"): (
        Slip("not transposed", "b = R@qr", ("transposed",)),
        Slip("divided twice", "df = t@turn/len(X)", AGAIN),
    ),
    ("squared_scores", "statements"): (
        Slip("not transposed", "dv = A@dO", ("transposed",)),
        Slip("a square's two", "dR = dA*R/len(X)", CONSTANT),
    ),
    ("squared_scores", "fused"): (
        Slip("queries for keys", "dQ = X.T@dB@q", ("wrong-variable",)),
        Slip("transposed once too often", "dV = (A.T@X).T@G", ("transposed",)),
    ),
    ("separable", "statements"): (
        Slip("the slope passed over", "db = sum(dH, axis=0)", PASSED_OVER),
        Slip(
            "the tap before",
            "dk2 = sum(dD*X1, axis=0) + lam*(k2 - k1)",
            ("wrong-variable",),
        ),
    ),
    ("separable", "letters"): (
        Slip(
            "the other way round",
            "q = np.where(D > 0, 0.1*u, u)",
            (*ELSEWHERE[::-1], "sign", "unexplained"),
        ),
        Slip("divided twice", "gc = e.mean(axis=0)", ("wrong-axis", *AGAIN)),
    ),
    ("oscillators", "statements"): (
        Slip("only what lasts", "dp1 = dp2 - h*g*ds2", LEFT_OUT),
        Slip("exp passed over", "dle = de", ("missing-factor",)),
    ),
    ("oscillators", "bars"): (
        Slip("not transposed", "s1_bar = keep*s2_bar + h*p1_bar + r2@R", ("transposed",)),
        Slip(
            "exp passed over",
            "lg_bar = -h*np.sum(s2_bar*p1 + s3_bar*p2)/m",
            ("missing-factor",),
        ),
    ),
    ("predators", "statements"): (
        Slip("what the prey lose left out", "dv0 = dv1", LEFT_OUT),
        Slip("exp passed over", "dla = da", ("missing-factor",)),
    ),
    ("predators", "letters"): (
        Slip("the exponential passed over", "gu = s1 + h*c*t1", ("missing-factor",)),
        Slip("the time left out", "gd = -d*(t1 + t2 + t3)", SCALAR),
    ),
}
"""By kind and style."""
