"""Right because of sums, lengths, counts and the order of numbers."""

import numpy as np
from mutants.slips import Slip

from verdicts.program import ROUNDED, Program, normal, weights
from verdicts.rules import CONSTANT, DIVISOR, EXTRA, FACTOR, MEAN, PART, SIGN, VARIABLE

rng = np.random.default_rng([11, 8])
WEIGHTED_VARIANCE = Program(
    "weights that sum to 1: a weighted variance",
    {"X": normal(rng, 5, 3), "s": [0.5, 0.125, 0.125, 0.125, 0.125]},
    {"w": weights(rng, 3)},
    """
z = X@w
c = z - sum(s*z)
v = sum(s*c**2)
L = (v - 1)**2
""",
    """
dv = 2*(v - 1)
dz = dv*2*s*c
dw = X.T@dz
""",
    plants=(
        Slip("the weights are forgotten", "dz = dv*2*c", FACTOR),
        Slip(
            "the values before they were centred",
            "dz = dv*2*s*z",
            ("wrong-variable", "wrong-point", "missing-term"),
        ),
        Slip("a sign", "dv = -2*(v - 1)", SIGN),
    ),
)

rng = np.random.default_rng([11, 9])
WEIGHTED_MEAN = Program(
    "weights 0.1, 0.2, 0.3, 0.4 that sum to 1: a bias in a weighted mean",
    {"X": normal(rng, 4, 2), "y": normal(rng, 4), "s": [0.1, 0.2, 0.3, 0.4]},
    {"w": weights(rng, 2), "b": 0.3},
    """
f = X@w + b
u = dot(s, f)
t = dot(s, y)
L = (u - t)**2 + 0.1*sum(w**2)
""",
    """
du = 2*(u - t)
dw = du*(s@X) + 0.2*w
db = du
""",
    plants=(
        Slip("counted once a row", "db = du*len(X)", ("constant-factor", "extra-factor")),
        Slip("the 2 of the penalty's square", "dw = du*(s@X) + 0.1*w", CONSTANT),
        Slip("a sign", "du = 2*(u + t)", SIGN),
    ),
    tolerance=ROUNDED,
)

rng = np.random.default_rng([11, 10])
RECIPROCAL = Program(
    "1/m kept as a number",
    {"X": normal(rng, 8, 3), "y": normal(rng, 8), "im": 0.125},
    {"w": weights(rng, 3), "b": 0.2},
    """
e = X@w + b - y
L = mean(e**2)
""",
    """
de = 2*im*e
dw = X.T@de
db = sum(de)
""",
    plants=(
        Slip("1/m is forgotten", "de = 2*e", DIVISOR),
        Slip("the mean for the sum", "db = mean(de)", MEAN),
        Slip("1/m twice", "dw = X.T@de*im", ("extra-factor", "constant-factor")),
    ),
)

rng = np.random.default_rng([11, 11])
COUNT = Program(
    "1/m in the model, the rows counted in the gradient",
    {"X": normal(rng, 4, 3), "y": [1.0, 0.0, 0.0, 1.0], "im": 0.25, "m": 4.0},
    {"w": weights(rng, 3)},
    """
z = X@w
a = sigmoid(z)
L = -im*sum(y*log(a) + (1 - y)*log(1 - a))
""",
    """
dz = (a - y)/m
dw = X.T@dz
""",
    plants=(
        Slip("the sigmoid's slope twice", "dz = (a*(1 - a)*(a - y))/m", EXTRA),
        Slip("times m for divided by m", "dz = (a - y)*m", ("constant-factor", "wrong-variable")),
        Slip("a sign", "dw = -X.T@dz", SIGN),
    ),
)

rng = np.random.default_rng([11, 25])
Xu = np.array([[0.6, 0.8, 0], [0, 0.28, 0.96], [0.48, 0.6, 0.64], [0.8, 0, -0.6]])
UNIT_ROWS = Program(
    "rows of length 1: projections",
    {"X": Xu, "T": normal(rng, 4, 3)},
    {"a": weights(rng, 4)},
    """
R = a[:, None]*X - T
L = sum(R**2)
""",
    """
c = sum(T*X, axis=1)
da = 2*(a - c)
""",
    plants=(
        Slip("a sign", "da = 2*(a + c)", SIGN),
        Slip("a besides", "da = 2*a*(a - c)", EXTRA),
        Slip("X is forgotten", "c = sum(T, axis=1)", FACTOR),
    ),
    tolerance=ROUNDED,
)

rng = np.random.default_rng([11, 26])
X = rng.integers(-8, 9, (6, 2)) / 4
X = np.vstack([X, -X.sum(0)])
CENTRED = Program(
    "columns that sum to 0: the intercept on its own",
    {"X": X, "y": normal(rng, 7)},
    {"w": weights(rng, 2), "b": 0.5},
    """
e = X@w + b - y
L = mean(e**2)
""",
    """
dw = 2*X.T@(X@w - y)/7
db = 2*(b - mean(y))
""",
    plants=(
        Slip(
            "the sum for the mean",
            "db = 2*(b - sum(y))",
            ("constant-factor", "wrong-axis", "missing-factor"),
        ),
        Slip("the targets are forgotten", "dw = 2*X.T@(X@w)/7", PART),
        Slip("the 2 of the square", "db = (b - mean(y))", CONSTANT),
    ),
)


