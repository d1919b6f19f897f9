"""The graph as a list: a row a node, the same in any window and at any width."""

import pytest

import gradtui
from gradtui.explain.listing import list_rows, place_of_now
from gradtui.explain.spans import line_text, line_width
from rows import cells, texts


@pytest.fixture
def frame():
    session = gradtui.load("two_weights")
    session.toggle_level()
    return session.frame


def test_a_row_has_name_operation_value_gradient_and_inputs(frame):
    rows = {row[0]: row[1:] for row in cells(list_rows(frame, 100, 0, 99))}
    assert rows["name"] == ["computed", "by", "shape", "value", "gradient", "inputs"]
    assert rows["w1"] == ["parameter", "1", "12"]
    assert rows["e"] == ["-", "3", "6", "ŷ"]
    unnamed = [row[0] for name, row in rows.items() if name.startswith("#")]
    assert unnamed == ["*", "*"], "an operation without a name is its number"


def test_a_window_is_a_part_of_the_list(frame):
    head, *rows = texts(list_rows(frame, 100, 0, 99))
    assert texts(list_rows(frame, 100, 2, 5)) == [head, *rows[2:5]]


def test_the_columns_stand_where_they_are_whatever_is_computed():
    session = gradtui.load("two_weights")
    known = list_rows(session.frame, 60, 0, 99)
    session.position = 0
    unknown = list_rows(session.frame, 60, 0, 99)
    assert texts(known[:1]) == texts(unknown[:1])
    assert texts(known) != texts(unknown)
    value = texts(known)[0].index("value")
    assert all(text[value] == "·" for text in texts(unknown)[3:])


def test_the_place_of_now_is_the_node_at_the_cursor():
    session = gradtui.load("two_weights")
    session.restart()
    session.position = 1
    assert session.frame.graph.nodes[place_of_now(session.frame)].name == "yhat"


def test_a_range_is_whole_where_the_inputs_leave_room():
    frame = gradtui.load("transformer_block").frame
    rows = {row.split()[0]: row for row in texts(list_rows(frame, 76, 0, 99))}
    assert [name for name, row in rows.items() if "…" in row[32:66]] == []
    assert rows["S"].endswith("q k")


def test_the_names_of_all_nodes_are_measured_once_a_graph(monkeypatch):
    session = gradtui.load("transformer_block")
    session.toggle_level()
    texts(list_rows(session.frame, 100, 0, 3))
    monkeypatch.setattr("gradtui.explain.listing.cell_width", None)
    session.seek(1)
    assert len(texts(list_rows(session.frame, 100, 0, 3))) == 4


def test_a_wide_list_has_whole_names_and_whole_lines(session_of):
    code = "hidden_layer_activation = w*x\nL = tanh(hidden_layer_activation)**2"
    frame = session_of(code).frame
    wide = texts(list_rows(frame, 130, 0, 9))
    assert "tanh(hidden_layer_activation)" in wide[-1] and "…" not in "".join(wide)
    assert wide[-1].rstrip().endswith("hidden_layer_activation")
    narrow = texts(list_rows(frame, 60, 0, 9))
    assert "hidden_layer_…" in narrow[-1]


@pytest.mark.parametrize("width", range(60, 140, 3))
@pytest.mark.parametrize("name", ["five_parcels", "two_weights", "transformer_block"])
def test_the_title_of_the_inputs_is_whole(name, width):
    titles = list_rows(gradtui.load(name).frame, width, 0, 1)[0]
    assert line_text(titles).endswith(" inputs") and line_width(titles) <= width
