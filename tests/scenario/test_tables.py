import csv
import io
import math
import tracemalloc

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bounded import no_hang
from gradtui.base.source import InputError, Place
from gradtui.scenario import tables
from gradtui.scenario.tables import read_csv


def read(text: str) -> dict[str, list[float]]:
    table = read_csv(text.encode(), "d.csv")
    return {name: column.tolist() for name, column in table.arrays(table.names).items()}


def refused(text: str) -> InputError:
    with pytest.raises(InputError) as caught:
        read(text)
    assert caught.value.file == "d.csv"
    return caught.value


@pytest.mark.parametrize(
    "text",
    [
        "a,b\n1,2\n3,4",
        "a,b\n1,2\n3,4\n",
        "a,b\r\n1,2\r\n3,4\r\n",
        "\ufeffa,b\n1,2\n3,4\n\n \n\r\n",
        ' a , "b"\n 1,\t2\n+3.,4e0\n',
        '"a","b"\r\n"1","2"\r\n"3","4"\r\n',
    ],
)
def test_two_columns_are_read_in_every_dress(text):
    assert read(text) == {"a": [1.0, 3.0], "b": [2.0, 4.0]}


def test_a_column_is_a_read_only_vector_of_doubles():
    column = read_csv(b"a\n.5\n-1e-3\n", "d.csv").arrays(["a"])["a"]
    assert (column.dtype, column.shape, column.flags.writeable) == (np.float64, (2,), False)
    assert column.tolist() == [0.5, -0.001]


def test_text_is_fine_in_a_column_that_is_not_wanted():
    table = read_csv(b'city,n\nParis,1\n"Nice, ""old""\n2",2\n', "d.csv")
    assert table.arrays(["n"])["n"].tolist() == [1.0, 2.0]
    with pytest.raises(InputError) as caught:
        table.arrays(["city"])
    assert caught.value.message == (
        "column 'city': expected a number, got 'Paris': leave the column out, or read its words "
        'as classes with a name of their own, as y = "city"'
    )


def test_words_are_classes_in_the_order_of_the_alphabet():
    table = read_csv('n,kind\n1, plum\n2,"apple, red"\n3,plum\n4,Äpfel\n'.encode(), "d.csv")
    assert [table.holds_words(name) for name in table.names] == [False, True]
    values, words = table.classes("kind")
    assert words == ("apple, red", "plum", "Äpfel")
    assert (values.tolist(), values.flags.writeable) == ([1.0, 0.0, 1.0, 2.0], False)
    values, words = table.classes("kind", ("plum", "Äpfel", "apple, red"))
    assert (words[0], values.tolist()) == ("plum", [0.0, 2.0, 0.0, 1.0])


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("", "empty cell: a value is missing"),
        ("NA", "'NA' stands for a value that is missing"),
        ("2", "expected a word, as in the first row, got '2'"),
        ("plumm", "'plumm' is no class of [data]; did you mean 'plum'?"),
        ("zz", "'zz' is no class of [data]: they are fig, plum"),
    ],
)
def test_what_is_no_word_or_no_known_one_is_refused_at_its_cell(cell, message):
    table = read_csv(f"n,kind\n1,plum\n2,{cell}\n".encode(), "d.csv")
    with pytest.raises(InputError) as caught:
        table.classes("kind", ("fig", "plum"))
    assert caught.value.message == f"column 'kind': {message}"
    assert (caught.value.place.line, caught.value.place.column) == (3, 3)


def test_too_many_words_are_no_classes(monkeypatch):
    monkeypatch.setattr(tables, "MAX_CLASSES", 2)
    with pytest.raises(InputError, match="3 different words: at most 2 are taken for classes"):
        read_csv(b"kind\na\nb\nc\n", "d.csv").classes("kind")


@pytest.mark.parametrize("cell", ["0x1p3", "-", "nan", "inf", "Infinity", "1st", "1e5", "?", "_a"])
def test_what_is_no_word(cell):
    assert not read_csv(f"kind\n{cell}\n".encode(), "d.csv").holds_words("kind")


def test_an_unknown_column_is_reported_where_the_scenario_names_it():
    table = read_csv(b"weight,hours\n1,2\n", "d.csv")
    table.check_name("weight")
    with pytest.raises(InputError) as caught:
        table.check_name("wieght", Place(4, 6, 8))
    assert caught.value.message == "no column 'wieght' in d.csv; did you mean 'weight'?"
    assert (caught.value.place, caught.value.file) == (Place(4, 6, 8), "")
    with pytest.raises(InputError, match="it has weight, hours"):
        table.check_name("zz")


