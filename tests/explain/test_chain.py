"""The chain rule written out: symbols, formulas, numbers."""

import math
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gradtui
from gradtui.base.text import EXACT, number
from gradtui.debugger.structure import MANY_PATHS
from gradtui.engine.builder import Builder
from gradtui.engine.formula import PRETTY, PROGRAM, formula
from gradtui.engine.graph import Kind
from gradtui.engine.lowering import lower_tree
from gradtui.explain import chain as chains
from gradtui.explain.chain import _factor, chain_rows, named_gradients, other_chains
from gradtui.explain.spans import line_text
from gradtui.language.parser import Call, Name, Number, parse_expression


def chain(session, name):
    """Return the rows of a node's chain rule as text."""
    session.selection.select(session.problem.graph.names[name])
    return [line_text(row) for row in chain_rows(session.frame)]


def test_two_weights_is_the_product_of_the_lesson():
    session = gradtui.load("two_weights")
    assert chain(session, "w2") == [
        "∂L/∂w2 = ∂L/∂e · ∂e/∂ŷ · ∂ŷ/∂w2",
        "       = 2·e · 1 · x2",
        "       = 6 · 1 · 3 = 18",
    ]
    assert chain(session, "w1")[-1] == "       = 6 · 1 · 2 = 12"


def test_negative_factors_stand_in_parentheses():
    session = gradtui.load("two_weights")
    session.seek(1)
    assert chain(session, "w1")[-1] == "       = (-1.8) · 1 · 2 = -3.6"


def test_one_factor_is_not_repeated():
    session = gradtui.load("two_weights")
    session.seek(1)
    assert chain(session, "e") == ["∂L/∂e = 2·e", "      = -1.8"]


def test_the_loss_is_where_it_starts():
    assert chain(gradtui.load("two_weights"), "L")[0] == "∂L/∂L = 1"


def test_a_gradient_not_reached_yet_is_no_number():
    session = gradtui.load("two_weights")
    session.position = session.order.forward
    assert chain(session, "w1")[-1] == "       = not reached yet"
    assert not re.search(r"\d\d", " ".join(chain(session, "w1")))


def test_two_paths_are_a_sum(session_of):
    session = session_of("a = w*x\nb = a + 1\nc = a*2 - w\nL = b*c", "w = 2.0", "x = 3.0")
    # a = 6, b = 7, c = 10: ∂L/∂b = 10, ∂L/∂c = 7
    assert chain(session, "w") == [
        "∂L/∂w = the sum over 3 paths",
        "  w → a → b → L",
        "    ∂L/∂b · ∂b/∂a · ∂a/∂w = 10 · 1 · 3 = 30",
        "  w → a → c → L",
        "    ∂L/∂c · ∂c/∂a · ∂a/∂w = 7 · 2 · 3 = 42",
        "  w → c → L",
        "    ∂L/∂c · ∂c/∂w = 7 · (-1) = -7",
        "∂L/∂w = 30 + 42 + (-7) = 65",
    ]


def test_a_sum_that_is_not_complete_says_so(session_of):
    session = session_of("a = w*x\nb = w*4 + 1\nL = a*b")
    session.position = session.order.backward - 1
    rows = chain(session, "w")
    assert rows[-1] == "∂L/∂w = 24 so far"
    assert [row for row in rows if row.endswith(" = ·")] == [rows[2], rows[4]]


def test_an_array_of_which_a_part_is_summed_says_so(session_of):
    session = session_of(
        "a = X@w\nL = mean((a - 1)**2) + 0.5*sum(w**2)", "w = [0.5, -0.4]",
        "X = [[1.0, 2.0], [3.0, 1.0]]",
    )  # fmt: skip
    names = session.problem.graph.names
    whole = chain(session, "w")
    # a = (-0.3, 1.1): X.T @ (a - 1) + w = (-1 + 0.5, -2.5 - 0.4)
    assert [row for row in whole if row.startswith("∂L/∂w = ")][1] == "∂L/∂w = -0.5  -2.9"
    while session.frame.gradient_state(names["w"]) != "partial":
        session.back()
    rows = chain(session, "w")
    assert "∂L/∂w so far = 0.5  -0.4" in rows
    assert not any(row.startswith("∂L/∂w = 0") for row in rows)


def test_a_direct_path_is_told_from_the_sum(session_of):
    session = session_of("a = w*x\nL = a*a + 0.5*w**2", "w = 3.0", "x = 2.0")
    assert chain(session, "w") == [
        "∂L/∂w = the sum over 2 paths",
        "  w → a → L",
        "    ∂L/∂a · ∂a/∂w = 12 · 2 = 24",
        "  w → L",
        "    ∂L/∂w, other names held = 3",
        "∂L/∂w = 24 + 3 = 27",
    ]


