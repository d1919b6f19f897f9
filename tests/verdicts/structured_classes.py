"""Right because labels are classes: one-hot, chances that sum to 1, whole numbers."""

import numpy as np
from mutants.slips import Slip

from verdicts.program import Program, normal, weights
from verdicts.rules import (
    AXIS,
    CONSTANT,
    DIVISOR,
    EXTRA,
    FACTOR,
    MEAN,
    PART,
    PATH,
    POINT,
    SIGN,
    SLOPE,
    TRANSPOSED,
    VARIABLE,
)


def eighths(rng, rows, classes):
    """Return rows of eighths that sum to 1 exactly."""
    first = np.array([2] + [0] * (classes - 1))
    return (
        np.array([rng.multinomial(6, np.ones(classes) / classes) + first for _ in range(rows)]) / 8
    )


rng = np.random.default_rng([11, 1])
y = np.array([0, 2, 1, 1, 0, 2])
ONE_HOT_ROWS = Program(
    "one-hot labels in rows",
    {"X": normal(rng, 6, 4), "Y": np.eye(3)[y]},
    {"W": weights(rng, 4, 3), "b": weights(rng, 3)},
    """
Z = X@W + b
P = softmax(Z)
L = -sum(Y*log(P))/len(X)
""",
    """
dZ = (P - Y)/len(X)
dW = X.T@dZ
db = sum(dZ, axis=0)
""",
    plants=(
        Slip("labels minus chances", "dZ = (Y - P)/len(X)", SIGN),
        Slip("the mean's divisor is forgotten", "dZ = (P - Y)", DIVISOR),
        Slip("p besides: the slope is in it already", "dZ = P*(P - Y)/len(X)", EXTRA),
    ),
)

rng = np.random.default_rng([11, 2])
ONE_HOT_COLUMNS = Program(
    "one-hot labels in columns, classes first",
    {"X": normal(rng, 3, 5), "Y": np.eye(4)[:, [0, 3, 1, 2, 3]]},
    {"W": weights(rng, 4, 3), "b": weights(rng, 4)},
    """
m = X.shape[1]
Z = W@X + b[:, None]
E = exp(Z)
A = E/sum(E, axis=0)
L = -sum(Y*log(A))/m
""",
    """
dZ = (A - Y)/m
dW = dZ@X.T
db = sum(dZ, axis=1)
""",
    plants=(
        Slip(
            "divided by the features",
            "dZ = (A - Y)/X.shape[0]",
            ("constant-factor", "wrong-variable"),
        ),
        Slip("the mean for the sum", "db = sum(dZ, axis=1)/X.shape[1]", MEAN),
        Slip("a sign of the labels", "dZ = (A + Y)/m", SIGN),
    ),
)

rng = np.random.default_rng([11, 3])
ONE_HOT_VECTOR = Program(
    "one example, its label a one-hot vector",
    {"x": normal(rng, 5), "y": [0.0, 1.0, 0.0, 0.0]},
    {
        "W1": weights(rng, 6, 5),
        "b1": weights(rng, 6),
        "W2": weights(rng, 4, 6),
        "b2": weights(rng, 4),
    },
    """
h = tanh(W1@x + b1)
z = W2@h + b2
p = softmax(z)
L = -sum(y*log(p))
""",
    """
dz = p - y
dW2 = outer(dz, h)
db2 = dz
dh = W2.T@dz
da = dh*(1 - h**2)
dW1 = outer(da, x)
db1 = da
""",
    plants=(
        Slip("tanh's slope is forgotten", "da = dh", FACTOR),
        Slip("1 - h for 1 - h**2", "da = dh*(1 - h)", SLOPE),
        Slip("labels minus chances", "dz = y - p", SIGN),
    ),
)

rng = np.random.default_rng([11, 4])
y3 = rng.integers(0, 4, (2, 3))
ONE_HOT_SEQUENCES = Program(
    "one-hot labels of sequences, 3-D",
    {"X": normal(rng, 2, 3, 3), "Y": np.eye(4)[y3]},
    {"W": weights(rng, 3, 4), "b": weights(rng, 4)},
    """
n = X.shape[0]*X.shape[1]
Z = X@W + b
L = -sum(Y*log_softmax(Z))/n
""",
    """
dZ = (softmax(Z) - Y)/n
dW = reshape(X, (6, 3)).T@reshape(dZ, (6, 4))
db = sum(dZ, axis=(0, 1))
""",
    plants=(
        Slip("the mean over the batch, not the times", "dZ = (softmax(Z) - Y)/X.shape[0]", DIVISOR),
        Slip("a sign", "dW = -reshape(X, (6, 3)).T@reshape(dZ, (6, 4))", SIGN),
        Slip("the mean for the sum", "db = mean(dZ, axis=(0, 1))", MEAN),
    ),
)

