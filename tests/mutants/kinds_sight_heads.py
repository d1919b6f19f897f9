"""Sight: heads and schemes of training: two tasks, few shots, angles, two views, a copying gate."""

from mutants.kinds import Kind, Numbers, labels, real, style

MULTI_TASK = Kind(
    "multi_task",
    {"X": real(6, 3), "y": real(6), "t": labels(2, 6)},
    {"W": real(3, 2), "u": real(2), "v": real(2), "s1": real(), "s2": real()},
    """
H = tanh(X@W)                 # the trunk of both tasks
yhat = H@u
a = H@v
fit = mean((yhat - y)**2)
bce = mean(softplus(a) - t*a)
L = exp(-s1)*fit/2 + s1/2 + exp(-s2)*bce + s2/2
""",
    {
        "statements": style("""
n = len(y)
dfit = exp(-s1)/2
dbce = exp(-s2)
ds1 = 0.5 - exp(-s1)*fit/2
ds2 = 0.5 - exp(-s2)*bce
dyhat = dfit*2*(yhat - y)/n
da = dbce*(sigmoid(a) - t)/n
du = H.T@dyhat
dv = H.T@da
dH = outer(dyhat, u) + outer(da, v)
pre = dH*(1 - H**2)
dW = X.T@pre
"""),
        "at_the_weights": style("""
m = len(X)
c1 = exp(-s1)
c2 = exp(-s2)
dyhat = c1*(yhat - y)
da = c2*(sigmoid(a) - t)
du = H.T@dyhat/m
dv = H.T@da/m
dH = dyhat[:, None]*u + da[:, None]*v
dW = X.T@(dH*(1 - H*H))/m
ds1 = (1 - c1*fit)/2
ds2 = 1/2 - c2*bce
"""),
        "source": style(
            """
c1 = np.exp(-s1)
c2 = np.exp(-s2)
p = 1/(1 + np.exp(-a))
up1 = c1*(yhat - y)/X.shape[0]
up2 = c2*(p - t)/X.shape[0]
slope = 1 - H**2
trunk1 = np.outer(up1, u)*slope
trunk2 = np.outer(up2, v)*slope
g_u = up1@H
g_v = up2@H
g_W = X.T@trunk1 + X.T@trunk2
g_s1 = 0.5*(1 - c1*fit)
g_s2 = 0.5 - c2*bce
""",
            g_u="u",
            g_v="v",
            g_W="W",
            g_s1="s1",
            g_s2="s2",
        ),
    },
)

PROTOTYPES = Kind(
    "prototypes",
    {"Xs": real(6, 3), "M": Numbers((3, 6), form="shares"), "Xq": real(4, 3), "y": labels(3, 4)},
    {"W": real(3, 2)},
    """
E = Xs@W                      # the rows shown
C = M@E                       # a row a class: a mean of rows shown
Q = Xq@W                      # the rows asked about
D = sum((Q[:, None, :] - C)**2, axis=2)
L = cross_entropy(-D, y)
""",
    {
        "statements": style("""
n = len(y)
dD = (one_hot(y, 3) - softmax(-D))/n
pull = 2*dD[:, :, None]*(Q[:, None, :] - C)
dQ = sum(pull, axis=1)
dC = -sum(pull, axis=0)
dE = M.T@dC
dW = Xq.T@dQ + Xs.T@dE
"""),
        "fused": style("""
dD = (one_hot(y, 3) - softmax(-D))/len(y)
dQ = -2*dD@C
dC = 2*(sum(dD, axis=0)[:, None]*C - dD.T@Q)
dW = Xq.T@dQ + (M@Xs).T@dC
"""),
        "helpers": style(
            """
hot = one_hot(y, 3)
miss = hot - np.exp(-D)/np.sum(np.exp(-D), axis=1, keepdims=True)
mass = miss.sum(axis=0)
to_query = -2*miss@C
to_class = 2*(mass[:, None]*C - miss.T@Q)
from_query = Xq.T@to_query
from_class = Xs.T@M.T@to_class
grad_W = (from_query + from_class)/len(y)
""",
            grad_W="W",
        ),
    },
)

COSINE_HEAD = Kind(
    "cosine_head",
    {"X": real(5, 3), "y": labels(3, 5)},
    {"V": real(3, 2), "W": real(2, 3), "k": real()},
    """
F = tanh(X@V)
nf = sqrt(sum(F**2, axis=1, keepdims=True))
nw = sqrt(sum(W**2, axis=0))
U = F/nf
R = W/nw
C = U@R                       # cosines
scale = exp(k)
Z = scale*C
L = cross_entropy(Z, y)
""",
    {
        "statements": style("""
n = len(y)
dZ = (softmax(Z) - one_hot(y, 3))/n
dscale = sum(dZ*C)
dk = dscale*scale
dC = dZ*scale
dU = dC@R.T
dR = U.T@dC
dnf = -sum(dU*F, axis=1, keepdims=True)/nf**2
dF = dU/nf + dnf*F/nf
dnw = -sum(dR*W, axis=0)/nw**2
dW = dR/nw + dnw*W/nw
aF = dF*(1 - F**2)
dV = X.T@aF
"""),
        "fused": style("""
dZ = (softmax(Z) - one_hot(y, 3))/len(y)
dk = sum(dZ*Z)
dU = scale*dZ@R.T
dR = scale*U.T@dZ
dF = (dU - U*sum(dU*U, axis=1, keepdims=True))/nf
dW = (dR - R*sum(dR*R, axis=0))/nw
dV = X.T@(dF*(1 - F*F))
"""),
        "source": style(
            """
m = len(X)
hot = one_hot(y, 3)
err = softmax(Z) - hot
up_f = err@R.T
along_f = np.sum(up_f*U, axis=1, keepdims=True)
pre = (up_f - along_f*U)/nf*(1 - F)*(1 + F)
up_w = U.T@err
along_w = np.sum(up_w*R, axis=0)
g_V = scale*X.T@pre/m
g_W = scale*(up_w - along_w*R)/nw/m
g_k = np.sum(err*Z)/m
""",
            g_V="V",
            g_W="W",
            g_k="k",
        ),
    },
)

