"""Mistakes in the small kinds and the losses of the sight set as people make them.

The rules are those of the design and the habits of the other sets; no diagnosis was seen before.
"""

from mutants.slips import Slip

LEFT_OUT = ("missing-path", "missing-term")
PART = ("missing-term", "missing-path")
ELSEWHERE = ("wrong-point", "wrong-variable")
OTHER_SLOPE = ("wrong-point", "wrong-variable", "unexplained")
OTHER_SIDE = ("wrong-variable", "wrong-point", "sign", "missing-term", "unexplained")
SHIFTED = ("wrong-variable", "wrong-point", "unexplained")

SLIPS = {
    ("saturation", "statements"): (
        Slip("a term left out below", "dK = -sum(df*s/K**2)", (*ELSEWHERE, "missing-term")),
        Slip(
            "a quotient's slope without its square", "dK = -sum(df*s/(K + s))", ("missing-factor",)
        ),
    ),
    ("saturation", "bare"): (
        Slip("the other side of the share", "dk = -2*v*mean(e*f*f)", OTHER_SIDE),
    ),
    ("saturation", "notebook"): (
        Slip("the free share left out", "grad_k = -np.sum(back*taken)", ("missing-factor",)),
        Slip("divided again", "grad_v = np.mean(err*taken)", ("constant-factor", "wrong-axis")),
    ),
    ("damped_wave", "statements"): (
        Slip("cosine's slope without its minus", "du = dwave*sin(u)", ("sign",)),
        Slip(
            "the phase left out",
            "du = -dwave*sin(w*t)",
            ("wrong-point", "missing-term", "wrong-variable"),
        ),
        Slip("growing for fading", "dk = sum(dD*D*t)", ("sign",)),
    ),
    ("damped_wave", "bare"): (
        Slip(
            "the residual without its offset",
            "dA = mean((A*D*wave - y)*D*wave)",
            ("missing-term", "wrong-variable", "wrong-point"),
        ),
    ),
    ("damped_wave", "letters"): (
        Slip("cosine for sine", "h = -q*np.cos(w*t + p)", OTHER_SLOPE),
        Slip("the time left out", "gw = h.sum()", ("missing-factor",)),
    ),
    ("growth", "statements"): (
        Slip(
            "a square's two",
            "dn2 = n2 - y2 + dn3*(1 + r*(1 - n2/K))",
            ("constant-factor", "missing-factor"),
        ),
        Slip("the identity left out", "dn1 = n1 - y1 + dn2*r*(1 - 2*n1/K)", PART),
        Slip("only the later error", "dn2 = dn3*(1 + r*(1 - 2*n2/K))", LEFT_OUT),
        Slip(
            "one step late",
            "dr = dn1*n1*(1 - n1/K) + dn2*n2*(1 - n2/K) + dn3*n3*(1 - n3/K)",
            SHIFTED,
        ),
        Slip(
            "the first step left out",
            "dK = r*(dn2*n1**2 + dn3*n2**2)/K**2",
            LEFT_OUT,
        ),
    ),
    ("growth", "helpers"): (
        Slip(
            "room taken as endless",
            "g_r = a1*n0 + a2*n1 + a3*n2",
            ("missing-term", "missing-factor", "unexplained"),
        ),
        Slip("the step before", "j2 = 1 + r - 2*r*f1", ("wrong-variable", "wrong-point")),
    ),
    ("growth", "letters"): (
        Slip(
            "only one factor of the square", "q = r*(u + v + w)", ("missing-factor", "unexplained")
        ),
    ),
    ("moving_average", "statements"): (
        Slip("the surprise handed on forgotten", "de2 = e2", LEFT_OUT),
        Slip("the sign of what is handed on", "de1 = e1 + g*de2", ("sign",)),
        Slip("one step late", "df = -de1*y1 - de2*y2 - de3*y3", ("wrong-variable", "unexplained")),
        Slip(
            "surprises for their gradients",
            "dg = -e2*e1 - e3*e2",
            ("wrong-variable", *LEFT_OUT, "unexplained"),
        ),
    ),
    ("moving_average", "forward_mode"): (
        Slip("two steps back", "c3 = -1 - g*c1", ("wrong-variable",)),
        Slip("not carried on", "f3 = -y2", PART),
        Slip("the other surprise", "grad_g = e1*g2 + e2*g3", ("wrong-variable", "unexplained")),
    ),
    ("moving_average", "bare"): (
        Slip("a power left out", "dc = -(e1 + e2*(1 - g) + e3*(1 - g))", PART),
        Slip(
            "the sign of the echo",
            "dg = -(e2*e1 + e3*(e2 + g*e1))",
            ("sign",),
        ),
    ),
    ("item_response", "statements"): (
        Slip("the sign of a log's derivative", "dP = -(Y/P + (1 - Y)/(1 - P))/n", ("sign",)),
        Slip("persons for items", "da = sum(dZ, axis=0)", ("missing-factor",)),
    ),
    ("item_response", "at_the_weights"): (
        Slip(
            "persons counted, answers meant",
            "n = Y.shape[0]",
            ("constant-factor", "missing-factor"),
        ),
        Slip("the difficulty left out", "da = theta@dZ/n", (*PART, "wrong-variable")),
        Slip("the slope of the item left out", "db = -sum(dZ, axis=0)/n", ("missing-factor",)),
    ),
    ("item_response", "helpers"): (
        Slip("the other sign of the difficulty", "g_a = share*(theta@miss + b*items)", ("sign",)),
        Slip("weighted twice", "g_b = -share*np.sum(a*pull, axis=0)", ("extra-factor",)),
    ),
    ("gamma_deviance", "statements"): (
        Slip("the logarithm left out", "dratio = 2*ddev", (*PART, "missing-factor")),
        Slip("one power of the mean", "dmu = -dratio*y/mu", ("missing-factor",)),
        Slip("the penalty forgotten", "dw = X.T@deta", LEFT_OUT),
        Slip("the value for the slope", "deta = dmu*eta", ("wrong-point", "wrong-variable")),
    ),
    ("gamma_deviance", "at_the_weights"): (
        Slip(
            "the penalty divided too",
            "dw = (X.T@deta + lam*w)/X.shape[0]",
            ("constant-factor", "extra-factor"),
        ),
        Slip("the residual of a Poisson", "deta = 2*(mu - y)", ("missing-factor",)),
    ),
    ("gamma_deviance", "fused"): (
        Slip("a penalty of one half too much", "dw = deta@X + lam*w/2", ("constant-factor",)),
    ),
    ("gamma_deviance", "notebook"): (
        Slip("the mean for one over it", "inv_mu = np.exp(eta)", ("sign", "wrong-point")),
        Slip("the decay taken off", "grad_w = X.T@back - decay", ("sign",)),
    ),
    ("student_t", "statements"): (
        Slip(
            "the one left out of the log's slope",
            "dq = dnll*(nu + 1)/(2*q)",
            ("missing-term", *ELSEWHERE),
        ),
        Slip("the direct term forgotten", "ds = 2*dv*v", LEFT_OUT),
        Slip("a square's two", "de = dq*e/(nu*v)", ("constant-factor", "missing-factor")),
        Slip("the exponent's two", "ds = dv*v + 1", ("constant-factor", "missing-factor")),
    ),
    ("student_t", "at_the_weights"): (
        Slip("every row trusted alike", "trust = (nu + 1)/(nu*v)", ("missing-term", "wrong-point")),
        Slip(
            "the residual without its square",
            "ds = 1 - mean(trust*e)",
            ("missing-factor", "wrong-variable"),
        ),
    ),
    ("student_t", "letters"): (
        Slip("the residual the other way", "g = k*e/y.shape[0]", ("sign",)),
        Slip("a sum for a mean", "gs = 1 - np.sum(c*q/u)", ("constant-factor", "wrong-axis")),
    ),
    ("soft_dice", "statements"): (
        Slip("the denominator taken as fixed", "dp = dboth*y", LEFT_OUT),
        Slip("the smoothing forgotten", "dtotal = -ddice*2*both/(total + 1)**2", ("missing-term",)),
        Slip(
            "a quotient without its square",
            "dtotal = -ddice*(2*both + 1)/(total + 1)",
            ("missing-factor",),
        ),
        Slip(
            "a quotient's slope without its minus",
            "dtotal = ddice*(2*both + 1)/(total + 1)**2",
            ("sign",),
        ),
    ),
    ("soft_dice", "fused"): (
        Slip("the residual of a cross-entropy", "dz = (p - y)/len(y)", ("unexplained",)),
        Slip("the better for the worse", "dz = (2*y - dice)/(total + 1)*p*(1 - p)", ("sign",)),
    ),
    ("soft_dice", "bare"): (
        Slip(
            "a product of sums for a sum of products",
            "db = sum(dice - 2*y)*sum(p - p**2)/(total + 1)",
            ("wrong-axis", "unreduced-broadcast", "unexplained"),
        ),
    ),
    ("soft_dice", "notebook"): (
        Slip("the loss taken for the score", "num_bar = 1/den", ("sign",)),
        Slip("one of two", "p_bar = num_bar*y + den_bar", ("constant-factor", "missing-factor")),
    ),
    ("zero_inflated", "statements"): (
        Slip("only the rows of nothing", "dp = dnone*(1 - exp(-mu))", LEFT_OUT),
        Slip("the exponent's sign", "dmu = dnone*(1 - p)*exp(-mu) - dsome", ("sign",)),
        Slip("counts of every row", "deta = dmu*mu + dll*k", ("missing-factor", "wrong-variable")),
    ),
    ("zero_inflated", "at_the_weights"): (
        Slip("the posterior of every row", "r = p/none", ("missing-factor",)),
        Slip(
            "the residual of a Poisson",
            "deta = mu - (1 - zero)*k",
            ("missing-factor", "missing-term"),
        ),
    ),
    ("zero_inflated", "source"): (
        Slip("half of sigmoid's slope", "gate_bar = p_bar*p", ("missing-factor", "missing-term")),
        Slip("the mean's slope left out", "eta_bar = mu_bar - seen*k", ("missing-factor",)),
    ),
    ("evidence", "statements"): (
        Slip("the total taken as fixed", "dA = dP/S", LEFT_OUT),
        Slip("the value for softplus's slope", "dZ = dA*softplus(Z)", OTHER_SLOPE),
        Slip(
            "the variance's total forgotten",
            "dS = -sum(dP*A, axis=1, keepdims=True)/S**2",
            LEFT_OUT,
        ),
    ),
    ("evidence", "at_the_weights"): (
        Slip("the spread forgotten", "dP = 2*(P - Y)", LEFT_OUT),
        Slip(
            "sigmoid's slope for sigmoid",
            "dZ = (dP/S + dS)*sigmoid(Z)*(1 - sigmoid(Z))",
            ("extra-factor", "wrong-point"),
        ),
    ),
    ("evidence", "notebook"): (
        Slip(
            "only one term divided",
            "down = inv*centred - shrink**2*within",
            ("constant-factor", "missing-factor"),
        ),
        Slip(
            "one power of the total",
            "down = inv*centred - shrink*within/X.shape[0]",
            ("missing-factor",),
        ),
    ),
}
"""By kind and style."""