def test_a_file_that_begins_with_numbers_seems_to_lack_its_header_row():
    with pytest.raises(InputError) as caught:
        read_csv(b"1.2,3,-2e1\n0.8,2,1.4\n", "d/b.csv").check_name("size")
    assert caught.value.message == (
        "no column 'size' in b.csv; its first row, 1.2, 3, -2e1, has no names: a header row seems "
        "to be missing"
    )
    with pytest.raises(InputError, match=r"it has 2019, city$"):
        read_csv(b"2019,city\n1,2\n", "d.csv").check_name("size")


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("a;b\n1;2", Place(1, 2, 1), "wrong delimiter: found semicolons, expected commas"),
        ('"a"\tb\n1\t2', Place(1, 4, 1), "wrong delimiter: found tabs, expected commas"),
        ("a,b\n1,2\n3\n", Place(3, 2, 1), "a row of the wrong length: expected 2 cells, got 1"),
        ("a,b\n1,2,33\n", Place(2, 5, 2), "a row of the wrong length: expected 2 cells, got 3"),
        ('a,b\n1,"2,3",33\n', Place(2, 9, 2), "a row of the wrong length: expected 2 cells, got 3"),
        ("a,b\n1,\n", Place(2, 3, 1), "column 'b': empty cell: a value is missing"),
        ('a,b\n1,""\n', Place(2, 3, 2), "column 'b': empty cell: a value is missing"),
        ("a,b\n1,x y\n", Place(2, 3, 3), "column 'b': expected a number, got 'x y'"),
        ("a,b\n1,１２\n", Place(2, 3, 2), "column 'b': expected a number, got '１２'"),
        ("a\n1_000\n", Place(2, 1, 5), "column 'a': expected a number, got '1_000'"),
        ("a\n0x1p3\n", Place(2, 1, 5), "column 'a': expected a number, got '0x1p3'"),
        ("a\n1 2\n", Place(2, 1, 3), "column 'a': expected a number, got '1 2'"),
        ("a\n\u00a01\n", Place(2, 1, 2), "column 'a': expected a number, got '\u00a01'"),
        ("a\n1\r2\n", Place(2, 1, 3), "column 'a': expected a number, got '1\r2'"),
        ("a\nnan\n", Place(2, 1, 3), "column 'a': 'nan' stands for a value that is missing"),
        ("a\n1\n N/A \n", Place(3, 1, 5), "column 'a': 'N/A' stands for a value that is missing"),
        ("a,b\n1,?\n", Place(2, 3, 1), "column 'b': '?' stands for a value that is missing"),
        ("a\n-Infinity\n", Place(2, 1, 9), "column 'a': -Infinity is not a finite number"),
        ("a\n1e-999\n", Place(2, 1, 6), "it would become 0"),
        ("a\n1\n1e999\n", Place(3, 1, 5), "1e999 is too large for a 64-bit float"),
        ("a\n" + "1" * 65, Place(2, 1, 65), "a number of 65 characters: the limit is 64"),
        ("a\n 1" + " " * 65, Place(2, 1, 67), "a number of 67 characters: the limit is 64"),
        ("a,b,a\n1,2,3\n", Place(1, 5, 1), "repeated column name 'a'"),
        (",a\n0,1\n", Place(1, 1, 1), "empty column name"),
        ("a\rb\r1", Place(1, 2, 1), "a lone carriage return: lines must end in LF or CRLF"),
        ("a,b\n\n1,2\n", Place(2, 1, 1), "a blank line between rows"),
        ("a\n \n1\n", Place(2, 1, 1), "a blank line between rows"),
        ('a,b\n1,"2\n3,4\n', Place(2, 3, 1), "this quote is not closed"),
        ('a,b\n1,"2"x\n', Place(2, 3, 1), "text after the closing quote of this cell"),
        ('a,b\n1,2"\n3,4', Place(2, 4, 1), "a quote inside a cell: quote the whole cell"),
        ('"a\nx",b\n"1",2\n1,z\n', Place(4, 3, 1), "column 'b': expected a number, got 'z'"),
        ('a,b\n"x\n1",2\n', Place(2, 1, 2), "column 'a': expected a number, got 'x\n1'"),
        ("a,b\n", None, "the file has a header row but no rows under it"),
        (" \n", None, "the file is empty"),
        (",".join(map(str, range(10_001))), Place(1), "too many columns: the limit is 10,000"),
    ],
)
def test_a_fault_is_placed_in_the_data_file(text, place, message):
    error = refused(text)
    assert message in error.message
    assert error.place == place


