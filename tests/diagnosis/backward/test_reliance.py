"""What is right on the user's data only: a warning with the general rule, or a remark."""

from dataclasses import dataclass

import pytest

import gradtui
from gradtui.cli.arguments import main
from gradtui.diagnosis.backward.diagnose import diagnose


@dataclass(frozen=True)
class Case:
    """A backward pass that is right on `data`, and wrong on `others`."""

    model: str
    parameters: str
    backward: str
    data: str
    others: str = ""
    fix: str = ""
    """The line that is right on both."""


ROWS = "X = [[1.0, 2.0], [0.5, -1.0], [0.3, 0.7], [1.1, 0.6]]"
REGRESSION = "e = X@w - y\nL = mean(e**2)"
MASKED = "z = X@w\nh = m*tanh(z)\nL = sum((h - y)**2)"
LESSON = Case(
    "yhat = w1*x1 + w2*x2\ne = yhat - y\nL = e**2",
    "w1 = 1.0\nw2 = 2.0",
    "de = x1*e\ndw1 = de*x1\ndw2 = de*x2",
    "x1 = 2.0\nx2 = 3.0\ny = 5.0",
    "x1 = 4.0\nx2 = 3.0\ny = 5.0",
    "de = 2*e",
)
MASK_OF_ONES = Case(
    MASKED,
    "w = [0.3, -0.2]",
    "dh = 2*(h - y)\ndz = dh*(1 - tanh(z)**2)\ndw = X.T@dz",
    f"{ROWS}\ny = [0.1, 0.4, 0.2, 0.3]\nm = [1, 1, 1, 1]",
    f"{ROWS}\ny = [0.1, 0.4, 0.2, 0.3]\nm = [1, 0, 1, 1]",
    "dz = dh*(1 - tanh(z)**2)*m",
)
ONE_ROW = Case(
    REGRESSION,
    "w = [0.3, -0.2]",
    "de = 2*e\ndw = X.T@de",
    "X = [[1.0, 2.5]]\ny = [0.1]",
    f"{ROWS}\ny = [0.1, 0.4, 0.2, 0.3]",
    "de = 2*e/len(y)",
)
EQUAL_COLUMNS = Case(
    "e = u*x1 + v*x2 - y\nL = mean(e**2)",
    "u = 0.3\nv = -0.2",
    "de = 2*e/len(y)\ndu = sum(de*x1)\ndv = sum(de*x1)",
    "x1 = [1.0, 0.5, -0.3]\nx2 = [1.0, 0.5, -0.3]\ny = [0.1, 0.4, 0.2]",
    "x1 = [1.0, 0.5, -0.3]\nx2 = [0.2, 1.5, 0.7]\ny = [0.1, 0.4, 0.2]",
    "dv = sum(de*x2)",
)
WARNED = [
    pytest.param(LESSON, id="a number"),
    pytest.param(MASK_OF_ONES, id="a mask of ones"),
    pytest.param(ONE_ROW, id="one row"),
    pytest.param(EQUAL_COLUMNS, id="equal columns"),
]
REMARKED = {
    "Y has a single 1 in every row": Case(
        "Z = X@W\nL = -sum(Y*log_softmax(Z))/4",
        "W = [[0.3, -0.2], [0.1, 0.5]]",
        "dZ = (softmax(Z) - Y)/4\ndW = X.T@dZ",
        f"{ROWS}\nY = [[1, 0], [0, 1], [1, 0], [0, 1]]",
        f"{ROWS}\nY = [[1, 1], [0, 1], [1, 0], [0, 1]]",
    ),
    "s sums to 1": Case(
        "f = X@w + b\nL = (dot(s, f) - 1)**2",
        "w = [0.3, -0.2]\nb = 0.1",
        "dm = 2*(dot(s, f) - 1)\ndw = dm*(s@X)\ndb = dm",
        f"{ROWS}\ns = [0.5, 0.25, 0.15, 0.1]",
        f"{ROWS}\ns = [0.5, 0.25, 0.5, 0.3]",
    ),
    "q is 1 - p": Case(
        "a = sigmoid(X@w)\nL = -mean(p*log(a) + q*log(1 - a))",
        "w = [0.3, -0.2]",
        "dz = (a - p)/4\ndw = X.T@dz",
        f"{ROWS}\np = [0.25, 0.5, 0.875, 0.125]\nq = [0.75, 0.5, 0.125, 0.875]",
        f"{ROWS}\np = [0.25, 0.5, 0.875, 0.125]\nq = [0.7, 0.5, 0.1, 0.8]",
    ),
    "XT is X.T": Case(
        REGRESSION,
        "w = [0.3, -0.2]",
        "de = 2*e/4\ndw = XT@de",
        f"{ROWS}\nXT = [[1.0, 0.5, 0.3, 1.1], [2.0, -1.0, 0.7, 0.6]]\ny = [0.1, 0.4, 0.2, 0.3]",
        f"{ROWS}\nXT = [[1.0, 0.5, 0.3, 1.1], [2.0, -1.0, 0.7, 0.5]]\ny = [0.1, 0.4, 0.2, 0.3]",
    ),
    "K": Case(
        "w = X.T@a\nf = K@a\nL = mean((f - y)**2) + 0.5*sum(w**2)",
        "a = [0.3, -0.2, 0.5]",
        "df = 2*(f - y)/3\nda = K.T@df + K@a",
        "X = [[1, 2], [0, -1], [3, 1]]\nK = [[5, -2, 5], [-2, 1, -1], [5, -1, 10]]\n"
        "y = [0.1, 0.4, 0.2]",
        "X = [[1, 2], [0, -1], [3, 1]]\nK = [[5, -2, 5], [-2, 1, -1], [5, -1, 9]]\n"
        "y = [0.1, 0.4, 0.2]",
    ),
    "K is X@X.T": Case(
        "f = X@(X.T@a)\nL = mean((f - y)**2)",
        "a = [0.3, -0.2, 0.5]",
        "df = 2*(f - y)/3\nda = K@df",
        "X = [[1, 2], [0, -1], [3, 1]]\nK = [[5, -2, 5], [-2, 1, -1], [5, -1, 10]]\n"
        "y = [0.1, 0.4, 0.2]",
        "X = [[1, 2], [0, -1], [3, 1]]\nK = [[5, -2, 5], [-2, 1, -1], [5, -1, 9]]\n"
        "y = [0.1, 0.4, 0.2]",
    ),
    "Y has a single 1": Case(
        "Z = X@W\nL = cross_entropy(Z, y)",
        "W = [[0.3, -0.2, 0.1], [0.1, 0.5, -0.4]]",
        "dZ = (softmax(Z) - Y)/4\ndW = X.T@dZ",
        f"{ROWS}\ny = [0, 2, 1, 2]\nY = [[1, 0, 0], [0, 0, 1], [0, 1, 0], [0, 0, 1]]",
        f"{ROWS}\ny = [0, 2, 1, 2]\nY = [[1, 0, 0], [0, 0, 1], [0, 1, 0], [0, 1, 0]]",
    ),
    "c is the classes of Y": Case(
        "z = X@w\nL = mean((z - sum(Y[:, 1:2] + 2*Y[:, 2:], axis=1))**2)",
        "w = [0.3, -0.2]",
        "dz = 2*(z - c)/4\ndw = X.T@dz",
        f"{ROWS}\nc = [0, 2, 1, 2]\nY = [[1, 0, 0], [0, 0, 1], [0, 1, 0], [0, 0, 1]]",
        f"{ROWS}\nc = [0, 2, 1, 1]\nY = [[1, 0, 0], [0, 0, 1], [0, 1, 0], [0, 0, 1]]",
    ),
    "S has a single 1 along axis 2 and along axis 1": Case(
        "h = S@w\nL = sum(v*mean(h**2, axis=1))",
        "w = [0.3, -0.2, 0.5]",
        "dw = 2*w*sum(v)/3",
        "S = [[[1, 0, 0], [0, 1, 0], [0, 0, 1]], [[0, 1, 0], [0, 0, 1], [1, 0, 0]]]\n"
        "v = [0.4, 1.3]",
        "S = [[[1, 0, 0], [1, 0, 0], [0, 0, 1]], [[0, 1, 0], [0, 0, 1], [1, 0, 0]]]\n"
        "v = [0.4, 1.3]",
    ),
    "x is 2, the number of elements of y": Case(
        "e = w*x - y\nL = mean(e**2)",
        "w = 3.0",
        "dw = sum(2*e*x)/x",
        "x = 2.0\ny = [5.0, 1.0]",
        "x = 3.0\ny = [5.0, 1.0]",
    ),
    "im is 1/4": Case(
        REGRESSION,
        "w = [0.3, -0.2]",
        "de = 2*im*e\ndw = X.T@de",
        f"{ROWS}\ny = [0.1, 0.4, 0.2, 0.3]\nim = 0.25",
        f"{ROWS}\ny = [0.1, 0.4, 0.2, 0.3]\nim = 0.5",
    ),
}
"""What a remark says of the data -> a backward pass that relies on it."""


