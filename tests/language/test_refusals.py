import pytest

from gradtui.language.refusals import another_name


@pytest.mark.parametrize(
    ("taken", "name"), [((), "a_2"), (("a",), "a_1"), (("a", "a_1"), "a_2"), (("a_2",), "a_3")]
)
def test_the_value_of_before_gets_a_name_that_is_free(taken, name):
    assert another_name("a", taken) == name
