"""A run as a table: the columns that fit, and the requested ones."""

import pytest

import gradtui
from gradtui.base.source import InputError
from gradtui.explain.run_table import chosen_table, fitting_table


@pytest.fixture(scope="module")
def session():
    return gradtui.load("two_weights")


def names(table):
    return [column.name for column in table.columns]


def test_a_wider_terminal_has_more_columns_and_says_how_many_it_leaves_out(session):
    narrow, wide = (fitting_table(session.problem, 12, width) for width in (40, 200))
    assert names(wide) == ["loss", "lr", "grad_norm", "w1", "w2", "dw1", "dw2"]
    assert wide.left_out == 0
    assert names(narrow) == names(wide)[: len(narrow.columns)]
    assert len(narrow.columns) + narrow.left_out == 7
    assert len(narrow.head()) <= 40


def test_a_row_has_the_numbers_of_a_step_under_their_names(session):
    table = fitting_table(session.problem, 12, 200)
    head, row = table.head(), table.row(session.frame.tape)
    assert len(head) == len(row)
    assert row.split() == ["0", "9", "0.05", "21.6333", "1", "2", "12", "18"]


def test_requested_columns_may_be_expressions_with_commas(session):
    table = chosen_table("loss, maximum(w1, w2), dw1", session.problem, 12, 80)
    assert names(table) == ["loss", "maximum(w1, w2)", "dw1"]
    assert table.row(session.frame.tape).split() == ["0", "9", "2", "12"]


def test_requested_columns_have_fewer_digits_where_the_terminal_is_narrow(session):
    wide, narrow = (
        chosen_table("loss, norm, w1*1e-9/7, -w2/3", session.problem, 12, width)
        for width in (120, 40)
    )
    tape = session.frame.tape
    assert wide.row(tape).split() == ["0", "9", "21.6333", "1.42857e-10", "-0.666667"]
    assert narrow.row(tape).split() == ["0", "9", "21.6333", "1.429e-10", "-0.6667"]
    assert narrow.width == len(narrow.head()) == len(narrow.row(tape)) <= 46


@pytest.mark.parametrize(
    ("text", "column", "said"),
    [
        ("loss, nothing", 7, "nothing"),
        ("loss,, w1", 6, "expected a column"),
        ("loss, w1 - prev", 7, "prev looks back"),
    ],
)
def test_a_column_that_cannot_be_had_is_refused_at_its_place(session, text, column, said):
    with pytest.raises(InputError, match=said) as error:
        chosen_table(text, session.problem, 12, 80)
    assert error.value.place.column == column
    assert error.value.source_line == text
