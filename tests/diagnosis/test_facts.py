"""Facts that a scenario states: which hold, which do not, and where."""

from types import SimpleNamespace

import pytest

import gradtui
from gradtui.base.source import Place
from gradtui.diagnosis.facts import check_expected
from gradtui.diagnosis.finding import Finding
from gradtui.scenario.problem import Expectation

MODEL = "e = w*x - y\nL = sum(e**2)"


@pytest.fixture
def findings_of(write):
    def check(expect, parameters="w = [1.0, 2.0]", data="x = [3.0, 4.0]\ny = [1.0, 1.0]", **more):
        return facts_of(write(MODEL, parameters, data, more=f"[[expect]]\n{expect}", **more))

    return check


def facts_of(path):
    """Return the findings about stated facts alone: the runs here are only there to compute."""
    return [finding for finding in gradtui.check(path) if finding.rule == "fact"]


# e = (2, 7), L = 53, ∂L/∂w = 2·e·x = (12, 56); lr = 0.1


@pytest.mark.parametrize(
    "expect",
    [
        "loss = 53.0",
        "loss = 53",
        "loss = 53.00005",
        "loss = 54.0\ntolerance = 0.02",
        "[expect.gradients]\nw = [12.0, 56.0]\ne = [4.0, 14.0]\nL = 1.0",
        "[expect.parameters]\nw = [1, 2]",
        "step = 1\n[expect.parameters]\nw = [-0.2, -3.6]",
        "[expect.values]\ne = [2.0, 7.0]\nx = [3.0, 4.0]",
    ],
)
def test_facts_that_hold(findings_of, expect):
    assert findings_of(expect) == []


def test_a_wrong_loss_is_named_with_both_numbers(findings_of):
    (finding,) = findings_of("step = 0\nloss = 52.0")
    assert (finding.rule, finding.severity, finding.target) == ("fact", "error", "loss")
    assert finding.message == ("loss at step 0 is 53, the file expects 52 within 1e-6 relative")
    assert finding.evidence == {"got": 53.0, "expected": 52.0, "tolerance": 1e-6}
    assert finding.step == 0
    assert finding.fix is finding.edge is finding.factor is None


def test_the_line_is_that_of_the_fact(write):
    path = write(
        MODEL,
        "w = 1.0",
        "x = 1.0\ny = 0.0",
        more="[[expect]]\nloss = 1.0\n\n[[expect]]\nloss = 7.0",
    )
    (finding,) = facts_of(path)
    with open(path, encoding="utf-8") as file:
        assert file.read().splitlines()[finding.line - 1] == "loss = 7.0"


@pytest.mark.parametrize(
    ("expect", "element", "got"),
    [
        ("w = [12.0, 57.0]", "[1]", "56"),
        ("w = [11.0, 56.0]", "[0]", "12"),
        ("w = [11.0, 54.0]", "[0]", "12"),  # the larger difference, relatively
        ("w = [12.00001, 50.0]", "[1]", "56"),
        ("w = [13.0, nan]", "[1]", "56"),
        ("w = [inf, 56.0]", "[0]", "12"),
    ],
)
def test_the_worst_element_is_named(findings_of, expect, element, got):
    (finding,) = findings_of(f"[expect.gradients]\n{expect}")
    assert finding.message.startswith(f"gradients.w at step 0 at element {element} is {got}, ")


def test_an_element_that_holds_is_never_the_worst(findings_of):
    """Both are inf in the first, which the difference inf - inf does not show."""
    more = "step = 3\n[expect.values]\ne = [-inf, 5.0]"
    (finding,) = findings_of(more, "w = [1e50, 1.0]", "x = [1e50, 1.0]\ny = [0.0, 0.0]")
    assert "at element [1] is 0.512, the file expects 5 " in finding.message


def test_facts_of_several_steps_are_all_checked(write):
    expect = "".join(f"[[expect]]\nstep = {step}\nloss = -1.0\n" for step in (3, 0, 2))
    findings = facts_of(write(MODEL, "w = 1.0", "x = 1.0\ny = 0.0", more=expect))
    assert sorted(finding.step for finding in findings) == [0, 2, 3]


def test_infinite_and_undefined_numbers_can_be_expected(write):
    expect = "[[expect]]\nstep = 3000\n[expect.parameters]\nw = nan\n"
    expect += "[[expect]]\nstep = 320\n[expect.values]\nL = inf\n"
    path = write("L = (w*x)**2", "w = 1.0", "x = 1.0", lr=3.0, more=expect)
    assert facts_of(path) == []
    path = write("L = (w*x)**2", "w = 1.0", "x = 1.0", more="[[expect]]\nloss = inf")
    (finding,) = facts_of(path)
    assert finding.message == "loss at step 0 is 1, the file expects inf within 1e-6 relative"


def test_numbers_as_far_apart_as_can_be_are_compared(findings_of):
    (finding,) = findings_of("loss = -1.7976931348623157e308", "w = [1e153, 0.0]", steps=0)
    assert finding.evidence["got"] > 1e300


def test_zero_is_expected_exactly(findings_of):
    assert findings_of("loss = 0.0", "w = [1.0, 1.0]", "x = [1.0, 1.0]\ny = [1.0, 1.0]") == []
    assert findings_of("loss = 0.0", "w = [1.0, 1.0]", "x = [1.0, 1.0]\ny = [1.0, 1.0001]") != []


def test_a_finding_has_all_keys_of_the_contract(findings_of):
    (finding,) = findings_of("loss = 1.0")
    assert set(finding.as_dict()) == {
        "rule", "severity", "target", "line", "edge", "within", "factor", "message", "evidence",
        "fix", "alternatives", "step",
    }  # fmt: skip


def test_an_expected_finding_that_is_not_made_fails(findings_of):
    (finding,) = findings_of('finding = "dead-relu"\ntarget = "h"\nstep = 2', lr=0.01)
    assert (finding.rule, finding.severity) == ("fact", "error")
    assert (finding.target, finding.step) == ("finding.dead-relu", 2)
    assert finding.message == (
        "the finding dead-relu of h at step 2 is expected but was not found; found: nothing"
    )


def test_an_expected_finding_may_leave_its_target_and_its_step_open():
    made = Finding("dead-relu", "warning", "h", 9, "", {}, step=3)
    for name, step, fails in ((None, None, 0), ("h", 3, 0), ("z", None, 1), (None, 4, 1)):
        problem = SimpleNamespace(expected=[Expectation("dead-relu", name, step, Place(20))])
        unmet = check_expected(problem, [made])
        assert len(unmet) == fails
        assert all(f.line == 20 and "found: dead-relu of h at step 3" in f.message for f in unmet)
