"""Sound passes of the seventh set that look unusual: other conventions, equal rewrites, detours."""

from mutants.kinds import style

SOUND = {
    ("tweedie", "two_sums"): style("""
low = expo*exp(eta - power*eta)/len(y)
mean_part = low*exp(eta)
seen_part = low*y
dw = X.T@mean_part - X.T@seen_part
db = sum(mean_part) - seen_part.sum()
"""),
    ("noisy_labels", "joint_chances"): style("""
both = P[:, :, None]*N        # rows, what it is, what it is taken for
told = both*one_hot(y, 3)[:, None, :]
share = told/sum(sum(told, axis=2), axis=1)[:, None, None]
dZ = (P - sum(share, axis=2))/len(y)
seen = mean(share, axis=0)
dT = N*sum(seen, axis=1)[:, None] - seen
dW = (dZ.T@X).T
db = mean(P, axis=0) - sum(seen, axis=1)
"""),
    ("planar_flow", "what_is_lost"): style("""
m = len(X)
lost = 1 - det                # of the volume
ratio = bend/det
da = bend*(X@u) + bend*h*(u@u) + 2*s*h*ratio
dw = da@X/m - mean(ratio)*u
du = (h@X + (h@h)*u)/m - mean(ratio)*w
db = mean((X@u + h*(u@u))*bend) - mean(2*h*lost/det)
"""),
    ("preferences", "by_logits"): style("""
G = one_hot(good, 4)
D = one_hot(bad, 4) - G
from_logits = sum(D*Z, axis=1) + rg - rb
push = beta/(1 + exp(-beta*from_logits))
calm = anchor*(softmax(Z) - G)
dW = ((push[:, None]*D + calm).T@X).T/len(X)
db = mean(push[:, None]*D, axis=0) + calm.mean(axis=0)
"""),
    ("rotary", "angles_first"): style("""
G = O - Y
back = P*(G@v.T - sum(G*O, axis=1)[:, None])*sqrt(0.5)/len(Y)
a = back@kr
b = (qr.T@back).T
df = sum(t[:, None]*(a*(q@J) + b*(k@J))*c, axis=0) - t@(a*q*s + b*k*s)
left = X.T@(a*c)
dWq = left + (X.T@(a*s))@J.T
dWk = X.T@(b*c) + (X.T@(b*s))@J.T
dWv = X.T@(P.T@G)/len(Y)
"""),
    ("squared_scores", "from_the_root"): style("""
lack = 2*(Y - O)/Y.shape[1]
root = sqrt(A/len(X))         # is the positive part of the scores, by the places
dB = -2*root/len(Y)*(lack@v.T)
dQ = (X.T@dB)@(X@K)
dK = (dB@X).T@q
dV = -X.T@A.T@lack/len(Y)
"""),
    ("separable", "sides_apart"): style("""
m = len(Y)
e = (O - Y)/m
up = (D > 0)*(e@P.T)
down = e@P.T - up
dD = 2*up + down/5
dP = H.T@e + H.T@e
dc = 2*(mean(O, axis=0) - mean(Y, axis=0))
left = k0 - k1
right = k2 - k1
dk0 = sum(dD*X0, axis=0) + lam*left
dk1 = sum(dD*X1, axis=0) - lam*(left + right)
dk2 = sum(dD*X2, axis=0) + lam*right
db = sum(dD, axis=0)
"""),
    ("oscillators", "forces"): style("""
miss = (o - y)/len(y)
v3 = h*outer(miss, v)         # on the speeds; what is on a place is the same by the time
f3 = h*v3*(1 - a3**2)
u2 = v3/h - h*g*v3 + f3@W.T
v2 = v3 + h*u2 - h*e*v3 + f3@R.T
f2 = h*(v2 - v2*a2*a2)
u1 = u2 - h*g*v2 + (W@f2.T).T
v1 = v2 + h*u1 - h*e*v2 + (R@f2.T).T
f1 = h*(v1 - v1*a1*a1)
dU = x1.T@f1 + x2.T@f2 + x3.T@f3
dW = h*s1.T@f2 + (h*s1 + h*s2).T@f3
dR = s1.T@f2 + s2.T@f3
db = sum(f1, axis=0) + sum(f2, axis=0) + sum(f3, axis=0)
dv = miss@p3
dc = mean(o) - mean(y)
dlg = -g*sum(v2*h**2*s1 + v3*h**2*(s1 + s2))
dle = -h*e*sum(s1*v2) - h*e*sum(s2*v3)
"""),
    ("predators", "eaten_and_born"): style("""
eat0 = 0.1*b*f0
eat1 = 0.1*b*f1
eat2 = 0.1*b*f2
born0 = 0.1*c*e0
born1 = 0.1*c*e1
born2 = 0.1*c*e2
lu = u3 - p3
lv = v3 - q3
mu = (u2 - p2) + lu + born2*lv
mv = (v2 - q2) + lv - eat2*lu
nu = (u1 - p1) + mu + born1*mv
nv = (v1 - q1) + mv - eat1*mu
du0 = nu + born0*nv
dv0 = nv - eat0*nu
dla = a*(lu + mu + nu)/10
dlb = -(nu*eat0 + mu*eat1 + lu*eat2)
dlc = nv*born0 + mv*born1 + lv*born2
dld = -d*(lv + mv + nv)/10
"""),
    ("yield_curve", "slopes_in_time"): style("""
r = (yhat - y)/len(y)
twice = r + r
db0 = 2*mean(yhat) - 2*mean(y)
db1 = twice@load
db2 = db1 - twice@exp(-x)
dls = b1*(twice@(load - exp(-x))) + b2*(twice@(hump - x + x*x*load))
"""),
    ("production", "elasticities"): style("""
g = (z - lq)/len(lq)
odds = exp(s + rho*(lN - lK)) # of capital's part against labour's
part = odds/(1 + odds)
da = mean(z) - mean(lq)
ds = (share*sum(g) - g@part)/rho
dp = g@(a - z) + g@lN + (g*part)@(lK - lN)
"""),
    ("nested_choice", "shares_of_all"): style("""
n = na + nb + nc
sb = sigmoid(tb - ta)         # of the nest
sa = 1 - sb
sn = sigmoid(nest - vc)
over = n*sn - na - nb
swing = (na*sb - nb*sa)/mu
T = sum(n)
dva = (over*sa - swing)/T
dvb = (over*sb + swing)/T
dw = A.T@dva + B.T@dvb - C.T@over/T
dca = sum(dva)
dcb = (sum(over) - dca*T)/T
dlm = mu*(1 - mu)*(over@(inside - sa*ta - sb*tb) - swing@(tb - ta))/T
"""),
}
"""By kind and what is unusual; they are judged, and no mistakes are put into them."""
