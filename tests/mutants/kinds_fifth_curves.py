"""Fifth: curves and regressions: a scaling law, squares that end, times to failure, volatility."""

from mutants.kinds import Kind, labels, positive, real, style

SCALING_LAW = Kind(
    "scaling_law",
    {"lN": real(7), "lD": real(7), "y": real(7)},
    {"a": real(), "alpha": real(), "b": real(), "beta": real(), "e": real()},
    """
A = a - alpha*lN              # logarithms: what a small model loses
B = b - beta*lD               # and what few data lose
total = exp(A) + exp(B) + exp(e)
z = log(total)
r = z - y
L = mean(sqrt(1 + r**2) - 1)
""",
    {
        "statements": style("""
n = len(y)
dr = r/sqrt(1 + r**2)/n
dz = dr
dtotal = dz/total
dA = dtotal*exp(A)
dB = dtotal*exp(B)
da = sum(dA)
dalpha = -sum(dA*lN)
db = sum(dB)
dbeta = -sum(dB*lD)
de = sum(dtotal)*exp(e)
"""),
        "bare": style("""
da = mean(r/sqrt(1 + r**2)*exp(A - z))
dalpha = -mean(r/sqrt(1 + r**2)*exp(A - z)*lN)
db = mean(r/sqrt(1 + r**2)*exp(B - z))
dbeta = -mean(r/sqrt(1 + r**2)*exp(B - z)*lD)
de = mean(r/sqrt(1 + r**2)*exp(e - z))
"""),
        "source": style(
            """
bent = r/np.sqrt(1 + r**2)/y.shape[0]
share_N = np.exp(A)/total
share_D = np.exp(B)/total
pull_N = bent*share_N
pull_D = bent*share_D
g_a = pull_N.sum()
g_alpha = -pull_N@lN
g_b = pull_D.sum()
g_beta = -pull_D@lD
g_e = np.sum(bent) - g_a - g_b
""",
            g_a="a",
            g_alpha="alpha",
            g_b="b",
            g_beta="beta",
            g_e="e",
        ),
    },
)

BIWEIGHT = Kind(
    "biweight",
    {"X": real(8, 3), "y": real(8), "c": positive()},
    {"w": real(3), "b": real()},
    """
yhat = X@w + b
e = yhat - y
u = e/c
near = (abs(u) < 1)           # what is farther off has no say
v = 1 - u**2
rho = 1 - near*v**3
L = c**2*mean(rho)/6
""",
    {
        "statements": style("""
n = len(y)
k = c**2/(6*n)
dv = -3*k*near*v**2
du = -2*dv*u
de = du/c
dyhat = de
dw = X.T@dyhat
db = sum(dyhat)
"""),
        "at_the_weights": style("""
psi = near*e*(1 - (e/c)**2)**2
dw = X.T@psi/len(y)
db = mean(psi)
"""),
        "letters": style(
            """
m = X.shape[0]
q = np.where(e**2 < c**2, v*v, 0)  # the weight of each row
p = q*e/m
gw = p@X
gb = p.sum()
""",
            gw="w",
            gb="b",
        ),
    },
)

LOG_LOGISTIC = Kind(
    "log_logistic",
    {"X": real(7, 3), "lt": real(7), "seen": labels(2, 7)},
    {"w": real(3), "b": real(), "s": real()},
    """
eta = X@w + b
sigma = exp(s)
z = (lt - eta)/sigma
sp = softplus(z)
ll = seen*(z - s) - (1 + seen)*sp  # seen to fail, or still at work
L = -mean(ll)
""",
    {
        "statements": style("""
n = len(lt)
dsp = (1 + seen)/n
dz = dsp*sigmoid(z) - seen/n
dsigma = -sum(dz*z)/sigma
ds = dsigma*sigma + sum(seen)/n
deta = -dz/sigma
dw = X.T@deta
db = sum(deta)
"""),
        "at_the_weights": style("""
dz = (1 + seen)*sigmoid(z) - seen
deta = -dz/sigma
dw = X.T@deta/len(seen)
db = mean(deta)
ds = mean(seen - dz*z)
"""),
        "source": style(
            """
m = X.shape[0]
odds = np.exp(z)
gone = odds/(1 + odds)        # the chance to have failed by then
force = (gone*(1 + seen) - seen)/m
back = force/sigma
g_w = -back@X
g_b = -back.sum()
g_s = np.mean(seen) - force@z
""",
            g_w="w",
            g_b="b",
            g_s="s",
        ),
    },
)

GARCH = Kind(
    "garch",
    {"r1": real(), "r2": real(), "r3": real()},
    {"mu": real(), "lw": real(), "la": real(), "lb": real(), "l0": real()},
    """
w = exp(lw)
a = sigmoid(la)               # of yesterday's surprise
b = sigmoid(lb)               # of yesterday's variance
e1 = r1 - mu
e2 = r2 - mu
e3 = r3 - mu
v1 = exp(l0)
v2 = w + a*e1**2 + b*v1
v3 = w + a*e2**2 + b*v2
n1 = log(v1) + e1**2/v1
n2 = log(v2) + e2**2/v2
n3 = log(v3) + e3**2/v3
L = (n1 + n2 + n3)/2
""",
    {
        "statements": style("""
dv3 = (1/v3 - e3**2/v3**2)/2
dv2 = (1/v2 - e2**2/v2**2)/2 + b*dv3
dv1 = (1/v1 - e1**2/v1**2)/2 + b*dv2
de3 = e3/v3
de2 = e2/v2 + 2*a*e2*dv3
de1 = e1/v1 + 2*a*e1*dv2
dmu = -(de1 + de2 + de3)
dw = dv2 + dv3
da = dv2*e1**2 + dv3*e2**2
db = dv2*v1 + dv3*v2
dlw = dw*w
dla = da*a*(1 - a)
dlb = db*b*(1 - b)
dl0 = dv1*v1
"""),
        "letters": style(
            """
h3 = (v3 - e3*e3)/(2*v3*v3)
h2 = (v2 - e2*e2)/(2*v2*v2) + b*h3
h1 = (v1 - e1*e1)/(2*v1*v1) + b*h2
gm = -e1*(1/v1 + 2*a*h2) - e2*(1/v2 + 2*a*h3) - e3/v3
gw = w*(h2 + h3)
ga = (a - a*a)*(h2*e1**2 + h3*e2**2)
gb = (b - b*b)*(h2*v1 + h3*v2)
g0 = h1*v1
""",
            gm="mu",
            gw="lw",
            ga="la",
            gb="lb",
            g0="l0",
        ),
    },
)

KINDS = (SCALING_LAW, BIWEIGHT, LOG_LOGISTIC, GARCH)
