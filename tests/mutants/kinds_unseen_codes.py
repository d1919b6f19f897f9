"""Unseen: codes and reparametrised weights: tied, low-rank, normalised, drawn, by distance."""

from mutants.kinds import Kind, labels, positive, real, style

TIED = Kind(
    "tied_autoencoder",
    {"X": real(5, 4)},
    {"W": real(4, 3), "b": real(3), "c": real(4)},
    """
H = sigmoid(X@W + b)
R = H@W.T + c                 # the encoder's weights again
E = R - X
L = sum(E**2)/(2*X.shape[0])
""",
    {
        "statements": style("""
n = X.shape[0]
dE = E/n
dR = dE
dc = dR.sum(axis=0)
dH = dR@W
a = dH*H*(1 - H)
db = a.sum(axis=0)
encoder = X.T@a
decoder = dR.T@H
dW = encoder + decoder
"""),
        "at_the_weights": style("""
N = len(X)
dR = R - X
delta = (dR@W)*(H - H**2)
dW = (X.T@delta + dR.T@H)/N
db = np.sum(delta, axis=0)/N
dc = np.sum(dR, axis=0)/N
"""),
        "source": style(
            """
err = E/len(E)
through = err@W
slope = H*(1 - H)
hidden = slope*through
W_enc = (hidden.T@X).T
W_dec = (H.T@err).T
W_grad = W_dec + W_enc
b_grad = np.sum(hidden, axis=0)
c_grad = np.sum(err, axis=0)
""",
            W_grad="W",
            b_grad="b",
            c_grad="c",
        ),
        "bare": style("""
dc = mean(R - X, axis=0)
db = mean(E@W*H*(1 - H), axis=0)
dW = (E.T@H + X.T@(E@W*H*(1 - H)))/X.shape[0]
"""),
    },
)

LOW_RANK = Kind(
    "low_rank",
    {"X": real(5, 4), "W0": real(4, 3), "scale": positive(), "y": labels(3, 5)},
    {"A": real(4, 2), "B": real(2, 3), "b": real(3)},
    """
K = X@A
Z = X@W0 + scale*(K@B) + b    # W0 is frozen
L = cross_entropy(Z, y)
""",
    {
        "statements": style("""
n = len(y)
prob = softmax(Z)
dZ = (prob - one_hot(y, 3))/n
db = sum(dZ, axis=0)
dB = scale*(K.T@dZ)
dK = scale*(dZ@B.T)
dA = X.T@dK
"""),
        "at_the_weights": style("""
m = X.shape[0]
dZ = softmax(Z) - one_hot(y, 3)
full = X.T@dZ                 # of the product A@B
dA = scale*full@B.T/m
dB = scale*A.T@full/m
db = np.mean(dZ, axis=0)
"""),
        "source": style(
            """
probs = np.exp(Z - logsumexp(Z, axis=1, keepdims=True))
hot = one_hot(y, 3)
logit_grad = (probs - hot)/y.shape[0]
scaled = scale*logit_grad
gB = (scaled.T@K).T
down = scaled@B.T
gA = (down.T@X).T
gb = logit_grad.sum(axis=0)
""",
            gA="A",
            gB="B",
            gb="b",
        ),
    },
)

WEIGHT_NORM = Kind(
    "weight_norm",
    {"X": real(6, 3), "y": labels(3, 6)},
    {"V": real(3, 3), "g": positive(3), "b": real(3)},
    """
size = sqrt(sum(V**2, axis=0))
U = V/size
W = g*U
Z = X@W + b
L = cross_entropy(Z, y)
""",
    {
        "statements": style("""
n = len(y)
dZ = (softmax(Z) - one_hot(y, 3))/n
db = dZ.sum(axis=0)
dW = X.T@dZ
dg = sum(dW*U, axis=0)
dU = dW*g
dsize = -sum(dU*V, axis=0)/size**2
dV = dU/size + dsize*V/size
"""),
        "fused": style("""
dZ = (softmax(Z) - one_hot(y, 3))/X.shape[0]
dW = X.T@dZ
dg = (dW*V).sum(axis=0)/size
dV = g/size*dW - g*dg/size**2*V
db = np.sum(dZ, axis=0)
"""),
        "helpers": style(
            """
m = X.shape[0]
miss = softmax(Z) - one_hot(y, 3)
full = X.T@miss
along = np.sum(full*U, axis=0)
across = full - U*along
ratio = g/size
nabla_V = ratio*across/m
nabla_g = along/m
nabla_b = miss.mean(axis=0)
""",
            nabla_V="V",
            nabla_g="g",
            nabla_b="b",
        ),
    },
)

