"""Sixth: sequences: a linear state, a memory that is written over, a gated filter used twice."""

from mutants.kinds import Kind, real, style

STATE_SPACE = Kind(
    "state_space",
    {
        **{"x1": real(4, 2), "x2": real(4, 2), "x3": real(4, 2)},
        **{"y1": real(4), "y2": real(4), "y3": real(4)},
    },
    {"lam": real(3), "B": real(2, 3), "c": real(3), "f": real(2)},
    """
a = sigmoid(lam)              # how slowly each channel forgets
g = sqrt(1 - a**2)            # and how much it takes in
u1 = x1@B
u2 = x2@B
u3 = x3@B
h1 = g*u1
h2 = a*h1 + g*u2
h3 = a*h2 + g*u3
e1 = h1@c + x1@f - y1
e2 = h2@c + x2@f - y2
e3 = h3@c + x3@f - y3
L = (sum(e1**2) + sum(e2**2) + sum(e3**2))/(2*len(y1))
""",
    {
        "statements": style("""
n = len(y1)
de1 = e1/n
de2 = e2/n
de3 = e3/n
dc = h1.T@de1 + h2.T@de2 + h3.T@de3
df = x1.T@de1 + x2.T@de2 + x3.T@de3
dh3 = outer(de3, c)
dh2 = outer(de2, c) + dh3*a
dh1 = outer(de1, c) + dh2*a
dg = sum(dh1*u1 + dh2*u2 + dh3*u3, axis=0)
kept = sum(dh2*h1 + dh3*h2, axis=0)
da = kept - dg*a/g
dlam = da*a*(1 - a)
du1 = dh1*g
du2 = dh2*g
du3 = dh3*g
dB = x1.T@du1 + x2.T@du2 + x3.T@du3
"""),
        "at_the_weights": style("""
m = len(y1)
s3 = outer(e3, c)
s2 = outer(e2, c) + s3*a
s1 = outer(e1, c) + s2*a
dB = g*(x1.T@s1 + x2.T@s2 + x3.T@s3)/m
dc = (e1@h1 + e2@h2 + e3@h3)/m
df = (e1@x1 + e2@x2 + e3@x3)/m
taken = sum(s1*u1 + s2*u2 + s3*u3, axis=0)
kept = sum(s2*h1 + s3*h2, axis=0)
dlam = (kept - taken*a/g)*(a - a**2)/m
"""),
        "helpers": style(
            """
rows = y1.shape[0]
back3 = np.outer(e3, c)/rows
back2 = np.outer(e2, c)/rows + a*back3
back1 = np.outer(e1, c)/rows + a*back2
taken = back1*u1 + back2*u2 + back3*u3
kept = back2*h1 + back3*h2
bend = a*(1 - a)
grow = -a*bend/g
g_lam = bend*np.sum(kept, axis=0) + grow*np.sum(taken, axis=0)
g_B = x1.T@(g*back1) + x2.T@(g*back2) + x3.T@(g*back3)
g_c = (e1@h1 + e2@h2 + e3@h3)/rows
g_f = (e1@x1 + e2@x2 + e3@x3)/rows
""",
            g_lam="lam",
            g_B="B",
            g_c="c",
            g_f="f",
        ),
    },
)