TWO_VIEWS = Kind(
    "two_views",
    {
        **{"A": real(6, 3), "B": real(6, 3), "I": Numbers((2, 2), form="one-hot")},
        "lam": Numbers((), low=0.3),
    },
    {"W": real(3, 2)},
    """
U = A@W
V = B@W
Uc = U - mean(U, axis=0)
Vc = V - mean(V, axis=0)
su = sqrt(mean(Uc**2, axis=0) + 0.01)
sv = sqrt(mean(Vc**2, axis=0) + 0.01)
P = Uc/su
Q = Vc/sv
C = P.T@Q/len(A)              # how the features of both views go together
L = sum((I + lam*(1 - I))*(C - I)**2)
""",
    {
        "statements": style("""
n = len(A)
dC = 2*(I + lam*(1 - I))*(C - I)
dP = Q@dC.T/n
dQ = P@dC/n
dsu = -sum(dP*Uc, axis=0)/su**2
dsv = -sum(dQ*Vc, axis=0)/sv**2
dUc = dP/su + dsu*Uc/(n*su)
dVc = dQ/sv + dsv*Vc/(n*sv)
dU = dUc - mean(dUc, axis=0)
dV = dVc - mean(dVc, axis=0)
dW = A.T@dU + B.T@dV
"""),
        "fused": style("""
dC = 2*(I + lam*(1 - I))*(C - I)
dP = Q@dC.T/len(A)
dQ = P@dC/len(B)
dU = (dP - mean(dP, axis=0) - P*mean(dP*P, axis=0))/su
dV = (dQ - mean(dQ, axis=0) - Q*mean(dQ*Q, axis=0))/sv
dW = A.T@dU + B.T@dV
"""),
        "letters": style(
            """
m = I + lam - lam*I
g = 2*m*(C - I)
p = Q@g.T
q = P@g
a = (p - p.mean(axis=0) - P*np.mean(p*P, axis=0))/su
b = (q - q.mean(axis=0) - Q*np.mean(q*Q, axis=0))/sv
G = (A.T@a + B.T@b)/A.shape[0]
""",
            G="W",
        ),
    },
)

COPY_GATE = Kind(
    "copy_gate",
    {"X": real(4, 3), "H": real(7, 3), "M": Numbers((7, 3), form="one-hot"), "y": labels(3, 4)},
    {"Wv": real(3, 3), "Wa": real(3, 3), "wg": real(3), "bg": real()},
    """
Z = X@Wv
Pv = softmax(Z)               # words that are said anew
S = X@Wa@H.T
A = softmax(S)
Pc = A@M                      # words that are copied
g = sigmoid(X@wg + bg)
P = g[:, None]*Pv + (1 - g)[:, None]*Pc
q = sum(P*one_hot(y, 3), axis=1)
L = -mean(log(q))
""",
    {
        "statements": style("""
n = len(y)
dq = -1/(n*q)
dP = dq[:, None]*one_hot(y, 3)
dg = sum(dP*(Pv - Pc), axis=1)
ag = dg*g*(1 - g)
stay = 1 - g
dPv = g[:, None]*dP
dPc = stay[:, None]*dP
dZ = Pv*(dPv - sum(dPv*Pv, axis=1, keepdims=True))
dA = dPc@M.T
dS = A*(dA - sum(dA*A, axis=1, keepdims=True))
dWv = X.T@dZ
dWa = X.T@dS@H
dwg = X.T@ag
dbg = sum(ag)
"""),
        "at_the_weights": style("""
dP = -one_hot(y, 3)/q[:, None]
copy = 1 - g
dPv = dP*g[:, None]
dA = (dP*copy[:, None])@M.T
dZ = Pv*(dPv - sum(dPv*Pv, axis=1, keepdims=True))
dS = A*(dA - sum(dA*A, axis=1, keepdims=True))
ag = sum(dP*(Pv - Pc), axis=1)*(g - g**2)
dWv = X.T@dZ/len(X)
dWa = X.T@dS@H/len(X)
dwg = ag@X/len(X)
dbg = mean(ag)
"""),
        "notebook": style(
            """
hot = one_hot(y, 3)
said = g*np.sum(Pv*hot, axis=1)/q  # the share of what was said anew
copied = 1 - said
gate = (g - said)/len(y)
g_bg = gate.sum()
g_wg = X.T@gate
say = said[:, None]*(Pv - hot)/len(y)
g_Wv = X.T@say
match = hot@M.T
picked = A*match*((1 - g)/q)[:, None]
look = (copied[:, None]*A - picked)/len(y)
g_Wa = X.T@(look@H)
""",
            g_bg="bg",
            g_wg="wg",
            g_Wv="Wv",
            g_Wa="Wa",
        ),
    },
)

KINDS = (MULTI_TASK, PROTOTYPES, COSINE_HEAD, TWO_VIEWS, COPY_GATE)
