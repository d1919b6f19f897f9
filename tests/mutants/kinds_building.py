"""Model kinds that the diagnosis may be built with."""

from mutants.kinds import Kind, labels, positive, real, style

LINEAR = Kind(
    "linear",
    {"x1": real(), "x2": real(), "x3": positive(), "y": real()},
    {"w1": real(), "w2": real(), "w3": real(), "b": real()},
    """
yhat = w1*x1 + w2*x2 + w3*x3 + b
e = yhat - y
L = e**2
""",
    {
        "statements": style("""
# statement by statement
dL = 1.0
de = 2*e*dL
dyhat = de

dw1 = dyhat*x1
dw2 = dyhat*x2
dw3 = dyhat*x3
db = dyhat
"""),
        "fused": style("""
de = 2*e
dw1 = de*x1
dw2 = de*x2
dw3 = de*x3
db = de
"""),
        "bare": style("""
dw1 = 2*(yhat - y)*x1
dw2 = 2*(yhat - y)*x2
dw3 = 2*x3*(w1*x1 + w2*x2 + w3*x3 + b - y)
db = 2*e
"""),
    },
)

BATCH = Kind(
    "batch_mse",
    {"X": real(5, 3), "y": real(5)},
    {"w": real(3), "b": real()},
    """
yhat = X@w + b
e = yhat - y
L = mean(e**2)
""",
    {
        "statements": style("""
n = X.shape[0]
de = 2*e/n          # of the mean of squares
dyhat = de
dw = X.T@dyhat
db = sum(dyhat)
"""),
        "fused": style("""
dyhat = 2*(yhat - y)/len(y)
dw = X.T@dyhat
db = dyhat.sum()
"""),
        "at_the_weights": style("""
m = X.shape[0]
dyhat = yhat - y
dw = 2*X.T@dyhat/m
db = 2*np.sum(dyhat)/m
"""),
        "bare": style("""
dw = 2/X.shape[0]*X.T@(X@w + b - y)
db = 2*mean(yhat - y)
"""),
    },
)

LOGISTIC = Kind(
    "logistic",
    {"X": real(6, 2), "y": labels(2, 6)},
    {"w": real(2), "b": real()},
    """
z = X@w + b
p = sigmoid(z)
L = -mean(y*log(p) + (1 - y)*log(1 - p))
""",
    {
        "statements": style("""
n = len(y)
dp = (-y/p + (1 - y)/(1 - p))/n
dz = dp*p*(1 - p)
dw = X.T@dz
db = dz.sum()
"""),
        "fused": style("""
dz = (p - y)/X.shape[0]
dw = X.T@dz
db = sum(dz)
"""),
        "at_the_weights": style("""
m = X.shape[0]
dz = p - y
dw = X.T@dz/m
db = np.sum(dz)/m
"""),
        "bare": style("""
dw = X.T@(sigmoid(X@w + b) - y)/X.shape[0]
db = mean(p - y)
"""),
    },
)

MLP_TANH = Kind(
    "mlp_tanh",
    {"X": real(5, 2), "y": real(5, 1)},
    {"W1": real(2, 4), "b1": real(4), "W2": real(4, 1), "b2": real(1)},
    """
z1 = X@W1 + b1
h = tanh(z1)
yhat = h@W2 + b2
e = yhat - y
L = mean(e**2)
""",
    {
        "statements": style("""
N = X.shape[0]
de = 2*e/N
dyhat = de

# output layer
dW2 = h.T@dyhat
db2 = dyhat.sum(axis=0)

# hidden layer
dh = dyhat@W2.T
dz1 = dh*(1 - h**2)
dW1 = X.T@dz1
db1 = dz1.sum(axis=0)
"""),
        "fused": style("""
dyhat = 2*(yhat - y)/X.shape[0]
dz1 = dyhat@W2.T*(1 - h*h)
dW1 = X.T@dz1
db1 = sum(dz1, axis=0)
dW2 = h.T@dyhat
db2 = sum(dyhat, axis=0)
"""),
        "at_the_weights": style("""
m = X.shape[0]
dyhat = yhat - y
dW2 = 2*h.T@dyhat/m
db2 = 2*np.sum(dyhat, axis=0)/m
dz1 = dyhat@W2.T*(1 - tanh(z1)**2)
dW1 = 2*X.T@dz1/m
db1 = 2*np.sum(dz1, axis=0)/m
"""),
        "bare": style("""
dW2 = 2*h.T@(yhat - y)/len(X)
db2 = 2*mean(yhat - y, axis=0)
dW1 = X.T@(2*e@W2.T*(1 - h**2))/X.shape[0]
db1 = sum(2*e@W2.T*(1 - h**2), axis=0)/X.shape[0]
"""),
    },
)