rng = np.random.default_rng([11, 5])
SOFT_ROWS = Program(
    "soft labels in rows that sum to 1",
    {"X": normal(rng, 5, 3), "T": eighths(rng, 5, 4)},
    {"W1": weights(rng, 3, 6), "W2": weights(rng, 6, 4)},
    """
h = tanh(X@W1)
z = h@W2
L = mean(logsumexp(z) - sum(T*z, axis=1))
""",
    """
dz = (softmax(z) - T)/len(T)
dW2 = h.T@dz
dh = dz@W2.T
da = dh*(1 - h**2)
dW1 = X.T@da
""",
    plants=(
        Slip("half of the labels", "dz = (softmax(z) - T/2)/len(T)", CONSTANT),
        Slip("tanh's slope is forgotten", "da = dh", FACTOR),
        Slip("the chances squared", "dz = (softmax(z)**2 - T)/len(T)", EXTRA),
    ),
)

rng = np.random.default_rng([11, 6])
SOFT_COLUMNS = Program(
    "soft labels in columns, classes first",
    {"X": normal(rng, 4, 6), "T": eighths(rng, 6, 3).T},
    {"W": weights(rng, 3, 4), "b": weights(rng, 3, 1)},
    """
Z = W@X + b
logp = log_softmax(Z, axis=0)
L = -sum(T*logp)/X.shape[1]
""",
    """
dZ = (exp(logp) - T)/X.shape[1]
dW = dZ@X.T
db = sum(dZ, axis=1, keepdims=True)
""",
    plants=(
        Slip("the log of the chances for the chances", "dZ = (logp - T)/X.shape[1]", SLOPE),
        Slip("the labels are forgotten", "dZ = (exp(logp))/X.shape[1]", PART),
        Slip("a sign", "db = -sum(dZ, axis=1, keepdims=True)", SIGN),
    ),
)

rng = np.random.default_rng([11, 7])
DISTILLATION = Program(
    "distillation: a teacher's chances as a vector",
    {"x": normal(rng, 4), "q": [0.5, 0.25, 0.125, 0.125], "tau": 2.0},
    {"W": weights(rng, 4, 4, scale=1.0), "b": weights(rng, 4)},
    """
z = x@W + b
s = z/tau
L = tau**2*(logsumexp(s) - dot(q, s))
""",
    """
ds = tau**2*(softmax(s) - q)
dz = ds/tau
dW = outer(x, dz)
db = dz
""",
    plants=(
        Slip("the temperature is forgotten", "dz = ds", DIVISOR),
        Slip("tau for its square", "ds = tau*(softmax(s) - q)", DIVISOR),
        Slip("outer the other way round", "dW = outer(dz, x)", TRANSPOSED),
    ),
)

rng = np.random.default_rng([11, 35])
seq = [0, 2, 1, 3, 2]
eye = np.eye(4)
CHARACTERS = Program(
    "a character RNN, inputs and targets one-hot",
    {
        **{f"x{t}": eye[seq[t]] for t in range(4)},
        **{f"y{t}": eye[seq[t + 1]] for t in range(4)},
        "h0": np.zeros(5),
    },
    {
        "Wx": weights(rng, 5, 4),
        "Wh": weights(rng, 5, 5, scale=0.5),
        "bh": weights(rng, 5),
        "Wy": weights(rng, 4, 5),
        "by": weights(rng, 4),
    },
    """
h1 = tanh(Wx@x0 + Wh@h0 + bh)
h2 = tanh(Wx@x1 + Wh@h1 + bh)
h3 = tanh(Wx@x2 + Wh@h2 + bh)
h4 = tanh(Wx@x3 + Wh@h3 + bh)
o1 = Wy@h1 + by
o2 = Wy@h2 + by
o3 = Wy@h3 + by
o4 = Wy@h4 + by
early = -sum(y0*log_softmax(o1)) - sum(y1*log_softmax(o2))
L = early - sum(y2*log_softmax(o3)) - sum(y3*log_softmax(o4))
""",
    """
do1 = softmax(o1) - y0
do2 = softmax(o2) - y1
do3 = softmax(o3) - y2
do4 = softmax(o4) - y3
dWy = outer(do1, h1) + outer(do2, h2) + outer(do3, h3) + outer(do4, h4)
dby = do1 + do2 + do3 + do4
dh4 = Wy.T@do4
r4 = dh4*(1 - h4**2)
dh3 = Wy.T@do3 + Wh.T@r4
r3 = dh3*(1 - h3**2)
dh2 = Wy.T@do2 + Wh.T@r3
r2 = dh2*(1 - h2**2)
dh1 = Wy.T@do1 + Wh.T@r2
r1 = dh1*(1 - h1**2)
dWx = outer(r1, x0) + outer(r2, x1) + outer(r3, x2) + outer(r4, x3)
dWh = outer(r2, h1) + outer(r3, h2) + outer(r4, h3)
dbh = r1 + r2 + r3 + r4
""",
    plants=(
        Slip("the later times are forgotten", "dh2 = Wy.T@do2", PATH),
        Slip("a forgotten .T", "dh3 = Wy.T@do3 + Wh@r4", TRANSPOSED),
        Slip("the last time is forgotten", "dWh = outer(r2, h1) + outer(r3, h2)", PART),
        Slip(
            "the next time's input",
            "dWx = outer(r1, x0) + outer(r2, x2) + outer(r3, x2) + outer(r4, x3)",
            VARIABLE,
        ),
    ),
)

