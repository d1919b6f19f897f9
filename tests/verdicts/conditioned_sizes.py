"""Right with numbers that are very large, very small, or both."""

import numpy as np
from mutants.slips import Slip

from verdicts.program import Program, normal
from verdicts.rules import CONSTANT, EXTRA, FACTOR, PART, POINT, SIGN, VARIABLE

rng = np.random.default_rng([23, 13])
LARGE_DATA = Program(
    "weights of 1e-150, data of 1e150",
    {"X": normal(rng, 4, 2) * 1e150, "y": normal(rng, 4)},
    {"w": [2e-151, -7e-151]},
    """
e = X@w - y
L = mean(e**2)
""",
    """
de = 2*e/4
dw = X.T@de
""",
    plants=(
        Slip("the features for the rows", "de = 2*e/2", CONSTANT),
        Slip("a sign", "dw = -X.T@de", SIGN),
    ),
    bits=1500,
)

rng = np.random.default_rng([23, 14])
SMALL_DATA = Program(
    "weights of 1e150, data of 1e-150",
    {"X": normal(rng, 4, 2) * 1e-150, "y": [1.0, 0.0, 1.0, 1.0]},
    {"w": [8e149, -1.1e150], "b": 0.25},
    """
z = X@w + b
a = sigmoid(z)
L = -mean(y*log(a) + (1 - y)*log(1 - a))
""",
    """
dz = (a - y)/4
dw = X.T@dz
db = sum(dz)
""",
    plants=(
        Slip("divided by the rows once more", "dw = X.T@dz/4", CONSTANT),
        Slip("a sign", "db = -sum(dz)", SIGN),
    ),
    bits=1500,
)


CHAIN = Program(
    "a chain of factors between 1e-80 and 1e80",
    {"t": 2.0},
    {"a": 3e-80, "b": 5e40, "c": 2e75, "d": 4e-36},
    """
p = a*b
q = p*c
s = q*d
L = (s - t)**2
""",
    """
ds = 2*(s - t)
dd = ds*q
dq = ds*d
dc = dq*p
dp = dq*c
da = dp*b
db = dp*a
""",
    plants=(
        Slip("a for b", "da = dp*a", VARIABLE),
        Slip("1.05 times too long", "dc = 1.05*dq*p", CONSTANT),
    ),
    bits=1500,
)


BY_DIVIDING = Program(
    "a product's gradient by dividing, sizes far apart",
    {"k": 1e-10},
    {"w1": 1e60, "w2": -2e-55, "w3": 30000.0, "w4": 0.0005},
    """
p = w1*w2*w3*w4
L = (p + 1)**2*k
""",
    """
dp = 2*(p + 1)*k
dw1 = dp*p/w1
dw2 = dp*p/w2
dw3 = dp*p/w3
dw4 = dp*p/w4
""",
    plants=(
        Slip("w4 for w3", "dw3 = dp*p/w4", VARIABLE),
        Slip("the 2 of the square", "dp = (p + 1)*k", CONSTANT),
    ),
    bits=1500,
)


LARGE_LENGTHS = Program(
    "lengths of 1e140",
    {"t": [1.0, 0.5, -0.25]},
    {"w": [3e140, -4e140, 1.2e141]},
    """
n = sqrt(sum(w**2))
u = w/n
L = sum((u - t)**2)
""",
    """
du = 2*(u - t)
dw = (du - u*sum(u*du))/n
""",
    plants=(
        Slip("the length's term is forgotten", "dw = (du)/n", PART),
        Slip("1/n is forgotten", "dw = (du - u*sum(u*du))", FACTOR),
    ),
    bits=1500,
)


SHORT_VECTOR = Program(
    "a very short vector made unit length",
    {"t": [1.0, 0.5, -0.25]},
    {"w": [3e-09, -4e-09, 1.2e-08]},
    """
n = sqrt(sum(w**2) + 1e-20)
u = w/n
L = sum((u - t)**2)
""",
    """
du = 2*(u - t)
dw = (du - u*sum(u*du))/n
""",
    plants=(
        Slip("u is forgotten", "dw = (du - sum(u*du))/n", FACTOR),
        Slip("a sign", "du = -2*(u - t)", SIGN),
    ),
)


