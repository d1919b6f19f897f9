"""The looks of the roles."""

from typing import get_args

import pytest

from gradtui.explain.spans import Role
from gradtui.tui.app import GradtuiApp
from gradtui.tui.roles import LOOKS, role_style
from gradtui.tui.themes import THEMES


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_each_role_has_a_look_in_the_colours_of_each_theme(theme):
    app = GradtuiApp()
    app.theme = theme.name
    colours = app.get_css_variables()
    assert set(LOOKS) == set(get_args(Role))
    styles = {role: role_style(role, colours, own=False) for role in LOOKS}
    assert {role for role, style in styles.items() if style.bold} == {
        "name", "bad", "now", "moment", "selected", "heading"
    }  # fmt: skip
    assert styles["now"].bgcolor == styles["heading"].color != styles["plain"].color


def test_without_colours_of_its_own_what_is_marked_is_reversed():
    style = role_style("now", {}, own=True)
    assert style.reverse
    assert style.bold
    assert style.color.is_default
    assert style.bgcolor.is_default
