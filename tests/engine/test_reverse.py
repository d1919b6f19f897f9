import math
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from engine.random_programs import DATA, Program, draw_values
from engine.references import REFERENCE
from engine_models import (
    FIVE_PARCELS_DATA,
    FIVE_PARCELS_START,
    five_parcels,
    gradients,
    graph,
    trainer,
    two_weights,
)
from gradtui.engine.builder import Builder
from gradtui.engine.compiler import Compiler, Mode
from gradtui.engine.graph import Kind
from gradtui.engine.interpreter import Interpreter
from gradtui.engine.reverse import adjoints_from, differentiate, statement_rule


def tape_of(model):
    return model.record(model.initial, 0)


def node_of(model, name):
    return model.program.graph.names[name]


def adjoint(model, name):
    return tape_of(model).adjoint(node_of(model, name))


# Figures of the lesson


def test_two_weights_has_the_local_derivatives_of_the_lesson():
    model = two_weights()
    tape, names = tape_of(model), model.program.graph.names
    locals_of = {
        ("e", "L"): 6.0,
        ("yhat", "e"): 1.0,
        ("y", "e"): -1.0,
        ("w1", "yhat"): 2.0,
        ("w2", "yhat"): 3.0,
        ("x1", "yhat"): 1.0,
        ("x2", "yhat"): 2.0,
    }
    found = {edge: float(tape.named_local(*map(names.get, edge))) for edge in locals_of}
    assert found == locals_of
    assert len(model.program.reverse.named_local) == len(locals_of), "and no other"


def test_two_weights_has_the_gradients_of_the_lesson():
    model = two_weights()
    tape = tape_of(model)
    values = {name: float(tape.value(id)) for name, id in model.program.graph.names.items()}
    assert (values["yhat"], values["e"], values["L"]) == (8.0, 3.0, 9.0)
    found = {name: float(adjoint(model, name)) for name in ("L", "e", "yhat", "w1", "w2", "y")}
    assert found == {"L": 1.0, "e": 6.0, "yhat": 6.0, "w1": 12.0, "w2": 18.0, "y": -6.0}
    assert (tape.gradient(0), tape.gradient(1)) == (12.0, 18.0)


def test_two_weights_has_a_contribution_on_every_edge_between_operations():
    model = two_weights()
    tape, nodes = tape_of(model), model.program.nodes
    flows = [
        (nodes[op].op, slot, float(tape.local((op, slot))), float(tape.contribution((op, slot))))
        for op, slot in model.program.reverse.order
    ]
    assert flows == [
        ("**", 0, 6.0, 6.0),
        ("-", 0, 1.0, 6.0),
        ("-", 1, -1.0, -6.0),
        ("+", 0, 1.0, 6.0),
        ("+", 1, 1.0, 6.0),
        ("*", 0, 2.0, 12.0),
        ("*", 1, 1.0, 6.0),
        ("*", 0, 3.0, 18.0),
        ("*", 1, 2.0, 12.0),
    ]


def test_five_parcels_has_the_gradient_worked_out_by_hand():
    model = five_parcels()
    np.testing.assert_allclose(tape_of(model).gradient(0), [1.6456, 2.888], rtol=1e-14)
    X, y = (np.array(FIVE_PARCELS_DATA[name]) for name in "Xy")
    e = X @ FIVE_PARCELS_START["w"] - y
    np.testing.assert_allclose(adjoint(model, "e"), 2 * e / 5, rtol=1e-15)
    np.testing.assert_allclose(adjoint(model, "X"), np.outer(2 * e / 5, [0.8, 1.5]), rtol=1e-14)
    named = tape_of(model).named_local
    names = model.program.graph.names
    assert named(names["w"], names["yhat"]) is None, "a matrix product has no elementwise local"
    assert named(names["yhat"], names["e"]).tolist() == [1.0] * 5


