"""Hand-written gradients: the line, the rule, the factor and the fix."""

import pytest

import gradtui
from diagnosis.backward.models import NETWORK, SOUND, WEIGHTS, broken

ONE = "x1 = 2.0\nx2 = 1.0\ny = 5.0"


def test_the_lessons_forgotten_multiplier_is_named_with_its_edge_and_fix(judge):
    diagnosis = judge("de = 2*e\ndyhat = de\ndw1 = dyhat*x1\ndw2 = dyhat", WEIGHTS)
    (finding,) = diagnosis.findings
    assert diagnosis.verdict == "wrong" and diagnosis.claims == 4
    assert (finding.rule, finding.target, finding.factor) == ("missing-factor", "dw2", "x2")
    assert finding.edge == ("yhat", "w2") and finding.within == (("yhat", "w2"),)
    assert finding.fix == "dw2 = dyhat*x2"
    assert finding.evidence["claimed"] == 6.0 and finding.evidence["true"] == 18.0
    assert "∂yhat/∂w2 = x2" in finding.message


def test_what_is_wrong_only_through_anothers_mistake_is_inherited_and_never_a_finding(judge):
    diagnosis = judge("de = -2*e\ndyhat = de\ndw1 = dyhat*x1\ndw2 = dyhat*x2", WEIGHTS)
    (finding,) = diagnosis.findings
    assert (finding.rule, finding.target) == ("sign", "de")
    assert set(diagnosis.inherited) == {"dyhat", "dw1", "dw2"}


def test_a_coincidence_at_the_own_numbers_is_seen_through_and_said(judge):
    """At x1 = w2 = 2 a wrong variable gives the right number."""
    diagnosis = judge("dw1 = 2*e*w2\ndw2 = 2*e*x2", WEIGHTS)
    (finding,) = diagnosis.findings
    assert (finding.rule, finding.fix) == ("wrong-variable", "dw1 = 2*e*x1")
    assert "only by coincidence" in finding.message


def test_the_numbers_of_a_coincidence_are_those_of_a_point_where_it_shows(judge):
    (finding,) = judge("dw1 = 2*e*x1/x2\ndw2 = 2*e*x2", {**WEIGHTS, "data": ONE}).findings
    assert "right only on these data" in finding.message
    assert finding.evidence["claimed"] != pytest.approx(finding.evidence["true"], rel=1e-3)
    assert "there is an extra division by x2" in finding.message


def test_a_factor_is_named_as_the_derivative_on_the_way_of_its_own_line(judge):
    model = {
        "data": "x = 2.0\ny = 5.0",
        "parameters": "w1 = 1.0\nw2 = 2.0",
        "model": "a = w1*x\nb = w2*x\nL = (a*b - y)**2",
    }
    sound = "dab = 2*(a*b - y)\nda = dab*b\ndb = dab*a\ndw1 = da*x\n"
    (finding,) = judge(sound + "dw2 = db", model).findings
    assert finding.message.startswith("the factor ∂b/∂w2 = x is missing;")
    assert finding.within == (("b", "w2"),)


def test_a_division_left_out_is_said(judge):
    model = {**WEIGHTS, "model": "e = (w1*x1 + w2*x2 - y)/x2\nL = e**2"}
    (finding,) = judge("dw1 = 2*e*x1\ndw2 = 2*e", model).findings
    assert finding.message.startswith("a division by x2 is missing;")


@pytest.mark.parametrize(
    ("slope", "words"),
    [
        ("1 - h", "the power is wrong: h where h**2 belongs"),
        ("1 - h**3", "the exponent is wrong: 3 where 2 belongs"),
    ],
)
def test_a_wrong_power_is_said_as_one(judge, slope, words):
    (finding,) = judge(broken("1 - h**2", slope)).findings
    assert finding.message.startswith(f"{words};")


