import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from engine.random_programs import SHAPES, Program, draw_values
from engine_models import graph, trainer
from gradtui.engine.formula import PROGRAM, formula
from gradtui.engine.reverse import statement_rule


def show_names(node):
    return node.name or None


@pytest.mark.parametrize(
    "text",
    [
        "a + b*c",
        "(a + b)*c",
        "a - (b - c)",
        "a - b - c",
        "a/(b*c)",
        "a/b/c",
        "a*(b/c)",
        "-a**2",
        "(-a)**2",
        "a**(-b)",
        "(a**b)**c",
        "a**b**c",
        "a*(-b)",
        "-(a + b)",
        "(a < b)*c",
        "(a < b) == c",
        "a == (b < c)",
        "a + b < c",
        "(v[:, None]*X).T",
        "sum(X, axis=0)@X.T",
        "sum(X, axis=1, keepdims=True)",
        "X@w*v",
        "X@(w*a)",
        "where(a < 0, b, 0.5)",
        "softmax(X)",
        "softmax(X, axis=0)",
        "logsumexp(X)",
        "logsumexp(X, axis=(0, 1), keepdims=True)",
        "one_hot(v, 3)",
        "take(X, v)",
        "reshape(X, (2, 3))",
        "reshape(a, ())",
        "layer_norm(X)*w + w",
        "cross_entropy(X, v)",
        "transpose(X)",
        "transpose(X[None, :, :], (1, 0, 2))",
        "outer(v, w)",
        "dot(X, w)*v",
        "concat(v, w)",
        "concat(concat(X, X), X)",
        "concat(X, v[:, None], axis=1)",
        "(X - 1)[1:]",
        "X[:, :1]*X.T[:, 1:2][:1]",
        "X.T@broadcast_to(a, (3, 2))",
        "(2).T + (-2).T",
    ],
)
def test_a_formula_is_written_with_the_brackets_it_needs(text):
    data = {"a": 1.0, "b": 2.0, "c": 3.0, "v": [1.0] * 3, "w": [1.0] * 2, "X": [[1.0] * 2] * 3}
    built = graph(f"z = {text}\nL = 1", {}, data)
    assert formula(built.nodes, built.names["z"], show_names, PROGRAM) == text


@settings(max_examples=60)
@given(st.randoms(use_true_random=False), st.integers(0, 2**32 - 1))
def test_the_formula_of_every_statement_parses_and_gives_the_same_values(random, seed):
    lines, values = Program(random).lines, draw_values(seed)
    model = trainer("\n".join(lines), values)
    statements = model.program.graph.statements
    again = trainer(
        "\n".join(
            f"{statement.name} = "
            + formula(model.program.nodes, statement.root, show_names, PROGRAM)
            for statement in statements
        ),
        values,
    )
    first, second = (one.record(one.initial, 0) for one in (model, again))
    for statement in statements:
        found = second.value(again.program.graph.names[statement.name])
        np.testing.assert_allclose(found, first.value(statement.root), rtol=1e-9, equal_nan=True)


@settings(max_examples=60)
@given(st.randoms(use_true_random=False), st.integers(0, 2**32 - 1))
def test_the_rule_of_every_statement_parses_and_gives_what_flows(random, seed):
    lines, values = Program(random).lines, draw_values(seed)
    model = trainer("\n".join(lines), values)
    built, tape = model.program.graph, model.record(model.initial, 0)
    assume(np.isfinite(tape.value(built.loss)))
    for statement in built.statements:
        for source in built.sources(statement):
            nodes, root = statement_rule(built, statement, source)
            rule = formula(nodes, root, show_names, PROGRAM)
            known = {name: tape.value(id) for name, id in built.names.items()}
            known["G"] = tape.adjoint(statement.root)
            checked = trainer(f"flow = {rule}\ntotal = sum(flow)", {}, known)
            flow = checked.record(checked.initial, 0).value(checked.program.graph.names["flow"])
            expected = tape.named_contribution(source, statement.operations)
            np.testing.assert_allclose(
                np.broadcast_to(flow, expected.shape), expected, rtol=1e-8, atol=1e-9
            )


def test_random_programs_read_names_that_the_language_allows():
    assert graph("L = 1", {name: np.zeros(shape) for name, shape in SHAPES.items()})


