"""Model kinds whose data have a structure that a backward pass may rely on.

Rows that are one-hot or sum to 1, signs, a symmetric matrix, a count: drawn anew without it, such
data would make a sound pass look wrong.
"""

from mutants.kinds import Kind, Numbers, count, real, style

ONE_HOT_DATA = Kind(
    "one_hot_data",
    {"X": real(5, 3), "Y": Numbers((5, 3), form="one-hot")},
    {"W": real(3, 3), "b": real(3)},
    """
Z = X@W + b
P = softmax(Z)
L = -sum(Y*log(P))/X.shape[0]
""",
    {
        "at_the_weights": style("""
m = X.shape[0]
dZ = P - Y
dW = X.T@dZ/m
db = dZ.sum(axis=0)/m
"""),
        "fused": style("""
dZ = (P - Y)/len(Y)
dW = X.T@dZ
db = np.sum(dZ, axis=0)
"""),
        "statements": style("""
m = len(X)
dP = -Y/P/m
dZ = P*(dP - sum(dP*P, axis=1, keepdims=True))
dW = X.T@dZ
db = sum(dZ, axis=0)
"""),
    },
)

SOFT_LABELS = Kind(
    "soft_labels",
    {"X": real(4, 3), "Q": Numbers((4, 3), form="shares")},
    {"W": real(3, 3)},
    """
logp = log_softmax(X@W)
L = -mean(sum(Q*logp, axis=1))
""",
    {
        "fused": style("""
delta = (exp(logp) - Q)/X.shape[0]
dW = X.T@delta
"""),
        "bare": style("""
dW = X.T@(softmax(X@W) - Q)/X.shape[0]
"""),
        "statements": style("""
dlogp = -Q/X.shape[0]
total = sum(dlogp, axis=1, keepdims=True)
z_grad = dlogp - softmax(X@W)*total
dW = X.T@z_grad
"""),
    },
)

SIGN_LABELS = Kind(
    "sign_labels",
    {"X": real(7, 2), "y": Numbers((7,), form="signs")},
    {"w": real(2), "b": real()},
    """
f = X@w + b
margin = 1 - y*f
L = mean(margin**2)
""",
    {
        "statements": style("""
n = len(y)
dmargin = 2*margin/n
df = -dmargin*y
dw = X.T@df
db = sum(df)
"""),
        "fused": style("""
df = 2*(f - y)/len(y)        # y*y is 1
dw = X.T@df
db = df.sum()
"""),
        "bare": style("""
dw = 2*X.T@(f - y)/X.shape[0]
db = 2*mean(f - y)
"""),
    },
)

GRAPH = Kind(
    "symmetric",
    {"A": Numbers((4, 4), form="symmetric"), "X": real(4, 3), "Y": real(4, 2)},
    {"W1": real(3, 3), "W2": real(3, 2)},
    """
Z1 = A@X@W1
H = tanh(Z1)
Z2 = A@H@W2
E = Z2 - Y
L = mean(E**2)
""",
    {
        "statements": style("""
n = Y.shape[0]*Y.shape[1]
dE = 2*E/n
dZ2 = dE
M2 = A@dZ2                   # A is its own transpose
dW2 = H.T@M2
dH = M2@W2.T
dZ1 = dH*(1 - H**2)
dW1 = X.T@(A@dZ1)
"""),
        "fused": style("""
dZ2 = (Z2 - Y)/4
dZ1 = (A.T@dZ2@W2.T)*(1 - H*H)
dW1 = (A@X).T@dZ1
dW2 = (A@H).T@dZ2
"""),
        "bare": style("""
dW2 = H.T@A@(E/4)
dW1 = X.T@A@((A@E@W2.T)*(1 - H**2))/4
"""),
    },
)

COUNT = Kind(
    "count_data",
    {"X": real(5, 3), "y": real(5), "n": count(5)},
    {"w": real(3), "b": real()},
    """
yhat = X@w + b
e = yhat - y
L = mean(e**2)
""",
    {
        "statements": style("""
de = 2*e/n
dyhat = de
dw = X.T@dyhat
db = sum(dyhat)
"""),
        "at_the_weights": style("""
dyhat = yhat - y
dw = 2*X.T@dyhat/n
db = 2*sum(dyhat)/n
"""),
        "bare": style("""
dw = 2/n*X.T@(X@w + b - y)
db = 2/n*sum(e)
"""),
    },
)

KINDS = (ONE_HOT_DATA, SOFT_LABELS, SIGN_LABELS, GRAPH, COUNT)
