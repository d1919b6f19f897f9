"""Seventh: heads: sums with many zeros, labels told wrongly, a bent density, preferred answers."""

from mutants.kinds import Kind, labels, positive, real, style

TWEEDIE = Kind(
    "tweedie",
    {"X": real(7, 3), "y": positive(7), "expo": positive(7), "power": positive()},
    {"w": real(3), "b": real()},
    """
eta = X@w + b
a = exp((1 - power)*eta)/(1 - power)
c = exp((2 - power)*eta)/(2 - power)
each = c - y*a
L = mean(expo*each)           # the longer insured, the more it weighs
""",
    {
        "statements": style("""
n = len(y)
deach = expo/n
dc = deach
da = -deach*y
deta = dc*(2 - power)*c + da*(1 - power)*a
dw = X.T@deta
db = sum(deta)
"""),
        "at_the_weights": style("""
mu = exp(eta)
deta = expo*(mu - y)*mu**(1 - power)
dw = X.T@deta/len(y)
db = mean(deta)
"""),
        "source": style(
            """
m = X.shape[0]
low = np.exp((1 - power)*eta)
high = np.exp((2 - power)*eta)
score = (high - y*low)*expo
g_w = score@X/m
g_b = score.sum()/m
""",
            g_w="w",
            g_b="b",
        ),
    },
)

NOISY_LABELS = Kind(
    "noisy_labels",
    {"X": real(6, 3), "y": labels(3, 6)},
    {"W": real(3, 3), "b": real(3), "T": real(3, 3)},
    """
Z = X@W + b
P = softmax(Z)
N = softmax(T)                # a row: what a class is taken for
Q = P@N
q = sum(one_hot(y, 3)*Q, axis=1)
L = -mean(log(q))
""",
    {
        "statements": style("""
n = len(y)
dq = -1/(n*q)
dQ = dq[:, None]*one_hot(y, 3)
dP = dQ@N.T
dN = P.T@dQ
dZ = P*(dP - sum(dP*P, axis=1, keepdims=True))
dT = N*(dN - sum(dN*N, axis=1, keepdims=True))
dW = X.T@dZ
db = sum(dZ, axis=0)
"""),
        "fused": style("""
hit = one_hot(y, 3)@N.T
R = P*hit/q[:, None]          # the class, now that one knows what it was taken for
counts = R.T@one_hot(y, 3)
dZ = (P - R)/len(y)
dT = (N*sum(counts, axis=1, keepdims=True) - counts)/len(y)
dW = X.T@dZ
db = sum(dZ, axis=0)
"""),
        "letters": style(
            """
m = X.shape[0]
h = take(N.T, y)
r = P*h/np.sum(P*h, axis=1, keepdims=True)
e = P - r
s = r.T@one_hot(y, 3)/m
gW = X.T@e/m
gb = np.mean(e, axis=0)
gT = N*s.sum(axis=1)[:, None] - s
""",
            gW="W",
            gb="b",
            gT="T",
        ),
    },
)

PLANAR_FLOW = Kind(
    "planar_flow",
    {"X": real(7, 2)},
    {"u": real(2), "w": real(2), "b": real()},
    """
a = X@w + b
h = tanh(a)
Z = X + outer(h, u)           # pushed along one direction
bend = 1 - h**2
s = u@w
det = 1 + bend*s
L = sum(Z**2)/(2*len(X)) - mean(log(abs(det)))
""",
    {
        "statements": style("""
n = len(X)
dZ = Z/n
ddet = -1/(n*det)
ds = sum(ddet*bend)
dbend = ddet*s
dh = dZ@u - 2*dbend*h
da = dh*(1 - h**2)
dw = X.T@da + ds*u
du = h@dZ + ds*w
db = sum(da)
"""),
        "at_the_weights": style("""
da = (Z@u + 2*s*h/det)*bend
wide = -mean(bend/det)
dw = X.T@da/len(X) + wide*u
du = Z.T@h/len(X) + wide*w
db = mean(da)
"""),
        "notebook": style(
            """
m = X.shape[0]
inv = 1/det
curl = -2*h*bend
grad_a = (Z@u*bend - s*inv*curl)/m
k = np.mean(inv*bend)
grad_w = grad_a@X - k*u
grad_u = h@Z/m - k*w
grad_b = grad_a.sum()
""",
            grad_w="w",
            grad_u="u",
            grad_b="b",
        ),
    },
)

PREFERENCES = Kind(
    "preferences",
    {
        **{"X": real(6, 3), "good": labels(4, 6), "bad": labels(4, 6)},
        **{"rg": real(6), "rb": real(6), "beta": positive(), "anchor": positive()},
    },
    {"W": real(3, 4), "b": real(4)},
    """
Z = X@W + b
lp = log_softmax(Z)
lg = sum(one_hot(good, 4)*lp, axis=1)
lb = sum(one_hot(bad, 4)*lp, axis=1)
gain = (lg - rg) - (lb - rb)  # over the model that it started from
m = beta*gain
L = mean(softplus(-m)) - anchor*mean(lg)
""",
    {
        "statements": style("""
n = len(rg)
dm = -sigmoid(-m)/n
dgain = dm*beta
dlg = dgain - anchor/n
dlb = -dgain
dlp = dlg[:, None]*one_hot(good, 4) + dlb[:, None]*one_hot(bad, 4)
dZ = dlp - exp(lp)*sum(dlp, axis=1, keepdims=True)
dW = X.T@dZ
db = sum(dZ, axis=0)
"""),
        "at_the_weights": style("""
G = one_hot(good, 4)
B = one_hot(bad, 4)
push = beta*sigmoid(-m)
dZ = push[:, None]*(B - G) + anchor*(exp(lp) - G)
dW = X.T@dZ/len(X)
db = mean(dZ, axis=0)
"""),
        "source": style(
            """
rows = X.shape[0]
doubt = 1/(1 + np.exp(m))
good_hot = one_hot(good, 4)
bad_hot = one_hot(bad, 4)
pull = (softmax(Z) - good_hot)*anchor
shift = (bad_hot - good_hot)*doubt[:, None]*beta
delta = (pull + shift)/rows
g_W = X.T@delta
g_b = delta.sum(axis=0)
""",
            g_W="W",
            g_b="b",
        ),
    },
)

KINDS = (TWEEDIE, NOISY_LABELS, PLANAR_FLOW, PREFERENCES)