def test_the_mean_of_a_product_sends_the_same_number_to_every_element():
    X, W = np.array([[1.0, 2.0], [3.0, 5.0]]), np.array([[2.0, 3.0, 5.0], [7.0, 1.0, 0.0]])
    found = gradients("L = mean(X@W)", {"X": X, "W": W})
    np.testing.assert_allclose(found["X"], [[10 / 6, 8 / 6]] * 2, rtol=1e-15)
    np.testing.assert_allclose(found["W"], [[4 / 6] * 3, [7 / 6] * 3], rtol=1e-15)
    found = gradients("L = sum((X@W).T)", {"X": X, "W": W})
    assert found["X"].tolist() == [[10.0, 8.0]] * 2
    assert found["W"].tolist() == [[4.0] * 3, [7.0] * 3]


@pytest.mark.parametrize("keepdims", [False, True])
def test_the_local_derivative_of_a_reduction_has_the_shape_of_its_operand(keepdims):
    model = trainer(f"m = max(v, axis=0, keepdims={keepdims})\nL = sum(m)", {"v": [1.0, 3.0, 3.0]})
    local = tape_of(model).local((node_of(model, "m"), 0))
    assert local.tolist() == [0.0, 0.5, 0.5]


# Shared, unused and constant values


def test_a_name_used_twice_by_one_operation_gets_both_contributions():
    model = trainer("L = a*a", {"a": 3.0})
    tape = tape_of(model)
    (a, root) = (node_of(model, "a"), node_of(model, "L"))
    assert [float(tape.contribution((root, slot))) for slot in (0, 1)] == [3.0, 3.0]
    assert tape.gradient(0) == tape.named_local(a, root) == 6.0
    assert tape.named_contribution(a, (root,)) == 6.0


def test_a_named_local_sums_all_uses_inside_the_statement_and_holds_other_names():
    model = trainer("h = w*w\nL = h*w + w/h + 3*w", {"w": 2.0})
    tape, names = tape_of(model), model.program.graph.names
    statement = model.program.graph.statements[1]
    assert tape.named_local(names["w"], names["L"]) == 4 + 1 / 4 + 3
    assert tape.named_local(names["h"], names["L"]) == 2 - 2 / 16
    assert tape.named_local(names["w"], names["h"]) == 4.0
    assert tape.named_contribution(names["w"], statement.operations) == 7.25
    assert tape.gradient(0) == 7.25 + 1.875 * 4


def test_a_named_local_goes_through_functions_and_broadcasting():
    model = trainer("a = tanh(2*w*x) + w\nL = sum(a)", {"w": 0.3}, {"x": [1.0, -2.0]})
    tape, names = tape_of(model), model.program.graph.names
    x = np.array([1.0, -2.0])
    expected = 2 * x * (1 - np.tanh(0.6 * x) ** 2) + 1
    np.testing.assert_allclose(tape.named_local(names["w"], names["a"]), expected, rtol=1e-14)
    assert tape.named_local(names["a"], names["L"]) is None, "a sum is not elementwise"
    np.testing.assert_allclose(tape.gradient(0), expected.sum(), rtol=1e-14)


def test_a_use_inside_a_reduction_leaves_no_named_local_at_all():
    model = trainer("a = w + sum(w)\nL = sum(a)", {"w": [1.0, 2.0]})
    tape, names = tape_of(model), model.program.graph.names
    assert tape.named_local(names["w"], names["a"]) is None
    assert tape.gradient(0).tolist() == [3.0, 3.0]
    model = trainer("a = sum(w) + w\nL = sum(a)", {"w": [1.0, 2.0]})
    names = model.program.graph.names
    assert tape_of(model).named_local(names["w"], names["a"]) is None


def test_a_parameter_that_the_loss_ignores_has_gradient_0_of_its_shape():
    found = gradients("unused = b*2\nL = w**2", {"w": 3.0, "b": [1.0, 2.0], "c": 4.0})
    assert found["w"] == 6.0
    assert found["b"].tolist() == [0.0, 0.0]
    assert found["c"] == 0.0 and found["c"].shape == ()


def test_what_no_gradient_can_pass_has_gradient_0():
    assert gradients("L = (w > 1)*2 + b", {"w": 3.0, "b": 1.0}) == {"w": 0.0, "b": 1.0}
    assert gradients("L = where(w, b, 1)", {"w": 3.0, "b": 1.0}) == {"w": 0.0, "b": 1.0}


