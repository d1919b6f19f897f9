"""Kinks whose other side the start and its surroundings do not reach."""

import pytest

import gradtui
from gradtui.diagnosis.backward.diagnose import diagnose

HINGE = "m = y*(X@w)\nL = mean(maximum(0, 1 - m))"
DATA = "X = [[0.1, 0.05], [-0.05, 0.1], [0.03, -0.08], [-0.1, -0.04]]\ny = [1.0, -1.0, 1.0, -1.0]"


@pytest.fixture
def judged(write):
    def call(model, backward, parameters="w = [0.0, 0.0]", data=DATA):
        more = f"[backward]\ncode = '''\n{backward}\n'''"
        path = write(model, data=data, parameters=parameters, more=more)
        return diagnose(gradtui.load(path).problem)

    return call


def test_a_hinge_without_its_mask_is_wrong_where_rows_are_beyond_the_kink(judged):
    found = judged(HINGE, "dm = -1/4\ndw = X.T@(dm*y)")
    assert found.verdict == "wrong"
    (finding,) = found.findings
    assert (finding.rule, finding.target) == ("missing-factor", "dm")
    assert finding.fix == "dm = -1/4*(1 - m > 0)"


def test_a_hinge_with_its_mask_is_right_and_nothing_is_said(judged):
    found = judged(HINGE, "dm = -1/4*(m < 1)\ndw = X.T@(dm*y)")
    assert (found.verdict, found.findings) == ("correct", ())
    assert found.compared.points > 12


FAR = "X = [[1.0, 0.5], [2.0, 0.1], [0.3, 0.8]]\ny = [-100.0, -200.0, -50.0]"


@pytest.mark.parametrize(
    "loss", ["abs(e)", "relu(e)", "maximum(e, -e)", "where(e > 0, e, -e)", "e*(e > 0)"]
)
def test_a_slope_is_tried_on_both_sides_of_any_kink(judged, loss):
    found = judged(f"e = X@w - y\nL = mean({loss})", "dw = X.T@(e*0 + 1)/3", "w = [0.1, 0.2]", FAR)
    assert found.verdict == "wrong"


def test_a_side_that_no_point_is_on_is_told(judged):
    found = judged(
        "h = w*w + 1\nL = mean(maximum(h, -h))", "dw = 2*w/2", "w = [0.3, 0.2]", "x = 0.0"
    )
    assert found.verdict == "correct"
    (finding,) = found.findings
    assert (finding.rule, finding.severity, finding.target) == ("relies-on-data", "info", "L")
    assert finding.message == (
        "h > -h at all points tried, however large the parameters: what the gradients are where "
        "h < -h is not compared"
    )


@pytest.mark.parametrize(
    "kink",
    [
        "relu(relu(w))",
        "relu(w)",
        "maximum(w*w + 1, 1e-12)",
        "minimum(w*0 + 1, 1e6)",
        "w*(abs(w) > 1e-8)",
    ],
)
def test_what_cannot_be_beyond_a_kink_or_only_bounds_numbers_is_not_told(judged, kink):
    found = judged(f"h = {kink}\nL = sum(h*0 + w)", "dw = w*0 + 1", "w = [0.3, -0.2]", "x = 0.0")
    assert (found.verdict, found.findings) == ("correct", ())
