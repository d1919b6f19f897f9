"""Mistakes in the curves, series and losses of the fourth set as people make them.

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
SOFTMAX = ("missing-term", "missing-factor", "wrong-point", "wrong-variable", "unexplained")

SLIPS = {
    ("s_curve", "statements"): (
        Slip("the middle forgotten", "dr = sum(du*t)", ("missing-term", *ELSEWHERE)),
        Slip("a minus forgotten", "dm = r*sum(du)", ("sign",)),
        Slip("half of sigmoid's slope", "du = ds*(1 - s)", ("missing-factor",)),
        Slip("not divided by the rows", "de = 2*e", CONSTANT),
    ),
    ("s_curve", "bare"): (
        Slip(
            "a product of means for a mean of products",
            "dr = 2*height*mean(e*s*(1 - s))*mean(t - m)",
            ("wrong-axis", "unreduced-broadcast", "unexplained"),
        ),
        Slip("the rate left out", "dm = -2*height*mean(e*s*(1 - s))", ("missing-factor",)),
        Slip("the curve for its share", "dheight = 2*mean(e*yhat)", ("wrong-variable",)),
    ),
    ("s_curve", "source"): (
        Slip("the slope at the logit", "flat = u*(1 - u)", ELSEWHERE),
        Slip("divided twice", "g_height = miss@s/len(t)", AGAIN),
    ),
    ("smoothing", "statements"): (
        Slip("the level's use left out", "df2 = -de2", LEFT_OUT),
        Slip("the trend not carried on", "dt1 = df2", LEFT_OUT),
        Slip("the trend's share left out", "de2 = e2 + dl2*alpha", LEFT_OUT),
        Slip("the trend's rate left out", "dalpha = dl1*e1 + dl2*e2", PART),
        Slip("the level's rate left out", "dbeta = dt1*e1 + dt2*e2", ("missing-factor",)),
    ),
    ("smoothing", "fused"): (
        Slip(
            "a surprise falls when more is foreseen",
            "df2 = df3 + (e2 + alpha*(1 + beta)*df3)",
            ("sign",),
        ),
    ),
    ("smoothing", "letters"): (
        Slip("only the trend's way", "h = v", LEFT_OUT),
        Slip("the trend of a later step", "w = e1 + u*alpha + p*k", ("wrong-variable",)),
    ),
    ("matches", "statements"): (
        Slip("losers pushed like winners", "ds = won + lost + lam*s", ("sign",)),
        Slip("everybody at home", "dh = sum(dd)", ("missing-factor",)),
        Slip("winners for losers", "lost = one_hot(win, 5).T@dd", ("wrong-variable",)),
        Slip(
            "the chance of what happened",
            "dd = -sigmoid(d)/n",
            ("wrong-point", "sign", "wrong-variable"),
        ),
    ),
    ("matches", "at_the_weights"): (
        Slip("the penalty divided too", "ds = (B.T@dd + lam*s)/len(home)", AGAIN),
        Slip("nothing taken off", "dd = sigmoid(d)", PART),
    ),
    ("matches", "notebook"): (
        Slip("a square's two", "decay = 2*lam*s", AGAIN),
        Slip("the chance of the loser", "p = 1/(1 + np.exp(d))", ("sign", "wrong-point")),
    ),
    ("arrivals", "statements"): (
        Slip("the rows without any", "drate = dp*(1 - p)", LEFT_OUT),
        Slip("the logarithm for the rate", "deta = drate*eta", ELSEWHERE),
        Slip("the other chance", "drate = dp*p + (1 - y)/n", OTHER_SIDE),
    ),
    ("arrivals", "at_the_weights"): (
        Slip(
            "the residual of a logistic regression",
            "drate = p - y",
            ("extra-factor", "unexplained"),
        ),
        Slip("not divided by the rows", "dw = deta@X", CONSTANT),
    ),
    ("arrivals", "letters"): (
        Slip("a sign in the odds", "o = q/(1 + q)", ("sign",)),
        Slip("the label left out", "g = rate*(1 - y - o)/m", ("missing-factor",)),
    ),
    ("margins", "statements"): (
        Slip("the right class taken as fixed", "dS = dmargin", LEFT_OUT),
        Slip("alive by the score", "dmargin = (S > 0)*(1 - Y)/n", ELSEWHERE),
        Slip(
            "the right class counted once",
            "dS = dmargin - Y/n",
            ("missing-factor", "wrong-variable", "unexplained"),
        ),
        Slip("the two of a square left out", "dW = X.T@dS + lam*W", CONSTANT),
    ),
    ("margins", "at_the_weights"): (
        Slip("rows for classes", "dS = over - Y*sum(over, axis=0, keepdims=True)", ("wrong-axis",)),
        Slip("the margin for its mask", "over = M", (*ELSEWHERE, "extra-factor")),
        Slip("the penalty divided too", "dW = (X.T@dS + 2*lam*W)/len(X)", AGAIN),
    ),
    ("margins", "source"): (
        Slip("the count forgotten", "coefficient = near - Y", ("missing-factor",)),
        Slip(
            "the mask forgotten",
            "near = margin*(1 - Y)",
            ("missing-factor", *OTHER_SLOPE),
        ),
    ),
    ("smoothed_labels", "statements"): (
        Slip(
            "hard labels",
            "dZ2 = (softmax(Z2) - one_hot(y, 3))/n",
            ("wrong-variable", "missing-term", "missing-factor", "unexplained"),
        ),
        Slip("the unit for its slope", "dZ1 = dH*H", (*ELSEWHERE, "extra-factor")),
        Slip("the slope passed over", "dW1 = X.T@dH", ("missing-factor", "wrong-variable")),
    ),
    ("smoothed_labels", "at_the_weights"): (
        Slip("only what is kept", "dZ2 = softmax(Z2) - (1 - eps)*one_hot(y, 3)", PART),
        Slip(
            "not shared by the classes",
            "dZ2 = softmax(Z2) - (1 - eps)*one_hot(y, 3) - eps",
            CONSTANT,
        ),
        Slip("before the function", "dW2 = Z1.T@dZ2/m", ("wrong-variable", "wrong-point")),
    ),
    ("smoothed_labels", "notebook"): (
        Slip("rows for classes", "probs = E/np.sum(E, axis=0, keepdims=True)", ("wrong-axis",)),
        Slip("divided by the features", "delta2 = (probs - T)/X.shape[1]", ("constant-factor",)),
    ),
    ("softmax_squares", "statements"): (
        Slip("sigmoid's slope for softmax", "dZ = dP*P*(1 - P)", SOFTMAX),
        Slip(
            "softmax passed over",
            "dZ = dP",
            ("missing-factor", "missing-term", "unexplained"),
        ),
        Slip("rows for classes", "inner = sum(dP*P, axis=0, keepdims=True)", ("wrong-axis",)),
    ),
    ("softmax_squares", "fused"): (
        Slip(
            "the chances left out",
            "dZ = 2*(E - sum(E*P, axis=1, keepdims=True))/len(X)",
            ("missing-factor",),
        ),
        Slip(
            "not summed over the classes",
            "dZ = 2*P*(E - E*P)/len(X)",
            ("unreduced-broadcast", "wrong-axis", *SOFTMAX),
        ),
    ),
    ("softmax_squares", "helpers"): (
        Slip("the chances left out of a term", "delta = push - pull", ("missing-factor",)),
        Slip("a minus forgotten", "delta = push + P*pull", ("sign",)),
    ),
    ("log_cosh", "statements"): (
        Slip("the residual of squares", "de = e/n", (*ELSEWHERE, "missing-factor")),
        Slip("the slope of tanh", "de = (1 - tanh(e)**2)/n", OTHER_SLOPE),
        Slip(
            "the one forgotten",
            "dZ = dH*where(Z > 0, 1, H)",
            ("missing-term", *ELSEWHERE),
        ),
        Slip(
            "dead for bent",
            "dZ = dH*(Z > 0)",
            ("missing-term", "wrong-point", "unexplained"),
        ),
    ),
    ("log_cosh", "fused"): (
        Slip("before the function", "dv = dyhat@Z", ("wrong-variable", "wrong-point")),
        Slip("divided twice", "db = mean(dZ, axis=0)", ("wrong-axis", *AGAIN)),
    ),
    ("log_cosh", "source"): (
        Slip(
            "a two left out of the exponent",
            "bent = 1 - 2/(1 + np.exp(e))",
            (*CONSTANT, "wrong-point"),
        ),
        Slip("the mask forgotten", "slope = (Z > 0) + np.exp(Z)", ("missing-factor",)),
    ),
    ("group_lasso", "statements"): (
        Slip(
            "as a ridge",
            "dW = data + lam*W",
            ("missing-factor", "wrong-variable"),
        ),
        Slip(
            "every weight alone",
            "dW = data + lam*W/abs(W)",
            ("wrong-variable", "wrong-point", "wrong-axis", "unexplained"),
        ),
        Slip("before it was divided", "data = X.T@R", (*CONSTANT, "wrong-variable")),
    ),
    ("group_lasso", "bare"): (
        Slip(
            "columns for features",
            "dW = X.T@R/X.shape[0] + lam*W/sqrt(sum(W**2, axis=0, keepdims=True))",
            ("wrong-axis",),
        ),
        Slip(
            "the root forgotten",
            "dW = X.T@R/X.shape[0] + lam*W/sum(W**2, axis=1, keepdims=True)",
            ("extra-factor", "missing-factor", "wrong-point"),
        ),
    ),
    ("group_lasso", "helpers"): (
        Slip("the strength left out", "shrink = inverse[:, None]*W", CONSTANT[::-1]),
        Slip("one over the square", "inverse = 1/size**2", ("extra-factor",)),
    ),
}
"""By kind and style."""
