"""Right where softmax, sigmoid and tanh are saturated."""

import numpy as np
from mutants.slips import Slip

from verdicts.program import Program, normal
from verdicts.rules import CONSTANT, DIVISOR, FACTOR, MEAN, PART, SIGN, SLOPE, TRANSPOSED

Z = np.array([[40, -40, 0], [-40, 40, 5], [30, 25, -40], [-40, 0, 40]]).astype(float)
Y = np.eye(3)[[0, 0, 1, 2]]
SURE = Program(
    "softmax at logits of +-40",
    {"Y": Y},
    {"Z": Z, "b": [0.1, 0.0, -0.1]},
    """
U = Z + b
P = softmax(U)
L = -sum(Y*log(P))/4
""",
    """
dU = (P - Y)/4
dZ = dU
db = sum(dU, axis=0)
""",
    plants=(
        Slip("labels minus chances", "dU = (Y - P)/4", SIGN),
        Slip("the mean for the sum", "db = mean(dU, axis=0)", MEAN),
    ),
    bits=1500,
)


SURER = Program(
    "softmax at logits of +-300",
    {"X": [[10.0, -5.0], [-10.0, 2.0], [4.0, 8.0]], "y": [0, 0, 2]},
    {"W": [[30.0, -30.0, 5.0], [10.0, 3.0, 12.0]]},
    """
z = X@W
L = cross_entropy(z, y)
""",
    """
dz = (softmax(z) - one_hot(y, 3))/3
dW = X.T@dz
""",
    plants=(
        Slip("the features for the rows", "dz = (softmax(z) - one_hot(y, 3))/2", CONSTANT),
        Slip("the labels are forgotten", "dz = (softmax(z))/3", PART),
    ),
    bits=3000,
)


LOG_SOFTMAX = Program(
    "log-softmax at logits of +-700",
    {"Y": np.eye(3)[[0, 1, 2]]},
    {"z": [[700.0, -700.0, 0.0], [650.0, -10.0, -690.0], [1.0, 2.0, 700.0]], "k": 1.0},
    """
u = k*z
L = -mean(sum(Y*log_softmax(u), axis=1))
""",
    """
du = (softmax(u) - Y)/3
dz = k*du
dk = sum(du*z)
""",
    plants=(
        Slip("a sign", "dz = -k*du", SIGN),
        Slip("z is forgotten", "dk = sum(du)", FACTOR),
    ),
    bits=6000,
)


SOFTPLUS = Program(
    "softplus(z) - y*z at z of 20 to 40",
    {"x": [20.0, 25.0, 32.0, 40.0, -38.0, 21.0], "y": [1.0, 1.0, 0.0, 1.0, 0.0, 0.0]},
    {"w": 1.0, "b": 0.0},
    """
z = w*x + b
L = mean(softplus(z) - y*z)
""",
    """
a = sigmoid(z)
dz = (a - y)/6
dw = sum(dz*x)
db = sum(dz)
""",
    plants=(
        Slip("a sign", "dz = (a + y)/6", SIGN),
        Slip("x is forgotten", "dw = sum(dz)", FACTOR),
    ),
    bits=1500,
)


ALL_SURE = Program(
    "softplus(z) - y*z, every row right and sure",
    {"x": [22.0, 37.0, 39.0, -36.0], "y": [1.0, 1.0, 1.0, 0.0]},
    {"w": 1.0, "b": 0.0},
    """
z = w*x + b
L = mean(softplus(z) - y*z)
""",
    """
dz = (sigmoid(z) - y)/4
dw = sum(dz*x)
db = sum(dz)
""",
    plants=(
        Slip("the mean's divisor is forgotten", "dz = (sigmoid(z) - y)", DIVISOR),
        Slip("x is forgotten", "dw = sum(dz)", FACTOR),
    ),
    bits=1500,
)


LOG_OF_SIGMOID = Program(
    "the log of a sigmoid by hand, z of -30 to 30",
    {"y": [1.0, 0.0, 1.0, 0.0]},
    {"z": [-30.0, 30.0, 3.0, -28.0]},
    """
a = 1/(1 + exp(-z))
L = -sum(y*log(a) + (1 - y)*log(1 - a))
""",
    """
da = -y/a + (1 - y)/(1 - a)
dz = da*a*(1 - a)
""",
    plants=(
        Slip("half of the slope", "dz = da*a", FACTOR),
        Slip("a sign", "da = -y/a - (1 - y)/(1 - a)", SIGN),
    ),
    bits=1500,
)


FLAT_TANH = Program(
    "tanh at 14 to 18: its slope by 1 - h**2",
    {"x": [14.0, 16.5, -18.0, 2.0], "t": [0.5, -0.5, 0.5, 0.0]},
    {"w": 1.0, "b": [0.0, 0.5, 0.0, 0.1]},
    """
z = w*x + b
h = tanh(z)
L = sum((h - t)**2)
""",
    """
dh = 2*(h - t)
dz = dh*(1 - h**2)
dw = sum(dz*x)
db = dz
""",
    plants=(
        Slip("1 - h for 1 - h**2", "dz = dh*(1 - h)", SLOPE),
        Slip("the slope is forgotten", "dz = dh", FACTOR),
    ),
    bits=1500,
)


