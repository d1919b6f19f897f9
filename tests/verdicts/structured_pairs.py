"""Right because a matrix of pairs is symmetric or skew-symmetric: graphs, distances."""

import numpy as np
from mutants.slips import Slip

from verdicts.program import Program, normal, weights
from verdicts.rules import CONSTANT, FACTOR, HALF, PART, SIGN, SLOPE, TRANSPOSED

rng = np.random.default_rng([11, 16])
A = (
    np.array(
        [[1, 1, 0, 0, 1], [1, 1, 1, 0, 0], [0, 1, 1, 1, 0], [0, 0, 1, 1, 1], [1, 0, 0, 1, 1.0]]
    )
    / 4
)
GRAPH_CONVOLUTION = Program(
    "a symmetric adjacency: graph convolution",
    {"A": A, "X": normal(rng, 5, 3), "Y": np.eye(2)[[0, 1, 1, 0, 1]]},
    {"W1": weights(rng, 3, 4, scale=1.5), "W2": weights(rng, 4, 2, scale=1.5)},
    """
S = A@X@W1
H = relu(S)
Z = A@H@W2
L = -sum(Y*log_softmax(Z))/5
""",
    """
dZ = (softmax(Z) - Y)/5
dW2 = (A@H).T@dZ
dH = A@dZ@W2.T
dS = dH*(S > 0)
dW1 = X.T@A@dS
""",
    plants=(
        Slip("the neighbours are forgotten", "dH = dZ@W2.T", FACTOR),
        Slip("the mask upside down", "dS = dH*(S < 0)", ("sign", "wrong-point", "unexplained")),
        Slip("the neighbours are forgotten", "dW1 = X.T@dS", FACTOR),
    ),
)

rng = np.random.default_rng([11, 17])
A = np.array([[0, 1, 1, 0], [1, 0, 2, 0], [1, 2, 0, 1], [0, 0, 1, 0.0]])
LAPLACIAN = Program(
    "a graph's Laplacian: a quadratic form",
    {"D": np.diag(A.sum(1)), "Lap": np.diag(A.sum(1)) - A, "y": normal(rng, 4)},
    {"f": weights(rng, 4)},
    """
q = f@(Lap@f)
L = sum((f - y)**2) + 0.5*q
""",
    """
df = 2*(f - y) + Lap@f
""",
    plants=(
        Slip("one of the two uses of f", "df = 2*(f - y) + 0.5*Lap@f", HALF),
        Slip(
            "the degrees for the Laplacian",
            "df = 2*(f - y) + D@f",
            ("wrong-variable", "missing-term"),
        ),
        Slip("a sign", "df = 2*(f - y) - Lap@f", SIGN),
    ),
)

rng = np.random.default_rng([11, 31])
D = np.array([[0, 1, 4, 2], [1, 0, 2.5, 3], [4, 2.5, 0, 1], [2, 3, 1, 0]])
DISTANCES = Program(
    "symmetric distances, zeros on the diagonal: scaling",
    {"D": D},
    {"U": weights(rng, 4, 2, scale=1.0)},
    """
sq = sum(U**2, axis=1)
S = sq[:, None] + sq[None, :] - 2*U@U.T
E = S - D
L = sum(E**2)/4
""",
    """
dS = E/2
dU = 4*(sum(dS, axis=1)[:, None]*U - dS@U)
""",
    plants=(
        Slip("one side of each pair", "dU = 2*(sum(dS, axis=1)[:, None]*U - dS@U)", HALF),
        Slip("a sign", "dU = 4*(sum(dS, axis=1)[:, None]*U + dS@U)", SIGN),
        Slip("the other points' part is forgotten", "dU = 4*(sum(dS, axis=1)[:, None]*U)", PART),
    ),
)

rng = np.random.default_rng([11, 32])
Wd = np.array([[0, 1.5, 0, 1], [1.5, 0, 0.5, 0], [0, 0.5, 0, 2], [1, 0, 2, 0]])
PULLED_TOGETHER = Program(
    "symmetric weights between points",
    {"Wd": Wd, "C": normal(rng, 4, 2)},
    {"U": weights(rng, 4, 2)},
    """
G = U@U.T
L = sum((U - C)**2) - 0.3*sum(Wd*G)
""",
    """
dU = 2*(U - C) - 0.6*Wd@U
""",
    plants=(
        Slip("one of the two uses of U", "dU = 2*(U - C) - 0.3*Wd@U", HALF),
        Slip("a sign", "dU = 2*(U - C) + 0.6*Wd@U", SIGN),
        Slip("the centres are forgotten", "dU = 2*(U) - 0.6*Wd@U", PART),
    ),
)

