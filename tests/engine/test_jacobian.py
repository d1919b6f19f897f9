import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.random_programs import DATA, Program, draw_values
from engine_models import five_parcels, trainer
from gradtui.engine.compiler import Compiler, Mode
from gradtui.engine.jacobian import Jacobians


def opened(model):
    graph = model.program.graph
    return graph, model.record(model.initial, 0), Jacobians(graph, model.dtype)


def statement(graph, name):
    return next(s for s in graph.statements if s.name == name)


def whole(graph, tape, jacobians, line, source):
    """Return the matrix by rows and by columns, each (outputs, inputs)."""
    shapes = graph.nodes[line.root].shape, graph.nodes[source].shape
    outputs, inputs = ([*np.ndindex(shape)] for shape in shapes)
    rows = jacobians.rows(tape, line, source, outputs)
    columns = jacobians.columns(tape, line, source, inputs)
    return rows.reshape(len(outputs), -1), columns.reshape(len(inputs), -1).T


def test_the_predictions_of_five_parcels_change_with_the_weights_as_the_data():
    graph, tape, jacobians = opened(five_parcels())
    line = statement(graph, "yhat")
    rows, columns = whole(graph, tape, jacobians, line, graph.names["w"])
    expected = [[2, 3], [1.5, 1], [4, 5], [0.8, 0.5], [3.2, 2.5]]
    assert rows.tolist() == expected
    assert columns.tolist() == expected


def test_the_softmax_of_two_equal_scores_has_the_jacobian_of_the_textbook():
    model = trainer("p = softmax(z)\nL = sum(p*p)", {"z": [0.0, 0.0]})
    graph, tape, jacobians = opened(model)
    rows, columns = whole(graph, tape, jacobians, statement(graph, "p"), graph.names["z"])
    assert rows == pytest.approx(np.array([[0.25, -0.25], [-0.25, 0.25]]))
    assert columns == pytest.approx(rows)


def test_a_row_is_asked_for_without_the_others():
    graph, tape, jacobians = opened(five_parcels())
    line = statement(graph, "yhat")
    assert jacobians.rows(tape, line, graph.names["w"], [(2,)]).tolist() == [[4, 5]]
    assert jacobians.columns(tape, line, graph.names["w"], [(1,)]).tolist() == [[3, 1, 5, 0.5, 2.5]]


def test_what_nothing_flows_through_has_a_jacobian_of_zeros():
    model = trainer("m = w > 1\nL = sum(m*w)", {"w": [0.5, 2.0]})
    graph, tape, jacobians = opened(model)
    rows, columns = whole(graph, tape, jacobians, statement(graph, "m"), graph.names["w"])
    assert not rows.any() and not columns.any()


@settings(max_examples=60)
@given(st.randoms(use_true_random=False), st.integers(0, 2**32 - 1))
def test_every_statement_of_a_random_program_agrees_with_central_differences(random, seed):
    program, values = Program(random), draw_values(seed)
    parameters = {name: value for name, value in values.items() if name not in DATA}
    data = {name: values[name] for name in DATA}
    graph, tape, jacobians = opened(trainer("\n".join(program.lines), parameters, data))
    for line in graph.statements:
        for source in graph.sources(line):
            rows, columns = whole(graph, tape, jacobians, line, source)
            assert np.allclose(rows, columns, equal_nan=True)
            if program.smooth:
                near, nearer = (central(graph, tape, line, source, h) for h in (1e-6, 1e-7))
                scale = 1e-4 * (1 + np.abs(near))
                # At a jump the two differ tenfold, and there is no derivative.
                jumps = ~(np.abs(near - nearer) <= 0.1 * (1 + np.abs(near)))
                assert np.all((np.abs(rows - near) <= scale) | jumps)


def central(graph, tape, line, source, h):
    """Return the matrix of a statement measured by moving each element of one of its inputs."""
    reads = [id for id in graph.names.values() if id != line.root]
    run = Compiler(graph.nodes, {}, Mode.ARRAY, "float64").evaluate(reads, [line.root])
    values = {id: np.array(tape.value(id)) for id in reads}
    columns = []
    for index in np.ndindex(values[source].shape):
        ends = []
        for step in (h, -h):
            moved = values[source].copy()
            moved[index] += step
            (result,) = run(*({**values, source: moved}[id] for id in reads))
            ends.append(np.asarray(result, dtype=float).reshape(-1))
        columns.append((ends[0] - ends[1]) / (2 * h))
    return np.stack(columns, axis=1)
