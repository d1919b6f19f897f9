"""Searches of code as it stands with some edits."""

from contextlib import nullcontext
from types import SimpleNamespace

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