def test_many_paths_are_counted(session_of):
    code = "a0 = w*1\n" + "\n".join(f"b{i} = a{i} + 1\na{i + 1} = a{i} + b{i}" for i in range(3))
    session = session_of(f"{code}\nL = a3*a3")
    rows = chain(session, "w")
    assert rows[0] == "∂L/∂w = the sum over 8 paths"
    assert rows[-2:] == ["  … and 2 more paths", "∂L/∂w = 368"]  # 2·23 · 8


def test_paths_are_not_counted_for_ever(session_of):
    wide = "\n".join(
        "\n".join(f"b{i}_{j} = a{i}*0.1" for j in range(8))
        + f"\na{i + 1} = "
        + " + ".join(f"b{i}_{j}" for j in range(8))
        for i in range(10)
    )
    session = session_of(f"a0 = w*1\n{wide}\nL = a10*a10")
    assert session.frame.count_paths(0) == MANY_PATHS + 1
    assert chain(session, "w")[0] == "∂L/∂w = the sum over more than 1,000,000,000 paths"


def test_a_long_path_shows_its_ends(session_of):
    code = "\n".join(f"a{i + 1} = a{i}*1.01" for i in range(40))
    rows = chain(session_of(f"a0 = w*1\n{code}\nL = a40*1"), "w")
    assert rows[:2] == [
        "∂L/∂w = ∂L/∂a40 · ∂a40/∂a39 · ∂a39/∂a38 · … · ∂a2/∂a1 · ∂a1/∂a0 · ∂a0/∂w",
        "        42 factors",
    ]
    assert rows[2] == f"      = {1.01**40:.6g}"


def test_a_weight_that_the_loss_ignores_has_no_path(session_of):
    session = session_of("L = w**2", "w = 2.0\nv = 1.0")
    assert chain(session, "v") == ["∂L/∂v = 0: no path leads to the loss"]


def test_matrices_are_their_rules_with_shapes():
    assert chain(gradtui.load("five_parcels"), "w") == [
        "∂L/∂w = X.T @ ∂L/∂ŷ   [2]",
        "∂L/∂w = 1.6456  2.888",
        "w = 0.8  1.5",
        "∂L/∂ŷ = ∂L/∂e   [5]   = 0.44  -0.2  0.48  -0.284  -0.196",
        "∂L/∂e = 1/5·2·e   [5]   = 0.44  -0.2  0.48  -0.284  -0.196",
    ]


def test_a_bias_that_broadcasts_is_summed_over_the_batch(session_of):
    data = "X = [[1.0, 2.0], [3.0, 4.0], [0.5, -1.0]]\nY = [[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]"
    parameters = "W = [[0.5, -0.5], [1.0, 0.25]]\nb = [0.1, -0.2]"
    code = "Z = X@W + b\nH = tanh(Z)\nE = H - Y\nL = mean(E**2)"
    session = session_of(code, parameters, data)
    assert chain(session, "b")[0] == "∂L/∂b = sum(∂L/∂Z, axis=0)   [2]"
    assert chain(session, "b")[-3:] == [
        "∂L/∂Z = ∂L/∂H·(1 - H²)   [3×2]",
        "∂L/∂H = ∂L/∂E   [3×2]",
        "∂L/∂E = 1/6·2·E   [3×2]",
    ]
    assert chain(session, "W")[0] == "∂L/∂W = X.T @ ∂L/∂Z   [2×2]"
    # the numbers under it are those of NumPy
    x, w = np.array([[1, 2], [3, 4], [0.5, -1]]), np.array([[0.5, -0.5], [1, 0.25]])
    h = np.tanh(x @ w + np.array([0.1, -0.2]))
    slope = 2 * (h - np.array([[1, 0], [0, 1], [1, 1]])) / 6 * (1 - h**2)
    numbers = re.findall(r"-?\d+\.\d+", " ".join(chain(session, "W")[1:3]))
    assert np.allclose(np.array(numbers, float), (x.T @ slope).reshape(-1), atol=6e-4)


def test_an_operation_is_explained_by_what_reads_it():
    session = gradtui.load("two_weights")
    session.toggle_level()
    session.selection.select(session.structure.nodes[2])
    assert [line_text(row) for row in chain_rows(session.frame)] == [
        "the operation w1·x1",
        "∂L/∂(w1·x1) = ∂L/∂ŷ · ∂ŷ/∂(w1·x1)",
        "            = 6 · 1 = 6",
    ]


@pytest.mark.parametrize(
    ("text", "factor"),
    [
        ("2·e", "2·e"),
        ("2·(a + b)", "2·(a + b)"),
        ("a + b", "(a + b)"),
        ("(a + 1)·b - (c + 2)", "((a + 1)·b - (c + 2))"),
        ("z > 0", "(z > 0)"),
        ("-x", "(-x)"),
        ("sum(a, axis=0)", "sum(a, axis=0)"),
        ("1e-5", "1e-5"),
    ],
)
def test_a_factor_that_would_be_misread_stands_in_parentheses(text, factor):
    assert _factor(text) == factor


