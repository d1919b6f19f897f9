"""Unseen: layers of the literature: gates over channels and time, convolution, attention."""

from mutants.kinds import Kind, real, style

GRU_TWO_STEPS = Kind(
    "gru_two_steps",
    {"x1": real(3, 2), "x2": real(3, 2), "h0": real(3, 2), "y": real(3, 2)},
    {"Wz": real(2, 2), "Uz": real(2, 2), "Wn": real(2, 2), "Un": real(2, 2), "bn": real(2)},
    """
z1 = sigmoid(x1@Wz + h0@Uz)
n1 = tanh(x1@Wn + h0@Un + bn)
h1 = z1*h0 + (1 - z1)*n1
z2 = sigmoid(x2@Wz + h1@Uz)
n2 = tanh(x2@Wn + h1@Un + bn)
h2 = z2*h1 + (1 - z2)*n2
L = sum((h2 - y)**2)/(2*x1.shape[0])
""",
    {
        "statements": style("""
B = x1.shape[0]
dh2 = (h2 - y)/B
dz2 = dh2*(h1 - n2)
dn2 = dh2*(1 - z2)
az2 = dz2*z2*(1 - z2)
an2 = dn2*(1 - n2**2)
dh1 = dh2*z2 + az2@Uz.T + an2@Un.T
dz1 = dh1*(h0 - n1)
dn1 = dh1*(1 - z1)
az1 = dz1*z1*(1 - z1)
an1 = dn1*(1 - n1**2)
dWz = x1.T@az1 + x2.T@az2
dUz = h0.T@az1 + h1.T@az2
dWn = x1.T@an1 + x2.T@an2
dUn = h0.T@an1 + h1.T@an2
dbn = sum(an1, axis=0) + sum(an2, axis=0)
"""),
        "at_the_weights": style("""
m = len(y)
dh2 = h2 - y
gate2 = dh2*(h1 - n2)*(z2 - z2**2)
cand2 = dh2*(1 - z2)*(1 - n2*n2)
dh1 = z2*dh2 + gate2@Uz.T + cand2@Un.T
gate1 = dh1*(h0 - n1)*(z1 - z1**2)
cand1 = dh1*(1 - z1)*(1 - n1*n1)
dWz = (x2.T@gate2 + x1.T@gate1)/m
dUz = (h1.T@gate2 + h0.T@gate1)/m
dWn = (x2.T@cand2 + x1.T@cand1)/m
dUn = (h1.T@cand2 + h0.T@cand1)/m
dbn = np.sum(cand2 + cand1, axis=0)/m
"""),
        "source": style(
            """
carry2 = (h2 - y)/y.shape[0]
u2 = carry2*(h1 - n2)*z2*(1 - z2)
c2 = carry2*(1 - z2)*(1 - n2**2)
Wz_2 = x2.T@u2
Uz_2 = h1.T@u2
Wn_2 = x2.T@c2
Un_2 = h1.T@c2
bn_2 = c2.sum(axis=0)
carry1 = carry2*z2 + u2@Uz.T + c2@Un.T
u1 = carry1*(h0 - n1)*z1*(1 - z1)
c1 = carry1*(1 - z1)*(1 - n1**2)
grad_Wz = Wz_2 + x1.T@u1
grad_Uz = Uz_2 + h0.T@u1
grad_Wn = Wn_2 + x1.T@c1
grad_Un = Un_2 + h0.T@c1
grad_bn = bn_2 + c1.sum(axis=0)
""",
            grad_Wz="Wz",
            grad_Uz="Uz",
            grad_Wn="Wn",
            grad_Un="Un",
            grad_bn="bn",
        ),
    },
)

SQUEEZE_EXCITE = Kind(
    "squeeze_excite",
    {"X": real(5, 3), "y": real(5)},
    {"W": real(3, 4), "W1": real(4, 3), "W2": real(3, 4), "v": real(4)},
    """
F = tanh(X@W)                 # a row a place, a column a channel
s = mean(F, axis=0)           # squeeze
e = relu(s@W1)
g = sigmoid(e@W2)             # excite
O = F*g
yhat = O@v
L = mean((yhat - y)**2)
""",
    {
        "statements": style("""
n = X.shape[0]
dyhat = 2*(yhat - y)/n
dv = O.T@dyhat
dO = outer(dyhat, v)
dg = sum(dO*F, axis=0)
ag = dg*g*(1 - g)
dW2 = outer(e, ag)
de = W2@ag
ae = de*(e > 0)
dW1 = outer(s, ae)
ds = W1@ae
dF = dO*g + ds/n
aF = dF*(1 - F**2)
dW = X.T@aF
"""),
        "fused": style("""
dyhat = (yhat - y)*2/len(y)
dv = dyhat@O
delta = v*(dyhat@F)*g*(1 - g)
dW2 = e[:, None]*delta[None, :]
back = (delta@W2.T)*(e > 0)
dW1 = s[:, None]*back[None, :]
dW = X.T@((dyhat[:, None]*(v*g) + W1@back/len(y))*(1 - F*F))
"""),
        "source": style(
            """
places = F.shape[0]
top = 2*(yhat - y)[:, None]/places
out = top*v
gate = np.sum(out*F, axis=0)
gate_in = gate*(g - g**2)
mid = W2@gate_in
mid_in = np.where(e > 0, mid, 0)
squeezed = W1@mid_in
direct = out*g
spread = squeezed/places
feature = direct + spread
local = 1 - F**2
gW = X.T@(feature*local)
gW1 = np.outer(s, mid_in)
gW2 = np.outer(e, gate_in)
gv = np.sum(top*O, axis=0)
""",
            gW="W",
            gW1="W1",
            gW2="W2",
            gv="v",
        ),
    },
)

