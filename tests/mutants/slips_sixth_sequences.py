"""Mistakes in the sequences of the sixth set as people make them.

The rules are those of the design and the habits of the other sets; no diagnosis was seen before.
"""

from mutants.slips import Slip

LEFT_OUT = ("missing-path", "missing-term")
OTHER_SLOPE = ("wrong-point", "wrong-variable", "unexplained")

SLIPS = {
    ("state_space", "statements"): (
        Slip("a step's own error left out", "dh2 = dh3*a", LEFT_OUT),
        Slip(
            "a step late",
            "kept = sum(dh2*h2 + dh3*h3, axis=0)",
            ("wrong-variable", "wrong-point"),
        ),
        Slip("the intake taken as fixed", "da = kept", LEFT_OUT),
        Slip("half of a root's slope", "da = kept - dg/g", ("missing-factor",)),
    ),
    ("state_space", "at_the_weights"): (
        Slip("a step skipped", "s1 = outer(e1, c) + s3*a", ("wrong-variable",)),
        Slip(
            "the intake left out",
            "dB = (x1.T@s1 + x2.T@s2 + x3.T@s3)/m",
            ("missing-factor",),
        ),
    ),
    ("state_space", "helpers"): (
        Slip("tanh's slope", "bend = 1 - a**2", OTHER_SLOPE),
        Slip("half of a root's slope", "grow = -bend/g", ("missing-factor",)),
    ),
    ("fast_weights", "statements"): (
        Slip("what is read left out", "dM1 = dM2", LEFT_OUT),
        Slip("taken off, not added", "dr2 = dw2", ("sign",)),
        Slip("the wrong way round", "dM2 = outer(do, q)", ("transposed",)),
        Slip(
            "the value for what is new in it",
            "dk2 = beta*(dM2@v2) + M1@dr2",
            ("wrong-variable", "missing-term", "wrong-point"),
        ),
    ),
    ("fast_weights", "fused"): (
        Slip("what is read left out", "dk2 = beta*(dM2@w2)", LEFT_OUT),
        Slip(
            "half of sigmoid's slope",
            "db = beta*(k1@dM1@v1 + k2@dM2@w2)",
            ("missing-factor",),
        ),
    ),
    ("fast_weights", "source"): (
        Slip("added, not taken off", "early = late + np.outer(k2, write2)", ("sign",)),
        Slip(
            "the later memory for the earlier",
            "key1 = beta*(late@v1)",
            ("wrong-variable", *LEFT_OUT),
        ),
    ),
    ("gated_filter", "statements"): (
        Slip("what is carried over left out", "dh2 = p3@B.T + q3@D.T", LEFT_OUT),
        Slip("the other tap's weights", "dh1 = p3@A.T + q3@D.T", ("wrong-variable",)),
        Slip("tanh's slope for sigmoid", "q2 = dg2*(1 - g2**2)", OTHER_SLOPE),
        Slip("the second use left out", "dA = x1.T@p1 + x2.T@p2", LEFT_OUT),
    ),
    ("gated_filter", "at_the_weights"): (
        Slip("the gate left out", "p2 = dh2*(1 - f2**2)", ("missing-factor",)),
        Slip("a step early", "dB = (x2.T@p1 + x2.T@p2 + h2.T@p3)/m", ("wrong-variable",)),
    ),
}
"""By kind and style."""