@pytest.mark.parametrize(
    ("code", "source", "rule"),
    [
        ("z = X*s", "s", "sum(G*X, axis=(0, 1))"),
        ("z = X*r", "r", "sum(G*X, axis=0)"),
        ("z = X*c", "c", "sum(G*X, axis=1, keepdims=True)"),
        ("z = X[None, :]*c", "c", "sum(sum(G*X[None, :, :], axis=2, keepdims=True), axis=0)"),
        ("z = mean(X@M)", "M", "X.T@broadcast_to(G/6, (3, 2))"),
        ("z = X.T[1:]", "X", "concat(broadcast_to(0, (1, 3)), G).T"),
        ("z = X[1:2]", "X", "concat(concat(broadcast_to(0, (1, 2)), G), broadcast_to(0, (1, 2)))"),
        ("z = concat(X, M)", "M", "G[3:]"),
        ("z = concat(c, X, axis=1)", "c", "G[:, :1]"),
        ("z = K@M", "K", "G@M.T"),
        ("z = K@M", "M", "sum(transpose(K, (0, 2, 1))@G, axis=0)"),
        ("z = K@transpose(K, (0, 2, 1))", "K",
         "G@K + transpose(transpose(K, (0, 2, 1))@G, (0, 2, 1))"),
        ("z = K@J", "K", "G@transpose(J, (0, 2, 1))"),
        ("z = X/s", "X", "G/s"),
        ("z = X/(s + 1)", "X", "G/(s + 1)"),
        ("z = X*(c - s)/s", "X", "G/s*(c - s)"),
        ("z = log(X*s)", "s", "sum(G/(X*s)*X, axis=(0, 1))"),
        ("z = outer(r, t)", "t", "r@G"),
        ("z = dot(X, M)", "X", "G@M.T"),
        ("z = transpose(X[None], (2, 0, 1))", "X", "sum(transpose(G, (1, 2, 0)), axis=0)"),
        ("z = take(X, T)", "X", "one_hot(reshape(T, (4,)), 3).T@reshape(G, (4, 2))"),
        ("z = X@r", "X", "G[:, None]*r"),
        ("z = X@r", "r", "X.T@G"),
        ("z = X.reshape(-1)", "X", "reshape(G, (3, 2))"),
        ("z = X.reshape(2, 3)", "X", "reshape(G, (3, 2))"),
        ("z = take(X, t)", "X", "one_hot(t, 3).T@G"),
        ("z = cross_entropy(X, y)", "X", "G*(softmax(X) - one_hot(y, 2))/3"),
        ("z = softmax(X)", "X", "z*(G - sum(G*z, axis=1, keepdims=True))"),
        ("z = maximum(X, s)", "X", "G*((X > s) + (X == s)/2)"),
        ("z = where(X > s, X, c)", "c",
         "sum(G*((X > s) == 0), axis=1, keepdims=True)"),
    ],
)  # fmt: skip
def test_a_rule_reads_as_one_would_write_it(code, source, rule):
    values = {"s": 2.0, "r": [1.0, 2.0], "c": [[1.0], [2.0], [3.0]], "X": [[1.0, 2.0]] * 3}
    values |= {"t": [2.0, 0.0], "y": [0.0, 1.0, 1.0], "M": [[1.0, 2.0]] * 2}
    values |= {"K": [[[1.0, 2.0]] * 3] * 4, "J": [[[1.0] * 5] * 2] * 4}
    values |= {"T": [[2.0, 0.0]] * 2}
    built = graph(f"{code}\nL = sum(z)", values)
    nodes, root = statement_rule(built, built.statements[0], built.names[source])
    assert formula(nodes, root, show_names, PROGRAM) == rule


def test_what_is_known_of_other_formulas_is_not_written_again():
    """Of a sum of thousands of terms each operation's formula has most of the one before it."""
    nodes = graph(f"z = {' + '.join(['a'] * 50)}\nL = z", {}, {"a": 1.0}).nodes
    roots = [node.id for node in nodes if node.inputs and not node.name]
    asked = []

    def show(node):
        asked.append(node.id)
        return node.name or None

    known = {}
    texts = [formula(nodes, root, show, known=known) for root in roots]
    assert len(asked) < 5 * len(nodes)
    assert texts == [formula(nodes, root, show_names) for root in roots]


def test_a_named_root_is_written_out_although_it_is_a_name_elsewhere():
    nodes = graph("a = x*2\nz = a + 1", {}, {"x": 1.0}).nodes
    names, known = {node.name: node.id for node in nodes if node.name}, {}
    for _ in range(2):
        for name, text in (("z", "a + 1"), ("a", "x*2"), ("z", "a + 1")):
            assert formula(nodes, names[name], show_names, known=known) == text
