"""Right in single precision."""

import numpy as np
from mutants.slips import Slip

from verdicts.program import Program, dyadic
from verdicts.rules import CONSTANT, FACTOR, MEAN, PART, SLOPE, TRANSPOSED, VARIABLE

rng = np.random.default_rng([23, 47])
TANH_NETWORK = Program(
    "float32: a tanh network",
    {"X": dyadic(rng.standard_normal((6, 3))), "Y": dyadic(rng.standard_normal((6, 2)))},
    {
        "W1": dyadic(rng.standard_normal((3, 8)) * 0.6),
        "b1": dyadic(rng.standard_normal(8) * 0.1),
        "W2": dyadic(rng.standard_normal((8, 8)) * 0.4),
        "W3": dyadic(rng.standard_normal((8, 2)) * 0.4),
    },
    """
z1 = X@W1 + b1
h1 = tanh(z1)
z2 = h1@W2
h2 = tanh(z2)
o = h2@W3
L = mean((o - Y)**2)
""",
    """
do = 2*(o - Y)/12
dW3 = h2.T@do
dz2 = do@W3.T*(1 - h2**2)
dW2 = h1.T@dz2
dz1 = dz2@W2.T*(1 - h1**2)
dW1 = X.T@dz1
db1 = sum(dz1, axis=0)
""",
    plants=(
        Slip("a forgotten .T", "dz1 = dz2@W2*(1 - h1**2)", TRANSPOSED),
        Slip("1 - h for 1 - h**2", "dz2 = do@W3.T*(1 - h2)", SLOPE),
    ),
    dtype="float32",
)

rng = np.random.default_rng([23, 48])
SURE_CLASSES = Program(
    "float32: a softmax classifier with sure rows",
    {"X": dyadic(rng.standard_normal((8, 3)) * 4), "y": [0, 1, 2, 0, 1, 2, 1, 0]},
    {"W": dyadic(rng.standard_normal((3, 3)) * 2), "b": [0.0, 0.5, -0.5]},
    """
z = X@W + b
L = cross_entropy(z, y)
""",
    """
dz = (softmax(z) - one_hot(y, 3))/8
dW = X.T@dz
db = sum(dz, axis=0)
""",
    plants=(
        Slip("7 for 8", "dz = (softmax(z) - one_hot(y, 3))/7", CONSTANT),
        Slip("the mean for the sum", "db = mean(dz, axis=0)", MEAN),
    ),
    dtype="float32",
)

rng = np.random.default_rng([23, 49])
LAYER_NORM = Program(
    "float32: layer norm by hand",
    {"X": dyadic(rng.standard_normal((4, 3))), "T": dyadic(rng.standard_normal((4, 6)))},
    {
        "W": dyadic(rng.standard_normal((3, 6))),
        "ga": dyadic(1 + 0.2 * rng.standard_normal(6)),
        "be": dyadic(0.2 * rng.standard_normal(6)),
    },
    """
u = X@W
m = mean(u, axis=1, keepdims=True)
s = sqrt(var(u, axis=1, keepdims=True) + 0.001)
n = (u - m)/s
o = ga*n + be
L = sum((o - T)**2)
""",
    """
do = 2*(o - T)
dga = sum(do*n, axis=0)
dbe = sum(do, axis=0)
dn = do*ga
du = (dn - mean(dn, axis=1, keepdims=True) - n*mean(dn*n, axis=1, keepdims=True))/s
dW = X.T@du
""",
    plants=(
        Slip(
            "the variance term is forgotten", "du = (dn - mean(dn, axis=1, keepdims=True))/s", PART
        ),
        Slip("the gain is forgotten", "dn = do", FACTOR),
    ),
    dtype="float32",
)

rng = np.random.default_rng([23, 50])
LONG_SUM = Program(
    "float32: a sum of 500 terms around 30",
    {"x": dyadic(30 + rng.standard_normal(500)), "y": dyadic(rng.standard_normal(500))},
    {"w": 0.03125, "b": -0.5},
    """
e = w*x + b - y
L = mean(e**2)
""",
    """
de = 2*e/500
dw = sum(de*x)
db = sum(de)
""",
    plants=(
        Slip("the 2 of the square", "de = e/500", CONSTANT),
        Slip("the targets for the inputs", "dw = sum(de*y)", VARIABLE),
    ),
    dtype="float32",
)

rng = np.random.default_rng([23, 51])
BATCH_NORM = Program(
    "float32: a bias before batch norm",
    {"X": dyadic(rng.standard_normal((5, 2))), "y": dyadic(rng.standard_normal(5))},
    {"w": dyadic(rng.standard_normal(2)), "b": 3.0, "k": 1.25},
    """
z = X@w + b
m = mean(z)
s = sqrt(mean((z - m)**2) + 0.01)
n = (z - m)/s
L = mean((k*n - y)**2)
""",
    """
c = 2*(k*n - y)/5
dk = sum(c*n)
dn = k*c
dz = (dn - mean(dn) - n*mean(dn*n))/s
dw = X.T@dz
db = sum(dz)
""",
    plants=(
        Slip("the mean's term is forgotten", "dz = (dn - n*mean(dn*n))/s", PART),
        Slip("k is forgotten", "dn = c", FACTOR),
    ),
    dtype="float32",
)

PROGRAMS = (
    TANH_NETWORK,
    SURE_CLASSES,
    LAYER_NORM,
    LONG_SUM,
    BATCH_NORM,
)
