"""Mistakes in the layers of the sixth set as people make them.

The rules are those of the design and the habits of the other sets; no diagnosis was seen before.
"""

from mutants.slips import Slip

LEFT_OUT = ("missing-path", "missing-term")
PART = ("missing-term", "missing-path")
ELSEWHERE = ("wrong-point", "wrong-variable")
CONSTANT = ("constant-factor", "missing-factor")

SLIPS = {
    ("learnt_swish", "statements"): (
        Slip("the gate taken as fixed", "dZ = dH*S", LEFT_OUT),
        Slip("the sharpness left out", "dZ = dH*S + du", ("missing-factor",)),
        Slip("after the gate", "dbeta = sum(du*H, axis=0)", ("wrong-variable", "extra-factor")),
    ),
    ("learnt_swish", "fused"): (
        Slip("the plain function's slope", "dZ = dH*(S + H*(1 - S))", ("missing-factor",)),
        Slip("only one of two inputs", "dbeta = sum(dH*H*(1 - S), axis=0)", ("missing-factor",)),
    ),
    ("learnt_swish", "helpers"): (
        Slip("the slope at the input", "flat = Z - Z**2", ELSEWHERE),
        Slip(
            "a square forgotten",
            "beta_bar = np.mean(H_bar*Z*flat, axis=0)",
            ("missing-factor",),
        ),
    ),
    ("soft_pool", "statements"): (
        Slip("features for points", "A = softmax(k*H)", ("wrong-axis",)),
        Slip("the division taken as fixed", "dk = sum(dU*H)", LEFT_OUT),
        Slip(
            "before the division",
            "dk = sum(dU*H) - sum(dp*q)/k",
            ("missing-factor", "wrong-variable"),
        ),
        Slip("the sharpness left out", "dH = dU", ("missing-factor",)),
    ),
    ("soft_pool", "at_the_weights"): (
        Slip(
            "divided by all points",
            "db = mean(rows, axis=0)",
            ("wrong-axis", "constant-factor"),
        ),
        Slip(
            "the sharpness left out of the shares",
            "A = softmax(H, axis=1)",
            ("missing-factor", *ELSEWHERE),
        ),
        Slip(
            "before the division",
            "dr = sum(dp*(sum(A*H, axis=1) - q))/len(y)",
            ("wrong-variable", "missing-factor"),
        ),
    ),
    ("tied_words", "statements"): (
        Slip("the table's second use left out", "dE = inside", LEFT_OUT),
        Slip("not transposed", "dx1 = pre@W1", ("transposed",)),
        Slip(
            "the first word's rows for both",
            "inside = one_hot(first, 6).T@dx1 + one_hot(first, 6).T@dx2",
            ("wrong-variable",),
        ),
    ),
    ("tied_words", "at_the_weights"): (
        Slip("tanh passed over", "pre = dlogits@E", ("missing-factor",)),
        Slip(
            "the first word's weights for both",
            "dE = (out + one_hot(first, 6).T@pre@W1.T + one_hot(second, 6).T@pre@W1.T)/len(y)",
            ("wrong-variable",),
        ),
    ),
    ("tied_words", "source"): (
        Slip(
            "rows for words",
            "probs = shifted/np.sum(shifted, axis=0, keepdims=True)",
            ("wrong-axis",),
        ),
        Slip("not transposed", "in2 = one_hot(second, 6).T@(back@W2)", ("transposed",)),
    ),
    ("two_heads", "statements"): (
        Slip("not transposed", "dka = dSa@qa/sqrt(2.0)", ("transposed",)),
        Slip(
            "queries for keys",
            "dSb = Ab*(dAb - sum(dAb*Ab, axis=0, keepdims=True))",
            ("wrong-axis",),
        ),
        Slip("the other head's values", "dAb = dO@va.T", ("wrong-variable",)),
        Slip("the scale forgotten", "dqa = dSa@ka", CONSTANT),
    ),
    ("two_heads", "fused"): (
        Slip(
            "the other head's weights",
            "rb = (gb - Aa*sum(gb, axis=1, keepdims=True))/sqrt(2.0)",
            ("wrong-variable",),
        ),
        Slip("the sum taken as fixed", "ra = ga/sqrt(2.0)", PART),
    ),
}
"""By kind and style."""