CASES = [
    ("dh = dyhat[:, None]*w2", "dh = -dyhat[:, None]*w2", "sign", "dh"),
    ("de = 2*e/n", "de = 2*e", "constant-factor", "de"),
    ("de = 2*e/n", "de = e/n", "constant-factor", "de"),
    ("dz = dh*(1 - h**2)", "dz = dh", "missing-factor", "dz"),
    ("dz = dh*(1 - h**2)", "dz = dh*(1 - h**2)*h", "extra-factor", "dz"),
    ("dz = dh*(1 - h**2)", "dz = dh*(1 - z**2)", "wrong-point", "dz"),
    ("dz = dh*(1 - h**2)", "dz = dh*(1 - h)", "missing-factor", "dz"),
    ("dw2 = h.T@dyhat", "dw2 = z.T@dyhat", "wrong-variable", "dw2"),
    ("de = 2*e/n", "de = 2*y/n", "wrong-variable", "de"),
    ("dW1 = X.T@dz", "dW1 = X.T@(dz + dz)", "double-counted-path", "dW1"),
    ("db1 = dz.sum(axis=0)", "db1 = dz", "unreduced-broadcast", "db1"),
    ("db1 = dz.sum(axis=0)", "db1 = dz.mean(axis=0)", "wrong-axis", "db1"),
    ("db1 = dz.sum(axis=0)", "db1 = dz.sum(axis=1)", "wrong-axis", "db1"),
    ("dW1 = X.T@dz", "dW1 = (dz.T@X)", "transposed", "dW1"),
]


@pytest.mark.parametrize(("old", "new", "rule", "target"), CASES, ids=lambda text: text)
def test_one_mistake_gives_one_finding_with_a_fix_that_passes(judge, old, new, rule, target):
    code = broken(old, new)
    diagnosis = judge(code)
    (finding,) = diagnosis.findings
    assert finding.target == target
    assert rule in (finding.rule, *finding.alternatives) and finding.rule == rule
    assert judge(code.replace(new, finding.fix)).verdict == "correct"
    assert judge(SOUND).verdict == "correct"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("db1 = dz.mean(axis=0)", "is a mean that should be a sum"),
        ("db1 = sum(dz)", "goes over the wrong axis"),
        ("db1 = sum(dz, axis=0, keepdims=True)", "leaves the wrong shape"),
    ],
)
def test_what_is_wrong_with_a_reduction_is_said(judge, line, words):
    (finding,) = judge(broken("db1 = dz.sum(axis=0)", line)).findings
    assert f" {words}: sum(dz, axis=0) belongs there" in finding.message


HELPERS = {
    **NETWORK,
    "code": """miss = 2*e/len(y)
column = miss[:, None]
up = column*w2
slope = 1 - h**2
inner = up*slope
dW1 = X.T@inner
db1 = inner.sum(axis=0)
dw2 = miss@h
db2 = miss.sum()""",
}


@pytest.mark.parametrize(
    ("old", "new", "target", "rule", "fix"),
    [
        ("inner = up*slope", "inner = up", "inner", "missing-factor", "inner = up*slope"),
        ("slope = 1 - h**2", "slope = 1", "slope", "missing-term", "slope = 1 - h**2"),
        ("up = column*w2", "up = column", "up", "missing-factor", "up = column*w2"),
        ("up = column*w2", "up = column * w2 * w2", "up", "extra-factor", "up = column * w2"),
        ("slope = 1 - h**2", "slope = -(h**2)", "slope", "missing-term", "slope = 1 - (h**2)"),
        ("db1 = inner.sum(axis=0)", "db1 = inner", "db1", "unreduced-broadcast", None),
    ],
)
def test_the_helper_is_named_that_lost_what_it_is_there_for(judge, old, new, target, rule, fix):
    """What nothing reads any more, and what computes nothing, tell where something was lost."""
    code = HELPERS["code"].replace(old, new)
    (finding,) = judge(code, HELPERS).findings
    assert (finding.target, finding.rule) == (target, rule)
    assert fix is None or finding.fix == fix
    line = next(one for one in code.splitlines() if one.startswith(f"{target} ="))
    assert judge(code.replace(line, finding.fix), HELPERS).verdict == "correct"
    assert judge(HELPERS["code"], HELPERS).verdict == "correct"


GELU = {
    "data": NETWORK["data"],
    "parameters": "w = [0.4, -0.3]\nv = 0.7",
    "model": """z = X@w
u = 0.8*(z + 0.04*z**3)
t = tanh(u)
h = z*(1 + t)/2
L = mean((v*h - y)**2)""",
}


