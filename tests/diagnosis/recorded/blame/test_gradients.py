"""Searches of code as it stands with some edits."""

from contextlib import nullcontext
from types import SimpleNamespace

import numpy as np

from gradtui.diagnosis.recorded.blame.gradients import Gradients
from gradtui.diagnosis.recorded.blame.searches import Searches
from gradtui.diagnosis.recorded.watchdog import Endless


def test_code_that_an_edit_makes_endless_is_not_recorded():
    asked = []

    def endless(values):
        asked.append(values)
        raise Endless

    trials = SimpleNamespace(edited=lambda patch: nullcontext(), standing=nullcontext)
    point = SimpleNamespace(values={"w": 1.0}, true={"w": 2.0}, near=True,
                            result=SimpleNamespace(tape=[]))  # fmt: skip
    searches = Searches(SimpleNamespace(as_is=endless), trials, ["w"], 1e-5)
    assert searches._again(point, None) is None
    assert asked == [{"w": 1.0}]


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
