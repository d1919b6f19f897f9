"""Sound passes of the sight set that look unusual: other conventions, equal rewrites, detours."""

from mutants.kinds import style

SOUND = {
    ("saturation", "over_the_square"): style("""
den = (K + s)*(K + s)
dv = 2*mean(e*s*K/den) + 2*mean(e*s*s/den)
dk = -2*v*K*mean(e*s/den)
"""),
    ("damped_wave", "another_turn"): style("""
turn = 6.283185307179586
miss = 2*(yhat - y)
dA = mean(miss*(yhat - c)/A)/2
dc = mean(miss)/2
dk = -mean(miss*t*(yhat - c))/2
du = A*D*cos(u + turn/4)*miss/2
dw = t@du/len(t)
dp = mean(du)
"""),
    ("growth", "named_otherwise"): style(
        """
unused = r*n3
up = n3 - y3
mid = (n2 - y2) + up*(1 + r) - 2*up*r*n2/K
low = (n1 - y1) + mid + mid*r*(1 - n1/K) - mid*r*n1/K
first = low*(n1/n0 - r*n0/K)
speed = (low*(n1 - n0) + mid*(n2 - n1) + up*(n3 - n2))/r
room = (low*n0*n0 + mid*n1*n1 + up*n2*n2)/K*r
""",
        first="n0",
        speed="r",
        room="k",
    ),
    ("moving_average", "negative"): style(
        """
m3 = -e3
m2 = -e2 - g*m3
m1 = -e1 - g*m2
all3 = m1 + m2 + m3
lag = m1*y0 + m2*y1 + m3*y2
echo = e1*m2 + e2*m3
""",
        all3="c",
        lag="f",
        echo="g",
    ),
    ("item_response", "the_other_residual"): style("""
dZ = Y - P
left = sum(dZ*a, axis=1)
dtheta = -left/len(Y)/4
da = mean(-dZ*D, axis=0)/Y.shape[1]
db = a*mean(dZ, axis=0)/Y.shape[1]
"""),
    ("gamma_deviance", "sums"): style("""
deta = len(y)*(1 - ratio)
rows = 2/len(y)**2
dw = (deta@X)*rows + 0.5*lam*(w + w)
db = rows*sum(deta)
"""),
    ("student_t", "reweighted"): style("""
share = q/(1 + q)
ds = 1 - (nu + 1)*mean(share)
pull = (nu + 1)*share/e/len(y)
dw = -(pull@X)
db = -pull.sum()
"""),
    ("soft_dice", "cancelled"): style("""
dz = ((dice - 1)*y + dice*(1 - y) - y)*exp(-z)*p**2*(total + 1)/(total + 1)**2
dw = dz@X
db = dz.sum(axis=0)
"""),
    ("zero_inflated", "by_branch"): style("""
stays = where(zero > 0, p/none, 0)
rate = where(zero > 0, mu*(1 - stays), mu - k)
chance = where(zero > 0, p - stays, p)
dw = rate@X/len(k)
db = mean(rate)
du = chance@X/len(k)
dd = mean(chance)
"""),
    ("evidence", "centred"): style("""
dP = 2*(P - Y) + (1 - 2*P)/(S + 1)
moved = dP - sum(P*dP, axis=1, keepdims=True)
again = moved - 0.5*sum(P*moved, axis=1, keepdims=True)
room = (1 - sum(P**2, axis=1, keepdims=True))/(S + 1)**2
signal = (again/S - room)*(1 - exp(-softplus(Z)))
dW = X.T@signal/len(X)
db = mean(signal, axis=0)
"""),
    ("multi_task", "trunk_twice"): style("""
dyhat = 2*exp(-s1)*(yhat - y)
da = exp(-s2)*(1 - t - sigmoid(-a))
n = 2*len(y)
slope = (1 - H)*(1 + H)
dW = X.T@(outer(dyhat/n, u)*slope) + 2*X.T@(outer(da/n, v)*slope)
du = H.T@dyhat/n
dv = H.T@da*2/n
ds1 = (exp(s1) - fit)/exp(s1)/2
ds2 = 1/2 - bce/exp(s2)
"""),
    ("prototypes", "moved_to_the_middle"): style("""
dD = len(y)*(one_hot(y, 3) - softmax(-D))
middle = mean(C, axis=0)
dQ = -2*dD@(C - middle)
dC = 2*(dD.sum(axis=0)[:, None]*C - dD.T@Q)
dW = (Xq.T@dQ + Xs.T@(M.T@dC))/len(y)**2
"""),
    ("cosine_head", "projected_twice"): style("""
dZ = softmax(Z) - one_hot(y, 3)
dk = sum(dZ*Z)/len(y)
dU = dZ@R.T
once = dU - U*sum(dU*U, axis=1, keepdims=True)
twice = once - U*sum(once*U, axis=1, keepdims=True)
dV = X.T@(twice*(1 - F**2)*scale/nf)/len(y)
dR = U.T@dZ
flat = dR - W*sum(dR*W, axis=0)/nw**2
dW = scale*flat/(len(y)*nw)
"""),
    ("two_views", "centred_twice"): style("""
weight = where(I > 0, 1, lam)
G = weight*(C - I)/len(A)
p = Q@G.T
q = P@G
a = (p - P*mean(p*P, axis=0))/su
b = (q - Q*mean(q*Q, axis=0))/sv
dW = 2*(A - mean(A, axis=0)).T@a + 2*(B - mean(B, axis=0)).T@b
"""),
    ("copy_gate", "through_the_logs"): style("""
hot = one_hot(y, 3)
said = g*sum(hot*Pv, axis=1)
copied = (1 - g)*sum(hot*Pc, axis=1)
gate = (g*copied - (1 - g)*said)/q
dbg = mean(gate)
dwg = X.T@gate/len(y)
dWv = X.T@((said/q)[:, None]*(Pv - hot))/len(y)
dA = -((1 - g)/q)[:, None]*(hot@M.T)
dS = A*dA - A*sum(A*dA, axis=1, keepdims=True)
dWa = (H.T@dS.T@X).T/len(y)
"""),
    ("dropout", "masked_twice"): style("""
ds = (sigmoid(s) - y)/len(y)
dw2 = ds@(M*H)
db2 = ds.sum()
dH = outer(ds, w2)*M*M
dA = dH/keep
dZ = dA*where(H > 0, 1, 0.1)
dW1 = (dZ.T@X).T
db1 = dZ.sum(axis=0)
"""),
    ("film", "alive_twice"): style("""
dO = Y - O
dF = -(F > 0)*(dO@V.T)*(A > 0)
dV = -A.T@dO/len(X)
dW = X.T@dF/len(X) + X.T@(dF*(gain - 1))/len(X)
dG = C.T@(dF*H)/len(X)
dS = (dF.T@C).T/len(X)
"""),
    ("cross_layers", "by_hand"): style("""
dyhat = 2*(yhat - y)/len(y)
along = dyhat*(X@v)/2
dv = X2.T@dyhat*0.5
db2 = v*dyhat.sum()/2
dw2 = X1.T@along
db1 = db2 + w2*sum(along)
dw1 = X.T@(along*(1 + X@w2))
"""),
    ("max_over_time", "before_the_function"): style("""
top = max(Z, axis=1)
first = (Z >= top[:, None])
ds = -y/(1 + exp(y*s))
slope = (1 - tanh(top)**2)*u
dka = mean(ds*slope*sum(first*X[:, :-1], axis=1))
dkb = mean(ds*slope*sum(first*X[:, 1:], axis=1))
dk0 = ds@slope/len(y)
du = mean(m*ds)
dc = mean(ds)
"""),
    ("causal_attention", "keys_centred"): style("""
dO = O - Y
inner = dO@V.T - sum(dO*(O - X), axis=1, keepdims=True)
dS = A*inner/len(X)
dWq = X.T@dS@(K - mean(K, axis=0))/2.0**0.5
dWk = (Q.T@dS@X).T/sqrt(2.0)
dWv = X.T@(A.T@dO)/len(X)
da = sum(dS*t[None, :])
"""),
    ("leaky_rnn", "all_steps_at_the_end"): style("""
up = (yhat - y)/len(y)
dh3 = outer(up, v)
p3 = dh3*(1 - c3)*(1 + c3)
dh2 = dh3 + alpha*(p3@U.T - dh3)
p2 = dh2*(1 - c2)*(1 + c2)
dh1 = dh2 + alpha*(p2@U.T - dh2)
p1 = dh1*(1 - c1)*(1 + c1)
spare = p1 + p2
dv = 2*h3.T@up
dW = 2*alpha*(x1.T@p1 + x2.T@p2 + x3.T@p3)
dU = 2*alpha*(h1.T@p2 + h2.T@p3)
db = 2*alpha*sum(spare + p3, axis=0)
da = 2*(1 - alpha)*(sum(dh3*(h3 - h2)) + sum(dh2*(h2 - h1)) + sum(dh1*h1))
"""),
}
"""By kind and what is unusual; they are judged, and no mistakes are put into them."""
