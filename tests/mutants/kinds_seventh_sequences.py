"""Seventh: sequences: units that swing, and hunters with their prey from year to year."""

from mutants.kinds import Kind, positive, real, style

OSCILLATORS = Kind(
    "oscillators",
    {
        **{"x1": real(4, 2), "x2": real(4, 2), "x3": real(4, 2)},
        **{"y": real(4), "h": positive()},
    },
    {
        **{"U": real(2, 3), "W": real(3, 3), "R": real(3, 3), "b": real(3)},
        **{"lg": real(), "le": real(), "v": real(3), "c": real()},
    },
    """
g = exp(lg)                   # how stiff, and how much is rubbed off
e = exp(le)
a1 = tanh(x1@U + b)
s1 = h*a1                     # speeds, and where they lead
p1 = h*s1
a2 = tanh(p1@W + s1@R + x2@U + b)
s2 = s1 + h*(a2 - g*p1 - e*s1)
p2 = p1 + h*s2
a3 = tanh(p2@W + s2@R + x3@U + b)
s3 = s2 + h*(a3 - g*p2 - e*s2)
p3 = p2 + h*s3
o = p3@v + c
L = mean((o - y)**2)/2
""",
    {
        "statements": style("""
n = len(y)
do = (o - y)/n
dv = p3.T@do
dc = sum(do)
dp3 = outer(do, v)
ds3 = h*dp3
da3 = h*ds3
r3 = da3*(1 - a3**2)
dp2 = dp3 - h*g*ds3 + r3@W.T
ds2 = h*dp2 + (1 - h*e)*ds3 + r3@R.T
da2 = h*ds2
r2 = da2*(1 - a2**2)
dp1 = dp2 - h*g*ds2 + r2@W.T
ds1 = h*dp1 + (1 - h*e)*ds2 + r2@R.T
da1 = h*ds1
r1 = da1*(1 - a1**2)
dU = x1.T@r1 + x2.T@r2 + x3.T@r3
dW = p1.T@r2 + p2.T@r3
dR = s1.T@r2 + s2.T@r3
db = sum(r1 + r2 + r3, axis=0)
dg = -h*sum(ds2*p1 + ds3*p2)
de = -h*sum(ds2*s1 + ds3*s2)
dlg = dg*g
dle = de*e
"""),
        "bars": style(
            """
m = len(y)
keep = 1 - h*e
o_bar = o - y
p3_bar = o_bar[:, None]*v
s3_bar = h*p3_bar
r3 = h*s3_bar*(1 - a3)*(1 + a3)
p2_bar = p3_bar - h*g*s3_bar + r3@W.T
s2_bar = keep*s3_bar + h*p2_bar + r3@R.T
r2 = h*s2_bar*(1 - a2)*(1 + a2)
p1_bar = p2_bar - h*g*s2_bar + r2@W.T
s1_bar = keep*s2_bar + h*p1_bar + r2@R.T
r1 = h*s1_bar*(1 - a1)*(1 + a1)
U_bar = (x1.T@r1 + x2.T@r2 + x3.T@r3)/m
W_bar = (p1.T@r2 + p2.T@r3)/m
R_bar = (s1.T@r2 + s2.T@r3)/m
b_bar = np.mean(r1 + r2 + r3, axis=0)
v_bar = o_bar@p3/m
c_bar = np.mean(o_bar)
lg_bar = -h*g*np.sum(s2_bar*p1 + s3_bar*p2)/m
le_bar = (keep - 1)*np.sum(s2_bar*s1 + s3_bar*s2)/m
""",
            U_bar="U",
            W_bar="W",
            R_bar="R",
            b_bar="b",
            v_bar="v",
            c_bar="c",
            lg_bar="lg",
            le_bar="le",
        ),
    },
)

PREDATORS = Kind(
    "predators",
    {
        **{"p1": real(), "p2": real(), "p3": real()},
        **{"q1": real(), "q2": real(), "q3": real()},
    },
    {"la": real(), "lb": real(), "lc": real(), "ld": real(), "u0": real(), "v0": real()},
    """
a = exp(la)
b = exp(lb)
c = exp(lc)
d = exp(ld)
e0 = exp(u0)                  # the prey, and f its hunters; u and v are logarithms
f0 = exp(v0)
u1 = u0 + 0.1*(a - b*f0)
v1 = v0 + 0.1*(c*e0 - d)
e1 = exp(u1)
f1 = exp(v1)
u2 = u1 + 0.1*(a - b*f1)
v2 = v1 + 0.1*(c*e1 - d)
e2 = exp(u2)
f2 = exp(v2)
u3 = u2 + 0.1*(a - b*f2)
v3 = v2 + 0.1*(c*e2 - d)
prey = (u1 - p1)**2 + (u2 - p2)**2 + (u3 - p3)**2
hunters = (v1 - q1)**2 + (v2 - q2)**2 + (v3 - q3)**2
L = (prey + hunters)/2
""",
    {
        "statements": style("""
du3 = u3 - p3
dv3 = v3 - q3
de2 = 0.1*c*dv3
df2 = -0.1*b*du3
du2 = u2 - p2 + du3 + de2*e2
dv2 = v2 - q2 + dv3 + df2*f2
de1 = 0.1*c*dv2
df1 = -0.1*b*du2
du1 = u1 - p1 + du2 + de1*e1
dv1 = v1 - q1 + dv2 + df1*f1
de0 = 0.1*c*dv1
df0 = -0.1*b*du1
du0 = du1 + de0*e0
dv0 = dv1 + df0*f0
da = 0.1*(du1 + du2 + du3)
db = -0.1*(du1*f0 + du2*f1 + du3*f2)
dc = 0.1*(dv1*e0 + dv2*e1 + dv3*e2)
dd = -0.1*(dv1 + dv2 + dv3)
dla = da*a
dlb = db*b
dlc = dc*c
dld = dd*d
"""),
        "letters": style(
            """
h = 0.1
s3 = u3 - p3
t3 = v3 - q3
s2 = u2 - p2 + s3 + h*c*e2*t3
t2 = v2 - q2 + t3 - h*b*f2*s3
s1 = u1 - p1 + s2 + h*c*e1*t2
t1 = v1 - q1 + t2 - h*b*f1*s2
gu = s1 + h*c*e0*t1
gv = t1 - h*b*f0*s1
ga = h*a*(s1 + s2 + s3)
gb = -h*b*(s1*f0 + s2*f1 + s3*f2)
gc = h*c*(t1*e0 + t2*e1 + t3*e2)
gd = -h*d*(t1 + t2 + t3)
""",
            gu="u0",
            gv="v0",
            ga="la",
            gb="lb",
            gc="lc",
            gd="ld",
        ),
    },
)

KINDS = (OSCILLATORS, PREDATORS)
