import pytest

from gradtui.base import memory
from gradtui.base.memory import allowed_memory, memory_text
from gradtui.base.source import InputError


def test_a_quarter_of_the_machine_is_allowed_but_no_more_than_a_gigabyte(monkeypatch):
    for machine, allowed in ((64e9, 10**9), (2e9, 5 * 10**8)):
        monkeypatch.setattr(memory, "_machine_memory", lambda machine=machine: int(machine))
        assert allowed_memory({}) == allowed_memory({"GRADTUI_MEMORY": " "}) == allowed


def test_what_the_user_allows_is_allowed():
    assert allowed_memory({"GRADTUI_MEMORY": "4"}) == 4 * 10**9
    assert allowed_memory({"GRADTUI_MEMORY": "0.5"}) == 5 * 10**8


@pytest.mark.parametrize("given", ["4GB", "-1", "0", "nan", "inf", "\x1b[31m"])
def test_anything_else_is_refused_and_not_repeated(given):
    with pytest.raises(InputError, match="expected a number such as 4") as caught:
        allowed_memory({"GRADTUI_MEMORY": given})
    assert "\x1b" not in caught.value.message


@pytest.mark.parametrize(
    ("size", "text"), [(5e6, "5 MB"), (1e9, "1.0 GB"), (1.26e9, "1.3 GB"), (12.4e9, "12 GB")]
)
def test_sizes_are_read_by_people(size, text):
    assert memory_text(size) == text
