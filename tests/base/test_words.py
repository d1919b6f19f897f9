"""The words of a search."""

import pytest

from gradtui.base.words import sought, spelt


def finds(typed, text, **how):
    return sought(typed, **how).of(spelt(text)) > 0


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("exploding", "The gradients explode."),
        ("clipping", "clip_norm"),
        ("optimizer", "an optimiser"),
        ("optimiser", "the optimizers"),
        ("color", "Colours of your own"),
        ("cross entropy", "cross_entropy(logits)"),
        ("theme", "a theme"),
        ("nan", "a NaN"),
    ],
)
def test_other_forms_and_spellings_of_a_word_are_the_same(typed, text):
    assert finds(typed, text)


@pytest.mark.parametrize(
    ("typed", "text"), [("theme", "ask them"), ("nan", "finance"), ("rate", "iterate")]
)
def test_other_words_are_not(typed, text):
    assert not finds(typed, text)


def test_parts_of_a_compound_are_found_together_only_if_wanted():
    assert not finds("batchnorm", "a batch norm")
    assert finds("batchnorm", "a batch norm", joined=True)


@pytest.mark.parametrize(
    ("typed", "has_all"), [("steps", True), ("a step", True), ("a leap", False)]
)
def test_all_words_or_not(typed, has_all):
    assert sought(typed).all_in("a small step") is has_all
