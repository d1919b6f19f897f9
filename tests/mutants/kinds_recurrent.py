"""Held out: gates, states through time, branches that meet again."""

from mutants.kinds import Kind, real, style

LSTM = Kind(
    "lstm",
    {"X": real(4, 3), "h0": real(4, 2), "c0": real(4, 2), "y": real(4, 2)},
    {
        "Wi": real(3, 2),
        "Wf": real(3, 2),
        "Wg": real(3, 2),
        "Wo": real(3, 2),
        "Uo": real(2, 2),
        "bf": real(2),
    },
    """
i = sigmoid(X@Wi)
f = sigmoid(X@Wf + bf)
g = tanh(X@Wg)
o = sigmoid(X@Wo + h0@Uo)
c = f*c0 + i*g
tc = tanh(c)
h = o*tc
e = h - y
L = mean(e**2)
""",
    {
        "statements": style("""
size = 8
de = 2*e/size
dh = de
do = dh*tc
dtc = dh*o
dc = dtc*(1 - tc**2)
df = dc*c0
di = dc*g
dg = dc*i
pre_o = do*o*(1 - o)
pre_f = df*f*(1 - f)
pre_i = di*i*(1 - i)
pre_g = dg*(1 - g**2)
dWo = X.T@pre_o
dUo = h0.T@pre_o
dWf = X.T@pre_f
dbf = pre_f.sum(axis=0)
dWi = X.T@pre_i
dWg = X.T@pre_g
"""),
        "fused": style("""
dh = 2*(h - y)/(y.shape[0]*y.shape[1])
dc = dh*o*(1 - tc*tc)
zo = dh*tc*o*(1 - o)
zf = dc*c0*f*(1 - f)
dWi = X.T@(dc*g*i*(1 - i))
dWf = X.T@zf
dbf = sum(zf, axis=0)
dWg = X.T@(dc*i*(1 - g*g))
dWo = X.T@zo
dUo = h0.T@zo
"""),
        "renamed": style(
            """
err = e/4
cell = err*o*(1 - tanh(c)**2)
forget = c0*cell*(f - f**2)
enter = g*cell*(i - i**2)
candidate = i*cell*(1 - g**2)
leave = tanh(c)*err*(o - o**2)
g_i = X.T@enter
g_f = X.T@forget
g_bf = np.sum(forget, axis=0)
g_g = X.T@candidate
g_o = X.T@leave
g_u = h0.T@leave
""",
            g_i="Wi",
            g_f="Wf",
            g_bf="bf",
            g_g="Wg",
            g_o="Wo",
            g_u="Uo",
        ),
    },
)

GRU = Kind(
    "gru",
    {"x": real(3), "h0": real(3), "y": real(3)},
    {"Wu": real(3, 3), "Wr": real(3, 3), "Wc": real(3, 3), "Uc": real(3, 3), "bc": real(3)},
    """
u = sigmoid(Wu@x)
r = sigmoid(Wr@x)
q = r*h0
k = tanh(Wc@x + Uc@q + bc)
h = (1 - u)*h0 + u*k
L = sum((h - y)**2)/2
""",
    {
        "statements": style("""
dh = h - y
du = dh*(k - h0)
dk = dh*u
pre_k = dk*(1 - k**2)
dbc = pre_k
dWc = pre_k[:, None]*x
dUc = pre_k[:, None]*q
dq = Uc.T@pre_k
dr = dq*h0
pre_r = dr*r*(1 - r)
dWr = pre_r[:, None]*x
pre_u = du*u*(1 - u)
dWu = pre_u[:, None]*x
"""),
        "fused": style("""
dh = h - y
dbc = dh*u*(1 - k*k)
dWc = dbc[:, None]*x[None, :]
dUc = dbc[:, None]*(r*h0)[None, :]
dWr = ((Uc.T@dbc)*h0*r*(1 - r))[:, None]*x[None, :]
dWu = ((h - y)*k*u*(1 - u) - (h - y)*h0*u*(1 - u))[:, None]*x[None, :]
"""),
        "bare": style("""
dbc = (h - y)*u*(1 - k**2)
dWc = ((h - y)*u*(1 - k**2))[:, None]*x
dUc = ((h - y)*u*(1 - k**2))[:, None]*q
dWr = ((Uc.T@((h - y)*u*(1 - k**2)))*h0*r*(1 - r))[:, None]*x
dWu = ((h - y)*(k - h0)*u*(1 - u))[:, None]*x
"""),
    },
)