def test_the_slope_of_a_function_in_several_statements_is_known_to_be_right(judge):
    code = """dyhat = 2*(v*h - y)/len(y)
slope = (1 + t)/2 + z*(1 - t*t)*0.8*(1 + 0.12*z*z)/2
dz = dyhat * slope
dw = dz@X
dv = sum(dyhat*h)"""
    (finding,) = judge(code, GELU).findings
    assert (finding.rule, finding.fix) == ("missing-factor", "dz = dyhat * slope * v")


def test_a_claim_that_is_not_summed_is_wrong_though_the_rest_would_do_with_it(judge):
    scenario = {
        **NETWORK,
        "parameters": "W = [[0.1, -0.4, 0.3], [0.7, 0.2, -0.5]]",
        "model": "h = X@W\nr = sum(h**2, axis=1, keepdims=True)\nn = h/(r + 1)\nL = mean(n**3)",
    }
    sound = """dn = 3*n**2/12
dr = -sum(dn*h, axis=1, keepdims=True)/(r + 1)**2
dh = dn/(r + 1) + dr*2*h
dW = X.T@dh"""
    assert judge(sound, scenario).verdict == "correct"
    (finding,) = judge(sound.replace("sum(dn*h, axis=1, keepdims=True)", "dn*h"), scenario).findings
    assert (finding.target, finding.rule) == ("dr", "unreduced-broadcast")


def test_two_mistakes_in_two_lines_are_both_found(judge):
    code = broken("dw2 = h.T@dyhat", "dw2 = z.T@dyhat").replace("*(1 - h**2)", "")
    findings = judge(code).findings
    assert [(f.target, f.rule) for f in findings] == [
        ("dw2", "wrong-variable"),
        ("dz", "missing-factor"),
    ]


SHARED = {
    "data": "x = 1.5\ny = 0.7",
    "parameters": "w = 0.8",
    "model": "a = w*x\nb = w*a\nL = (a + b - y)**2",
}


@pytest.mark.parametrize(
    ("line", "rule"),
    [("dw = db*a", "missing-path"), ("dw = da*x + db*a + db*a", "double-counted-path")],
)
def test_a_path_left_out_or_counted_twice(judge, line, rule):
    code = f"de = 2*(a + b - y)\ndb = de\nda = de + db*w\n{line}"
    (finding,) = judge(code, SHARED).findings
    assert (finding.target, finding.rule) == ("dw", rule)
    assert judge(code.replace(line, finding.fix), SHARED).verdict == "correct"


@pytest.mark.parametrize(
    ("line", "rule"),
    [("dw1 = dw1 + dyhat*x1", "accumulated"), ("dw1 = last*x1", "stale")],
)
def test_what_is_kept_from_the_step_before(judge, line, rule):
    code = f"dyhat = 2*e\n{line}\ndw2 = dyhat*x2"
    if rule == "stale":
        code += "\nlast = dyhat"
    name = "last" if rule == "stale" else "dw1"
    (finding,) = judge(code, WEIGHTS, f"state = {{ {name} = 0.0 }}").findings
    assert (finding.target, finding.rule) == ("dw1", rule)


CONVENTIONS = [
    "de = e\ndyhat = de\ndw2 = h.T@dyhat*2/4\ndb2 = 2*sum(dyhat)/4"
    "\ndz = dyhat[:, None]*w2*(1 - h*h)\ndW1 = 2*X.T@dz/4\ndb1 = 2*sum(dz, axis=0)/4",
    "g = (2/len(y))*(yhat - y)\ndw2 = g@h\ndb2 = g.sum()\nback = g[:, None]*w2[None, :]*(1 - h**2)"
    "\ndW1 = X.T@back\ndb1 = np.sum(back, axis=0)",
    "dw2 = 2*h.T@(yhat - y)/len(y)",
]


@pytest.mark.parametrize("code", CONVENTIONS, ids=["scaled", "helpers", "partial"])
def test_conventions_of_competent_people_are_sound(judge, code):
    diagnosis = judge(code)
    assert diagnosis.verdict == "correct"
    assert all(finding.severity == "info" for finding in diagnosis.findings)


