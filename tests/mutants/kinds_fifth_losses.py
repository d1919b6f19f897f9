"""Fifth: losses: bags of which one member suffices, who comes first, a policy held back."""

from mutants.kinds import Kind, labels, positive, real, style

BAGS = Kind(
    "bags",
    {"X": real(5, 4, 3), "y": labels(2, 5)},
    {"w": real(3), "b": real()},
    """
z = X@w + b                   # a bag a row, its members side by side
q = sigmoid(z)
none = sum(log(1 - q), axis=1)
p = 1 - exp(none)             # one member suffices
L = -mean(y*log(p) + (1 - y)*none)
""",
    {
        "statements": style("""
n = len(y)
dp = -y/(n*p)
dnone = -dp*exp(none) - (1 - y)/n
dq = -dnone[:, None]/(1 - q)
dz = dq*q*(1 - q)
dw = sum(sum(dz[:, :, None]*X, axis=1), axis=0)
db = sum(dz)
"""),
        "fused": style("""
dnone = (y/p - 1)/len(y)
dz = -dnone[:, None]*q
dw = sum(sum(dz[:, :, None]*X, axis=0), axis=0)
db = sum(dz)
"""),
        "letters": style(
            """
m = X.shape[0]
r = 1 - y/p
g = r[:, None]*q
t = np.sum(g[:, :, None]*X, axis=1)
gw = np.mean(t, axis=0)
gb = np.sum(g)/m
""",
            gw="w",
            gb="b",
        ),
    },
)

PODIUM = Kind(
    "podium",
    {"A": real(6, 3), "B": real(6, 3), "C": real(6, 3)},
    {"W": real(3, 2), "b": real(2), "v": real(2)},
    """
HA = tanh(A@W + b)            # the first, the second and the third of each race
HB = tanh(B@W + b)
HC = tanh(C@W + b)
sa = HA@v
sb = HB@v
sc = HC@v
field = log(exp(sa) + exp(sb) + exp(sc))
rest = log(exp(sb) + exp(sc))  # once the first is gone
L = mean(field - sa) + mean(rest - sb)
""",
    {
        "statements": style("""
n = len(A)
dsa = (exp(sa - field) - 1)/n
dsb = (exp(sb - field) + exp(sb - rest) - 1)/n
dsc = (exp(sc - field) + exp(sc - rest))/n
dv = HA.T@dsa + HB.T@dsb + HC.T@dsc
dHA = outer(dsa, v)
dHB = outer(dsb, v)
dHC = outer(dsc, v)
preA = dHA*(1 - HA**2)
preB = dHB*(1 - HB**2)
preC = dHC*(1 - HC**2)
dW = A.T@preA + B.T@preB + C.T@preC
db = sum(preA, axis=0) + sum(preB, axis=0) + sum(preC, axis=0)
"""),
        "at_the_weights": style("""
dsa = exp(sa - field) - 1
dsc = exp(sc - field) + exp(sc - rest)
dsb = -dsa - dsc
preA = dsa[:, None]*v*(1 - HA**2)
preB = dsb[:, None]*v*(1 - HB**2)
preC = dsc[:, None]*v*(1 - HC**2)
dv = (HA.T@dsa + HB.T@dsb + HC.T@dsc)/len(A)
dW = (A.T@preA + B.T@preB + C.T@preC)/len(A)
db = mean(preA + preB + preC, axis=0)
"""),
    },
)

CLIPPED_POLICY = Kind(
    "clipped_policy",
    {
        **{"X": real(8, 3), "act": labels(3, 8), "old": real(8)},
        **{"adv": real(8), "ret": real(8), "cv": positive(), "ce": positive()},
    },
    {"W": real(3, 3), "b": real(3), "u": real(3), "c": real()},
    """
Z = X@W + b
lp = log_softmax(Z)
logp = sum(one_hot(act, 3)*lp, axis=1)
ratio = exp(logp - old)
free = ratio*adv
held = clip(ratio, 0.6, 1.8)*adv
P = softmax(Z)
ent = -sum(P*lp, axis=1)
value = X@u + c
L = -mean(minimum(free, held)) + cv*mean((value - ret)**2)/2 - ce*mean(ent)
""",
    {
        "statements": style("""
n = len(adv)
active = (free <= held)
dratio = -active*adv/n
dlogp = dratio*ratio
chosen = dlogp[:, None]*(one_hot(act, 3) - P)
spread = ce*P*(lp + ent[:, None])/n
dZ = chosen + spread
dW = X.T@dZ
db = sum(dZ, axis=0)
dvalue = cv*(value - ret)/n
du = X.T@dvalue
dc = sum(dvalue)
"""),
        "at_the_weights": style("""
m = X.shape[0]
dlogp = -(free <= held)*free
dZ = dlogp[:, None]*(one_hot(act, 3) - P) + ce*P*(lp + ent[:, None])
dvalue = cv*(value - ret)
dW = X.T@dZ/m
db = mean(dZ, axis=0)
du = dvalue@X/m
dc = mean(dvalue)
"""),
        "notebook": style(
            """
inv = 1/len(act)
gain = np.where(free > held, 0, free)
hot = one_hot(act, 3)
push = gain[:, None]*(P - hot)
calm = P*(np.log(P) + ent[:, None])
grad_Z = inv*(push + ce*calm)
err = inv*cv*(value - ret)
grad_W = (grad_Z.T@X).T
grad_b = np.sum(grad_Z, axis=0)
grad_u = X.T@err
grad_c = err.sum()
""",
            grad_W="W",
            grad_b="b",
            grad_u="u",
            grad_c="c",
        ),
    },
)

KINDS = (BAGS, PODIUM, CLIPPED_POLICY)
