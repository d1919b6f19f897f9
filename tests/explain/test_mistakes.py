"""Every rule of what is written by hand has words."""

from gradtui.explain.mistakes import MISTAKES
from gradtui.scenario.rules import GRADIENT_RULES, UPDATE_RULES


def test_every_rule_that_may_fit_as_well_has_words():
    assert set(MISTAKES) == {*GRADIENT_RULES, *UPDATE_RULES}
    assert all(words and words not in MISTAKES for words in MISTAKES.values())