def test_a_bare_claim_is_explained_over_the_whole_reverse_pass(judge):
    (finding,) = judge("dw2 = 2*e", WEIGHTS).findings
    assert (finding.rule, finding.factor) == ("missing-factor", "x2")
    assert finding.edge == ("L", "w2")


def test_a_helper_that_spoils_several_claims_is_the_one_blamed(judge):
    code = broken("n = len(y)", "n = X.shape[1]")
    (finding,) = judge(code).findings
    assert (finding.target, finding.fix) == ("n", "n = X.shape[0]")


@pytest.mark.parametrize("line", ["dw = exp(1000*x)", "dw = exp(1000*x) - exp(1000*x)"])
def test_a_claim_that_overflows_is_wrong_and_raises_no_warning_of_arithmetic(judge, line):
    """Warnings are errors in tests; a user would read NumPy's between the lines of a finding."""
    (finding,) = judge(line, SHARED).findings
    assert (finding.target, finding.severity) == ("dw", "error")


def test_a_gradient_that_is_zero_in_truth_raises_no_alarm(judge):
    """The softmax does not feel a shift of all its scores: rounding is no mistake."""
    scenario = {
        "data": "X = [[0.3, 1.2, -0.5], [1.1, -0.2, 0.4]]\nt = [0, 2]",
        "parameters": "s = 0.4\nW = [[0.2, -0.1, 0.5], [0.3, 0.3, -0.2], [-0.6, 0.1, 0.2]]",
        "model": "z = X@W + s\nL = cross_entropy(z, t)",
    }
    code = "dz = (softmax(z) - one_hot(t, 3))/2\ndW = X.T@dz\nds = sum(dz)"
    assert judge(code, scenario).verdict == "correct"


def test_the_gradient_of_a_value_that_the_loss_does_not_use_is_zero(judge):
    """p is only looked at: the loss is computed from the scores."""
    scenario = {
        "data": "X = [[0.3, 1.2], [1.1, -0.2], [0.5, 0.4]]\nt = [0.0, 1.0, 1.0]",
        "parameters": "w = [0.2, -0.1]",
        "model": "z = X@w\np = sigmoid(z)\nL = mean(softplus(z) - t*z)",
    }
    diagnosis = judge("dp = p - t\ndz = dp/len(t)\ndw = X.T@dz", scenario)
    assert diagnosis.verdict == "correct"
    assert [(one.target, one.severity) for one in diagnosis.findings] == [("dp", "info")]


def test_without_claims_of_parameters_the_others_are_judged(judge):
    (finding,) = judge("dyhat = 2*e/2", WEIGHTS).findings
    assert (finding.target, finding.rule) == ("dyhat", "constant-factor")


def test_a_foreign_term_that_no_rule_names_is_unexplained_and_still_mended(judge):
    (finding,) = judge("dw1 = 2*e*x1 + y\ndw2 = 2*e*x2", WEIGHTS).findings
    assert (finding.rule, finding.fix) == ("unexplained", "dw1 = 2*e*x1")


def test_a_convention_that_scales_an_intermediate_is_told_and_no_mistake(judge):
    (note,) = judge("de = e\ndw1 = 2*de*x1\ndw2 = 2*de*x2", WEIGHTS).findings
    assert (note.severity, note.target) == ("info", "de")
    assert "0.5·∂L/∂e" in note.message


def test_where_the_model_jumps_the_user_is_not_blamed(judge):
    """A comparison has no slope: reverse mode says 0 where central differences see leaps."""
    leaps = " + ".join(f"(sin({speed}e7*w) > 0)" for speed in (1.0, 1.3, 1.7, 2.3))
    scenario = {"data": "x = 1.5", "parameters": "w = 0.3", "model": f"L = {leaps} + 0*x"}
    diagnosis = judge("dw = 1.5", scenario)
    (doubt,) = diagnosis.findings
    assert (diagnosis.verdict, doubt.severity, doubt.target) == ("not-compared", "error", "dw")
    assert "the model jumps there" in doubt.message


def test_a_claim_that_is_no_number_is_wrong(judge):
    (finding,) = judge("dw1 = 2*e*x1\ndw2 = 2*e*x2*log(-1 - e**2)", WEIGHTS).findings
    assert (finding.target, finding.fix) == ("dw2", "dw2 = 2*e*x2")


