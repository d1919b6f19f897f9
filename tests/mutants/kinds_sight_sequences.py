"""Sight: sequences: tokens that see no later ones, a slow state over three steps."""

from mutants.kinds import Kind, real, style

CAUSAL_ATTENTION = Kind(
    "causal_attention",
    {"X": real(4, 3), "t": real(4), "Y": real(4, 3)},
    {"Wq": real(3, 2), "Wk": real(3, 2), "Wv": real(3, 3), "a": real()},
    """
G = t[:, None] - t[None, :]   # how long ago
Q = X@Wq
K = X@Wk
V = X@Wv
S = Q@K.T/sqrt(2.0) - a*G
masked = where(G >= 0, S, -1e9)
A = softmax(masked)           # nobody sees what comes later
O = X + A@V
E = O - Y
L = sum(E**2)/(2*X.shape[0])
""",
    {
        "statements": style("""
n = X.shape[0]
dE = E/n
dO = dE
dA = dO@V.T
dV = A.T@dO
dmasked = A*(dA - sum(dA*A, axis=1, keepdims=True))
dS = where(G >= 0, dmasked, 0)
dQ = dS@K/sqrt(2.0)
dK = dS.T@Q/sqrt(2.0)
da = -sum(dS*G)
dWq = X.T@dQ
dWk = X.T@dK
dWv = X.T@dV
"""),
        "fused": style("""
dO = E/len(X)
dS = A*(dO@V.T - sum(dO*(A@V), axis=1, keepdims=True))
da = -sum(G*dS)
dWq = X.T@dS@K/sqrt(2.0)
dWk = X.T@dS.T@Q/sqrt(2.0)
dWv = (A@X).T@dO
"""),
        "letters": style(
            """
n = len(X)
c = 1/np.sqrt(2.0)
r = O - Y
g = r@V.T
h = g*A
j = h - A*h.sum(axis=1, keepdims=True)
u = c*(j@K)
v = c*(j.T@Q)
w = A.T@r
gq = X.T@u/n
gk = X.T@v/n
gv = X.T@w/n
ga = -np.sum(j*G)/n
""",
            gq="Wq",
            gk="Wk",
            gv="Wv",
            ga="a",
        ),
    },
)

LEAKY_RNN = Kind(
    "leaky_rnn",
    {"x1": real(3, 2), "x2": real(3, 2), "x3": real(3, 2), "y": real(3)},
    {"W": real(2, 2), "U": real(2, 2), "b": real(2), "a": real(), "v": real(2)},
    """
alpha = sigmoid(a)            # how fast the state follows
c1 = tanh(x1@W + b)
h1 = alpha*c1
c2 = tanh(x2@W + h1@U + b)
h2 = (1 - alpha)*h1 + alpha*c2
c3 = tanh(x3@W + h2@U + b)
h3 = (1 - alpha)*h2 + alpha*c3
yhat = h3@v
L = mean((yhat - y)**2)
""",
    {
        "statements": style("""
n = len(y)
dyhat = 2*(yhat - y)/n
dv = h3.T@dyhat
dh3 = outer(dyhat, v)
dc3 = alpha*dh3
p3 = dc3*(1 - c3**2)
dh2 = (1 - alpha)*dh3 + p3@U.T
dc2 = alpha*dh2
p2 = dc2*(1 - c2**2)
dh1 = (1 - alpha)*dh2 + p2@U.T
dc1 = alpha*dh1
p1 = dc1*(1 - c1**2)
dW = x1.T@p1 + x2.T@p2 + x3.T@p3
dU = h1.T@p2 + h2.T@p3
db = sum(p1 + p2 + p3, axis=0)
dalpha = sum(dh3*(c3 - h2)) + sum(dh2*(c2 - h1)) + sum(dh1*c1)
da = dalpha*alpha*(1 - alpha)
"""),
        "at_the_weights": style("""
m = 2/x1.shape[0]
dyhat = yhat - y
dh3 = dyhat[:, None]*v
p3 = alpha*dh3*(1 - c3*c3)
dh2 = dh3 - alpha*dh3 + p3@U.T
p2 = alpha*dh2*(1 - c2*c2)
dh1 = dh2 - alpha*dh2 + p2@U.T
p1 = alpha*dh1*(1 - c1*c1)
dv = m*(dyhat@h3)
dW = m*(x1.T@p1 + x2.T@p2 + x3.T@p3)
dU = m*(h1.T@p2 + h2.T@p3)
db = m*sum(p1 + p2 + p3, axis=0)
da = m*(alpha - alpha**2)*sum(dh3*(c3 - h2) + dh2*(c2 - h1) + dh1*c1)
"""),
        "source": style(
            """
hold = 1 - alpha
err = 2*(yhat - y)/len(y)
s3 = np.outer(err, v)
k3 = alpha*s3*(1 - c3)*(1 + c3)
W3 = x3.T@k3
U3 = h2.T@k3
s2 = hold*s3 + k3@U.T
k2 = alpha*s2*(1 - c2)*(1 + c2)
W2 = W3 + x2.T@k2
g_U = U3 + h1.T@k2
s1 = hold*s2 + k2@U.T
k1 = alpha*s1*(1 - c1)*(1 + c1)
g_W = W2 + x1.T@k1
g_b = np.sum(k1 + k2 + k3, axis=0)
g_v = err@h3
speed = np.sum(s3*(c3 - h2)) + np.sum(s2*(c2 - h1)) + np.sum(s1*c1)
g_a = speed*alpha*hold
""",
            g_W="W",
            g_U="U",
            g_b="b",
            g_v="v",
            g_a="a",
        ),
    },
)

KINDS = (CAUSAL_ATTENTION, LEAKY_RNN)
