"""Lines of an update may have any shape: each program is judged, and none of it is taken amiss."""

import pytest

from gradtui.diagnosis.updates import diagnose_update
from gradtui.scenario.load import load_problem

HELPERS = (
    "q = relu(reshape(g, -1))",
    "q = reshape(lr*g, (1, -1))",
    "q = reshape(sum(g), ())",
    "q = broadcast_to(sum(g), (2, 3))",
    "q = transpose(reshape(sum(g), (1, 1)), (1, 0))",
    "q = -3*sum(reshape(sum(g), (1, 1, 1)))\nr = one_hot(q > 0, 2)",
    "q = concat(reshape(sum(g), -1), reshape(lr, (1,)), axis=0)",
)


@pytest.fixture
def rules(write):
    """Return the rules of what is found in an update by plain descent of one number."""

    def found(code):
        more = f"[update]\ncode = '''\n{code}\n'''"
        problem = load_problem(write("L = (w*x - 1)**2", "w = 0.3", "x = 2.0", more=more))
        return [finding.rule for finding in diagnose_update(problem).findings]

    return found


@pytest.mark.parametrize("helper", HELPERS)
@pytest.mark.parametrize(("line", "found"), [("w - lr*g", []), ("w + lr*g", ["update-sign"])])
def test_a_line_of_another_shape_changes_no_verdict(rules, helper, line, found):
    assert rules(f"{helper}\nw = {line}") == found


@pytest.mark.parametrize("shape", ["-1", "()", "(1, -1)"])
def test_what_stands_in_the_line_that_is_wrong_may_be_reshaped(rules, shape):
    assert rules(f"w = w + lr*mean(reshape(g, {shape}))") == ["update-sign"]


def test_two_changes_may_be_lacking_beside_a_line_of_another_shape(rules):
    helper, mistakes = "q = one_hot(lr > 0, 2)", "w = w - 3*lr*g + 0.001*mean(minimum(lr, q))"
    assert rules(f"{helper}\n{mistakes}") != []