SOFTPLUS_BY_HAND = Program(
    "log(1 + exp(z)) by hand, z of -36 to 36",
    {"c": [1.0, -0.5, 2.0, 1.0]},
    {"z": [-36.0, 36.0, 0.5, -20.0]},
    """
E = exp(z)
s = log(1 + E)
L = sum(c*s)
""",
    """
ds = c
dE = ds/(1 + E)
dz = dE*E
""",
    plants=(
        Slip("exp's slope is forgotten", "dz = dE", FACTOR),
        Slip(
            "the one is forgotten", "dE = ds/(E)", ("missing-term", "wrong-variable", "wrong-point")
        ),
    ),
    bits=1500,
)


CLIPPED_LOG = Program(
    "chances with 1e-12 added before the log",
    {"Y": np.eye(3)[[2, 0, 1]]},
    {"z": [[25.0, 0.0, -25.0], [3.0, 1.0, -2.0], [0.0, 20.0, 1.0]]},
    """
p = softmax(z)
L = -sum(Y*log(p + 1e-12))
""",
    """
dp = -Y/(p + 1e-12)
dz = p*(dp - sum(dp*p, axis=1, keepdims=True))
""",
    plants=(
        Slip("softmax's second term is forgotten", "dz = p*(dp)", PART),
        Slip("a sign", "dp = Y/(p + 1e-12)", SIGN),
    ),
    bits=1500,
)

rng = np.random.default_rng([23, 30])
LARGEST_TAKEN_OFF = Program(
    "log-sum-exp by hand, the largest taken off",
    {"X": normal(rng, 4, 3) * 30, "Y": np.eye(3)[[0, 1, 1, 2]]},
    {"W": normal(rng, 3, 3)},
    """
z = X@W
m = max(z, axis=1, keepdims=True)
E = exp(z - m)
s = sum(E, axis=1, keepdims=True)
lse = log(s) + m
L = mean(lse[:, 0:1] - sum(Y*z, axis=1, keepdims=True))
""",
    """
dz = (E/s - Y)/4
dW = X.T@dz
""",
    plants=(
        Slip("the sum is forgotten", "dz = (E - Y)/4", FACTOR),
        Slip("a sign", "dz = (E/s + Y)/4", SIGN),
    ),
    bits=1500,
)


NOTHING_TAKEN_OFF = Program(
    "log-sum-exp by hand, nothing taken off, up to 600",
    {"c": [0.25, 0.25, 0.5]},
    {"z": [[600.0, 598.5, -600.0], [-500.0, -501.0, -499.5]]},
    """
E = exp(z)
s = sum(E, axis=1)
L = sum(log(s)) - sum(c*z)
""",
    """
ds = 1/s
dE = ds[:, None] + 0*E
dz = dE*E - c
""",
    plants=(
        Slip("the labels are forgotten", "dz = dE*E", PART),
        Slip("1.05 times too long", "dz = 1.05*dE*E - c", CONSTANT),
    ),
    bits=6000,
)


BELOW_ROUNDING = Program(
    "softplus(z) - y*z at z of 38 and more: gradients below the rounding",
    {"x": [38.0, 40.0, 45.0], "y": [1.0, 1.0, 1.0]},
    {"w": 1.0, "b": 0.0},
    """
z = w*x + b
L = mean(softplus(z) - y*z)
""",
    """
dz = (sigmoid(z) - y)/3
dw = sum(dz*x)
db = sum(dz)
""",
    bits=1500,
)

rng = np.random.default_rng([23, 56])
LARGE_SCORES = Program(
    "attention with large scores: shares of nearly 0 and 1",
    {"X": normal(rng, 4, 3), "T": normal(rng, 4, 3)},
    {"Wq": normal(rng, 3, 3) * 5, "Wk": normal(rng, 3, 3) * 5, "Wv": normal(rng, 3, 3)},
    """
q = X@Wq
k = X@Wk
v = X@Wv
S = q@k.T
A = softmax(S)
o = A@v
L = mean((o - T)**2)
""",
    """
do = 2*(o - T)/12
dv = A.T@do
dA = do@v.T
dS = A*(dA - sum(A*dA, axis=1, keepdims=True))
dq = dS@k
dk = dS.T@q
dWq = X.T@dq
dWk = X.T@dk
dWv = X.T@dv
""",
    plants=(
        Slip("a forgotten .T", "dv = A@do", TRANSPOSED),
        Slip("a forgotten .T", "dk = dS@q", TRANSPOSED),
    ),
    bits=1500,
)

PROGRAMS = (
    SURE,
    SURER,
    LOG_SOFTMAX,
    SOFTPLUS,
    ALL_SURE,
    LOG_OF_SIGMOID,
    FLAT_TANH,
    SOFTPLUS_BY_HAND,
    CLIPPED_LOG,
    LARGEST_TAKEN_OFF,
    NOTHING_TAKEN_OFF,
    BELOW_ROUNDING,
    LARGE_SCORES,
)
