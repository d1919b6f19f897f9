"""Held out: layers of networks whose backward passes people write by hand."""

from mutants.kinds import Kind, labels, real, style

MLP_RELU = Kind(
    "mlp_relu",
    {"X": real(6, 3), "Y": real(6, 2)},
    {
        "W1": real(3, 4),
        "b1": real(4),
        "W2": real(4, 3),
        "b2": real(3),
        "W3": real(3, 2),
        "b3": real(2),
    },
    """
Z1 = X@W1 + b1
A1 = relu(Z1)
Z2 = A1@W2 + b2
A2 = relu(Z2)
P = A2@W3 + b3
L = mean((P - Y)**2)
""",
    {
        "statements": style("""
size = P.shape[0]*P.shape[1]
dP = 2*(P - Y)/size

dW3 = A2.T@dP
db3 = dP.sum(axis=0)
dA2 = dP@W3.T
dZ2 = dA2*(Z2 > 0)

dW2 = A1.T@dZ2
db2 = dZ2.sum(axis=0)
dA1 = dZ2@W2.T
dZ1 = dA1*(Z1 > 0)

dW1 = X.T@dZ1
db1 = dZ1.sum(axis=0)
"""),
        "at_the_weights": style("""
m = X.shape[0]
dP = P - Y
dZ2 = dP@W3.T*(A2 > 0)
dZ1 = dZ2@W2.T*(A1 > 0)
dW3 = A2.T@dP/m
db3 = np.sum(dP, axis=0)/m
dW2 = A1.T@dZ2/m
db2 = np.sum(dZ2, axis=0)/m
dW1 = X.T@dZ1/m
db1 = np.sum(dZ1, axis=0)/m
"""),
        "renamed": style(
            """
delta3 = (P - Y)*2/(len(X)*2)
delta2 = np.where(Z2 > 0, delta3@W3.T, 0)
delta1 = np.where(Z1 > 0, delta2@W2.T, 0)
grad_W1 = X.T@delta1
grad_W2 = A1.T@delta2
grad_W3 = A2.T@delta3
grad_b1 = delta1.sum(axis=0)
grad_b2 = delta2.sum(axis=0)
grad_b3 = delta3.sum(axis=0)
""",
            grad_W1="W1",
            grad_W2="W2",
            grad_W3="W3",
            grad_b1="b1",
            grad_b2="b2",
            grad_b3="b3",
        ),
        "columns": style("""
# the textbook's rows and columns: everything transposed
err = (P - Y).T/X.shape[0]
back2 = (W3@err)*(Z2.T > 0)
back1 = (W2@back2)*(Z1.T > 0)
dW3 = (err@A2).T
dW2 = (back2@A1).T
dW1 = (back1@X).T
db3 = err.sum(axis=1)
db2 = back2.sum(axis=1)
db1 = back1.sum(axis=1)
"""),
    },
)

LAYER_NORM = Kind(
    "layer_norm",
    {"X": real(5, 3), "y": real(5)},
    {"W": real(3, 4), "g": real(4), "beta": real(4), "u": real(4)},
    """
h = X@W
mu = mean(h, axis=1, keepdims=True)
c = h - mu
v = mean(c**2, axis=1, keepdims=True)
s = sqrt(v + 0.01)
n = c/s
o = n*g + beta
e = o@u - y
L = mean(e**2)
""",
    {
        "statements": style("""
m = X.shape[0]
D = h.shape[1]
de = 2*e/m
du = o.T@de
do = de[:, None]*u
dg = sum(do*n, axis=0)
dbeta = sum(do, axis=0)
dn = do*g
ds = -sum(dn*c, axis=1, keepdims=True)/s**2
dv = ds/(2*s)
dc = dn/s + dv*2*c/D
dmu = -sum(dc, axis=1, keepdims=True)
dh = dc + dmu/D
dW = X.T@dh
"""),
        "fused": style("""
de = 2*e/X.shape[0]
do = de[:, None]*u[None, :]
dn = do*g
dh = (dn - mean(dn, axis=1, keepdims=True) - n*mean(dn*n, axis=1, keepdims=True))/s
dW = X.T@dh
dg = (do*n).sum(axis=0)
dbeta = do.sum(axis=0)
du = o.T@de
"""),
        "renamed": style(
            """
err = 2*(o@u - y)/len(y)
grad_u = err@o
upstream = err[:, None]*u
grad_gamma = np.sum(upstream*n, axis=0)
grad_beta = np.sum(upstream, axis=0)
inner = upstream*g
along = mean(inner*n, axis=1, keepdims=True)
centred = inner - inner.mean(axis=1, keepdims=True)
through = (centred - n*along)/s
grad_W = X.T@through
""",
            grad_u="u",
            grad_gamma="g",
            grad_beta="beta",
            grad_W="W",
        ),
    },
)

