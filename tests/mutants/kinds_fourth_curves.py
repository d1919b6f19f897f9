"""Fourth: curves of few numbers, series, matches: one weight or one short row each."""

from mutants.kinds import Kind, labels, positive, real, style

S_CURVE = Kind(
    "s_curve",
    {"t": real(7), "y": real(7)},
    {"low": real(), "height": real(), "r": real(), "m": real()},
    """
u = r*(t - m)
s = sigmoid(u)
yhat = low + height*s         # from one level up to another
e = yhat - y
L = mean(e**2)
""",
    {
        "statements": style("""
n = len(t)
de = 2*e/n
dyhat = de
dlow = sum(dyhat)
dheight = sum(dyhat*s)
ds = dyhat*height
du = ds*s*(1 - s)
dr = sum(du*(t - m))
dm = -r*sum(du)
"""),
        "bare": style("""
dlow = 2*mean(e)
dheight = 2*mean(e*s)
dr = 2*height*mean(e*s*(1 - s)*(t - m))
dm = -2*height*r*mean(e*s*(1 - s))
"""),
        "source": style(
            """
flat = s*(1 - s)              # steepest in the middle
miss = 2*e/t.shape[0]
pull = height*miss*flat
total = pull.sum()
g_low = miss.sum()
g_height = miss@s
g_m = -r*total
g_r = pull@t - m*total
""",
            g_low="low",
            g_height="height",
            g_m="m",
            g_r="r",
        ),
    },
)

SMOOTHING = Kind(
    "smoothing",
    {"y1": positive(), "y2": positive(), "y3": positive()},
    {"a": real(), "b": real(), "l0": real(), "t0": real()},
    """
alpha = sigmoid(a)            # how fast the level follows
beta = sigmoid(b)             # how fast the trend does
f1 = l0 + t0
e1 = y1 - f1
l1 = f1 + alpha*e1
t1 = t0 + alpha*beta*e1
f2 = l1 + t1
e2 = y2 - f2
l2 = f2 + alpha*e2
t2 = t1 + alpha*beta*e2
f3 = l2 + t2
e3 = y3 - f3
L = (e1**2 + e2**2 + e3**2)/2
""",
    {
        "statements": style("""
de3 = e3
df3 = -de3
dl2 = df3
dt2 = df3
de2 = e2 + dl2*alpha + dt2*alpha*beta
df2 = dl2 - de2
dl1 = df2
dt1 = dt2 + df2
de1 = e1 + dl1*alpha + dt1*alpha*beta
df1 = dl1 - de1
dl0 = df1
dt0 = dt1 + df1
dalpha = dl1*e1 + dl2*e2 + beta*(dt1*e1 + dt2*e2)
dbeta = alpha*(dt1*e1 + dt2*e2)
da = dalpha*alpha*(1 - alpha)
db = dbeta*beta*(1 - beta)
"""),
        "fused": style("""
df3 = -e3
df2 = df3 - (e2 + alpha*(1 + beta)*df3)
dt1 = df3 + df2
df1 = df2 - (e1 + alpha*df2 + alpha*beta*dt1)
dl0 = df1
dt0 = dt1 + df1
da = alpha*(1 - alpha)*(df2*e1 + df3*e2 + beta*(dt1*e1 + df3*e2))
db = alpha*beta*(1 - beta)*(dt1*e1 + df3*e2)
"""),
        "letters": style(
            """
k = alpha*beta
p = -e3
q = e2 + p*alpha + p*k
u = p - q
v = p + u
w = e1 + u*alpha + v*k
z = u - w
h = v + z
c = v*e1 + p*e2
ga = (u*e1 + p*e2 + beta*c)*alpha*(1 - alpha)
gb = c*k*(1 - beta)
""",
            z="l0",
            h="t0",
            ga="a",
            gb="b",
        ),
    },
)

MATCHES = Kind(
    "matches",
    {
        "win": labels(5, 8),
        "lose": labels(5, 8),
        "home": labels(2, 8),
        "lam": positive(),
    },
    {"s": real(5), "h": real()},
    """
B = one_hot(win, 5) - one_hot(lose, 5)
d = B@s + h*home              # by how much the winner is the stronger
nll = softplus(-d)
L = mean(nll) + lam*sum(s**2)/2
""",
    {
        "statements": style("""
n = len(home)
dd = -sigmoid(-d)/n
dh = sum(dd*home)
won = one_hot(win, 5).T@dd
lost = one_hot(lose, 5).T@dd
ds = won - lost + lam*s
"""),
        "at_the_weights": style("""
dd = sigmoid(d) - 1
dh = mean(dd*home)
ds = B.T@dd/len(home) + lam*s
"""),
        "notebook": style(
            """
p = 1/(1 + np.exp(-d))        # the chance that was given to the winner
miss = (p - 1)/home.shape[0]
decay = lam*s
grad_s = miss@B + decay
grad_h = np.sum(miss*home)
""",
            grad_s="s",
            grad_h="h",
        ),
    },
)

ARRIVALS = Kind(
    "arrivals",
    {"X": real(7, 3), "y": labels(2, 7)},
    {"w": real(3), "b": real()},
    """
eta = X@w + b
rate = exp(eta)
p = 1 - exp(-rate)            # the chance of at least one
ll = y*log(p) - (1 - y)*rate
L = -mean(ll)
""",
    {
        "statements": style("""
n = len(y)
dp = -y/(n*p)
drate = dp*(1 - p) + (1 - y)/n
deta = drate*rate
dw = X.T@deta
db = sum(deta)
"""),
        "at_the_weights": style("""
drate = 1 - y/p
deta = drate*rate
dw = deta@X/len(y)
db = mean(deta)
"""),
        "letters": style(
            """
m = X.shape[0]
q = np.exp(-rate)
o = q/(1 - q)                 # the odds of none
g = rate*(1 - y - y*o)/m
gw = g@X
gb = g.sum()
""",
            gw="w",
            gb="b",
        ),
    },
)

KINDS = (S_CURVE, SMOOTHING, MATCHES, ARRIVALS)
