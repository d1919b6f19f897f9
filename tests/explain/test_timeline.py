"""The row of steps."""

import pytest

import gradtui
from gradtui.explain.spans import line_text, line_width
from gradtui.explain.timeline import timeline


@pytest.mark.parametrize("width", [10, 38, 60, 120])
def test_the_timeline_marks_the_present_step_and_fits(width):
    session = gradtui.load("two_weights")
    session.seek(12)
    row = timeline(session.frame, width)
    assert line_width(row) <= width
    assert line_text(row).count("●") == (width > 20)
