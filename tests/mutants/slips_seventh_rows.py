"""Mistakes in the heads, curves and choices of the seventh set as people make them.

The rules are those of the design and the habits of the other sets; no diagnosis was seen before.
"""

from mutants.slips import Slip

LEFT_OUT = ("missing-path", "missing-term")
PART = ("missing-term", "missing-path")
SCALAR = ("missing-factor", "constant-factor")
ELSEWHERE = ("wrong-point", "wrong-variable")
OTHER_SIDE = ("wrong-variable", "wrong-point", "sign", "missing-term", "unexplained")

SLIPS = {
    ("tweedie", "statements"): (
        Slip("a minus forgotten", "da = deach*y", ("sign",)),
        Slip(
            "the exponent's factor forgotten",
            "deta = dc*(2 - power)*c + da*a",
            (*SCALAR, "missing-term"),
        ),
        Slip(
            "the slope for the exponential",
            "deta = dc*(2 - power) + da*(1 - power)*a",
            ("missing-factor",),
        ),
    ),
    ("tweedie", "at_the_weights"): (
        Slip("the residual of counts", "deta = expo*(mu - y)", ("missing-factor",)),
        Slip(
            "the logarithm for the mean",
            "deta = expo*(eta - y)*mu**(1 - power)",
            ELSEWHERE[::-1],
        ),
    ),
    ("tweedie", "source"): (
        Slip(
            "the one forgotten",
            "low = np.exp(-power*eta)",
            ("missing-term", "missing-factor", "extra-factor", "wrong-point"),
            (("score = (high - y*low*np.exp(eta))*expo", ("missing-factor", "missing-term")),),
        ),
        Slip(
            "what was seen left out",
            "score = (high - low)*expo",
            ("missing-factor",),
            (("low = y*np.exp((1 - power)*eta)", ("missing-factor",)),),
        ),
    ),
    ("noisy_labels", "statements"): (
        Slip("not transposed", "dP = dQ@N", ("transposed",)),
        Slip(
            "columns for rows",
            "dT = N*(dN - sum(dN*N, axis=0, keepdims=True))",
            ("wrong-axis",),
        ),
        Slip("the sum taken as fixed", "dZ = P*dP", PART),
    ),
    ("noisy_labels", "fused"): (
        Slip(
            "before one knows",
            "counts = P.T@one_hot(y, 3)",
            ("wrong-variable", "missing-factor", "wrong-point"),
        ),
        Slip(
            "not divided by the whole",
            "R = P*hit",
            ("missing-factor",),
            (("hit = one_hot(y, 3)@N.T/q[:, None]", ("missing-factor",)),),
        ),
    ),
    ("noisy_labels", "letters"): (
        Slip(
            "the labels taken at their word",
            "e = P - one_hot(y, 3)",
            (*ELSEWHERE[::-1], "unexplained"),
        ),
        Slip("columns for rows", "gT = N*s.sum(axis=0)[:, None] - s", ("wrong-axis",)),
    ),
    ("planar_flow", "statements"): (
        Slip("the slope taken as fixed", "dh = dZ@u", LEFT_OUT),
        Slip("the volume left out", "du = h@dZ", LEFT_OUT),
    ),
    ("planar_flow", "at_the_weights"): (
        Slip("the slope left out", "wide = -mean(1/det)", ("missing-factor",)),
        Slip("not through the function", "da = Z@u + 2*s*h/det", ("missing-factor",)),
        Slip("the other vector", "du = Z.T@h/len(X) + wide*u", ("wrong-variable",)),
    ),
    ("planar_flow", "notebook"): (
        Slip(
            "the inner slope left out",
            "curl = -2*h",
            ("missing-factor",),
            (("grad_a = (Z@u*bend - s*inv*curl*bend)/m", ("missing-factor",)),),
        ),
        Slip("the volume's sign", "grad_u = h@Z/m + k*w", ("sign",)),
    ),
    ("preferences", "statements"): (
        Slip(
            "where the model is sure",
            "dm = -sigmoid(m)/n",
            ("wrong-point", "sign", "wrong-variable", "missing-term"),
        ),
        Slip("the anchor forgotten", "dlg = dgain", LEFT_OUT),
        Slip("both pushed up", "dlb = dgain", ("sign",)),
    ),
    ("preferences", "at_the_weights"): (
        Slip(
            "the strength forgotten",
            "push = sigmoid(-m)",
            SCALAR,
            (("dZ = beta*push[:, None]*(B - G) + anchor*(exp(lp) - G)", SCALAR),),
        ),
        Slip(
            "pulled for pushed",
            "dZ = push[:, None]*(G - B) + anchor*(exp(lp) - G)",
            ("sign",),
            (("push = -beta*sigmoid(-m)", ("sign",)),),
        ),
        Slip(
            "chances need not sum to one",
            "dZ = push[:, None]*(B - G) - anchor*G",
            PART,
        ),
    ),
    ("preferences", "source"): (
        Slip(
            "where the model is sure",
            "doubt = 1/(1 + np.exp(-m))",
            ("sign", "wrong-point", "wrong-variable", "missing-term"),
            (
                (
                    "shift = (bad_hot - good_hot)*(1 - doubt)[:, None]*beta",
                    ("missing-term", "wrong-point", "sign", "wrong-variable"),
                ),
            ),
        ),
        Slip(
            "every pair alike",
            "shift = (bad_hot - good_hot)*beta",
            ("missing-factor",),
            (("delta = (pull + shift*doubt[:, None])/rows", ("missing-factor",)),),
        ),
    ),
    ("yield_curve", "statements"): (
        Slip("only the short end", "dload = dyhat*b1", LEFT_OUT),
        Slip("the division taken as fixed", "dx = -ddecay*decay", LEFT_OUT),
        Slip("not divided", "ddecay = -dload - dhump", ("missing-factor",)),
    ),
    ("yield_curve", "bare"): (
        Slip(
            "the hump's end left out",
            "dls = 2*mean((yhat - y)*(b1 + b2)*hump)",
            LEFT_OUT,
        ),
        Slip(
            "the time left out",
            "dls = 2*mean((yhat - y)*((b1 + b2)*hump - b2*decay))",
            ("missing-factor",),
        ),
        Slip(
            "a product of means for a mean of products",
            "db1 = 2*mean(yhat - y)*mean(load)",
            ("wrong-axis", "unreduced-broadcast", "unexplained"),
        ),
    ),
    ("yield_curve", "source"): (
        Slip("the time left out", "late = r@np.exp(-x)", ("missing-factor",)),
        Slip("half of the hump", "g_s = b1*g_2 - b2*late", PART),
    ),
    ("production", "statements"): (
        Slip(
            "the root taken as fixed",
            "drho = -sum(dcapital*capital*lK) - sum(dlabour*labour*lN)",
            LEFT_OUT,
        ),
        Slip(
            "one power of two",
            "outer_rho = sum(dz*log(C))/rho",
            ("missing-factor", "extra-factor"),
            (
                (
                    "drho = outer_rho/rho - sum(dcapital*capital*lK) - sum(dlabour*labour*lN)",
                    ("missing-factor", "extra-factor"),
                ),
            ),
        ),
        Slip("the logarithm passed over", "dC = -dz/rho", ("missing-factor",)),
    ),
    ("production", "fused"): (
        Slip("not a part of the whole", "part = share*capital", ("missing-factor",)),
        Slip("only what it adds", "ds = -sum(g*part)/rho", LEFT_OUT),
        Slip("labour forgotten", "dp = sum(g*(log(C)/rho + part*lK))", LEFT_OUT),
    ),
    ("production", "letters"): (
        Slip("the other's share", "n = share*labour/C", OTHER_SIDE),
        Slip("the root taken as fixed", "gp = e@(k*lK + n*lN)/m", LEFT_OUT),
    ),
    ("nested_choice", "statements"): (
        Slip("the likeness left out", "dinside = dnest - dla - dlb", ("missing-factor",)),
        Slip("only by the division", "dmu = -sum(dta*va + dtb*vb)/mu**2", LEFT_OUT),
        Slip("the neighbour's chance", "dtb = dlb + dinside*exp(ta - inside)", ELSEWHERE[::-1]),
    ),
    ("nested_choice", "fused"): (
        Slip("of all for within the nest", "pa = exp(ta - top)", ELSEWHERE[::-1]),
        Slip("the second forgotten", "k = n*exp(nest - top) - na", PART),
        Slip("both drawn the same way", "dvb = (k*(1 - pa) + f)/sum(n)", ("sign",)),
    ),
}
"""By kind and style."""
