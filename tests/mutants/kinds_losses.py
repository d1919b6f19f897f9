"""Held out: losses and scalings with quotients, logarithms, roots and broadcasts."""

from mutants.kinds import Kind, Numbers, labels, positive, real, style

SOFTMAX_BY_HAND = Kind(
    "softmax_by_hand",
    {"X": real(5, 3), "y": labels(3, 5)},
    {"W": real(3, 3), "b": real(3)},
    """
z = X@W + b
E = exp(z)
S = sum(E, axis=1, keepdims=True)
P = E/S
Y = one_hot(y, 3)
q = sum(P*Y, axis=1)
L = -mean(log(q))
""",
    {
        "statements": style("""
m = X.shape[0]
dq = -1/(q*m)
dP = dq[:, None]*Y
dS = -sum(dP*E, axis=1, keepdims=True)/S**2
dE = dP/S + dS
dz = dE*E
dW = X.T@dz
db = dz.sum(axis=0)
"""),
        "at_the_weights": style("""
m = X.shape[0]
dz = P - Y
dW = 1/m*X.T@dz
db = 1/m*np.sum(dz, axis=0)
"""),
        "bare": style("""
dW = X.T@(softmax(X@W + b) - one_hot(y, 3))/X.shape[0]
db = mean(P - Y, axis=0)
"""),
        "renamed": style(
            """
shares = np.exp(z)/np.sum(np.exp(z), axis=1, keepdims=True)
residual = (shares - Y)/len(y)
grad_b = residual.sum(axis=0)
grad_W = (residual.T@X).T
""",
            grad_b="b",
            grad_W="W",
        ),
    },
)

COLUMN_SCALE = Kind(
    "column_scale",
    {"X": real(5, 3), "y": real(5)},
    {"g": real(3), "c": real(3), "r": real(5, 1), "t": real()},
    """
u = X*g + c
a = tanh(u)
p = a*r - t
s = sum(p, axis=1)
e = s - y
L = mean(e**2)
""",
    {
        "statements": style("""
n = len(y)
de = 2*e/n
ds = de
dp = ds[:, None]
dt = -p.shape[1]*sum(dp)
dr = sum(dp*a, axis=1, keepdims=True)
da = dp*r
du = da*(1 - a**2)
dg = sum(du*X, axis=0)
dc = sum(du, axis=0)
"""),
        "fused": style("""
ds = 2*(s - y)/X.shape[0]
du = ds[:, None]*r*(1 - a*a)
dg = (du*X).sum(axis=0)
dc = du.sum(axis=0)
dr = ds[:, None]*a.sum(axis=1, keepdims=True)
dt = -3*sum(ds)
"""),
        "bare": style("""
dg = 2*sum(X*r*(1 - a**2)*e[:, None], axis=0)/len(y)
dc = 2*mean(r*(1 - a**2)*e[:, None], axis=0)
dr = 2*(e*sum(a, axis=1))[:, None]/len(y)
dt = -2*X.shape[1]*mean(e)
"""),
    },
)

CHAIN = Kind(
    "deep_chain",
    {"x": real(), "y": real()},
    {"w1": real(), "w2": real(), "w3": real(), "w4": positive()},
    """
p = w1*x
q = exp(p/3)
r = 1 + q**2
s = log(r)
t = sqrt(s + r)
u = sin(w2*t)
k = u/r
m = w3*p - k
n = tanh(m)
o = w4*n + q
L = (o - y)**2/2
""",
    {
        "statements": style("""
do = o - y
dw4 = do*n
dn = do*w4
dm = dn*(1 - n**2)
dw3 = dm*p
dk = -dm
du = dk/r
v = w2*t
dw2 = du*cos(v)*t
dt = du*cos(v)*w2
ds = dt/(2*t)
dr = dt/(2*t) - dk*u/r**2 + ds/r
dq = dr*2*q + do
dp = dq*q/3 + dm*w3
dw1 = dp*x
"""),
        "fused": style("""
do = o - y
dm = do*w4*(1 - n*n)
du = -dm/r
dt = du*cos(w2*t)*w2
dr = dt*(1 + 1/r)/(2*t) + dm*k/r
dq = 2*q*dr + do
dw1 = (dq*q/3 + dm*w3)*x
dw2 = du*cos(w2*t)*t
dw3 = dm*p
dw4 = do*n
"""),
        "renamed": style(
            """
err = o - y
first = err*n
hidden = err*w4*(1 - n**2)
second = hidden*p
quotient = -hidden
sine = quotient/r*cos(w2*t)
third = sine*t
root = sine*w2/(2*t)
logs = root/r
inside = logs + root - quotient*u/r**2
power = inside*2*q + err
start = power*q/3 + hidden*w3
fourth = start*x
""",
            first="w4",
            second="w3",
            third="w2",
            fourth="w1",
        ),
    },
)

