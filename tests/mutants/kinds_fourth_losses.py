"""Fourth: losses and penalties: margins of many classes, smoothed labels, squares, groups."""

from mutants.kinds import Kind, Numbers, labels, positive, real, style

MARGINS = Kind(
    "margins",
    {"X": real(6, 3), "y": labels(3, 6), "lam": positive()},
    {"W": real(3, 3), "b": real(3)},
    """
S = X@W + b
Y = one_hot(y, 3)
right = sum(S*Y, axis=1, keepdims=True)
margin = S - right + 1
M = relu(margin)*(1 - Y)      # the right class has no margin to itself
L = sum(M)/len(X) + lam*sum(W**2)
""",
    {
        "statements": style("""
n = len(X)
dmargin = (margin > 0)*(1 - Y)/n
dright = -sum(dmargin, axis=1, keepdims=True)
dS = dmargin + dright*Y
dW = X.T@dS + 2*lam*W
db = sum(dS, axis=0)
"""),
        "at_the_weights": style("""
over = (M > 0)
dS = over - Y*sum(over, axis=1, keepdims=True)
dW = X.T@dS/len(X) + 2*lam*W
db = mean(dS, axis=0)
"""),
        "source": style(
            """
m = X.shape[0]
near = (margin > 0)*(1 - Y)
count = np.sum(near, axis=1)  # classes that come too near
coefficient = near - count[:, None]*Y
decay = 2*lam*W
g_W = X.T@coefficient/m + decay
g_b = coefficient.sum(axis=0)/m
""",
            g_W="W",
            g_b="b",
        ),
    },
)

SMOOTHED_LABELS = Kind(
    "smoothed_labels",
    {"X": real(6, 3), "y": labels(3, 6), "eps": positive()},
    {"W1": real(3, 4), "b1": real(4), "W2": real(4, 3), "b2": real(3)},
    """
Z1 = X@W1 + b1
H = relu(Z1)
Z2 = H@W2 + b2
T = (1 - eps)*one_hot(y, 3) + eps/3
ll = sum(T*log_softmax(Z2), axis=1)
L = -mean(ll)
""",
    {
        "statements": style("""
n = len(y)
dZ2 = (softmax(Z2) - T)/n
dW2 = H.T@dZ2
db2 = sum(dZ2, axis=0)
dH = dZ2@W2.T
dZ1 = dH*(Z1 > 0)
dW1 = X.T@dZ1
db1 = sum(dZ1, axis=0)
"""),
        "at_the_weights": style("""
m = X.shape[0]
dZ2 = softmax(Z2) - (1 - eps)*one_hot(y, 3) - eps/3
dW2 = H.T@dZ2/m
db2 = mean(dZ2, axis=0)
dZ1 = (dZ2@W2.T)*(H > 0)
dW1 = X.T@dZ1/m
db1 = mean(dZ1, axis=0)
"""),
        "notebook": style(
            """
E = np.exp(Z2)
probs = E/np.sum(E, axis=1, keepdims=True)
delta2 = (probs - T)/len(y)
grad_W2 = (delta2.T@H).T
grad_b2 = delta2.sum(axis=0)
alive = (Z1 > 0)
delta1 = delta2@W2.T*alive
grad_W1 = (delta1.T@X).T
grad_b1 = delta1.sum(axis=0)
""",
            grad_W2="W2",
            grad_b2="b2",
            grad_W1="W1",
            grad_b1="b1",
        ),
    },
)

SOFTMAX_SQUARES = Kind(
    "softmax_squares",
    {"X": real(6, 3), "Y": Numbers((6, 3), form="one-hot")},
    {"W": real(3, 3), "b": real(3)},
    """
Z = X@W + b
P = softmax(Z)
E = P - Y
L = sum(E**2)/len(X)
""",
    {
        "statements": style("""
n = len(X)
dE = 2*E/n
dP = dE
inner = sum(dP*P, axis=1, keepdims=True)
dZ = P*(dP - inner)
dW = X.T@dZ
db = sum(dZ, axis=0)
"""),
        "fused": style("""
dZ = 2*P*(E - sum(E*P, axis=1, keepdims=True))/len(X)
dW = X.T@dZ
db = dZ.sum(axis=0)
"""),
        "helpers": style(
            """
scale = 2/X.shape[0]
push = P*E
pull = np.sum(push, axis=1, keepdims=True)
delta = push - P*pull
g_b = scale*delta.sum(axis=0)
g_W = scale*(X.T@delta)
""",
            g_b="b",
            g_W="W",
        ),
    },
)

LOG_COSH = Kind(
    "log_cosh",
    {"X": real(6, 3), "y": real(6)},
    {"W": real(3, 3), "b": real(3), "v": real(3), "c": real()},
    """
Z = X@W + b
H = where(Z > 0, Z, exp(Z) - 1)  # an exponential linear unit
yhat = H@v + c
e = yhat - y
L = mean(e + softplus(-2*e)) - log(2.0)
""",
    {
        "statements": style("""
n = len(y)
de = tanh(e)/n
dyhat = de
dv = H.T@dyhat
dc = sum(dyhat)
dH = outer(dyhat, v)
dZ = dH*where(Z > 0, 1, exp(Z))
dW = X.T@dZ
db = sum(dZ, axis=0)
"""),
        "fused": style("""
dyhat = tanh(yhat - y)/len(y)
dZ = dyhat[:, None]*v*where(Z > 0, 1, H + 1)
dW = X.T@dZ
db = sum(dZ, axis=0)
dv = dyhat@H
dc = dyhat.sum()
"""),
        "source": style(
            """
m = X.shape[0]
bent = 1 - 2/(1 + np.exp(2*e))
slope = (Z > 0) + (Z <= 0)*np.exp(Z)
back = np.outer(bent, v)*slope
g_c = np.mean(bent)
g_v = H.T@bent/m
g_b = np.mean(back, axis=0)
g_W = X.T@back/m
""",
            g_c="c",
            g_v="v",
            g_b="b",
            g_W="W",
        ),
    },
)

GROUP_LASSO = Kind(
    "group_lasso",
    {"X": real(6, 4), "Y": real(6, 3), "lam": positive()},
    {"W": real(4, 3), "b": real(3)},
    """
R = X@W + b - Y
fit = sum(R**2)/(2*len(X))
size = sqrt(sum(W**2, axis=1))  # one for each feature
L = fit + lam*sum(size)
""",
    {
        "statements": style("""
n = len(X)
dR = R/n
data = X.T@dR
unit = W/size[:, None]
dW = data + lam*unit
db = sum(dR, axis=0)
"""),
        "bare": style("""
dW = X.T@R/X.shape[0] + lam*W/sqrt(sum(W**2, axis=1, keepdims=True))
db = mean(R, axis=0)
"""),
        "helpers": style(
            """
share = 1/len(Y)
inverse = 1/size
shrink = lam*inverse[:, None]*W
g_b = share*R.sum(axis=0)
g_W = share*(R.T@X).T + shrink
""",
            g_b="b",
            g_W="W",
        ),
    },
)

KINDS = (MARGINS, SMOOTHED_LABELS, SOFTMAX_SQUARES, LOG_COSH, GROUP_LASSO)
