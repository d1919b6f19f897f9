"""The offers of the last rows: the keys of the moment, and one hint."""

from __future__ import annotations

import pytest

import gradtui
from gradtui.tui.keys import Keys
from gradtui.tui.offers import HINTS, Place, footer, hint
from gradtui.tui.panels import PANELS

KEYS = Keys()


@pytest.mark.parametrize("width", [40, 80, 120])
@pytest.mark.parametrize("panel", ["", *PANELS])
def test_the_footer_fits_and_always_names_help_and_quit(panel, width):
    frame = gradtui.load("two_weights").frame
    named = footer(frame, Place(panel, zoomed=False), KEYS, width)
    assert named[-2:] == [("?", "help"), ("q", "quit")]
    assert 1 + sum(len(key) + len(title) + 3 for key, title in named) <= width
    assert ("Esc", "all panels") in footer(frame, Place(panel, zoomed=True), KEYS, width)


def test_a_hint_is_not_given_again_once_its_command_was_used():
    frame, used = gradtui.load("five_parcels").frame, set[str]()
    seen = []
    while tip := hint(frame, used, KEYS):
        seen.append(tip)
        used.add(next(one.id for one in HINTS if one.text in tip))
    assert len(seen) == len(set(seen)) == len(HINTS)