VARIATIONAL = Kind(
    "variational",
    {"X": real(5, 3), "eps": real(5, 2), "beta": positive()},
    {"Wm": real(3, 2), "Ws": real(3, 2), "bs": real(2), "D": real(2, 3)},
    """
mu = X@Wm
s = X@Ws + bs                 # the logarithm of the variance
sigma = exp(s/2)
z = mu + sigma*eps
R = z@D
fit = sum((R - X)**2)/(2*X.shape[0])
kl = mean(sum(mu**2 + exp(s) - s - 1, axis=1))/2
L = fit + beta*kl
""",
    {
        "statements": style("""
n = len(X)
dfit = 1.0
dkl = beta
dR = dfit*(R - X)/n
dD = z.T@dR
dz = dR@D.T
dmu = dz + dkl*mu/n
dsigma = dz*eps
ds = dsigma*sigma/2 + dkl*(exp(s) - 1)/(2*n)
dWm = X.T@dmu
dWs = X.T@ds
dbs = sum(ds, axis=0)
"""),
        "at_the_weights": style("""
B = X.shape[0]
dR = R - X
dz = dR@D.T
dmu = dz + beta*mu
ds = 0.5*eps*sigma*dz + 0.5*beta*(sigma**2 - 1)
dD = z.T@dR/B
dWm = X.T@dmu/B
dWs = X.T@ds/B
dbs = ds.mean(axis=0)
"""),
        "source": style(
            """
inv = 1/X.shape[0]
recon = inv*(R - X)
grad_D = (recon.T@z).T
code = recon@D.T
kl_mu = beta*inv*mu
kl_s = beta*inv*(np.exp(s) - 1)/2
noise = (z - mu)/2
mu_grad = code + kl_mu
s_grad = code*noise + kl_s
grad_Wm = X.T@mu_grad
grad_Ws = X.T@s_grad
grad_bs = s_grad.sum(axis=0)
""",
            grad_D="D",
            grad_Wm="Wm",
            grad_Ws="Ws",
            grad_bs="bs",
        ),
    },
)

RADIAL = Kind(
    "radial",
    {"X": real(5, 2), "y": real(5)},
    {"C": real(3, 2), "t": real(), "w": real(3), "b": real()},
    """
D = sum(X**2, axis=1)[:, None] - 2*X@C.T + sum(C**2, axis=1)[None, :]
gamma = exp(t)
K = exp(-gamma*D)             # a column a centre
yhat = K@w + b
L = mean((yhat - y)**2)/2
""",
    {
        "statements": style("""
n = X.shape[0]
dyhat = (yhat - y)/n
db = sum(dyhat)
dw = K.T@dyhat
dK = dyhat[:, None]*w
dD = -gamma*dK*K
dgamma = -sum(dK*K*D)
dt = dgamma*gamma
dC = 2*C*sum(dD, axis=0)[:, None] - 2*dD.T@X
"""),
        "at_the_weights": style("""
m = len(y)
dyhat = yhat - y
G = np.outer(dyhat, w)*K
dC = 2*gamma*(G.T@X - C*G.sum(axis=0)[:, None])/m
dt = -gamma*np.sum(G*D)/m
dw = dyhat@K/m
db = dyhat.mean()
"""),
        "helpers": style(
            """
resid = (y - yhat)/len(y)
pull = resid[:, None]*K*w[None, :]
mass = pull.sum(axis=0)
moved = pull.T@X - mass[:, None]*C
gC = -2*gamma*moved
gt = gamma*np.sum(pull*D)
gw = -(K.T@resid)
gb = -np.sum(resid)
""",
            gC="C",
            gt="t",
            gw="w",
            gb="b",
        ),
    },
)

KINDS = (TIED, LOW_RANK, WEIGHT_NORM, VARIATIONAL, RADIAL)
