"""Right at exactly a corner of the loss, where more than one slope is."""

import numpy as np
from mutants.slips import Slip

from verdicts.program import Program, normal
from verdicts.rules import CONSTANT, DIVISOR, FACTOR, MEAN, PART, SIGN

BOTH_SIDES = "a central difference sees both sides of the corner"

rng = np.random.default_rng([23, 36])
X = normal(rng, 4, 3)
RELU_WITHOUT = Program(
    "relu at exactly 0 passes nothing: weights of zero",
    {"X": X, "y": normal(rng, 4)},
    {"w": [0.0, 0.0, 0.0], "b": 0.0, "c": 0.5},
    """
z = X@w + b
h = relu(z)
L = mean((h + c - y)**2)
""",
    """
dh = 2*(h + c - y)/4
dz = dh*(z > 0)
dw = X.T@dz
db = sum(dz)
dc = sum(dh)
""",
    plants=(
        Slip("the mean for the sum", "dc = mean(dh)", MEAN),
        Slip("a sign", "dh = -2*(h + c - y)/4", SIGN),
    ),
    sides={"h": "relu(z - 1e-40)"},
)

rng = np.random.default_rng([23, 37])
RELU_WITH = Program(
    "relu at exactly 0 passes all: weights of zero",
    {"X": normal(rng, 4, 3), "y": normal(rng, 4)},
    {"w": [0.0, 0.0, 0.0], "b": 0.0, "c": 0.5},
    """
z = X@w + b
h = relu(z)
L = mean((h + c - y)**2)
""",
    """
dh = 2*(h + c - y)/4
dz = dh*(z >= 0)
dw = X.T@dz
db = sum(dz)
dc = sum(dh)
""",
    plants=(
        Slip("a sign", "dw = -X.T@dz", SIGN),
        Slip("the features for the rows", "dh = 2*(h + c - y)/3", CONSTANT),
    ),
    sides={"h": "relu(z + 1e-40)"},
    unresolved={"dw = -X.T@dz": BOTH_SIDES},
)

rng = np.random.default_rng([23, 38])
RELU_NETWORK = Program(
    "a relu network whose first layer starts at zero, slope 1 at the kink",
    {"X": normal(rng, 5, 3), "y": [0, 1, 1, 0, 1]},
    {"W1": np.zeros((3, 4)), "b1": np.zeros(4), "W2": normal(rng, 4, 2), "b2": [0.0, 0.0]},
    """
z = X@W1 + b1
h = maximum(z, 0)
o = h@W2 + b2
L = cross_entropy(o, y)
""",
    """
do = (softmax(o) - one_hot(y, 2))/5
dW2 = h.T@do
db2 = sum(do, axis=0)
dh = do@W2.T
dz = where(z < 0, 0, dh)
dW1 = X.T@dz
db1 = sum(dz, axis=0)
""",
    plants=(
        Slip("twice too long", "dh = 2*do@W2.T", CONSTANT),
        Slip("the mean for the sum", "db2 = mean(do, axis=0)", MEAN),
    ),
    sides={"h": "maximum(z + 1e-40, 0) - 1e-40"},
    unresolved={"dh = 2*do@W2.T": BOTH_SIDES},
)

rng = np.random.default_rng([23, 39])
LEAKY_RELU = Program(
    "a leaky relu at exactly 0",
    {"X": normal(rng, 4, 2), "y": normal(rng, 4)},
    {"w": [0.0, 0.0], "v": 1.5},
    """
z = X@w
h = where(z > 0, z, 0.1*z)
L = sum((v*h - y)**2)
""",
    """
e = 2*(v*h - y)
dv = sum(e*h)
dh = e*v
dz = dh*where(z >= 0, 1, 0.1)
dw = X.T@dz
""",
    plants=(
        Slip("v is forgotten", "dh = e", FACTOR),
        Slip("divided by the rows", "dw = X.T@dz/4", CONSTANT),
    ),
    sides={"h": "where(z + 1e-40 > 0, z, 0.1*z)"},
    unresolved={"dh = e": BOTH_SIDES, "dw = X.T@dz/4": BOTH_SIDES},
)


TIES = Program(
    "max with ties: the gradient shared equally",
    {"T": [1.0, -1.0, 0.5]},
    {"Z": [[2.0, 2.0, 1.0], [0.0, 0.0, 0.0], [1.0, 3.0, -1.0]]},
    """
m = max(Z, axis=1)
L = sum((m - T)**2)
""",
    """
dm = 2*(m - T)
hit = (Z == m[:, None])
dZ = hit/sum(hit, axis=1, keepdims=True)*dm[:, None]
""",
    plants=(
        Slip("the 2 of the square", "dm = (m - T)", CONSTANT),
        Slip("a sign", "dm = 2*(m + T)", SIGN),
    ),
    sides={"m": "logsumexp(Z*1e40)/1e40"},
)


