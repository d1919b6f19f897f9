"""Right because a matrix is the identity, orthogonal, stochastic, or made of another."""

import numpy as np
from mutants.slips import Slip

from verdicts.program import ROUNDED, Program, normal, weights
from verdicts.rules import (
    CONSTANT,
    DIVISOR,
    EXTRA,
    FACTOR,
    HALF,
    MEAN,
    PART,
    POINT,
    SIGN,
    SLOPE,
    TRANSPOSED,
    VARIABLE,
)

rng = np.random.default_rng([11, 12])
ORTHOGONALITY = Program(
    "the identity as data: W'W = I wished for",
    {"I": np.eye(3)},
    {"W": weights(rng, 4, 3)},
    """
G = W.T@W
R = G - I
L = sum(R**2)
""",
    """
dR = 2*R
dW = 2*W@dR
""",
    plants=(
        Slip("one of the two uses of W", "dW = W@dR", HALF),
        Slip("a sign", "dR = -2*R", SIGN),
        Slip("G for G - I", "dR = 2*G", ("wrong-variable", "wrong-point", "missing-term")),
    ),
)

rng = np.random.default_rng([11, 13])
RESIDUAL = Program(
    "a residual layer written as W + I",
    {"X": normal(rng, 5, 4), "Y": normal(rng, 5, 4), "I": np.eye(4)},
    {"W1": weights(rng, 4, 4, scale=0.4), "W2": weights(rng, 4, 4, scale=0.4)},
    """
h = X@(W1 + I)
a = tanh(h)
o = a@(W2 + I)
L = sum((o - Y)**2)
""",
    """
do = 2*(o - Y)
dW2 = a.T@do
da = do + do@W2.T
dh = da*(1 - a**2)
dW1 = X.T@dh
""",
    plants=(
        Slip("the residual path is forgotten", "da = do@W2.T", PART),
        Slip("a forgotten .T", "da = do + do@W2", TRANSPOSED),
        Slip("the slope at what goes in", "dh = da*(1 - h**2)", POINT),
    ),
)

rng = np.random.default_rng([11, 14])
X = normal(rng, 5, 3)
TRANSPOSE = Program(
    "a matrix and its transpose, both data",
    {"X": X, "XT": X.T, "y": normal(rng, 5)},
    {"w": weights(rng, 3), "b": 0.1},
    """
u = X@w + b
p = sigmoid(u)
e = p - y
L = sum(e**2)/5
""",
    """
de = 2*e/5
du = de*p*(1 - p)
dw = XT@du
db = sum(du)
""",
    plants=(
        Slip("half of the sigmoid's slope", "du = de*p", FACTOR),
        Slip("the features for the rows", "de = 2*e/3", CONSTANT),
        Slip("u for p", "du = de*p*(1 - u)", POINT),
    ),
)

rng = np.random.default_rng([11, 15])
X = normal(rng, 4, 6, digits=1)
GRAM_MATRIX = Program(
    "a Gram matrix beside its factor",
    {
        "X": X,
        "K": np.array([[float(f"{v:.4f}") for v in row] for row in X @ X.T]),
        "y": normal(rng, 4),
    },
    {"a": weights(rng, 4)},
    """
w = X.T@a
f = K@a
L = mean((f - y)**2) + 0.5*sum(w**2)
""",
    """
df = 2*(f - y)/4
da = K@df + K@a
""",
    plants=(
        Slip("the penalty's path is forgotten", "da = K@df", PART),
        Slip("K is forgotten", "da = df + K@a", FACTOR),
        Slip("a sign", "df = 2*(f + y)/4", SIGN),
    ),
    tolerance=ROUNDED,
)

rng = np.random.default_rng([11, 18])
Q = np.linalg.qr(rng.standard_normal((4, 4)))[0]
ORTHOGONAL = Program(
    "an orthogonal matrix keeps lengths",
    {"Q": Q, "t": normal(rng, 4)},
    {"w": weights(rng, 4), "v": weights(rng, 4)},
    """
z = Q@w
L = sum(z**2) + sum((w*v - t)**2)
""",
    """
du = 2*(w*v - t)
dw = 2*w + du*v
dv = du*w
""",
    plants=(
        Slip("the 2 of the square", "dw = w + du*v", CONSTANT),
        Slip("the length's path is forgotten", "dw = du*v", PART),
        Slip("v for w", "dv = du*v", VARIABLE),
    ),
    tolerance=ROUNDED,
)

