import pytest

from gradtui.base.source import InputError
from gradtui.scenario.arrays import MAX_NAMES, check_count, check_name, kind_of, read_array
from gradtui.scenario.positions import parse_toml


def read(text, **options):
    values, positions = parse_toml(f"[data]\nx = {text}\n", "a.toml")
    return read_array(("data", "x"), values["data"]["x"], positions, **options)


def test_numbers_and_nested_lists_are_arrays_that_nothing_writes():
    assert read("2").shape == () and float(read("2")) == 2.0
    found = read("[[1, 2.5], [3, 4], [5, 6]]")
    assert found.shape == (3, 2) and found.dtype == "float64"
    assert not found.flags.writeable


@pytest.mark.parametrize(
    ("text", "message", "column"),
    [
        ("[]", "an empty list has no numbers", 5),
        ("[[1, 2], [3]]", "the lists are ragged: expected .*2.* as in the first element", 14),
        ("[1, [2]]", "the lists are ragged", 9),
        ("[1, true]", "expected a number, got true or false", 9),
        ("[1, 'a']", "expected a number, got text$", 9),
        ("{ a = 1 }", "expected a number, got a table", 5),
        ("1979-05-27", "expected a number, got a date or time", 5),
        ("[" * 33 + "1" + "]" * 33, "33 axes: the limit is 32", 5),
    ],
)
def test_anything_else_is_refused_at_its_place(text, message, column):
    with pytest.raises(InputError, match=message) as error:
        read(text)
    assert (error.value.place.line, error.value.place.column) == (2, column)


def test_where_columns_are_possible_text_is_told_what_it_lacks():
    with pytest.raises(InputError, match="strings name columns only where the table has a `file`"):
        read('"price"', columns=True)


@pytest.mark.parametrize("name", ["2w", '"a b"', "__w", "w" * 200, '"ŵ"'])
def test_a_name_that_no_program_can_read_is_refused(name):
    values, positions = parse_toml(f"[data]\n{name} = 1\n", "a.toml")
    with pytest.raises(InputError, match="cannot be a name of the model"):
        check_name(("data", *values["data"]), positions)


def test_a_table_may_have_so_many_names_and_no_more():
    text = "[data]\n" + "\n".join(f"x{i} = 1" for i in range(MAX_NAMES + 1))
    values, positions = parse_toml(text, "a.toml")
    check_count(("data",), [*values["data"]][1:], positions)
    with pytest.raises(InputError, match=r"\[data\] has 1,001 names: the limit is 1,000"):
        check_count(("data",), values["data"], positions)


def test_values_have_names_for_people():
    assert [kind_of(value) for value in (True, {}, [], "")] == [
        "true or false", "a table", "a list", "text",
    ]  # fmt: skip