LARGE_EXPONENTS = Program(
    "exponentials of 300 and of -300",
    {"y": [1e130, 2e-131]},
    {"w": [300.0, -300.0]},
    """
p = exp(w)
e = p/y - 1
L = sum(e**2)
""",
    """
de = 2*e
dp = de/y
dw = dp*p
""",
    plants=(
        Slip("what goes in for what comes out", "dw = dp*w", POINT),
        Slip(
            "times for divided", "dp = de*y", ("wrong-variable", "unexplained", "constant-factor")
        ),
    ),
    bits=2000,
)


LOG_VARIANCES = Program(
    "a normal likelihood with log-variances of -25 to 25",
    {"y": [1.0, -2.0, 0.5, 3.0]},
    {"mu": [1.00001, -2.5, 0.25, 100.0], "s": [-25.0, 0.5, 8.0, 25.0]},
    """
e = y - mu
v = exp(-s)
L = mean(0.5*v*e**2 + 0.5*s)
""",
    """
dmu = -v*e/4
ds = (0.5 - 0.5*v*e**2)/4
""",
    plants=(
        Slip("a sign", "ds = (0.5 + 0.5*v*e**2)/4", SIGN),
        Slip("the error squared", "dmu = -v*e**2/4", EXTRA),
    ),
)

rng = np.random.default_rng([23, 46])
x = np.round(rng.standard_normal(1500), 3)
x[::7] *= 100000.0
LONG_SUM = Program(
    "a sum of 1500 terms of very different sizes",
    {"x": [float(f"{v:.6g}") for v in x], "y": np.round(rng.standard_normal(1500), 2)},
    {"w": 0.001, "b": 2.0},
    """
e = w*x + b - y
L = mean(e**2)
""",
    """
de = 2*e/len(x)
dw = sum(de*x)
db = sum(de)
""",
    plants=(
        Slip("1000 for 1500", "de = 2*e/1000", CONSTANT),
        Slip("a sign", "db = -sum(de)", SIGN),
    ),
)

rng = np.random.default_rng([23, 52])
SMALL_PENALTY = Program(
    "a penalty of 1e-12 beside a loss of 1",
    {"X": normal(rng, 4, 2), "y": normal(rng, 4)},
    {"w": [0.5, -1.5], "v": [1000000.0, -2000000.0]},
    """
e = X@w - y
p = 1e-12*sum(v**2)
L = mean(e**2) + p
""",
    """
de = 2*e/4
dw = X.T@de
dv = 2e-12*v
""",
    plants=(
        Slip("the 2 of the square", "dv = 1e-12*v", CONSTANT),
        Slip("v once too often", "dv = 2e-12*v**2", EXTRA),
    ),
)


STEEP = Program(
    "huge slopes: tanh of 1e4 times a small weight",
    {"x": [10000.0, -20000.0, 5000.0], "t": [0.5, 0.1, -0.25]},
    {"w": 0.0001, "b": [0.1, 0.2, -0.3]},
    """
z = w*x + b
h = tanh(z)
L = sum((h - t)**2)
""",
    """
dz = 2*(h - t)*(1 - h**2)
dw = sum(dz*x)
db = dz
""",
    plants=(
        Slip("x is forgotten", "dw = sum(dz)", FACTOR),
        Slip("the slope at what goes in", "dz = 2*(h - t)*(1 - z**2)", POINT),
    ),
)

PROGRAMS = (
    LARGE_DATA,
    SMALL_DATA,
    CHAIN,
    BY_DIVIDING,
    LARGE_LENGTHS,
    SHORT_VECTOR,
    LARGE_EXPONENTS,
    LOG_VARIANCES,
    LONG_SUM,
    SMALL_PENALTY,
    STEEP,
)
