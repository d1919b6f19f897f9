"""A loss that has no minimum."""

import pytest

from findings import only
from gradtui.diagnosis.runs.registry import RUN_RULES
from gradtui.diagnosis.runs.run import Run
from gradtui.scenario.load import load_problem

SIX = "x = [0.1, 0.5, 1.0, 1.4, 2.0, 2.7]\ny = [0.0, 0.0, 0.0, 1.0, 1.0, 1.0]"


@pytest.mark.parametrize(
    ("code", "start"),
    [("L = -mean(w*x)", 0.1), ("L = mean((w*x)**3)", 1.0), ("L = -log(w)", 1.0)],
)
def test_a_loss_that_falls_without_end_is_told_to_have_no_minimum(diagnosed, code, start):
    finding = only(diagnosed(code, f"w = {start}", SIX, lr=0.05, steps=80))
    assert (finding.rule, finding.severity, finding.target) == ("diverging", "warning", "loss")
    assert finding.message.startswith("the loss has no minimum, as far as can be seen: ")
    assert finding.evidence["loss_there"] < finding.evidence["loss"]


@pytest.mark.parametrize(
    ("code", "start"),
    [
        ("L = -mean(w*x) + 0.01*w**2", 0.1),
        ("L = mean(softplus(w*x) - w*x)", 0.1),  # falls for ever, to 0
        ("L = mean(abs(w*x - y))", 3.0),
        ("L = w**3 + 0.05*w**4", 1.0),
        ("L = log(1 + (w - 2)**2)", 0.0),
        ("L = -mean(minimum(w*x, 5000))", 0.1),
    ],
)
def test_a_loss_with_a_bottom_is_not(write, code, start):
    run = Run(load_problem(write(code, f"w = {start}", SIX, lr=0.05, steps=80)))
    found = RUN_RULES["diverging"].find(run)
    assert "no minimum" not in "".join(one.message for one in found)
