"""Of several lines whose repair would do, the one that a reader of the program would blame."""

import pytest

import gradtui
from gradtui.diagnosis.backward.diagnose import diagnose

DATA = """X = [[0.5, -1.2], [1.5, 0.3], [-0.7, 0.8], [0.2, 1.1]]
y = [1.2, -0.4, 0.9, 0.1]
t = [1, 0, 0, 1]"""
TASKS = {
    "parameters": """W = [[0.1, -0.4, 0.3], [0.7, 0.2, -0.5]]
u = [0.6, -0.3, 0.8]
v = [0.2, 0.5, -0.4]
k = 0.3""",
    "model": """H = tanh(X@W)
yhat = H@u
a = exp(k)*(H@v)
p = sigmoid(a)
L = mean((yhat - y)**2) + mean(-t*log(p) - (1 - t)*log(1 - p))""",
    "claims": 'claims = { gu = "u", gv = "v", gW = "W", gk = "k" }',
    "code": """n = len(y)
slope = 1 - H**2
chance = 1/(1 + exp(-a))
up1 = 2*(yhat - y)/n
up2 = (chance - t)/n
back1 = outer(up1, u)*slope
down = exp(k)*v
back2 = outer(up2, down)*slope
gu = up1@H
gv = exp(k)*(up2@H)
gk = sum(up2*a)
gW = X.T@back1 + X.T@back2""",
}
DICE = {
    "parameters": "w = [0.4, -0.2]\nb = 0.1",
    "model": """z = X@w + b
p = sigmoid(z)
num = 2*sum(p*t) + 1
den = sum(p) + sum(t) + 1
L = 1 - num/den""",
    "claims": 'claims = { gw = "w", gb = "b" }',
    "code": """num_bar = -1/den
den_bar = num/den**2
p_bar = 2*num_bar*t + den_bar
z_bar = p_bar*p*(1 - p)
gw = z_bar@X
gb = sum(z_bar)""",
}
SCALED = {
    "parameters": """V = [[0.2, -0.4, 0.3], [0.7, 0.2, -0.5]]
W = [[0.1, -0.4], [0.7, 0.2], [0.3, -0.5]]
k = 0.2""",
    "model": """F = tanh(X@V)
r = sqrt(sum(F**2, axis=1, keepdims=True))
U = F/r
scale = exp(k)
Z = scale*(U@W)
L = cross_entropy(Z, t)""",
    "claims": 'claims = { gV = "V", gW = "W", gk = "k" }',
    "code": """m = len(X)
err = softmax(Z) - one_hot(t, 2)
up = err@W.T
along = sum(up*U, axis=1, keepdims=True)
pre = (up - along*U)/r*(1 - F)*(1 + F)
gV = scale*X.T@pre/m
gW = scale*U.T@err/m
gk = sum(err*Z)/m""",
}
ALL = {"tasks": TASKS, "dice": DICE, "scaled": SCALED}
CASES = [
    # Its neighbour has the same form.
    ("tasks", "back2 = outer(up2, down)*slope", "back2 = outer(up2, down)", "back2"),
    # What only gave a number a name has lost what it computed, and its shape.
    ("tasks", "chance = 1/(1 + exp(-a))", "chance = 1", "chance"),
    ("tasks", "slope = 1 - H**2", "slope = 1", "slope"),
    # One wrong name in two places.
    ("dice", "p_bar*p*(1 - p)", "p_bar*z*(1 - z)", "z_bar"),
    # A name that says whose gradient it is.
    ("dice", "2*num_bar*t + den_bar", "2*num_bar*t", "p_bar"),
    # A factor of one number is left for later, in the helpers and so in the claim.
    ("scaled", "gW = scale*U.T@err/m", "gW = U.T@err/m", "gW"),
    ("scaled", "/r*(1 - F)", "*(1 - F)", "pre"),
    # What is read is no sum over the units any more, and still stretches.
    ("scaled", "along = sum(up*U, axis=1, keepdims=True)", "along = up*U", "along"),
]


@pytest.fixture
def judge(write):
    def call(scenario, code):
        more = f"[backward]\n{scenario['claims']}\ncode = '''\n{code}\n'''"
        path = write(scenario["model"], data=DATA, parameters=scenario["parameters"], more=more)
        return diagnose(gradtui.load(path).problem)

    return call


@pytest.mark.parametrize("scenario", ALL.values(), ids=ALL)
def test_the_programs_are_sound(judge, scenario):
    diagnosis = judge(scenario, scenario["code"])
    assert diagnosis.verdict == "correct" and not diagnosis.findings


@pytest.mark.parametrize(("name", "old", "new", "target"), CASES, ids=lambda text: text)
def test_one_line_is_blamed_and_its_fix_passes(judge, name, old, new, target):
    scenario = ALL[name]
    assert scenario["code"].count(old) == 1
    code = scenario["code"].replace(old, new)
    (finding,) = judge(scenario, code).findings
    assert finding.target == target
    lines = (finding.fix if line.startswith(f"{target} =") else line for line in code.split("\n"))
    assert judge(scenario, "\n".join(lines)).verdict == "correct"
