import pytest

import gradtui
from findings import only
from gradtui.diagnosis.runs.run import Run
from gradtui.diagnosis.runs.stuck import plateau


def test_a_loss_that_stands_still_beside_a_slope_is_on_a_plateau():
    (found,) = plateau(Run(gradtui.load("flat_start").problem))
    assert (found.rule, found.target) == ("plateau", "loss")
    assert found.evidence["lower_loss"] < found.evidence["loss"]
    assert "from step 23, 7.148, to step 60, 6.926: it stands on a saddle" in found.message
    assert "the same training, started " in found.message


def test_a_loss_that_falls_to_its_minimum_is_not():
    assert plateau(Run(gradtui.load("five_parcels").problem)) == ()


SIX = "x = [0.1, 0.5, 1.0, 1.4, 2.0, 2.7]\ny = [0.0, 0.0, 0.0, 1.0, 1.0, 1.0]"
PAIR = "L = mean((w*v*x - y)**2)"


def test_a_saddle_without_any_gradient_is_told_as_a_saddle(diagnosed):
    # The Hessian is 2·mean(x·y) = 2.033 beside the diagonal, 0 on it.
    finding = only(diagnosed(PAIR, "w = 0.0\nv = 0.0", SIX, lr=0.05, steps=100))
    assert "it stands on a saddle point: along one direction the surface curves down" in (
        finding.message
    )
    assert finding.evidence["curvature"] == pytest.approx(-2.0333, rel=1e-4)
    assert "(not all the same, not all 0)" in finding.message
    assert diagnosed(PAIR, "w = 0.3\nv = 0.3", SIX, lr=0.05, steps=100) == ()


CLASSES = (
    "X = [[1.0, 0.2], [-0.4, 1.0], [0.3, -1.0], [0.9, 0.4], [-0.6, 0.8], [0.1, -0.7]]\n"
    "y = [0, 1, 2, 0, 1, 2]"
)


@pytest.mark.parametrize("last", ["zeros", "ones"])
@pytest.mark.parametrize(("unit", "place"), [("relu", "where the gradient of"), ("tanh", "")])
def test_a_network_whose_weights_are_all_0_stays_where_it_is(diagnosed, unit, place, last):
    code = f"h = {unit}(X@W1 + b1)\nL = cross_entropy(h@W2 + b2, y)"
    zeros = "b1 = {shape = [5], init = 'zeros'}\nb2 = {shape = [3], init = 'zeros'}\n"
    start = f"{zeros}W1 = {{shape = [2, 5], init = 'zeros'}}\n"
    start += f"W2 = {{shape = [5, 3], init = '{last}'}}"
    finding = only(diagnosed(code, start, CLASSES, lr=0.3, steps=100))
    assert finding.rule == "plateau"
    assert f"it stands {place}" in finding.message
    assert "(not all the same, not all 0)" in finding.message
    drawn = zeros + "W1 = {shape = [2, 5], init = 'he'}\nW2 = {shape = [5, 3], init = 'he'}"
    assert "plateau" not in {one.rule for one in diagnosed(code, drawn, CLASSES, lr=0.3, steps=100)}


def test_smaller_weights_are_advised_where_they_help(diagnosed):
    code = "p = sigmoid(w*x + b)\nL = mean((p - y)**2)"
    finding = only(diagnosed(code, "w = 40.0\nb = -10.0", SIX, lr=0.05, steps=100))
    assert finding.rule == "plateau"
    assert "it stands on a plateau" in finding.message  # its curvature of -1.5e-5 is no saddle
    assert "; try smaller initial weights: from 0.1 of these, 100 steps reach " in finding.message


def test_smaller_weights_are_not_advised_where_they_do_not_help(diagnosed):
    # The well is at 3, and neither -10 nor -1 feels it.
    finding = only(diagnosed("L = -exp(-(w - 3)**2)", "w = -10.0", "x = 0.0", lr=0.05, steps=100))
    assert finding.message.endswith("; try other initial weights")


def test_a_loss_that_falls_but_little_beside_what_is_left_is_not_said_to_hardly_change(diagnosed):
    # From w = 1 to 0.02 the cube falls from 1 to 1e-5; beyond 0 it falls to -94 at w = -5.
    finding = only(
        diagnosed("L = w**3 + 0.05*w**4 + 2000", "w = 1.0", "x = 0.0", lr=0.05, steps=200)
    )
    assert "the loss hardly changes from" in finding.message
    finding = only(diagnosed("L = w**3 + 0.05*w**4", "w = 1.0", "x = 0.0", lr=0.05, steps=200))
    assert "which is little beside the fall that is left" in finding.message
