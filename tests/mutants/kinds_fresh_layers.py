"""Fresh: layers of the literature: units, gates, norms, codes, pooling."""

from mutants.kinds import Kind, positive, real, style

GELU_NET = Kind(
    "gelu_net",
    {"X": real(5, 3), "y": real(5)},
    {"W": real(3, 4), "b": real(4), "v": real(4), "c": real()},
    """
z = X@W + b
u = 0.7978845608*(z + 0.044715*z**3)      # GELU by tanh
t = tanh(u)
h = z*(1 + t)/2
yhat = h@v + c
L = mean((yhat - y)**2)
""",
    {
        "statements": style("""
n = len(y)
dyhat = 2*(yhat - y)/n
dv = h.T@dyhat
dc = sum(dyhat)
dh = dyhat[:, None]*v
dt = dh*z/2
du = dt*(1 - t**2)
dz = dh*(1 + t)/2 + du*0.7978845608*(1 + 3*0.044715*z**2)
dW = X.T@dz
db = dz.sum(axis=0)
"""),
        "fused": style("""
dyhat = 2*(yhat - y)/X.shape[0]
slope = (1 + t)/2 + z*(1 - t*t)*(0.7978845608 + 0.1070322243*z*z)/2
dz = dyhat[:, None]*v*slope
dW = X.T@dz
db = sum(dz, axis=0)
dv = dyhat@h
dc = dyhat.sum()
"""),
        "helpers": style(
            """
scale = 2/len(y)
error = scale*(yhat - y)
cubic = 1 + 0.134145*z**2
inner_slope = 0.7978845608*cubic
gate = (1 + t)/2
gate_slope = (1 - t**2)*inner_slope/2
local = gate + z*gate_slope
back = error[:, None]*v
hidden = back*local
grad_W = (hidden.T@X).T
grad_b = np.sum(hidden, axis=0)
grad_v = np.sum(error[:, None]*h, axis=0)
grad_c = np.sum(error)
""",
            grad_W="W",
            grad_b="b",
            grad_v="v",
            grad_c="c",
        ),
    },
)

RMS_NORM = Kind(
    "rms_norm",
    {"X": real(5, 3), "y": real(5)},
    {"W": real(3, 4), "g": real(4), "u": real(4)},
    """
h = X@W
q = mean(h**2, axis=1, keepdims=True)
r = sqrt(q + 0.01)
n = h/r
o = g*n
yhat = o@u
L = mean((yhat - y)**2)
""",
    {
        "statements": style("""
m = len(y)
D = h.shape[1]
dyhat = 2*(yhat - y)/m
du = o.T@dyhat
do = dyhat[:, None]*u
dg = sum(do*n, axis=0)
dn = do*g
dr = -sum(dn*h, axis=1, keepdims=True)/r**2
dq = dr/(2*r)
dh = dn/r + dq*2*h/D
dW = X.T@dh
"""),
        "at_the_weights": style("""
m = X.shape[0]
dyhat = 2*(yhat - y)
do = dyhat[:, None]*u
dn = do*g
dh = (dn - n*mean(dn*n, axis=1, keepdims=True))/r
du = o.T@dyhat/m
dg = np.sum(do*n, axis=0)/m
dW = X.T@dh/m
"""),
        "custom_function": style(
            """
grad_yhat = (yhat - y)*2/len(y)
grad_u = grad_yhat@o
grad_output = outer(grad_yhat, u)
grad_weight = (grad_output*n).sum(axis=0)
grad_normed = grad_output*g
inv_rms = 1/r
dots = (grad_normed*h).sum(axis=-1, keepdims=True)
correction = h*inv_rms**3*dots/4
grad_input = grad_normed*inv_rms - correction
grad_W = X.T@grad_input
""",
            grad_u="u",
            grad_weight="g",
            grad_W="W",
        ),
    },
)

