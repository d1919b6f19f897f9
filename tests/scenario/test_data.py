"""Columns of a data file by pattern, and labels that are told by what the model does with them."""

import re
from pathlib import Path

import numpy as np
import pytest

import gradtui
from gradtui.base.source import InputError

TABLE = "id,p0,p1,w[0],species,p*\n7,1,2,3,0,4\n8,5,6,7,1,8\n"


@pytest.fixture
def load(write):
    folder = Path(write("L = w*x")).parent

    def call(X, model="L = sum((X*a)**2)", table=TABLE, **parts):
        (folder / "a.csv").write_text(table, encoding="utf-8")
        data = f'file = "a.csv"\nX = {X}\ny = "species"'
        return gradtui.load(write(model, "a = 1.0", data=data, **parts)).frame

    return call


@pytest.mark.parametrize(
    ("names", "columns"),
    [
        ('"p?"', [1, 2, 5]),
        ('["p0", "p1"]', [1, 2]),
        ('["p1", "p?"]', [2, 1, 5]),
        ('"!species"', [0, 1, 2, 3, 5]),
        ('["!species", "!id"]', [1, 2, 3, 5]),
        ('["*", "!p?"]', [0, 3, 4]),
        ('["!p?", "id", "p0"]', [0]),
        ('"w[[]0]"', None),
        ('"w[?]"', [3]),
    ],
)
def test_columns_by_pattern_stand_in_the_file_s_order(load, names, columns):
    table = np.array([[float(n) for n in row.split(",")] for row in TABLE.split()[1:]])
    if columns is None:
        with pytest.raises(InputError, match="no column"):
            load(names)
    else:
        np.testing.assert_array_equal(load(names).values["X"], table[:, columns])


def test_a_name_is_that_column_even_if_it_looks_like_a_pattern(load):
    assert load('"p*"').values["X"].tolist() == [4, 8]


@pytest.mark.parametrize(
    ("names", "message", "marked"),
    [
        ('"q*"', "'q*' matches nothing in a.csv; it has id, p0, p1, w[0], species, p*", '"q*"'),
        ('["id", "!speces"]', "no column 'speces' in a.csv; did you mean 'species'?", '"!speces"'),
        ('["id", "!id"]', "this selects nothing from a.csv", '["id", "!id"]'),
    ],
)
def test_a_pattern_that_fits_nothing_is_refused_where_it_stands(load, names, message, marked):
    with pytest.raises(InputError) as caught:
        load(names)
    assert caught.value.message == message
    place, line = caught.value.place, caught.value.source_line
    assert line[place.column - 1 :][: place.width] == marked


def test_a_bad_cell_of_a_pattern_is_shown_in_the_data_file(load):
    with pytest.raises(InputError) as caught:
        load('"!species"', table=TABLE.replace("5,6", "5,NA"))
    said = str(caught.value).splitlines()[0]
    assert Path(said.partition(":")[0]).is_file()  # from here, as an editor opens it
    assert said.rpartition("/")[2] == (
        "a.csv:3:5: error: column 'p1': 'NA' stands for a value that is missing"
    )


def test_what_is_called_after_labels_of_a_file_is_a_helper(load):
    # Written as numbers of a CSV file they may be anything: that they are labels the model says.
    backward = '[backward]\ncode = "dy = 2*a*sum(X**2)\\nda = dy"'
    model = "Y = one_hot(y, 2)\nL = sum((X*a)**2) + 0*sum(Y)"
    hand = load('"!species"', model, more=backward)
    assert dict(hand.problem.backward.claims) == {"da": "a"}
    used = load('"!species"', model + "*sum(y)", more=backward)
    assert dict(used.problem.backward.claims) == {"dy": "y", "da": "a"}


WORDS = "x,kind\n1,plum\n2,fig\n3,plum\n"


def test_a_column_of_words_that_a_name_has_alone_is_read_as_classes(write):
    folder = Path(write("L = w*x")).parent
    (folder / "a.csv").write_text(WORDS, encoding="utf-8")
    (folder / "v.csv").write_text("kind,x\nplum,3\n", encoding="utf-8")
    of = 'file = "a.csv"\nX = ["x"]\ny = "kind"'
    held = '[validation]\nfile = "v.csv"\nX = ["x"]\ny = "kind"'
    model = "L = cross_entropy(X*w, y)"
    problem = gradtui.load(write(model, "w = [0.1, 0.2]", data=of, more=held)).problem
    assert problem.values["y"].tolist() == [1.0, 0.0, 1.0]
    assert dict(problem.classes) == {"y": ("fig", "plum")}
    assert problem.trainer.program.validation is not None


@pytest.mark.parametrize(
    ("table", "held", "message"),
    [
        (WORDS, "x,kind\n1,pear\n", "'pear' is no class of [data]"),
        (WORDS.replace("plum", "1").replace("fig", "0"), "x,kind\n1,fig\n",
         "expected a number, as in [data], got 'fig'"),
    ],
)  # fmt: skip
def test_words_of_the_validation_are_classes_of_the_data(write, table, held, message):
    folder = Path(write("L = w*x")).parent
    (folder / "a.csv").write_text(table, encoding="utf-8")
    (folder / "v.csv").write_text(held, encoding="utf-8")
    more = '[validation]\nfile = "v.csv"\nX = ["x"]\ny = "kind"'
    data = 'file = "a.csv"\nX = ["x"]\ny = "kind"'
    with pytest.raises(InputError, match=re.escape(message)):
        gradtui.load(write("L = cross_entropy(X*w, y)", "w = [0.1, 0.2]", data=data, more=more))


def test_words_among_other_columns_are_refused_with_the_way_to_read_them(write):
    folder = Path(write("L = w*x")).parent
    (folder / "a.csv").write_text(WORDS, encoding="utf-8")
    with pytest.raises(InputError, match='as y = "kind"'):
        gradtui.load(write("L = sum(X*w)", "w = 1.0", data='file = "a.csv"\nX = "*"'))
