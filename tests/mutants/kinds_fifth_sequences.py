"""Fifth: sequences: an epidemic from day to day, states that are hidden behind what is seen."""

from mutants.kinds import Kind, labels, positive, real, style

EPIDEMIC = Kind(
    "epidemic",
    {"c1": positive(), "c2": positive(), "c3": positive()},
    {"lb": real(), "lg": real(), "li": real()},
    """
beta = exp(lb)
gamma = sigmoid(lg)
I0 = sigmoid(li)              # the sick, as a share of all
S0 = 1 - I0
f1 = exp(-beta*I0)            # the chance to stay well
new1 = S0*(1 - f1)
S1 = S0*f1
I1 = (1 - gamma)*I0 + new1
f2 = exp(-beta*I1)
new2 = S1*(1 - f2)
S2 = S1*f2
I2 = (1 - gamma)*I1 + new2
f3 = exp(-beta*I2)
new3 = S2*(1 - f3)
L = new1 - c1*log(new1) + new2 - c2*log(new2) + new3 - c3*log(new3)
""",
    {
        "statements": style("""
dnew3 = 1 - c3/new3
df3 = -dnew3*S2
dS2 = dnew3*(1 - f3)
dI2 = -df3*beta*f3
dnew2 = 1 - c2/new2 + dI2
df2 = dS2*S1 - dnew2*S1
dS1 = dS2*f2 + dnew2*(1 - f2)
dI1 = dI2*(1 - gamma) - df2*beta*f2
dnew1 = 1 - c1/new1 + dI1
df1 = dS1*S0 - dnew1*S0
dS0 = dS1*f1 + dnew1*(1 - f1)
dI0 = dI1*(1 - gamma) - df1*beta*f1 - dS0
dbeta = -(df1*f1*I0 + df2*f2*I1 + df3*f3*I2)
dgamma = -(dI1*I0 + dI2*I1)
dlb = dbeta*beta
dlg = dgamma*gamma*(1 - gamma)
dli = dI0*I0*(1 - I0)
"""),
        "bars": style(
            """
well = 1 - gamma
n3_bar = 1 - c3/new3
S2_bar = n3_bar*(1 - f3)
x3_bar = n3_bar*S2*f3         # of beta times the sick
I2_bar = beta*x3_bar
n2_bar = 1 - c2/new2 + I2_bar
S1_bar = n2_bar*(1 - f2) + S2_bar*f2
x2_bar = (n2_bar - S2_bar)*S2
I1_bar = beta*x2_bar + well*I2_bar
n1_bar = 1 - c1/new1 + I1_bar
S0_bar = n1_bar*(1 - f1) + S1_bar*f1
x1_bar = (n1_bar - S1_bar)*S1
I0_bar = beta*x1_bar + well*I1_bar - S0_bar
lb_bar = beta*(x1_bar*I0 + x2_bar*I1 + x3_bar*I2)
lg_bar = -gamma*well*(I1_bar*I0 + I2_bar*I1)
li_bar = I0_bar*I0*S0
""",
            lb_bar="lb",
            lg_bar="lg",
            li_bar="li",
        ),
    },
)

HIDDEN_MARKOV = Kind(
    "hidden_markov",
    {"o1": labels(3, 5), "o2": labels(3, 5), "o3": labels(3, 5)},
    {"p": real(2), "T": real(2, 2), "E": real(3, 2)},
    """
start = softmax(p)
A = softmax(T)                # a row: from one state to the others
B = softmax(E, axis=0)        # a column: what one state shows
b1 = take(B, o1)
b2 = take(B, o2)
b3 = take(B, o3)
f1 = start*b1
m2 = f1@A
f2 = m2*b2
m3 = f2@A
f3 = m3*b3
like = sum(f3, axis=1)
L = -mean(log(like))
""",
    {
        "statements": style("""
n = len(o1)
up = -1/(n*like[:, None])
db3 = up*m3
dm3 = up*b3
df2 = dm3@A.T
db2 = df2*m2
dm2 = df2*b2
df1 = dm2@A.T
db1 = df1*start
dstart = sum(df1*b1, axis=0)
dA = f1.T@dm2 + f2.T@dm3
dB = one_hot(o1, 3).T@db1 + one_hot(o2, 3).T@db2 + one_hot(o3, 3).T@db3
dp = start*(dstart - sum(dstart*start))
dT = A*(dA - sum(dA*A, axis=1, keepdims=True))
dE = B*(dB - sum(dB*B, axis=0))
"""),
        "posteriors": style(
            """
k = like[:, None]
g3 = f3/k                     # the chance of each state, given all that is seen
back2 = b3@A.T
g2 = f2*back2/k
ahead2 = b2*back2
back1 = ahead2@A.T
g1 = f1*back1/k
pairs = A*(f1.T@(ahead2/k) + f2.T@(b3/k))
words = one_hot(o1, 3).T@g1 + one_hot(o2, 3).T@g2 + one_hot(o3, 3).T@g3
moved = sum(pairs, axis=1, keepdims=True)
spent = sum(words, axis=0)
grad_p = start - mean(g1, axis=0)
grad_T = (A*moved - pairs)/len(k)
grad_E = (B*spent - words)/len(k)
""",
            grad_p="p",
            grad_T="T",
            grad_E="E",
        ),
    },
)

KINDS = (EPIDEMIC, HIDDEN_MARKOV)
