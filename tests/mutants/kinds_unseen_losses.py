"""Unseen: losses of the literature: quantiles, ranks, triplets, policies, mixtures, codes."""

from mutants.kinds import Kind, labels, positive, real, style

QUANTILE = Kind(
    "quantile",
    {"X": real(6, 2), "y": real(6), "tau": positive()},
    {"W1": real(2, 3), "b1": real(3), "w2": real(3), "b2": real()},
    """
H = tanh(X@W1 + b1)
f = H@w2 + b2
u = y - f
L = mean(maximum(tau*u, (tau - 1)*u))
""",
    {
        "statements": style("""
n = len(y)
du = where(u > 0, tau, tau - 1)/n
df = -du
db2 = df.sum()
dw2 = H.T@df
dH = df[:, None]*w2[None, :]
pre = dH*(1 - H**2)
db1 = pre.sum(axis=0)
dW1 = X.T@pre
"""),
        "at_the_weights": style("""
N = X.shape[0]
below = (u < 0)
delta2 = below - tau
delta1 = np.outer(delta2, w2)*(1 - H*H)
dW1 = X.T@delta1/N
db1 = np.sum(delta1, axis=0)/N
dw2 = delta2@H/N
db2 = np.sum(delta2)/N
"""),
        "source": style(
            """
check = np.where(u >= 0, -tau, 1 - tau)
signal = check/u.shape[0]
grad_w2 = np.sum(H*signal[:, None], axis=0)
grad_b2 = np.sum(signal)
slope = (1 - H)*(1 + H)
back = signal[:, None]*slope*w2
grad_W1 = (back.T@X).T
grad_b1 = np.sum(back, axis=0)
""",
            grad_w2="w2",
            grad_b2="b2",
            grad_W1="W1",
            grad_b1="b1",
        ),
    },
)

ORDINAL = Kind(
    "ordinal",
    {"X": real(6, 2), "low": labels(2, 6), "mid": labels(2, 6), "high": labels(2, 6)},
    {"w": real(2), "cut": real(), "gap": real()},
    """
f = X@w
p1 = sigmoid(cut - f)            # at most the lowest class
p2 = sigmoid(cut + exp(gap) - f) # at most the middle one
between = p2 - p1
ll = low*log(p1) + mid*log(between) + high*log(1 - p2)
L = -mean(ll)
""",
    {
        "statements": style("""
n = len(low)
dll = -1/n
dbetween = dll*mid/between
dp1 = dll*low/p1 - dbetween
dp2 = dbetween - dll*high/(1 - p2)
t1 = dp1*p1*(1 - p1)
t2 = dp2*p2*(1 - p2)
df = -(t1 + t2)
dw = X.T@df
dcut = sum(t1) + sum(t2)
dgap = sum(t2)*exp(gap)
"""),
        "fused": style("""
s1 = p1*(1 - p1)
s2 = p2*(1 - p2)
up1 = mid*s1/between - low*(1 - p1)
up2 = high*p2 - mid*s2/between
df = -(up1 + up2)/X.shape[0]
dw = df@X
dcut = -df.sum()
dgap = np.exp(gap)*np.mean(up2)
"""),
        "helpers": style(
            """
inv_n = 1/X.shape[0]
growth = np.exp(gap)
w_low = low/p1
w_mid = mid/between
w_high = high/(1 - p2)
g_p1 = w_mid - w_low
g_p2 = w_high - w_mid
g_first = g_p1*(p1 - p1**2)*inv_n
g_second = g_p2*(p2 - p2**2)*inv_n
both = g_first + g_second
w_grad = -(X.T@both)
cut_grad = both.sum()
gap_grad = growth*g_second.sum()
""",
            w_grad="w",
            cut_grad="cut",
            gap_grad="gap",
        ),
    },
)

TRIPLET = Kind(
    "triplet",
    {"A": real(5, 3), "P": real(5, 3), "N": real(5, 3), "margin": positive()},
    {"W": real(3, 2), "b": real(2)},
    """
a = A@W + b
p = tanh(P@W + b)
n = tanh(N@W + b)
near = sum((a - p)**2, axis=1)
far = sum((a - n)**2, axis=1)
h = relu(near - far + margin)
L = mean(h)
""",
    {
        "statements": style("""
m = len(h)
active = (h > 0)
dnear = active/m
dfar = -active/m
da = 2*dnear[:, None]*(a - p) + 2*dfar[:, None]*(a - n)
dp = -2*dnear[:, None]*(a - p)
dn = -2*dfar[:, None]*(a - n)
pre_p = dp*(1 - p**2)
pre_n = dn*(1 - n**2)
dW = A.T@da + P.T@pre_p + N.T@pre_n
db = sum(da + pre_p + pre_n, axis=0)
"""),
        "at_the_weights": style("""
on = (near + margin > far)[:, None]
da = 2*on*(n - p)
zp = 2*on*(p - a)*(1 - p*p)
zn = 2*on*(a - n)*(1 - n*n)
dW = (A.T@da + P.T@zp + N.T@zn)/A.shape[0]
db = np.mean(da + zp + zn, axis=0)
"""),
        "source": style(
            """
batch = A.shape[0]
hit = np.where(h > 0, 1.0, 0.0)
coef = 2*hit[:, None]/batch
to_p = a - p
to_n = a - n
anchor = coef*to_p - coef*to_n
positive = -coef*to_p*(1 - p**2)
negative = coef*to_n*(1 - n**2)
gW_anchor = A.T@anchor
gW_pos = P.T@positive
gW_neg = N.T@negative
gW = gW_anchor + gW_pos + gW_neg
gb = anchor.sum(axis=0) + positive.sum(axis=0) + negative.sum(axis=0)
""",
            gW="W",
            gb="b",
        ),
    },
)

