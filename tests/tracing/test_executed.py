"""Lines of a run: what they are called, their rounds, their values, their pass."""

import numpy as np

from tracing.runs import RNN, lines_of


def test_a_name_in_a_loop_tells_the_round_and_an_index_its_number(traced):
    run = traced(RNN)

    names = [statement.name for statement in run.graph.statements]
    assert names[:6] == ["z(t=0)", "hs[0]", "loss(t=0)", "z(t=1)", "hs[1]", "loss(t=1)"]
    assert names[-3:] == ["z(t=3)", "hs[3]", "loss"]


def test_a_line_has_the_rounds_of_its_loop_in_the_order_of_the_run(traced):
    run = traced(RNN)

    assert [line.rounds for line in lines_of(run, 8)] == [(f"t = {t} of 4",) for t in range(4)]
    assert [line.rounds for line in lines_of(run, 12)] == [(f"t = {t} of 4",) for t in (3, 2, 1, 0)]


def test_the_passes_are_told_apart_by_what_the_loss_depends_on(traced):
    run = traced(RNN)

    passes = {line.place.line: line.backward for line in run.problem.call.lines}
    assert [at for at, backward in passes.items() if not backward] == [4, 7, 8, 9]
    assert [at for at, backward in passes.items() if backward] == [10, 12, 13, 14]


def test_a_line_of_the_backward_pass_knows_what_it_is_the_gradient_of(traced):
    run = traced(RNN)

    names = [None if line.claims is None else run.graph.nodes[line.claims].name
             for line in lines_of(run, 12)]  # fmt: skip
    assert names == ["z(t=3)", "z(t=2)", "z(t=1)", "z(t=0)"]
    assert [run.graph.nodes[line.claims].name for line in lines_of(run, 13)[-1:]] == ["W"]


def test_a_line_has_the_value_that_it_assigned_then(traced):
    run = traced(RNN)

    ((name, value),) = lines_of(run, 14)[-1].assigned
    np.testing.assert_allclose(value, run.true["h0"])
    assert name == "dh"
    assert lines_of(run, 4)[0].name == "h"


def test_a_line_on_the_way_to_the_loss_has_no_value_that_only_the_gradients_need(traced):
    run = traced("""
        def kept(x):
            return np.tanh(x), x * 3

        def case(x=np.ones(3)):
            y, cache = kept(x)
            return y.sum(), 1 - y**2 + 0 * cache
        """)

    (inner,) = [line for line in run.problem.call.lines if line.function == "kept"]
    outer = run.problem.call.lines[-1]
    assert run.graph.nodes[inner.nodes[-1]].name == "y"
    assert inner.assigned == ()
    np.testing.assert_allclose(outer.assigned[0][1], run.true["x"])


def test_a_name_that_is_assigned_again_has_its_versions(traced):
    run = traced("""
        def case(x=np.ones(3)):
            y = x * 2
            y = np.exp(y)
            y *= x
            return y.sum(), x
        """)

    assert [one.name for one in run.graph.statements] == ["y", "y#2", "y#3", "loss"]


def test_a_value_without_a_name_is_called_as_it_is_written(traced):
    run = traced("""
        def half(x):
            return x / 2

        def case(x=np.ones(3)):
            return np.sum(half(x) * half(x * x)), x
        """)

    assert {one.name for one in run.graph.statements} == {"half()", "half()#2", "x * x", "loss"}


def test_names_of_data_are_those_of_the_module_or_the_object(traced):
    run = traced("""
        X, SETS = np.ones((2, 3)), {"y": np.zeros(2)}

        class Net:
            def __init__(self):
                self.scale = np.full(2, 3.0)

        net = Net()

        def loss(w, net):
            return np.sum((X @ w * net.scale - SETS["y"]) ** 2)

        def case(w=np.ones(3)):
            return loss(w, net), w
        """)

    assert {node.name for node in run.graph.data} == {"X", "net.scale", 'SETS["y"]'}


def test_an_array_that_is_written_through_a_mask_is_a_new_version_of_it(traced):
    run = traced("""
        def case(x=np.array([-1.0, 2.0])):
            y = x * 3
            y[y < 0] = 0
            return y.sum(), x
        """)

    assert [one.name for one in run.graph.statements] == ["y", "y#2", "loss"]
    ((name, value),) = lines_of(run, 5)[0].assigned
    assert (name, value.tolist()) == ("y", [0.0, 6.0])


def test_names_and_rounds_cannot_act_on_the_terminal(traced):
    run = traced("""
        def case(w=np.ones(2)):
            held, esc = {}, chr(27) + "[2J"
            for key in (esc, "b"):
                held[key] = w * 2
                y = held[key] + 1
            return y.sum(), w
        """)

    shown = [*run.graph.names, *(text for line in run.problem.call.lines for text in line.rounds)]
    assert not any("\x1b" in text for text in shown)
    assert any("x1b" in text for text in shown)


def test_a_function_that_only_returns_what_it_is_given_has_its_line(traced):
    run = traced("""
        def passed(d):
            return d


        def size(count):
            return count + 1


        def case(W=np.ones(3)):
            d = 2 * W * size(0)
            return (W**2).sum(), {"W": passed(d)}
    """)

    assert "passed" in {line.function for line in run.problem.call.lines}
    assert "size" not in {line.function for line in run.problem.call.lines}
