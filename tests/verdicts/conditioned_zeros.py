"""Right with gradients that are zero but for rounding."""

import numpy as np
from mutants.slips import Slip

from verdicts.program import Program, normal
from verdicts.rules import AXIS, CONSTANT, EXTRA, FACTOR, PART, VARIABLE

rng = np.random.default_rng([23, 32])
KEY_BIAS = Program(
    "attention with a bias on the keys: its gradient is zero",
    {"X": normal(rng, 4, 3), "T": normal(rng, 4, 3)},
    {
        "Wq": normal(rng, 3, 3),
        "Wk": normal(rng, 3, 3),
        "bk": normal(rng, 3),
        "bq": normal(rng, 3),
        "Wv": normal(rng, 3, 3),
    },
    """
q = X@Wq + bq
k = X@Wk + bk
v = X@Wv
S = q@k.T/sqrt(3)
A = softmax(S)
o = A@v
L = mean((o - T)**2)
""",
    """
do = 2*(o - T)/12
dv = A.T@do
dA = do@v.T
dS = A*(dA - sum(A*dA, axis=1, keepdims=True))
dq = dS@k/sqrt(3)
dk = dS.T@q/sqrt(3)
dWq = X.T@dq
dbq = sum(dq, axis=0)
dWk = X.T@dk
dbk = sum(dk, axis=0)
dWv = X.T@dv
""",
    plants=(
        Slip("the queries' for the keys'", "dbk = sum(dq, axis=0)", VARIABLE),
        Slip("softmax's second term is forgotten", "dS = A*(dA)", PART),
    ),
)

rng = np.random.default_rng([23, 33])
BATCH_NORM = Program(
    "a bias before batch norm: its gradient is zero",
    {"X": normal(rng, 6, 3), "Y": normal(rng, 6, 4)},
    {
        "W": normal(rng, 3, 4),
        "b": normal(rng, 4) * 10,
        "ga": [1.0, 0.9, 1.2, 1.1],
        "be": [0.0, 0.1, -0.1, 0.2],
    },
    """
z = X@W + b
mu = mean(z, axis=0)
s = sqrt(var(z, axis=0) + 1e-5)
n = (z - mu)/s
o = ga*n + be
L = mean((o - Y)**2)
""",
    """
do = 2*(o - Y)/24
dga = sum(do*n, axis=0)
dbe = sum(do, axis=0)
dn = do*ga
dz = (dn - mean(dn, axis=0) - n*mean(dn*n, axis=0))/s
dW = X.T@dz
db = sum(dz, axis=0)
""",
    plants=(
        Slip("the mean's term is forgotten", "dz = (dn - n*mean(dn*n, axis=0))/s", PART),
        Slip("the mean over everything", "dz = (dn - mean(dn, axis=0) - n*mean(dn*n))/s", AXIS),
    ),
)

rng = np.random.default_rng([23, 34])
ALL_LOGITS = Program(
    "one number added to all logits: its gradient is zero",
    {"X": normal(rng, 5, 3), "y": [0, 2, 1, 1, 0]},
    {"W": normal(rng, 3, 3), "c": 7.0},
    """
z = X@W + c
L = cross_entropy(z, y)
""",
    """
dz = (softmax(z) - one_hot(y, 3))/5
dW = X.T@dz
dc = sum(dz)
""",
    plants=(
        Slip("the logits besides", "dc = sum(dz*z)", EXTRA),
        Slip("times the rows", "dW = X.T@dz*5", CONSTANT),
    ),
)

rng = np.random.default_rng([23, 35])
LAYER_NORM = Program(
    "layer norm: the same number added to a row",
    {"X": normal(rng, 3, 4), "T": normal(rng, 3, 4)},
    {"W": normal(rng, 4, 4), "c": 100.0},
    """
z = X@W + c
n = layer_norm(z)
L = sum(n*T)
""",
    """
s = sqrt(var(z, axis=1, keepdims=True) + 1e-5)
dn = T
dz = (dn - mean(dn, axis=1, keepdims=True) - n*mean(dn*n, axis=1, keepdims=True))/s
dW = X.T@dz
dc = sum(dz)
""",
    plants=(
        Slip(
            "the mean's term is forgotten",
            "dz = (dn - n*mean(dn*n, axis=1, keepdims=True))/s",
            PART,
        ),
        Slip(
            "1/s is forgotten",
            "dz = (dn - mean(dn, axis=1, keepdims=True) - n*mean(dn*n, axis=1, keepdims=True))",
            FACTOR,
        ),
    ),
)

PROGRAMS = (
    KEY_BIAS,
    BATCH_NORM,
    ALL_LOGITS,
    LAYER_NORM,
)