RNN = Kind(
    "rnn",
    {"x1": real(4, 2), "x2": real(4, 2), "x3": real(4, 2), "y": real(4)},
    {"W": real(2, 3), "U": real(3, 3), "b": real(3), "v": real(3)},
    """
h1 = tanh(x1@W + b)
h2 = tanh(x2@W + h1@U + b)
h3 = tanh(x3@W + h2@U + b)
yhat = h3@v
e = yhat - y
L = mean(e**2)
""",
    {
        "statements": style("""
n = len(y)
de = 2*e/n
dyhat = de
dv = h3.T@dyhat
dh3 = dyhat[:, None]*v
z3 = dh3*(1 - h3**2)
dh2 = z3@U.T
z2 = dh2*(1 - h2**2)
dh1 = z2@U.T
z1 = dh1*(1 - h1**2)
dW = x1.T@z1 + x2.T@z2 + x3.T@z3
dU = h1.T@z2 + h2.T@z3
db = z1.sum(axis=0) + z2.sum(axis=0) + z3.sum(axis=0)
"""),
        "step_by_step": style("""
# gradients gathered while time runs backwards
dyhat = 2*(yhat - y)/len(y)
dv = h3.T@dyhat
z3 = dyhat[:, None]*v[None, :]*(1 - h3*h3)
W_3 = x3.T@z3
U_3 = h2.T@z3
b_3 = sum(z3, axis=0)
z2 = z3@U.T*(1 - h2*h2)
W_2 = W_3 + x2.T@z2
U_2 = U_3 + h1.T@z2
b_2 = b_3 + sum(z2, axis=0)
z1 = z2@U.T*(1 - h1*h1)
dW = W_2 + x1.T@z1
dU = U_2
db = b_2 + sum(z1, axis=0)
"""),
        "at_the_weights": style("""
m = x1.shape[0]
z3 = (e[:, None]*v)*(1 - h3**2)
z2 = (z3@U.T)*(1 - h2**2)
z1 = (z2@U.T)*(1 - h1**2)
dv = 2/m*(e@h3)
dU = 2/m*(h1.T@z2 + h2.T@z3)
dW = 2/m*(x1.T@z1 + x2.T@z2 + x3.T@z3)
db = 2/m*sum(z1 + z2 + z3, axis=0)
"""),
    },
)

RESIDUAL = Kind(
    "residual",
    {"X": real(5, 3), "y": real(5)},
    {"W1": real(3, 4), "W2": real(4, 4), "W3": real(4, 4), "b3": real(4), "v": real(4)},
    """
h = tanh(X@W1)
a = h@W2
z = h@W3 + b3
k = sigmoid(z)
r = h + a*k
yhat = r@v
L = mean((yhat - y)**2)
""",
    {
        "statements": style("""
n = X.shape[0]
dyhat = 2*(yhat - y)/n
dv = r.T@dyhat
dr = dyhat[:, None]*v
da = dr*k
dk = dr*a
dz = dk*k*(1 - k)
dW2 = h.T@da
dW3 = h.T@dz
db3 = dz.sum(axis=0)
dh = dr + da@W2.T + dz@W3.T
dW1 = X.T@(dh*(1 - h**2))
"""),
        "fused": style("""
dyhat = 2*(yhat - y)/X.shape[0]
dv = dyhat@r
dr = dyhat[:, None]*v[None, :]
dz = dr*a*k*(1 - k)
dW2 = h.T@(dr*k)
dW3 = h.T@dz
db3 = sum(dz, axis=0)
dW1 = X.T@((dr + (dr*k)@W2.T + dz@W3.T)*(1 - h*h))
"""),
        "renamed": style(
            """
err = yhat - y
two_over_n = 2/len(y)
skip = two_over_n*err[:, None]*v
left = skip*k
right = skip*a*(k - k**2)
back_left = left@W2.T
back_right = right@W3.T
back = skip + back_left + back_right
inside = back*(1 - h**2)
g1 = X.T@inside
g2 = (left.T@h).T
g3 = (right.T@h).T
g3b = np.sum(right, axis=0)
gv = two_over_n*(r.T@err)
""",
            g1="W1",
            g2="W2",
            g3="W3",
            g3b="b3",
            gv="v",
        ),
    },
)

KINDS = (LSTM, GRU, RNN, RESIDUAL)
