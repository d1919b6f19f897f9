"""Curves over the steps: their legend, their sparkline."""

import math

import gradtui
from gradtui.explain.curves import legend_rows, spark, trail_text
from gradtui.explain.spans import line_text


def test_bars_go_from_the_lowest_to_the_highest():
    assert spark([0.0, 3.5, 7.0]) == "▁▅█"
    assert spark([2.0, 2.0]) == "▄▄"
    assert spark([1.0, math.inf, 0.0, math.nan]) == "█!▁!"
    assert spark([-1.7e308, 1.7e308]) == "▁█"


def test_the_trail_leaves_out_words_first_and_never_cuts_a_number():
    session = gradtui.load("two_weights")
    session.seek(2)
    assert trail_text(session.frame, 60) == "w2 over 3 steps from 2 █▁▃ to 1.37"
    assert trail_text(session.frame, 20) == "w2 2 █▁▃ 1.37"
    assert trail_text(session.frame, 5) == ""


def test_the_trail_ends_before_a_value_that_is_not_computed_yet():
    session = gradtui.load("two_weights")
    session.seek(2)
    session.selection.find("L")
    assert trail_text(session.frame, 60) == "L over 3 steps from 9 █▂▁ to 0.0729"
    session.position = 0
    assert trail_text(session.frame, 60) == "L over 2 steps from 9 █▁ to 0.81"
    session.selection.find("w2")
    assert trail_text(session.frame, 60).endswith(" to 1.37")


def test_the_trail_says_that_there_were_steps_before():
    session = gradtui.load("two_weights")
    session.seek(7)
    assert trail_text(session.frame, 60).startswith("w2 over 8 steps ")
    session.seek(8)
    assert trail_text(session.frame, 60).startswith("w2 over the last 8 steps ")


def test_a_legend_is_for_several_curves():
    session = gradtui.load("two_weights")
    session.seek(2)
    assert legend_rows(session.frame.drawn.picture, 60) == []
    session.branches.what_if("lr 0.1", 1)
    session.seek(2)
    # From (0.4, 1.1) the gradient is (-3.6, -5.4): e = 0.76·2 + 1.64·3 - 5 = 1.44.
    (row,) = legend_rows(session.frame.drawn.picture, 60)
    assert line_text(row) == "● lr 0.1 2.074  ─ original 0.0729"