SOFTMAX = Kind(
    "softmax",
    {"X": real(5, 3), "y": labels(3, 5)},
    {"W1": real(3, 4), "b1": real(4), "W2": real(4, 3), "b2": real(3)},
    """
z1 = X@W1 + b1
h = tanh(z1)
logits = h@W2 + b2
L = cross_entropy(logits, y)
""",
    {
        "statements": style("""
m = X.shape[0]
p = softmax(logits)
dlogits = (p - one_hot(y, 3))/m
dW2 = h.T@dlogits
db2 = dlogits.sum(axis=0)
dh = dlogits@W2.T
dz1 = dh*(1 - h**2)
dW1 = X.T@dz1
db1 = dz1.sum(axis=0)
"""),
        "at_the_weights": style("""
m = len(y)
Y = one_hot(y, 3)
dlogits = softmax(logits) - Y
dW2 = h.T@dlogits/m
db2 = np.sum(dlogits, axis=0)/m
dz1 = (dlogits@W2.T)*(1 - h**2)
dW1 = X.T@dz1/m
db1 = np.sum(dz1, axis=0)/m
"""),
        "fused": style("""
dlogits = (softmax(logits) - one_hot(y, 3))/X.shape[0]
dz1 = (1 - h**2)*(dlogits@W2.T)
dW1 = X.T@dz1
db1 = dz1.sum(axis=0)
dW2 = h.T@dlogits
db2 = dlogits.sum(axis=0)
"""),
    },
)

PENALTY = Kind(
    "l2_penalty",
    {"X": real(5, 3), "y": real(5), "lam": positive()},
    {"w": real(3), "b": real()},
    """
yhat = X@w + b
e = yhat - y
data_loss = mean(e**2)
penalty = lam*sum(w**2)
L = data_loss + penalty
""",
    {
        "statements": style("""
n = X.shape[0]
ddata_loss = 1.0
dpenalty = 1.0
de = ddata_loss*2*e/n
dyhat = de
dw = X.T@dyhat + dpenalty*lam*2*w
db = sum(dyhat)
"""),
        "fused": style("""
dyhat = 2*e/X.shape[0]
dw = X.T@dyhat + 2*lam*w
db = dyhat.sum()
"""),
        "bare": style("""
dw = 2*X.T@(X@w + b - y)/X.shape[0] + 2*lam*w
db = 2*mean(e)
"""),
    },
)

SHARED = Kind(
    "shared_weight",
    {"X": real(4, 3), "y": real(4, 3)},
    {"W": real(3, 2), "c": real(3)},
    """
z = X@W
h = tanh(z)
xhat = h@W.T + c
e = xhat - y
L = sum(e**2)/X.shape[0]
""",
    {
        "statements": style("""
n = X.shape[0]
de = 2*e/n
dxhat = de
dc = dxhat.sum(axis=0)
dh = dxhat@W
dz = dh*(1 - h**2)
dW = X.T@dz + dxhat.T@h      # encoder and decoder share W
"""),
        "fused": style("""
dxhat = 2*(xhat - y)/X.shape[0]
dz = dxhat@W*(1 - h*h)
dW = (h.T@dxhat).T + X.T@dz
dc = np.sum(dxhat, axis=0)
"""),
        "bare": style("""
dW = 2*(X.T@(e@W*(1 - h**2)) + e.T@h)/len(X)
dc = 2*mean(e, axis=0)
"""),
    },
)

KINDS = (LINEAR, BATCH, LOGISTIC, MLP_TANH, SOFTMAX, PENALTY, SHARED)
