"""What a finding means in a learner's terms."""

from __future__ import annotations

import pytest

import gradtui
from gradtui.diagnosis.finding import Finding
from gradtui.explain.terms import in_terms, in_terms_of_code

MODEL = "z = X@W\nh = {function}(z)\ne = h - y\nL = mean(e**2)"
DATA = "X = [[2.0, 3.0], [1.5, 1.0], [4.0, 5.0]]\ny = [5.0, 3.2, 9.5]"
WEIGHTS = "W = [0.4, -0.1]"
RIGHT = {"tanh": "(1 - h**2)", "sigmoid": "h*(1 - h)", "relu": "(z > 0)"}


@pytest.fixture
def terms(session_of):
    def told(function, backward):
        session = session_of(MODEL.format(function=function), WEIGHTS, DATA,
                             more=f"[backward]\ncode = '''\n{backward}\n'''")  # fmt: skip
        session.investigation.judge()
        return [in_terms(session.problem, one) for one in session.investigation.findings]

    return told


@pytest.mark.parametrize(
    ("function", "other"), [("relu", "tanh"), ("tanh", "sigmoid"), ("sigmoid", "tanh")]
)
def test_the_slope_of_another_function_is_called_by_its_name(terms, function, other):
    (said,) = terms(function, f"de = 2*e/len(y)\ndz = de*{RIGHT[other]}\ndW = X.T@dz")
    assert said == f"that is {other}'s slope; h is a {function}"


def test_a_slope_is_not_read_out_of_a_longer_name(terms):
    (said,) = terms("tanh", "de = 2*e/len(y)\ndh = de\ndz = dh*(1 - h)\ndW = X.T@dz")
    assert said == ""


def test_a_factor_that_is_the_number_of_rows_is_called_so(terms):
    (said,) = terms("tanh", f"de = 2*e\ndz = de*{RIGHT['tanh']}\ndW = X.T@dz")
    assert said == "3 = the rows of X: the loss is a mean"


@pytest.mark.parametrize("ratio", [5e-324, -1e-310, 1.7e308, 0.0, float("inf"), float("nan")])
def test_a_factor_at_the_end_of_the_range_counts_nothing(session_of, ratio):
    problem = session_of(MODEL.format(function="tanh"), WEIGHTS, DATA).problem
    finding = Finding("constant-factor", "error", "W", None, "", {"ratio": ratio})
    assert in_terms(problem, finding) == ""


def test_nothing_is_said_where_no_other_words_are_known():
    session = gradtui.load("grad_missing_factor")
    session.investigation.judge()
    assert [in_terms(session.problem, one) for one in session.investigation.findings] == [""]


@pytest.mark.parametrize(
    ("written", "fix", "said"),
    [
        ("dz = da * (1 - a**2)", "dz = da * (a > 0)",
         "that is tanh's slope; this layer is a relu"),
        ("dz = da * (1 - a*a)", "dz = da * a * (1 - a)",
         "that is tanh's slope; this layer is a sigmoid"),
        ("dz = da * s * (1 - s)", "dz = da * (1 - s**2)  # tanh",
         "that is sigmoid's slope; this layer is a tanh"),
        ("dz = np.where(z > 0, da, 0)", "dz = np.where(z > 0, da, 0) * (1 - h**2)", ""),
        ("dz = da * (1 - a**2)", "dz = da * (1 - h**2)", ""),
        ("dz = da * (1 - a**2)", None, ""),
        ("db = dz.mean(0)", "db = dz.sum(0)", ""),
    ],
)  # fmt: skip
def test_in_code_a_slope_has_its_name_where_the_fix_has_that_of_another(written, fix, said):
    assert in_terms_of_code(written, fix) == said
