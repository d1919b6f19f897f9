import pytest

from engine_models import graph
from gradtui.base.source import InputError
from gradtui.engine.builder import Builder
from gradtui.engine.graph import Kind
from gradtui.engine.lowering import RESERVED, lower_tree
from gradtui.engine.ops import FUNCTIONS
from gradtui.language.parser import parse_expression


def test_nodes_are_in_the_order_of_evaluation_operands_first():
    made = graph("a = w*x\nL = a + tanh(a)", {"w": 2.0}, {"x": 3.0})
    assert [node.name or node.op for node in made.nodes] == ["w", "x", "a", "tanh", "L"]
    assert all(max(node.inputs, default=-1) < node.id for node in made.nodes)
    assert [statement.name for statement in made.statements] == ["a", "L"]


def test_the_loss_is_the_last_line_unless_another_is_named():
    code = "a = w*w\nb = a + 1"
    assert graph(code, {"w": 2.0}).nodes[graph(code, {"w": 2.0}).loss].name == "b"
    made = graph(code, {"w": 2.0}, loss="a")
    assert made.nodes[made.loss].name == "a"


def test_another_name_for_a_value_is_a_node_of_its_own():
    made = graph("a = w*w\nL = a", {"w": 2.0})
    assert made.nodes[made.loss].op == "identity"
    assert made.names["L"] != made.names["a"]


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("w = 2", "'w' is already a parameter: a name is assigned once"),
        ("x = 2", "'x' is already data"),
        ("a = w\na = w*w", "'a' is already assigned above.*rename the one above to a_1"),
        ("L = w*z", "'z' is not defined"),
        ("lr = w", "'lr' is reserved for the rate"),
        ("tanh = w", "'tanh' is reserved for the function"),
        ("L = w*X", r"the loss 'L' must be a scalar, but it has the shape .*2"),
        ("L = w*(2, 3)", "several values in parentheses"),
        ("L = tnah(w)", "did you mean 'tanh'"),
        ("L = tanh(w, x)", "tanh"),
    ],
)
def test_what_is_no_model_is_refused_in_words(code, message):
    with pytest.raises(InputError, match=message):
        graph(code, {"w": 2.0}, {"x": 3.0, "X": [1.0, 2.0]})


def test_a_loss_that_is_no_name_is_told_with_a_near_one():
    with pytest.raises(InputError, match=r"the loss 'lss' is not a name of the model.*'loss'"):
        graph("loss = w*w", {"w": 2.0}, loss="lss")


def test_functions_whose_names_people_give_to_values_are_free():
    free = {*FUNCTIONS} - {*RESERVED}
    assert free == {"clip", "dot", "max", "mean", "outer", "sum", "take", "var"}
    assert graph("sum = w*w", {"w": 2.0}).names.keys() == {"w", "sum"}


def test_a_sum_of_thousands_of_terms_takes_no_recursion():
    builder = Builder()
    w = builder.leaf(Kind.PARAMETER, "w", ())
    tree = parse_expression("+".join(["w"] * 2000))
    root = lower_tree(tree, builder, lambda name: w)
    assert builder.nodes[root].op == "+" and len(builder.nodes) == 2000
