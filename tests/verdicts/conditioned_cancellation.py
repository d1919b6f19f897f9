"""Right where almost all digits cancel, and wrong by more than that."""

import numpy as np
from mutants.slips import Slip

from verdicts.program import Program, normal
from verdicts.rules import CONSTANT, DIVISOR, EXTRA, FACTOR, PART, SIGN, SLOPE, VARIABLE

SQUARE_OF_A_SUM = Program(
    "the square of a sum less its other terms",
    {"c": [1.0, 0.5, 2.0]},
    {"u": [123456.0, -98765.0, 54321.5], "v": [0.75, -1.25, 2.0]},
    """
s = u + v
q = s**2 - u**2 - 2*u*v
L = sum(c*q)
""",
    """
dq = c
ds = dq*2*s
dv = ds - dq*2*u
du = ds - dq*2*u - dq*2*v
""",
    plants=(
        Slip("a term of the expansion", "du = ds - dq*2*u", PART),
        Slip("a factor 0.9 on one path", "dv = 0.9*ds - dq*2*u", CONSTANT),
    ),
)


SQUARES = Program(
    "a difference of nearly equal squares",
    {"t": [40.0, -20.0]},
    {"a": [1000003.0, 999999.0], "b": [1000001.0, 1000002.0]},
    """
d = a**2 - b**2
e = d/1e5 - t
L = mean(e**2)
""",
    """
de = 2*e/2
dd = de/1e5
da = 2*a*dd
db = -2*b*dd
""",
    plants=(
        Slip("a sign", "db = 2*b*dd", SIGN),
        Slip("the scale is forgotten", "dd = de", DIVISOR),
    ),
)


EXPONENTIALS = Program(
    "two nearly equal exponentials",
    {"d": 1e-06, "k": 1000000.0},
    {"w": [0.5, -1.0, 2.0]},
    """
p = exp(w)
q = exp(w - d)
L = k*sum(p - q)
""",
    """
dp = k
dq = -k
dw = dp*p + dq*q
""",
    plants=(
        Slip("w besides", "dw = dp*(p - q)*w", ("wrong-variable", "extra-factor", "unexplained")),
        Slip("1.05 times too long", "dw = 1.05*(dp*p + dq*q)", CONSTANT),
    ),
)


DIFFERENCE_QUOTIENT = Program(
    "a difference quotient inside the model",
    {"h": 1e-05, "x": [0.25, 1.0, -0.5]},
    {"w": 0.75, "b": 0.1},
    """
u = tanh(w*x + h + b)
v = tanh(w*x - h + b)
s = (u - v)/(2*h)
L = sum((s - 0.5)**2)
""",
    """
ds = 2*(s - 0.5)
du = ds/(2*h)
dv = -ds/(2*h)
ga = du*(1 - u**2)
gb = dv*(1 - v**2)
dw = sum((ga + gb)*x)
db = sum(ga + gb)
""",
    plants=(
        Slip("x is forgotten", "dw = sum((ga + gb))", FACTOR),
        Slip("1 - v for 1 - v**2", "gb = dv*(1 - v)", SLOPE),
    ),
)

rng = np.random.default_rng([23, 5])
LARGE_MEAN = Program(
    "a variance as E[z**2] - E[z]**2 with a large mean",
    {"X": np.hstack([normal(rng, 6, 2), np.full((6, 1), 100.0)])},
    {"w": [0.5, -1.0, 100.0]},
    """
z = X@w
m = mean(z)
v = mean(z**2) - m**2
L = (v - 1)**2
""",
    """
dv = 2*(v - 1)
dz = dv*2*(z - m)/6
dw = X.T@dz
""",
    plants=(
        Slip("the 2 of the square", "dz = dv*(z - m)/6", CONSTANT),
        Slip("the mean's term is forgotten", "dz = dv*2*(z)/6", PART),
    ),
)

rng = np.random.default_rng([23, 6])
MOMENTS = Program(
    "a variance by moments, the gradient path by path",
    {"x": np.round(1000 + rng.standard_normal(8), 2)},
    {"a": 1.5, "b": -3.0},
    """
z = a*x + b
m = mean(z)
q = mean(z**2)
v = q - m**2
L = log(v + 1)
""",
    """
dv = 1/(v + 1)
dq = dv
dm = -2*m*dv
dz = dq*2*z/8 + dm/8
da = sum(dz*x)
db = sum(dz)
""",
    plants=(
        Slip("the mean's path is forgotten", "dz = dq*2*z/8", PART),
        Slip("a sign", "dm = 2*m*dv", SIGN),
    ),
)


