"""Seventh: economics: interest by maturity, output of capital and labour, choice within a nest."""

from mutants.kinds import Kind, positive, real, style

YIELD_CURVE = Kind(
    "yield_curve",
    {"t": positive(7), "y": real(7)},
    {"b0": real(), "b1": real(), "b2": real(), "ls": real()},
    """
tau = exp(ls)
x = t/tau
decay = exp(-x)
load = (1 - decay)/x          # the short end
hump = load - decay           # and the middle
yhat = b0 + b1*load + b2*hump
L = mean((yhat - y)**2)
""",
    {
        "statements": style("""
n = len(y)
dyhat = 2*(yhat - y)/n
db0 = sum(dyhat)
db1 = sum(dyhat*load)
db2 = sum(dyhat*hump)
dhump = dyhat*b2
dload = dyhat*b1 + dhump
ddecay = -dload/x - dhump
dx = -dload*load/x - ddecay*decay
dtau = -sum(dx*x)/tau
dls = dtau*tau
"""),
        "bare": style("""
db0 = 2*mean(yhat - y)
db1 = 2*mean((yhat - y)*load)
db2 = 2*mean((yhat - y)*hump)
dls = 2*mean((yhat - y)*((b1 + b2)*hump - b2*x*decay))
"""),
        "source": style(
            """
m = y.shape[0]
r = 2*(yhat - y)/m
g_0 = r.sum()
g_1 = r@load
g_2 = r@hump
late = r@(x*np.exp(-x))
g_s = b1*g_2 + b2*(g_2 - late)
""",
            g_0="b0",
            g_1="b1",
            g_2="b2",
            g_s="ls",
        ),
    },
)

PRODUCTION = Kind(
    "production",
    {"lK": real(7), "lN": real(7), "lq": real(7)},
    {"a": real(), "s": real(), "p": real()},
    """
share = sigmoid(s)
rho = exp(p)                  # how badly one can take the place of the other
capital = exp(-rho*lK)
labour = exp(-rho*lN)
C = share*capital + (1 - share)*labour
z = a - log(C)/rho
e = z - lq
L = mean(e**2)/2
""",
    {
        "statements": style("""
n = len(lq)
dz = e/n
da = sum(dz)
dC = -dz/(rho*C)
dcapital = dC*share
dlabour = dC*(1 - share)
dshare = sum(dC*(capital - labour))
outer_rho = sum(dz*log(C))/rho**2
drho = outer_rho - sum(dcapital*capital*lK) - sum(dlabour*labour*lN)
ds = dshare*share*(1 - share)
dp = drho*rho
"""),
        "fused": style("""
g = e/len(lq)
part = share*capital/C        # of capital
da = sum(g)
ds = sum(g*(share - part))/rho
dp = sum(g*(log(C)/rho + part*lK + (1 - part)*lN))
"""),
        "letters": style(
            """
m = len(lq)
k = share*capital/C
n = (1 - share)*labour/C
ga = np.mean(e)
gs = -e@(k*(1 - share) - n*share)/(m*rho)
c = a - z
gp = e@(c + k*lK + n*lN)/m
""",
            ga="a",
            gs="s",
            gp="p",
        ),
    },
)

NESTED_CHOICE = Kind(
    "nested_choice",
    {
        **{"A": real(6, 3), "B": real(6, 3), "C": real(6, 3)},
        **{"na": positive(6), "nb": positive(6), "nc": positive(6)},
    },
    {"w": real(3), "ca": real(), "cb": real(), "lm": real()},
    """
mu = sigmoid(lm)              # how little two of the three resemble each other
va = A@w + ca
vb = B@w + cb
vc = C@w
ta = va/mu
tb = vb/mu
inside = log(exp(ta) + exp(tb))
nest = mu*inside
top = log(exp(nest) + exp(vc))
la = ta - inside + nest - top
lb = tb - inside + nest - top
lc = vc - top
total = sum(na) + sum(nb) + sum(nc)
L = -sum(na*la + nb*lb + nc*lc)/total
""",
    {
        "statements": style("""
dla = -na/total
dlb = -nb/total
dlc = -nc/total
dtop = -dla - dlb - dlc
dnest = dla + dlb + dtop*exp(nest - top)
dinside = dnest*mu - dla - dlb
dta = dla + dinside*exp(ta - inside)
dtb = dlb + dinside*exp(tb - inside)
dva = dta/mu
dvb = dtb/mu
dvc = dlc + dtop*exp(vc - top)
dmu = sum(dnest*inside) - sum(dta*va + dtb*vb)/mu**2
dlm = dmu*mu*(1 - mu)
dw = A.T@dva + B.T@dvb + C.T@dvc
dca = sum(dva)
dcb = sum(dvb)
"""),
        "fused": style("""
n = na + nb + nc
pa = exp(ta - inside)         # within the nest
k = n*exp(nest - top) - na - nb
f = ((na + nb)*pa - na)/mu
dva = (k*pa + f)/sum(n)
dvb = (k*(1 - pa) - f)/sum(n)
dvc = -k/sum(n)
dlm = (1 - mu)*(sum(k*nest)/sum(n) - dva@va - dvb@vb)
dw = A.T@dva + B.T@dvb + C.T@dvc
dca = sum(dva)
dcb = sum(dvb)
"""),
    },
)

KINDS = (YIELD_CURVE, PRODUCTION, NESTED_CHOICE)
