"""Blind: layers and heads: carried inputs, groups of features, soft splits, pairs, variances."""

from mutants.kinds import Kind, real, style

HIGHWAY = Kind(
    "highway",
    {"X": real(4, 2), "y": real(4)},
    {
        **{"P": real(2, 3), "Wh": real(3, 3), "bh": real(3)},
        **{"Wt": real(3, 3), "bt": real(3), "u": real(3)},
    },
    """
Z = X@P
H = tanh(Z@Wh + bh)
T = sigmoid(Z@Wt + bt)        # how much is transformed
O = T*H + (1 - T)*Z           # the rest is carried
yhat = O@u
L = mean((yhat - y)**2)/2
""",
    {
        "statements": style("""
n = len(y)
dyhat = (yhat - y)/n
du = O.T@dyhat
dO = outer(dyhat, u)
dH = dO*T
dT = dO*(H - Z)
aH = dH*(1 - H**2)
aT = dT*T*(1 - T)
dWh = Z.T@aH
dbh = sum(aH, axis=0)
dWt = Z.T@aT
dbt = sum(aT, axis=0)
dZ = dO*(1 - T) + aH@Wh.T + aT@Wt.T
dP = X.T@dZ
"""),
        "at_the_weights": style("""
dyhat = yhat - y
dO = dyhat[:, None]*u
hid = dO*T*(1 - H*H)
gate = dO*(H - Z)*(T - T*T)
dP = X.T@(dO - dO*T + hid@Wh.T + gate@Wt.T)/len(X)
dWh = Z.T@hid/len(X)
dWt = Z.T@gate/len(X)
dbh = mean(hid, axis=0)
dbt = mean(gate, axis=0)
du = dyhat@O/len(X)
"""),
        "source": style(
            """
err = (yhat - y)/y.shape[0]
top = np.outer(err, u)
transform = top*T
carry = top - transform
switch = top*(H - Z)
pre_h = transform*(1 - H)*(1 + H)
pre_t = switch*T*(1 - T)
z_grad = carry + pre_h@Wh.T + pre_t@Wt.T
g_P = X.T@z_grad
g_Wh = (pre_h.T@Z).T
g_bh = pre_h.sum(axis=0)
g_Wt = (pre_t.T@Z).T
g_bt = pre_t.sum(axis=0)
g_u = O.T@err
""",
            g_P="P",
            g_Wh="Wh",
            g_bh="bh",
            g_Wt="Wt",
            g_bt="bt",
            g_u="u",
        ),
    },
)

GROUP_NORM = Kind(
    "group_norm",
    {"X": real(4, 3), "Y": real(4, 6)},
    {"W": real(3, 6), "gain": real(6), "shift": real(6)},
    """
Z = X@W
G = reshape(Z, (4, 2, 3))     # two groups of three features
D = G - mean(G, axis=2, keepdims=True)
s = sqrt(mean(D**2, axis=2, keepdims=True) + 0.01)
N = D/s
F = reshape(N, (4, 6))
O = gain*F + shift
L = sum((O - Y)**2)/(2*X.shape[0])
""",
    {
        "statements": style("""
n = X.shape[0]
dO = (O - Y)/n
dgain = sum(dO*F, axis=0)
dshift = sum(dO, axis=0)
dF = dO*gain
dN = reshape(dF, (4, 2, 3))
ds = -sum(dN*D, axis=2, keepdims=True)/s**2
dD = dN/s + ds*D/(3*s)
dG = dD - mean(dD, axis=2, keepdims=True)
dZ = reshape(dG, (4, 6))
dW = X.T@dZ
"""),
        "at_the_weights": style("""
dO = O - Y
dgain = mean(dO*F, axis=0)
dshift = mean(dO, axis=0)
dN = reshape(gain*dO, (4, 2, 3))
dG = (dN - mean(dN, axis=2, keepdims=True) - N*mean(dN*N, axis=2, keepdims=True))/s
dW = X.T@reshape(dG, (4, 6))/X.shape[0]
"""),
        "helpers": style(
            """
miss = (O - Y)/len(Y)
g_shift = miss.sum(axis=0)
g_gain = np.sum(miss*F, axis=0)
up = np.reshape(miss*gain, (4, 2, 3))
centre = up.mean(axis=2, keepdims=True)
along = np.mean(up*N, axis=2, keepdims=True)
inner = up - centre - along*N
flat = np.reshape(inner/s, (4, 6))
g_W = X.T@flat
""",
            g_shift="shift",
            g_gain="gain",
            g_W="W",
        ),
    },
)