def test_a_value_after_the_loss_has_gradient_0():
    model = trainer("L = w**2\nlate = L*w\nM = w*late", {"w": 3.0})
    assert adjoint(model, "M") == 1.0
    built = graph("L = w**2\nlate = L*w", {"w": 3.0}, loss="L")
    reverse = differentiate(built)
    assert built.names["late"] not in reverse.adjoint
    assert set(reverse.order) == {(built.names["L"], 0)}


@pytest.mark.parametrize(
    ("code", "value", "gradient"),
    [
        ("L = 2*3", 6.0, 0.0),
        ("L = 2", 2.0, 0.0),
        ("n = 2\nL = n", 2.0, 0.0),
        ("n = 2\nm = n\nL = m*w", 10.0, 2.0),
        ("z = w\nL = z", 5.0, 1.0),
        ("z = w\ny = z\nL = y*z", 25.0, 10.0),
        ("L = (w)", 5.0, 1.0),
        ("L = -w", -5.0, -1.0),
        ("L = w.T", 5.0, 1.0),
        ("L = sum(w)*mean(w, keepdims=True)", 25.0, 10.0),
        ("L = (2*w).T.sum(axis=None).mean()", 10.0, 2.0),
        ("L = sum(w, axis=())", 5.0, 1.0),
        ("L = w**2*0 + 0*w", 0.0, 0.0),
        ("L = 0*w", 0.0, 0.0),
        ("L = w**0", 1.0, 0.0),
        ("L = w**1", 5.0, 1.0),
        ("L = 1**w", 1.0, 0.0),
        ("L = w/1 - 0 + 1*w*1", 10.0, 2.0),
        ("L = -(-w)", 5.0, 1.0),
    ],
)
def test_degenerate_scalar_models_are_models(code, value, gradient):
    model = trainer(code, {"w": 5.0})
    assert model.mode is Mode.FLOAT
    tape = tape_of(model)
    assert tape.value(model.program.graph.loss) == value
    assert tape.gradient(0) == gradient
    assert model.central_differences(model.initial, [0]) == pytest.approx(gradient, abs=1e-9)
    rows, after = model.run_recorded(model.initial, 3)
    assert rows[0].tolist() == [5.0, value]
    assert after.shape == (1,)


def test_the_loss_may_be_a_parameter_or_data_itself():
    for loss, gradient in (("w", 1.0), ("x", 0.0)):
        built = graph("z = w*x", {"w": 5.0}, {"x": 2.0}, loss=loss)
        reverse = differentiate(built)
        assert built.loss == built.names[loss]
        assert reverse.adjoint.keys() == {built.loss}
        assert reverse.order == ()
        assert reverse.nodes[reverse.adjoint[built.loss]].value == 1.0
        assert gradient == float(built.names["w"] in reverse.adjoint)


def test_a_named_constant_is_a_value_of_the_model_with_a_gradient():
    model = trainer("n = len(X)\nL = sum(X@w)/n", {"w": [1.0, 2.0]}, {"X": [[1.0, 1.0]] * 4})
    assert tape_of(model).value(node_of(model, "n")) == 4.0
    assert adjoint(model, "n") == -12 / 16
    assert tape_of(model).gradient(0).tolist() == [1.0, 1.0]
    assert adjoint(trainer("c = 0.5\nL = c*w", {"w": 3.0}), "c") == 3.0
    assert adjoint(trainer("c = 2*0.25\nL = c*w", {"w": 3.0}), "c") == 3.0


@pytest.mark.parametrize("code", ["L = w**-2", "L = w**(1/1)", "L = (w**-1)**len(x)"])
def test_nothing_on_the_tape_of_a_sound_step_is_nan(code):
    model = trainer(code, {"w": -2.0}, {"x": [1.0, 2.0, 3.0]})
    assert all(np.all(np.isfinite(number)) for number in tape_of(model).recorded)


# Size


def test_a_parameter_used_5000_times_gets_the_sum_of_all_uses():
    model = trainer("L = " + "+".join(["w"] * 4900) + "+w*w", {"w": 1.5})
    assert tape_of(model).gradient(0) == 4903.0
    assert model.run(model.initial, 1).tolist() == [1.5 - 0.1 * 4903.0]
    lines = [f"a{i} = w*{i}" for i in range(5000)]
    lines.append("s0 = a0")
    lines += [f"s{i} = s{i - 1} + a{i}" for i in range(1, 5000)]
    assert gradients("\n".join(lines), {"w": 1.0})["w"] == math.comb(5000, 2)


