"""The gradient of scores written as it is taught: the prediction less the truth."""

import gradtui
from gradtui.explain.chain import chain_rows
from gradtui.explain.lens import lens_rows
from gradtui.explain.spans import line_text
from gradtui.explain.step import now_line

LOGISTIC = "z = w*x\np = sigmoid(z)\nL = -(y*log(p) + (1 - y)*log(1 - p))"


def chain(session, name, width=96):
    session.selection.select(session.problem.graph.names[name])
    return [line_text(row) for row in chain_rows(session.frame, width)]


def lens(session, name, index):
    session.selection.select(session.problem.graph.names[name])
    session.selection.look(",".join(map(str, index)))
    return [line_text(row) for row in lens_rows(session.frame, 96)]


def test_below_the_rule_of_softmax_stands_what_it_comes_to():
    rows = chain(gradtui.load("softmax_classifier"), "z")
    assert rows[:2] == [
        "∂L/∂z = p·(∂L/∂p - sum(∂L/∂p·p, axis=1, keepdims=True))   [12×3]",
        "      = (p - Y)/12   softmax and cross-entropy in one",
    ]


def test_it_stands_in_the_chains_of_what_comes_before():
    assert "      = (p - Y)/12   softmax and cross-entropy in one" in chain(
        gradtui.load("softmax_classifier"), "b2"
    )


def test_a_rule_that_says_it_already_is_not_repeated():
    rows = chain(gradtui.load("iris"), "z")
    assert rows[0].startswith("∂L/∂z = (softmax(z) - one_hot(y, 3))/12")
    assert not any("in one" in row for row in rows)


def test_one_score_has_its_numbers():
    session = gradtui.load("softmax_classifier")
    assert lens(session, "z", (0, 0))[-1] == (
        "∂L/∂z[0,0] = (p[0,0] - Y[0,0])/12 = (0.28843 - 1)/12 = -0.0592975"
    )
    assert lens(session, "z", (4, 0))[-1].startswith("∂L/∂z[4,0] = (p[4,0] - Y[4,0])/12 = (0.1")


def test_labels_are_shown_by_the_number_they_stand_for():
    rows = lens(gradtui.load("iris"), "z", (0, 0))
    assert any("(softmax(z)[0,0] - " in row for row in rows)
    assert any("= (0." in row and ")/12 = " in row for row in rows)


def test_a_single_score_shows_its_numbers_when_they_are_known(write):
    session = gradtui.load(write(LOGISTIC, "w = 0.1", data="x = 2.0\ny = 1.0"))
    said = "      = p - y = 0.549834 - 1   sigmoid and cross-entropy in one"
    assert said in chain(session, "z")
    session.position = session.order.forward
    assert "      = p - y   sigmoid and cross-entropy in one" in chain(session, "z")
    assert not any("0.5498" in row for row in chain(session, "z"))


def test_the_moment_that_sends_the_gradient_back_says_it():
    session = gradtui.load("softmax_classifier")
    session.position = session.order.forward + 3
    assert " = (p - Y)/12 = " in line_text(now_line(session.frame))


def test_a_mean_of_squares_is_not_said_to_be_one():
    assert not any("in one" in row for row in chain(gradtui.load("five_parcels"), "yhat"))