def test_a_sign_is_no_factor_that_is_left_for_later(judge):
    """The line where the sign was lost is blamed, not the next, where the mean is taken."""
    model = {
        "data": NETWORK["data"].replace("[1.2, -0.4, 0.9, 0.1]", "[1, 0, 1, 0]"),
        "parameters": "w = [0.3, -0.2]\nb = 0.1",
        "model": "z = X@w + b\np = sigmoid(z)\nL = -mean(y*log(p) + (1 - y)*log(1 - p))",
    }
    code = "dp = y/p - (1 - y)/(1 - p)\ndz = dp*p*(1 - p)/len(y)\ndw = X.T@dz\ndb = sum(dz)"
    (finding,) = judge(code, model).findings
    assert (finding.target, finding.rule) == ("dp", "sign")
    assert finding.fix == "dp = (1 - y)/(1 - p) - y/p"


def test_two_lines_that_are_wrong_are_blamed_and_not_the_right_one_that_they_start_from(judge):
    """A scale that both readers of a right claim lack is theirs: 1/sqrt(2) is no count."""
    model = {
        "data": "X = [[0.5, 1.2], [-1.0, 0.3], [0.8, -0.7]]\nV = [[0.5, 0.2], [-0.1, 0.3], [1, 0]]",
        "parameters": "Wq = [[0.3, -0.2], [0.1, 0.5]]\nWk = [[0.7, 0.2], [-0.1, 0.4]]",
        "model": "Q = X@Wq\nK = X@Wk\nS = Q@K.T/sqrt(2)\nA = softmax(S)\nL = sum((A@V)**2)",
    }
    code = """dA = 2*(A@V)@V.T
dS = A*(dA - sum(dA*A, axis=1, keepdims=True))
dQ = dS@K
dK = dS.T@Q
dWq = X.T@dQ
dWk = X.T@dK"""
    found = judge(code, model).findings
    assert [(one.target, one.fix) for one in found] == [
        ("dQ", "dQ = dS@K/sqrt(2)"),
        ("dK", "dK = dS.T@Q/sqrt(2)"),
    ]


def test_two_wrong_gradients_that_are_added_up_are_both_blamed_and_not_their_sums(judge):
    model = {
        "data": "x = 0.7",
        "parameters": "w = 1.3\nb = 0.4",
        "model": "p = x*w + b\nq = tanh(w - b)\nL = p**2 + q**2",
    }
    code = "dp = 2*p*p\ndq = 2*q*q\ndw = dp*x + dq*(1 - q**2)\ndb = dp - dq*(1 - q**2)"
    found = judge(code, model).findings
    assert [(one.target, one.fix) for one in found] == [("dp", "dp = 2*p"), ("dq", "dq = 2*q")]


def test_a_search_that_is_cut_ends_at_the_same_place_and_says_so(judge, monkeypatch):
    code = broken("dh*(1 - h**2)", "dh*(1 - z**2)/3*h")
    assert "tried" not in judge(code).findings[0].evidence
    monkeypatch.setattr("gradtui.diagnosis.sieve.MOST_CHANGES", 40)
    first, again = judge(code), judge(code)
    assert first == again
    assert {one.target for one in first.findings} == {"dz"}
    assert first.findings[0].evidence["tried"] == 120
    assert "the search was cut after 120 changes" in first.findings[0].message


DEEP = {
    "data": "X = [[0.5, -1.2], [1.5, 0.3], [-0.7, 0.8]]",
    "parameters": "".join(f"W{i} = [[0.{i}, -0.4], [0.7, 0.{i}]]\n" for i in range(1, 9)),
    "model": "A0 = X@W1\n"
    + "".join(f"T{i} = tanh(A{i - 1})\nA{i} = T{i}@W{i + 1} + 0.1*A{i - 1}\n" for i in range(1, 8))
    + "L = mean(A7**2)",
}


DEEP_PASS = (
    "dA7 = 2*A7/6\n"
    + "".join(
        f"dW{i + 1} = T{i}.T@dA{i}\ndT{i} = dA{i}@W{i + 1}.T\n"
        f"dA{i - 1} = dT{i}*(1 - T{i}**2) + 0.1*dA{i}\n"
        for i in range(7, 0, -1)
    )
    + "dW1 = X.T@dA0"
)