@pytest.fixture
def file(write):
    def make(case, data=None, fix=""):
        rows = case.backward.split("\n")
        mended = [fix if row.split(" =")[0] == fix.split(" =")[0] else row for row in rows]
        hand = "[backward]\ncode = '''\n{}\n'''".format("\n".join(mended))
        return write(
            case.model, case.parameters, case.data if data is None else data, 1e-6, 1, hand
        )

    return make


@pytest.fixture
def judge(file):
    return lambda *case: diagnose(gradtui.load(file(*case)).problem)


@pytest.mark.parametrize("case", WARNED)
def test_a_coincidence_is_a_warning_with_the_general_rule(judge, case):
    diagnosis = judge(case)
    (finding,) = diagnosis.findings
    assert diagnosis.verdict == "correct"
    assert (finding.rule, finding.severity) == ("relies-on-data", "warning")
    assert finding.fix == case.fix
    assert finding.target == case.fix.split(" =")[0]
    rows = finding.message.startswith("right only with one row: with 3 ")
    assert rows or "; with other data " in finding.message
    assert "point" not in finding.message


@pytest.mark.parametrize("case", WARNED)
def test_a_coincidence_passes_a_check_but_no_strict_one(file, case, capsys):
    path = file(case)
    assert main(["check", path]) == 0
    assert f"fix: {case.fix}" in capsys.readouterr().out
    assert main(["check", path, "--strict"]) == 1