SORTED = Program(
    "sorted data: the largest is the last",
    {"x": [0.5, 1.0, 1.75, 3.0], "c": 2.0},
    {"s": 0.3, "b": 0.4},
    """
k = exp(s)
z = k*x + b
top = max(z)
L = (top - c)**2 + mean(z)
""",
    """
dtop = 2*(top - c)
db = dtop + 1
dk = dtop*sum(x[3:]) + mean(x)
ds = dk*k
""",
    plants=(
        Slip(
            "the first for the last",
            "dk = dtop*sum(x[:1]) + mean(x)",
            ("wrong-variable", "unexplained"),
        ),
        Slip("exp's slope is forgotten", "ds = dk", FACTOR),
        Slip("the mean's path is forgotten", "dk = dtop*sum(x[3:])", PART),
    ),
)

rng = np.random.default_rng([11, 37])
TOTAL_VARIATION = Program(
    "sorted data: differences without their absolute value",
    {"x": [-1.0, -0.25, 0.5, 2.0, 2.5], "y": normal(rng, 5)},
    {"a": 0.8, "b": -0.1},
    """
z = (a**2 + 1)*x + b
tv = sum(abs(z[1:] - z[:-1]))
L = 0.5*tv + sum((z - y)**2)
""",
    """
gz = 2*(z - y)
dk = sum(gz*x) + 0.5*(sum(x[4:]) - sum(x[:1]))
da = 2*a*dk
db = sum(gz)
""",
    plants=(
        Slip("the 0.5 is forgotten", "dk = sum(gz*x) + (sum(x[4:]) - sum(x[:1]))", DIVISOR),
        Slip("a is forgotten", "da = 2*dk", FACTOR),
        Slip("a sign", "db = -sum(gz)", SIGN),
    ),
)

rng = np.random.default_rng([11, 48])
x = np.array([-1.5, -0.5, 0.25, 1.0, 2.0])
SQUARES = Program(
    "x and its square, both data",
    {"x": x, "x2": x**2, "y": normal(rng, 5)},
    {"a": 0.4, "b": -0.6, "c": 0.2},
    """
f = a*x**2 + b*x + c
e = f - y
L = mean(e**2)
""",
    """
df = 2*e/5
da = sum(df*x2)
db = sum(df*x)
dc = sum(df)
""",
    plants=(
        Slip("x for its square", "da = sum(df*x)", ("missing-factor", "wrong-variable")),
        Slip("the square for x", "db = sum(df*x2)", ("wrong-variable", "extra-factor")),
        Slip("divided once more", "dc = sum(df)/5", MEAN),
    ),
)

rng = np.random.default_rng([11, 49])
X = normal(rng, 5, 2)
COLUMN_OF_ONES = Program(
    "a column of ones for the bias, and X without it",
    {"Xb": np.hstack([X, np.ones((5, 1))]), "X": X, "y": normal(rng, 5)},
    {"w": weights(rng, 3)},
    """
p = sigmoid(Xb@w)
L = sum((p - y)**2)
""",
    """
c = 2*(p - y)*p*(1 - p)
dw = concat(X.T@c, reshape(sum(c), (1,)))
""",
    plants=(
        Slip("half of the sigmoid's slope", "c = 2*(p - y)*(1 - p)", FACTOR),
        Slip("the mean for the sum", "dw = concat(X.T@c, reshape(mean(c), (1,)))", MEAN),
        Slip("a sign", "dw = concat(-X.T@c, reshape(sum(c), (1,)))", SIGN),
    ),
)

rng = np.random.default_rng([11, 52])
ROTATION = Program(
    "cosines and sines as data: c**2 + s**2 = 1",
    {"c": [0.6, 0.8, -0.28], "s": [0.8, 0.6, 0.96], "t": normal(rng, 3)},
    {"u": weights(rng, 3), "v": weights(rng, 3)},
    """
a = c*u - s*v
b = s*u + c*v
q = a**2 + b**2
L = sum((q - t)**2)
""",
    """
dq = 2*(q - t)
du = 2*dq*u
dv = 2*dq*v
""",
    plants=(
        Slip(
            "the targets squared",
            "dq = 2*(q - t**2)",
            ("extra-factor", "wrong-point", "wrong-variable"),
        ),
        Slip("what comes out for what goes in", "du = 2*dq*a", VARIABLE),
        Slip("the 2 of the square", "dv = dq*v", CONSTANT),
    ),
    tolerance=ROUNDED,
)

PROGRAMS = (
    WEIGHTED_VARIANCE,
    WEIGHTED_MEAN,
    RECIPROCAL,
    COUNT,
    UNIT_ROWS,
    CENTRED,
    SORTED,
    TOTAL_VARIATION,
    SQUARES,
    COLUMN_OF_ONES,
    ROTATION,
)
