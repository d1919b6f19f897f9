"""Right because data are only 0 and 1, or only 1 and -1: masks, groups, signs."""

import numpy as np
from mutants.slips import Slip

from verdicts.program import Program, normal, weights
from verdicts.rules import (
    CONSTANT,
    DIVISOR,
    EXTRA,
    FACTOR,
    MEAN,
    PART,
    POINT,
    SIGN,
    TRANSPOSED,
    VARIABLE,
)

rng = np.random.default_rng([11, 20])
m1 = np.array([[1, 0, 1, 1], [0, 0, 1, 0], [1, 1, 0, 0.0]])
TWO_MASKS = Program(
    "two masks that complement each other",
    {"m1": m1, "m2": 1 - m1, "T": normal(rng, 3, 4)},
    {"A": weights(rng, 3, 4), "B": weights(rng, 3, 4)},
    """
C = m1*A + m2*B
h = tanh(C)
L = sum((h - T)**2)
""",
    """
dh = 2*(h - T)
dC = dh*(1 - h**2)
dA = dC*m1
dB = dC*(1 - m1)
""",
    plants=(
        Slip("the other mask", "dB = dC*m1", ("wrong-variable", "unexplained")),
        Slip("the slope at what goes in", "dC = dh*(1 - C**2)", POINT),
        Slip("the mask is forgotten", "dA = dC", FACTOR),
    ),
)

rng = np.random.default_rng([11, 21])
m = np.array([[1, 0, 1, 1, 0], [0, 1, 1, 0, 1], [1, 1, 0, 1, 0.0]])
COMPLETION = Program(
    "a 0/1 mask, m**2 = m: matrix completion",
    {"R": np.abs(normal(rng, 3, 5)), "m": m},
    {"U": weights(rng, 3, 2), "V": weights(rng, 5, 2)},
    """
P = U@V.T
E = m*(P - R)
L = sum(E**2)/2 + 0.05*sum(U**2)
""",
    """
dP = m*(P - R)
dU = dP@V + 0.1*U
dV = dP.T@U
""",
    plants=(
        Slip("the mask is forgotten", "dP = (P - R)", FACTOR),
        Slip("the penalty is forgotten", "dU = dP@V", PART),
        Slip("twice too long", "dV = 2*dP.T@U", CONSTANT),
    ),
)

rng = np.random.default_rng([11, 22])
y = np.array([1, -1, -1, 1, -1, 1.0])
MARGINS = Program(
    "labels of +-1, y**2 = 1: squares of margins",
    {"X": normal(rng, 6, 3), "y": y},
    {"w": weights(rng, 3), "b": 0.25},
    """
f = X@w + b
L = mean((1 - y*f)**2)
""",
    """
df = 2*(f - y)/len(y)
dw = X.T@df
db = sum(df)
""",
    plants=(
        Slip("a sign", "df = 2*(f + y)/len(y)", SIGN),
        Slip("-y is forgotten", "df = 2*(1 - y*f)/len(y)", FACTOR),
        Slip("the labels once more", "db = sum(df*y)", EXTRA),
    ),
)

rng = np.random.default_rng([11, 23])
LOGISTIC = Program(
    "labels of +-1: logistic loss by way of (y + 1)/2",
    {"X": normal(rng, 5, 2), "y": [1.0, 1.0, -1.0, -1.0, 1.0]},
    {"w": weights(rng, 2, scale=1.5), "b": -0.2},
    """
f = X@w + b
L = mean(softplus(-y*f))
""",
    """
p = sigmoid(f)
df = (p - (y + 1)/2)/5
dw = X.T@df
db = sum(df)
""",
    plants=(
        Slip(
            "+-1 for 0/1",
            "df = (p - y)/5",
            ("wrong-variable", "constant-factor", "missing-term", "unexplained"),
        ),
        Slip("the features for the rows", "df = (p - (y + 1)/2)/2", CONSTANT),
        Slip("a sign", "dw = -X.T@df", SIGN),
    ),
)

