"""How names are shown: by their labels, and in ASCII by spelled ones."""

import pytest

import gradtui
from gradtui.base.source import InputError
from gradtui.scenario.shown import in_ascii


def text_of(problem):
    return " ".join([problem.about, problem.notes, *(one.text for one in problem.lessons)])


def test_in_ascii_a_label_is_spelled_as_the_name_in_every_text():
    problem = gradtui.load("two_weights").problem
    plain = in_ascii(problem)
    assert (problem.labels["yhat"], "yhat" in plain.labels, plain.ascii) == ("ŷ", False, True)
    assert "ŷ" in text_of(problem)
    assert "ŷ" not in text_of(plain) and "yhat" in text_of(plain)


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        ('ww = "ω"', "[labels] names 'ww', which the model does not have; did you mean 'w'"),
        ('w = "x"', "'w' would be shown as 'x', like 'x'"),
        ('w = "ω"\nx = "ω"', "'x' would be shown as 'ω', like 'w'"),
    ],
)
def test_a_label_of_no_name_or_of_two_is_refused(session_of, labels, said):
    with pytest.raises(InputError) as caught:
        session_of("L = (w*x)**2", more=f"[labels]\n{labels}")
    assert said in caught.value.message
