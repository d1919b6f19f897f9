"""Fresh: losses of the literature: robust ones, of counts, penalties, of pairs and neighbours."""

from mutants.kinds import Kind, Numbers, labels, positive, real, style

HUBER = Kind(
    "huber",
    {"X": real(6, 3), "y": real(6), "delta": positive()},
    {"w": real(3), "b": real()},
    """
f = X@w + b
r = f - y
a = abs(r)
h = where(a <= delta, r**2/2, delta*(a - delta/2))
L = mean(h)
""",
    {
        "statements": style("""
n = len(y)
sign = where(r > 0, 1, -1)
dh = 1/n
dr = dh*where(a <= delta, r, delta*sign)
df = dr
dw = X.T@df
db = sum(df)
"""),
        "fused": style("""
df = clip(r, -delta, delta)/X.shape[0]
dw = X.T@df
db = df.sum()
"""),
        "helpers": style(
            """
small = (a <= delta)
large = 1 - small
direction = r/a
square_part = small*r
line_part = large*delta*direction
pull = square_part + line_part
each = pull/len(y)
g_w = each@X
g_b = each.sum()
""",
            g_w="w",
            g_b="b",
        ),
    },
)

POISSON = Kind(
    "poisson",
    {"X": real(6, 2), "y": positive(6), "t": positive(6)},
    {"w": real(2), "b": real()},
    """
eta = X@w + b
rate = t*exp(eta)             # t is the exposure
nll = rate - y*log(rate)
L = mean(nll)
""",
    {
        "statements": style("""
n = len(y)
dnll = 1/n
drate = dnll*(1 - y/rate)
deta = drate*rate
dw = X.T@deta
db = sum(deta)
"""),
        "at_the_weights": style("""
m = X.shape[0]
deta = rate - y
dw = X.T@deta/m
db = np.sum(deta)/m
"""),
        "bare": style("""
dw = X.T@(t*np.exp(X@w + b) - y)/len(y)
db = mean(rate) - mean(y)
"""),
        "helpers": style(
            """
n = X.shape[0]
linear = X@w + b
mu = t*np.exp(linear)
surplus = mu - y
slopes = X*surplus[:, None]
score_w = slopes.sum(axis=0)
score_b = surplus.sum()
grad_w = score_w/n
grad_b = score_b/n
""",
            grad_w="w",
            grad_b="b",
        ),
    },
)

ELASTIC_NET = Kind(
    "elastic_net",
    {"X": real(6, 4), "y": real(6), "alpha": positive(), "rho": positive()},
    {"w": real(4), "b": real()},
    """
yhat = X@w + b
e = y - yhat
fit = sum(e**2)/(2*X.shape[0])
lasso = sum(abs(w))
ridge = sum(w**2)/2
L = fit + alpha*(rho*lasso + (1 - rho)*ridge)
""",
    {
        "statements": style("""
n = X.shape[0]
dfit = 1.0
dlasso = alpha*rho
dridge = alpha*(1 - rho)
de = dfit*e/n
dyhat = -de
dw = X.T@dyhat + dlasso*where(w > 0, 1, -1) + dridge*w
db = sum(dyhat)
"""),
        "at_the_weights": style("""
m = len(y)
dyhat = yhat - y
dw = X.T@dyhat/m + alpha*rho*w/abs(w) + alpha*(1 - rho)*w
db = np.sum(dyhat)/m
"""),
        "helpers": style(
            """
residual = yhat - y
scores = X.T@residual
data_part = scores/len(residual)
signs = w/np.abs(w)
l1_part = rho*signs
l2_part = (1 - rho)*w
penalty_part = alpha*(l1_part + l2_part)
grad_w = data_part + penalty_part
grad_b = residual.mean()
""",
            grad_w="w",
            grad_b="b",
        ),
    },
)

DISTILLATION = Kind(
    "distillation",
    {
        "X": real(4, 3),
        "Q": Numbers((4, 3), form="shares"),
        "y": labels(3, 4),
        "tau": positive(),
        "mix": positive(),
    },
    {"W": real(3, 3), "b": real(3)},
    """
z = X@W + b
soft = -mean(sum(Q*log_softmax(z/tau), axis=1))
hard = cross_entropy(z, y)
L = mix*tau**2*soft + (1 - mix)*hard
""",
    {
        "statements": style("""
n = len(y)
dsoft = mix*tau**2
dhard = 1 - mix
P = softmax(z/tau)
to_teacher = (P - Q)/(n*tau)
to_labels = (softmax(z) - one_hot(y, 3))/n
dz = dsoft*to_teacher + dhard*to_labels
dW = X.T@dz
db = sum(dz, axis=0)
"""),
        "at_the_weights": style("""
m = X.shape[0]
dz = mix*tau*(softmax(z/tau) - Q) + (1 - mix)*(softmax(z) - one_hot(y, 3))
dW = X.T@dz/m
db = np.sum(dz, axis=0)/m
"""),
        "bare": style("""
dW = (mix*tau*X.T@(softmax(z/tau) - Q) + (1 - mix)*X.T@(softmax(z) - one_hot(y, 3)))/len(X)
db = mean(mix*tau*(softmax(z/tau) - Q) + (1 - mix)*(softmax(z) - one_hot(y, 3)), axis=0)
"""),
    },
)

