"""Mistakes in the unseen kinds as people make them: no single edit of a syntax tree makes them.

A product rule half remembered, the slope of another function, one time step's input for all, a sum
of products taken for a product of sums.
"""

from mutants.slips import Slip

SIGMOID_FOR_TANH = ("wrong-point", "wrong-variable", "missing-factor", "unexplained")
TANH_FOR_SIGMOID = SIGMOID_FOR_TANH
ONE_INPUT_FOR_ALL = ("wrong-variable", "missing-path", "missing-term")
SOFTMAX = ("missing-term", "missing-factor", "wrong-point", "wrong-variable", "unexplained")
POWER = ("missing-factor", "wrong-point", "wrong-variable")

SLIPS = {
    ("quantile", "statements"): (
        Slip(
            "the two branches changed over",
            "du = where(u > 0, tau - 1, tau)/n",
            ("wrong-variable", "wrong-point", "sign", "unexplained"),
        ),
        Slip("a sign in one branch", "du = where(u > 0, tau, 1 - tau)/n", ("sign", "unexplained")),
    ),
    ("quantile", "at_the_weights"): (
        Slip(
            "sigmoid's slope for tanh",
            "delta1 = np.outer(delta2, w2)*H*(1 - H)",
            SIGMOID_FOR_TANH,
        ),
    ),
    ("ordinal", "statements"): (
        Slip(
            "a path that does not exist",
            "dgap = sum(t1 + t2)*exp(gap)",
            ("double-counted-path", "wrong-variable", "extra-factor", "unexplained"),
        ),
    ),
    ("triplet", "statements"): (
        Slip("one input for all", "dW = A.T@(da + pre_p + pre_n)", ONE_INPUT_FOR_ALL),
        Slip(
            "one difference for both",
            "da = 2*(dnear + dfar)[:, None]*(a - p)",
            ("wrong-variable", "missing-term", "missing-path"),
        ),
    ),
    ("triplet", "at_the_weights"): (
        Slip("only one of three", "db = np.mean(da, axis=0)", ("missing-path", "missing-term")),
    ),
    ("ranking", "statements"): (
        Slip(
            "twice the rows for rows and columns",
            "ds = 2*sum(dD, axis=1)",
            ("missing-path", "missing-term", "wrong-axis", "constant-factor", "sign"),
        ),
    ),
    ("ranking", "helpers"): (
        Slip(
            "sigmoid of the opposite",
            "inverted = 1/(1 + np.exp(-D))",
            ("sign", "wrong-point"),
        ),
    ),
    ("policy", "statements"): (
        Slip("sigmoid's slope for softmax", "dZ = dlogp*P*(1 - P)", SOFTMAX),
        Slip(
            "the gradient of exp handed on without its slope",
            "dlogp = dchosen[:, None]*one_hot(acts, 3) - dH*P + dP",
            ("missing-factor",),
        ),
    ),
    ("policy", "fused"): (
        Slip(
            "only one term divided",
            "dZ = adv[:, None]*(P - Y)/X.shape[0] + c*P*(logp + H[:, None])",
            ("constant-factor",),
        ),
        Slip(
            "the entropy's slope before softmax",
            "dZ = (adv[:, None]*(P - Y) + c*P*(logp + 1))/X.shape[0]",
            ("wrong-variable", "missing-term", "unexplained"),
        ),
    ),
    ("mixture", "statements"): (
        Slip("not normalised", "r = exp(q)", ("missing-factor", "wrong-point", "unexplained")),
        Slip("half of softmax's slope", "dA = dq*(1 - softmax(A))", SOFTMAX),
    ),
    ("mixture", "at_the_weights"): (
        Slip("deviation for variance", "dM = R*(M - y[:, None])*np.exp(-s)", POWER),
        Slip("a bracket", "ds = np.mean(R - d**2*prec, axis=0)", ("missing-factor",)),
    ),
    ("tied_autoencoder", "statements"): (
        Slip("tanh's slope for sigmoid", "a = dH*(1 - H**2)", TANH_FOR_SIGMOID),
        Slip(
            "twice one use for both",
            "dW = 2*encoder",
            ("missing-path", "missing-term", "double-counted-path", "wrong-variable"),
        ),
    ),
    ("tied_autoencoder", "bare"): (
        Slip(
            "no slope at all",
            "dW = (E.T@H + X.T@(E@W))/X.shape[0]",
            ("missing-factor",),
        ),
    ),
    ("low_rank", "statements"): (
        Slip("scaled again", "dA = scale*(X.T@dK)", ("constant-factor", "extra-factor")),
    ),
    ("low_rank", "at_the_weights"): (
        Slip("the product the other way round", "dA = scale*B@full.T/m", ("transposed",)),
    ),
    ("weight_norm", "fused"): (
        Slip("a length left out", "dV = g/size*(dW - dg*V)", ("missing-factor",)),
    ),
    ("variational", "statements"): (
        Slip(
            "deviation for variance",
            "ds = dsigma*sigma/2 + dkl*(sigma - 1)/(2*n)",
            POWER,
        ),
    ),
    ("variational", "at_the_weights"): (
        Slip("deviation for variance", "ds = 0.5*eps*sigma*dz + 0.5*beta*(sigma - 1)", POWER),
    ),
    ("radial", "statements"): (
        Slip(
            "a product of sums for a sum of products",
            "dgamma = -sum(dK*K)*sum(D)",
            ("wrong-axis", "unexplained", "unreduced-broadcast"),
        ),
        Slip("the sign in the exponent", "dD = -gamma*dK*exp(gamma*D)", ("sign", "wrong-point")),
    ),
    ("gru_two_steps", "statements"): (
        Slip(
            "the other side of the gate",
            "dh1 = dh2*(1 - z2) + az2@Uz.T + an2@Un.T",
            ("wrong-variable", "wrong-point", "sign", "missing-term", "unexplained"),
        ),
        Slip("one step late", "dUz = h1.T@az1 + h2.T@az2", ("wrong-variable",)),
        Slip("sigmoid's slope for tanh", "an2 = dn2*n2*(1 - n2)", SIGMOID_FOR_TANH),
        Slip("tanh's slope for sigmoid", "az1 = dz1*(1 - z1**2)", TANH_FOR_SIGMOID),
    ),
    ("gru_two_steps", "source"): (
        Slip("one input for all", "grad_Wz = x1.T@(u1 + u2)", ONE_INPUT_FOR_ALL),
    ),
    ("squeeze_excite", "statements"): (
        Slip("tanh's slope for sigmoid", "ag = dg*(1 - g**2)", TANH_FOR_SIGMOID),
        Slip("both terms divided", "dF = (dO*g + ds)/n", ("constant-factor",)),
        Slip(
            "the value for the slope",
            "ae = de*e",
            ("wrong-point", "wrong-variable", "extra-factor", "unexplained"),
        ),
    ),
    ("swiglu", "statements"): (
        Slip(
            "no product rule",
            "dG = dA*S*(1 - S)",
            ("missing-term", "missing-path", "missing-factor", "wrong-variable", "unexplained"),
        ),
    ),
    ("convolution", "statements"): (
        Slip(
            "the kernel turned round",
            "dka = sum(dZ*X[:, 2:])",
            ("wrong-variable", "wrong-point", "unexplained"),
        ),
        Slip("the width before the filter", "dH = df[:, None]/X.shape[1]", ("constant-factor",)),
    ),
    ("convolution", "fused"): (
        Slip(
            "the width before the filter",
            "dZ = u*dyhat[:, None]*(1 - H*H)/6",
            ("constant-factor",),
        ),
    ),
    ("linear_attention", "statements"): (
        Slip("the slope at the value", "dWq = X.T@(dQ*sigmoid(Q))", ("wrong-point",)),
    ),
    ("linear_attention", "fused"): (
        Slip(
            "the sign in the exponent",
            "dWk = X.T@((V@dnum.T@Q + dden@Q)*(1 - exp(K)))",
            ("sign", "wrong-point"),
        ),
    ),
}
"""By kind and style."""
