"""Fresh: models of products: forms, factors, gains and discounts."""

from mutants.kinds import Kind, labels, positive, real, style

BILINEAR = Kind(
    "bilinear",
    {"X": real(5, 3), "Z": real(5, 2), "y": labels(2, 5)},
    {"A": real(3, 2), "a": real(3), "b": real()},
    """
P = X@A
s = sum(P*Z, axis=1) + X@a + b
nll = softplus(s) - y*s
L = mean(nll)
""",
    {
        "statements": style("""
n = len(y)
dnll = 1/n
ds = dnll*(sigmoid(s) - y)
db = sum(ds)
da = X.T@ds
dP = ds[:, None]*Z
dA = X.T@dP
"""),
        "at_the_weights": style("""
m = X.shape[0]
ds = sigmoid(s) - y
dA = X.T@(ds[:, None]*Z)/m
da = X.T@ds/m
db = np.sum(ds)/m
"""),
        "bare": style("""
dA = (X*(sigmoid(s) - y)[:, None]).T@Z/len(y)
da = (sigmoid(s) - y)@X/len(y)
db = mean(sigmoid(s) - y)
"""),
        "helpers": style(
            """
count = len(y)
prob = 1/(1 + np.exp(-s))
miss = (prob - y)/count
column = miss[:, None]
left = column*X
right = column*Z
grad_A = X.T@right
grad_a = np.sum(left, axis=0)
grad_b = np.sum(miss)
""",
            grad_A="A",
            grad_a="a",
            grad_b="b",
        ),
    },
)

FACTORISATION = Kind(
    "factorisation",
    {"R": real(4, 3), "M": labels(2, 4, 3), "lam": positive()},
    {"U": real(4, 2), "V": real(3, 2), "p": real(4), "q": real(3)},
    """
P = U@V.T + p[:, None] + q[None, :]
E = M*(P - R)                 # M is 1 where a rating is known
fit = sum(E**2)/2
size = sum(U**2) + sum(V**2)
L = fit + lam/2*size
""",
    {
        "statements": style("""
dfit = 1.0
dsize = lam/2
dE = dfit*E
dP = dE*M
dU = dP@V + dsize*2*U
dV = dP.T@U + dsize*2*V
dp = dP.sum(axis=1)
dq = dP.sum(axis=0)
"""),
        "fused": style("""
dU = E@V + lam*U              # M*M is M
dV = E.T@U + lam*V
dp = sum(E, axis=1)
dq = sum(E, axis=0)
"""),
        "helpers": style(
            """
known = (M > 0)
error = np.where(known, R - P, 0)
step_U = lam*U - error@V
step_V = lam*V - (U.T@error).T
step_p = -np.sum(error, axis=1)
step_q = -np.sum(error, axis=0)
""",
            step_U="U",
            step_V="V",
            step_p="p",
            step_q="q",
        ),
    },
)

QUADRATIC = Kind(
    "quadratic",
    {"X": real(5, 3), "y": real(5)},
    {"a": real(3), "b": real(3), "c": real(3), "k": real()},
    """
p = X@a
q = X@b
r = X**2@c
s = p*q + r + k
o = sigmoid(s)
L = mean((o - y)**2)/2
""",
    {
        "statements": style("""
n = len(y)
do = (o - y)/n
ds = do*o*(1 - o)
dp = ds*q
dq = ds*p
dr = ds
da = X.T@dp
db = X.T@dq
dc = (X**2).T@dr
dk = sum(ds)
"""),
        "at_the_weights": style("""
m = X.shape[0]
ds = (o - y)*(o - o**2)
da = X.T@(ds*q)/m
db = X.T@(ds*p)/m
dc = (X*X).T@ds/m
dk = np.sum(ds)/m
"""),
        "bare": style("""
dk = mean((o - y)*o*(1 - o))
dc = ((o - y)*o*(1 - o))@X**2/len(y)
da = X.T@((o - y)*o*(1 - o)*(X@b))/len(y)
db = X.T@((o - y)*o*(1 - o)*(X@a))/len(y)
"""),
    },
)

