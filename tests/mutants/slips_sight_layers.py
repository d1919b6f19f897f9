"""Mistakes in the layers and heads of the sight set as people make them.

The rules are those of the design and the habits of the other sets; no diagnosis was seen before.
"""

from mutants.slips import Slip

LEFT_OUT = ("missing-path", "missing-term")
PART = ("missing-term", "missing-path")
ELSEWHERE = ("wrong-point", "wrong-variable")
OTHER_SLOPE = ("wrong-point", "wrong-variable", "unexplained")
OTHER_SIDE = ("wrong-variable", "wrong-point", "sign", "missing-term", "unexplained")
SOFTMAX = ("missing-term", "missing-factor", "wrong-point", "wrong-variable", "unexplained")
SHIFTED = ("wrong-variable", "unexplained")
CONSTANT = ("constant-factor", "missing-factor")

SLIPS = {
    ("multi_task", "statements"): (
        Slip("the exponent's sign", "ds1 = 0.5 + exp(-s1)*fit/2", ("sign",)),
        Slip("the price of doubt forgotten", "ds2 = -exp(-s2)*bce", LEFT_OUT),
        Slip("only one task for the trunk", "dH = outer(dyhat, u)", LEFT_OUT),
        Slip("the heads changed over", "dH = outer(dyhat, v) + outer(da, u)", SHIFTED),
    ),
    ("multi_task", "at_the_weights"): (
        Slip("the weight of the task left out", "da = sigmoid(a) - t", ("missing-factor",)),
        Slip("the half of one term only", "ds1 = 1/2 - c1*fit", CONSTANT),
    ),
    ("multi_task", "source"): (
        Slip("tanh's slope for one task only", "trunk2 = np.outer(up2, v)", ("missing-factor",)),
    ),
    ("prototypes", "statements"): (
        Slip("the rows shown taken as fixed", "dW = Xq.T@dQ", LEFT_OUT),
        Slip("nearer for farther", "dD = (softmax(-D) - one_hot(y, 3))/n", ("sign",)),
        Slip("softmax of distances", "dD = (one_hot(y, 3) - softmax(D))/n", ("sign", *ELSEWHERE)),
        Slip("divided by the classes", "dE = M.T@dC/3", ("constant-factor", "extra-factor")),
    ),
    ("prototypes", "fused"): (
        Slip(
            "twice one use for both",
            "dW = 2*Xq.T@dQ",
            (*LEFT_OUT, "double-counted-path", "wrong-variable"),
        ),
        Slip("a class's own place forgotten", "dC = -2*dD.T@Q", PART),
    ),
    ("prototypes", "helpers"): (
        Slip("every class alike", "to_class = 2*(C - miss.T@Q)", ("missing-factor",)),
    ),
    ("cosine_head", "statements"): (
        Slip("the length taken as fixed", "dF = dU/nf", LEFT_OUT),
        Slip(
            "the square root's slope halved",
            "dW = dR/nw + dnw*W/(2*nw)",
            ("constant-factor", "extra-factor"),
        ),
        Slip(
            "a length without its square",
            "dnf = -sum(dU*F, axis=1, keepdims=True)/nf",
            ("missing-factor",),
        ),
        Slip("scaled again", "dU = scale*dC@R.T", ("extra-factor",)),
    ),
    ("cosine_head", "fused"): (
        Slip(
            "rows for units",
            "dF = (dU - F*sum(dU*F, axis=1, keepdims=True))/nf",
            ("wrong-variable", "missing-factor", "wrong-point", "unexplained"),
        ),
        Slip(
            "along rows for columns",
            "dW = (dR - R*sum(dR*R, axis=1, keepdims=True))/nw",
            ("wrong-axis",),
        ),
        Slip("the cosine for the logit", "dk = sum(dZ*C)", ("wrong-variable", "missing-factor")),
    ),
    ("cosine_head", "source"): (
        Slip(
            "not divided by the length",
            "pre = (up_f - along_f*U)*(1 - F)*(1 + F)",
            ("missing-factor",),
        ),
        Slip("the scale left out", "g_W = (up_w - along_w*R)/nw/m", ("missing-factor",)),
    ),
    ("two_views", "statements"): (
        Slip("only one view", "dW = A.T@dU", LEFT_OUT),
        Slip(
            "centred along rows",
            "dU = dUc - mean(dUc, axis=1, keepdims=True)",
            ("wrong-axis", "unreduced-broadcast"),
        ),
        Slip("the deviation taken as fixed", "dVc = dQ/sv", LEFT_OUT),
        Slip("not transposed", "dP = Q@dC/n", ("transposed",)),
    ),
    ("two_views", "fused"): (
        Slip(
            "the weight of every place",
            "dC = 2*(I + lam)*(C - I)",
            ("missing-factor", "missing-term"),
        ),
        Slip(
            "correlated with the other view",
            "dV = (dQ - mean(dQ, axis=0) - Q*mean(dQ*P, axis=0))/sv",
            ("wrong-variable",),
        ),
    ),
    ("two_views", "letters"): (
        Slip("one input for both", "G = A.T@(a + b)/A.shape[0]", ("wrong-variable", *LEFT_OUT)),
        Slip(
            "the deviation of the other view",
            "b = (q - q.mean(axis=0) - Q*np.mean(q*Q, axis=0))/su",
            ("wrong-variable",),
        ),
    ),
    ("copy_gate", "statements"): (
        Slip("sigmoid's slope for softmax", "dZ = dPv*Pv*(1 - Pv)", SOFTMAX),
        Slip("the other side of the gate", "dPc = g[:, None]*dP", OTHER_SIDE),
        Slip("the copied words left out", "dg = sum(dP*Pv, axis=1)", LEFT_OUT),
        Slip(
            "times for over the chance",
            "dq = -q/n",
            ("wrong-point", "missing-factor", "extra-factor", "unexplained"),
        ),
    ),
    ("copy_gate", "at_the_weights"): (
        Slip(
            "a plain softmax's residual",
            "dZ = Pv - one_hot(y, 3)",
            ("missing-factor", "unexplained"),
        ),
    ),
    ("copy_gate", "notebook"): (
        Slip("the gate turned round", "gate = (said - g)/len(y)", ("sign",)),
        Slip("every row copied", "look = (A - picked)/len(y)", ("missing-factor",)),
    ),
    ("dropout", "statements"): (
        Slip("the dropped units learn", "dA = dH/keep", ("missing-factor",)),
        Slip(
            "times for over",
            "dA = dH*M*keep",
            ("constant-factor", "missing-factor", "extra-factor", "unexplained"),
        ),
        Slip("dead for leaky", "dZ = dA*(Z > 0)", ("missing-term", "wrong-point", "unexplained")),
        Slip("units before the mask", "dw2 = A.T@ds", ("wrong-variable", "missing-factor")),
    ),
    ("dropout", "at_the_weights"): (
        Slip("the two slopes changed over", "dZ = where(Z > 0, 0.1*dA, dA)", OTHER_SLOPE),
        Slip("divided twice", "dw2 = ds@H/len(y)**2", ("constant-factor", "extra-factor")),
    ),
    ("dropout", "notebook"): (
        Slip("a slope of 1.1", "slope = 0.1 + (Z > 0)", (*CONSTANT, "unexplained")),
    ),
    ("film", "statements"): (
        Slip("the gain taken as one", "dH = dF", ("missing-factor",)),
        Slip("alive by the feature's sign", "dF = dA*(H > 0)", ELSEWHERE),
        Slip("the shift before the slope", "dshift = dA", ("missing-factor", "wrong-variable")),
    ),
    ("film", "fused"): (
        Slip("the one of the gain left out", "dW = X.T@(C@G*dF)", PART),
        Slip("a square's slope", "dO = 2*(O - Y)/X.shape[0]", ("constant-factor",)),
    ),
    ("film", "helpers"): (
        Slip(
            "the gain of dead units", "to_gain = miss@V.T*H", ("missing-factor", "wrong-variable")
        ),
    ),
    ("cross_layers", "statements"): (
        Slip("what is carried left out", "dX1 = outer(ds2, w2)", LEFT_OUT),
        Slip("only what is carried", "dX1 = dX2", LEFT_OUT),
        Slip("the input of the first layer", "dw2 = X.T@ds2", ("wrong-variable",)),
        Slip("the layer's own input", "ds2 = sum(dX2*X1, axis=1)", ("wrong-variable",)),
    ),
    ("cross_layers", "at_the_weights"): (
        Slip("the other layer's shift", "db1 = v*mean(dyhat)", (*LEFT_OUT, "wrong-variable")),
    ),
    ("cross_layers", "letters"): (
        Slip("only the direct way", "c = r*p", LEFT_OUT),
        Slip("the weight's path left out", "gb1 = w2*a.sum()", LEFT_OUT),
    ),
    ("max_over_time", "statements"): (
        Slip("relu's slope for the largest", "first = (H > 0)", OTHER_SLOPE),
        Slip(
            "a mean for the largest",
            "dH = dm[:, None]/H.shape[1]",
            ("missing-factor", "constant-factor", "unexplained"),
        ),
        Slip("one place late", "dka = sum(dZ*X[:, 1:])", ("wrong-variable", "unexplained")),
        Slip("the margin's sign", "ds = -y*sigmoid(y*s)/n", ("sign", "wrong-point")),
        Slip("the label left out", "ds = -sigmoid(-y*s)/n", ("missing-factor", "sign")),
    ),
    ("max_over_time", "at_the_weights"): (
        Slip("divided by the places too", "dk0 = mean(dZ)", ("constant-factor", "wrong-axis")),
    ),
    ("max_over_time", "helpers"): (
        Slip("right for wrong", "wrong = 1/(1 + np.exp(-y*s))", ("sign", "wrong-point")),
        Slip(
            "the slope at the score",
            "back = signal*u*(1 - s)*(1 + s)",
            ("wrong-point", "wrong-variable", "unexplained"),
        ),
    ),
    ("causal_attention", "statements"): (
        Slip("the root left out once", "dK = dS.T@Q", CONSTANT),
        Slip("queries for keys", "dK = dS@Q/sqrt(2.0)", ("transposed",)),
        Slip("sigmoid's slope for softmax", "dmasked = dA*A*(1 - A)", SOFTMAX),
        Slip(
            "summed over the queries",
            "dmasked = A*(dA - sum(dA*A, axis=0, keepdims=True))",
            ("wrong-axis",),
        ),
        Slip(
            "later for earlier",
            "dS = where(G <= 0, dmasked, 0)",
            ("wrong-point", "wrong-variable", "sign", "unexplained"),
        ),
        Slip("attention not transposed", "dV = A@dO", ("transposed",)),
    ),
    ("causal_attention", "fused"): (
        Slip("mixed the other way", "dWv = (A.T@X).T@dO", ("transposed",)),
        Slip("the distance without its minus", "da = sum(G*dS)", ("sign",)),
    ),
    ("causal_attention", "letters"): (
        Slip("not summed over the row", "j = h - A*h", ("unreduced-broadcast", "wrong-axis")),
        Slip("the weights left out", "j = h - h.sum(axis=1, keepdims=True)", ("missing-factor",)),
    ),
    ("leaky_rnn", "statements"): (
        Slip("what is held forgotten", "dh2 = p3@U.T", LEFT_OUT),
        Slip("only what is held", "dh1 = (1 - alpha)*dh2", LEFT_OUT),
        Slip("the other side of the gate", "dh2 = alpha*dh3 + p3@U.T", OTHER_SIDE),
        Slip("one step early", "dU = h2.T@p2 + h3.T@p3", SHIFTED),
        Slip(
            "what is held left out of the rate",
            "dalpha = sum(dh3*c3) + sum(dh2*c2) + sum(dh1*c1)",
            (*PART, "unexplained"),
        ),
        Slip("only the last step", "db = sum(p3, axis=0)", LEFT_OUT),
        Slip("the state for the candidate", "p3 = dc3*(1 - h3**2)", ELSEWHERE),
    ),
    ("leaky_rnn", "at_the_weights"): (
        Slip("the rate left out of a step", "p2 = dh2*(1 - c2*c2)", ("missing-factor",)),
        Slip("only one of three divided", "dv = dyhat@h3", CONSTANT),
        Slip("held twice over", "dh1 = dh2 + p2@U.T", PART),
    ),
    ("leaky_rnn", "source"): (
        Slip("the input of another step", "W2 = W3 + x3.T@k2", ("wrong-variable",)),
        Slip("starts again at a step", "W2 = x2.T@k2", LEFT_OUT),
        Slip("held twice", "s1 = hold*hold*s2 + k2@U.T", ("extra-factor",)),
    ),
}
"""By kind and style."""
