"""What is found out in threads is about the scenario that is open."""

from __future__ import annotations

from msgspec.structs import replace

import gradtui
from gradtui.survey import COMPUTING
from gradtui.tui.background import Background


def test_a_frame_of_the_scenario_before_is_not_measured():
    before, now = gradtui.load("two_weights"), gradtui.load("five_parcels")
    frame = replace(before.frame, gauge=COMPUTING)
    background = Background()
    assert not background.measure(now, frame)
    assert background.measure(before, frame)