RESIDUAL_GAIN = Kind(
    "residual_gain",
    {"X": real(5, 3), "Y": real(5, 3)},
    {"W1": real(3, 3), "W2": real(3, 3), "g1": real(), "g2": real()},
    """
T1 = tanh(X@W1)
H1 = X + g1*T1
T2 = tanh(H1@W2)
H2 = H1 + g2*T2
L = sum((H2 - Y)**2)/(2*X.shape[0])
""",
    {
        "statements": style("""
n = X.shape[0]
dH2 = (H2 - Y)/n
dg2 = sum(dH2*T2)
dT2 = g2*dH2
pre2 = dT2*(1 - T2**2)
dW2 = H1.T@pre2
dH1 = dH2 + pre2@W2.T
dg1 = sum(dH1*T1)
dT1 = g1*dH1
pre1 = dT1*(1 - T1**2)
dW1 = X.T@pre1
"""),
        "at_the_weights": style("""
m = len(X)
dH2 = H2 - Y
dZ2 = g2*dH2*(1 - T2**2)
dH1 = dH2 + dZ2@W2.T
dZ1 = g1*dH1*(1 - T1**2)
dW2 = H1.T@dZ2/m
dW1 = X.T@dZ1/m
dg2 = np.sum(dH2*T2)/m
dg1 = np.sum(dH1*T1)/m
"""),
        "helpers": style(
            """
dout = (H2 - Y)/Y.shape[0]
slope2 = 1 - T2**2
slope1 = 1 - T1**2
branch2 = g2*dout
local2 = branch2*slope2
skip2 = dout
through2 = local2@W2.T
dmid = skip2 + through2
branch1 = g1*dmid
local1 = branch1*slope1
gain2 = (dout*T2).sum()
gain1 = (dmid*T1).sum()
grad2 = H1.T@local2
grad1 = X.T@local1
""",
            gain2="g2",
            gain1="g1",
            grad2="W2",
            grad1="W1",
        ),
    },
)

DISCOUNTED = Kind(
    "discounted",
    {"x1": real(), "x2": real(), "x3": real(), "y": real()},
    {"w": real(), "b": real(), "g": real()},
    """
gamma = sigmoid(g)
r1 = tanh(w*x1 + b)
r2 = tanh(w*x2 + b)
r3 = tanh(w*x3 + b)
G2 = r2 + gamma*r3
G1 = r1 + gamma*G2
L = (G1 - y)**2/2
""",
    {
        "statements": style("""
dG1 = G1 - y
dr1 = dG1
dG2 = dG1*gamma
dr2 = dG2
dr3 = dG2*gamma
dgamma = dG1*G2 + dG2*r3
dg = dgamma*gamma*(1 - gamma)
z1 = dr1*(1 - r1**2)
z2 = dr2*(1 - r2**2)
z3 = dr3*(1 - r3**2)
dw = z1*x1 + z2*x2 + z3*x3
db = z1 + z2 + z3
"""),
        "bare": style("""
dw = (G1 - y)*((1 - r1**2)*x1 + gamma*(1 - r2**2)*x2 + gamma**2*(1 - r3**2)*x3)
db = (G1 - y)*(1 - r1**2 + gamma*(1 - r2**2) + gamma**2*(1 - r3**2))
dg = (G1 - y)*(r2 + 2*gamma*r3)*gamma*(1 - gamma)
"""),
        "step_by_step": style(
            """
carry1 = G1 - y
u1 = carry1*(1 - r1**2)
w_1 = u1*x1
b_1 = u1
gamma_1 = carry1*G2
carry2 = gamma*carry1
u2 = carry2*(1 - r2**2)
w_2 = w_1 + u2*x2
b_2 = b_1 + u2
gamma_2 = gamma_1 + carry2*r3
carry3 = gamma*carry2
u3 = carry3*(1 - r3**2)
grad_w = w_2 + u3*x3
grad_b = b_2 + u3
grad_g = gamma_2*(gamma - gamma**2)
""",
            grad_w="w",
            grad_b="b",
            grad_g="g",
        ),
    },
)

KINDS = (BILINEAR, FACTORISATION, QUADRATIC, RESIDUAL_GAIN, DISCOUNTED)
