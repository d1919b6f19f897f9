"""Fifth: layers: an equation of motion learnt, sines on sines, a flow in two couplings."""

from mutants.kinds import Kind, positive, real, style

PHYSICS_INFORMED = Kind(
    "physics_informed",
    {"t": real(6), "u0": real()},
    {"w": real(4), "b": real(4), "v": real(4), "lk": real()},
    """
z = outer(t, w) + b
h = tanh(z)
u = h@v
slope = 1 - h**2
ut = slope@(w*v)              # how fast u changes
k = exp(lk)
r = ut + k*u                  # 0 where the equation of decay holds
h0 = tanh(b)
gap = h0@v - u0
L = mean(r**2)/2 + gap**2/2
""",
    {
        "statements": style("""
n = len(t)
dr = r/n
dut = dr
du = k*dr
dk = sum(dr*u)
dlk = dk*k
dslope = outer(dut, w*v)
both = slope.T@dut
dh = outer(du, v) - 2*dslope*h
dz = dh*(1 - h**2)
dgap = gap
dh0 = dgap*v
dw = t@dz + both*v
db = sum(dz, axis=0) + dh0*(1 - h0**2)
dv = h.T@du + both*w + dgap*h0
"""),
        "at_the_weights": style("""
m = t.shape[0]
dz = (k*outer(r, v) - 2*outer(r, w*v)*h)*slope
dlk = k*mean(r*u)
dw = t@dz/m + v*(r@slope)/m
db = mean(dz, axis=0) + gap*v*(1 - h0**2)
dv = k*(r@h)/m + w*(r@slope)/m + gap*h0
"""),
        "source": style(
            """
miss = r/len(t)
first = miss[:, None]*k*v
second = -2*np.outer(miss, w*v)*h
deep = (first + second)*(1 - h)*(1 + h)
along = miss@slope
start = gap*v*(1 - h0)*(1 + h0)
g_w = deep.T@t + v*along
g_b = deep.sum(axis=0) + start
g_v = k*(miss@h) + w*along + gap*h0
g_lk = k*(miss@u)
""",
            g_w="w",
            g_b="b",
            g_v="v",
            g_lk="lk",
        ),
    },
)

SINE_LAYERS = Kind(
    "sine_layers",
    {"X": real(6, 2), "Y": real(6, 2), "omega": positive()},
    {
        **{"W1": real(2, 3), "b1": real(3), "W2": real(3, 3), "b2": real(3)},
        **{"W3": real(3, 2), "b3": real(2)},
    },
    """
Z1 = X@W1 + b1
H1 = sin(omega*Z1)
Z2 = H1@W2 + b2
H2 = sin(omega*Z2)
O = H2@W3 + b3
L = sum((O - Y)**2)/len(X)
""",
    {
        "statements": style("""
n = len(X)
dO = 2*(O - Y)/n
dW3 = H2.T@dO
db3 = sum(dO, axis=0)
dH2 = dO@W3.T
dZ2 = omega*dH2*cos(omega*Z2)
dW2 = H1.T@dZ2
db2 = sum(dZ2, axis=0)
dH1 = dZ2@W2.T
dZ1 = omega*dH1*cos(omega*Z1)
dW1 = X.T@dZ1
db1 = sum(dZ1, axis=0)
"""),
        "at_the_weights": style("""
dO = O - Y
dZ2 = dO@W3.T*cos(omega*Z2)*omega
dZ1 = dZ2@W2.T*cos(omega*Z1)*omega
dW3 = 2*H2.T@dO/len(Y)
dW2 = 2*H1.T@dZ2/len(Y)
dW1 = 2*X.T@dZ1/len(Y)
db3 = 2*mean(dO, axis=0)
db2 = 2*mean(dZ2, axis=0)
db1 = 2*mean(dZ1, axis=0)
"""),
    },
)

COUPLING_FLOW = Kind(
    "coupling_flow",
    {"x1": real(6, 2), "x2": real(6, 2)},
    {
        **{"P": real(2, 2), "p": real(2), "Q": real(2, 2), "q": real(2)},
        **{"U": real(2, 2), "u": real(2), "V": real(2, 2)},
    },
    """
s1 = tanh(x1@P + p)           # the first half stretches and shifts the second
k1 = exp(s1)
t1 = x1@Q + q
z2 = x2*k1 + t1
s2 = tanh(z2@U + u)           # and what comes out the first
k2 = exp(s2)
t2 = z2@V
z1 = x1*k2 + t2
quad = (sum(z1**2) + sum(z2**2))/2
volume = sum(s1) + sum(s2)
L = (quad - volume)/len(x1)
""",
    {
        "statements": style("""
n = len(x1)
dz1 = z1/n
dt2 = dz1
dk2 = dz1*x1
ds2 = dk2*k2 - 1/n
a2 = ds2*(1 - s2**2)
dU = z2.T@a2
du = sum(a2, axis=0)
dV = z2.T@dt2
dz2 = z2/n + a2@U.T + dt2@V.T
dt1 = dz2
dk1 = dz2*x2
ds1 = dk1*k1 - 1/n
a1 = ds1*(1 - s1**2)
dP = x1.T@a1
dp = sum(a1, axis=0)
dQ = x1.T@dt1
dq = sum(dt1, axis=0)
"""),
        "at_the_weights": style("""
a2 = (z1*x1*k2 - 1)*(1 - s2**2)
dz2 = z2 + a2@U.T + z1@V.T
a1 = (dz2*x2*k1 - 1)*(1 - s1**2)
dU = z2.T@a2/len(x1)
dV = z2.T@z1/len(x1)
dP = x1.T@a1/len(x1)
dQ = x1.T@dz2/len(x1)
du = mean(a2, axis=0)
dp = mean(a1, axis=0)
dq = mean(dz2, axis=0)
"""),
    },
)

KINDS = (PHYSICS_INFORMED, SINE_LAYERS, COUPLING_FLOW)
