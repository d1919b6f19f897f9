import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gradtui.engine.elements as elements
from engine.random_programs import DATA, Program, draw_values
from engine_models import five_parcels, trainer
from gradtui.engine.compiler import Compiler, Mode
from gradtui.engine.elements import flat_index, place_of, write_out
from gradtui.engine.formula import formula
from gradtui.engine.indices import aligned
from gradtui.engine.jacobian import Jacobians
from gradtui.engine.ops import OPS


def text_of(model, name, index, keep=()):
    """Return one element of a statement as text in the language."""
    graph = model.program.graph
    tape = model.record(model.initial, 0)
    line = next(s for s in graph.statements if s.name == name)
    own = frozenset(line.operations)
    found = write_out(
        graph.nodes, (line.root, index), lambda node: node.id not in own, tape.value, {},
        {(graph.names[name], at) for name, at in keep},
    )  # fmt: skip
    assert found is not None

    def show(node):
        if node.id not in found.stands_for:
            return None
        element = found.stands_for[node.id]
        if element is None:
            return "..."
        return graph.nodes[element[0]].name + "".join(map(str, element[1]))

    return formula(found.nodes, found.root, show)


@pytest.mark.parametrize("op", OPS.values(), ids=OPS)
def test_every_operation_says_what_an_element_of_it_is_made_of(op):
    ways = [op.elementwise, op.elements is not None, bool(op.meaning)]
    assert ways.count(True) == 1


def test_a_row_of_the_matrix_product_is_the_sum_of_two_products():
    assert text_of(five_parcels(), "yhat", (2,)) == "X20*w0 + X21*w1"


@pytest.mark.parametrize(
    ("code", "index", "expected"),
    [
        ("z = W.T@w", (1,), "W01*w0 + W11*w1"),
        ("z = W@W", (1, 0), "W10*W00 + W11*W10"),
        ("z = mean(W, axis=0)", (1,), "(W01 + W11)/2"),
        ("z = W + w", (1, 0), "W10 + w0"),
        ("z = w[:, None]*W", (1, 0), "w1*W10"),
        ("z = reshape(W, (4,))", (2,), "W10"),
        ("z = take(W, t)", (0, 1), "W11"),
        ("z = softmax(w)", (1,), "exp(w1)/(exp(w0) + exp(w1))"),
        ("z = logsumexp(W, axis=0)", (1,), "log(exp(W01) + exp(W11))"),
        ("z = max(W, axis=1)", (0,), "maximum(W00, W01)"),
        ("z = concat(w, 2*w)", (3,), "2*w1"),
        ("z = W[1:]", (0, 1), "W11"),
        ("z = outer(w, w)", (1, 0), "w1*w0"),
        ("z = one_hot(t, 2)*w", (0, 1), "w1"),
    ],
)
def test_an_element_is_written_in_scalars(code, index, expected):
    model = trainer(
        f"{code}\nL = sum(z)", {"w": [0.5, 2.0], "W": [[1.0, 2.0], [3.0, 4.0]]}, {"t": [1.0, 0.0]}
    )
    assert text_of(model, "z", index) == expected


def test_of_a_long_sum_the_first_two_terms_and_the_last_are_written():
    model = trainer("z = X@w\nL = sum(z)", {"w": np.ones(30)}, {"X": np.ones((2, 30))})
    assert text_of(model, "z", (1,)) == "X10*w0 + X11*w1 + ... + X129*w29"


@pytest.mark.parametrize(("kept", "terms"), [
    (0, "X0 + X1 + ... + X8"), (2, "X0 + X1 + X2 + ... + X8"),
    (5, "X0 + X1 + ... + X5 + ... + X8"), (7, "X0 + X1 + ... + X7 + X8"), (8, "X0 + X1 + ... + X8"),
])  # fmt: skip
def test_of_a_long_sum_the_term_of_an_element_to_keep_is_written_too(kept, terms):
    model = trainer("L = sum(-X)*w", {"w": 1.0}, {"X": np.ones(9)})
    negated = terms.replace("X", "-X")
    assert text_of(model, "L", (), [("X", (kept,))]) == f"({negated})*w".replace("+ -", "- ")


