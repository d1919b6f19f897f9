"""Comments that silence findings, and what is said of those that name no rule."""

import pytest

from gradtui.scenario.ignoring import ignored_rules, notices_of


@pytest.mark.parametrize(
    ("line", "rules"),
    [
        ("db = dz.sum()  # gradtui: ignore[sign]", {"sign"}),
        ("db = dz.sum()  #gradtui:ignore[ sign ,transposed]", {"sign", "transposed"}),
        ("db = dz.sum()  # gradtui: ignore[sign]  # as in the paper", {"sign"}),
        ("db = dz.sum()  # noqa # gradtui: ignore[sign]", {"sign"}),
        ("db = dz.sum()  # gradtui: ignore", set()),
        ("db = 'gradtui: ignore[sign]'", set()),
        ("print('# gradtui: ignore[sign]')", set()),
        ("db = dz.sum()  # ignore[sign]", set()),
    ],
)
def test_the_comment_at_the_end_of_a_line_names_rules(line, rules):
    assert ignored_rules(line) == rules


def test_a_rule_that_there_is_not_is_told_with_the_nearest():
    (notice,) = notices_of(["", "x = 1  # gradtui: ignore[sign, transpose]"], "net.py")

    assert notice.message == "no rule has the name 'transpose'; did you mean 'transposed'?"
    assert notice.place == (2, 32, 9, "net.py")


def test_gradtuis_own_failures_are_not_silenced():
    (notice,) = notices_of(["x = 1  # gradtui: ignore[internal]"])

    assert "no rule has the name 'internal'" in notice.message


def test_a_comment_without_a_rule_is_told():
    (notice,) = notices_of(["x = 1  # gradtui: ignore"])

    assert "expected ignore[RULE]" in notice.message