rng = np.random.default_rng([11, 33])
lab = np.array([0, 0, 1, 1, 1])
NEIGHBOURS = Program(
    "neighbourhood components: same classes as a matrix",
    {
        "X": normal(rng, 5, 3),
        "same": (lab[:, None] == lab[None, :]).astype(float),
        "off": 1 - np.eye(5),
        "far": -1000000000.0 * np.eye(5),
    },
    {"A": weights(rng, 2, 3)},
    """
U = X@A.T
sq = sum(U**2, axis=1)
D = sq[:, None] + sq[None, :] - 2*U@U.T
P = softmax(far - D)
pi = sum(same*P, axis=1)
L = -sum(pi)
""",
    """
dD = P*(same - pi[:, None])
B = dD + dD.T
dU = 2*(sum(B, axis=1)[:, None]*U - B@U)
dA = dU.T@X
""",
    plants=(
        Slip(
            "the neighbour's side of a pair is forgotten",
            "B = dD",
            ("missing-path", "missing-term", "missing-factor"),
        ),
        Slip("softmax's second term is forgotten", "dD = P*(same)", PART),
        Slip("a sign", "dD = -P*(same - pi[:, None])", SIGN),
    ),
)

rng = np.random.default_rng([11, 34])
lab = np.array([0, 1, 0, 1])
WEIGHTED_SCATTER = Program(
    "neighbourhood components: the gradient by a weighted scatter",
    {
        "X": normal(rng, 4, 3),
        "same": (lab[:, None] == lab[None, :]) * (1 - np.eye(4)),
        "off": 1 - np.eye(4),
    },
    {"A": weights(rng, 3, 3, scale=0.5)},
    """
U = X@A.T
sq = sum(U**2, axis=1)
D = sq[:, None] + sq[None, :] - 2*U@U.T
K = off*exp(-D)
P = K/sum(K, axis=1, keepdims=True)
pi = sum(same*P, axis=1)
L = -sum(log(pi))
""",
    """
Q = same*P/pi[:, None]
G = Q - P
B = G + G.T
S = 2*(X.T@(sum(B, axis=1)[:, None]*X) - X.T@B@X)
dA = A@S
""",
    plants=(
        Slip("a .T too many", "dA = A.T@S", TRANSPOSED),
        Slip("the 2 is forgotten", "S = (X.T@(sum(B, axis=1)[:, None]*X) - X.T@B@X)", CONSTANT),
        Slip("a sign", "G = Q + P", SIGN),
    ),
)

rng = np.random.default_rng([11, 45])
S = np.array([[0, 1.5, -2], [-1.5, 0, 0.5], [2, -0.5, 0]])
SKEW_FORM = Program(
    "a skew-symmetric form is zero",
    {"X": normal(rng, 5, 3), "S": S, "y": normal(rng, 5)},
    {"w": weights(rng, 3)},
    """
e = X@w - y
q = w@(S@w)
L = mean(e**2) + q
""",
    """
dw = 2*X.T@e/5
""",
    plants=(
        Slip(
            "one of the form's two halves",
            "dw = 2*X.T@e/5 + S@w",
            ("double-counted-path", "missing-path", "missing-term", "unexplained"),
        ),
        Slip("the features for the rows", "dw = 2*X.T@e/3", CONSTANT),
    ),
)

rng = np.random.default_rng([11, 51])
Rm = np.array([[0, 1, -1, 1], [-1, 0, 1, 1], [1, -1, 0, -1], [-1, -1, 1, 0.0]])
PREFERENCES = Program(
    "antisymmetric preferences: each pair from both sides",
    {"X": normal(rng, 4, 3), "R": Rm},
    {"w": weights(rng, 3)},
    """
s = X@w
D = s[:, None] - s[None, :]
L = sum(softplus(-R*D))
""",
    """
G = R*sigmoid(-R*D)
ds = -2*sum(G, axis=1)
dw = X.T@ds
""",
    plants=(
        Slip("one side of each pair", "ds = -1*sum(G, axis=1)", HALF),
        Slip("a sign", "ds = 2*sum(G, axis=1)", SIGN),
        Slip("the preferences are forgotten", "G = sigmoid(-R*D)", FACTOR),
    ),
)

rng = np.random.default_rng([11, 53])
k = [0.5, 0.25, 0.0, 0.0, 0.25]
C = np.array([[k[(j - i) % 5] for j in range(5)] for i in range(5)])
SYMMETRIC_FILTER = Program(
    "a symmetric filter as a matrix",
    {"C": C, "y": normal(rng, 5)},
    {"x": weights(rng, 5)},
    """
z = C@x
a = tanh(z)
o = C@a
L = sum((o - y)**2)
""",
    """
do = 2*(o - y)
da = C@do
dz = da*(1 - a**2)
dx = C@dz
""",
    plants=(
        Slip("1 - a for 1 - a**2", "dz = da*(1 - a)", SLOPE),
        Slip("the filter is forgotten", "da = do", FACTOR),
        Slip("tanh's slope is passed by", "dx = C@da", SLOPE),
    ),
)

PROGRAMS = (
    GRAPH_CONVOLUTION,
    LAPLACIAN,
    DISTANCES,
    PULLED_TOGETHER,
    NEIGHBOURS,
    WEIGHTED_SCATTER,
    SKEW_FORM,
    PREFERENCES,
    SYMMETRIC_FILTER,
)