def test_a_mask_in_a_product_stands_in_parentheses(session_of):
    session = session_of("z = w*x\nh = relu(z)\nL = h**2")
    assert chain(session, "w")[1] == "      = 2·h · (z > 0) · x"


def test_a_number_of_the_formula_is_what_was_typed(session_of):
    session = session_of("a = 0.1*w*3\nL = a**2")
    assert chain(session, "w")[1] == "      = 2·a · 0.3"


# Formulas mean what they are made from.

NAMES = {"a": 0.75, "b": -1.5, "c": 2.0, "d": 0.3}
ARITHMETIC = ["+", "-", "*", "/", "**"]
NUMBERS = st.sampled_from(["0", "1", "2", "3", "0.5", "0.1", "1e-3", "12.25"])


def widen(inner):
    return st.one_of(
        st.tuples(inner, st.sampled_from(ARITHMETIC), inner).map(
            lambda t: f"({t[0]}) {t[1]} ({t[2]})"
        ),
        inner.map(lambda t: f"-({t})"),
        inner.map(lambda t: f"({t})**2"),
        inner.map(lambda t: f"tanh({t})"),
    )


def widen_by_choices(inner):
    return st.one_of(
        st.tuples(inner, st.sampled_from(["<", ">=", "==", "+", "*"]), inner).map(
            lambda t: f"({t[0]}) {t[1]} ({t[2]})"
        ),
        st.tuples(inner, inner).map(lambda t: f"maximum({t[0]}, {t[1]})"),
        st.tuples(inner, inner, inner).map(lambda t: f"where({t[0]}, {t[1]}, {t[2]})"),
        inner.map(lambda t: f"relu({t})"),
    )


SMOOTH = st.recursive(st.one_of(st.sampled_from([*NAMES]), NUMBERS), widen, max_leaves=8)
CHOICES = st.recursive(st.sampled_from([*NAMES, "0", "2"]), widen_by_choices, max_leaves=8)
TRIPLES = [
    text.replace("a", f"({sign}a)", 1)
    for first in ARITHMETIC
    for second in ARITHMETIC
    for text in (f"(a {first} c) {second} d", f"c {first} (a {second} d)")
    for sign in ("", "-")
]
FUNCTIONS = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "**": lambda a, b: a**b,
    "<": lambda a, b: float(a < b),
    ">=": lambda a, b: float(a >= b),
    "==": lambda a, b: float(a == b),
    "neg": lambda a: -a,
    "tanh": math.tanh,
    "relu": lambda a: max(a, 0.0),
    "abs": abs,
    "exp": math.exp,
    "maximum": max,
    "where": lambda c, a, b: a if c else b,
}


def evaluate(tree):
    """Return the value of a tree: a second evaluator, which shares nothing with the compiler."""
    match tree:
        case Number(value, _):
            return value
        case Name(name, _):
            return NAMES[name]
        case Call(function, arguments, _, _):
            value = FUNCTIONS[function](*map(evaluate, arguments))
            if isinstance(value, complex) or not (value == 0 or 1e-6 < abs(value) < 1e4):
                raise ArithmeticError("undefined, or where rounding might count")
            return value


def lowered(text):
    builder = Builder()
    leaves = {name: builder.leaf(Kind.PARAMETER, name, ()) for name in NAMES}
    root = lower_tree(parse_expression(text), builder, lambda name: leaves[name.name])
    return builder.nodes, root


def value_of(text):
    return evaluate(parse_expression(text))


def defined(text):
    try:
        value_of(text)
    except ArithmeticError:
        return False
    return True


def in_names(node):
    return node.name or None


def exact_numbers(node):
    return number(NAMES[node.name], EXACT) if node.name else None


def plain(text):
    return text.replace("·", "*").replace("²", "**2").replace("³", "**3")


def check_formulas(text):
    value = value_of(text)
    nodes, root = lowered(text)
    for show in (in_names, exact_numbers):
        for style in (PROGRAM, PRETTY):
            shown = plain(formula(nodes, root, show, style))
            assert value_of(shown) == pytest.approx(value, rel=1e-9, abs=1e-9), shown
            assert not re.search(r"[-+/·] *-|[^*]\* *-", shown), shown


@pytest.mark.parametrize("text", [text for text in TRIPLES if defined(text)])
def test_two_operators_keep_their_order(text):
    check_formulas(text)


@settings(max_examples=200)
@given(text=SMOOTH.filter(defined))
def test_a_formula_read_again_is_the_same_number(text):
    check_formulas(text)


