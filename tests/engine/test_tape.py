"""One recorded step, of L = (w1·x1 + w2·x2 - y)² at w = (1, 2), x = (2, 3), y = 5."""

import numpy as np
import pytest

import gradtui


@pytest.fixture
def tape():
    return gradtui.load("two_weights").tape(0)


def test_values_adjoints_and_norms_are_those_by_hand(tape):
    names = tape.program.graph.names
    assert [float(tape.value(names[name])) for name in ("yhat", "e", "L")] == [8, 3, 9]
    assert [float(tape.adjoint(names[name])) for name in ("L", "e", "yhat")] == [1, 6, 6]
    assert [float(tape.gradient(at)) for at in (0, 1)] == [12, 18]
    assert tape.gradient_norm == pytest.approx(np.hypot(12, 18))
    assert (tape.rate, tape.validation_loss) == (0.05, None)


def test_each_edge_has_its_factor_and_its_contribution(tape):
    names = tape.program.graph.names
    assert tape.named_local(names["w2"], names["yhat"]) == 3
    assert tape.named_local(names["e"], names["L"]) == 6


def test_what_was_recorded_cannot_be_written(tape):
    with pytest.raises(ValueError, match="read-only"):
        tape.value(tape.program.graph.loss)[...] = 0.0
