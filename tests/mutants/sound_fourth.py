"""Sound passes of the fourth set that look unusual: other conventions, equal rewrites, detours."""

from mutants.kinds import style

SOUND = {
    ("s_curve", "from_the_heights"): style("""
part = (yhat - low)/height
rise = (yhat - low)*(1 - part)*e
dlow = mean(e + e)
dheight = 2*mean(e*part)
dm = -2*r*mean(rise)
dr = 2*mean(rise*u)/r
"""),
    ("smoothing", "forward_mode"): style(
        """
one = 1 - alpha
both = alpha*beta
l1_l = one                    # of the level and of the trend along each of the two starts
t1_l = -both
l1_t = one
t1_t = 1 - both
f2_l = l1_l + t1_l
f2_t = l1_t + t1_t
f3_l = f2_l*(one - both) + t1_l
f3_t = f2_t*(one - both) + t1_t
start = -e1 - e2*f2_l - e3*f3_l
drift = -e1 - e2*f2_t - e3*f3_t
f2_a = e1 + beta*e1
f3_a = f2_a*(one - both) + beta*e1 + e2 + beta*e2
follow = -(e2*f2_a + e3*f3_a)*alpha*one
f2_b = alpha*e1
f3_b = f2_b*(one - both) + alpha*e1 + alpha*e2
bend = -(e2*f2_b + e3*f3_b)*(beta - beta**2)
""",
        start="l0",
        drift="t0",
        follow="a",
        bend="b",
    ),
    ("matches", "negative"): style("""
surprise = 1 - 1/(1 + exp(-d))
down = B.T@surprise
ds = (len(home)*lam*s - down)/len(home)
dh = -(home@surprise)/len(home)
"""),
    ("arrivals", "by_branch"): style("""
deta = where(y > 0, -rate/(exp(rate) - 1), rate)
dw = (X.T@deta)/X.shape[0]
db = deta.mean()
"""),
    ("margins", "own_margin_too"): style("""
over = (S + 1 > right)        # the right class is always over itself
dS = over - Y*over.sum(axis=1)[:, None]
dW = (dS.T@X).T/len(y) + lam*(W + W)
db = sum(dS/len(y), axis=0)
"""),
    ("smoothed_labels", "two_targets"): style("""
P = softmax(Z2)
hard = P - one_hot(y, 3)
soft = P - 1/3
dZ2 = (hard + eps*(soft - hard))/len(X)
dW2 = maximum(Z1, 0).T@dZ2
db2 = dZ2.sum(axis=0)
dH = (W2@dZ2.T).T
dZ1 = where(Z1 > 0, dH, 0)
dW1 = X.T@dZ1
db1 = dZ1.sum(axis=0)
"""),
    ("softmax_squares", "centred_twice"): style("""
once = E - sum(E*P, axis=1, keepdims=True)
twice = once - sum(once*P, axis=1, keepdims=True)
dZ = P*twice*2
dW = X.T@dZ/len(Y)
db = mean(dZ, axis=0)
"""),
    ("log_cosh", "by_exponentials"): style("""
up = exp(e)
down = 1/up
dyhat = len(y)*(up - down)/(up + down)
dZ = outer(dyhat, v)*exp(minimum(Z, 0))
dv = (dyhat@H)/len(y)**2
dc = mean(dyhat)/len(y)
dW = X.T@dZ/len(y)/len(y)
db = mean(dZ, axis=0)/len(y)
"""),
    ("group_lasso", "from_the_products"): style("""
gram = X.T@X/len(X)
means = sum(X, axis=0)/len(X)
pull = lam/sqrt((W*W).sum(axis=1))
dW = gram@W + outer(means, b) - X.T@Y/len(X) + (W.T*pull).T
db = means@W + b - mean(Y, axis=0)
"""),
    ("maxout", "by_difference"): style("""
first = (P - H >= 0)
dyhat = (H@v + c - y)*2
dH = dyhat[:, None]*v[None, :]/len(y)
dP = dH*first
dQ = dH*(1 - first)
dWa = X.T@dP
dWb = X.T@dH - dWa
dba = sum(dP, axis=0)
dbb = sum(dH, axis=0) - dba
dv = H.T@dyhat/len(y)
dc = mean(dyhat)
"""),
    ("standardised_weights", "mean_of_the_plain_part"): style("""
dZ = (softmax(Z) - one_hot(y, 3))/len(y)
dW = X.T@dZ
dN = dW*g
ds = -sum(dN*N, axis=0)/s
dC = dN/s + ds*N/len(N)
dmu = -sum(dN/s, axis=0)      # what the deviation sends sums to nothing
dV = dC + dmu/len(V)
dg = sum(dW*W, axis=0)/g
db = sum(dZ, axis=0)
"""),
    ("seldom_active", "slopes_from_differences"): style("""
n = X.shape[0]
out = (R - X)*(R - R*R)
lift = beta*(q - rho)/(q*(1 - q))
up = (W2@out.T).T + lift[None, :]
hidden = up*H - up*H**2
dW1 = lam*W1 + X.T@hidden/n
db1 = sum(hidden, axis=0)/n
dW2 = (out.T@H).T/n + lam*W2
db2 = out.sum(axis=0)/n
"""),
    ("neighbours", "one_weight_above_the_other"): style("""
hot = one_hot(y, 3)
dO = (exp(O - logsumexp(O, axis=1, keepdims=True)) - hot)/len(y)
passed = A.T@dO
dZ = where(Z > 0, dO@V.T + passed@U.T, 0)
dU = H.T@passed
dV = (dO.T@H).T
dWn = X.T@(A.T@dZ)
dWs = (dZ.T@X).T
db = sum(dZ, axis=0)
"""),
    ("siamese", "from_the_other_side"): style("""
n = 2*len(same)
away = V - U
pull = 2*where(same > 0, 1, -gap/d)
dV = pull[:, None]*away
dU = -dV
dW = (A.T@(dU - dU*U**2) + B.T@(dV - dV*V**2))/n
db = mean(dU*(1 - U**2) + dV*(1 - V**2), axis=0)/2
"""),
    ("averaged_members", "shares"): style("""
hit = where(y > 0, p, 1 - p)
way = 1 - 2*y
dz1 = way*p1*(1 - p1)/hit
dz2 = way*p2*(1 - p2)/hit
n = 2*len(y)
du = X.T@dz1/n
dv = X.T@dz2/n
da = mean(dz1)/2
dc = sum(dz2)/n
"""),
    ("capped_logits", "capped_once"): style("""
P = exp(Z - lz[:, None])
hot = one_hot(y, 3)
dZ = (P - hot + (2*zeta*lz)[:, None]*P)/len(y)
room = (cap - Z)*(cap + Z)/cap**2
da = dZ*room
dW = (da.T@X).T
db = da.sum(axis=0)
"""),
    ("weighted_words", "words_one_by_one"): style("""
n = len(y)
dZ = softmax(Z) - one_hot(y, 3)
dx = (W@dZ.T).T/n
share = M/M.sum(axis=1)[:, None]
rows = reshape(one_hot(tokens, 6), (20, 6))
given = reshape(share[:, :, None]*dx[:, None, :], (20, 3))
dE = rows.T@given
dW = x.T@dZ/n
db = dZ.sum(axis=0)/n
"""),
    ("additive_attention", "keys_centred"): style("""
dO = (O - Y)/len(Y)
far = M[None, :, :] - O[:, None, :]
dS = A*sum(dO[:, None, :]*far, axis=2)
bent = (1 - U**2)*v
dv = sum(sum(U*dS[:, :, None], axis=1), axis=0)
dWq = X.T@sum(dS[:, :, None]*bent, axis=1)
dWk = M.T@sum(dS[:, :, None]*bent, axis=0)
"""),
    ("one_gate_lstm", "moved_to_the_state"): style("""
dh2 = h2 - y
ao2 = dh2*h2*(1 - o2)
dc2 = dh2*(o2 - h2*k2)
move = dc2*i2
ai2 = move*(1 - i2)*(g2 - c1)
ag2 = move - move*g2**2
dh1 = (Ui@ai2.T + Ug@ag2.T).T
ao1 = dh1*h1*(1 - o1)
dc1 = dc2 - move + dh1*(o1 - h1*k1)
ai1 = dc1*c1*(1 - i1)
ag1 = dc1*(i1 - c1*g1)
dWi = (x2.T@ai2 + x1.T@ai1)/len(y)
dUi = (ai2.T@h1).T/len(y)
dbi = mean(ai1, axis=0) + mean(ai2, axis=0)
dWg = x2.T@ag2/len(y) + x1.T@ag1/len(y)
dUg = h1.T@ag2/len(y)
dWo = (x1.T@ao1 + x2.T@ao2)/len(y)
"""),
    ("both_ways", "right_first"): style("""
ds = 0.5*(1 + tanh(s/2)) - y
m = 1/len(y)
b1 = outer(ds, q) - outer(ds, q)*r1*r1
b2 = b1@R.T - b1@R.T*r2*r2
a2 = outer(ds, p) - outer(ds, p)*f2*f2
a1 = a2@U.T - a2@U.T*f1*f1
dR = m*(r2.T@b1)
dV = m*(x2.T@b2) + m*(x1.T@b1)
dU = m*(f1.T@a2)
dW = m*(x2.T@a2) + m*(x1.T@a1)
dq = m*(ds@r1)
dp = m*(ds@f2)
dc = m*ds.sum()
"""),
    ("s_curve", "in_one_matrix"): style("""
slope = height*sigmoid(u)*sigmoid(-u)
back = 2*e*slope/len(t)
dr = t@back - m*sum(back)
dm = -sum(r*back)
dlow = 2*(mean(yhat) - mean(y))
dheight = 2*(s@(yhat - y))/len(y)
"""),
    ("margins", "penalty_first"): style("""
tooclose = (M > 0)
pulled = tooclose.sum(axis=1, keepdims=True)*Y
ridge = 2*lam*W
dS = tooclose/len(X) - pulled/len(X)
dW = ridge - X.T@(-dS)
db = sum(dS, axis=0)
"""),
    ("softmax_squares", "by_projection"): style("""
miss = 2*(P - Y)/X.shape[0]
along = sum(miss*P, axis=1)
dZ = miss*P - P*along[:, None]
dW = (dZ.T@X).T
db = dZ.sum(axis=0)
"""),
    ("siamese", "stacked_by_adding"): style("""
weight = (same*d - (1 - same)*gap)/(len(same)*d)
dU = weight[:, None]*U - weight[:, None]*V
preU = dU - dU*U*U
preV = dU*V*V - dU
dW = (preU.T@A).T + (preV.T@B).T
db = sum(preU, axis=0) + sum(preV, axis=0)
"""),
    ("maxout", "halves"): style("""
lean = (P > Q) - (P < Q)
dyhat = 2*(yhat - y)/len(y)
dH = outer(dyhat, v)
dP = (dH + dH*lean)/2
dQ = (dH - dH*lean)/2
dWa = X.T@dP
dWb = X.T@dQ
dba = sum(dP, axis=0)
dbb = sum(dQ, axis=0)
dv = H.T@dyhat
dc = sum(dyhat)
"""),
}
"""By kind and what is unusual; they are judged, and no mistakes are put into them."""
