"""Sight: layers: dropped units, features that a condition scales, crosses, a maximum over time."""

from mutants.kinds import Kind, Numbers, labels, positive, real, style

DROPOUT = Kind(
    "dropout",
    {"X": real(5, 3), "y": labels(2, 5), "M": labels(2, 5, 4), "keep": positive()},
    {"W1": real(3, 4), "b1": real(4), "w2": real(4), "b2": real()},
    """
Z = X@W1 + b1
A = where(Z > 0, Z, 0.1*Z)    # a leaky unit
H = A*M/keep                  # M is 0 where a unit is dropped
s = H@w2 + b2
nll = softplus(s) - y*s
L = mean(nll)
""",
    {
        "statements": style("""
n = len(y)
ds = (sigmoid(s) - y)/n
dw2 = H.T@ds
db2 = sum(ds)
dH = outer(ds, w2)
dA = dH*M/keep
dZ = dA*where(Z > 0, 1, 0.1)
dW1 = X.T@dZ
db1 = sum(dZ, axis=0)
"""),
        "at_the_weights": style("""
ds = sigmoid(s) - y
dw2 = ds@H/len(y)
db2 = mean(ds)
dA = ds[:, None]*w2*M/keep
dZ = where(Z > 0, dA, 0.1*dA)
dW1 = X.T@dZ/len(y)
db1 = mean(dZ, axis=0)
"""),
        "notebook": style(
            """
m = X.shape[0]
drop = M/keep                 # kept from the forward pass
slope = 0.1 + 0.9*(Z > 0)
p = 1/(1 + np.exp(-s))
delta2 = (p - y)/m
delta1 = delta2[:, None]*w2[None, :]*drop*slope
grad_W1 = X.T@delta1
grad_b1 = np.sum(delta1, axis=0)
grad_w2 = H.T@delta2
grad_b2 = np.sum(delta2)
""",
            grad_W1="W1",
            grad_b1="b1",
            grad_w2="w2",
            grad_b2="b2",
        ),
    },
)

FILM = Kind(
    "film",
    {"X": real(5, 3), "C": real(5, 2), "Y": real(5, 2)},
    {"W": real(3, 4), "G": real(2, 4), "S": real(2, 4), "V": real(4, 2)},
    """
H = X@W
gain = 1 + C@G                # a condition scales the features
shift = C@S                   # and moves them
F = gain*H + shift
A = relu(F)
O = A@V
L = sum((O - Y)**2)/(2*len(X))
""",
    {
        "statements": style("""
n = len(X)
dO = (O - Y)/n
dV = A.T@dO
dA = dO@V.T
dF = dA*(F > 0)
dgain = dF*H
dshift = dF
dH = dF*gain
dW = X.T@dH
dG = C.T@dgain
dS = C.T@dshift
"""),
        "fused": style("""
dO = (O - Y)/X.shape[0]
dF = (A > 0)*(dO@V.T)
dV = A.T@dO
dW = X.T@(gain*dF)
dG = C.T@(H*dF)
dS = C.T@dF
"""),
        "helpers": style(
            """
alive = (F > 0)
miss = O - Y
back = (miss@V.T)*alive
to_feature = back*gain
to_gain = back*H
m = Y.shape[0]
g_S = C.T@back/m
g_G = C.T@to_gain/m
g_V = A.T@miss/m
g_W = X.T@to_feature/m
""",
            g_S="S",
            g_G="G",
            g_V="V",
            g_W="W",
        ),
    },
)

CROSS = Kind(
    "cross_layers",
    {"X": real(5, 3), "y": real(5)},
    {"w1": real(3), "b1": real(3), "w2": real(3), "b2": real(3), "v": real(3)},
    """
s1 = X@w1
X1 = X*s1[:, None] + b1 + X   # every layer multiplies by the input again
s2 = X1@w2
X2 = X*s2[:, None] + b2 + X1
yhat = X2@v
L = mean((yhat - y)**2)/2
""",
    {
        "statements": style("""
n = len(y)
dyhat = (yhat - y)/n
dv = X2.T@dyhat
dX2 = outer(dyhat, v)
ds2 = sum(dX2*X, axis=1)
db2 = sum(dX2, axis=0)
dw2 = X1.T@ds2
dX1 = dX2 + outer(ds2, w2)
ds1 = sum(dX1*X, axis=1)
db1 = sum(dX1, axis=0)
dw1 = X.T@ds1
"""),
        "at_the_weights": style("""
dyhat = yhat - y
dv = dyhat@X2/len(y)
ds2 = dyhat*(X@v)
dw2 = ds2@X1/len(y)
db2 = v*mean(dyhat)
dX1 = dyhat[:, None]*v + ds2[:, None]*w2
dw1 = X.T@sum(dX1*X, axis=1)/len(y)
db1 = mean(dX1, axis=0)
"""),
        "letters": style(
            """
m = X.shape[0]
r = (yhat - y)/m
p = X@v
q = X@w2
a = r*p
c = a + a*q
gb2 = v*r.sum()
gb1 = gb2 + w2*a.sum()
gw2 = X1.T@a
gw1 = X.T@c
gv = X2.T@r
""",
            gb2="b2",
            gb1="b1",
            gw2="w2",
            gw1="w1",
            gv="v",
        ),
    },
)

MAX_OVER_TIME = Kind(
    "max_over_time",
    {"X": real(5, 5), "y": Numbers((5,), form="signs")},
    {"ka": real(), "kb": real(), "k0": real(), "u": real(), "c": real()},
    """
Z = ka*X[:, :-1] + kb*X[:, 1:] + k0
H = tanh(Z)
m = max(H, axis=1)            # the strongest answer of the filter
s = u*m + c
L = mean(softplus(-y*s))
""",
    {
        "statements": style("""
n = len(y)
ds = -y*sigmoid(-y*s)/n
du = sum(ds*m)
dc = sum(ds)
dm = ds*u
first = (H >= m[:, None])
dH = dm[:, None]*first
dZ = dH*(1 - H**2)
dka = sum(dZ*X[:, :-1])
dkb = sum(dZ*X[:, 1:])
dk0 = sum(dZ)
"""),
        "at_the_weights": style("""
ds = -y*(1 - sigmoid(y*s))
row = u*ds*(1 - m*m)
dZ = row[:, None]*(H >= m[:, None])
du = mean(ds*m)
dc = mean(ds)
dka = sum(dZ*X[:, :-1])/len(y)
dkb = sum(dZ*X[:, 1:])/len(y)
dk0 = mean(row)
"""),
        "helpers": style(
            """
pick = (H >= m[:, None])
left = np.sum(pick*X[:, :-1], axis=1)
right = np.sum(pick*X[:, 1:], axis=1)
wrong = 1/(1 + np.exp(y*s))
signal = -y*wrong/len(y)
back = signal*u*(1 - m)*(1 + m)
g_k0 = back.sum()
g_kb = back@right
g_ka = back@left
g_c = signal.sum()
g_u = signal@m
""",
            g_k0="k0",
            g_kb="kb",
            g_ka="ka",
            g_c="c",
            g_u="u",
        ),
    },
)

KINDS = (DROPOUT, FILM, CROSS, MAX_OVER_TIME)
