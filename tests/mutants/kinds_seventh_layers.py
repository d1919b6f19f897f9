"""Seventh: layers: places as angles, scores squared for softmax, a filter for every channel."""

from mutants.kinds import Kind, positive, real, style

ROTARY = Kind(
    "rotary",
    {"X": real(4, 3), "Y": real(4, 2), "t": real(4), "J": real(2, 2)},
    {"Wq": real(3, 2), "Wk": real(3, 2), "Wv": real(3, 2), "f": real(2)},
    """
A = outer(t, f)               # every place its angles
c = cos(A)
s = sin(A)
q = X@Wq
k = X@Wk
v = X@Wv
qr = q*c + (q@J)*s            # turned by them
kr = k*c + (k@J)*s
S = qr@kr.T/sqrt(2.0)
P = softmax(S)
O = P@v
L = sum((O - Y)**2)/(2*len(X))
""",
    {
        "statements": style("""
n = len(X)
dO = (O - Y)/n
dv = P.T@dO
dP = dO@v.T
dS = P*(dP - sum(dP*P, axis=1, keepdims=True))
dqr = dS@kr/sqrt(2.0)
dkr = dS.T@qr/sqrt(2.0)
dq = dqr*c + (dqr*s)@J.T
dk = dkr*c + (dkr*s)@J.T
dc = dqr*q + dkr*k
ds = dqr*(q@J) + dkr*(k@J)
dA = ds*c - dc*s
df = t@dA
dWq = X.T@dq
dWk = X.T@dk
dWv = X.T@dv
"""),
        "fused": style("""
G = (O - Y)/len(X)
U = P*(G@v.T)
R = (U - P*sum(U, axis=1, keepdims=True))/sqrt(2.0)
a = R@kr
b = R.T@qr
turn = a*((q@J)*c - q*s) + b*((k@J)*c - k*s)
df = t@turn
dWq = X.T@(a*c + (a*s)@J.T)
dWk = X.T@(b*c + (b*s)@J.T)
dWv = (P@X).T@G
"""),
    },
)

SQUARED_SCORES = Kind(
    "squared_scores",
    {"X": real(4, 3), "Y": real(4, 2)},
    {"Q": real(3, 2), "K": real(3, 2), "V": real(3, 2), "B": real(4, 4)},
    """
q = X@Q
k = X@K
v = X@V
S = q@k.T + B                 # how far apart two places are counts as well
R = relu(S)
A = R**2/len(X)
O = A@v
L = mean((O - Y)**2)
""",
    {
        "statements": style("""
count = Y.shape[0]*Y.shape[1]
dO = 2*(O - Y)/count
dv = A.T@dO
dA = dO@v.T
dR = 2*dA*R/len(X)
dS = dR*(S > 0)
dB = dS
dq = dS@k
dk = dS.T@q
dQ = X.T@dq
dK = X.T@dk
dV = X.T@dv
"""),
        "fused": style("""
G = 2*(O - Y)/(len(Y)*Y.shape[1])
dB = 2*R*(G@v.T)/len(X)
dQ = X.T@dB@k
dK = X.T@dB.T@q
dV = (A@X).T@G
"""),
        "bars": style(
            """
m = len(X)
O_bar = (O - Y)/m             # a square's two goes with the two columns
S_bar = 2*relu(S)*(O_bar@v.T)/m
q_bar = S_bar@k
k_bar = q.T@S_bar
B_bar = S_bar
Q_bar = X.T@q_bar
K_bar = (k_bar@X).T
V_bar = X.T@A.T@O_bar
""",
            B_bar="B",
            Q_bar="Q",
            K_bar="K",
            V_bar="V",
        ),
    },
)

SEPARABLE = Kind(
    "separable",
    {"X0": real(5, 3), "X1": real(5, 3), "X2": real(5, 3), "Y": real(5, 2), "lam": positive()},
    {
        **{"k0": real(3), "k1": real(3), "k2": real(3), "b": real(3)},
        **{"P": real(3, 2), "c": real(2)},
    },
    """
D = X0*k0 + X1*k1 + X2*k2 + b  # now, one and two places back, each channel for itself
H = where(D > 0, D, 0.1*D)
O = H@P + c                   # then the channels mixed
rough = sum((k1 - k0)**2) + sum((k2 - k1)**2)
L = sum((O - Y)**2)/len(Y) + lam*rough/2
""",
    {
        "statements": style("""
n = len(Y)
dO = 2*(O - Y)/n
dP = H.T@dO
dc = sum(dO, axis=0)
dH = dO@P.T
dD = dH*where(D > 0, 1, 0.1)
db = sum(dD, axis=0)
dk0 = sum(dD*X0, axis=0) - lam*(k1 - k0)
dk1 = sum(dD*X1, axis=0) + lam*(k1 - k0) - lam*(k2 - k1)
dk2 = sum(dD*X2, axis=0) + lam*(k2 - k1)
"""),
        "at_the_weights": style("""
dO = O - Y
dD = dO@P.T*(0.1 + 0.9*(D > 0))
dP = 2*H.T@dO/len(Y)
dc = 2*mean(dO, axis=0)
dk0 = 2*mean(dD*X0, axis=0) + lam*(k0 - k1)
dk1 = 2*mean(dD*X1, axis=0) + lam*(2*k1 - k0 - k2)
dk2 = 2*mean(dD*X2, axis=0) + lam*(k2 - k1)
db = 2*mean(dD, axis=0)
"""),
        "letters": style(
            """
r = 2/X0.shape[0]
e = r*(O - Y)
u = e@P.T
q = np.where(D > 0, u, 0.1*u)
f = lam*(k1 - k0)
g = lam*(k2 - k1)
gP = H.T@e
gc = e.sum(axis=0)
g0 = np.sum(q*X0, axis=0) - f
g1 = np.sum(q*X1, axis=0) + f - g
g2 = np.sum(q*X2, axis=0) + g
gb = q.sum(axis=0)
""",
            gP="P",
            gc="c",
            g0="k0",
            g1="k1",
            g2="k2",
            gb="b",
        ),
    },
)

KINDS = (ROTARY, SQUARED_SCORES, SEPARABLE)