MAXIMUM_FIRST = Program(
    "maximum of equal numbers: all to the first",
    {"t": [0.5, 2.0, -1.0]},
    {"a": [1.0, 3.0, 0.0], "b": [1.0, 2.0, 0.0]},
    """
m = maximum(a, b)
L = sum((m - t)**2)
""",
    """
dm = 2*(m - t)
da = dm*(a >= b)
db = dm*(a < b)
""",
    plants=(
        Slip("a sign", "dm = -2*(m - t)", SIGN),
        Slip("1.05 times too long", "da = 1.05*dm*(a >= b)", CONSTANT),
    ),
    sides={"m": "maximum(a + 1e-40, b)"},
)


MAXIMUM_SECOND = Program(
    "maximum of equal numbers: all to the second",
    {"t": [0.5, 2.0, -1.0], "y": 0.25},
    {"a": [1.0, 3.0, 0.0], "b": [1.0, 2.0, 0.0], "w": 2.0},
    """
m = maximum(a, b)
p = w*m
L = sum((p - t)**2) + (w - y)**2
""",
    """
dp = 2*(p - t)
dw = sum(dp*m) + 2*(w - y)
dm = dp*w
da = dm*(a > b)
db = dm*(a <= b)
""",
    plants=(
        Slip("w is forgotten", "dm = dp", FACTOR),
        Slip("the penalty's path is forgotten", "dw = sum(dp*m)", PART),
    ),
    sides={"m": "maximum(a, b + 1e-40)"},
)


ABS_ZERO = Program(
    "abs at exactly 0, slope 0 there",
    {"X": [[1.0, 2.0], [0.0, 1.0], [3.0, -1.0], [1.0, 1.0]], "y": [3.0, 1.0, 2.0, 0.5]},
    {"w": [1.0, 1.0]},
    """
e = X@w - y
L = mean(abs(e)) + 0.1*sum(abs(w))
""",
    """
de = ((e > 0)*1 - (e < 0)*1)/4
dw = X.T@de + 0.1*((w > 0)*1 - (w < 0)*1)
""",
    plants=(
        Slip("the penalty's path is forgotten", "dw = X.T@de", PART),
        Slip("the mean's divisor is forgotten", "de = ((e > 0)*1 - (e < 0)*1)", DIVISOR),
    ),
    sides={"L": "mean(sqrt(e**2 + 1e-80)) + 0.1*sum(abs(w))"},
)


ABS_ONE = Program(
    "abs at exactly 0, slope 1 there",
    {"X": [[1.0, 2.0], [0.0, 1.0], [3.0, -1.0], [1.0, 1.0]], "y": [3.0, 1.0, 2.0, 0.5]},
    {"w": [1.0, 1.0], "b": 0.0},
    """
e = X@w + b - y
a = abs(e)
L = mean(a)
""",
    """
da = 1/len(y)
de = da*where(e >= 0, 1, -1)
dw = X.T@de
db = sum(de)
""",
    plants=(
        Slip("a sign", "dw = -X.T@de", SIGN),
        Slip("the features for the rows", "da = 1/2", ("constant-factor", "wrong-variable")),
    ),
    sides={"a": "abs(e + 1e-40)"},
    unresolved={"dw = -X.T@de": BOTH_SIDES, "da = 1/2": BOTH_SIDES},
)


CLIP = Program(
    "clip with weights exactly at its bounds: passed there",
    {"t": [0.5, 0.5, 0.5, 0.25]},
    {"w": [-1.0, 1.0, 0.25, 3.0]},
    """
c = clip(w, -1, 1)
L = sum((c - t)**2)
""",
    """
dc = 2*(c - t)
dw = dc*(w >= -1)*(w <= 1)
""",
    plants=(
        Slip("one of the bounds is forgotten", "dw = dc*(w >= -1)", FACTOR),
        Slip("the 2 of the square", "dc = (c - t)", CONSTANT),
    ),
    sides={"c": "clip(w, -1 - 1e-40, 1 + 1e-40)"},
)

PROGRAMS = (
    RELU_WITHOUT,
    RELU_WITH,
    RELU_NETWORK,
    LEAKY_RELU,
    TIES,
    MAXIMUM_FIRST,
    MAXIMUM_SECOND,
    ABS_ZERO,
    ABS_ONE,
    CLIP,
)