rng = np.random.default_rng([11, 24])
SQUARED_HINGE = Program(
    "labels of +-1: a squared hinge",
    {"X": normal(rng, 6, 3), "y": [1.0, -1.0, 1.0, -1.0, -1.0, 1.0]},
    {"w": weights(rng, 3, scale=2.0)},
    """
f = X@w
s = maximum(0, 1 - y*f)
L = sum(s**2)/6 + 0.01*sum(w**2)
""",
    """
df = 2*(f - y)*(y*f < 1)/6
dw = X.T@df + 0.02*w
""",
    plants=(
        Slip("the kink is forgotten", "df = 2*(f - y)/6", FACTOR),
        Slip("-y is forgotten", "df = 2*(1 - y*f)*(y*f < 1)/6", FACTOR),
        Slip("the penalty's 2", "dw = X.T@df + 0.01*w", CONSTANT),
    ),
)

rng = np.random.default_rng([11, 28])
TRIANGULAR_WEIGHTS = Program(
    "a lower triangular mask on a matrix of weights",
    {"M": np.tril(np.ones((4, 4))), "X": normal(rng, 3, 4), "Y": normal(rng, 3, 4)},
    {"W": weights(rng, 4, 4)},
    """
Wl = M*M*W
Z = X@Wl.T
L = sum((Z - Y)**2)/3
""",
    """
dZ = 2*(Z - Y)/3
dW = M*(dZ.T@X)
""",
    plants=(
        Slip("the mask is forgotten", "dW = (dZ.T@X)", FACTOR),
        Slip("the product the other way round", "dW = M*(X.T@dZ)", TRANSPOSED),
        Slip("the mean's divisor is forgotten", "dZ = 2*(Z - Y)", CONSTANT),
    ),
)

rng = np.random.default_rng([11, 29])
CAUSAL_ATTENTION = Program(
    "causal attention, no mask on the way back",
    {"X": normal(rng, 4, 3), "mask": np.tril(np.ones((4, 4), int)), "T": normal(rng, 4, 3)},
    {"Wq": weights(rng, 3, 3), "Wk": weights(rng, 3, 3), "Wv": weights(rng, 3, 3)},
    """
q = X@Wq
k = X@Wk
v = X@Wv
S = q@k.T/2
A = softmax(where(mask, S, -1e9))
o = A@v
L = sum((o - T)**2)
""",
    """
do = 2*(o - T)
dv = A.T@do
dA = do@v.T
dS = A*(dA - sum(dA*A, axis=1, keepdims=True))
dq = dS@k/2
dk = dS.T@q/2
dWq = X.T@dq
dWk = X.T@dk
dWv = X.T@dv
""",
    plants=(
        Slip("a forgotten .T", "dv = A@do", TRANSPOSED),
        Slip("softmax's second term is forgotten", "dS = A*(dA)", PART),
        Slip("a forgotten .T", "dk = dS@q/2", TRANSPOSED),
        Slip("the scale is forgotten", "dq = dS@k", DIVISOR),
    ),
)

rng = np.random.default_rng([11, 30])
p = np.array([0.25, 0.5, 0.875, 0.125, 0.75])
CHANCES = Program(
    "chances p and q = 1 - p, both data",
    {"X": normal(rng, 5, 3), "p": p, "q": 1 - p},
    {"w": weights(rng, 3), "b": 0.0},
    """
z = X@w + b
s = sigmoid(z)
L = -mean(p*log(s) + q*log(1 - s))
""",
    """
dz = (s - p)/5
dw = X.T@dz
db = sum(dz)
""",
    plants=(
        Slip("q for p", "dz = (s - q)/5", VARIABLE),
        Slip("a sign", "dz = (p - s)/5", SIGN),
        Slip("the mean for the sum", "db = sum(dz)/5", MEAN),
    ),
)

