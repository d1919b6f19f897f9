"""Breakpoints and watches in words."""

import numpy as np
import pytest

from gradtui.debugger.breakpoints import Breakpoint, Watched
from gradtui.explain.breakpoints import breakpoint_text, watch_text


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ([], "at no step up to 12"),
        ([3], "at step 3"),
        ([3, 1_004], "at steps 3, 1,004"),
        ([1, 2, 3, 4, 5, 6, 7], "at steps 1, 2, 3, 4, 5, … (7 steps)"),
    ],
)
def test_a_breakpoint_has_the_steps_at_which_it_stops(steps, said):
    found = Breakpoint("loss < 1", steps=np.array(steps, np.intp), searched=13)
    assert breakpoint_text(found, 12) == f"◆ loss < 1   {said}"


def test_a_breakpoint_says_how_far_it_has_been_searched_and_why_not():
    found = Breakpoint("loss < 1", steps=np.array([3], np.intp), searched=5)
    assert breakpoint_text(found, 12) == "◆ loss < 1   at step 3 (searched to step 5)"
    refused = Breakpoint("v < 1", enabled=False, trouble="there is no v")
    assert breakpoint_text(refused, 12) == "◇ (off) v < 1   not looked for: there is no v"


def test_a_watch_has_its_value_or_why_there_is_none():
    assert watch_text(Watched("w*2", np.array(2.5))) == "watch w*2 = 2.5"
    assert watch_text(Watched("v", None, "there is no v")) == "watch v = there is no v"
