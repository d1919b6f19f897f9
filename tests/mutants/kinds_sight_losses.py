"""Sight: regressions and losses of other shapes: log links, heavy tails, overlap, many zeros."""

from mutants.kinds import Kind, Numbers, count, labels, positive, real, style

GAMMA = Kind(
    "gamma_deviance",
    {"X": real(6, 2), "y": positive(6), "lam": positive()},
    {"w": real(2), "b": real()},
    """
eta = X@w + b
mu = exp(eta)
ratio = y/mu
dev = 2*(ratio - 1 - log(ratio))
L = mean(dev) + lam*sum(w**2)/2
""",
    {
        "statements": style("""
n = len(y)
ddev = 1/n
dratio = 2*ddev*(1 - 1/ratio)
dmu = -dratio*y/mu**2
deta = dmu*mu
dw = X.T@deta + lam*w
db = sum(deta)
"""),
        "at_the_weights": style("""
deta = 2*(1 - y/mu)
dw = X.T@deta/X.shape[0] + lam*w
db = mean(deta)
"""),
        "fused": style("""
deta = 2*(mu - y)/(mu*len(y))
dw = deta@X + lam*w
db = deta.sum()
"""),
        "notebook": style(
            """
inv_mu = np.exp(-eta)         # kept from the forward pass
share = y*inv_mu
back = (2 - 2*share)/len(y)
decay = lam*w
grad_b = back.sum()
grad_w = X.T@back + decay
""",
            grad_b="b",
            grad_w="w",
        ),
    },
)

STUDENT = Kind(
    "student_t",
    {"X": real(6, 2), "y": real(6), "nu": count(4)},
    {"w": real(2), "b": real(), "s": real()},
    """
e = y - X@w - b
v = exp(2*s)                  # the scale, squared
q = e**2/(nu*v)
nll = s + (nu + 1)/2*log(1 + q)
L = mean(nll)
""",
    {
        "statements": style("""
n = len(y)
dnll = 1/n
dq = dnll*(nu + 1)/(2*(1 + q))
de = dq*2*e/(nu*v)
dv = -sum(dq*e**2/(nu*v**2))
dw = -X.T@de
db = -sum(de)
ds = 2*dv*v + 1
"""),
        "at_the_weights": style("""
trust = (nu + 1)/(nu*v + e**2)
de = trust*e
dw = -X.T@de/len(X)
db = -mean(de)
ds = 1 - mean(trust*e**2)
"""),
        "letters": style(
            """
u = 1 + q
c = nu + 1
k = c/(nu*v*u)
g = -k*e/y.shape[0]
gw = X.T@g
gb = g.sum()
gs = 1 - np.mean(c*q/u)
""",
            gw="w",
            gb="b",
            gs="s",
        ),
    },
)

SOFT_DICE = Kind(
    "soft_dice",
    {"X": real(6, 3), "y": labels(2, 6)},
    {"w": real(3), "b": real()},
    """
z = X@w + b
p = sigmoid(z)
both = sum(p*y)
total = sum(p) + sum(y)
dice = (2*both + 1)/(total + 1)
L = 1 - dice
""",
    {
        "statements": style("""
ddice = -1.0
dboth = 2*ddice/(total + 1)
dtotal = -ddice*(2*both + 1)/(total + 1)**2
dp = dboth*y + dtotal
dz = dp*p*(1 - p)
dw = X.T@dz
db = sum(dz)
"""),
        "fused": style("""
dz = (dice - 2*y)/(total + 1)*p*(1 - p)
dw = X.T@dz
db = sum(dz)
"""),
        "bare": style("""
dw = X.T@((dice - 2*y)*p*(1 - p))/(total + 1)
db = sum((dice - 2*y)*(p - p**2))/(total + 1)
"""),
        "notebook": style(
            """
num = 2*np.sum(p*y) + 1
den = np.sum(p) + np.sum(y) + 1
slope = p*(1 - p)
num_bar = -1/den
den_bar = num/den**2
p_bar = 2*num_bar*y + den_bar
z_bar = p_bar*slope
w_bar = z_bar@X
b_bar = z_bar.sum()
""",
            w_bar="w",
            b_bar="b",
        ),
    },
)