rng = np.random.default_rng([11, 38])
TOKENS = Program(
    "whole-number tokens: an embedding",
    {"tokens": [2, 0, 2, 4, 1], "y": [0, 1, 1, 2, 0]},
    {"E": weights(rng, 5, 3), "W": weights(rng, 3, 3)},
    """
x = take(E, tokens)
z = x@W
L = cross_entropy(z, y)
""",
    """
dz = (softmax(z) - one_hot(y, 3))/5
dW = x.T@dz
dx = dz@W.T
dE = one_hot(tokens, 5).T@dx
""",
    plants=(
        Slip("a forgotten .T", "dx = dz@W", TRANSPOSED),
        Slip(
            "the labels divided twice",
            "dz = (softmax(z) - one_hot(y, 3)/5)/5",
            ("constant-factor", "extra-factor"),
        ),
        Slip("divided by the rows once more", "dE = one_hot(tokens, 5).T@dx/5", CONSTANT),
    ),
)

rng = np.random.default_rng([11, 39])
perm = np.array([3, 0, 2, 1])
TOKENS_ONCE_EACH = Program(
    "tokens that occur once each, and the inverse permutation",
    {"tokens": perm, "back": np.argsort(perm), "T": normal(rng, 4, 2)},
    {"E": weights(rng, 4, 2)},
    """
x = take(E, tokens)
h = tanh(x)
L = sum((h - T)**2)
""",
    """
dh = 2*(h - T)
dx = dh*(1 - h**2)
dE = take(dx, back)
""",
    plants=(
        Slip(
            "the permutation for its inverse",
            "dE = take(dx, tokens)",
            ("wrong-variable", "transposed"),
        ),
        Slip("the slope at what goes in", "dx = dh*(1 - x**2)", POINT),
        Slip("a sign", "dh = -2*(h - T)", SIGN),
    ),
)

rng = np.random.default_rng([11, 40])
y = np.array([1, 0, 2, 1])
TWO_FORMS_OF_LABELS = Program(
    "labels as numbers and as one-hot rows",
    {"X": normal(rng, 4, 3), "y": y, "Y": np.eye(3)[y]},
    {"W": weights(rng, 3, 3), "b": weights(rng, 3)},
    """
z = relu(X)@W + b
L = cross_entropy(z, y)
""",
    """
p = softmax(z)
dz = (p - Y)/len(y)
dW = relu(X).T@dz
db = sum(dz, axis=0)
""",
    plants=(
        Slip("what goes into relu, for what comes out", "dW = X.T@dz", SLOPE),
        Slip("summed over the classes", "db = sum(dz, axis=1)", AXIS),
        Slip("a sign", "dz = (p + Y)/len(y)", SIGN),
    ),
)

PROGRAMS = (
    ONE_HOT_ROWS,
    ONE_HOT_COLUMNS,
    ONE_HOT_VECTOR,
    ONE_HOT_SEQUENCES,
    SOFT_ROWS,
    SOFT_COLUMNS,
    DISTILLATION,
    CHARACTERS,
    TOKENS,
    TOKENS_ONCE_EACH,
    TWO_FORMS_OF_LABELS,
)