FAST_WEIGHTS = Kind(
    "fast_weights",
    {"x1": real(3), "x2": real(3), "x3": real(3), "y": real(2)},
    {"K": real(3, 2), "V": real(3, 2), "Q": real(3, 2), "b": real()},
    """
beta = sigmoid(b)             # how much is written
k1 = x1@K
v1 = x1@V
M1 = beta*outer(k1, v1)
k2 = x2@K
v2 = x2@V
r2 = k2@M1                    # what the memory has for this key already
w2 = v2 - r2
M2 = M1 + beta*outer(k2, w2)
q = x3@Q
o = q@M2
L = sum((o - y)**2)/2
""",
    {
        "statements": style("""
do = o - y
dq = M2@do
dM2 = outer(q, do)
dw2 = beta*(k2@dM2)
dv2 = dw2
dr2 = -dw2
dk2 = beta*(dM2@w2) + M1@dr2
dM1 = dM2 + outer(k2, dr2)
dk1 = beta*(dM1@v1)
dv1 = beta*(k1@dM1)
dbeta = sum(dM1*outer(k1, v1)) + sum(dM2*outer(k2, w2))
db = dbeta*beta*(1 - beta)
dK = outer(x1, dk1) + outer(x2, dk2)
dV = outer(x1, dv1) + outer(x2, dv2)
dQ = outer(x3, dq)
"""),
        "fused": style("""
dM2 = outer(q, o - y)
dw2 = beta*(dM2.T@k2)
dM1 = dM2 - outer(k2, dw2)
dk2 = beta*(dM2@w2) - M1@dw2
dK = beta*outer(x1, dM1@v1) + outer(x2, dk2)
dV = beta*outer(x1, k1@dM1) + outer(x2, dw2)
dQ = outer(x3, M2@(o - y))
db = beta*(1 - beta)*(k1@dM1@v1 + k2@dM2@w2)
"""),
        "source": style(
            """
err = o - y
late = np.outer(q, err)
write2 = beta*(k2@late)
early = late - np.outer(k2, write2)
key2 = beta*(late@w2) - M1@write2
key1 = beta*(early@v1)
write1 = beta*(k1@early)
used = np.sum(early*M1) + beta*(k2@late@w2)
g_K = np.outer(x1, key1) + np.outer(x2, key2)
g_V = np.outer(x1, write1) + np.outer(x2, write2)
g_Q = np.outer(x3, M2@err)
g_b = used*(1 - beta)
""",
            g_K="K",
            g_V="V",
            g_Q="Q",
            g_b="b",
        ),
    },
)

GATED = Kind(
    "gated_filter",
    {"x1": real(4, 2), "x2": real(4, 2), "x3": real(4, 2), "y": real(4)},
    {
        **{"A": real(2, 2), "B": real(2, 2), "C": real(2, 2), "D": real(2, 2)},
        **{"w": real(2), "b": real()},
    },
    """
f1 = tanh(x1@A + x2@B)
g1 = sigmoid(x1@C + x2@D)
h1 = f1*g1 + x2
f2 = tanh(x2@A + x3@B)
g2 = sigmoid(x2@C + x3@D)
h2 = f2*g2 + x3
f3 = tanh(h1@A + h2@B)        # the same filter on its own answers
g3 = sigmoid(h1@C + h2@D)
h3 = f3*g3 + h2
s = h3@w + b
L = mean((s - y)**2)
""",
    {
        "statements": style("""
n = len(y)
ds = 2*(s - y)/n
dw = h3.T@ds
db = sum(ds)
dh3 = outer(ds, w)
df3 = dh3*g3
dg3 = dh3*f3
p3 = df3*(1 - f3**2)
q3 = dg3*g3*(1 - g3)
dh1 = p3@A.T + q3@C.T
dh2 = dh3 + p3@B.T + q3@D.T
df2 = dh2*g2
dg2 = dh2*f2
p2 = df2*(1 - f2**2)
q2 = dg2*g2*(1 - g2)
df1 = dh1*g1
dg1 = dh1*f1
p1 = df1*(1 - f1**2)
q1 = dg1*g1*(1 - g1)
dA = x1.T@p1 + x2.T@p2 + h1.T@p3
dB = x2.T@p1 + x3.T@p2 + h2.T@p3
dC = x1.T@q1 + x2.T@q2 + h1.T@q3
dD = x2.T@q1 + x3.T@q2 + h2.T@q3
"""),
        "at_the_weights": style("""
m = len(y)
ds = 2*(s - y)
dh3 = outer(ds, w)
p3 = dh3*g3*(1 - f3**2)
q3 = dh3*f3*g3*(1 - g3)
dh2 = dh3 + p3@B.T + q3@D.T
dh1 = p3@A.T + q3@C.T
p2 = dh2*g2*(1 - f2**2)
q2 = dh2*f2*g2*(1 - g2)
p1 = dh1*g1*(1 - f1**2)
q1 = dh1*f1*g1*(1 - g1)
dA = (x1.T@p1 + x2.T@p2 + h1.T@p3)/m
dB = (x2.T@p1 + x3.T@p2 + h2.T@p3)/m
dC = (x1.T@q1 + x2.T@q2 + h1.T@q3)/m
dD = (x2.T@q1 + x3.T@q2 + h2.T@q3)/m
dw = ds@h3/m
db = mean(ds)
"""),
    },
)

KINDS = (STATE_SPACE, FAST_WEIGHTS, GATED)