NEARLY_SINGULAR = Program(
    "the inverse of a nearly singular matrix",
    {"p": 2.0, "q": -1.0},
    {"a": 1.0, "b": 2.0, "c": 0.5, "d": 1.000001},
    """
t = a*d - b*c
x = (d*p - b*q)/t
y = (a*q - c*p)/t
L = 1e-6*(x**2 + y**2)
""",
    """
dx = 2e-6*x
dy = 2e-6*y
dt = -(dx*x + dy*y)/t
da = dt*d + dy*q/t
db = -dt*c - dx*q/t
dc = -dt*b - dy*p/t
dd = dt*a + dx*p/t
""",
    plants=(
        Slip("a sign", "dt = (dx*x + dy*y)/t", SIGN),
        Slip("c for d", "da = dt*c + dy*q/t", VARIABLE),
    ),
)


MULTIPLIED_OUT = Program(
    "(x - 1)**5 multiplied out, near its root",
    {"k": 1000000.0},
    {"x": [1.05, 0.93, 1.02]},
    """
f = x**5 - 5*x**4 + 10*x**3 - 10*x**2 + 5*x - 1
L = k*sum(f)
""",
    """
dx = k*(5*x**4 - 20*x**3 + 30*x**2 - 20*x + 5)
""",
    plants=(
        Slip("31 for 30", "dx = k*(5*x**4 - 20*x**3 + 31*x**2 - 20*x + 5)", CONSTANT),
        Slip("the linear term's slope", "dx = k*(5*x**4 - 20*x**3 + 30*x**2 - 20*x)", PART),
    ),
)

n = 5
H = np.array([[1 / (i + j + 1) for j in range(n)] for i in range(n)])
HILBERT = Program(
    "a Hilbert matrix near its solution",
    {"H": H, "y": (H @ np.ones(n)).tolist()},
    {"w": [1.001, 0.998, 1.004, 0.997, 1.002]},
    """
e = H@w - y
L = 1000*sum(e**2)
""",
    """
de = 2000*e
dw = H.T@de
""",
    plants=(
        Slip("the 2 of the square", "de = 1000*e", CONSTANT),
        Slip("the matrix is forgotten", "dw = de", FACTOR),
    ),
)

rng = np.random.default_rng([23, 10])
X = rng.integers(-4, 5, (5, 3)).astype(float)
ws = np.array([1.0, -2.0, 0.5])
NEAR_THE_BEST = Program(
    "least squares a billionth from the best",
    {"X": X, "y": X @ ws},
    {"w": [1.0 + 2 ** (-30), -2.0, 0.5 - 2 ** (-29)]},
    """
e = X@w - y
L = mean(e**2)
""",
    """
de = 2*e/5
dw = X.T@de
""",
    plants=(
        Slip("a sign", "de = -2*e/5", SIGN),
        Slip("the features for the rows", "de = 2*e/3", CONSTANT),
    ),
)


NEARLY_PARALLEL = Program(
    "the cosine of nearly parallel vectors",
    {"t": [1.0, 2.0, -1.0, 0.5]},
    {"u": [1.0001, 1.9997, -1.0002, 0.5001]},
    """
nu = sqrt(sum(u**2))
nt = sqrt(sum(t**2))
c = dot(u, t)/(nu*nt)
L = 1e4*(1 - c)
""",
    """
dc = -1e4
du = dc*(t/(nu*nt) - c*u/nu**2)
""",
    plants=(
        Slip("the length's term is forgotten", "du = dc*(t/(nu*nt))", PART),
        Slip("a sign", "dc = 1e4", SIGN),
    ),
)


DIVERGENCE = Program(
    "the divergence of nearly equal chances",
    {"p": [0.25, 0.5, 0.125, 0.125]},
    {"z": [-1.38631, -0.69312, -2.07946, -2.07942]},
    """
q = softmax(z)
L = 1e4*sum(p*(log(p) - log(q)))
""",
    """
dz = 1e4*(q - p)
""",
    plants=(
        Slip("a sign", "dz = 1e4*(p - q)", SIGN),
        Slip("softmax's slope besides", "dz = 1e4*q*(q - p)", EXTRA),
    ),
)

rng = np.random.default_rng([23, 53])
MEANS = Program(
    "inputs that nearly cancel in a difference of means",
    {
        "a": np.round(1000000.0 + rng.standard_normal(6), 3),
        "b": np.round(1000000.0 + rng.standard_normal(6), 3),
    },
    {"w": 1.0, "c": 0.5},
    """
d = mean(w*a) - mean(w*b)
L = (d - c)**2
""",
    """
dd = 2*(d - c)
dw = dd*mean(a) - dd*mean(b)
dc = -dd
""",
    plants=(
        Slip("the second mean's path is forgotten", "dw = dd*mean(a)", PART),
        Slip("a sign", "dc = dd", SIGN),
    ),
)

PROGRAMS = (
    SQUARE_OF_A_SUM,
    SQUARES,
    EXPONENTIALS,
    DIFFERENCE_QUOTIENT,
    LARGE_MEAN,
    MOMENTS,
    NEARLY_SINGULAR,
    MULTIPLIED_OUT,
    HILBERT,
    NEAR_THE_BEST,
    NEARLY_PARALLEL,
    DIVERGENCE,
    MEANS,
)
