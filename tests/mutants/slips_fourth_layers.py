"""Mistakes in the layers, heads and sequences of the fourth set as people make them.

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
    ("maxout", "statements"): (
        Slip("the first's mask again", "dQ = dH*(P > Q)", OTHER_SIDE),
        Slip("the mask forgotten", "dQ = dH", ("missing-factor",)),
        Slip("relu's mask", "dP = dH*(P > 0)", OTHER_SLOPE),
        Slip("the other piece", "dWb = X.T@dP", ("wrong-variable",)),
    ),
    ("maxout", "fused"): (
        Slip(
            "the smaller of two",
            "dP = where(P > Q, 0, dyhat[:, None]*v)",
            ("wrong-point", "sign", "wrong-variable", "unexplained"),
        ),
        Slip("both pieces learn", "dQ = dyhat[:, None]*v", (*PART, "missing-factor")),
    ),
    ("maxout", "notebook"): (
        Slip("the unit for its slope", "delta = np.outer(err, v)*H", ("extra-factor",)),
        Slip("a square's two", "grad_c = np.mean(err)", CONSTANT),
    ),
    ("standardised_weights", "statements"): (
        Slip("the mean taken as fixed", "dV = dC", LEFT_OUT),
        Slip("the deviation taken as fixed", "dC = dN/s", LEFT_OUT),
        Slip("a mean's share forgotten", "dC = dN/s + ds*C/s", CONSTANT),
        Slip("one power of the deviation", "ds = -sum(dN*C, axis=0)/s", ("missing-factor",)),
        Slip("before the division", "dg = sum(dW*C, axis=0)", ("wrong-variable", "missing-factor")),
    ),
    ("standardised_weights", "fused"): (
        Slip(
            "not divided by the deviation",
            "dV = dN - mean(dN, axis=0) - N*mean(dN*N, axis=0)",
            ("missing-factor",),
        ),
        Slip(
            "along rows for columns",
            "dV = (dN - mean(dN, axis=1, keepdims=True) - N*mean(dN*N, axis=0))/s",
            ("wrong-axis",),
        ),
    ),
    ("standardised_weights", "source"): (
        Slip("the mean taken as fixed", "plain = up", PART),
        Slip("a mean for a sum", "g_g = along", CONSTANT),
    ),
    ("seldom_active", "statements"): (
        Slip("a mean's share forgotten", "dH = out@W2.T + dq", CONSTANT),
        Slip("the penalty forgotten", "dH = out@W2.T", LEFT_OUT),
        Slip("the sign of a chance", "dq = beta*((1 - rho)/(1 - q) + rho/q)", ("sign",)),
        Slip("the slope at the mean", "hidden = dH*q*(1 - q)", ELSEWHERE),
    ),
    ("seldom_active", "at_the_weights"): (
        Slip(
            "the slope of one part only",
            "hidden = out@W2.T*H*(1 - H) + sparse",
            ("missing-factor",),
        ),
        Slip("only one half of the penalty", "sparse = -beta*rho/q", PART),
        Slip("the decay divided too", "dW1 = (X.T@hidden + lam*W1)/len(X)", AGAIN),
    ),
    ("seldom_active", "helpers"): (
        Slip("half of what is below", "spread = q", ("missing-factor", "missing-term")),
    ),
    ("neighbours", "statements"): (
        Slip("to neighbours for from them", "dH = dO@V.T + A@dM", ("transposed",)),
        Slip("the neighbours' way left out", "dH = dO@V.T", LEFT_OUT),
        Slip("its own for the neighbours'", "dU = H.T@dO", ("wrong-variable", "missing-factor")),
        Slip("the weights of the other way", "dM = dO@V.T", ("wrong-variable",)),
    ),
    ("neighbours", "fused"): (
        Slip(
            "the slope of one way only",
            "dZ = (H > 0)*(dO@V.T) + A.T@dO@U.T",
            ("missing-factor",),
        ),
        Slip("neighbours the other way round", "dWn = (A.T@X).T@dZ", ("transposed",)),
    ),
    ("neighbours", "letters"): (
        Slip("not transposed", "q = A@r", ("transposed",)),
        Slip("passed on once too often", "gs = X.T@t/k", ("wrong-variable", "extra-factor")),
    ),
    ("siamese", "statements"): (
        Slip("both pulled the same way", "dV = dD", ("sign",)),
        Slip("only one side", "dW = A.T@preU", LEFT_OUT),
        Slip("pulled for pushed", "dd = same*d/n + dgap", ("sign",)),
        Slip("the slope of the other side", "preV = dV*(1 - U**2)", ELSEWHERE),
        Slip("one side's rows for both", "dW = A.T@preU + A.T@preV", ("wrong-variable",)),
        Slip("not divided by the distance", "dD = dd[:, None]*D", ("missing-factor",)),
    ),
    ("siamese", "fused"): (
        Slip(
            "not divided by the distance",
            "dD = (same - (1 - same)*gap)[:, None]*D/len(A)",
            ("missing-factor",),
        ),
        Slip(
            "the second side's minus forgotten",
            "db = sum(dD*(1 - U**2) + dD*(1 - V**2), axis=0)",
            ("sign",),
        ),
    ),
    ("siamese", "source"): (
        Slip("everybody pushed away", "far = gap", ("missing-factor",)),
        Slip("divided by the square", "force = (near - far)/d**2/m", ("extra-factor",)),
    ),
    ("averaged_members", "statements"): (
        Slip("the residual of one member", "dp = (p - y)/n", ("missing-factor",)),
        Slip("not shared by two", "dp1 = dp", CONSTANT),
        Slip("the slope at the average", "dz1 = dp1*p*(1 - p)", ELSEWHERE),
        Slip("the slope of the other", "dz2 = dp2*p1*(1 - p1)", ELSEWHERE),
    ),
    ("averaged_members", "at_the_weights"): (
        Slip(
            "every member its own residual",
            "dz1 = (p1 - y)/2",
            ("wrong-variable", "wrong-point", "missing-factor", "unexplained"),
        ),
        Slip("the other's shift", "dc = mean(dz1)", ("wrong-variable",)),
    ),
    ("averaged_members", "letters"): (Slip("two members forgotten", "m = X.shape[0]", CONSTANT),),
    ("capped_logits", "statements"): (
        Slip("the slope before the function", "du = dt*(1 - u**2)", ELSEWHERE),
        Slip("the slope at the logit", "du = dt*(1 - Z**2)", (*ELSEWHERE, "extra-factor")),
        Slip("the cap taken off only", "dt = dZ", ("missing-factor",)),
        Slip("the penalty forgotten", "dZ = (P - one_hot(y, 3))/n", LEFT_OUT),
        Slip(
            "every class alike",
            "dZ = (P - one_hot(y, 3))/n + dlz[:, None]",
            ("missing-factor",),
        ),
    ),
    ("capped_logits", "at_the_weights"): (
        Slip("the cap once too often", "da = cap*dZ*(1 - t**2)", ("extra-factor",)),
        Slip(
            "a square's two",
            "dZ = P*(1 + zeta*lz[:, None]) - one_hot(y, 3)",
            CONSTANT,
        ),
    ),
    ("capped_logits", "notebook"): (
        Slip("half of tanh's slope", "gate = 1 - t", ("missing-factor", "missing-term")),
        Slip("not normalised", "probs = np.exp(Z)", ("missing-factor", "missing-term")),
    ),
    ("weighted_words", "statements"): (
        Slip("not divided by the weights", "share = M", ("missing-factor",)),
        Slip("not transposed", "dx = dZ@W", ("transposed",)),
        Slip(
            "texts for words",
            "share = M/sum(M, axis=0, keepdims=True)",
            ("wrong-axis", "wrong-variable", "wrong-point"),
        ),
    ),
    ("weighted_words", "at_the_weights"): (
        Slip(
            "every word alike",
            "bags = sum(one_hot(tokens, 6), axis=1)/total",
            ("missing-factor",),
        ),
        Slip("the layer above left out", "dE = bags.T@dZ/len(y)", ("missing-factor",)),
    ),
    ("weighted_words", "helpers"): (
        Slip("divided twice", "inner = counts.T@miss/m", AGAIN),
        Slip("not transposed", "g_E = inner@W", ("transposed",)),
    ),
    ("additive_attention", "statements"): (
        Slip(
            "queries for keys",
            "dS = A*(dA - sum(dA*A, axis=0, keepdims=True))",
            ("wrong-axis",),
        ),
        Slip("sigmoid's slope for softmax", "dS = dA*A*(1 - A)", SOFTMAX),
        Slip("the sum taken as fixed", "dS = A*dA", PART),
        Slip("divided by the keys too", "dWk = M.T@dK/len(M)", AGAIN),
    ),
    ("additive_attention", "at_the_weights"): (
        Slip(
            "the target for the answer",
            "dS = A*(dA - sum(dO*Y, axis=1, keepdims=True))",
            ("wrong-variable",),
        ),
        Slip(
            "not divided by the queries",
            "dv = sum(sum(dS[:, :, None]*U, axis=1), axis=0)",
            CONSTANT,
        ),
    ),
    ("additive_attention", "letters"): (
        Slip("not summed over the keys", "h = g - A*g", ("unreduced-broadcast", *SOFTMAX)),
        Slip("the weights left out", "p = np.sum(j, axis=1)", ("missing-factor",)),
    ),
    ("one_gate_lstm", "statements"): (
        Slip("what is forgotten left out", "di2 = dc2*g2", LEFT_OUT),
        Slip("the other side of the gate", "dc1 = dc2*i2 + dk1*(1 - k1**2)", OTHER_SIDE),
        Slip("what is held left out", "dc1 = dk1*(1 - k1**2)", LEFT_OUT),
        Slip("before the function", "dc2 = dk2*(1 - c2**2)", ELSEWHERE),
        Slip("the gate's way left out", "dh1 = ag2@Ug.T", LEFT_OUT),
        Slip("not transposed", "dh1 = ai2@Ui + ag2@Ug.T", ("transposed",)),
        Slip("a step late", "dUi = h2.T@ai2", ("wrong-variable",)),
    ),
    ("one_gate_lstm", "at_the_weights"): (
        Slip(
            "the second step's line again",
            "ai1 = dc1*(g1 - c1)*i1*(1 - i1)",
            ("extra-factor", "wrong-variable", "unexplained"),
        ),
        Slip("the neighbour's name", "dUg = h1.T@ai2/m", ("wrong-variable",)),
    ),
    ("one_gate_lstm", "source"): (
        Slip("the gate once too often", "in1 = cell1*c1*i1*(1 - i1)", ("extra-factor",)),
        Slip(
            "the state for its tanh",
            "out2 = up2*h2*o2*(1 - o2)",
            ("extra-factor", "wrong-variable"),
        ),
    ),
    ("both_ways", "statements"): (
        Slip("the other way's head", "dr1 = outer(ds, p)", ("wrong-variable",)),
        Slip("not transposed", "df1 = a2@U", ("transposed",)),
        Slip("only the last step", "dW = x2.T@a2", LEFT_OUT),
        Slip("steps changed over", "dV = x2.T@b1 + x1.T@b2", ("wrong-variable", "unexplained")),
        Slip("read from the left again", "dR = r1.T@b2", ("wrong-variable", "unexplained")),
        Slip("the slope of another step", "b2 = dr2*(1 - r1**2)", ELSEWHERE),
    ),
    ("both_ways", "at_the_weights"): (
        Slip("tanh passed over", "a1 = a2@U.T", ("missing-factor",)),
    ),
    ("both_ways", "helpers"): (
        Slip(
            "the other way's weights",
            "right2 = (right1@U.T)*(1 - r2)*(1 + r2)",
            ("wrong-variable",),
        ),
        Slip("only the first step", "g_V = x1.T@right1", LEFT_OUT),
    ),
}
"""By kind and style."""
