"""Mistakes in the blind kinds as people make them: no single edit of a syntax tree makes them.

A risk set read the wrong way, the odds for the probability, a branch's other side, a diagonal left
in, one step's input for both.
"""

from mutants.slips import Slip

OTHER_SLOPE = ("wrong-point", "wrong-variable", "missing-factor", "unexplained")
ONE_FOR_BOTH = ("wrong-variable", "missing-path", "missing-term")
OTHER_SIDE = ("wrong-variable", "wrong-point", "sign", "missing-term", "unexplained")
POWER = ("missing-factor", "extra-factor", "wrong-point", "wrong-variable")

SLIPS = {
    ("cox", "statements"): (
        Slip(
            "only the row's own risk set",
            "deta = dll*event + dden*exp(eta)",
            ("missing-factor", "wrong-variable", "unexplained"),
        ),
    ),
    ("cox", "fused"): (
        Slip(
            "the risk set read the wrong way",
            "hazard = exp(eta)*(R@(event/den))",
            ("transposed",),
        ),
    ),
    ("negative_binomial", "at_the_weights"): (
        Slip("the residual of a Poisson", "deta = mu - y", ("missing-factor",)),
    ),
    ("weibull", "statements"): (
        Slip("the logarithm's slope left out", "ds = dk + dll*sum(event)", ("missing-factor",)),
    ),
    ("squared_hinge", "fused"): (
        Slip("the slope of a plain hinge", "df = -C*y*(slack > 0)", POWER),
    ),
    ("focal", "fused"): (
        Slip(
            "a bracket",
            "ds = t*m*g*(q*log(q) + q - 1)/X.shape[0]",
            ("extra-factor", "missing-factor"),
        ),
    ),
    ("focal", "statements"): (Slip("the exponent kept", "dq = -m/(n*q) - dm*g*(1 - q)**g", POWER),),
    ("highway", "statements"): (
        Slip("the other side of the gate", "dZ = dO*T + aH@Wh.T + aT@Wt.T", OTHER_SIDE),
        Slip("tanh's slope for sigmoid", "aT = dT*(1 - T**2)", OTHER_SLOPE),
    ),
    ("group_norm", "statements"): (
        Slip("the deviation taken as fixed", "dD = dN/s", ("missing-term", "missing-path")),
        Slip(
            "the size of the layer for the group's", "dD = dN/s + ds*D/(6*s)", ("constant-factor",)
        ),
    ),
    ("soft_tree", "statements"): (
        Slip("the left side's share for the right", "dr = sum(dyhat*g)", OTHER_SIDE),
        Slip("the parent left out", "dh = dyhat*(p - q)", ("missing-factor", "wrong-variable")),
    ),
    ("factorisation_machine", "statements"): (
        Slip(
            "the diagonal left in",
            "dV = X.T@dK",
            ("missing-term", "missing-path"),
        ),
        Slip(
            "a feature without its square",
            "dV = X.T@dK - X.T@dpairs[:, None]*V",
            ("missing-factor", "wrong-point", "wrong-variable"),
        ),
    ),
    ("softplus_variance", "at_the_weights"): (
        Slip("deviation for variance", "da = 0.5*sigmoid(a)*(v - e*e)/v", POWER),
    ),
    ("kalman", "statements"): (
        Slip(
            "the gain taken as fixed",
            "dV1 = dS1 + dP1*(1 - k)",
            ("missing-term", "missing-path"),
        ),
        Slip("one step's state for both", "second = df2*m0 + 2*a*dV2*P0", ONE_FOR_BOTH),
    ),
    ("label_field", "statements"): (
        Slip(
            "the marginals of the other place",
            "dE2 = sum(dJ, axis=2) + dgold*Y2",
            ("wrong-axis",),
        ),
        Slip("one input for both", "dW = (X1 + X2).T@(dE1 + dE2)", (*ONE_FOR_BOTH, "unexplained")),
    ),
    ("integrator", "statements"): (
        Slip("one input for both", "dA = Z1.T@(pre1 + pre0)", ONE_FOR_BOTH),
        Slip("the identity left out", "dZ1 = pre1@A.T", ("missing-term", "missing-path")),
    ),
}
"""By kind and style."""
