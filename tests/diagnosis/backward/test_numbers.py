"""Gradients given as numbers: what is wrong together, and what one step would have to be."""

from pathlib import Path

import numpy as np
import pytest

import gradtui
from gradtui.diagnosis.backward.diagnose import diagnose

X = np.array([[0.5, -1.2], [1.5, 0.3], [-0.7, 0.8], [0.2, 1.1]])
Y = np.array([1.2, -0.4, 0.9, 0.1])
W1 = np.array([[0.1, -0.4, 0.3], [0.7, 0.2, -0.5]])
B1 = np.array([0.1, 0.0, -0.2])
W2 = np.array([0.6, -0.3, 0.8])
MODEL = "z = X@W1 + b1\nh = tanh(z)\nyhat = h@w2\ne = yhat - y\nL = mean(e**2)"


def gradients(slope=lambda h: 1 - h**2, n=4):
    """Return the gradients of a small network, with a slope of tanh and a batch size of one's own.

    Written out anew, without the engine.
    """
    h = np.tanh(X @ W1 + B1)
    dyhat = 2 * (h @ W2 - Y) / n
    dz = dyhat[:, None] * W2 * slope(h)
    return {"W1": X.T @ dz, "b1": dz.sum(axis=0), "w2": h.T @ dyhat}


@pytest.fixture
def judge(write):
    def call(numbers):
        path = write(
            MODEL,
            data=f"X = {X.tolist()}\ny = {Y.tolist()}",
            parameters=f"W1 = {W1.tolist()}\nb1 = {B1.tolist()}\nw2 = {W2.tolist()}",
            more='[backward]\nfile = "grads.npz"',
        )
        np.savez(Path(path).with_name("grads.npz"), **numbers)
        return diagnose(gradtui.load(path).problem)

    return call


def test_right_numbers_are_right(judge):
    diagnosis = judge(gradients())
    assert (diagnosis.verdict, diagnosis.claims, diagnosis.findings) == ("correct", 3, ())


def test_two_gradients_that_one_step_spoils_are_one_finding_at_the_file(judge):
    diagnosis = judge(gradients(slope=lambda h: 1.0))
    (finding,) = diagnosis.findings
    assert (finding.rule, finding.target, finding.factor) == ("missing-factor", "W1", "1 - h**2")
    assert finding.within == (("h", "z"),)
    assert finding.message.endswith("the numbers fit dz = dh instead of dh*(1 - h**2)")
    assert finding.place is not None and finding.place.line == finding.line
    assert diagnosis.inherited == ("b1",) and diagnosis.wrong == {"W1", "b1"}


def test_a_batch_size_that_is_left_out_spoils_all_at_once(judge):
    diagnosis = judge(gradients(n=1))
    (finding,) = diagnosis.findings
    assert "constant-factor" in (finding.rule, *finding.alternatives)
    assert diagnosis.inherited == ("b1", "w2")


def test_two_mistakes_are_two_findings(judge):
    numbers = gradients(slope=lambda h: 1.0)
    diagnosis = judge({**numbers, "w2": -numbers["w2"]})
    assert [(one.rule, one.target) for one in diagnosis.findings] == [
        ("missing-factor", "W1"),
        ("sign", "w2"),
    ]


@pytest.mark.parametrize(
    ("wrong", "rule", "said"),
    [
        (gradients()["w2"] * 0.37, "constant-factor", "is given as"),
        (gradients()["w2"] + 0.5, "unexplained", "is given as"),
        (gradients()["w2"] * np.nan, "unexplained", "is given as nan"),
        (np.ones((3, 1)), "unexplained", "its shape is 3×1, not 3"),
    ],
)
def test_numbers_that_no_small_change_gives_are_said_to_be_wrong(judge, wrong, rule, said):
    (finding,) = judge({**gradients(), "w2": wrong}).findings
    assert (finding.rule, finding.target) == (rule, "w2")
    assert said in finding.message