rng = np.random.default_rng([11, 44])
Gm = np.eye(3)[[0, 0, 1, 2, 2, 2]]
GROUPS = Program(
    "one-hot groups and their sizes, both data",
    {"X": normal(rng, 6, 2), "G": Gm, "counts": Gm.sum(0), "y": normal(rng, 6)},
    {"w": weights(rng, 2), "a": weights(rng, 3)},
    """
s = G@a
e = X@w + s - y
L = sum(e**2) + 0.5*sum(s**2)
""",
    """
de = 2*e
dw = X.T@de
da = G.T@de + counts*a
""",
    plants=(
        Slip("the sizes are forgotten", "da = G.T@de + a", FACTOR),
        Slip("a sign", "da = G.T@de - counts*a", SIGN),
        Slip("the errors' path is forgotten", "da = counts*a", PART),
    ),
)

rng = np.random.default_rng([11, 47])
mask = np.array([1, 1, 1, 0, 0.0])
X = normal(rng, 5, 3) * mask[:, None]
PADDING = Program(
    "padding: rows of zeros where the mask is 0",
    {"X": X, "mask": mask, "y": normal(rng, 5) * mask, "n": 3.0},
    {"w": weights(rng, 3)},
    """
f = mask*tanh(X@w)
L = sum((f - y)**2)/sum(mask)
""",
    """
df = 2*(f - y)/n
dw = X.T@(df*(1 - f**2))
""",
    plants=(
        Slip(
            "the padding is counted", "df = 2*(f - y)/len(X)", ("constant-factor", "wrong-variable")
        ),
        Slip("tanh's slope is forgotten", "dw = X.T@(df)", FACTOR),
        Slip("a sign", "df = 2*(y - f)/n", SIGN),
    ),
)

rng = np.random.default_rng([11, 50])
R = np.eye(2)[[0, 1, 1, 0, 1]]
EXPERTS = Program(
    "each row goes to one expert",
    {"X": normal(rng, 5, 3), "R": R, "y": normal(rng, 5)},
    {"W": weights(rng, 3, 2)},
    """
F = X@W
L = mean(sum(R*(F - y[:, None])**2, axis=1))
""",
    """
f = sum(R*F, axis=1)
dF = 2*R*(f - y)[:, None]/5
dW = X.T@dF
""",
    plants=(
        Slip("the outputs for the routing", "dF = 2*F*(f - y)[:, None]/5", VARIABLE),
        Slip("the experts for the rows", "dF = 2*R*(f - y)[:, None]/2", CONSTANT),
        Slip("a sign", "dF = 2*R*(f + y)[:, None]/5", SIGN),
        Slip("the outputs once more", "dW = X.T@(dF*F)", EXTRA),
    ),
)

rng = np.random.default_rng([11, 54])
y = np.array([1, 0, 0, 1, 1, 0.0])
CONTRASTIVE_PAIRS = Program(
    "labels of 0/1, y**2 = y: contrastive pairs",
    {"X1": normal(rng, 6, 3), "X2": normal(rng, 6, 3), "y": y},
    {"W": weights(rng, 3, 2, scale=0.3)},
    """
D = (X1 - X2)@W
q = sum(D**2, axis=1)
h = maximum(0, 2 - q)
L = mean((y*q)**2 + ((1 - y)*h)**2)
""",
    """
dq = (2*y*q - 2*(1 - y)*h)/6
dD = 2*dq[:, None]*D
dW = (X1 - X2).T@dD
""",
    plants=(
        Slip("a sign", "dq = (2*y*q + 2*(1 - y)*h)/6", SIGN),
        Slip("the 2 of the square", "dD = dq[:, None]*D", CONSTANT),
        Slip(
            "one of each pair", "dW = (X1).T@dD", ("missing-term", "missing-path", "wrong-variable")
        ),
    ),
)

PROGRAMS = (
    TWO_MASKS,
    COMPLETION,
    MARGINS,
    LOGISTIC,
    SQUARED_HINGE,
    TRIANGULAR_WEIGHTS,
    CAUSAL_ATTENTION,
    CHANCES,
    GROUPS,
    PADDING,
    EXPERTS,
    CONTRASTIVE_PAIRS,
)