BATCH_NORM = Kind(
    "batch_norm",
    {"X": real(6, 3), "y": real(6)},
    {"W": real(3, 3), "g": real(3), "beta": real(3)},
    """
z = X@W
mu = z.mean(axis=0)
var0 = var(z, axis=0)
inv = 1/sqrt(var0 + 0.01)
zhat = (z - mu)*inv
a = tanh(g*zhat + beta)
yhat = sum(a, axis=1)
L = mean((yhat - y)**2)
""",
    {
        "statements": style("""
N = X.shape[0]
dyhat = 2*(yhat - y)/N
da = dyhat[:, None]
pre = da*(1 - a**2)
dg = sum(pre*zhat, axis=0)
dbeta = sum(pre, axis=0)
dzhat = pre*g
dinv = sum(dzhat*(z - mu), axis=0)
dvar0 = -dinv*inv**3/2
dmu = -sum(dzhat*inv, axis=0)
dz = dzhat*inv + dvar0*2*(z - mu)/N + dmu/N
dW = X.T@dz
"""),
        "fused": style("""
pre = (2*(yhat - y)/len(y))[:, None]*(1 - a*a)
dg = (pre*zhat).sum(axis=0)
dbeta = pre.sum(axis=0)
dzhat = pre*g
dz = inv*(dzhat - dzhat.mean(axis=0) - zhat*(dzhat*zhat).mean(axis=0))
dW = X.T@dz
"""),
        "at_the_weights": style("""
m = X.shape[0]
err = yhat - y
pre = err[:, None]*(1 - a**2)
dbeta = 2*np.sum(pre, axis=0)/m
dg = 2*np.sum(pre*zhat, axis=0)/m
dzhat = pre*g
mean1 = np.mean(dzhat, axis=0)
mean2 = np.mean(dzhat*zhat, axis=0)
dz = inv*(dzhat - mean1 - zhat*mean2)
dW = 2*X.T@dz/m
"""),
    },
)

ATTENTION = Kind(
    "attention",
    {"X": real(4, 3), "Y": real(4, 2)},
    {
        "Wq": real(3, 3),
        "Wk": real(3, 3),
        "bk": real(3),
        "Wv": real(3, 3),
        "Wo": real(3, 2),
    },
    """
Q = X@Wq
K = X@Wk + bk
V = X@Wv
S = Q@K.T/sqrt(3.0)
A = softmax(S)
O = A@V
P = O@Wo
e = P - Y
L = sum(e**2)/len(X)
""",
    {
        "statements": style("""
T = X.shape[0]
root = sqrt(3.0)
de = 2*e/T
dP = de
dWo = O.T@dP
dO = dP@Wo.T
dA = dO@V.T
dV = A.T@dO
dS = A*(dA - sum(dA*A, axis=1, keepdims=True))     # softmax, row by row
dQ = dS@K/root
dK = dS.T@Q/root
dWq = X.T@dQ
dWk = X.T@dK
dbk = dK.sum(axis=0)
dWv = X.T@dV
"""),
        "fused": style("""
dP = 2*(P - Y)/X.shape[0]
dO = dP@Wo.T
dA = dO@V.T
dS = (A*dA - A*(A*dA).sum(axis=-1, keepdims=True))/sqrt(3.0)
dWq = X.T@(dS@K)
dWk = X.T@(dS.T@Q)
dbk = sum(dS.T@Q, axis=0)
dWv = X.T@(A.T@dO)
dWo = O.T@dP
"""),
        "renamed": style(
            """
error = 2*e/len(X)
out_grad = error@Wo.T
value_grad = A.T@out_grad
weight_grad = out_grad@V.T
rows = np.sum(weight_grad*A, axis=-1, keepdims=True)
score_grad = A*(weight_grad - rows)/sqrt(3.0)
query_grad = score_grad@K
key_grad = (Q.T@score_grad).T
g_o = O.T@error
g_v = X.T@value_grad
g_k = X.T@key_grad
g_q = X.T@query_grad
g_b = key_grad.sum(axis=0)
""",
            g_o="Wo",
            g_v="Wv",
            g_k="Wk",
            g_q="Wq",
            g_b="bk",
        ),
    },
)

EMBEDDING = Kind(
    "embedding",
    {"tokens": labels(4, 6), "y": labels(3, 6)},
    {"E": real(4, 3), "W": real(3, 3), "b": real(3)},
    """
x = take(E, tokens)
z = x@W
h = sigmoid(z)
logits = h@W.T + b
logp = log_softmax(logits)
Y = one_hot(y, 3)
L = -sum(Y*logp)/len(y)
""",
    {
        "statements": style("""
n = len(y)
dlogp = -Y/n
dlogits = dlogp - exp(logp)*sum(dlogp, axis=1, keepdims=True)
db = dlogits.sum(axis=0)
dh = dlogits@W
dz = dh*h*(1 - h)
dW = x.T@dz + dlogits.T@h
dx = dz@W.T
dE = one_hot(tokens, 4).T@dx
"""),
        "at_the_weights": style("""
m = len(tokens)
dlogits = exp(logp) - Y
db = sum(dlogits, axis=0)/m
dz = (dlogits@W)*(h - h**2)
dW = (dlogits.T@h + x.T@dz)/m
dE = one_hot(tokens, 4).T@(dz@W.T)/m
"""),
        "renamed": style(
            """
hot = one_hot(tokens, 4)
resid = (softmax(logits) - Y)/len(y)
back = resid@W
gate = back*(1 - h)*h
decoder = resid.T@h
encoder = x.T@gate
gW = encoder + decoder
gE = hot.T@(gate@W.T)
gb = resid.sum(axis=0)
""",
            gW="W",
            gE="E",
            gb="b",
        ),
    },
)

KINDS = (MLP_RELU, LAYER_NORM, BATCH_NORM, ATTENTION, EMBEDDING)
