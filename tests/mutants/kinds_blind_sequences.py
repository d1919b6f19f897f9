"""Blind: two steps of a sequence: a filter, a field of labels, an integrator."""

from mutants.kinds import Kind, labels, positive, real, style

KALMAN = Kind(
    "kalman",
    {"m0": real(), "P0": positive(), "y1": real(), "y2": real()},
    {"a": real(), "s": real(), "o": real()},
    """
Q = exp(s)                    # the noise of the state
R = exp(o)                    # the noise of what is seen
f1 = a*m0
V1 = a**2*P0 + Q
S1 = V1 + R
e1 = y1 - f1
k = V1/S1                     # the gain
m1 = f1 + k*e1
P1 = (1 - k)*V1
f2 = a*m1
V2 = a**2*P1 + Q
S2 = V2 + R
e2 = y2 - f2
L = (log(S1) + e1**2/S1 + log(S2) + e2**2/S2)/2
""",
    {
        "statements": style("""
de2 = e2/S2
dS2 = (1/S2 - e2**2/S2**2)/2
df2 = -de2
dV2 = dS2
dP1 = dV2*a**2
dm1 = df2*a
dk = dm1*e1 - dP1*V1
de1 = e1/S1 + dm1*k
df1 = dm1 - de1
dS1 = (1/S1 - e1**2/S1**2)/2 - dk*V1/S1**2
dV1 = dS1 + dk/S1 + dP1*(1 - k)
dQ = dV1 + dV2
dR = dS1 + dS2
first = df1*m0 + 2*a*dV1*P0
second = df2*m1 + 2*a*dV2*P1
da = first + second
ds = dQ*Q
do = dR*R
"""),
        "fused": style("""
dS2 = (1 - e2**2/S2)/(2*S2)
dm1 = -a*e2/S2
dP1 = a**2*dS2
dk = dm1*e1 - dP1*V1
dS1 = (1 - e1**2/S1)/(2*S1) - dk*k/S1
dV1 = dS1 + dk/S1 + dP1*(1 - k)
df1 = (1 - k)*dm1 - e1/S1
da = df1*m0 + 2*a*P0*dV1 - m1*e2/S2 + 2*a*P1*dS2
ds = Q*(dV1 + dS2)
do = R*(dS1 + dS2)
"""),
        "source": style(
            """
w2 = e2/S2
half2 = (1/S2 - w2**2)/2
mean_1 = -a*w2
var_1 = a*a*half2
gain_1 = mean_1*e1 - var_1*V1
w1 = e1/S1
half1 = (1/S1 - w1**2)/2
S_1 = half1 - gain_1*k/S1
V_1 = S_1 + gain_1/S1 + var_1*(1 - k)
f_1 = mean_1*(1 - k) - w1
a_second = 2*a*half2*P1 - w2*m1
a_first = f_1*m0 + 2*a*V_1*P0
grad_a = a_first + a_second
grad_s = Q*(V_1 + half2)
grad_o = R*(S_1 + half2)
""",
            grad_a="a",
            grad_s="s",
            grad_o="o",
        ),
    },
)

LABEL_FIELD = Kind(
    "label_field",
    {"X1": real(4, 2), "X2": real(4, 2), "y1": labels(3, 4), "y2": labels(3, 4)},
    {"W": real(2, 3), "M": real(3, 3)},
    """
E1 = X1@W
E2 = X2@W
Y1 = one_hot(y1, 3)
Y2 = one_hot(y2, 3)
J = E1[:, :, None] + M + E2[:, None, :]  # every pair of labels
logz = logsumexp(logsumexp(J, axis=2), axis=1)
gold = sum(Y1*E1, axis=1) + sum(Y2*E2, axis=1) + sum(Y1@M*Y2, axis=1)
L = mean(logz - gold)
""",
    {
        "statements": style("""
n = X1.shape[0]
dlogz = 1/n
dgold = -1/n
P = exp(J - logz[:, None, None])
dJ = dlogz*P
dE1 = sum(dJ, axis=2) + dgold*Y1
dE2 = sum(dJ, axis=1) + dgold*Y2
dM = sum(dJ, axis=0) + dgold*(Y1.T@Y2)
dW = X1.T@dE1 + X2.T@dE2
"""),
        "at_the_weights": style("""
P = exp(J - logz[:, None, None])
dE1 = P.sum(axis=2) - Y1
dE2 = P.sum(axis=1) - Y2
dW = (X1.T@dE1 + X2.T@dE2)/len(X1)
dM = (P.sum(axis=0) - Y1.T@Y2)/len(X1)
"""),
        "helpers": style(
            """
count = len(y1)
ahead = logsumexp(M + E2[:, None, :], axis=2)
behind = logsumexp(E1[:, :, None] + M, axis=1)
first = np.exp(E1 + ahead - logz[:, None])
second = np.exp(E2 + behind - logz[:, None])
pair = np.exp(J - logz[:, None, None])
from_first = X1.T@(first - Y1)
from_second = X2.T@(second - Y2)
W_grad = (from_first + from_second)/count
M_grad = (np.sum(pair, axis=0) - Y1.T@Y2)/count
""",
            W_grad="W",
            M_grad="M",
        ),
    },
)

INTEGRATOR = Kind(
    "integrator",
    {"Z0": real(4, 2), "Y": real(4, 2), "dt": positive()},
    {"A": real(2, 3), "b": real(3), "B": real(3, 2)},
    """
F0 = tanh(Z0@A + b)
Z1 = Z0 + dt*F0@B             # two Euler steps of one field
F1 = tanh(Z1@A + b)
Z2 = Z1 + dt*F1@B
L = sum((Z2 - Y)**2)/(2*Y.shape[0])
""",
    {
        "statements": style("""
n = Y.shape[0]
dZ2 = (Z2 - Y)/n
dF1 = dt*dZ2@B.T
pre1 = dF1*(1 - F1**2)
dZ1 = dZ2 + pre1@A.T
dF0 = dt*dZ1@B.T
pre0 = dF0*(1 - F0**2)
dB = dt*(F1.T@dZ2 + F0.T@dZ1)
dA = Z1.T@pre1 + Z0.T@pre0
db = sum(pre1, axis=0) + sum(pre0, axis=0)
"""),
        "at_the_weights": style("""
dZ2 = Z2 - Y
delta1 = dt*(dZ2@B.T)*(1 - F1*F1)
dZ1 = dZ2 + delta1@A.T
delta0 = dt*(dZ1@B.T)*(1 - F0*F0)
dA = (Z1.T@delta1 + Z0.T@delta0)/len(Y)
db = mean(delta1 + delta0, axis=0)
dB = dt*(F1.T@dZ2 + F0.T@dZ1)/len(Y)
"""),
        "source": style(
            """
adjoint2 = (Z2 - Y)/Z2.shape[0]
scaled2 = dt*adjoint2
inner2 = scaled2@B.T
local2 = inner2*(1 - F1)*(1 + F1)
adjoint1 = adjoint2 + local2@A.T
scaled1 = dt*adjoint1
inner1 = scaled1@B.T
local1 = inner1*(1 - F0)*(1 + F0)
grad_B = F1.T@scaled2 + F0.T@scaled1
grad_A = Z1.T@local2 + Z0.T@local1
grad_b = local2.sum(axis=0) + local1.sum(axis=0)
""",
            grad_B="B",
            grad_A="A",
            grad_b="b",
        ),
    },
)

KINDS = (KALMAN, LABEL_FIELD, INTEGRATOR)
