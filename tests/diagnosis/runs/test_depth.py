"""Gradients that vanish from layer to layer."""

import pytest

import gradtui
from findings import only


def tanhs(start, target):
    lines = ["h1 = tanh(w1*x)", *(f"h{k} = tanh(w{k}*h{k - 1})" for k in range(2, 17))]
    parameters = "\n".join(f"w{k} = {start}" for k in range(1, 17))
    return "\n".join([*lines, f"L = (h16 - {target!r})**2"]), parameters


@pytest.mark.parametrize("start", [0.02, 0.1, 0.2, 0.5])
def test_where_no_stage_learns_as_all_shrinks_the_gradient_vanishes(diagnosed, start):
    finding = only(diagnosed(*tanhs(start, 0.8), "x = 0.5", lr=0.1, steps=50))
    assert finding.rule == "vanishing-gradient"
    assert "try larger initial weights (xavier, he)" in finding.message
    assert "plateau" in {one["rule"] for one in finding.evidence["consequences"]}


@pytest.mark.parametrize(("start", "target"), [(1.0, 0.8), (0.8, 0.8), (0.2, 0.0)])
def test_stages_that_learn_or_need_not_have_no_vanishing_gradient(diagnosed, start, target):
    assert diagnosed(*tanhs(start, target), "x = 0.5", lr=0.1, steps=50) == ()


def test_what_vanishes_is_named_as_on_the_screen():
    session = gradtui.load("sigmoids_deep")
    session.investigation.look()
    (message,) = [
        one.message for one in session.investigation.findings if one.rule == "vanishing-gradient"
    ]
    assert "from ŷ to h1" in message and "those of ŷ" in message and "yhat" not in message