rng = np.random.default_rng([11, 19])
Hd = np.array([[1, 1, 1, 1], [1, -1, 1, -1], [1, 1, -1, -1], [1, -1, -1, 1.0]])
ORTHOGONAL_DESIGN = Program(
    "an orthogonal design: X'X = 4 I",
    {"X": Hd, "y": normal(rng, 4)},
    {"w": weights(rng, 4)},
    """
yhat = X@w
L = mean((yhat - y)**2)
""",
    """
c = X.T@y
dw = 2*(w - c/4)
""",
    plants=(
        Slip("the 4 is forgotten", "dw = 2*(w - c)", DIVISOR),
        Slip("w besides", "dw = 2*w*(w - c/4)", EXTRA),
        Slip("a sign", "dw = 2*(c/4 - w)", SIGN),
    ),
)

rng = np.random.default_rng([11, 27])
Pm = np.eye(5)[[2, 0, 4, 1, 3]]
PERMUTATION = Program(
    "a permutation keeps the length",
    {"P": Pm, "c": normal(rng, 5)},
    {"u": weights(rng, 5), "k": 1.5},
    """
v = P@u
q = sum(v**2)
L = k*q + sum(c*v)
""",
    """
du = 2*k*u + P.T@c
dk = sum(u**2)
""",
    plants=(
        Slip("a forgotten .T", "du = 2*k*u + P@c", TRANSPOSED),
        Slip("k is forgotten", "du = 2*u + P.T@c", FACTOR),
        Slip("the square is forgotten", "dk = sum(u)", ("missing-factor", "wrong-variable")),
    ),
)

rng = np.random.default_rng([11, 41])
T = np.array([[0.5, 0.25, 0.25], [0.125, 0.75, 0.125], [0.0, 0.5, 0.5]])
STOCHASTIC = Program(
    "rows of a stochastic matrix sum to 1",
    {"T": T, "y": normal(rng, 3)},
    {"u": weights(rng, 3), "b": 0.4},
    """
v = T@(u + b)
e = v - y
L = sum(e**2)
""",
    """
dv = 2*e
du = T.T@dv
db = sum(dv)
""",
    plants=(
        Slip("a forgotten .T", "du = T@dv", TRANSPOSED),
        Slip("the mean for the sum", "db = mean(dv)", MEAN),
        Slip("the 2 of the square", "dv = e", CONSTANT),
    ),
)

rng = np.random.default_rng([11, 42])
T = np.array([[0.5, 0.25, 0.25], [0.25, 0.5, 0.25], [0.25, 0.25, 0.5]])
DOUBLY_STOCHASTIC = Program(
    "a doubly stochastic matrix keeps the mean",
    {"T": T, "c": 1.5, "one": np.ones(3)},
    {"u": weights(rng, 3), "k": 0.7},
    """
v = T@u
m = mean(v)
L = (k*m - c)**2
""",
    """
e = k*mean(u) - c
dm = 2*e*k
du = dm*one/3
dk = 2*e*m
""",
    plants=(
        Slip("the mean's divisor is forgotten", "du = dm*one", DIVISOR),
        Slip("k is forgotten", "dm = 2*e", FACTOR),
        Slip("k for m", "dk = 2*e*k", VARIABLE),
    ),
)

rng = np.random.default_rng([11, 43])
Hm = np.kron(np.eye(2), np.ones((2, 2))) / 2
PROJECTION = Program(
    "a projection: H'H = H",
    {"H": Hm, "y": Hm @ np.array([0.5, 1.5, -1.0, 2.0])},
    {"w": weights(rng, 4)},
    """
f = H@w
L = sum((f - y)**2)
""",
    """
dw = 2*(H@w - y)
""",
    plants=(
        Slip("the projection is forgotten", "dw = 2*(w - y)", SLOPE),
        Slip("the 2 on one term only", "dw = 2*(H@w) - y", DIVISOR),
        Slip("a sign", "dw = 2*(H@w + y)", SIGN),
    ),
)

rng = np.random.default_rng([11, 46])
d = np.array([2.0, 0.5, 1.5])
DIAGONAL = Program(
    "a diagonal matrix and its diagonal, both data",
    {"Dm": np.diag(d), "d": d, "t": normal(rng, 3)},
    {"w": weights(rng, 3)},
    """
z = tanh(Dm@w)
L = sum((z - t)**2)
""",
    """
c = 2*(z - t)*(1 - z**2)
dw = d*c
""",
    plants=(
        Slip("the scale is forgotten", "dw = c", FACTOR),
        Slip(
            "divided for multiplied",
            "dw = c/d",
            ("wrong-variable", "unexplained", "extra-factor", "missing-factor", "constant-factor"),
        ),
        Slip("1 - z for 1 - z**2", "c = 2*(z - t)*(1 - z)", SLOPE),
    ),
)

PROGRAMS = (
    ORTHOGONALITY,
    RESIDUAL,
    TRANSPOSE,
    GRAM_MATRIX,
    ORTHOGONAL,
    ORTHOGONAL_DESIGN,
    PERMUTATION,
    STOCHASTIC,
    DOUBLY_STOCHASTIC,
    PROJECTION,
    DIAGONAL,
)