SWIGLU = Kind(
    "swiglu",
    {"X": real(4, 3), "Y": real(4, 2)},
    {"Wg": real(3, 4), "Wu": real(3, 4), "Wd": real(4, 2)},
    """
G = X@Wg
S = sigmoid(G)
A = G*S                       # swish
U = X@Wu
H = A*U
O = H@Wd
L = mean((O - Y)**2)
""",
    {
        "statements": style("""
size = Y.shape[0]*Y.shape[1]
dO = 2*(O - Y)/size
dWd = H.T@dO
dH = dO@Wd.T
dU = dH*A
dA = dH*U
dS = dA*G
dG = dA*S + dS*S*(1 - S)
dWu = X.T@dU
dWg = X.T@dG
"""),
        "fused": style("""
dO = (O - Y)/4
dH = dO@Wd.T
dWg = X.T@(dH*U*(S + A*(1 - S)))
dWu = X.T@(dH*G*S)
dWd = (G*S*U).T@dO
"""),
        "helpers": style(
            """
rows = X.shape[0]
columns = Y.shape[1]
miss = O - Y
factor = 2/(rows*columns)
grad_Wd = factor*(miss.T@H).T
back = factor*miss@Wd.T
swish_slope = S*(1 + G*(1 - S))
gate_in = back*U*swish_slope
up_in = back*A
grad_Wg = (gate_in.T@X).T
grad_Wu = (up_in.T@X).T
""",
            grad_Wd="Wd",
            grad_Wg="Wg",
            grad_Wu="Wu",
        ),
    },
)

CONVOLUTION = Kind(
    "convolution",
    {"X": real(4, 6), "y": real(4)},
    {"ka": real(), "kb": real(), "kc": real(), "k0": real(), "u": real(), "v": real()},
    """
Z = ka*X[:, :-2] + kb*X[:, 1:-1] + kc*X[:, 2:] + k0
H = tanh(Z)
f = mean(H, axis=1)           # pooled
yhat = u*f + v
L = mean((yhat - y)**2)
""",
    {
        "statements": style("""
n = len(y)
width = H.shape[1]
dyhat = 2*(yhat - y)/n
du = sum(dyhat*f)
dv = sum(dyhat)
df = dyhat*u
dH = df[:, None]/width
dZ = dH*(1 - H**2)
dka = sum(dZ*X[:, :-2])
dkb = sum(dZ*X[:, 1:-1])
dkc = sum(dZ*X[:, 2:])
dk0 = sum(dZ)
"""),
        "fused": style("""
dyhat = 2*(yhat - y)/X.shape[0]
dZ = u*dyhat[:, None]*(1 - H*H)/4
dka = (dZ*X[:, :-2]).sum()
dkb = (dZ*X[:, 1:-1]).sum()
dkc = (dZ*X[:, 2:]).sum()
dk0 = dZ.sum()
du = dyhat@f
dv = dyhat.sum()
"""),
        "helpers": style(
            """
left = X[:, :-2]
centre = X[:, 1:-1]
right = X[:, 2:]
miss = yhat - y
each = 2*u*miss
slope = 1 - H**2
signal = each[:, None]*slope
gka = np.mean(signal*left)
gkb = np.mean(signal*centre)
gkc = np.mean(signal*right)
gk0 = np.mean(signal)
gu = 2*np.mean(miss*f)
gv = 2*np.mean(miss)
""",
            gka="ka",
            gkb="kb",
            gkc="kc",
            gk0="k0",
            gu="u",
            gv="v",
        ),
    },
)

LINEAR_ATTENTION = Kind(
    "linear_attention",
    {"X": real(4, 3), "Y": real(4, 2)},
    {"Wq": real(3, 3), "Wk": real(3, 3), "Wv": real(3, 2)},
    """
Q = softplus(X@Wq)
K = softplus(X@Wk)
V = X@Wv
S = K.T@V
z = sum(K, axis=0)
num = Q@S
den = Q@z
O = num/den[:, None]
L = mean(sum((O - Y)**2, axis=1))
""",
    {
        "statements": style("""
n = X.shape[0]
dO = 2*(O - Y)/n
dnum = dO/den[:, None]
dden = -sum(dO*num, axis=1)/den**2
dS = Q.T@dnum
dz = Q.T@dden
dQ = dnum@S.T + outer(dden, z)
dK = V@dS.T + dz
dV = K@dS
dWq = X.T@(dQ*sigmoid(X@Wq))
dWk = X.T@(dK*sigmoid(X@Wk))
dWv = X.T@dV
"""),
        "fused": style("""
dnum = 2*(O - Y)/den[:, None]/len(X)
dden = -sum(dnum*O, axis=1)
dWq = X.T@((dnum@S.T + dden[:, None]*z)*(1 - exp(-Q)))
dWk = X.T@((V@dnum.T@Q + dden@Q)*(1 - exp(-K)))
dWv = X.T@(K@(Q.T@dnum))
"""),
        "source": style(
            """
err = O - Y
inverse = 1/den[:, None]
up = 2*inverse*err/X.shape[0]
share = np.sum(up*O, axis=1, keepdims=True)
state_grad = Q.T@up
mass_grad = -np.sum(Q*share, axis=0)
query = up@S.T - share*z
key = V@state_grad.T + mass_grad
value = K@state_grad
query_slope = 1 - np.exp(-Q)
key_slope = 1 - np.exp(-K)
grad_Wq = X.T@(query*query_slope)
grad_Wk = X.T@(key*key_slope)
grad_Wv = X.T@value
""",
            grad_Wq="Wq",
            grad_Wk="Wk",
            grad_Wv="Wv",
        ),
    },
)

KINDS = (GRU_TWO_STEPS, SQUEEZE_EXCITE, SWIGLU, CONVOLUTION, LINEAR_ATTENTION)