ZERO_INFLATED = Kind(
    "zero_inflated",
    {"X": real(6, 2), "zero": labels(2, 6), "k": positive(6)},
    {"w": real(2), "b": real(), "u": real(2), "d": real()},
    """
eta = X@w + b
mu = exp(eta)
p = sigmoid(X@u + d)          # the chance that nothing can happen
none = p + (1 - p)*exp(-mu)
some = log(1 - p) - mu + k*eta
ll = zero*log(none) + (1 - zero)*some
L = -mean(ll)
""",
    {
        "statements": style("""
n = len(k)
dll = -1/n
dnone = dll*zero/none
dsome = dll*(1 - zero)
dp = dnone*(1 - exp(-mu)) - dsome/(1 - p)
dmu = -dnone*(1 - p)*exp(-mu) - dsome
deta = dmu*mu + dsome*k
a = dp*p*(1 - p)
dw = X.T@deta
db = sum(deta)
du = X.T@a
dd = sum(a)
"""),
        "at_the_weights": style("""
m = X.shape[0]
r = zero*p/none
a = p - r
deta = (1 - r)*mu - (1 - zero)*k
dw = X.T@deta/m
db = mean(deta)
du = X.T@a/m
dd = mean(a)
"""),
        "source": style(
            """
quiet = np.exp(-mu)
odds = zero/none/len(k)
seen = (1 - zero)/len(k)
p_bar = seen/(1 - p) - odds*(1 - quiet)
mu_bar = seen + odds*(1 - p)*quiet
eta_bar = mu*mu_bar - seen*k
gate_bar = p_bar*(p - p**2)
g_u = gate_bar@X
g_d = np.sum(gate_bar)
g_w = eta_bar@X
g_b = np.sum(eta_bar)
""",
            g_u="u",
            g_d="d",
            g_w="w",
            g_b="b",
        ),
    },
)

EVIDENCE = Kind(
    "evidence",
    {"X": real(5, 2), "Y": Numbers((5, 3), form="one-hot")},
    {"W": real(2, 3), "b": real(3)},
    """
Z = X@W + b
A = softplus(Z) + 1           # one, and the evidence
S = sum(A, axis=1, keepdims=True)
P = A/S
fit = sum((Y - P)**2, axis=1)
spread = sum(P*(1 - P)/(S + 1), axis=1)
L = mean(fit + spread)
""",
    {
        "statements": style("""
n = len(X)
dP = 2*(P - Y)/n + (1 - 2*P)/(n*(S + 1))
within = sum(P*(1 - P), axis=1, keepdims=True)
dS = -sum(dP*A, axis=1, keepdims=True)/S**2 - within/(n*(S + 1)**2)
dA = dP/S + dS
dZ = dA*sigmoid(Z)
dW = X.T@dZ
db = sum(dZ, axis=0)
"""),
        "at_the_weights": style("""
dP = 2*(P - Y) + (1 - 2*P)/(S + 1)
dS = -sum(dP*P, axis=1, keepdims=True)/S - sum(P - P**2, axis=1, keepdims=True)/(S + 1)**2
dZ = (dP/S + dS)*sigmoid(Z)
dW = X.T@dZ/len(X)
db = mean(dZ, axis=0)
"""),
        "notebook": style(
            """
gate = 1/(1 + np.exp(-Z))     # kept from the forward pass
inv = 1/S
shrink = 1/(S + 1)
within = np.sum(P*(1 - P), axis=1, keepdims=True)
up = (2*(P - Y) + shrink*(1 - 2*P))/X.shape[0]
centred = up - np.sum(up*P, axis=1, keepdims=True)
down = inv*centred - shrink**2*within/X.shape[0]
pre = down*gate
grad_W = X.T@pre
grad_b = pre.sum(axis=0)
""",
            grad_W="W",
            grad_b="b",
        ),
    },
)

KINDS = (GAMMA, STUDENT, SOFT_DICE, ZERO_INFLATED, EVIDENCE)
