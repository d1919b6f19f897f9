"""Gradients that no small change repairs: what differs is told term by term."""

import pytest

import gradtui
from gradtui.diagnosis.backward.diagnose import diagnose

TWO_INPUTS = {
    "data": """A = [[0.5, -1.2], [1.5, 0.3], [-0.7, 0.8]]
B = [[0.9, 0.4], [-0.6, 1.1], [0.2, -1.3]]
y = [1.2, -0.4, 0.9]""",
    "parameters": "W = [[0.1, -0.4, 0.3], [0.7, 0.2, -0.5]]\nv = [0.6, -0.3, 0.8]",
    "model": """p = tanh(A@W)
q = tanh(B@W)
d = (p - q)@v
L = sum((d - y)**2)/2""",
}
SOUND = """dd = d - y
dv = (p - q).T@dd
up = dd[:, None]*v
ap = up*(1 - p**2)
aq = -up*(1 - q**2)
dW = A.T@ap + B.T@aq"""
GAIN = {
    "data": "x = [0.5, -1.2, 0.8]\nt = 0.7",
    "parameters": "w = 0.4\ng = 0.6",
    "model": "s = sigmoid(w*x)\nu = s**g\nL = sum(u)*t",
}


@pytest.fixture
def judge(write):
    def call(code, scenario=TWO_INPUTS):
        more = f"[backward]\ncode = '''\n{code}\n'''"
        parts = {key: scenario[key] for key in ("data", "parameters")}
        return diagnose(gradtui.load(write(scenario["model"], more=more, **parts)).problem)

    return call


@pytest.mark.parametrize(
    ("line", "rule", "words"),
    [
        ("dW = A.T@(ap + aq)", "wrong-variable", "it uses A where B belongs"),
        ("dW = B.T@ap + A.T@aq", "wrong-variable", "it uses ap where aq belongs"),
    ],
)
def test_what_is_multiplied_out_wrongly_is_told_by_its_terms(judge, line, rule, words):
    (finding,) = judge(SOUND.replace("dW = A.T@ap + B.T@aq", line)).findings
    assert (finding.target, finding.rule) == ("dW", rule)
    assert words in finding.message
    mended = judge(SOUND.replace("dW = A.T@ap + B.T@aq", finding.fix))
    assert mended.verdict == "correct"


def test_a_factor_made_of_two_names_is_solved_for(judge):
    (finding,) = judge(SOUND.replace("up*(1 - q**2)", "up*(1 + q)")).findings
    assert (finding.target, finding.rule, finding.factor) == ("aq", "missing-factor", "1 - q")


def test_a_sum_that_a_product_lacks_is_the_factor_that_all_terms_have_in_common(judge):
    scenario = {
        "data": "x1 = 0.85\nx2 = -0.41\ny = 0.08",
        "parameters": "w = -0.69\nc = 0.3",
        "model": "a = tanh(w*x1)\nb = tanh(w*x2)\nf = a + c*b\nL = (f - y)**2/2",
    }
    code = "dc = (f - y)*b\ndw = f - y"
    (finding,) = judge(code, scenario).findings
    assert (finding.target, finding.rule) == ("dw", "missing-factor")
    assert judge(f"dc = (f - y)*b\n{finding.fix}", scenario).verdict == "correct"


def test_one_power_too_many_may_be_a_term_left_out_of_the_exponent(judge):
    sound = "ds = t*g*s**(g - 1)\ndw = sum(ds*s*(1 - s)*x)\ndg = t*sum(u*log(s))"
    assert judge(sound, GAIN).verdict == "correct"
    (finding,) = judge(sound.replace("s**(g - 1)", "s**g"), GAIN).findings
    assert (finding.target, finding.rule, finding.factor) == ("ds", "extra-factor", "s")
    assert "missing-term" in finding.alternatives
    assert finding.fix == "ds = t*g*s**(g - 1)"


def test_what_a_repaired_line_gives_reaches_all_that_is_computed_from_it(judge):
    """The minus of a line is not looked through while that line is repaired."""
    code = SOUND.replace("dd = d - y", "dd = -(d - y)")
    findings = judge(code.replace("(p - q).T@dd", "(p - q).T@(dd*dd)")).findings
    assert [(one.target, one.rule) for one in findings] == [("dd", "sign"), ("dv", "extra-factor")]
    assert findings[1].fix == "dv = (p - q).T@dd"


def test_a_fix_leaves_it_to_numpy_to_repeat_a_column(judge):
    scenario = {
        "data": "X = [[0.5, -1.2], [1.5, 0.3], [-0.7, 0.8]]\ny = [1.2, -0.4, 0.9]",
        "parameters": "V = [[0.1, -0.4], [0.7, 0.2]]",
        "model": "S = X**2@V**2\nf = sum(S, axis=1)\nL = sum((f - y)**2)",
    }
    (finding,) = judge("df = 2*(f - y)\ndV = 2*V", scenario).findings
    assert finding.target == "dV" and "broadcast_to" not in finding.fix
    assert judge(f"df = 2*(f - y)\n{finding.fix}", scenario).verdict == "correct"


def test_a_number_in_a_sum_may_lack_a_division(judge):
    scenario = {
        "data": "e = 0.8",
        "parameters": "s = 1.7",
        "model": "q = log(s) + e**2/s\nL = q/2",
    }
    (finding,) = judge("ds = (1 - e**2/s**2)/2", scenario).findings
    assert (finding.target, finding.rule, finding.factor) == ("ds", "missing-factor", "s")
    assert finding.fix == "ds = (1/s - e**2/s**2)/2"
