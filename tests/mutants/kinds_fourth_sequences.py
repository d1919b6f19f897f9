"""Fourth: sequences: additive attention, one gate that holds and writes, both directions."""

from mutants.kinds import Kind, labels, real, style

ADDITIVE = Kind(
    "additive_attention",
    {"X": real(3, 3), "M": real(4, 3), "Y": real(3, 3)},
    {"Wq": real(3, 2), "Wk": real(3, 2), "v": real(2)},
    """
Q = X@Wq
K = M@Wk
U = tanh(Q[:, None, :] + K)   # every query with every key
S = sum(U*v, axis=2)
A = softmax(S)
O = A@M
L = sum((O - Y)**2)/(2*len(X))
""",
    {
        "statements": style("""
n = len(X)
dO = (O - Y)/n
dA = dO@M.T
dS = A*(dA - sum(dA*A, axis=1, keepdims=True))
dv = sum(sum(dS[:, :, None]*U, axis=0), axis=0)
dU = dS[:, :, None]*v
pre = dU*(1 - U**2)
dQ = sum(pre, axis=1)
dK = sum(pre, axis=0)
dWq = X.T@dQ
dWk = M.T@dK
"""),
        "at_the_weights": style("""
dO = O - Y
dA = dO@M.T
dS = A*(dA - sum(dO*O, axis=1, keepdims=True))
pre = dS[:, :, None]*v*(1 - U**2)
dv = sum(sum(dS[:, :, None]*U, axis=1), axis=0)/len(X)
dWq = X.T@sum(pre, axis=1)/len(X)
dWk = M.T@sum(pre, axis=0)/len(X)
"""),
        "letters": style(
            """
r = (O - Y)/X.shape[0]
g = A*(r@M.T)
h = g - A*g.sum(axis=1, keepdims=True)
j = h[:, :, None]*(1 - U)*(1 + U)
p = v*np.sum(j, axis=1)
q = v*np.sum(j, axis=0)
gq = X.T@p
gk = M.T@q
w = np.sum(h[:, :, None]*U, axis=1)
gv = w.sum(axis=0)
""",
            gq="Wq",
            gk="Wk",
            gv="v",
        ),
    },
)

ONE_GATE = Kind(
    "one_gate_lstm",
    {"x1": real(3, 2), "x2": real(3, 2), "y": real(3, 2)},
    {
        **{"Wi": real(2, 2), "Ui": real(2, 2), "bi": real(2)},
        **{"Wg": real(2, 2), "Ug": real(2, 2), "Wo": real(2, 2)},
    },
    """
i1 = sigmoid(x1@Wi + bi)
g1 = tanh(x1@Wg)
o1 = sigmoid(x1@Wo)
c1 = i1*g1
k1 = tanh(c1)
h1 = o1*k1
i2 = sigmoid(x2@Wi + h1@Ui + bi)
g2 = tanh(x2@Wg + h1@Ug)
o2 = sigmoid(x2@Wo)
c2 = (1 - i2)*c1 + i2*g2      # what is written is what is forgotten
k2 = tanh(c2)
h2 = o2*k2
L = sum((h2 - y)**2)/(2*len(y))
""",
    {
        "statements": style("""
n = len(y)
dh2 = (h2 - y)/n
do2 = dh2*k2
dk2 = dh2*o2
dc2 = dk2*(1 - k2**2)
di2 = dc2*(g2 - c1)
dg2 = dc2*i2
ai2 = di2*i2*(1 - i2)
ag2 = dg2*(1 - g2**2)
ao2 = do2*o2*(1 - o2)
dh1 = ai2@Ui.T + ag2@Ug.T
do1 = dh1*k1
dk1 = dh1*o1
dc1 = dc2*(1 - i2) + dk1*(1 - k1**2)
di1 = dc1*g1
dg1 = dc1*i1
ai1 = di1*i1*(1 - i1)
ag1 = dg1*(1 - g1**2)
ao1 = do1*o1*(1 - o1)
dWi = x1.T@ai1 + x2.T@ai2
dUi = h1.T@ai2
dbi = sum(ai1 + ai2, axis=0)
dWg = x1.T@ag1 + x2.T@ag2
dUg = h1.T@ag2
dWo = x1.T@ao1 + x2.T@ao2
"""),
        "at_the_weights": style("""
m = len(y)
dh2 = h2 - y
dc2 = dh2*o2*(1 - k2**2)
ai2 = dc2*(g2 - c1)*i2*(1 - i2)
ag2 = dc2*i2*(1 - g2**2)
ao2 = dh2*k2*o2*(1 - o2)
dh1 = ai2@Ui.T + ag2@Ug.T
dc1 = dc2*(1 - i2) + dh1*o1*(1 - k1**2)
ai1 = dc1*g1*i1*(1 - i1)
ag1 = dc1*i1*(1 - g1**2)
ao1 = dh1*k1*o1*(1 - o1)
dWi = (x1.T@ai1 + x2.T@ai2)/m
dUi = h1.T@ai2/m
dbi = mean(ai1 + ai2, axis=0)
dWg = (x1.T@ag1 + x2.T@ag2)/m
dUg = h1.T@ag2/m
dWo = (x1.T@ao1 + x2.T@ao2)/m
"""),
        "source": style(
            """
up2 = (h2 - y)/y.shape[0]
cell2 = up2*o2*(1 - k2)*(1 + k2)
hold = 1 - i2
in2 = cell2*(g2 - c1)*i2*hold
new2 = cell2*i2*(1 - g2)*(1 + g2)
out2 = up2*k2*o2*(1 - o2)
up1 = in2@Ui.T + new2@Ug.T
cell1 = cell2*hold + up1*o1*(1 - k1)*(1 + k1)
in1 = cell1*c1*(1 - i1)
new1 = cell1*i1*(1 - g1)*(1 + g1)
out1 = up1*h1*(1 - o1)
g_Wi = x1.T@in1 + x2.T@in2
g_Ui = h1.T@in2
g_bi = np.sum(in1, axis=0) + np.sum(in2, axis=0)
g_Wg = x1.T@new1 + x2.T@new2
g_Ug = h1.T@new2
g_Wo = x1.T@out1 + x2.T@out2
""",
            g_Wi="Wi",
            g_Ui="Ui",
            g_bi="bi",
            g_Wg="Wg",
            g_Ug="Ug",
            g_Wo="Wo",
        ),
    },
)

