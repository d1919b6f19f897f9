"""Sixth: ranks that are soft, and similarities within a batch that shall match given ones."""

from mutants.kinds import Kind, Numbers, positive, real, style

SOFT_RANK = Kind(
    "soft_rank",
    {"X": real(5, 3), "gain": positive(5), "tau": positive()},
    {"W": real(3, 4), "v": real(4)},
    """
H = tanh(X@W)
s = H@v
D = s[None, :] - s[:, None]
P = sigmoid(D/tau)            # how surely the column stands above the row
R = 0.5 + sum(P, axis=1)      # the rank of a row, 1 for the best
G = gain*log(2.0)/log(1 + R)
L = -sum(G)/sum(gain)
""",
    {
        "statements": style("""
scale = log(2.0)/sum(gain)
dR = scale*gain/(log(1 + R)**2*(1 + R))
dD = dR[:, None]*P*(1 - P)/tau
ds = sum(dD, axis=0) - sum(dD, axis=1)
dv = H.T@ds
dH = outer(ds, v)
pre = dH*(1 - H**2)
dW = X.T@pre
"""),
        "fused": style("""
dR = log(2.0)*gain/(1 + R)/log(1 + R)**2/sum(gain)
dD = dR[:, None]*P*P.T/tau
ds = dD.sum(axis=0) - dD.sum(axis=1)
dv = ds@H
dW = X.T@(outer(ds, v)*(1 - H**2))
"""),
        "letters": style(
            """
q = 1 + R
t = np.log(q)
a = np.log(2.0)*gain/(t*t*q)
c = a/gain.sum()
F = c[:, None]*P*(1 - P)/tau
f = F.sum(axis=0) - F.sum(axis=1)
gv = f@H
j = f[:, None]*v*(1 - H)*(1 + H)
gw = X.T@j
""",
            gv="v",
            gw="W",
        ),
    },
)

AFFINITY = Kind(
    "affinity",
    {"X": real(5, 3), "T": Numbers((5, 5), form="shares"), "lam": positive()},
    {"W": real(3, 3), "g": real()},
    """
Z = X@W
k = exp(g)                    # how sharp, learnt
S = k*(Z@Z.T)                 # everybody with everybody
logQ = log_softmax(S)
fit = -sum(T*logQ)/len(X)
L = fit + lam*sum(Z**2)/2
""",
    {
        "statements": style("""
n = len(X)
Q = exp(logQ)
dS = (Q - T)/n
dk = sum(dS*(Z@Z.T))
dg = dk*k
dN = k*dS
dZ = dN@Z + dN.T@Z + lam*Z
dW = X.T@dZ
"""),
        "fused": style("""
dS = (softmax(S) - T)/len(X)
dg = sum(dS*S)
dZ = k*(dS + dS.T)@Z + lam*Z
dW = X.T@dZ
"""),
        "source": style(
            """
m = X.shape[0]
miss = np.exp(logQ) - T
both = miss + miss.T
inner = (k/m)*both@Z
pull = lam*Z
g_W = X.T@inner + X.T@pull
g_g = np.sum(miss*S)/m
""",
            g_W="W",
            g_g="g",
        ),
    },
)

KINDS = (SOFT_RANK, AFFINITY)