COSINE = Kind(
    "cosine",
    {"X": real(4, 3), "Z": real(4, 2), "y": real()},
    {"w": real(3), "u": real(2)},
    """
a = X@w
b = Z@u
inner = sum(a*b)
na = sqrt(sum(a**2))
nb = sqrt(sum(b**2))
cosine = inner/(na*nb)
L = (cosine - y)**2
""",
    {
        "statements": style("""
dcosine = 2*(cosine - y)
dinner = dcosine/(na*nb)
dna = -dcosine*inner/(na**2*nb)
dnb = -dcosine*inner/(na*nb**2)
da = dinner*b + dna*a/na
db = dinner*a + dnb*b/nb
dw = X.T@da
du = Z.T@db
"""),
        "fused": style("""
dcosine = 2*(cosine - y)
da = dcosine*(b/nb - cosine*a/na)/na
db = dcosine*(a/na - cosine*b/nb)/nb
dw = X.T@da
du = Z.T@db
"""),
        "bare": style("""
dw = 2*(cosine - y)/na*(X.T@(b/nb - cosine*a/na))
du = 2*(cosine - y)/nb*(Z.T@(a/na - cosine*b/nb))
"""),
    },
)

HINGE = Kind(
    "hinge",
    {"X": real(7, 3), "y": Numbers((7,), form="signs"), "lam": positive()},
    {"w": real(3), "b": real()},
    """
f = X@w + b
h = 1 - y*f
m = maximum(h, 0)
L = mean(m) + lam*sum(w**2)/2
""",
    {
        "statements": style("""
n = X.shape[0]
dm = 1/n
dh = dm*(h > 0)
df = -dh*y
dw = X.T@df + lam*w
db = sum(df)
"""),
        "fused": style("""
df = -y*(h > 0)/len(y)
dw = X.T@df + lam*w
db = df.sum()
"""),
        "bare": style("""
dw = lam*w - X.T@(y*(y*f < 1))/X.shape[0]
db = -mean(y*(h > 0))
"""),
        "renamed": style(
            """
inside = np.where(m > 0, -y, 0)
pull = X.T@inside
grad_w = pull/X.shape[0] + lam*w
grad_b = mean(inside)
""",
            grad_w="w",
            grad_b="b",
        ),
    },
)

GAUSSIAN = Kind(
    "gaussian",
    {"X": real(5, 2), "y": real(5)},
    {"w": real(2), "b": real(), "u": real(2), "d": real()},
    """
mu = X@w + b
s = X@u + d
v = exp(s)
e = y - mu
nll = (s + e**2/v)/2
L = mean(nll)
""",
    {
        "statements": style("""
n = len(y)
dnll = 1/n
de = dnll*e/v
dmu = -de
dv = -dnll*e**2/(2*v**2)
ds = dnll/2 + dv*v
dw = X.T@dmu
db = sum(dmu)
du = X.T@ds
dd = sum(ds)
"""),
        "fused": style("""
n = X.shape[0]
dmu = -e/v/n
ds = (1 - e**2/v)/(2*n)
dw = X.T@dmu
db = dmu.sum()
du = X.T@ds
dd = ds.sum()
"""),
        "at_the_weights": style("""
m = X.shape[0]
dmu = (mu - y)/v
ds = (1 - (y - mu)**2/v)/2
dw = X.T@dmu/m
db = np.sum(dmu)/m
du = X.T@ds/m
dd = np.sum(ds)/m
"""),
        "bare": style("""
dw = -X.T@(e/v)/len(y)
db = -mean(e*exp(-s))
du = X.T@(1 - e**2*exp(-s))/(2*len(y))
dd = mean(1 - e**2/v)/2
"""),
    },
)

KINDS = (SOFTMAX_BY_HAND, COLUMN_SCALE, CHAIN, COSINE, HINGE, GAUSSIAN)
