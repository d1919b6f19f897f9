"""What counts as a difference: not rounding, however the same step is written."""

import math

import numpy as np
import pytest

from diagnosis.updates.files import ADAM, ADAM_CODE, ADAM_STATE, found_in
from gradtui.diagnosis.updates.evidence import Origin, astray, beyond_noise, course_of
from gradtui.diagnosis.updates.motion import Motion
from gradtui.diagnosis.updates.probes import Probes, Sampling, at_other_rates, long, sized
from gradtui.engine.handwritten import UpdateProgram
from gradtui.engine.program import update_of
from gradtui.language.parser import parse_program

DECAYED = {"beta1": 0.9, "beta2": 0.999, "eps": 1e-20, "weight_decay": 0.1}
COUPLED = """gd = g + weight_decay*w
m = beta1*m + (1 - beta1)*gd
v = beta2*v + (1 - beta2)*gd**2
w = w - lr*(m/(1 - beta1**t))/(sqrt(v/(1 - beta2**t)) + eps)"""
PLAIN = {"momentum": 0.0, "nesterov": False, "weight_decay": 0.0}


def program(code, **state):
    return UpdateProgram(parse_program(code), state, "")


def balanced():
    """Return Adam and its trial where gradient and decay cancel but in the last of the sequences.

    What is left of the others is rounding, and Adam takes steps of lr for it.
    """
    w = np.array([0.7, 0.3, -0.9, 1.7])
    g = np.repeat(-0.1 * w[None], 3, axis=0)
    g[:, -1] = 0.5
    probes = Probes(w, g, np.full(g.shape, 0.01), DECAYED)
    ours = update_of("adam", DECAYED)
    return ours, course_of(Origin.DRAWN, Motion(ours, DECAYED), probes)


@pytest.mark.parametrize("both", ["weight_decay*(g/weight_decay + w)", "(w + g*10)/10"])
def test_rounding_is_no_difference(both):
    ours, asked = balanced()
    code = COUPLED.replace("g + weight_decay*w", both)
    motion = Motion(program(code, m=0.0, v=0.0), DECAYED)
    assert astray(motion, asked).any()
    assert not astray(motion, beyond_noise(motion, ours, asked)).any()


@pytest.mark.parametrize(("right", "wrong"), [("weight_decay*w", "w"), ("lr*(m", "2*lr*(m")])
def test_a_difference_beyond_rounding_is_one(right, wrong):
    ours, asked = balanced()
    assert right in COUPLED
    motion = Motion(program(COUPLED.replace(right, wrong), m=0.0, v=0.0), DECAYED)
    wrong = astray(motion, beyond_noise(motion, ours, asked)).any(axis=0)
    assert wrong.tolist() == [False, False, False, True]


@pytest.mark.parametrize(
    "code", ["n = n + 1\nw = w - where(n < t, 0, lr)*g", "w = w - lr*g*(t/4*4 == t)"]
)
def test_what_is_compared_comes_out_as_it_does_unmoved(code):
    ours = update_of("sgd", PLAIN)
    drawn = sized(Sampling(PLAIN, np.array([0.01])))
    asked = course_of(Origin.DRAWN, Motion(ours, PLAIN), drawn)
    assert not astray(Motion(program(code, n=0.0), PLAIN), asked).any()
    uphill = Motion(program(code.replace("w - ", "w + "), n=0.0), PLAIN)
    assert astray(uphill, beyond_noise(uphill, ours, asked)).any()


def test_a_step_that_is_no_number_is_wrong(tmp_path):
    error, *_ = found_in(
        tmp_path, ADAM, ADAM_CODE.replace("beta1**t", "beta1**(t - 1)"), ADAM_STATE
    )
    assert (error.severity, error.rule) == ("error", "wrong-time-index")
    zero = 'name = "adagrad"; lr = 0.1'
    (remark,) = found_in(tmp_path, zero, "s = s + g**2\nw = w - lr*g/sqrt(s)", "s = 0.0")
    assert (remark.severity, remark.alternatives[0]) == ("info", "epsilon-placement")


@pytest.mark.parametrize("draw", [sized, long, at_other_rates])
@pytest.mark.parametrize("shape", [(), (3, 2)])
def test_no_drawn_gradient_is_longer_than_they_are_cut_to(draw, shape):
    probes = draw(Sampling({}, np.array([0.1]), 0.5, shape))
    axes = tuple(range(2, probes.g.ndim))
    lengths = np.sqrt(np.sum(probes.g**2, axis=axes))
    assert 0.4 < lengths.max() < 0.5


def test_gradients_of_all_sizes_and_zeros_are_drawn_and_long_runs():
    sampling = Sampling({}, np.array([0.1]))
    peaks = np.max(np.abs(sized(sampling).g), axis=0)
    assert math.log10(peaks.min()) < -11
    assert math.log10(peaks.max()) > 11
    assert np.any(sized(sampling).g == 0)
    assert len(long(sampling).g) > 1000


def test_of_a_rate_that_changes_no_more_is_drawn_than_the_run_has():
    rates = np.linspace(0.1, 0.2, 7)
    assert sized(Sampling({}, rates)).lr[:, 0].tolist() == rates.tolist()
    assert long(Sampling({}, rates)).lr[:, 0].tolist() == rates.tolist()


def test_a_program_that_is_lost_where_the_optimizer_is_too_is_no_worse(tmp_path):
    huge = 'name = "sgd"; lr = 1e300'
    assert found_in(tmp_path, huge, "w = w - g*lr") == ()
