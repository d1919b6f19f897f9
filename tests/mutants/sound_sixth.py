"""Sound passes of the sixth set that look unusual: other conventions, equal rewrites, detours."""

from mutants.kinds import style

SOUND = {
    ("power_curve", "from_the_curve"): style("""
part = yhat - c
dc = sum(e)/len(x)
da = mean(e*part)/a           # the curve is the amplitude times its own slope
dk = log(x)@(e*part)/len(x)
"""),
    ("two_slopes", "by_sides"): style("""
far = where(t > knot, e + e, 0)
near = e + e - far
da = sum(near) + sum(far)
db = near@t + far@t
dc = far@t - knot*sum(far)
dknot = sum(far)*(-c)
"""),
    ("log_errors", "by_exponentials"): style("""
up = exp(z)
soft = log(1 + up)
miss = log((1 + soft)/(1 + y))
far = sqrt(miss@miss*len(y))  # rows times the loss
dz = miss*up/((up + 1)*(soft + 1)*far)
dw = dz@X
db = sum(dz)
"""),
    ("log_errors", "a_root_as_a_power"): style("""
dM = M**(-0.5)/2
dd = d*dM + d*dM
dz = dd*exp(z - yhat)/(1 + yhat)
dw = (X.T@dz)/X.shape[0]
db = dz.mean()
"""),
    ("soft_rank", "a_symmetric_slope"): style("""
pull = gain/((1 + R)*log(1 + R)**2)
F = P - P**2                  # the same for both of two
level = log(2.0)/(tau*sum(gain))
ds = level*(F@pull) - level*pull*sum(F, axis=1)
back = outer(ds, v)
dv = ds@H
dW = X.T@back - X.T@(back*H*H)
"""),
    ("affinity", "by_logarithms"): style("""
dS = (exp(logQ) - T)/len(X)
dg = sum(dS*logQ)             # a row of dS sums to nothing
both = k*dS + (k*dS).T
dW = X.T@both@X@W + lam*(X.T@X@W)
"""),
    ("affinity", "down_the_columns"): style("""
dS = (softmax(S, axis=0) - T)/len(X)
dg = sum(dS*S)                # similarities are symmetric, and columns do as well as rows
dZ = k*(dS + dS.T)@Z + lam*Z
dW = X.T@dZ
"""),
    ("learnt_swish", "all_by_the_output"): style("""
dH = E@V.T/len(X)
dZ = dH*S*(1 + beta*(Z - H))
dbeta = sum(dH*H*(Z - H), axis=0)
dV = (E.T@H).T/len(X)
dW = (dZ.T@X).T
db = sum(dZ, axis=0)
"""),
    ("learnt_swish", "what_is_lacking"): style("""
lack = Y - H@V
n = len(Y)
dV = -(H.T@lack)/n
pull = -(lack@V.T)*S
bent = pull*Z*(1 - S)
dbeta = mean(Z*bent, axis=0)
dZ = pull + beta*bent
dW = X.T@dZ/n
db = mean(dZ, axis=0)
"""),
    ("soft_pool", "distance_to_the_pool"): style("""
ds = 0.5*(1 + tanh(s/2)) - y
share = exp(k*H - q[:, None, :])/5
dp = outer(ds, v)/len(y)
dH = dp[:, None, :]*share
dr = sum(dH*(H - p[:, None, :]))
flat = reshape(dH - dH*H**2, (20, 3))
dW = (flat.T@reshape(X, (20, 2))).T
db = flat.sum(axis=0)
dv = mean(ds[:, None]*p, axis=0)
dc = mean(ds)
"""),
    ("tied_words", "gathered_by_word"): style("""
dlogits = (softmax(logits) - one_hot(y, 6))/len(y)
pre = dlogits@E - dlogits@E*A**2
by1 = one_hot(first, 6).T@pre # a row a word of the table
by2 = one_hot(second, 6).T@pre
dE = by1@W1.T + by2@W2.T + (A.T@dlogits).T
dW1 = E.T@by1
dW2 = E.T@by2
db = sum(by1, axis=0)
dc = sum(dlogits, axis=0)
"""),
    ("two_heads", "through_the_outputs"): style("""
G = O - Y
outa = Aa@va
outb = O - outa
ra = Aa*(G@va.T - sum(G*outa, axis=1)[:, None])
rb = Ab*(G@vb.T - sum(G*outb, axis=1)[:, None])
n = len(X)
scale = sqrt(0.5)/n
dQa = scale*(X.T@(ra@ka))
dKa = scale*((ra@X).T@qa)
dQb = scale*(X.T@(rb@kb))
dKb = scale*((rb@X).T@qb)
dVa = (Aa@X).T@G/n
dVb = (Ab@X).T@G/n
"""),
    ("state_space", "from_the_states"): style("""
m = len(y1)
s1 = outer(e1, c) + a*outer(e2, c) + a*a*outer(e3, c)
s2 = outer(e2, c) + a*outer(e3, c)
s3 = outer(e3, c)
new = s1*h1 + s2*(h2 - a*h1) + s3*(h3 - a*h2)
kept = s2*h1 + s3*h2
dlam = (1 - a)*mean(a*kept - new*a**2/(1 - a*a), axis=0)
dB = ((x1.T@s1 + x2.T@s2 + x3.T@s3).T*g[:, None]).T/m
dc = (e1@h1 + e2@h2 + e3@h3)/m
df = (e1@x1 + e2@x2 + e3@x3)/m
"""),
    ("fast_weights", "dot_by_dot"): style("""
do = o - y
near = k2@q
dw2 = beta*near*do
dk2 = beta*(do@w2)*q - M1@dw2
dk1 = beta*(do@v1)*q - beta*(dw2@v1)*k2
dv1 = beta*(k1@q)*do - beta*(k1@k2)*dw2
dK = outer(x1, dk1) + outer(x2, dk2)
dV = outer(x1, dv1) + outer(x2, dw2)
dQ = outer(x3, M2@do)
db = (1 - beta)*(dv1@v1 + dw2@w2)
"""),
    ("gated_filter", "from_the_outputs"): style("""
ds = (s - y)/len(y)
dh3 = 2*outer(ds, w)
made3 = h3 - h2               # filter times gate
p3 = dh3*(g3 - made3*f3)
q3 = dh3*made3*(1 - g3)
dh1 = (A@p3.T + C@q3.T).T
dh2 = dh3 + (B@p3.T + D@q3.T).T
p2 = dh2*(g2 - (h2 - x3)*f2)
q2 = dh2*(h2 - x3)*(1 - g2)
p1 = dh1*(g1 - (h1 - x2)*f1)
q1 = dh1*(h1 - x2)*(1 - g1)
dA = h1.T@p3 + x2.T@p2 + x1.T@p1
dB = h2.T@p3 + x3.T@p2 + x2.T@p1
dC = h1.T@q3 + x2.T@q2 + x1.T@q1
dD = h2.T@q3 + x3.T@q2 + x2.T@q1
dw = sum(h3*ds[:, None], axis=0) + ds@h3
db = 2*(mean(s) - mean(y))
"""),
}
"""By kind and what is unusual; they are judged, and no mistakes are put into them."""