def test_a_chain_of_10000_operations_has_its_exact_product():
    factors = [2.0, 0.5, 4.0, 0.25, 1.0] * 2000
    names = ["w", *(f"a{i}" for i in range(len(factors)))]
    lines = [
        f"{after} = {before}*{factor}"
        for after, before, factor in zip(names[1:], names, factors, strict=False)
    ]
    model = trainer("\n".join(lines) + "\nL = 8*" + names[-1], {"w": 3.0})
    tape = tape_of(model)
    assert tape.value(model.program.graph.loss) == 24.0
    assert tape.gradient(0) == 8.0
    assert tape.adjoint(node_of(model, names[5000])) == 8.0
    assert model.central_differences(model.initial, [0]) == pytest.approx(8.0, rel=1e-9)
    assert model.run(model.initial, 2).tolist() == [3.0 - 0.8 - 0.8]


def test_a_deep_chain_of_arrays_runs_forward_and_backward():
    lines = ["a0 = w"] + [f"a{i} = a{i - 1}*1.0" for i in range(1, 2000)]
    code = "\n".join(lines) + "\nL = sum(a1999)"
    assert gradients(code, {"w": [1.0, 2.0]})["w"].tolist() == [1.0, 1.0]


# The rule of a whole statement


@pytest.mark.parametrize(
    ("code", "source", "expected"),
    [
        ("z = X@w", "w", [1.2, 1.4]),
        ("z = 3*(X@w)", "w", [3.6, 4.2]),
        ("z = X@w", "X", [[0.1, -0.1], [0.2, -0.2]]),
        ("z = sum(X, axis=1) + w", "w", [0.1, 0.2]),
        ("z = X@w*s", "s", -0.2),
        ("z = w + mean(w - s)", "s", -0.3),
        ("z = w + mean(X + s, axis=0)*2", "s", 0.6),
        ("z = w + sum(s + X*0)", "s", 1.2),
        ("z = w + sum(sum(w[:, None]), axis=())*3", "w", [1.0, 1.1]),
        ("z = w + sum(sum(X, axis=1, keepdims=True) + w)", "X", [[0.6] * 2] * 2),
        ("z = w*sum(sum(X[:, None], axis=0), axis=0)", "X", [[0.1, -0.2]] * 2),
        ("z = (X > 0).sum(axis=0)*s + w", "X", 0.0),
        ("z = X@w", "s", 0.0),
    ],
)
def test_a_statement_rule_is_the_flow_from_its_gradient_to_a_source(code, source, expected):
    built = graph(code + "\nL = mean(z)", {"w": [1.0, -1.0], "s": 2.0}, {"X": [[0.0] * 2] * 2})
    nodes, root = statement_rule(built, built.statements[0], built.names[source])
    (seed,) = (node.id for node in nodes if node.name == "G")
    given = [built.names[name] for name in ("w", "s", "X")] + [seed]
    evaluate = Compiler(nodes, {}, Mode.ARRAY, "float64").evaluate(given, [root])
    X = np.array([[2.0, 3.0], [5.0, 5.5]])
    (flow,) = evaluate(np.array([1.0, -1.0]), np.float64(2.0), X, np.array([0.1, 0.2]))
    np.testing.assert_allclose(flow, expected, rtol=1e-14)


# Random models, against the same text run by Python


def run_by_python(lines, values):
    """Run a program's text as Python with NumPy's functions and return its last value."""
    scope = {**REFERENCE, **values, "np": SimpleNamespace(**REFERENCE)}
    exec("\n".join(lines), scope)
    return scope["L"]