def test_an_error_shows_the_line_of_the_data_file():
    assert str(refused("a,b\n1,2\n3,4..5\n")) == (
        "d.csv:3:3: error: column 'b': expected a number, got '4..5'\n  3,4..5\n    ^^^^"
    )


def test_a_million_rows_are_read_and_one_more_is_refused():
    assert len(read("a\n" + "1\n" * tables.MAX_ROWS)["a"]) == 1_000_000
    message = refused("a\n" + "1\n" * (tables.MAX_ROWS + 1)).message
    assert message == "too many rows: the limit is 1,000,000. GRADTUI_MEMORY=2 allows it"


@pytest.mark.parametrize(
    "raw",
    [b"," * 4_000_000, b'"' * 4_000_001, b'a\n"' + b"x,\n" * 900_000, b'a\n1"' + b'"' * 4_000_000],
)
def test_hostile_files_are_refused(raw):
    with no_hang(), pytest.raises(InputError):
        read_csv(raw, "d.csv")


finite = st.floats(allow_nan=False, allow_infinity=False)


@given(
    st.lists(st.lists(finite, min_size=3, max_size=3), min_size=1),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    st.text(st.characters(codec="utf-8", exclude_characters="\0")),
)
def test_what_the_csv_module_writes_is_read_back_to_the_bit(rows, quoting, text):
    sheet = io.StringIO()
    writer = csv.writer(sheet, quoting=quoting)
    writer.writerows([["a", "note", "b", "c"], *([r[0], text, *r[1:]] for r in rows)])
    columns = read_csv(sheet.getvalue().encode(), "d.csv").arrays(["c", "a"])
    assert columns["a"].tolist() == [row[0] for row in rows]
    assert columns["c"].tolist() == [row[2] for row in rows]


def outcome(raw: bytes) -> None:
    try:
        table = read_csv(raw, "d.csv")
        columns = table.arrays(table.names)
    except InputError as error:
        assert str(error).startswith("d.csv:")
        return
    assert all(math.isfinite(value) for column in columns.values() for value in column)


@given(st.binary())
def test_any_bytes_load_or_give_one_error(raw):
    outcome(raw)


@given(st.lists(st.sampled_from([*'a1e9-." ,;\t\r\n', "\r\n", '"1"', "1,2\n", "é"])).map("".join))
def test_any_near_csv_loads_or_gives_one_error(text):
    outcome(text.encode())


@given(st.lists(st.sampled_from([*"+-.eE019 ", "999", "\t"]), max_size=8).map("".join))
def test_a_number_is_what_float_reads_less_its_extras(cell):
    try:
        expected = float(cell)
    except ValueError:
        expected = math.inf
    if math.isinf(expected) or (
        expected == 0 and any(c in "19" for c in cell.lower().split("e")[0])
    ):
        refused(f"a,b\n{cell},1\n")
    else:
        assert read(f"a,b\n{cell},1\n")["a"] == [expected]


def test_the_cells_of_columns_that_nobody_asks_for_are_not_kept():
    names = ",".join(f"c{i}" for i in range(10_000))
    table = read_csv("\n".join([names, *[",".join(["12"] * 10_000)] * 400]).encode(), "a.csv")
    tracemalloc.start()
    found = table.arrays(["c0", "c9999"])
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found["c9999"].tolist() == [12.0] * 400
    assert most < 100_000_000


DIGITS = st.text("0123456789", min_size=1, max_size=25)
DECIMALS = st.builds("{}{}{}{}".format, st.sampled_from(["", "-", "+", " "]), DIGITS,
                     st.one_of(st.just(""), DIGITS.map(".{}".format)),
                     st.sampled_from(["", "", "", "e5", "E-7", " "]))  # fmt: skip


@settings(max_examples=300)
@example([("-0", "0.1"), ("-0.0", "9007199254740993")])
@given(st.lists(st.tuples(DECIMALS, DECIMALS), min_size=1, max_size=6))
def test_a_whole_table_has_the_bits_that_python_reads_cell_by_cell(rows):
    text = "\n".join(["a,b", *map(",".join, rows)])
    found = read_csv(text.encode(), "t.csv").arrays(["b", "a"])
    for at, name in enumerate("ab"):
        assert found[name].tobytes() == np.array([float(row[at]) for row in rows]).tobytes()


@pytest.mark.parametrize("cell", ["1-2", "--1", "1.2.3", "-", " ", "1 2", "0" * 65, "1,2"])
def test_an_unusual_cell_of_a_table_is_no_number(cell):
    with pytest.raises(InputError):
        read_csv(f"a,b\n1,2\n{cell},3\n".encode(), "t.csv").arrays("ab")
