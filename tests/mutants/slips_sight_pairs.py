"""Two mistakes in one program of the sight set, on lines of which neither cures the other."""

from mutants.slips import Slip

LEFT_OUT = ("missing-path", "missing-term")
CONSTANT = ("constant-factor", "missing-factor")
OTHER_SIDE = ("wrong-variable", "wrong-point", "sign", "missing-term", "unexplained")

PAIRS = {
    ("damped_wave", "statements"): (
        Slip("growing for fading", "dk = sum(dD*D*t)", ("sign",)),
        Slip("the time left out", "dw = sum(du)", ("missing-factor",)),
    ),
    ("growth", "statements"): (
        Slip("only the later error", "dn2 = dn3*(1 + r*(1 - 2*n2/K))", LEFT_OUT),
        Slip("the exponential's slope left out", "dk = dK", ("missing-factor",)),
    ),
    ("moving_average", "forward_mode"): (
        Slip("two steps back", "c3 = -1 - g*c1", ("wrong-variable",)),
        Slip("one step late", "f2 = -y2 - g*f1", ("wrong-variable",)),
    ),
    ("item_response", "statements"): (
        Slip("persons for items", "da = sum(dZ, axis=0)", ("missing-factor",)),
        Slip("a minus forgotten", "db = sum(dD, axis=0)", ("sign",)),
    ),
    ("gamma_deviance", "statements"): (
        Slip("one power of the mean", "dmu = -dratio*y/mu", ("missing-factor",)),
        Slip("the penalty forgotten", "dw = X.T@deta", LEFT_OUT),
    ),
    ("student_t", "statements"): (
        Slip("a minus forgotten", "db = sum(de)", ("sign",)),
        Slip("the direct term forgotten", "ds = 2*dv*v", LEFT_OUT),
    ),
    ("zero_inflated", "statements"): (
        Slip("counts of every row", "deta = dmu*mu + dll*k", ("missing-factor", "wrong-variable")),
        Slip("half of sigmoid's slope", "a = dp*(1 - p)", ("missing-factor",)),
    ),
    ("multi_task", "statements"): (
        Slip("the exponent's sign", "ds1 = 0.5 + exp(-s1)*fit/2", ("sign",)),
        Slip("only one task for the trunk", "dH = outer(dyhat, u)", LEFT_OUT),
    ),
    ("cosine_head", "statements"): (
        Slip("the length taken as fixed", "dF = dU/nf", LEFT_OUT),
        Slip("the scale's slope left out", "dk = dscale", ("missing-factor",)),
    ),
    ("copy_gate", "statements"): (
        Slip("the copied words left out", "dg = sum(dP*Pv, axis=1)", LEFT_OUT),
        Slip("the other side of the gate", "dPc = g[:, None]*dP", OTHER_SIDE),
    ),
    ("dropout", "statements"): (
        Slip("divided twice", "db2 = sum(ds)/n", ("constant-factor", "extra-factor")),
        Slip("the dropped units learn", "dA = dH/keep", ("missing-factor",)),
    ),
    ("cross_layers", "statements"): (
        Slip("the input of the first layer", "dw2 = X.T@ds2", ("wrong-variable",)),
        Slip("what is carried left out", "dX1 = outer(ds2, w2)", LEFT_OUT),
    ),
    ("causal_attention", "statements"): (
        Slip("queries for keys", "dK = dS@Q/sqrt(2.0)", ("transposed",)),
        Slip("a minus forgotten", "da = sum(dS*G)", ("sign",)),
    ),
    ("leaky_rnn", "statements"): (
        Slip("only one use", "dU = h2.T@p3", LEFT_OUT),
        Slip("half of sigmoid's slope", "da = dalpha*alpha", ("missing-factor", "missing-term")),
    ),
    ("leaky_rnn", "at_the_weights"): (
        Slip("only one of three divided", "dv = dyhat@h3", CONSTANT),
        Slip("what is held forgotten", "dh2 = p3@U.T", LEFT_OUT),
    ),
}
"""By kind and style."""
