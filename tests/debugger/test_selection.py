"""The selected node: found by name, among data, and on both levels."""

import gradtui


def test_an_operation_selected_becomes_its_statement_on_the_named_graph():
    session = gradtui.load("two_weights")
    session.toggle_level()
    product = session.problem.graph.nodes[session.structure.nodes[2]]
    assert (product.op, product.name) == ("*", "")
    session.selection.select(product.id)
    session.toggle_level()
    assert session.problem.graph.nodes[session.selection.node].name == "yhat"


def test_find_goes_round_and_knows_labels_operations_and_names():
    session = gradtui.load("two_weights")
    name = session.problem.graph.nodes
    assert session.selection.find("ŷ")
    assert name[session.selection.node].name == "yhat"
    assert session.selection.find("w")
    assert name[session.selection.node].name == "w1"
    assert session.selection.find("W")
    assert name[session.selection.node].name == "w2"
    assert session.selection.find("**")
    assert name[session.selection.node].name == "L"


def test_find_prefers_the_node_of_that_name_and_goes_on_from_it():
    session = gradtui.load("softmax_classifier")
    name = session.problem.graph.nodes
    assert session.selection.find("p")  # W2 and b2 come first; their operation is "parameter"
    assert name[session.selection.node].name == "p"
    assert session.selection.find("p")
    assert name[session.selection.node].name != "p"


def test_a_name_written_as_it_is_precedes_the_same_in_other_letters_and_that_what_has_it():
    session = gradtui.load("transformer_block")
    names = session.problem.graph.nodes
    for sought, found in [("a", "a"), ("A", "A"), ("l", "L"), ("s", "S"), ("wo", "Wo")]:
        assert session.selection.find(sought)
        assert names[session.selection.node].name == found


def test_data_are_selected_like_nodes_and_told_by_what_reads_them(session_of):
    model = "x = X/2\nyhat = x@w\nL = mean((yhat - y)**2)"
    session = session_of(model, "w = [1.0, 2.0]", "X = [[1.0, 2.0]]\ny = [3.0]")
    selection, names = session.selection, session.problem.graph.names

    def selected():
        return session.problem.graph.nodes[selection.node].name

    selection.select(names["L"])
    walked = []
    for _ in names:
        selection.select_next()
        walked.append(selected())
    assert walked == ["X", "y", "x", "w", "yhat", "L"], "after what is drawn, and round again"
    assert selection.find("X") and selected() == "X"
    assert session.message == "X is data, 1×2: read by x"
    selection.select_consumer()
    assert selected() == "x"
    selection.select_consumer()
    assert selected() == "yhat"
    assert selection.find("x")
    assert session.message == "x is computed of data alone, 1×2: read by yhat"
    selection.select_input()
    assert selected() == "X"
    selection.select_input()
    assert selected() == "X", "data are computed of nothing"


def test_what_is_not_trained_has_no_lens_and_no_jacobian(session_of):
    session = session_of("L = sum(w*X)", "w = 2.0", "X = [1.0, 2.0]")
    selection, names = session.selection, session.problem.graph.names
    selection.look("w")
    assert selection.lens is not None
    selection.select(names["X"])
    assert selection.lens is None
    selection.look("1")
    assert selection.lens is None and "this is not trained: the lens is for" in session.message
    selection.show_jacobian()
    assert selection.jacobian is None and "this is not trained" in session.message
    session.toggle_level()
    assert selection.node == names["X"], "it is no part of either drawing"


def test_where_there_is_nothing_before_or_after_a_node_that_is_said():
    said = []
    session = gradtui.load("two_weights")
    names = session.problem.graph.names
    session.selection.select(names["w1"])
    session.selection.select_input()
    said.append(session.frame.message)
    assert session.selection.node == names["w1"]
    session.selection.select(names["L"])
    session.selection.select_consumer()
    said.append(session.frame.message)
    assert session.selection.node == names["L"]
    assert said == [
        "w1 is computed from nothing: it is given",
        "L is the last: nothing is computed from it",
    ]
