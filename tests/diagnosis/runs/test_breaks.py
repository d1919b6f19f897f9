"""The first number that is not finite: its node, its operands, how they came."""

from pathlib import Path

import pytest

from findings import only
from gradtui.diagnosis.runs.registry import diagnose_run
from gradtui.scenario.load import load_problem


def test_the_first_node_that_is_not_finite_is_named_with_its_operands_and_how_they_came(diagnosed):
    # w: 1, 0.6, 0.2, -0.2: the update of step 2 takes it below 0.
    finding = only(diagnosed("r = log(w)\nL = w + 0*r", "w = 1.0", "x = 0.0", lr=0.4, steps=9))
    assert (finding.rule, finding.target, finding.step) == ("non-finite", "r", 3)
    assert finding.evidence["operands"] == pytest.approx({"w": -0.2})
    assert finding.evidence["rates"] == [0.4] * 3
    assert finding.evidence["gradient_norms"] == [1.0] * 3
    assert "step 2 (lr 0.4, |∇| 1): w 0.2 → -0.2" in finding.message


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("yhat = x/b + w\nL = yhat", "at step 0 '/' in yhat gives inf for x = 1 and b = 0"),
        ("yhat = log(b - w)*x\nL = yhat", "'log' in yhat gives nan for b - w = -0.5"),
        ("z = 9.0**9**9\nL = w*x + b + z", "for 9 and 9**9 = 3.874e8; the numbers are too large"),
        (
            "L = (w*x + b)*mean(V[1:1])",
            "'mean' in L gives nan for V[1:1], which is empty; keep its",
        ),
        (
            "L = (1e175*x + w)**2 + b",
            "'**' in L gives inf for 1e175*x + w = 1e175 and 2; the numbers",
        ),
    ],
)
def test_a_run_that_starts_lost_is_told_by_the_operation_and_its_operands(diagnosed, code, said):
    finding = only(diagnosed(code, "w = 0.5\nb = 0.0", "x = 1.0\nV = [1.0, 2.0]"))
    assert (finding.rule, finding.severity, finding.step) == ("non-finite", "error", 0)
    assert said in finding.message


def test_a_number_that_does_not_fit_into_the_type_is_told_where_it_stands(write):
    path = write("L = x*w + 1e100", data="x = 1e200", more='dtype = "float32"')
    finding = only(diagnose_run(load_problem(path)))
    assert (finding.rule, finding.target, finding.step) == ("non-finite", "x", 0)
    assert "x does not fit into float32: it is inf there" in finding.message
    assert Path(path).read_text().splitlines()[finding.line - 1] == "x = 1e200"


def test_a_gradient_that_is_lost_before_the_loss_is_found_in_the_backward_pass(diagnosed):
    finding = only(diagnosed("L = sqrt(abs(w) - 1) + w", "w = 1.0", "x = 0.0", steps=3))
    assert (finding.rule, finding.step) == ("non-finite", 0)
    assert "backward pass" in finding.message


def test_a_line_by_hand_that_is_not_finite_is_named_with_its_place(write):
    # At w = 0 the hand-written gradient is 0/0: no step of the run is finite.
    by_hand = '[backward]\ncode = """\nn = 4*z/z\ndw = n*x*p*(1 - p)/4\n"""'
    path = Path(write("z = w*x\np = sigmoid(z)\nL = p", "w = 0.0", more=by_hand))
    finding = only(f for f in diagnose_run(load_problem(path)) if f.severity == "error")
    assert (finding.rule, finding.target, finding.step) == ("non-finite", "n", 0)
    assert path.read_text().splitlines()[finding.line - 1] == "n = 4*z/z"
    assert (finding.place.line, finding.place.column) == (finding.line, 5)
    assert "'/' in n gives nan" in finding.message


def test_how_it_got_there_follows_one_element(diagnosed):
    # A step moves w by (-0.04, -0.4, -0.1): after three, w[1] is below 0.
    code = "r = log(w)\nL = sum(c*w) + 0*sum(r)"
    start, data = "w = [3.0, 1.0, 0.5]", "c = [0.1, 1.0, 0.25]"
    finding = only(diagnosed(code, start, data, lr=0.4, steps=9))
    assert (finding.rule, finding.step) == ("non-finite", 3)
    told = [
        f"step {step} (lr 0.4, |∇| 1.036): w[1] {one}"
        for step, one in enumerate(("1 → 0.6", "0.6 → 0.2", "0.2 → -0.2"))
    ]
    assert f"how it got there: {'; '.join(told)}; " in finding.message