@settings(max_examples=100)
@given(st.randoms(use_true_random=False), st.integers(0, 2**32 - 1))
def test_a_random_model_agrees_with_python_and_with_two_other_ways_to_its_gradient(random, seed):
    program = Program(random)
    values = draw_values(seed)
    parameters = {name: value for name, value in values.items() if name not in DATA}
    with np.errstate(all="ignore"):
        loss = run_by_python(program.lines, values)
    assume(abs(loss) < 1e4)

    model = trainer("\n".join(program.lines), parameters, {name: values[name] for name in DATA})
    tape = tape_of(model)
    assert tape.value(model.program.graph.loss) == pytest.approx(loss, rel=1e-11, abs=1e-12)

    found = np.concatenate([tape.gradient(i).reshape(-1) for i in range(len(parameters))])
    scale = max(1.0, abs(loss), np.max(np.abs(found)))
    exact = []
    for name, value in parameters.items():
        for index in np.ndindex(np.shape(value)):
            moved = {name: np.array(number, dtype=complex) for name, number in values.items()}
            moved[name][index] += 1e-30j
            exact.append(np.imag(run_by_python(program.lines, moved)) / 1e-30)
    np.testing.assert_allclose(found, exact, rtol=1e-9, atol=1e-11 * scale)
    if program.smooth:
        numeric = model.central_differences(model.initial, range(model.width))
        np.testing.assert_allclose(found, numeric, rtol=1e-4, atol=1e-6 * scale)


@settings(max_examples=50)
@given(st.randoms(use_true_random=False), st.integers(0, 2**32 - 1))
def test_the_tape_of_a_random_model_adds_up(random, seed):
    """A gradient is the sum of its contributions, each a local derivative times what arrives."""
    program = Program(random)
    values = draw_values(seed)
    model = trainer("\n".join(program.lines), values, {})
    tape, built = tape_of(model), model.program.graph
    assume(np.isfinite(tape.value(built.loss)))
    totals = {node.id: np.zeros(node.shape) for node in built.nodes}
    totals[built.loss] = np.ones(())
    for op, slot in model.program.reverse.order:
        source = built.nodes[op].inputs[slot]
        flow, local = tape.contribution((op, slot)), tape.local((op, slot))
        assert flow.shape == built.nodes[source].shape
        totals[source] = totals[source] + flow
        if local is not None and local.shape == flow.shape == built.nodes[op].shape:
            np.testing.assert_allclose(flow, tape.adjoint(op) * local, rtol=1e-14, atol=0)
    for id, total in totals.items():
        scale = np.max(np.abs(total), initial=1e-300)
        np.testing.assert_allclose(tape.adjoint(id), total, rtol=1e-13, atol=1e-13 * scale)
    for statement in built.statements:
        for source in built.sources(statement):
            local = tape.named_local(source, statement.root)
            if local is not None and local.shape == ():
                flow = tape.named_contribution(source, statement.operations)
                expected = tape.adjoint(statement.root) * local
                np.testing.assert_allclose(flow, expected, rtol=1e-9, atol=1e-9)


def test_the_rules_of_a_statement_are_derived_once_for_all_that_it_reads():
    names = [f"h{i}" for i in range(30)]
    lines = [f"{name} = w*{i}" for i, name in enumerate(names)]
    built = graph("\n".join([*lines, f"L = {' + '.join(names)}"]), {"w": 1.0}, {})
    statement = built.statements[-1]
    rules = [statement_rule(built, statement, built.names[name]) for name in names]
    assert all(nodes is rules[0][0] for nodes, _ in rules)
    assert {nodes[root].name for nodes, root in rules} == {"G"}


def test_gradients_go_back_from_a_given_adjoint_to_several_values():
    """With 7 for dL/dc: dL/dv is 7*a = 42, and dL/dw is 7*(v + 1)*x = 126; dL/da lies between."""
    built = graph("a = w*x\nb = a*v\nc = b + a\nL = c*c", {"w": 2.0, "v": 5.0}, {"x": 3.0})
    names = built.names
    builder = Builder(built.nodes, simplify=True)
    given = builder.leaf(Kind.HYPERPARAMETER, "given", ())
    found = adjoints_from(
        builder, built, {names["c"]: given}, [names[one] for one in ("w", "a", "v")]
    )
    leaves = {names["w"]: 2.0, names["v"]: 5.0, names["x"]: 3.0, given: 7.0}
    world = Interpreter(builder.nodes, {id: np.array([one]) for id, one in leaves.items()}, 1)
    values = {one: world.value(found[names[one]]).item() for one in ("v", "a", "w")}
    assert values == {"v": 42.0, "a": 42.0, "w": 126.0}
    assert names["L"] not in {source for node in builder.nodes for source in node.inputs}
