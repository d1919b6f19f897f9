"""Sight: small curves and series with a handful of scalar weights, as in a first lesson."""

from mutants.kinds import Kind, labels, positive, real, style

SATURATION = Kind(
    "saturation",
    {"s": positive(6), "y": positive(6)},
    {"v": real(), "k": real()},
    """
K = exp(k)
f = s/(K + s)                 # the share of places taken
rate = v*f
e = rate - y
L = mean(e**2)
""",
    {
        "statements": style("""
n = len(y)
de = 2*e/n
drate = de
dv = sum(drate*f)
df = drate*v
dK = -sum(df*s/(K + s)**2)
dk = dK*K
"""),
        "bare": style("""
dv = 2*mean(e*f)
dk = -2*v*mean(e*f*(1 - f))
"""),
        "notebook": style(
            """
den = K + s                   # kept from the forward pass
taken = s/den
free = K/den
err = 2*e/s.shape[0]
back = v*err
grad_v = np.sum(err*taken)
grad_k = -np.sum(back*taken*free)
""",
            grad_v="v",
            grad_k="k",
        ),
    },
)

DAMPED_WAVE = Kind(
    "damped_wave",
    {"t": positive(7), "y": real(7)},
    {"A": real(), "k": real(), "w": real(), "p": real(), "c": real()},
    """
D = exp(-k*t)
u = w*t + p
wave = cos(u)
yhat = A*D*wave + c
L = mean((yhat - y)**2)/2
""",
    {
        "statements": style("""
n = len(t)
dyhat = (yhat - y)/n
dc = sum(dyhat)
dA = sum(dyhat*D*wave)
dD = dyhat*A*wave
dwave = dyhat*A*D
du = -dwave*sin(u)
dk = -sum(dD*D*t)
dw = sum(du*t)
dp = sum(du)
"""),
        "bare": style("""
dA = mean((yhat - y)*D*wave)
dk = -A*mean((yhat - y)*t*D*wave)
dw = -A*mean((yhat - y)*t*D*sin(u))
dp = -A*mean((yhat - y)*D*sin(u))
dc = mean(yhat - y)
"""),
        "letters": style(
            """
m = t.shape[0]
r = (yhat - y)/m
q = A*D*r
h = -q*np.sin(w*t + p)
j = q*wave
gc = r.sum()
gA = np.sum(r*D*wave)
gk = -(j@t)
gw = h@t
gp = h.sum()
""",
            gc="c",
            gA="A",
            gk="k",
            gw="w",
            gp="p",
        ),
    },
)

GROWTH = Kind(
    "growth",
    {"y1": positive(), "y2": positive(), "y3": positive()},
    {"n0": real(), "r": real(), "k": real()},
    """
K = exp(k)                    # as many as there can be
n1 = n0 + r*n0*(1 - n0/K)
n2 = n1 + r*n1*(1 - n1/K)
n3 = n2 + r*n2*(1 - n2/K)
L = ((n1 - y1)**2 + (n2 - y2)**2 + (n3 - y3)**2)/2
""",
    {
        "statements": style("""
dn3 = n3 - y3
dn2 = n2 - y2 + dn3*(1 + r*(1 - 2*n2/K))
dn1 = n1 - y1 + dn2*(1 + r*(1 - 2*n1/K))
dn0 = dn1*(1 + r*(1 - 2*n0/K))
dr = dn1*n0*(1 - n0/K) + dn2*n1*(1 - n1/K) + dn3*n2*(1 - n2/K)
dK = r*(dn1*n0**2 + dn2*n1**2 + dn3*n2**2)/K**2
dk = dK*K
"""),
        "helpers": style(
            """
f0 = n0/K                     # how full
f1 = n1/K
f2 = n2/K
j2 = 1 + r - 2*r*f2
j1 = 1 + r - 2*r*f1
j0 = 1 + r - 2*r*f0
a3 = n3 - y3
a2 = (n2 - y2) + j2*a3
a1 = (n1 - y1) + j1*a2
g_n0 = j0*a1
g_k = r*(a1*n0*f0 + a2*n1*f1 + a3*n2*f2)
g_r = a1*n0*(1 - f0) + a2*n1*(1 - f1) + a3*n2*(1 - f2)
""",
            g_n0="n0",
            g_k="k",
            g_r="r",
        ),
        "letters": style(
            """
a = n3 - y3
u = a*n2/K
b = n2 - y2 + a + r*a - 2*r*u
v = b*n1/K
c = n1 - y1 + b + r*b - 2*r*v
w = c*n0/K
z = c + r*c - 2*r*w
q = r*(u*n2 + v*n1 + w*n0)
g = (a - u)*n2 + (b - v)*n1 + (c - w)*n0
""",
            z="n0",
            q="k",
            g="r",
        ),
    },
)