def test_a_path_left_out_is_named_in_a_deep_network_whose_many_values_have_one_shape(judge):
    (finding,) = judge(DEEP_PASS.replace(" + 0.1*dA1\n", "\n"), DEEP).findings
    assert (finding.target, finding.rule) == ("dA0", "missing-path")
    assert finding.fix == "dA0 = dT1*(1 - T1**2) + dA1/10"


def test_a_sign_lost_above_does_not_turn_the_fix_of_a_line_below(judge):
    code = DEEP_PASS.replace("dT4 = dA4@W5.T", "dT4 = -dA4@W5.T").replace(" + 0.1*dA1\n", "\n")
    first, second = judge(code, DEEP).findings
    assert (first.target, first.fix) == ("dT4", "dT4 = dA4@W5.T")
    assert (second.target, second.fix) == ("dA0", "dA0 = dT1*(1 - T1**2) + dA1/10")


def test_a_line_is_proved_wrong_by_its_own_error_alone(judge):
    ridge = {
        "data": "X = [[1.0, 2.0], [0.5, -1.0], [2.0, 0.3], [-1.0, 1.5]]\ny = [1.0, -0.5, 0.8, 0.2]",
        "parameters": "w = [0.3, -0.2]",
        "model": "z = X@w\nh = tanh(z)\ne = h - y\nL = mean(e**2) + 0.01*sum(w**2)",
    }
    code = "de = 2*e/4\ndz = de*(1 - z**2)\ndw = X.T@dz + 0.01*w"
    first, second = judge(code, ridge).findings
    assert (first.target, second.target) == ("dz", "dw")
    off = second.evidence["true"] - second.evidence["claimed"]
    assert off == pytest.approx(0.01 * [0.3, -0.2][second.evidence["element"][0]])
    assert f"; with line {first.line} corrected, at step 0 dw[" in second.message
    assert "mended" not in first.evidence and "; at step 0 dz[" in first.message


@pytest.mark.parametrize("columns", [2, 3])
@pytest.mark.parametrize(
    ("loss", "fix"),
    [
        ("mean((Z - Y)**2)", "dZ = 2*(Z - Y)/(Y.shape[0]*Y.shape[1])"),
        ("sum((Z - Y)**2)/(2*len(Y))", "dZ = (Z - Y)/len(Y)"),
    ],
)
def test_the_mean_of_a_matrix_divides_by_all_of_its_elements(judge, columns, loss, fix):
    row = [0.5, -1.0, 0.8][:columns]
    matrices = {
        "data": f"X = [[1.0, 2.0], [0.5, -1.0], [2.0, 0.3], [-1.0, 1.5]]\nY = {[row] * 4}",
        "parameters": f"W = [{[0.3, -0.2, 0.7][:columns]}, {[0.1, 0.5, -0.4][:columns]}]",
        "model": f"Z = X@W\nL = {loss}",
    }
    (finding,) = judge("dZ = 2*(Z - Y)/len(Y)\ndW = X.T@dZ", matrices).findings
    assert (finding.rule, finding.fix) == ("constant-factor", fix)
    assert ("len(Y) where" in finding.message) == ("shape" in fix)


def test_a_line_with_the_programs_own_constant_is_told_what_it_should_be():
    (finding,) = [one for one in gradtui.check("grad_extra_factor") if one.target == "dz"]
    # dw and db divide by the five rows: dz should be p - late = 0.5, not its fifth
    assert "dz[0] is 0.125 and should be 0.5, 5 times the true gradient" in finding.message


def test_what_is_wrong_on_a_line_of_several_names_is_told_without_a_line_in_its_place(judge):
    scenario = {"data": "x = 2.0\ny = 5.0", "parameters": "w = 1.0\nb = 0.5",
                "model": "e = w*x + b - y\nL = e**2"}  # fmt: skip
    (finding,) = judge("de = 2*e\ndw, db = de*x, -de", scenario).findings
    assert (finding.target, finding.rule, finding.fix) == ("db", "sign", None)
    assert finding.message.endswith("; on a line of its own it would be right as db = de")
