"""Units that are off for every example."""

import gradtui
from findings import only
from gradtui.diagnosis.runs.registry import diagnose_run

NETWORK = "z = X@A + b\nh = relu(z)\nyhat = h@v\nL = mean((yhat - y)**2)"


DATA = "X = [[0.5, 1.0], [-1.0, 0.3], [0.8, -0.6], [-0.4, -0.9]]\ny = [1.0, 3.0, 2.0, 4.0]"


def test_a_dead_unit_is_named_with_what_is_above_it(diagnosed):
    start = "A = [[1.0, -0.5], [0.5, 1.0]]\nb = [0.3, -50.0]\nv = [0.2, 0.7]"
    finding = next(f for f in diagnosed(NETWORK, start, DATA, steps=9) if f.rule == "dead-relu")
    assert (finding.target, finding.step) == ("h", 0)
    assert finding.evidence["units"] == [1]
    assert finding.evidence["entries"] == ["A[0,1]", "A[1,1]", "b[1]"]
    assert "b[1] = -50" in finding.message


def test_a_layer_that_a_step_kills_dies_at_the_step_after():
    finding = only(diagnose_run(gradtui.load("dead_relu").problem))
    assert (finding.rule, finding.target, finding.step) == ("dead-relu", "h", 2)
    assert finding.evidence["units"] == [0, 1, 2]
    assert (
        "the update of step 1 pushed A[0,2] from 3.422 to -832.7 (rate 0.3, its gradient 2787)"
    ) in finding.message
