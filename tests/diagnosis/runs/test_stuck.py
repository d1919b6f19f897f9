import gradtui
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
