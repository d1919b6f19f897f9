"""Fourth: layers: the larger of two, standardised weights, seldom active units, neighbours."""

from mutants.kinds import Kind, Numbers, labels, positive, real, style

MAXOUT = Kind(
    "maxout",
    {"X": real(6, 3), "y": real(6)},
    {
        **{"Wa": real(3, 4), "ba": real(4), "Wb": real(3, 4), "bb": real(4)},
        **{"v": real(4), "c": real()},
    },
    """
P = X@Wa + ba
Q = X@Wb + bb
H = maximum(P, Q)             # the larger of two pieces
yhat = H@v + c
L = mean((yhat - y)**2)
""",
    {
        "statements": style("""
n = len(y)
dyhat = 2*(yhat - y)/n
dv = H.T@dyhat
dc = sum(dyhat)
dH = outer(dyhat, v)
dP = dH*(P > Q)
dQ = dH*(Q > P)
dWa = X.T@dP
dba = sum(dP, axis=0)
dWb = X.T@dQ
dbb = sum(dQ, axis=0)
"""),
        "fused": style("""
dyhat = 2*(yhat - y)/X.shape[0]
dP = where(P > Q, dyhat[:, None]*v, 0)
dQ = dyhat[:, None]*v - dP
dWa = X.T@dP
dWb = X.T@dQ
dba = dP.sum(axis=0)
dbb = dQ.sum(axis=0)
dv = dyhat@H
dc = dyhat.sum()
"""),
        "notebook": style(
            """
m = len(X)
first = (P >= Q)
second = 1 - first
err = yhat - y
scale = 2/m
delta = np.outer(err, v)
delta_a = delta*first
delta_b = delta*second
grad_Wa = scale*X.T@delta_a
grad_Wb = scale*X.T@delta_b
grad_ba = scale*np.sum(delta_a, axis=0)
grad_bb = scale*np.sum(delta_b, axis=0)
grad_v = scale*H.T@err
grad_c = 2*np.mean(err)
""",
            grad_Wa="Wa",
            grad_Wb="Wb",
            grad_ba="ba",
            grad_bb="bb",
            grad_v="v",
            grad_c="c",
        ),
    },
)

STANDARDISED = Kind(
    "standardised_weights",
    {"X": real(5, 4), "y": labels(3, 5)},
    {"V": real(4, 3), "g": real(3), "b": real(3)},
    """
mu = mean(V, axis=0)
C = V - mu
s = sqrt(mean(C**2, axis=0) + 0.01)
N = C/s                       # every column: mean 0, deviation 1
W = g*N
Z = X@W + b
L = cross_entropy(Z, y)
""",
    {
        "statements": style("""
n = len(y)
dZ = (softmax(Z) - one_hot(y, 3))/n
db = sum(dZ, axis=0)
dW = X.T@dZ
dg = sum(dW*N, axis=0)
dN = dW*g
ds = -sum(dN*C, axis=0)/s**2
dC = dN/s + ds*C/(len(V)*s)
dmu = -sum(dC, axis=0)
dV = dC + dmu/len(V)
"""),
        "fused": style("""
dZ = (softmax(Z) - one_hot(y, 3))/len(X)
dW = X.T@dZ
dN = g*dW
dV = (dN - mean(dN, axis=0) - N*mean(dN*N, axis=0))/s
dg = sum(N*dW, axis=0)
db = dZ.sum(axis=0)
"""),
        "source": style(
            """
hot = one_hot(y, 3)
err = (softmax(Z) - hot)/X.shape[0]
up = X.T@err
along = np.mean(up*N, axis=0)
plain = up - np.mean(up, axis=0)
g_V = g/s*(plain - along*N)
g_g = len(V)*along
g_b = np.sum(err, axis=0)
""",
            g_V="V",
            g_g="g",
            g_b="b",
        ),
    },
)