RANKING = Kind(
    "ranking",
    {"X": real(5, 3), "M": labels(2, 5, 5)},
    {"W": real(3, 4), "v": real(4)},
    """
H = tanh(X@W)
s = H@v
D = s[:, None] - s[None, :]
C = M*softplus(-D)            # M is 1 where the row should rank above the column
L = sum(C)/sum(M)
""",
    {
        "statements": style("""
pairs = sum(M)
dC = 1/pairs
dD = -dC*M*sigmoid(-D)
ds = sum(dD, axis=1) - sum(dD, axis=0)
dv = H.T@ds
dH = ds[:, None]*v
z = dH*(1 - H**2)
dW = X.T@z
"""),
        "fused": style("""
lam = M*(sigmoid(D) - 1)
ds = (lam.sum(axis=1) - lam.T.sum(axis=1))/M.sum()
dv = ds@H
dW = X.T@(outer(ds, v)*(1 - H*H))
"""),
        "helpers": style(
            """
total = M.sum()
inverted = 1/(1 + np.exp(D))
force = M*inverted
won = force.sum(axis=1)
lost = force.sum(axis=0)
score_grad = lost - won
dL_dv = H.T@score_grad/total
hidden_grad = score_grad[:, None]*v[None, :]
local = 1 - H**2
dL_dW = X.T@(hidden_grad*local)/total
""",
            dL_dv="v",
            dL_dW="W",
        ),
    },
)

POLICY = Kind(
    "policy",
    {"X": real(5, 3), "acts": labels(3, 5), "adv": real(5), "c": positive()},
    {"W": real(3, 3), "b": real(3)},
    """
Z = X@W + b
logp = log_softmax(Z)
P = exp(logp)
chosen = sum(one_hot(acts, 3)*logp, axis=1)
H = -sum(P*logp, axis=1)      # entropy
gain = mean(adv*chosen)
L = -gain - c*mean(H)
""",
    {
        "statements": style("""
T = len(adv)
dgain = -1.0
dH = -c/T
dchosen = dgain*adv/T
dP = -dH*logp
dlogp = dchosen[:, None]*one_hot(acts, 3) - dH*P + dP*P
dZ = dlogp - P*sum(dlogp, axis=1, keepdims=True)
dW = X.T@dZ
db = dZ.sum(axis=0)
"""),
        "fused": style("""
Y = one_hot(acts, 3)
dZ = (adv[:, None]*(P - Y) + c*P*(logp + H[:, None]))/X.shape[0]
dW = X.T@dZ
db = np.sum(dZ, axis=0)
"""),
        "product_rule": style("""
n = X.shape[0]
slope = 1 + logp              # of P*log(P); the 1 goes in the softmax
bonus = c*slope/n
score = bonus - adv[:, None]*one_hot(acts, 3)/(n*P)
dZ = P*(score - sum(P*score, axis=1, keepdims=True))
dW = X.T@dZ
db = dZ.sum(axis=0)
"""),
        "source": style(
            """
steps = X.shape[0]
taken = one_hot(acts, 3)
score = taken - P
reinforce = adv[:, None]*score
surprise = -logp - H[:, None]
bonus = c*P*surprise
ascent = reinforce + bonus
grad_W = -(X.T@ascent)/steps
grad_b = -ascent.mean(axis=0)
""",
            grad_W="W",
            grad_b="b",
        ),
    },
)

MIXTURE = Kind(
    "mixture",
    {"X": real(6, 2), "y": real(6)},
    {"Wa": real(2, 2), "Wm": real(2, 2), "bm": real(2), "s": real(2)},
    """
A = X@Wa                      # a column a component
M = X@Wm + bm
d = y[:, None] - M
q = log_softmax(A) - s - d**2/(2*exp(2*s))
ll = logsumexp(q, axis=1)
L = -mean(ll)
""",
    {
        "statements": style("""
n = len(y)
dll = -1/n
r = softmax(q)                # responsibilities
dq = dll*r
dA = dq - softmax(A)*sum(dq, axis=1, keepdims=True)
error_grad = -dq*d/exp(2*s)
dM = -error_grad
ds = sum(dq*(d**2/exp(2*s) - 1), axis=0)
dWa = X.T@dA
dWm = X.T@dM
dbm = sum(dM, axis=0)
"""),
        "at_the_weights": style("""
n = X.shape[0]
R = softmax(q, axis=1)
prec = np.exp(-2*s)
dA = softmax(A, axis=1) - R
dM = R*(M - y[:, None])*prec
dWa = X.T@dA/n
dWm = X.T@dM/n
dbm = dM.sum(axis=0)/n
ds = np.mean(R*(1 - d**2*prec), axis=0)
"""),
        "source": style(
            """
joint = np.exp(q)
evidence = joint.sum(axis=1, keepdims=True)
resp = joint/evidence
prior = softmax(A)
weight = 1/len(y)
variance = np.exp(s)**2
logit_grad = weight*(prior - resp)
mean_grad = -weight*resp*d/variance
std = d**2/variance
s_bar = np.sum(weight*resp*(1 - std), axis=0)
Wa_bar = X.T@logit_grad
Wm_bar = (mean_grad.T@X).T
bm_bar = np.sum(mean_grad, axis=0)
""",
            s_bar="s",
            Wa_bar="Wa",
            Wm_bar="Wm",
            bm_bar="bm",
        ),
    },
)

KINDS = (QUANTILE, ORDINAL, TRIPLET, RANKING, POLICY, MIXTURE)
