import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.random_programs import DATA, Program, draw_values
from engine_models import five_parcels, trainer
from gradtui.engine.graph import needed_for
from gradtui.engine.jacobian import Jacobians
from gradtui.engine.lens import KEPT, Lens, trace

MLP = "Z = X@W + b\nH = relu(Z)\nS = H@V\nL = cross_entropy(S, y)"
MLP_START = {
    "W": [[0.2, -0.4, 0.1], [0.3, 0.1, -0.6]],
    "b": [0.0, 0.1, 0.0],
    "V": [[0.3, -0.2], [-0.1, 0.4], [0.6, 0.1]],
}
MLP_DATA = {"X": [[0.5, -1.2], [1.1, 0.4], [-0.3, 0.8]], "y": [0.0, 1.0, 1.0]}


def look(model, name, index, row=0):
    graph = model.program.graph
    useful = needed_for(graph.nodes, [graph.loss])

    def readers(node):
        return [s for s in graph.statements if node in graph.sources(s) and s.root in useful]

    tape = model.record(model.initial, 0)
    jacobians = Jacobians(graph, model.dtype)
    return trace(tape, jacobians, readers, Lens(graph.names[name], index, row))


def named(model, element):
    return model.program.graph.nodes[element[0]].name, element[1]


def test_a_weight_of_five_parcels_through_the_third_parcel():
    model = five_parcels()
    found = look(model, "w", (1,), 2)
    steps = [(named(model, link.element), link.terms[0]) for link in found.links]
    assert [name for name, _ in steps] == [("w", (1,)), ("yhat", (2,)), ("e", (2,))]
    assert [term.local for _, term in steps] == pytest.approx([5.0, 1.0, 2 * 1.2 / 5])
    assert [link.total for link in found.links] == pytest.approx([2.4, 0.48, 0.48])
    assert found.is_chain and found.agrees
    assert found.rows.contributions == pytest.approx([1.32, -0.2, 2.4, -0.142, -0.49])
    assert found.gradient == pytest.approx(2.888)


def test_a_weight_of_a_network_acts_on_every_output_of_its_row_and_these_ways_add_up():
    model = trainer(MLP, MLP_START, MLP_DATA)
    found = look(model, "W", (1, 0), 1)
    by_name = {named(model, link.element): link for link in found.links}
    assert set(by_name) == {
        ("W", (1, 0)), ("Z", (1, 0)), ("H", (1, 0)), ("S", (1, 0)), ("S", (1, 1))
    }  # fmt: skip
    hidden = by_name["H", (1, 0)]
    assert [term.local for term in hidden.terms] == [0.3, -0.2]
    assert hidden.total == pytest.approx(sum(term.product for term in hidden.terms))
    assert by_name["W", (1, 0)].terms[0].local == 0.4
    assert found.agrees and not found.is_chain


def test_a_neuron_that_is_off_still_has_its_way_with_a_factor_of_0():
    model = trainer(MLP, MLP_START, MLP_DATA)
    found = look(model, "W", (0, 0), 0)  # Z[0,0] = 0.1 - 0.36 < 0
    by_name = {named(model, link.element): link for link in found.links}
    assert by_name["Z", (0, 0)].terms[0].local == 0.0
    assert by_name["Z", (0, 0)].total == 0.0
    assert found.rows.contributions[0] == 0.0


def test_rows_that_do_not_read_a_row_of_an_embedding_are_not_counted():
    model = trainer(
        "h = take(E, t)\nL = mean(h**2)", {"E": np.arange(1.0, 7).reshape(3, 2)},
        {"t": [2.0, 0.0, 2.0, 1.0]},
    )  # fmt: skip
    found = look(model, "E", (2, 1))
    assert found.rows.touched == (0, 2)
    assert found.rows.contributions == pytest.approx([1.5, 0.0, 1.5, 0.0])
    assert found.gradient == pytest.approx(3.0)


def test_of_many_ways_the_largest_are_listed_and_the_rest_summed():
    model = trainer("h = w*a\nL = sum(h*h)", {"w": 1.0}, {"a": np.arange(1.0, 101)})
    found = look(model, "w", (), 9)
    assert len(found.rows.contributions) == 100 and found.agrees
    link = look(trainer("s = w*A\nL = sum(s)", {"w": 1.0}, {"A": np.ones((3, 50))}), "w", (), 1)
    (first, *_) = link.links
    assert len(first.terms) == KEPT and first.others == 50 - KEPT
    assert first.rest == 50 - KEPT and first.total == 50


def test_a_weight_read_by_two_lines_adds_up_over_both():
    model = trainer(
        "yhat = X@w\ndecay = sum(w*w)\nL = mean((yhat - y)**2) + 0.1*decay",
        {"w": [0.8, 1.5]}, {"X": [[2.0, 3], [1.5, 1]], "y": [5.0, 3]},
    )  # fmt: skip
    found = look(model, "w", (0,))
    assert found.agrees
    assert {named(model, t.target)[0] for t in found.links[0].terms} == {"yhat", "decay"}


@settings(max_examples=60)
@given(st.randoms(use_true_random=False), st.integers(0, 2**32 - 1))
def test_the_rows_of_any_element_add_up_to_the_tensors_gradient(random, seed):
    program, values = Program(random), draw_values(seed)
    parameters = {name: value for name, value in values.items() if name not in DATA}
    model = trainer("\n".join(program.lines), parameters, {name: values[name] for name in DATA})
    for name, value in parameters.items():
        index = tuple(random.randrange(size) for size in np.shape(value))
        found = look(model, name, index)
        assert found.agrees, (program.lines, name, index)
        tape = model.record(model.initial, 0)
        for link in found.links[1:]:
            node, place = link.element
            total = float(tape.adjoint(node)[place])
            assert link.total == pytest.approx(total, rel=1e-9, abs=1e-9, nan_ok=True)
