"""Sixth: layers: a learnt swish, a soft maximum over a set, words used at both ends, two heads."""

from mutants.kinds import Kind, labels, real, style

SWISH = Kind(
    "learnt_swish",
    {"X": real(5, 3), "Y": real(5, 2)},
    {"W": real(3, 4), "b": real(4), "beta": real(4), "V": real(4, 2)},
    """
Z = X@W + b
S = sigmoid(beta*Z)           # every unit learns how sharp it is
H = Z*S
E = H@V - Y
L = sum(E**2)/(2*len(X))
""",
    {
        "statements": style("""
n = len(X)
dE = E/n
dV = H.T@dE
dH = dE@V.T
dS = dH*Z
du = dS*S*(1 - S)
dbeta = sum(du*Z, axis=0)
dZ = dH*S + du*beta
dW = X.T@dZ
db = sum(dZ, axis=0)
"""),
        "fused": style("""
dH = E@V.T/len(X)
dZ = dH*(S + beta*H*(1 - S))
dV = H.T@E/len(X)
dbeta = sum(dH*Z*H*(1 - S), axis=0)
dW = X.T@dZ
db = dZ.sum(axis=0)
"""),
        "helpers": style(
            """
m = X.shape[0]
H_bar = E@V.T
flat = S - S**2
Z_bar = H_bar*(S + beta*Z*flat)
beta_bar = np.mean(H_bar*Z**2*flat, axis=0)
V_bar = H.T@E/m
W_bar = X.T@Z_bar/m
b_bar = np.mean(Z_bar, axis=0)
""",
            V_bar="V",
            W_bar="W",
            b_bar="b",
            beta_bar="beta",
        ),
    },
)

SOFT_POOL = Kind(
    "soft_pool",
    {"X": real(4, 5, 2), "y": labels(2, 4)},
    {"W": real(2, 3), "b": real(3), "r": real(), "v": real(3), "c": real()},
    """
H = tanh(X@W + b)             # five points a set
k = exp(r)
q = logsumexp(k*H, axis=1) - log(5.0)
p = q/k                       # from the mean (k small) to the maximum (k large)
s = p@v + c
L = mean(softplus(s) - y*s)
""",
    {
        "statements": style("""
n = len(y)
ds = (sigmoid(s) - y)/n
dc = sum(ds)
dv = p.T@ds
dp = outer(ds, v)
dq = dp/k
A = softmax(k*H, axis=1)
dU = dq[:, None, :]*A
dH = k*dU
dk = sum(dU*H) - sum(dp*p)/k
dr = dk*k
dZ = dH*(1 - H**2)
db = sum(sum(dZ, axis=0), axis=0)
dW = reshape(X, (20, 2)).T@reshape(dZ, (20, 3))
"""),
        "at_the_weights": style("""
ds = sigmoid(s) - y
dp = outer(ds, v)
A = softmax(k*H, axis=1)
rows = reshape(A*dp[:, None, :]*(1 - H**2), (20, 3))
dW = reshape(X, (20, 2)).T@rows/len(y)
db = sum(rows, axis=0)/len(y)
dv = ds@p/len(y)
dc = mean(ds)
dr = sum(dp*(sum(A*H, axis=1) - p))/len(y)
"""),
    },
)

TIED_WORDS = Kind(
    "tied_words",
    {"first": labels(6, 7), "second": labels(6, 7), "y": labels(6, 7)},
    {"E": real(6, 3), "W1": real(3, 3), "W2": real(3, 3), "b": real(3), "c": real(6)},
    """
x1 = take(E, first)
x2 = take(E, second)
A = tanh(x1@W1 + x2@W2 + b)
logits = A@E.T + c            # the next word, by the same table
L = cross_entropy(logits, y)
""",
    {
        "statements": style("""
n = len(y)
dlogits = (softmax(logits) - one_hot(y, 6))/n
dc = sum(dlogits, axis=0)
dA = dlogits@E
pre = dA*(1 - A**2)
dW1 = x1.T@pre
dW2 = x2.T@pre
db = sum(pre, axis=0)
dx1 = pre@W1.T
dx2 = pre@W2.T
inside = one_hot(first, 6).T@dx1 + one_hot(second, 6).T@dx2
dE = inside + dlogits.T@A
"""),
        "at_the_weights": style("""
dlogits = softmax(logits) - one_hot(y, 6)
pre = dlogits@E*(1 - A**2)
out = dlogits.T@A
dE = (out + one_hot(first, 6).T@pre@W1.T + one_hot(second, 6).T@pre@W2.T)/len(y)
dW1 = x1.T@pre/len(y)
dW2 = x2.T@pre/len(y)
db = mean(pre, axis=0)
dc = mean(dlogits, axis=0)
"""),
        "source": style(
            """
N = y.shape[0]
shifted = np.exp(logits)
probs = shifted/np.sum(shifted, axis=1, keepdims=True)
delta = (probs - one_hot(y, 6))/N
back = (delta@E)*(1 - A)*(1 + A)
out = delta.T@A
in1 = one_hot(first, 6).T@(back@W1.T)
in2 = one_hot(second, 6).T@(back@W2.T)
g_E = out + in1 + in2
g_W1 = x1.T@back
g_W2 = x2.T@back
g_b = back.sum(axis=0)
g_c = delta.sum(axis=0)
""",
            g_E="E",
            g_W1="W1",
            g_W2="W2",
            g_b="b",
            g_c="c",
        ),
    },
)

TWO_HEADS = Kind(
    "two_heads",
    {"X": real(4, 3), "Y": real(4, 2)},
    {
        **{"Qa": real(3, 2), "Ka": real(3, 2), "Va": real(3, 2)},
        **{"Qb": real(3, 2), "Kb": real(3, 2), "Vb": real(3, 2)},
    },
    """
qa = X@Qa
ka = X@Ka
va = X@Va
Sa = qa@ka.T/sqrt(2.0)
Aa = softmax(Sa)
qb = X@Qb
kb = X@Kb
vb = X@Vb
Sb = qb@kb.T/sqrt(2.0)
Ab = softmax(Sb)
O = Aa@va + Ab@vb             # the heads are added
L = sum((O - Y)**2)/(2*len(X))
""",
    {
        "statements": style("""
n = len(X)
dO = (O - Y)/n
dva = Aa.T@dO
dvb = Ab.T@dO
dVa = X.T@dva
dVb = X.T@dvb
dAa = dO@va.T
dAb = dO@vb.T
dSa = Aa*(dAa - sum(dAa*Aa, axis=1, keepdims=True))
dSb = Ab*(dAb - sum(dAb*Ab, axis=1, keepdims=True))
dqa = dSa@ka/sqrt(2.0)
dka = dSa.T@qa/sqrt(2.0)
dqb = dSb@kb/sqrt(2.0)
dkb = dSb.T@qb/sqrt(2.0)
dQa = X.T@dqa
dKa = X.T@dka
dQb = X.T@dqb
dKb = X.T@dkb
"""),
        "fused": style("""
G = (O - Y)/len(X)
dVa = (Aa@X).T@G
dVb = (Ab@X).T@G
ga = Aa*(G@va.T)
gb = Ab*(G@vb.T)
ra = (ga - Aa*sum(ga, axis=1, keepdims=True))/sqrt(2.0)
rb = (gb - Ab*sum(gb, axis=1, keepdims=True))/sqrt(2.0)
dQa = X.T@ra@ka
dKa = X.T@ra.T@qa
dQb = X.T@rb@kb
dKb = X.T@rb.T@qb
"""),
    },
)

KINDS = (SWISH, SOFT_POOL, TIED_WORDS, TWO_HEADS)