@pytest.mark.parametrize("case", [LESSON, MASK_OF_ONES, ONE_ROW, EQUAL_COLUMNS])
def test_what_rests_on_a_coincidence_is_correct_and_its_general_rule_right_elsewhere(judge, case):
    assert judge(case).verdict == "correct"
    assert judge(case, case.others).verdict == "wrong"
    for data in (case.data, case.others):
        diagnosis = judge(case, data, case.fix)
        assert diagnosis.verdict == "correct"
        assert [one for one in diagnosis.findings if one.severity != "info"] == []


@pytest.mark.parametrize("text", REMARKED)
def test_structure_that_is_meant_is_a_remark_and_never_a_warning(judge, text):
    diagnosis = judge(REMARKED[text])
    (finding,) = diagnosis.findings
    assert diagnosis.verdict == "correct"
    assert (finding.rule, finding.severity, finding.fix) == ("relies-on-data", "info", None)
    assert text in finding.message
    assert "because of the numbers of" not in finding.message


@pytest.mark.parametrize("text", REMARKED)
def test_structure_that_is_meant_passes_a_strict_check(file, text):
    assert main(["check", file(REMARKED[text]), "--strict"]) == 0


@pytest.mark.parametrize("text", REMARKED)
def test_without_the_structure_the_same_program_is_wrong(judge, text):
    assert judge(REMARKED[text], REMARKED[text].others).verdict == "wrong"


@pytest.mark.parametrize("data", [LESSON.data, LESSON.others])
def test_what_holds_on_all_data_has_no_remark(judge, data):
    assert judge(LESSON, data, LESSON.fix).findings == ()


def test_one_row_is_no_reason_to_warn_where_the_rows_are_counted(judge):
    assert judge(ONE_ROW, ONE_ROW.data, ONE_ROW.fix).findings == ()


def test_a_fix_divides_by_a_size_and_not_by_a_number_that_equals_it(judge):
    model = "a = reshape(w, (1, 1, 1, 1))*t\nL = w*x + mean(t*a)"
    case = Case(model, "w = 3.0", "dw = x", "x = 2.0\nt = [[[1.0]], [[2.0]]]")
    diagnosis = judge(case)
    (finding,) = diagnosis.findings
    assert diagnosis.verdict == "wrong"
    assert (
        finding.fix and judge(case, "x = 5.0\nt = [[[1.0]], [[2.0]]]", finding.fix).findings == ()
    )


def test_a_count_that_is_a_number_of_the_data_is_no_mistake(judge):
    case = Case(
        "e = X@w - y\nL = sum(e**2)/n",
        "w = [0.3, -0.2]",
        "dw = X.T@(2*e)/n",
        f"{ROWS}\ny = [0.1, 0.4, 0.2, 0.3]\nn = 4.0",
    )
    assert judge(case).findings == ()
    (finding,) = judge(case, case.data, "dw = X.T@e/n").findings
    assert finding.fix and judge(case, case.data, finding.fix).findings == ()
