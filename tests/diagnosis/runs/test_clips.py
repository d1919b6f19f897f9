"""Clipping, on L = (w·x)² at w = 2, x = 3: the gradient is 18·w."""

import pytest

from gradtui.diagnosis.runs.clips import clipping
from gradtui.diagnosis.runs.run import Run
from gradtui.scenario.load import load_problem


@pytest.fixture
def clipped(write):
    def call(norm, **more):
        optimizer = f'name = "sgd"\nclip_norm = {norm}'
        path = write("L = (w*x)**2", lr=0.01, steps=5, optimizer=optimizer, **more)
        return list(clipping(Run(load_problem(path))))

    return call


def test_a_gradient_that_is_clipped_at_each_step_is_told_with_its_length(clipped):
    (found,) = clipped(18)
    # w falls by 0.18 a step, from 2 to 1.1: the gradients are 36, 32.76 … 19.8, all above 18.
    assert (found.rule, found.target, found.step) == ("clipping", "clip_norm", 0)
    assert found.evidence["share"] == 1.0
    assert found.evidence["largest_norm"] == pytest.approx(36)
    assert "clipped at all 6 steps" in found.message


def test_a_gradient_that_is_never_so_long_is_not_clipped(clipped):
    assert clipped(36.5) == []