MOVING_AVERAGE = Kind(
    "moving_average",
    {"y0": real(), "y1": real(), "y2": real(), "y3": real()},
    {"c": real(), "f": real(), "g": real()},
    """
e1 = y1 - c - f*y0
e2 = y2 - c - f*y1 - g*e1     # the last surprise counts too
e3 = y3 - c - f*y2 - g*e2
L = (e1**2 + e2**2 + e3**2)/2
""",
    {
        "statements": style("""
de3 = e3
de2 = e2 - g*de3
de1 = e1 - g*de2
dc = -de1 - de2 - de3
df = -de1*y0 - de2*y1 - de3*y2
dg = -de2*e1 - de3*e2
"""),
        "forward_mode": style(
            """
c1 = -1.0                     # of each surprise along each weight
c2 = -1 - g*c1
c3 = -1 - g*c2
f1 = -y0
f2 = -y1 - g*f1
f3 = -y2 - g*f2
g2 = -e1
g3 = -e2 - g*g2
grad_c = e1*c1 + e2*c2 + e3*c3
grad_f = e1*f1 + e2*f2 + e3*f3
grad_g = e2*g2 + e3*g3
""",
            grad_c="c",
            grad_f="f",
            grad_g="g",
        ),
        "bare": style("""
dc = -(e1 + e2*(1 - g) + e3*(1 - g + g**2))
df = -(e1*y0 + e2*(y1 - g*y0) + e3*(y2 - g*y1 + g**2*y0))
dg = -(e2*e1 + e3*(e2 - g*e1))
"""),
    },
)

ITEM_RESPONSE = Kind(
    "item_response",
    {"Y": labels(2, 5, 4)},
    {"theta": real(5), "a": real(4), "b": real(4)},
    """
D = theta[:, None] - b[None, :]  # ability less difficulty
Z = a*D
P = sigmoid(Z)
L = -mean(Y*log(P) + (1 - Y)*log(1 - P))
""",
    {
        "statements": style("""
n = Y.shape[0]*Y.shape[1]
dP = -(Y/P - (1 - Y)/(1 - P))/n
dZ = dP*P*(1 - P)
da = sum(dZ*D, axis=0)
dD = dZ*a
dtheta = sum(dD, axis=1)
db = -sum(dD, axis=0)
"""),
        "at_the_weights": style("""
n = Y.shape[0]*Y.shape[1]
dZ = P - Y
da = sum(dZ*D, axis=0)/n
dtheta = dZ@a/n
db = -a*sum(dZ, axis=0)/n
"""),
        "helpers": style(
            """
share = 1/(Y.shape[0]*Y.shape[1])
miss = P - Y
items = miss.sum(axis=0)
pull = a*miss
g_b = -share*np.sum(pull, axis=0)
g_theta = share*pull.sum(axis=1)
g_a = share*(theta@miss - b*items)
""",
            g_b="b",
            g_theta="theta",
            g_a="a",
        ),
    },
)

KINDS = (SATURATION, DAMPED_WAVE, GROWTH, MOVING_AVERAGE, ITEM_RESPONSE)
