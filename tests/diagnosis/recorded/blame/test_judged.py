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


def test_an_unknown_truth_tells_nothing_against_an_edit(monkeypatch):
    truths = [np.ones(2), np.array([1.0, np.nan]), np.full(2, np.nan)]
    points = [SimpleNamespace(hand={"w": np.zeros(2)}, true={"w": one}, near=True)
              for one in truths]  # fmt: skip
    trials = object.__new__(Gradients)
    trials.wrong, trials.approximates, trials._points = ("w",), False, points
    trials.directions = {}
    trials._forgives = lambda index, name, apart: bool(np.all(apart < 1e-6))
    monkeypatch.setattr(trials, "_results", lambda patch, index: {"w": np.ones(2)})
    assert trials.mended(None) == {"w"}
    monkeypatch.setattr(trials, "_results", lambda patch, index: {"w": np.array([1.0, np.nan])})
    assert not trials.mended(None)