def test_the_term_to_keep_is_found_in_a_sum_that_is_not_examined_whole():
    model = trainer("L = sum(X)*w", {"w": 1.0}, {"X": np.ones(2000)})
    kept = text_of(model, "L", (), [("X", (1500,))])
    assert kept == "(X0 + X1 + ... + X1500 + ...)*w"


def test_a_sum_of_a_million_terms_is_written_as_short():
    model = trainer("L = sum(X)*w", {"w": 1.0}, {"X": np.ones((1000, 1000))})
    assert text_of(model, "L", ()) == "(X00 + X01 + ...)*w"


def test_the_only_term_that_is_left_of_a_long_sum_is_found_wherever_it_stands():
    model = trainer("z = X@w\nL = sum(z)", {"w": [1.0]}, {"X": np.arange(2000.0)[:, None]})
    graph, tape = model.program.graph, model.record(model.initial, 0)
    line = graph.statements[0]
    nodes, flow = Jacobians(graph, "float64").rule(line, graph.names["w"])
    seed = np.zeros(2000)
    seed[1500] = 1.0
    count = len(graph.nodes)
    found = write_out(nodes, (flow, (0,)), lambda n: n.id < count, tape.value, {count: seed})
    assert found.stands_for == {found.root: (graph.names["X"], (1500, 0))}


@pytest.mark.parametrize("shape", [(), (3,), (2, 3, 4)])
def test_places_and_indices_are_inverse(shape):
    places = [place_of(index, shape) for index in np.ndindex(shape)]
    assert places == list(range(len(places)))
    assert [flat_index(place, shape) for place in places] == [*np.ndindex(shape)]


@settings(max_examples=40)
@given(st.randoms(use_true_random=False), st.integers(0, 2**32 - 1))
def test_scalars_come_to_what_the_tensors_come_to(random, seed):
    program, values = Program(random), draw_values(seed)
    parameters = {name: value for name, value in values.items() if name not in DATA}
    model = trainer("\n".join(program.lines), parameters, {name: values[name] for name in DATA})
    graph, tape = model.program.graph, model.record(model.initial, 0)
    jacobians = Jacobians(graph, "float64")
    few, elements.FEW = elements.FEW, 10**6  # all terms, so that it can be computed
    try:
        for line in graph.statements:
            own = frozenset(line.operations)
            for index in np.ndindex(graph.nodes[line.root].shape):
                found = write_out(
                    graph.nodes, (line.root, index), lambda n, o=own: n.id not in o, tape.value, {}
                )
                assert computed(found, tape) == close_to(tape.value(line.root)[index])
            for source in graph.sources(line):
                assert_locals_agree(graph, tape, jacobians, line, source, random)
    finally:
        elements.FEW = few


def assert_locals_agree(graph, tape, jacobians, line, source, random):
    """One row of the Jacobian, each local derivative written out in scalars."""
    shape, count = graph.nodes[line.root].shape, len(graph.nodes)
    index = tuple(random.randrange(size) for size in shape)
    (row,) = jacobians.rows(tape, line, source, [index])
    nodes, flow = jacobians.rule(line, source)
    seed = np.zeros(shape)
    seed[index] = 1.0

    def is_leaf(node):
        return node.id < count and (bool(node.name) or not OPS[node.op].elementwise)

    for place in np.ndindex(graph.nodes[source].shape):
        root = flow, aligned(place, nodes[flow].shape)
        found = write_out(nodes, root, is_leaf, tape.value, {count: seed})
        value = computed(found, tape)
        # Of an element that the seed leaves out the scalars have no term; the tensors multiply
        # its zero by a derivative that may be infinite.
        left_out = value == 0 and np.isnan(row[place])
        assert left_out or value == close_to(row[place])


def computed(found, tape):
    assert found is not None
    values = [float(tape.value(id)[index]) for id, index in found.stands_for.values()]
    run = Compiler(found.nodes, {}, Mode.FLOAT, "float64")
    (result,) = run.evaluate([*found.stands_for], [found.root])(*values)
    return result


def close_to(expected):
    return pytest.approx(float(expected), rel=1e-9, abs=1e-9, nan_ok=True)