SOFT_TREE = Kind(
    "soft_tree",
    {"X": real(6, 2), "y": real(6)},
    {
        **{"w": real(2), "b": real(), "v": real(2), "c": real()},
        **{"p": real(), "q": real(), "r": real()},
    },
    """
g = sigmoid(X@w + b)          # the root
h = sigmoid(X@v + c)          # its left child
low = h*p + (1 - h)*q
yhat = g*low + (1 - g)*r
L = mean((yhat - y)**2)
""",
    {
        "statements": style("""
n = len(y)
dyhat = 2*(yhat - y)/n
dg = dyhat*(low - r)
dlow = dyhat*g
dr = sum(dyhat*(1 - g))
dh = dlow*(p - q)
dp = sum(dlow*h)
dq = sum(dlow*(1 - h))
ag = dg*g*(1 - g)
ah = dh*h*(1 - h)
dw = X.T@ag
db = sum(ag)
dv = X.T@ah
dc = sum(ah)
"""),
        "at_the_weights": style("""
m = X.shape[0]
err = 2*(yhat - y)
root = err*(low - r)*(g - g**2)
child = err*g*(p - q)*(h - h**2)
dw = root@X/m
db = mean(root)
dv = child@X/m
dc = mean(child)
dp = mean(err*g*h)
dq = mean(err*g*(1 - h))
dr = mean(err*(1 - g))
"""),
        "source": style(
            """
err = 2*(yhat - y)/len(y)
reach_p = g*h
reach_q = g - reach_p
reach_r = 1 - g
p_bar = np.sum(err*reach_p)
q_bar = np.sum(err*reach_q)
r_bar = err@reach_r
root = err*g*reach_r*(low - r)
child = err*reach_p*(1 - h)*(p - q)
w_bar = X.T@root
b_bar = np.sum(root)
v_bar = X.T@child
c_bar = np.sum(child)
""",
            p_bar="p",
            q_bar="q",
            r_bar="r",
            w_bar="w",
            b_bar="b",
            v_bar="v",
            c_bar="c",
        ),
    },
)

FACTORISATION_MACHINE = Kind(
    "factorisation_machine",
    {"X": real(5, 4), "y": real(5)},
    {"b": real(), "w": real(4), "V": real(4, 2)},
    """
K = X@V
pairs = (sum(K**2, axis=1) - sum(X**2@V**2, axis=1))/2
yhat = b + X@w + pairs
e = yhat - y
L = mean(e**2)
""",
    {
        "statements": style("""
n = len(y)
de = 2*e/n
dyhat = de
db = sum(dyhat)
dw = X.T@dyhat
dpairs = dyhat
dK = dpairs[:, None]*K
dV = X.T@dK - (X**2).T@dpairs[:, None]*V
"""),
        "at_the_weights": style("""
m = X.shape[0]
dyhat = yhat - y
db = 2*mean(dyhat)
dw = 2*X.T@dyhat/m
cross = X.T@(dyhat[:, None]*K)
own = ((X*X).T@dyhat)[:, None]*V
dV = 2*(cross - own)/m
"""),
        "source": style(
            """
signal = 2*e/len(e)
rows = signal[:, None]*X
cross = rows.T@K
diagonal = np.sum(rows*X, axis=0)
grad_b = np.sum(signal)
grad_w = np.sum(rows, axis=0)
grad_V = cross - V*diagonal[:, None]
""",
            grad_b="b",
            grad_w="w",
            grad_V="V",
        ),
    },
)

SOFTPLUS_VARIANCE = Kind(
    "softplus_variance",
    {"X": real(6, 2), "y": real(6)},
    {"W": real(2, 3), "w": real(3), "u": real(3), "c": real()},
    """
H = tanh(X@W)
mu = H@w
a = H@u + c
v = softplus(a) + 0.01        # the variance
e = y - mu
nll = log(v)/2 + e**2/(2*v)
L = mean(nll)
""",
    {
        "statements": style("""
n = len(y)
dnll = 1/n
de = dnll*e/v
dv = dnll*(1/(2*v) - e**2/(2*v**2))
dmu = -de
da = dv*sigmoid(a)
dw = H.T@dmu
du = H.T@da
dc = da.sum()
dH = outer(dmu, w) + outer(da, u)
pre = dH*(1 - H**2)
dW = X.T@pre
"""),
        "at_the_weights": style("""
m = X.shape[0]
dmu = (mu - y)/v
da = 0.5*sigmoid(a)*(v - e*e)/v**2
delta = (dmu[:, None]*w + da[:, None]*u)*(1 - H*H)
dw = H.T@dmu/m
du = H.T@da/m
dc = mean(da)
dW = X.T@delta/m
"""),
        "source": style(
            """
prec = 1/v
scaled = e*prec
mean_signal = -scaled/len(y)
var_signal = (prec - scaled**2)/(2*len(y))
slope = 1/(1 + np.exp(-a))
raw_signal = var_signal*slope
grad_w = mean_signal@H
grad_u = raw_signal@H
grad_c = np.sum(raw_signal)
from_mean = mean_signal[:, None]*w[None, :]
from_var = raw_signal[:, None]*u[None, :]
hidden = (from_mean + from_var)*(1 - H)*(1 + H)
grad_W = X.T@hidden
""",
            grad_w="w",
            grad_u="u",
            grad_c="c",
            grad_W="W",
        ),
    },
)

KINDS = (HIGHWAY, GROUP_NORM, SOFT_TREE, FACTORISATION_MACHINE, SOFTPLUS_VARIANCE)
