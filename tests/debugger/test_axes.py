"""The parameters that a surface is drawn over, and the zoom."""

from __future__ import annotations

import math

import pytest

import gradtui
from gradtui.debugger.axes import NEAREST, Axis, Window, first_axes, read_axes
from reloads import reload


@pytest.fixture
def illustration():
    return gradtui.load("illustration")


def test_the_first_two_numbers_are_the_axes_if_none_are_named():
    assert list(map(str, first_axes(gradtui.load("five_parcels").problem))) == ["w[0]", "w[1]"]
    assert list(map(str, first_axes(gradtui.load("two_weights").problem))) == ["w1", "w2"]
    assert list(map(str, first_axes(gradtui.load("one_weight").problem))) == ["w"]


@pytest.mark.parametrize(
    ("text", "axes"),
    [
        ("b2[1] W1[0, 1]", "b2[1] W1[0,1]"),
        ("W1", "W1[0,0] W1[0,1]"),
        ("W2 b1", "W2[0,0] b1[0]"),
        ("  b1[2]  ", "b1[2]"),
    ],
)
def test_axes_are_read(text, axes):
    problem = gradtui.load("softmax_classifier").problem
    found = read_axes(text, problem)
    assert " ".join(map(str, found)) == axes
    assert read_axes(axes, problem) == found
    assert Window(found).places(problem.trainer) is not None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("W", "no parameter is called 'W'; did you mean"),
        ("X b1", "no parameter is called 'X'"),
        ("3,1", "no parameter is called '3,1'"),
        ("W1[0] b1", "W1 is 2×4: its elements go up to 1,3"),
        ("b1[9]", "b1 is 4: its elements go up to 3"),
        ("b1[1] b1[1]", "the two axes are the same number"),
        ("b1 b1 b1", "expected one or two parameters"),
        ("b1[1] row 2", "expected one or two parameters"),
        ("b1[", "is not an element"),
    ],
)
def test_axes_that_are_none_are_refused_in_words(text, message):
    with pytest.raises(ValueError) as error:
        read_axes(text, gradtui.load("softmax_classifier").problem)
    assert message in str(error.value)


def test_the_session_keeps_axes_and_zoom(illustration):
    illustration.surface.show("w2 w1")
    illustration.surface.zoom(3)
    illustration.move(2)
    assert illustration.surface.window == Window((Axis("w2"), Axis("w1")), 3)
    illustration.surface.show()
    assert illustration.surface.window is None and illustration.frame.looked.window is None
    illustration.surface.show()
    assert illustration.surface.window == Window((Axis("w2"), Axis("w1")), 3)
    illustration.surface.zoom(0)
    assert illustration.surface.window.zoom == 0
    assert illustration.frame.surface((10, 8)).point == pytest.approx((0.8864, 1.5796))
    illustration.surface.show("w3")
    assert "no parameter is called 'w3'" in illustration.message
    assert illustration.surface.window.axes == (Axis("w2"), Axis("w1"))


def test_the_zoom_ends_somewhere(illustration):
    illustration.surface.show()
    for _ in range(40):
        illustration.surface.zoom(1)
    assert illustration.surface.window.zoom == NEAREST
    assert illustration.message == "this is as near as it goes"
    found = illustration.frame.surface((20, 20))
    assert all(high > low and math.isfinite(high - low) for low, high in found.ranges)


def test_another_version_of_the_model_keeps_the_axes_it_has(write):
    def model(code, parameters):
        return gradtui.load(write(code, parameters))

    session = model("L = (a + b*x)**2 + c**2", "a = 1.0\nb = 2.0\nc = 3.0")
    session.surface.show("c b")
    session, _ = reload(session, model("L = (b*x)**2 + c**2", "b = 2.0\nc = 3.0").problem)
    frame = session.frame
    assert frame.looked.window == Window((Axis("c"), Axis("b")))
    assert frame.surface((8, 6)).point == (3.0, 2.0)
    session, lost = reload(session, model("L = (a + b*x)**2", "a = 1.0\nb = 2.0").problem)
    assert session.frame.looked.window is None
    assert any("'c'" in text for text in lost)
    session.surface.show()
    assert session.surface.window == Window((Axis("a"), Axis("b")))
