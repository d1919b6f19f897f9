"""What the loss depends on, and columns of data that tell nothing."""

from gradtui.diagnosis.runs.run import Run
from gradtui.diagnosis.runs.unreached import constant_feature, depends_on_node, disconnected
from gradtui.scenario.load import load_problem


def test_all_that_is_computed_from_a_node_depends_on_it(session_of):
    graph = session_of("a = w*x\nb = a + 1\nc = 2*x\nL = b + c").problem.graph
    found = depends_on_node(graph.nodes, graph.names["a"])
    assert {graph.nodes[id].name for id in found} - {""} == {"a", "b", "L"}


def test_a_weight_of_which_the_loss_is_not_made_is_disconnected(write):
    run = Run(load_problem(write("u = 2*v\nL = (w*x)**2", "w = 2.0\nv = 1.0")))
    (found,) = disconnected(run)
    assert (found.target, found.evidence["gradient"]) == ("v", 0.0)


def test_a_constant_column_beside_a_bias_leaves_only_a_sum_to_learn(write):
    data = "X = [[1.0, 5.0], [2.0, 5.0], [3.0, 5.0]]\ny = [1.0, 2.0, 3.0]"
    code, start = "L = mean((X@w{} - y)**2)", "w = [0.1, 0.1]\nb = 0.0"
    (found,) = constant_feature(Run(load_problem(write(code.format(" + b"), start, data))))
    assert (found.severity, found.target, found.evidence["columns"]) == ("info", "X", [1])
    alone = write(code.format(""), "w = [0.1, 0.1]", data)
    assert list(constant_feature(Run(load_problem(alone)))) == []


def test_many_constant_columns_are_told_as_one_run_of_numbers(write):
    row = ", ".join(["5.0"] * 50)
    data = f"X = [{', '.join([f'[{row}]'] * 3)}]\ny = [1.0, 2.0, 3.0]"
    start = "w = {shape = [50], init = 'normal', seed = 1}"
    (found,) = constant_feature(Run(load_problem(write("L = mean((X@w - y)**2)", start, data))))
    assert found.message.startswith("columns 0 to 49 of X never vary: only the sum of their")
    assert found.evidence["columns"] == list(range(50))


def test_of_many_columns_of_zeros_all_are_counted(write):
    """30 columns of 64 are 0, so 960 elements of A have no gradient: more than are nudged."""
    kept = "".join(", 1.0, -0.5" for _ in range(17))
    rows = ", ".join(f"[{', '.join(['0.0'] * 30)}{kept.replace('0.5', f'0.{k}')}]" for k in "579")
    code, start = "L = mean((tanh(X@A) - y)**2)", "A = {shape = [64, 32], init = 'normal'}"
    path = write(code, start, f"X = [{rows}]\ny = 0.5", lr=0.1, steps=20)
    zeros = next(one for one in constant_feature(Run(load_problem(path))) if "are 0" in one.message)
    assert zeros.message.startswith(
        "columns 0 to 29 of X are 0 for every example, so the gradient of 960 numbers (A[0,0], "
    )


def test_a_row_of_zeros_on_the_right_is_a_row(write):
    data = "X = [[1.0, 2.0, 3.0], [0.0, 0.0, 0.0]]\ny = 1.0"
    path = write("L = mean((W@X - y)**2)", "W = [[0.1, 0.2]]", data, steps=20)
    (found,) = constant_feature(Run(load_problem(path)))
    assert found.message.startswith("row 1 of X is 0 for every example, so the gradient of W[0,1]")


def test_a_column_that_some_row_of_the_data_fills_is_not_called_zero(write):
    """Only the 37th of 40 batches has a number in column 1, which no step uses."""
    rows = ", ".join(f"[1.0, {float(k == 37)}]" for k in range(40))
    more = "[batches]\nover = ['X']\nsize = 1\nshuffle = false"
    path = write("L = mean((X@w - 2)**2)", "w = [0.1, 0.1]", f"X = [{rows}]", steps=30, more=more)
    assert [one.message for one in constant_feature(Run(load_problem(path)))] == []