@settings(max_examples=100)
@given(text=CHOICES.filter(defined))
def test_a_choice_read_again_is_the_same_choice(text):
    nodes, root = lowered(text)
    shown = formula(nodes, root, in_names, PROGRAM)
    assert value_of(shown) == pytest.approx(value_of(text)), shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a*(b + c)", "1.5·(-2 + 3)"),
        ("b*a", "-2·1.5"),
        ("a*b", "1.5·(-2)"),
        ("a - b", "1.5 - (-2)"),
        ("a + b", "1.5 + (-2)"),
        ("b**2", "(-2)²"),
        ("b**3", "(-2)³"),
        ("-b**2", "-(-2)²"),
        ("a/b", "1.5/(-2)"),
        ("a - (b - c)", "1.5 - (-2 - 3)"),
        ("a/(b*c)", "1.5/(-2·3)"),
        ("c**b", "3**(-2)"),
        ("-(a - b)", "-(1.5 - (-2))"),
        ("exp(-b)", "exp(-(-2))"),
    ],
)
def test_numbers_in_the_place_of_names_can_be_read(text, shown):
    values = {"a": 1.5, "b": -2.0, "c": 3.0}
    nodes, root = lowered(text)

    def show(node):
        return number(values[node.name]) if node.name else None

    assert formula(nodes, root, show, PRETTY) == shown


def test_of_data_there_are_their_numbers_and_what_reads_them(session_of):
    model = "x = X/2\nL = sum((x@w)**2)"
    session = session_of(model, "w = [1.0, 2.0]", "X = [[1.0, 2.0], [4.0, 6.0]]\nz = 3.0")
    names = session.problem.graph.names
    shown = {
        name: [line_text(row) for row in chain_rows(session.frame.selecting(names[name]))]
        for name in ("X", "x", "z")
    }
    assert shown["X"] == ["X [2×2]  data, read by x", "X = 1  2", "    4  6"]
    assert shown["x"] == ["x [2×2]  X/2, read by L", "x = 0.5  1", "      2  3"]
    assert shown["z"] == ["z  data, the loss does not depend on it", "z = 3"]


def others(session, name, room):
    session.selection.select(session.problem.graph.names[name])
    return [line_text(row) for row in other_chains(session.frame, 96, room)]


def test_what_has_room_are_the_chains_of_the_other_parameters():
    session = gradtui.load("two_weights")
    assert others(session, "w1", 5)[-1] == "       = 6 · 1 · 3 = 18"
    assert others(session, "w1", 4) == []
    assert len(others(session, "yhat", 9)) == 9
    session.position = session.order.forward
    assert others(session, "w1", 5)[-1] == "       = not reached yet"


def test_the_gradients_that_the_rules_of_arrays_only_name_are_told_in_numbers():
    session = gradtui.load("five_parcels")
    assert chain(session, "w")[-2:] == [
        "∂L/∂ŷ = ∂L/∂e   [5]   = 0.44  -0.2  0.48  -0.284  -0.196",
        "∂L/∂e = 1/5·2·e   [5]   = 0.44  -0.2  0.48  -0.284  -0.196",
    ]
    assert named_gradients(session.frame, 96, 9) == []

    def named(width, room):
        return [line_text(row) for row in named_gradients(session.frame, width, room)]

    assert named(57, 3) == ["", "∂L/∂e = 0.44  -0.2  0.48  -0.284  -0.196"]
    assert named(50, 3)[1:] == [
        "∂L/∂ŷ = 0.44  -0.2  0.48  -0.284  -0.196",
        "∂L/∂e = 0.44  -0.2  0.48  -0.284  -0.196",
    ]
    assert len(named(50, 2)) == 2 and named(50, 1) == []
    session.position = 0
    assert chain(session, "w")[-1] == "∂L/∂e = 1/5·2·e   [5]" and named(50, 9) == []


def test_the_chain_of_an_array_is_its_rule_and_its_numbers():
    rows = others(gradtui.load("softmax_classifier"), "W1", 8)
    assert rows[2].startswith("∂L/∂b1 = sum(") and len(rows) == 5


def test_no_table_is_made_that_has_no_room(session_of, monkeypatch):
    session = session_of(
        "L = sum((x@w + b)**2)", "b = 1.0\nw = [[1.0], [2.0], [3.0]]", "x = [[1.0, 2.0, 0.5]]"
    )
    assert len(others(session, "b", 9)) == 9
    made = []
    monkeypatch.setattr(chains, "table", lambda value, digits: made.append(value.shape) or [""])
    assert others(session, "b", 2) == []
    assert made == []


def test_the_chains_of_other_parameters_stand_under_a_heading():
    session = gradtui.load("two_weights")
    assert others(session, "w1", 9)[:2] == ["", "other parameters"]
    assert others(session, "L", 9)[:2] == ["", "the parameters"]