SELDOM = Kind(
    "seldom_active",
    {"X": real(6, 4), "rho": positive(), "beta": positive(), "lam": positive()},
    {"W1": real(4, 3), "b1": real(3), "W2": real(3, 4), "b2": real(4)},
    """
H = sigmoid(X@W1 + b1)
q = mean(H, axis=0)           # how active each unit is on average
R = sigmoid(H@W2 + b2)
fit = sum((R - X)**2)/(2*len(X))
kl = -sum(rho*log(q) + (1 - rho)*log(1 - q))
size = sum(W1**2) + sum(W2**2)
L = fit + beta*kl + lam*size/2
""",
    {
        "statements": style("""
m = len(X)
dR = (R - X)/m
out = dR*R*(1 - R)
dW2 = H.T@out + lam*W2
db2 = sum(out, axis=0)
dq = beta*((1 - rho)/(1 - q) - rho/q)
dH = out@W2.T + dq/m
hidden = dH*H*(1 - H)
dW1 = X.T@hidden + lam*W1
db1 = sum(hidden, axis=0)
"""),
        "at_the_weights": style("""
out = (R - X)*R*(1 - R)
sparse = beta*((1 - rho)/(1 - q) - rho/q)
hidden = (out@W2.T + sparse)*H*(1 - H)
dW1 = X.T@hidden/len(X) + lam*W1
dW2 = H.T@out/len(X) + lam*W2
db1 = mean(hidden, axis=0)
db2 = mean(out, axis=0)
"""),
        "helpers": style(
            """
share = 1/X.shape[0]
delta3 = share*(R - X)*(R - R**2)
spread = q - q**2
press = share*beta*(q - rho)/spread
delta2 = (delta3@W2.T + press)*(H - H**2)
decay1 = lam*W1
decay2 = lam*W2
g_W1 = X.T@delta2 + decay1
g_b1 = delta2.sum(axis=0)
g_W2 = H.T@delta3 + decay2
g_b2 = delta3.sum(axis=0)
""",
            g_W1="W1",
            g_b1="b1",
            g_W2="W2",
            g_b2="b2",
        ),
    },
)

NEIGHBOURS = Kind(
    "neighbours",
    {"X": real(5, 3), "A": Numbers((5, 5), form="shares"), "y": labels(3, 5)},
    {"Ws": real(3, 4), "Wn": real(3, 4), "b": real(4), "V": real(4, 3), "U": real(4, 3)},
    """
N = A@X                       # a row: the mean of its neighbours
Z = X@Ws + N@Wn + b
H = relu(Z)
M = A@H
O = H@V + M@U
L = cross_entropy(O, y)
""",
    {
        "statements": style("""
n = len(y)
dO = (softmax(O) - one_hot(y, 3))/n
dV = H.T@dO
dU = M.T@dO
dM = dO@U.T
dH = dO@V.T + A.T@dM
dZ = dH*(Z > 0)
dWs = X.T@dZ
dWn = N.T@dZ
db = sum(dZ, axis=0)
"""),
        "fused": style("""
dO = (softmax(O) - one_hot(y, 3))/len(X)
dZ = (H > 0)*(dO@V.T + A.T@dO@U.T)
dV = H.T@dO
dU = (A@H).T@dO
dWs = X.T@dZ
dWn = (A@X).T@dZ
db = dZ.sum(axis=0)
"""),
        "letters": style(
            """
k = X.shape[0]
r = softmax(O) - one_hot(y, 3)
q = A.T@r
p = (r@V.T + q@U.T)*(Z > 0)
t = A.T@p
gs = X.T@p/k
gn = X.T@t/k
gb = np.mean(p, axis=0)
gv = H.T@r/k
gu = H.T@q/k
""",
            gs="Ws",
            gn="Wn",
            gb="b",
            gv="V",
            gu="U",
        ),
    },
)

KINDS = (MAXOUT, STANDARDISED, SELDOM, NEIGHBOURS)
