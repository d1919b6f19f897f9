import pytest

from gradtui.base.source import InputError
from gradtui.tui.themes import find_theme


def test_our_themes_have_short_names():
    assert find_theme("dark") != find_theme("light")
    assert find_theme("nord") == "nord"


def test_an_unknown_theme_is_refused_with_the_one_that_was_meant():
    with pytest.raises(InputError, match="there is no theme 'lihgt'; did you mean 'light'"):
        find_theme("lihgt")
