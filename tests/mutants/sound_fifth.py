"""Sound passes of the fifth set that look unusual: other conventions, equal rewrites, detours."""

from mutants.kinds import style

SOUND = {
    ("scaling_law", "shares_of_the_whole"): style("""
bent = r/sqrt(r*r + 1)
first = 1/(1 + exp(B - A) + exp(e - A))
second = 1/(1 + exp(A - B) + exp(e - B))
dalpha = -mean(bent*first*lN)
dbeta = -(second*lD)@bent/len(y)
da = mean(bent*first)
db = mean(bent*second)
de = mean(bent - bent*first - bent*second)
"""),
    ("biweight", "by_expansion"): style("""
inside = (c - abs(e) > 0)
psi = inside*(e - 2*e**3/c**2 + e**5/c**4)
dw = mean(psi[:, None]*X, axis=0)
db = sum(inside*e*v**2)/len(e)
"""),
    ("log_logistic", "by_branch"): style("""
push = where(seen > 0, tanh(z/2), sigmoid(z))
deta = -push/(sigma*len(lt))
dw = deta@X
db = deta.sum()
ds = deta@(lt - eta) + mean(seen)
"""),
    ("garch", "sensitivities"): style(
        """
t1 = (1/v1 - (e1/v1)**2)/2    # of the loss to each variance alone
t2 = (1/v2 - (e2/v2)**2)/2
t3 = (1/v3 - (e3/v3)**2)/2
both = 1 + b
start = v1*(t1 + b*t2 + b**2*t3)
level = w*(t2 + both*t3)
shock = a*(1 - a)*(t2*e1**2 + t3*(e2**2 + b*e1**2))
hold = b*(1 - b)*(t2*v1 + t3*(v2 + b*v1))
middle = -e1/v1 - e2/v2 - e3/v3 - 2*a*(t2*e1 + t3*(e2 + b*e1))
""",
        start="l0",
        level="lw",
        shock="la",
        hold="lb",
        middle="mu",
    ),
    ("bags", "from_the_sums"): style("""
lift = where(y > 0, 1 - 1/p, 1)/X.shape[0]
each = sum(q[:, :, None]*X, axis=1)
dw = lift@each
db = lift@sum(q, axis=1)
"""),
    ("podium", "differences"): style("""
n = len(A)
pa = 1/(1 + exp(sb - sa) + exp(sc - sa))
pb = sigmoid(sb - sc)
dsa = (pa - 1)/n
dsb = (pb*(2 - pa) - 1)/n
dsc = (1 - pb)*(2 - pa)/n
far = outer(dsa, v)*(1 - HA)*(1 + HA)
mid = outer(dsb, v)*(1 - HB)*(1 + HB)
low = outer(dsc, v)*(1 - HC)*(1 + HC)
dW = A.T@far + B.T@mid + C.T@low
db = sum(far + mid + low, axis=0)
dv = dsa@(HA - HB) + dsc@(HC - HB)
"""),
    ("clipped_policy", "sides_apart"): style("""
n = len(act)
above = (adv > 0)*(ratio > 1.8)
below = (adv < 0)*(ratio < 0.6)
dlogp = (above + below - 1)*adv*ratio/n
hot = one_hot(act, 3)
calm = P*lp - P*sum(P*lp, axis=1, keepdims=True)
dZ = dlogp[:, None]*hot - dlogp[:, None]*P + ce*calm/n
dW = X.T@dZ
db = dZ.sum(axis=0)
du = cv*(X.T@value - X.T@ret)/n
dc = cv*(mean(value) - mean(ret))
"""),
    ("physics_informed", "signs_turned"): style("""
m = len(t)
lack = -r                     # everything from what is lacking
curl = slope*h*(w*v)
dz = (2*lack[:, None]*curl - k*outer(lack, v)*slope)/m
dv = gap*h0 - (w*(lack@slope) + k*(lack@h))/m
db = dz.sum(axis=0) + gap*v - gap*v*h0**2
dw = dz.T@t - lack@slope*v/m
dlk = k*mean(u*r)
"""),
    ("sine_layers", "phases"): style("""
quarter = 2*0.78539816339744831
dO = (O - Y)/(len(X)/2)
dZ2 = omega*(W3@dO.T).T*sin(omega*Z2 + quarter)
dZ1 = (W2@dZ2.T).T*sin(omega*Z1 + quarter)*omega
dW1 = (dZ1.T@X).T
dW2 = (dZ2.T@H1).T
dW3 = (dO.T@H2).T
db1 = dZ1.sum(axis=0)
db2 = dZ2.sum(axis=0)
db3 = 2*mean(O - Y, axis=0)
"""),
    ("coupling_flow", "logs_first"): style("""
n = len(x1)
down2 = z1*(z1 - t2) - 1
a2 = (down2 - down2*s2**2)/n
dz2 = z2/n + (U@a2.T).T + (V@z1.T).T/n
down1 = dz2*(z2 - t1) - 1/n
a1 = down1*(1 - s1)*(1 + s1)
dQ = x1.T@dz2
dP = x1.T@a1
dq = sum(dz2, axis=0)
dp = sum(a1, axis=0)
dU = (a2.T@z2).T
du = n*mean(a2, axis=0)
dV = mean(z2[:, :, None]*z1[:, None, :], axis=0)
"""),
    ("epidemic", "odds_of_the_counts"): style("""
stay = 1 - gamma
o3 = (new3 - c3)/new3
x3 = o3*(S2 - new3)           # to the exponent of each day
g2 = beta*x3
o2 = (new2 - c2)/new2 + g2
k2 = o3 - o3*f3
x2 = S2*(o2 - k2)
g1 = stay*g2 + beta*x2
o1 = (new1 - c1)/new1 + g1
k1 = o2 - f2*(o2 - k2)
x1 = S1*(o1 - k1)
k0 = o1 - f1*(o1 - k1)
g0 = stay*g1 + beta*x1 - k0
dlb = beta*x1*I0 + beta*x2*I1 + beta*x3*I2
dlg = gamma*(gamma - 1)*(g1*I0 + g2*I1)
dli = g0*(I0 - I0**2)
"""),
    ("hidden_markov", "scaled"): style("""
s1 = 1/sum(f1, axis=1, keepdims=True)
s2 = 1/sum(f2, axis=1, keepdims=True)
h1 = f1*s1
h2 = f2*s2
late = b3/sum((h2@A)*b3, axis=1, keepdims=True)
after = late@A.T
g2 = h2*after                 # what is known of the second, the third being seen
early = b2*after/sum((h1@A)*b2, axis=1, keepdims=True)
g1 = h1*(early@A.T)
g3 = (h2@A)*late
pairs = A*(h1.T@early + h2.T@late)
words = one_hot(o1, 3).T@g1 + one_hot(o2, 3).T@g2 + one_hot(o3, 3).T@g3
n = len(o1)
dp = (start*sum(g1) - sum(g1, axis=0))/n
dT = (A*sum(pairs, axis=1, keepdims=True) - pairs)/n
dE = (B*sum(words, axis=0) - words)/n
"""),
}
"""By kind and what is unusual; they are judged, and no mistakes are put into them."""
