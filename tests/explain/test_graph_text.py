import pytest

from gradtui.base.text import cell_width
from gradtui.explain.graph_text import (
    CLOSE,
    LONGER,
    ROOMY,
    WORDY,
    box_text,
    box_width,
    wire_text,
    wire_width,
)
from gradtui.explain.spans import line_text, line_width
from gradtui.explain.values import UNKNOWN


@pytest.fixture
def session(session_of):
    """e = 2·3 - 5 = 1, L = 1, dL/de = 2, dL/dw = 2·3 = 6, dL/dx = 2·2 = 4."""
    return session_of("e = w*x - y\nL = e**2", data="x = 3.0\ny = 5.0")


def texts(frame, name):
    found = box_text(frame, frame.graph.names[name], CLOSE)
    return line_text(found.above).split(), line_text(found.below).split()


def test_a_box_has_name_and_value_and_below_its_gradient(session):
    assert texts(session.frame, "e") == (["e", "1"], ["2"])
    assert texts(session.frame, "w") == (["w", "2"], ["6"])
    assert texts(session.frame, "x") == (["x", "3"], ["4"])


def test_what_the_cursor_has_not_come_to_is_unknown(session):
    session.first()
    session.position = 0
    assert texts(session.frame, "w") == (["w", "2"], [UNKNOWN])
    assert texts(session.frame, "e") == ([*"e", UNKNOWN], [UNKNOWN])
    edge = session.frame.graph.names["e"], session.frame.graph.loss
    assert wire_text(session.frame, *edge, CLOSE) == UNKNOWN
    session.into()
    assert texts(session.frame, "e") == (["e", "1"], [UNKNOWN])


def test_an_edge_has_its_local_derivative(session):
    names = session.frame.graph.names
    assert wire_text(session.frame, names["e"], names["L"], CLOSE) == "×2"
    assert wire_text(session.frame, names["w"], names["e"], CLOSE) == "×3"


def test_an_edge_has_one_number_if_all_its_elements_have_it(session_of):
    data = "X = [[1.0, 2.0], [3.0, 4.0]]\ny = [3.0, 4.0]"
    frame = session_of("z = X@w\ne = y - z\nL = mean(e**2)", "w = [0.0, 0.0]", data).frame
    names = frame.graph.names
    assert wire_text(frame, names["z"], names["e"], CLOSE) == "×-1"


def test_an_edge_of_arrays_has_its_rule_and_a_short_array_its_numbers(session_of):
    code = "z = X@w\nh = tanh(z)\ng = h*v\nL = sum(g)"
    data = "X = [[1.0, 2.0], [3.0, 4.0]]\nv = [2.0, 3.0]"
    frame = session_of(code, "w = [0.0, 0.0]", data).frame
    names = frame.graph.names
    assert wire_text(frame, names["w"], names["z"], CLOSE) == "@"
    assert wire_text(frame, names["h"], names["g"], CLOSE) == "×[2 3]"
    assert texts(frame, "w")[0] == ["w", "[0", "0]"]
    assert texts(frame, "X")[0] == ["X", "[2×2]"]


@pytest.mark.parametrize("cells", [CLOSE, *LONGER])
@pytest.mark.parametrize("value", [2.0, -1.0e-5, 123456.789, -3.0e300])
def test_a_box_is_as_wide_for_any_number(session_of, cells, value):
    frame = session_of("a = w*x\nL = a*a + 0*w", f"w = {value!r}", "x = 1.0").frame
    for node in frame.graph.nodes:
        found, width = box_text(frame, node.id, cells), box_width(frame, node.id, cells)
        assert max(line_width(found.above), line_width(found.below)) <= width
    for edge in frame.structure.edges:
        text = wire_text(frame, *edge, cells)
        assert cell_width(text) <= wire_width(frame, *edge, cells)


def test_a_box_has_room_for_the_word_that_its_value_is_of_no_use(session_of):
    data = "X = [1.0, 2.0, 3.0, 4.0, 5.0]\ny = 5.0"
    frame = session_of("z = w*X\np = z**2\nL = mean(z)", data=data).frame
    node = frame.graph.names["p"]
    for cells in (CLOSE, ROOMY):
        found = box_text(frame, node, cells)
        assert "unused" in line_text(found.below)
        assert line_width(found.below) <= box_width(frame, node, cells)


def test_names_and_rules_are_whole_where_there_is_room_for_words(session_of):
    code = "hidden_layer_activation = X@w\nL = cross_entropy(hidden_layer_activation, y)"
    frame = session_of(code, "w = [[0.0, 1.0]]", "X = [[1.0], [2.0]]\ny = [0, 1]").frame
    hidden = frame.graph.names["hidden_layer_activation"]
    for cells, name, rule in (
        (WORDY, "hidden_layer_activation", "cross_entropy"),
        (CLOSE, "hidden_layer_…", "cross_e…"),
    ):
        assert line_text(box_text(frame, hidden, cells).above) == f"{name} [2×2]"
        assert wire_text(frame, hidden, frame.graph.loss, cells) == rule
        assert wire_width(frame, hidden, frame.graph.loss, cells) >= cell_width(rule)
    edge = frame.graph.names["w"], hidden
    assert (wire_text(frame, *edge, CLOSE), wire_width(frame, *edge, CLOSE)) == ("@", 2)
