"""Two mistakes that hide each other, and mistakes that people make in whole programs."""

import pytest

import gradtui
from gradtui.diagnosis.backward.diagnose import diagnose

RECURRENT = {
    "data": """x1 = [[0.5, -1.2, 0.3], [1.1, 0.4, -0.7]]
x2 = [[0.1, 0.7, -0.3], [-1.0, 0.3, 0.6]]
h0 = [[0.1, 0.2, -0.1], [0.3, -0.4, 0.2]]
target = [[1.0, 0.0], [0.5, -0.5]]""",
    "parameters": """Wx = { shape = [3, 3], init = "xavier", seed = 0 }
Wh = { shape = [3, 3], init = "xavier", seed = 1 }
Wy = { shape = [3, 2], init = "xavier", seed = 2 }""",
    "model": """h1 = tanh(x1@Wx + h0@Wh)
h2 = tanh(x2@Wx + h1@Wh)
y1 = h1@Wy
y2 = h2@Wy
L = sum((y1 - target)**2)/2 + sum((y2 - target)**2)/2""",
    "code": """dy2 = y2 - target
dy1 = y1 - target
dWy = h2.T@dy2 + h1.T@dy1
dh2 = dy2@Wy.T
raw2 = dh2*(1 - h2**2)
dh1 = dy1@Wy.T + raw2@Wh.T
raw1 = dh1*(1 - h1**2)
dWx = x2.T@raw2 + x1.T@raw1
dWh = h1.T@raw2 + h0.T@raw1""",
}
HEAD = {
    "data": """x = [[[0.5, -1.2], [1.1, 0.4], [-0.6, 0.9]], [[0.2, 0.1], [-1.4, 0.7], [0.9, -0.8]]]
t = [[[0.1, 0.2], [0.9, -0.3], [0.4, -0.2]], [[-0.2, 0.3], [0.8, 0.1], [0.3, 0.4]]]""",
    "parameters": """Wq = [[0.4, -0.6, 0.2], [0.3, 0.8, -0.5]]
Wk = [[-0.3, 0.5, 0.7], [0.6, 0.1, -0.4]]
Wv = [[0.9, -0.2], [0.1, 0.6]]
g = [1.1, 0.7]""",
    "model": """a = x*g
q = a@Wq
k = a@Wk
v = a@Wv
scores = q@transpose(k, (0, 2, 1))
att = softmax(scores)
out = att@v + a
L = sum((out - t)**2)/2""",
    "code": """dout = out - t
datt = dout@transpose(v, (0, 2, 1))
dv = transpose(att, (0, 2, 1))@dout
dscores = att*(datt - sum(datt*att, axis=-1, keepdims=True))
dq = dscores@k
dk = transpose(dscores, (0, 2, 1))@q
aT = transpose(a, (0, 2, 1))
dWq = sum(aT@dq, axis=0)
dWk = sum(aT@dk, axis=0)
dWv = sum(aT@dv, axis=0)
da_att = dq@Wq.T + dk@Wk.T + dv@Wv.T
da = da_att + dout
dg = sum(da*x, axis=(0, 1))""",
}
GATES = {
    "data": """x = [[0.5, -1.2], [1.1, 0.4], [-0.6, 0.9]]
c0 = [[0.2, 0.7], [0.1, -0.4], [0.3, 0.5]]
y = [[1.0, 0.0], [0.5, -0.5], [0.1, 0.3]]""",
    "parameters": """W = { shape = [2, 6], init = "xavier", seed = 3 }
Wo = [[0.6, -0.4], [0.2, 0.9]]""",
    "model": """z = x@W
i = sigmoid(z[:, 0:2])
f = sigmoid(z[:, 2:4])
n = tanh(z[:, 4:6])
c = f*c0 + i*n
L = sum((c@Wo - y)**2)/2""",
    "code": """e = c@Wo - y
dc = e@Wo.T
di = dc*n
df = dc*c0
dn = dc*i
dz = concat(di*i*(1 - i), df*f*(1 - f), dn*(1 - n**2), axis=1)
dW = x.T@dz
dWo = c.T@e""",
}
POLICY = {
    "data": """X = [[1.2, 0.3], [0.2, -0.2], [1.3, -1.3], [-0.7, 0.4]]
adv = [0.5, -0.7, 1.1, -0.4]""",
    "parameters": "w = [0.6, -0.4]\nb = 0.2",
    "model": """u = X@w + b
ratio = exp(u)
free = ratio*adv
held = clip(ratio, 0.8, 1.2)*adv
L = -mean(minimum(free, held)) + mean(sqrt(1 + u**2))""",
    "code": """m = len(adv)
dz = u/sqrt(1 + u**2)/m
active = free <= held
du = dz - active*adv*ratio/m
dw = X.T@du
db = sum(du)""",
}
SCALE = {
    "data": """t_obs = [0.0, 0.3, 0.7, 1.1]
d = [1.9, 1.2, -0.1, -1.0]
s = [0.1, 0.3, 0.2, 0.15]""",
    "parameters": "a = 1.5\nr = 0.3",
    "model": """pred = a*sigmoid(r*t_obs)
e = (pred - d)/s
L = mean(clip(e, -2, 2)*e - clip(e, -2, 2)**2/2)""",
    "code": """psi = clip(e, -2, 2)
dpred = psi/len(d)/s
o = exp(r*t_obs)
p = o/(1 + o)
da = sum(dpred*p)
dr = sum(dpred*a*p*(1 - p)*t_obs)""",
}
NORM = {
    "data": """X = [[0.5, -1.2], [1.1, 0.4], [-0.6, 0.9], [0.2, 0.1], [-1.4, 0.7]]
t = [0.5, 1.0, 2.0, 1.5, -0.3]""",
    "parameters": "w = [0.3, -0.5]\nb = 0.1\ng = 1.2",
    "model": """a = X@w + b
d = a - mean(a)
v = mean(d**2)
s = sqrt(v + 0.01)
n = d/s
L = mean((g*n - t)**2)""",
    "code": """m = len(t)
dy = 2*(g*n - t)/m
dg = sum(dy*n)
dn = dy*g
ds = -sum(dn*d)/s**2
dv = ds/(2*s)
dd = dn/s + 2*d*dv/m
da = dd - sum(dd)/m
dw = X.T@da
db = sum(da)""",
}
UNIT = {
    "data": """x = [[0.5, -1.2], [1.1, 0.4], [-0.6, 0.9]]
h0 = [[0.2, 0.7], [0.1, -0.4], [0.3, 0.5]]
y = [[1.0, 0.0], [0.5, -0.5], [0.1, 0.3]]""",
    "parameters": """Wz = { shape = [2, 2], init = "xavier", seed = 1 }
Wr = { shape = [2, 2], init = "xavier", seed = 2 }
Wn = { shape = [2, 2], init = "xavier", seed = 3 }
U = { shape = [2, 2], init = "xavier", seed = 4 }""",
    "model": """z = sigmoid(x@Wz)
r = sigmoid(x@Wr)
n = tanh(x@Wn + (r*h0)@U)
h = z*h0 + (1 - z)*n
L = sum((h - y)**2)/2""",
    "code": """dh = h - y
dz = dh*(h0 - n)*z*(1 - z)
dn = dh*(1 - z)*(1 - n**2)
inner = dn@U.T
dr = inner*h0*r*(1 - r)
gz = x.T@dz
gr = x.T@dr
gn = x.T@dn
gU = (r*h0).T@dn""",
    "claims": 'claims = { gz = "Wz", gr = "Wr", gn = "Wn", gU = "U" }',
}
HEADS = {
    "data": """X = [[0.5, -1.2], [1.1, 0.4], [-0.6, 0.9]]
Y = [[0.1, 0.2], [0.9, -0.3], [0.4, -0.2]]""",
    "parameters": """A = [[0.4, -0.6], [0.3, 0.8]]
B = [[-0.3, 0.5], [0.6, 0.1]]
k = 0.4""",
    "model": """Pa = softmax(X@A@X.T, axis=1)
Pb = softmax(exp(k)*(X@B@X.T), axis=1)
O = Pa@X + Pb@X
L = sum((O - Y)**2)/2""",
    "code": """G = O - Y
P = softmax(exp(k)*(X@B@X.T), axis=1)
ga = Pa*(G@X.T)
gb = P*(G@X.T)
ra = ga - Pa*sum(ga, axis=1, keepdims=True)
rb = gb - Pb*sum(gb, axis=1, keepdims=True)
dA = X.T@ra@X
dB = exp(k)*(X.T@rb@X)
dk = exp(k)*sum(rb*(X@B@X.T))""",
}
PROGRAMS = {
    "recurrent": RECURRENT,
    "head": HEAD,
    "gates": GATES,
    "policy": POLICY,
    "scale": SCALE,
    "norm": NORM,
    "unit": UNIT,
    "heads": HEADS,
}
CASES = [
    # Two mistakes on the way to the same claims: neither alone puts one of them right.
    ("recurrent", {"dh2*(1 - h2**2)": "dh2", "dy1@Wy.T + raw2@Wh.T": "raw2@Wh.T"},
     [("raw2", "missing-factor"), ("dh1", "missing-path")]),
    ("gates", {"dc*n": "dc*c", "dc*i": "dc*f"},
     [("di", "wrong-variable"), ("dn", "wrong-variable")]),
    # A stack of matrices is turned; a name of another shape.
    ("head", {"dk = transpose(dscores, (0, 2, 1))": "dk = dscores"}, [("dk", "transposed")]),
    ("head", {"dv = transpose(att, (0, 2, 1))": "dv = att"}, [("dv", "transposed")]),
    ("head", {"dout@transpose(v, (0, 2, 1))": "dout@transpose(k, (0, 2, 1))"},
     [("datt", "wrong-variable")]),
    # Slopes that are taken for another unit's.
    ("head", {"att*(datt - sum(datt*att, axis=-1, keepdims=True))": "att*(1 - att)*datt"},
     [("dscores", "wrong-point")]),
    ("gates", {"dn*(1 - n**2)": "dn*n*(1 - n)"}, [("dz", "wrong-point")]),
    ("recurrent", {"dh1*(1 - h1**2)": "dh1*h1*(1 - h1)"}, [("raw1", "wrong-point")]),
    # Operands in another order; one step's names for another's.
    ("gates", {"di*i*(1 - i), df*f*(1 - f)": "df*f*(1 - f), di*i*(1 - i)"},
     [("dz", "wrong-variable")]),
    ("recurrent", {"h2.T@dy2 + h1.T@dy1": "h1.T@dy1 + h1.T@dy1"}, [("dWy", "wrong-variable")]),
    # A claim that only renames a helper has lost a path; so has a helper that renames.
    ("head", {"da_att + dout": "da_att"}, [("da", "missing-path")]),
    ("scale", {"p = o/(1 + o)": "p = o"}, [("p", "missing-factor")]),
    # A helper that holds what is known is right: what reads it has lost the factor.
    ("scale", {"psi/len(d)/s": "psi/len(d)"}, [("dpred", "missing-factor")]),
    # Two sides that are equal at many points: the mask has to take the tie.
    ("policy", {"free <= held": "ratio <= 1.2"}, [("active", "wrong-point")]),
    # A gradient that is zero in truth is not blamed for its rounding.
    ("norm", {"ds/(2*s)": "ds/2*s"}, [("dv", "wrong-variable")]),
    # Names of a gate are meant before its sigmoid, as those of its neighbours are.
    ("unit", {"h0 - n": "n - h0"}, [("dz", "sign")]),
    ("unit", {"dh*(1 - z)*(1 - n**2)": "dh*(1 - n**2)"}, [("dn", "missing-factor")]),
    ("unit", {"(h0 - n)*z": "h0*z", "inner*h0*r": "inner*r"},
     [("dz", "missing-term"), ("dr", "missing-factor")]),
    # A line of like name shows what is lost; another axis of a softmax.
    ("heads", {"ga - Pa*sum(ga, axis=1, keepdims=True)": "ga"}, [("ra", "missing-term")]),
    ("heads", {"P = softmax(exp(k)*(X@B@X.T), axis=1)": "P = softmax(exp(k)*(X@B@X.T), axis=0)"},
     [("P", "wrong-axis")]),
    # A product of sums for the sum of a product.
    ("scale", {"sum(dpred*p)": "sum(dpred)*sum(p)"}, [("da", "wrong-axis")]),
]  # fmt: skip


@pytest.fixture
def judge(write):
    def call(program, code):
        more = f"[backward]\n{program.get('claims', '')}\ncode = '''\n{code}\n'''"
        fields = {name: program[name] for name in ("data", "parameters")}
        return diagnose(gradtui.load(write(program["model"], more=more, **fields)).problem)

    return call


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)
def test_the_programs_are_sound(judge, program):
    diagnosis = judge(program, program["code"])
    assert diagnosis.verdict == "correct"
    assert all(finding.severity == "info" for finding in diagnosis.findings)


@pytest.mark.parametrize(("name", "changed", "expected"), CASES, ids=lambda part: str(part)[:60])
def test_each_wrong_line_is_named_and_the_fixes_pass(judge, name, changed, expected):
    code = PROGRAMS[name]["code"]
    for old, new in changed.items():
        assert code.count(old) == 1
        code = code.replace(old, new)
    findings = judge(PROGRAMS[name], code).findings
    assert [(one.target, one.rule) for one in findings] == expected
    fixes = {one.target: one.fix for one in findings}
    lines = (fixes.get(line.partition(" =")[0], line) for line in code.split("\n"))
    assert judge(PROGRAMS[name], "\n".join(lines)).verdict == "correct"
