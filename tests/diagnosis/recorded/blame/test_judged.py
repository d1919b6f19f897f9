"""Runs of edited code, judged by their gradients."""

from types import SimpleNamespace

import numpy as np

from gradtui.diagnosis.recorded.blame.judged import Gradients


def test_an_edit_is_tried_at_every_point(monkeypatch):
    points = [SimpleNamespace(hand={"w": np.zeros(1)}, true={"w": np.ones(1)}, near=True)] * 5
    made = [1.0, 1.0, 1.0, 1.0, 1.0001]
    trials = object.__new__(Gradients)
    trials.wrong, trials.approximates, trials._points = ("w",), True, points
    trials._forgives = lambda index, name, apart: bool(np.all(apart < 1e-6))
    monkeypatch.setattr(trials, "_results", lambda patch, index: {"w": np.array([made[index]])})

    assert trials.mended(None) == {"w"}
    assert trials.partly
    made[-1] = 1.0
    assert trials.mended(None) == {"w"}
    assert not trials.partly
