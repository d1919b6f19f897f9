"""What people type in place of a number."""

import pytest

from gradtui.debugger.asides import asks_for_hint, refusal, right_side

NAMES = {"e", "w1", "help", "pass_", "one"}


@pytest.mark.parametrize(
    "text",
    ["?", " ?? ", "hint", "Hint!", "idk", "I don't know", "i don’t know.", "no idea", "H int"],
)
def test_who_does_not_know_is_given_a_hint(text):
    assert asks_for_hint(text, NAMES) == (text != "H int")


def test_a_name_of_the_model_is_that_name():
    assert not asks_for_hint("help", NAMES) and asks_for_hint("help", {"e"})
    assert not asks_for_hint("", NAMES) and not asks_for_hint("2*e", NAMES)


@pytest.mark.parametrize(
    ("text", "number"),
    [("e = 3", " 3"), ("= 3", " 3"), ("3", "3"), ("e == 3", "e == 3"), ("e =", "e ="),
     ("e <= 3", "e <= 3")],
)  # fmt: skip
def test_of_an_equation_the_right_side_is_the_answer(text, number):
    assert right_side(text) == number


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("8 hours", "write the number alone, without hours"),
        ("-3.5km", "write the number alone, without km"),
        ("50 %", "write the number alone, without %"),
        ("three", "write the number in digits, such as 3 or -0.5"),
        ("minus two", "write the number in digits, such as 3 or -0.5"),
        ("positive", "a number is asked for, such as 3 or -0.5; ? gives a hint"),
        ("it goes up", "a number is asked for, such as 3 or -0.5; ? gives a hint"),
        ("2*e", ""),
        ("f(2)", ""),
        ("one", ""),
    ],
)
def test_words_and_units_are_refused_in_words_of_their_own(text, why):
    assert refusal(text, NAMES) == why
