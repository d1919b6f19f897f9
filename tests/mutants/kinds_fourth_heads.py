"""Fourth: heads: two rows compared, members averaged, capped logits, weighted words, attention."""

from mutants.kinds import Kind, labels, positive, real, style

SIAMESE = Kind(
    "siamese",
    {"A": real(6, 3), "B": real(6, 3), "same": labels(2, 6), "margin": positive()},
    {"W": real(3, 2), "b": real(2)},
    """
U = tanh(A@W + b)
V = tanh(B@W + b)             # both sides have the same weights
D = U - V
d = sqrt(sum(D**2, axis=1) + 0.01)
gap = relu(margin - d)
L = mean(same*d**2 + (1 - same)*gap**2)/2
""",
    {
        "statements": style("""
n = len(same)
dgap = (1 - same)*gap/n
dd = same*d/n - dgap
dD = dd[:, None]*D/d[:, None]
dU = dD
dV = -dD
preU = dU*(1 - U**2)
preV = dV*(1 - V**2)
dW = A.T@preU + B.T@preV
db = sum(preU, axis=0) + sum(preV, axis=0)
"""),
        "fused": style("""
dD = (same - (1 - same)*gap/d)[:, None]*D/len(A)
dW = A.T@(dD*(1 - U**2)) - B.T@(dD*(1 - V**2))
db = sum(dD*(1 - U**2) - dD*(1 - V**2), axis=0)
"""),
        "source": style(
            """
m = same.shape[0]
near = same*d
far = (1 - same)*gap
force = (near - far)/d/m
left = force[:, None]*(U - V)*(1 - U)*(1 + U)
other = force[:, None]*(V - U)*(1 - V)*(1 + V)
g_W = A.T@left + B.T@other
g_b = np.sum(left + other, axis=0)
""",
            g_W="W",
            g_b="b",
        ),
    },
)

AVERAGED = Kind(
    "averaged_members",
    {"X": real(6, 3), "y": labels(2, 6)},
    {"u": real(3), "a": real(), "v": real(3), "c": real()},
    """
z1 = X@u + a
z2 = X@v + c
p1 = sigmoid(z1)
p2 = sigmoid(z2)
p = (p1 + p2)/2               # the chances are averaged, not the logits
L = -mean(y*log(p) + (1 - y)*log(1 - p))
""",
    {
        "statements": style("""
n = len(y)
dp = ((1 - y)/(1 - p) - y/p)/n
dp1 = dp/2
dp2 = dp/2
dz1 = dp1*p1*(1 - p1)
dz2 = dp2*p2*(1 - p2)
du = X.T@dz1
da = sum(dz1)
dv = X.T@dz2
dc = sum(dz2)
"""),
        "at_the_weights": style("""
dp = (p - y)/(p*(1 - p))
dz1 = dp*p1*(1 - p1)/2
dz2 = dp*p2*(1 - p2)/2
du = dz1@X/len(y)
dv = dz2@X/len(y)
da = mean(dz1)
dc = mean(dz2)
"""),
        "letters": style(
            """
m = 2*X.shape[0]
r = (p - y)/p/(1 - p)/m
g = r*(p1 - p1*p1)
h = r*(p2 - p2*p2)
gu = X.T@g
gv = X.T@h
ga = g.sum()
gc = h.sum()
""",
            gu="u",
            gv="v",
            ga="a",
            gc="c",
        ),
    },
)

CAPPED = Kind(
    "capped_logits",
    {"X": real(5, 3), "y": labels(3, 5), "cap": positive(), "zeta": positive()},
    {"W": real(3, 3), "b": real(3)},
    """
a = X@W + b
u = a/cap
t = tanh(u)
Z = cap*t                     # logits never beyond the cap
lz = logsumexp(Z)
L = cross_entropy(Z, y) + zeta*mean(lz**2)
""",
    {
        "statements": style("""
n = len(y)
dlz = 2*zeta*lz/n
P = softmax(Z)
dZ = (P - one_hot(y, 3))/n + dlz[:, None]*P
dt = cap*dZ
du = dt*(1 - t**2)
da = du/cap
dW = X.T@da
db = sum(da, axis=0)
"""),
        "at_the_weights": style("""
P = softmax(Z)
dZ = P*(1 + 2*zeta*lz[:, None]) - one_hot(y, 3)
da = dZ*(1 - t**2)
dW = X.T@da/len(y)
db = mean(da, axis=0)
"""),
        "notebook": style(
            """
m = X.shape[0]
probs = np.exp(Z - lz[:, None])
hot = one_hot(y, 3)
pull = 2*zeta*lz
delta = probs - hot + pull[:, None]*probs
gate = (1 - t)*(1 + t)
back = delta*gate/m
grad_W = X.T@back
grad_b = back.sum(axis=0)
""",
            grad_W="W",
            grad_b="b",
        ),
    },
)

WEIGHTED_WORDS = Kind(
    "weighted_words",
    {"tokens": labels(6, 4, 5), "M": positive(4, 5), "y": labels(3, 4)},
    {"E": real(6, 3), "W": real(3, 3), "b": real(3)},
    """
T = take(E, tokens)           # a text a row, its words, their numbers
total = sum(M, axis=1, keepdims=True)
x = sum(M[:, :, None]*T, axis=1)/total
Z = x@W + b
L = cross_entropy(Z, y)
""",
    {
        "statements": style("""
n = len(y)
dZ = (softmax(Z) - one_hot(y, 3))/n
dW = x.T@dZ
db = sum(dZ, axis=0)
dx = dZ@W.T
share = M/total
dT = share[:, :, None]*dx[:, None, :]
words = one_hot(tokens, 6)
dE = sum(sum(words[:, :, :, None]*dT[:, :, None, :], axis=0), axis=0)
"""),
        "at_the_weights": style("""
dZ = softmax(Z) - one_hot(y, 3)
dW = x.T@dZ/len(y)
db = mean(dZ, axis=0)
dx = dZ@W.T
bags = sum(one_hot(tokens, 6)*M[:, :, None], axis=1)/total
dE = bags.T@dx/len(y)
"""),
        "helpers": style(
            """
m = y.shape[0]
miss = (softmax(Z) - one_hot(y, 3))/m
weight = M/total
counts = np.sum(weight[:, :, None]*one_hot(tokens, 6), axis=1)
inner = counts.T@miss
g_E = inner@W.T
g_W = E.T@inner
g_b = miss.sum(axis=0)
""",
            g_E="E",
            g_W="W",
            g_b="b",
        ),
    },
)

KINDS = (SIAMESE, AVERAGED, CAPPED, WEIGHTED_WORDS)
