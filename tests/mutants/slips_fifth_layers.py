"""Mistakes in the layers and sequences of the fifth set as people make them.

The rules are those of the design and the habits of the other sets; no diagnosis was seen before.
"""

from mutants.slips import Slip

LEFT_OUT = ("missing-path", "missing-term")
PART = ("missing-term", "missing-path")
CONSTANT = ("constant-factor", "missing-factor")
AGAIN = ("constant-factor", "extra-factor")
ELSEWHERE = ("wrong-point", "wrong-variable")
OTHER_SLOPE = ("wrong-point", "wrong-variable", "unexplained")
SOFTMAX = ("missing-term", "missing-factor", "wrong-point", "wrong-variable", "unexplained")

SLIPS = {
    ("physics_informed", "statements"): (
        Slip("the slope taken as fixed", "dh = outer(du, v)", LEFT_OUT),
        Slip("the two of a square", "dh = outer(du, v) - dslope*h", CONSTANT),
        Slip("the start forgotten", "db = sum(dz, axis=0)", LEFT_OUT),
        Slip("the rate of decay passed over", "du = dr", ("missing-factor",)),
        Slip("the neighbour line's factor", "dv = h.T@du + both*v + dgap*h0", ("wrong-variable",)),
    ),
    ("physics_informed", "at_the_weights"): (
        Slip(
            "the weights above left out",
            "dz = (k*outer(r, v) - 2*outer(r, w)*h)*slope",
            ("missing-factor",),
        ),
        Slip(
            "the unit for its slope",
            "dw = t@dz/m + v*(r@h)/m",
            ("wrong-variable", "wrong-point"),
        ),
        Slip(
            "the start divided by the rows",
            "db = mean(dz, axis=0) + gap*v*(1 - h0**2)/m",
            AGAIN,
        ),
    ),
    ("physics_informed", "source"): (
        Slip("a minus forgotten", "second = 2*np.outer(miss, w*v)*h", ("sign",)),
        Slip("the rate's own slope", "g_lk = miss@u", ("missing-factor",)),
        Slip("the unit for its slope", "along = miss@h", ("wrong-variable", "wrong-point")),
    ),
    ("sine_layers", "statements"): (
        Slip("the sine for its slope", "dZ2 = omega*dH2*sin(omega*Z2)", OTHER_SLOPE),
        Slip("the frequency forgotten", "dZ1 = dH1*cos(omega*Z1)", CONSTANT[::-1]),
        Slip(
            "the frequency forgotten inside",
            "dZ1 = omega*dH1*cos(Z1)",
            ("wrong-point", "missing-factor", "wrong-variable"),
        ),
        Slip("not transposed", "dH1 = dZ2@W2", ("transposed",)),
        Slip("the layer's own output", "dW2 = H2.T@dZ2", ("wrong-variable",)),
    ),
    ("sine_layers", "at_the_weights"): (
        Slip(
            "a layer jumped over",
            "dZ1 = dO@W3.T*cos(omega*Z1)*omega",
            ("missing-factor", "wrong-variable", "unexplained"),
        ),
        Slip("at what comes out", "dZ2 = dO@W3.T*cos(H2)*omega", OTHER_SLOPE),
        Slip("the two of a square", "dW1 = X.T@dZ1/len(Y)", CONSTANT),
    ),
    ("coupling_flow", "statements"): (
        Slip("the volume forgotten", "ds2 = dk2*k2", LEFT_OUT),
        Slip("the volume's sign", "ds1 = dk1*k1 + 1/n", ("sign",)),
        Slip("the shift taken as fixed", "dz2 = z2/n + a2@U.T", LEFT_OUT),
        Slip("the other half", "dk1 = dz2*x1", ("wrong-variable",)),
        Slip("the exponential passed over", "ds2 = dk2 - 1/n", ("missing-factor",)),
    ),
    ("coupling_flow", "at_the_weights"): (
        Slip("what is stretched left out", "a2 = (z1*k2 - 1)*(1 - s2**2)", ("missing-factor",)),
        Slip("not transposed", "dz2 = z2 + a2@U.T + z1@V", ("transposed",)),
        Slip("after the exponential", "a1 = (dz2*x2*k1 - 1)*(1 - k1**2)", ELSEWHERE),
        Slip(
            "the neighbour line's flow",
            "dU = z2.T@z1/len(x1)",
            ("wrong-variable", "missing-factor", "unexplained"),
        ),
    ),
    ("epidemic", "statements"): (
        Slip("who stays sick left out", "dI1 = -df2*beta*f2", LEFT_OUT),
        Slip("who stays well left out", "df2 = -dnew2*S1", LEFT_OUT),
        Slip(
            "well and sick changed over",
            "dS1 = dS2*(1 - f2) + dnew2*f2",
            (*ELSEWHERE[::-1], "unexplained"),
        ),
        Slip("a day late", "dgamma = -(dI1*I1 + dI2*I2)", ("wrong-variable", "unexplained")),
        Slip(
            "a fraction upside down",
            "dnew1 = 1 - new1/c1 + dI1",
            ("wrong-point", "wrong-variable", "unexplained"),
        ),
        Slip("the start's well forgotten", "dI0 = dI1*(1 - gamma) - df1*beta*f1", LEFT_OUT),
    ),
    ("epidemic", "bars"): (
        Slip("who stays well left out", "x2_bar = n2_bar*S2", LEFT_OUT),
        Slip(
            "the well of the day before",
            "x1_bar = (n1_bar - S1_bar)*S0",
            ("wrong-variable", "missing-factor"),
        ),
        Slip(
            "recovered for still sick",
            "I1_bar = beta*x2_bar + gamma*I2_bar",
            ("wrong-variable", "wrong-point", "missing-term", "sign", "unexplained"),
        ),
        Slip("a minus forgotten", "lg_bar = gamma*well*(I1_bar*I0 + I2_bar*I1)", ("sign",)),
    ),
    ("hidden_markov", "statements"): (
        Slip("not transposed", "df2 = dm3@A", ("transposed",)),
        Slip("only the last move", "dA = f2.T@dm3", LEFT_OUT),
        Slip(
            "what is shown for where it is",
            "dE = B*(dB - sum(dB*B, axis=1, keepdims=True))",
            ("wrong-axis",),
        ),
        Slip("sigmoid's slope for softmax", "dp = dstart*start*(1 - start)", SOFTMAX),
        Slip("what was shown a day later", "dm2 = df2*b3", ("wrong-variable",)),
        Slip(
            "before anything was seen",
            "dA = f1.T@dm2 + m2.T@dm3",
            ("wrong-variable", "missing-factor"),
        ),
    ),
    ("hidden_markov", "posteriors"): (
        Slip(
            "what is shown left out",
            "back1 = back2@A.T",
            ("missing-factor", "wrong-variable"),
        ),
        Slip("to for from", "moved = sum(pairs, axis=0)", ("wrong-axis",)),
        Slip("every state alike", "grad_E = (B - words)/len(k)", ("missing-factor",)),
        Slip("not transposed", "back2 = b3@A", ("transposed",)),
    ),
}
"""By kind and style."""
