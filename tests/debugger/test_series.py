"""Values followed over the steps of a run: how they are written and read."""

import pytest

import gradtui
from gradtui.base.source import InputError
from gradtui.debugger.series import LOSS, read_followed, read_series


def test_the_length_of_an_array_is_called_that_and_is_read_again():
    session = gradtui.load("five_parcels")
    session.curves.follow("w grad(w) w[0]")
    found = session.frame.drawn.picture
    assert found.title == "|w| |∂L/∂w| w[0]"
    assert [curve.name for curve in found.curves] == found.title.split()
    series = session.curves.plot.series
    assert read_series(" ".join(each.text for each in series), session.problem) == series


@pytest.mark.parametrize(
    ("text", "column", "message"),
    [
        ("w1 wx", 4, "nothing is called 'wx'"),
        ("w1[0]", 1, "it is one number"),
        ("grad(w1", 1, r"expected grad\(w1\)"),
        ("validation", 1, "no validation data"),
        ("", 1, "say what to follow"),
        ("w1 *", 4, "expected a name"),
    ],
)
def test_what_cannot_be_followed_is_shown_in_the_text(text, column, message):
    with pytest.raises(InputError, match=message) as caught:
        read_series(text, gradtui.load("two_weights").problem)
    assert caught.value.place.column == column


def test_a_text_of_several_words_may_be_one_expression():
    problem = gradtui.load("two_weights").problem
    assert [series.text for series in read_followed("loss - prev", problem)] == ["loss - prev"]
    with pytest.raises(InputError, match="nothing is called 'nope'"):
        read_followed("nope", problem)


def test_another_view_ends_the_sweep():
    session = gradtui.load("two_weights")
    session.try_all("lr 0.01 0.1")
    session.curves.follow_next(session.selection.node)
    assert session.branches.sweep is None and session.curves.plot.series != (LOSS,)
