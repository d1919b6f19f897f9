"""Held out: the building kinds in other styles: names of one's own, other orders, other forms."""

from dataclasses import replace

from mutants.kinds import style
from mutants.kinds_building import BATCH, LINEAR, LOGISTIC, MLP_TANH, PENALTY, SHARED, SOFTMAX

KINDS = (
    replace(
        LINEAR,
        styles={
            "renamed": style(
                """
err = yhat - y
two = 2
signal = two*err
g1 = signal*x1
g2 = x2*signal
g3 = signal*x3
g0 = signal
""",
                g1="w1",
                g2="w2",
                g3="w3",
                g0="b",
            ),
            "reordered": style("""
db = 2*(yhat - y)
dw3 = db*x3
dw1 = db*x1
dw2 = x2*db
"""),
        },
    ),
    replace(
        BATCH,
        styles={
            "renamed": style(
                """
residual = y - yhat
weight = -2/len(residual)
slope = weight*(residual@X)
offset = weight*residual.sum()
""",
                slope="w",
                offset="b",
            ),
            "reordered": style("""
Xt = X.T
dw = 2*mean(e*Xt, axis=1)
db = 2*(mean(yhat) - mean(y))
"""),
            "partial": style("""
n = X.shape[0]
dyhat = 2*(yhat - y)/n
dw = X.T@dyhat
"""),
            "counter": style(
                """
seen = seen + 1
total = total + L
average = total/seen
dyhat = 2*e/X.shape[0]
dw = X.T@dyhat
db = dyhat.sum()
""",
                state="seen = 0.0, total = 0.0",
            ),
        },
    ),
    replace(
        LOGISTIC,
        styles={
            "renamed": style(
                """
m = X.shape[0]
surprise = (y - p)*(-1)
total = X.T@surprise
grad_w = total/m
grad_b = mean(surprise)
""",
                grad_w="w",
                grad_b="b",
            ),
            "masks": style("""
one = (y == 1)
dp = (1 - one)/(1 - p) - one/p
slope = p - p**2
dz = dp*slope/len(y)
dw = dz@X
db = np.sum(dz)
"""),
        },
    ),
    replace(
        MLP_TANH,
        styles={
            "renamed": style(
                """
delta2 = 2/len(y)*e
grad_W2 = (delta2.T@h).T
grad_b2 = delta2.sum(axis=0)
local = 1 - h**2
delta1 = local*(delta2@W2.T)
grad_b1 = np.sum(delta1, axis=0)
grad_W1 = X.T@delta1
""",
                grad_W2="W2",
                grad_b2="b2",
                grad_W1="W1",
                grad_b1="b1",
            ),
            "values_only": style("""
de = 2*e/X.shape[0]
dyhat = de
dh = dyhat@W2.T
dz1 = dh*(1 - h**2)
"""),
            "partial": style("""
n = X.shape[0]
dyhat = yhat - y
dz1 = dyhat@W2.T*(1 - h**2)
dW1 = X.T@dz1*2/n
"""),
            "outer": style("""
dyhat = 2*mean(e, axis=1, keepdims=True)/X.shape[0]
dh = dyhat*W2.T
dz1 = dh - dh*h**2
dW1 = X.T@dz1
db1 = dz1.sum(axis=0)
dW2 = sum(h*dyhat, axis=0)[:, None]
db2 = dyhat.sum(axis=0)
"""),
        },
    ),
    replace(
        SOFTMAX,
        styles={
            "renamed": style(
                """
hot = one_hot(y, 3)
miss = exp(log_softmax(logits)) - hot
scaled = miss/len(y)
back = scaled@W2.T
inner = back*(1 - h)*(1 + h)
G1 = X.T@inner
G2 = h.T@scaled
g1 = inner.sum(axis=0)
g2 = scaled.sum(axis=0)
""",
                G1="W1",
                G2="W2",
                g1="b1",
                g2="b2",
            ),
            "bare": style("""
dW2 = h.T@(softmax(logits) - one_hot(y, 3))/X.shape[0]
db2 = mean(softmax(logits) - one_hot(y, 3), axis=0)
dW1 = X.T@((softmax(logits) - one_hot(y, 3))@W2.T*(1 - h**2))/X.shape[0]
db1 = mean((softmax(logits) - one_hot(y, 3))@W2.T*(1 - h**2), axis=0)
"""),
        },
    ),
    replace(
        PENALTY,
        styles={
            "renamed": style(
                """
n = len(y)
err = e/n
fit = 2*X.T@err
shrink = 2*lam*w
grad_w = fit + shrink
grad_b = 2*err.sum()
""",
                grad_w="w",
                grad_b="b",
            ),
            "at_the_weights": style("""
m = X.shape[0]
dyhat = yhat - y
dw = 2*(X.T@dyhat/m + lam*w)
db = 2*sum(dyhat)/m
"""),
        },
    ),
    replace(
        SHARED,
        styles={
            "renamed": style(
                """
r = 2*e/len(y)
c_grad = r.sum(axis=0)
decode = r.T@h
back = r@W
gate = back*(1 - tanh(X@W)**2)
encode = X.T@gate
W_grad = encode + decode
""",
                c_grad="c",
                W_grad="W",
            ),
            "at_the_weights": style("""
m = X.shape[0]
dxhat = xhat - y
dz = (dxhat@W)*(1 - h**2)
dW = 2/m*(X.T@dz) + 2/m*(dxhat.T@h)
dc = 2/m*np.sum(dxhat, axis=0)
"""),
        },
    ),
)