CONTRASTIVE = Kind(
    "contrastive",
    {"X": real(4, 3), "Z": real(4, 2), "y": labels(4, 4)},
    {"Wx": real(3, 2), "Wz": real(2, 2), "t": real()},
    """
A = X@Wx
B = Z@Wz
k = exp(t)                    # one over the temperature, learnt
S = k*(A@B.T)
rows = cross_entropy(S, y)
cols = cross_entropy(S.T, y)
L = (rows + cols)/2
""",
    {
        "statements": style("""
n = len(y)
Y = one_hot(y, 4)
drows = 1/2
dcols = 1/2
along_rows = drows*(softmax(S) - Y)/n
along_cols = dcols*(softmax(S.T) - Y)/n
dS = along_rows + along_cols.T
dk = sum(dS*(A@B.T))
dt = dk*k
dA = k*dS@B
dB = k*dS.T@A
dWx = X.T@dA
dWz = Z.T@dB
"""),
        "fused": style("""
Y = one_hot(y, 4)
dS = (softmax(S) + softmax(S.T).T - Y - Y.T)/(2*len(y))
dt = sum(dS*S)
dWx = k*(X.T@(dS@B))
dWz = k*(Z.T@(dS.T@A))
"""),
        "helpers": style(
            """
batch = X.shape[0]
target = one_hot(y, 4)
right = softmax(S, axis=1)
down = softmax(S, axis=0)
miss_right = right - target
miss_down = down - target.T
miss = (miss_right + miss_down)/2
score_grad = miss/batch
inner_grad = score_grad*k
left_grad = inner_grad@B
other_grad = inner_grad.T@A
grad_Wx = X.T@left_grad
grad_Wz = Z.T@other_grad
grad_t = np.sum(score_grad*S)
""",
            grad_Wx="Wx",
            grad_Wz="Wz",
            grad_t="t",
        ),
    },
)

SKIP_GRAM = Kind(
    "skip_gram",
    {"centre": labels(5, 6), "context": labels(5, 6), "noise": labels(5, 6)},
    {"E": real(5, 3), "C": real(5, 3)},
    """
v = take(E, centre)
u = take(C, context)
k = take(C, noise)
pos = sum(v*u, axis=1)
neg = sum(v*k, axis=1)
L = mean(softplus(-pos) + softplus(neg))
""",
    {
        "statements": style("""
n = len(centre)
dpos = -sigmoid(-pos)/n
dneg = sigmoid(neg)/n
dv = dpos[:, None]*u + dneg[:, None]*k
du = dpos[:, None]*v
dk = dneg[:, None]*v
dE = one_hot(centre, 5).T@dv
dC = one_hot(context, 5).T@du + one_hot(noise, 5).T@dk
"""),
        "at_the_weights": style("""
m = len(centre)
dpos = -sigmoid(-pos)[:, None]
dneg = sigmoid(neg)[:, None]
dE = one_hot(centre, 5).T@(dpos*u + dneg*k)/m
dC = (one_hot(context, 5).T@(dpos*v) + one_hot(noise, 5).T@(dneg*v))/m
"""),
        "helpers": style(
            """
weight = 1/len(context)
hot_centre = one_hot(centre, 5)
hot_context = one_hot(context, 5)
hot_noise = one_hot(noise, 5)
err_true = sigmoid(pos) - 1
err_noise = sigmoid(neg)
up_true = weight*err_true[:, None]
up_noise = weight*err_noise[:, None]
centre_rows = up_true*u + up_noise*k
true_rows = up_true*v
noise_rows = up_noise*v
grad_in = hot_centre.T@centre_rows
grad_out = hot_context.T@true_rows + hot_noise.T@noise_rows
""",
            grad_in="E",
            grad_out="C",
        ),
        "bare": style("""
dE = one_hot(centre, 5).T@(sigmoid(neg)[:, None]*k - sigmoid(-pos)[:, None]*u)/len(centre)
dC = (one_hot(noise, 5)*sigmoid(neg)[:, None] - one_hot(context, 5)*sigmoid(-pos)[:, None]).T@v/6
"""),
    },
)

KINDS = (HUBER, POISSON, ELASTIC_NET, DISTILLATION, CONTRASTIVE, SKIP_GRAM)
