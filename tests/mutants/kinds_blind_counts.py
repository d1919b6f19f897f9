"""Blind: survival, counts and margins: likelihoods of the textbooks of statistics."""

from mutants.kinds import Kind, Numbers, labels, positive, real, style

COX = Kind(
    "cox",
    {"X": real(5, 2), "t": positive(5), "event": labels(2, 5)},
    {"W": real(2, 3), "v": real(3)},
    """
R = (t[None, :] >= t[:, None])  # a row: who is still at risk
H = tanh(X@W)
eta = H@v
den = R@exp(eta)
ll = event*(eta - log(den))
L = -sum(ll)/sum(event)
""",
    {
        "statements": style("""
m = sum(event)
dll = -1/m
dden = -dll*event/den
deta = dll*event + (R.T@dden)*exp(eta)
dv = H.T@deta
dH = outer(deta, v)
pre = dH*(1 - H**2)
dW = X.T@pre
"""),
        "fused": style("""
hazard = exp(eta)*(R.T@(event/den))
deta = (hazard - event)/event.sum()
dv = deta@H
dW = X.T@(deta[:, None]*v*(1 - H*H))
"""),
        "source": style(
            """
weight = np.exp(eta)
share = R*weight[None, :]/den[:, None]
expected = event@share
resid = expected - event
total = event.sum()
hidden = resid[:, None]*v[None, :]
local = 1 - H**2
gv = H.T@resid/total
gW = X.T@(hidden*local)/total
""",
            gv="v",
            gW="W",
        ),
    },
)

NEGATIVE_BINOMIAL = Kind(
    "negative_binomial",
    {"X": real(6, 2), "y": positive(6), "off": real(6), "k": positive()},
    {"w": real(2), "b": real()},
    """
eta = X@w + b + off
mu = exp(eta)
nll = (y + k)*log(mu + k) - y*eta  # k is the dispersion
L = mean(nll)
""",
    {
        "statements": style("""
n = len(y)
dnll = 1/n
dmu = dnll*(y + k)/(mu + k)
deta = dmu*mu - dnll*y
dw = X.T@deta
db = sum(deta)
"""),
        "at_the_weights": style("""
m = X.shape[0]
deta = k*(mu - y)/(mu + k)
dw = X.T@deta/m
db = mean(deta)
"""),
        "bare": style("""
dw = X.T@((y + k)*mu/(mu + k) - y)/len(y)
db = mean((mu - y)/(1 + mu/k))
"""),
        "helpers": style(
            """
size = y + k
prob = mu/(mu + k)
score = y - size*prob
rows = X*score[:, None]
grad_w = -np.mean(rows, axis=0)
grad_b = -np.mean(score)
""",
            grad_w="w",
            grad_b="b",
        ),
    },
)

WEIBULL = Kind(
    "weibull",
    {"X": real(6, 2), "t": positive(6), "event": labels(2, 6)},
    {"w": real(2), "b": real(), "s": real()},
    """
eta = X@w + b
k = exp(s)                    # the shape
u = log(t) - eta
z = k*u
H = exp(z)                    # the cumulative hazard
ll = event*(s + z - log(t)) - H
L = -mean(ll)
""",
    {
        "statements": style("""
n = len(t)
dll = -1/n
dH = -dll
dz = dll*event + dH*H
dk = sum(dz*u)
du = dz*k
deta = -du
ds = dk*k + dll*sum(event)
dw = X.T@deta
db = sum(deta)
"""),
        "fused": style("""
excess = H - event
deta = -k*excess/X.shape[0]
dw = deta@X
db = deta.sum()
ds = mean(z*excess - event)
"""),
        "source": style(
            """
inv = 1/t.shape[0]
resid = event - H
up = inv*k*resid
grad_w = X.T@up
grad_b = np.sum(up)
through_z = np.sum(resid*z)
direct = np.sum(event)
grad_s = -inv*(through_z + direct)
""",
            grad_w="w",
            grad_b="b",
            grad_s="s",
        ),
    },
)

SQUARED_HINGE = Kind(
    "squared_hinge",
    {"X": real(6, 3), "y": Numbers((6,), form="signs"), "C": positive()},
    {"w": real(3), "b": real()},
    """
f = X@w + b
slack = relu(1 - y*f)
hinge = sum(slack**2)
size = sum(w**2)/2
L = size + C*hinge
""",
    {
        "statements": style("""
dsize = 1.0
dhinge = C
dslack = 2*dhinge*slack
df = -dslack*y*(slack > 0)
dw = X.T@df + dsize*w
db = sum(df)
"""),
        "fused": style("""
df = -2*C*y*slack
dw = w + X.T@df
db = df.sum()
"""),
        "bare": style("""
dw = w - 2*C*X.T@(y*slack)
db = -2*C*sum(y*slack)
"""),
        "helpers": style(
            """
margin = y*f
active = (margin < 1)
pull = active*(y - f)         # y*y is 1
back = 2*C*pull
gw = w - back@X
gb = -np.sum(back)
""",
            gw="w",
            gb="b",
        ),
    },
)

FOCAL = Kind(
    "focal",
    {"X": real(6, 3), "y": labels(2, 6), "g": positive()},
    {"w": real(3), "b": real()},
    """
s = X@w + b
p = sigmoid(s)
q = where(y > 0, p, 1 - p)    # of the true class
m = (1 - q)**g                # easy rows count less
L = -mean(m*log(q))
""",
    {
        "statements": style("""
n = len(y)
dm = -log(q)/n
dq = -m/(n*q) - dm*g*(1 - q)**(g - 1)
dp = dq*where(y > 0, 1, -1)
ds = dp*p*(1 - p)
dw = X.T@ds
db = sum(ds)
"""),
        "fused": style("""
t = 2*y - 1
ds = t*m*(g*q*log(q) + q - 1)/X.shape[0]
dw = ds@X
db = ds.sum()
"""),
        "source": style(
            """
sign = np.where(y > 0, 1.0, -1.0)
miss = 1 - q
modulated = miss**g
entropy_part = -modulated*miss
focus_part = g*modulated*q*np.log(q)
score = sign*(entropy_part + focus_part)
w_grad = X.T@score/len(s)
b_grad = np.mean(score)
""",
            w_grad="w",
            b_grad="b",
        ),
    },
)

KINDS = (COX, NEGATIVE_BINOMIAL, WEIBULL, SQUARED_HINGE, FOCAL)