EXPERTS = Kind(
    "experts",
    {"X": real(5, 3), "y": real(5)},
    {"Wg": real(3, 2), "bg": real(2), "We": real(3, 2), "be": real(2)},
    """
S = X@Wg + bg
G = softmax(S)
P = tanh(X@We + be)           # a column an expert
yhat = sum(G*P, axis=1)
L = mean((yhat - y)**2)
""",
    {
        "statements": style("""
n = X.shape[0]
dyhat = 2*(yhat - y)/n
dG = dyhat[:, None]*P
dP = dyhat[:, None]*G
dS = G*(dG - sum(G*dG, axis=1, keepdims=True))
pre = dP*(1 - P**2)
dWg = X.T@dS
dbg = dS.sum(axis=0)
dWe = X.T@pre
dbe = pre.sum(axis=0)
"""),
        "fused": style("""
delta = (2*(yhat - y)/len(y))[:, None]
dS = delta*G*(P - yhat[:, None])
pre = delta*G*(1 - P*P)
dWg = X.T@dS
dbg = sum(dS, axis=0)
dWe = X.T@pre
dbe = sum(pre, axis=0)
"""),
        "bare": style("""
dWg = 2*X.T@((yhat - y)[:, None]*G*(P - yhat[:, None]))/len(y)
dbg = 2*mean((yhat - y)[:, None]*G*(P - yhat[:, None]), axis=0)
dWe = 2*X.T@((yhat - y)[:, None]*G*(1 - P**2))/len(y)
dbe = 2*mean((yhat - y)[:, None]*G*(1 - P**2), axis=0)
"""),
        "helpers": style(
            """
two_over_n = 2/X.shape[0]
miss = yhat - y
signal = two_over_n*miss
column = signal[:, None]
blame = column*P
credit = G*blame
total = np.sum(credit, axis=1, keepdims=True)
gate_grad = credit - G*total
curve = 1 - P**2
expert_grad = column*G*curve
g_Wg = X.T@gate_grad
g_bg = gate_grad.sum(axis=0)
g_We = X.T@expert_grad
g_be = expert_grad.sum(axis=0)
""",
            g_Wg="Wg",
            g_bg="bg",
            g_We="We",
            g_be="be",
        ),
    },
)

SPARSE_AUTOENCODER = Kind(
    "sparse_autoencoder",
    {"X": real(5, 3), "lam": positive()},
    {"W": real(3, 4), "b": real(4), "D": real(4, 3), "c": real(3)},
    """
C = X - c                     # c is taken off and put on again
Z = C@W + b
F = relu(Z)
R = F@D + c
E = R - X
fit = mean(sum(E**2, axis=1))
L = fit + lam*mean(sum(F, axis=1))
""",
    {
        "statements": style("""
n = X.shape[0]
dE = 2*E/n
dR = dE
dD = F.T@dR
dF = dR@D.T + lam/n
dZ = dF*(Z > 0)
dW = C.T@dZ
db = sum(dZ, axis=0)
dC = dZ@W.T
dc = sum(dR, axis=0) - sum(dC, axis=0)
"""),
        "at_the_weights": style("""
m = X.shape[0]
dR = 2*E
dZ = (dR@D.T + lam)*(F > 0)
dD = F.T@dR/m
dW = (X - c).T@dZ/m
db = np.sum(dZ, axis=0)/m
dc = np.sum(dR - dZ@W.T, axis=0)/m
"""),
        "helpers": style(
            """
share = 1/len(X)
miss = 2*share*E
alive = (Z > 0)
from_fit = miss@D.T
from_l1 = share*lam
code_grad = from_fit + from_l1
active = alive*code_grad
centred = active@W.T
put_on = miss.sum(axis=0)
taken_off = centred.sum(axis=0)
g_D = (miss.T@F).T
g_W = (active.T@C).T
g_b = active.sum(axis=0)
g_c = put_on - taken_off
""",
            g_D="D",
            g_W="W",
            g_b="b",
            g_c="c",
        ),
    },
)

ATTENTION_POOLING = Kind(
    "attention_pooling",
    {"H": real(5, 3), "y": real()},
    {"V": real(3, 2), "w": real(2), "u": real(3), "c": real()},
    """
U = tanh(H@V)
s = U@w
a = softmax(s)
z = a@H
f = z@u + c
L = (f - y)**2
""",
    {
        "statements": style("""
df = 2*(f - y)
dc = df
du = df*z
dz = df*u
da = H@dz
ds = a*(da - sum(a*da))       # softmax
dw = U.T@ds
dU = ds[:, None]*w
pre = dU*(1 - U**2)
dV = H.T@pre
"""),
        "fused": style("""
df = 2*(f - y)
ds = df*a*(H@u - z@u)
dV = H.T@(ds[:, None]*w[None, :]*(1 - U*U))
dw = ds@U
du = df*(H.T@a)
dc = df
"""),
        "helpers": style(
            """
err = f - y
top = 2*err
values = H@u
centre = sum(a*values)
spread = values - centre
score = top*a*spread
inner = outer(score, w)
hidden = inner - inner*U**2
g_V = (hidden.T@H).T
g_w = np.sum(U*score[:, None], axis=0)
g_u = top*z
g_c = top
""",
            g_V="V",
            g_w="w",
            g_u="u",
            g_c="c",
        ),
    },
)

KINDS = (GELU_NET, RMS_NORM, EXPERTS, SPARSE_AUTOENCODER, ATTENTION_POOLING)
