"""Sixth: curves and a regression of few numbers: a power, two slopes, logarithms."""

from mutants.kinds import Kind, positive, real, style

POWER = Kind(
    "power_curve",
    {"x": positive(7), "y": real(7)},
    {"a": real(), "k": real(), "c": real()},
    """
p = x**k
yhat = c + a*p                # a power that is learnt
e = yhat - y
L = mean(e**2)/2
""",
    {
        "statements": style("""
n = len(x)
dyhat = e/n
dc = sum(dyhat)
da = sum(dyhat*p)
dp = dyhat*a
dk = sum(dp*p*log(x))
"""),
        "bare": style("""
dc = mean(e)
da = mean(e*x**k)
dk = a*mean(e*x**k*log(x))
"""),
        "source": style(
            """
m = x.shape[0]
logs = np.log(x)
grown = np.exp(k*logs)
miss = (c + a*grown - y)/m
g_c = miss.sum()
g_a = miss@grown
g_k = a*np.sum(miss*grown*logs)
""",
            g_c="c",
            g_a="a",
            g_k="k",
        ),
    },
)

SLOPES = Kind(
    "two_slopes",
    {"t": real(8), "y": real(8)},
    {"a": real(), "b": real(), "c": real(), "knot": real()},
    """
past = relu(t - knot)
yhat = a + b*t + c*past       # another slope after the knot
e = yhat - y
L = sum(e**2)
""",
    {
        "statements": style("""
de = 2*e
da = sum(de)
db = sum(de*t)
dc = sum(de*past)
dpast = de*c
dknot = -sum(dpast*(t > knot))
"""),
        "bare": style("""
da = 2*sum(e)
db = 2*t@e
dc = 2*past@e
dknot = -2*c*sum(e*(past > 0))
"""),
        "letters": style(
            """
r = 2*(yhat - y)
q = (t > knot)
u = r*q
ga = np.sum(r)
gb = r@t
gc = u@t - knot*np.sum(u)
gk = -c*u.sum()
""",
            ga="a",
            gb="b",
            gc="c",
            gk="knot",
        ),
    },
)

LOGARITHMS = Kind(
    "log_errors",
    {"X": real(6, 3), "y": positive(6)},
    {"w": real(3), "b": real()},
    """
z = X@w + b
yhat = softplus(z)
d = log(1 + yhat) - log(1 + y)
M = mean(d**2)
L = sqrt(M)
""",
    {
        "statements": style("""
n = len(y)
dM = 1/(2*L)
dd = dM*2*d/n
dyhat = dd/(1 + yhat)
dz = dyhat*sigmoid(z)
dw = X.T@dz
db = sum(dz)
"""),
        "at_the_weights": style("""
dd = d/L
dz = dd*sigmoid(z)/(1 + yhat)
dw = X.T@dz/len(y)
db = mean(dz)
"""),
        "notebook": style(
            """
m = X.shape[0]
ratio = np.log(1 + yhat) - np.log(1 + y)
rmsle = np.sqrt(np.mean(ratio**2))
slope = 1 - np.exp(-yhat)     # of softplus, from its value
g = ratio*slope/((1 + yhat)*rmsle)
grad_w = g@X/m
grad_b = g.sum()/m
""",
            grad_w="w",
            grad_b="b",
        ),
    },
)

KINDS = (POWER, SLOPES, LOGARITHMS)