BOTH_WAYS = Kind(
    "both_ways",
    {"x1": real(4, 2), "x2": real(4, 2), "y": labels(2, 4)},
    {
        **{"W": real(2, 2), "U": real(2, 2), "V": real(2, 2), "R": real(2, 2)},
        **{"p": real(2), "q": real(2), "c": real()},
    },
    """
f1 = tanh(x1@W)
f2 = tanh(x2@W + f1@U)        # read from the left
r2 = tanh(x2@V)
r1 = tanh(x1@V + r2@R)        # and from the right
s = f2@p + r1@q + c
L = mean(softplus(s) - y*s)
""",
    {
        "statements": style("""
n = len(y)
ds = (sigmoid(s) - y)/n
dc = sum(ds)
dp = f2.T@ds
dq = r1.T@ds
df2 = outer(ds, p)
a2 = df2*(1 - f2**2)
df1 = a2@U.T
a1 = df1*(1 - f1**2)
dW = x1.T@a1 + x2.T@a2
dU = f1.T@a2
dr1 = outer(ds, q)
b1 = dr1*(1 - r1**2)
dr2 = b1@R.T
b2 = dr2*(1 - r2**2)
dV = x1.T@b1 + x2.T@b2
dR = r2.T@b1
"""),
        "at_the_weights": style("""
ds = sigmoid(s) - y
a2 = outer(ds, p)*(1 - f2**2)
a1 = a2@U.T*(1 - f1**2)
b1 = outer(ds, q)*(1 - r1**2)
b2 = b1@R.T*(1 - r2**2)
dW = (x1.T@a1 + x2.T@a2)/len(y)
dU = f1.T@a2/len(y)
dV = (x1.T@b1 + x2.T@b2)/len(y)
dR = r2.T@b1/len(y)
dp = ds@f2/len(y)
dq = ds@r1/len(y)
dc = mean(ds)
"""),
        "helpers": style(
            """
miss = (1/(1 + np.exp(-s)) - y)/x1.shape[0]
left2 = miss[:, None]*p*(1 - f2)*(1 + f2)
left1 = (left2@U.T)*(1 - f1)*(1 + f1)
right1 = miss[:, None]*q*(1 - r1)*(1 + r1)
right2 = (right1@R.T)*(1 - r2)*(1 + r2)
g_W = x1.T@left1 + x2.T@left2
g_U = f1.T@left2
g_V = x1.T@right1 + x2.T@right2
g_R = r2.T@right1
g_p = miss@f2
g_q = miss@r1
g_c = miss.sum()
""",
            g_W="W",
            g_U="U",
            g_V="V",
            g_R="R",
            g_p="p",
            g_q="q",
            g_c="c",
        ),
    },
)

KINDS = (ADDITIVE, ONE_GATE, BOTH_WAYS)
