"""Text as tokens: their kinds, their places, and what starts none."""

import pytest

from gradtui.base.source import InputError, Place
from gradtui.language.tokens import tokenize


def found(text, **more):
    tokens = tokenize(text, lambda line, column, width=1: Place(line, column, width), **more)
    return [token.text for token in tokens]


def test_names_numbers_and_signs_stand_apart():
    assert found("y=w1*x**2-.5e-3")[:9] == ["y", "=", "w1", "*", "x", "**", "2", "-", ".5e-3"]


def test_comments_are_left_out_and_a_line_end_is_a_token():
    plain = found("a = b\nc = d")
    assert found("a = b  # is b\nc = d") == plain
    assert len(plain) > 6


@pytest.mark.parametrize("text", ["a = 1_0", "a = 1.2.3", "a = 3x"])
def test_what_is_no_token_is_refused(text):
    with pytest.raises(InputError):
        found(text)


def test_so_many_tokens_are_the_limit():
    assert found("a = b", limit=10)
    with pytest.raises(InputError, match="too long: the limit is 3 names, numbers and signs"):
        found("a = b + c", limit=3)
