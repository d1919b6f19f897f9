"""The names of the rules: each once, under one subject."""

from gradtui.scenario.rules import (
    CODE_RULES,
    FINDABLE,
    GRADIENT_RULES,
    RUN_RULES,
    SILENCED,
    UPDATE_RULES,
)


def test_a_rule_has_one_subject():
    named = [*GRADIENT_RULES, *UPDATE_RULES, *RUN_RULES, *CODE_RULES]
    assert len(named) == len(set(named)) == 47
    assert set(SILENCED) == set(named)


def test_a_scenario_expects_no_rule_of_code_that_is_run():
    assert set(SILENCED) - set(FINDABLE) == set(CODE_RULES)
