"""Trees as text: what can be parsed again, and keeps the user's own words."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import gradtui
from gradtui.base.source import Place
from gradtui.engine.ops import FUNCTIONS, OPS
from gradtui.engine.printer import spell
from gradtui.language.parser import Call, Name, Number, parse_expression
from gradtui.language.trees import NOWHERE, call, same, subtrees

TEXTS = [
    "-(a+b)",
    "a*(b*c)",
    "a-(b-c)",
    "2**-x",
    "(-x)**2",
    "-x**2",
    "a**b**c",
    "(a**b)**c",
    "X.T@(y - X@w)*2/n",
    "x/(a*b)",
    "a*-b",
    "dz.sum(axis=0)",
    "np.sum(a, axis=(0, 1), keepdims=True)",
    "a[:, None]*b[None, :]",
    "x[1:3]",
    "X.shape[0]",
    "len(X)",
    "reshape(x, (2, 3))",
    "(a > b)*c",
    "(a@b).T",
    "layer_norm(x, g, b)",
]


@pytest.mark.parametrize("text", TEXTS)
def test_a_tree_is_spelt_as_text_that_says_the_same(text):
    tree = parse_expression(text)
    assert same(parse_expression(spell(tree)), tree)


@pytest.mark.parametrize("text", TEXTS)
def test_what_was_not_changed_keeps_its_own_spelling(text):
    tree = parse_expression(text)
    assert spell(tree, tree, [text]) == text


def test_a_changed_part_is_put_into_the_users_own_text_with_the_brackets_it_needs():
    text = "np.dot( a+b ,c )*dz.sum(axis=0)"
    tree = parse_expression(text)
    assert isinstance(tree, Call)
    summed = call("+", tree.arguments[0], Name("d", NOWHERE))
    edited = call("*", summed, tree.arguments[1])
    assert spell(edited, tree, [text]) == "(np.dot( a+b ,c )+d)*dz.sum(axis=0)"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("a * b", "(a * b + d) * 2"),
        ("a*b", "(a*b + d)*2"),
        ("a*b+c", "(a*b+c+d)*2"),
        ("a * b - 1e-5", "(a * b - 1e-5 + d) * 2"),
        ("sum(a)", "(sum(a) + d)*2"),
        ("-a**b", "(-a**b + d)*2"),
    ],
)
def test_what_is_new_has_spaces_as_the_user_has_them(text, wanted):
    tree = parse_expression(text)
    edited = call("*", call("+", tree, Name("d", NOWHERE)), Number(2.0, NOWHERE))
    assert spell(edited, tree, [text]) == wanted


def test_an_argument_needs_no_brackets():
    text = "(a*b)/c"
    tree = parse_expression(text)
    assert isinstance(tree, Call)
    assert spell(call("sum", tree.arguments[0], axis=0), tree, [text]) == "sum(a*b, axis=0)"


LEAVES = st.sampled_from("abx").map(lambda name: Name(name, NOWHERE)) | st.sampled_from(
    [0.5, 2.0, 3.0]
).map(lambda value: Number(value, NOWHERE))
TREES = st.recursive(
    LEAVES,
    lambda inner: (
        st.builds(
            lambda op, a, b: call(op, a, b),
            st.sampled_from(["+", "-", "*", "/", "@", "**"]),
            inner,
            inner,
        )
        | st.builds(lambda op, a: call(op, a), st.sampled_from(["neg", "T", "exp"]), inner)
    ),
    max_leaves=12,
)


@given(TREES)
def test_any_tree_is_spelt_so_that_it_parses_to_itself(tree):
    assert same(parse_expression(spell(tree)), tree)


def test_a_sum_of_thousands_of_terms_is_spelt():
    tree = parse_expression("+".join(["a"] * 3000))
    assert spell(tree).count("+") == 2999
    assert len(subtrees(tree)) == 5999


@pytest.mark.parametrize(("line", "text"), [(2, "x*y"), (5, "self.x*y")])
def test_a_name_that_only_the_object_has_is_read_from_it(line, text):
    lines = ["def f(self, x, y):", "  self.x = x", "  z = y", "def g(self, y):", "  dw = y"]
    original = parse_expression("y", lambda row, column, width: Place(line, 8 + column, width))
    new = call("*", Name("x", NOWHERE), Name("y", NOWHERE))
    assert spell(new, original, lines) == text


def test_what_is_new_in_lines_that_say_np_says_np_too():
    """In a Python file sum alone is another function, which takes no axis."""
    lines = ["z = np.tanh(a)", "db = dz"]
    new = call("sum", parse_expression("dz"))
    assert spell(new, parse_expression("dz"), lines) == "np.sum(dz)"
    assert spell(call("sigmoid", Name("z", NOWHERE)), None, lines) == "sigmoid(z)"
    assert spell(new, parse_expression("dz"), ["z = tanh(a)", "db = dz"]) == "sum(dz)"


IN_NUMPY = {
    "reshape": "np.reshape(a, (3, 2))",
    "broadcast_to": "np.broadcast_to(c, (2, 3))",
    "where": "np.where(a > 0, a, b)",
    "clip": "np.clip(a, -1, 2)",
    "dot": "np.dot(c, c)",
    "outer": "np.outer(c, c)",
    **{name: f"np.{name}(a, axis=0, keepdims=True)" for name in ("max", "mean", "sum", "var")},
    **{name: f"np.{name}(b)" for name in ("log", "sqrt")},
    **{name: f"np.{name}(a/4)" for name in ("arcsin", "arccos", "arctanh")},
    "arccosh": "np.arccosh(b + 1)",
}


@pytest.mark.parametrize("function", [name for name in FUNCTIONS if OPS[name].in_numpy])
def test_a_function_that_may_be_numpys_is_the_same_there(function, write):
    operands = ", ".join("ab"[: len(OPS[function].operands)])
    text = IN_NUMPY.get(function, f"np.{function}({operands})")
    values = {"a": [[-1.5, 0.25, 3.0], [2.0, 3.5, -0.5]], "b": [[0.5, 2.0, 1.0], [4.0, 0.1, 3.0]]}
    values["c"] = [1.0, -2.0, 0.5]
    data = "\n".join(f"{name} = {value}" for name, value in values.items())
    found = gradtui.load(write(f"v = {text}\nL = w*sum(v)", data=data, parameters="w = 1.0"))
    names = {name: np.array(value) for name, value in values.items()}
    np.testing.assert_allclose(found.frame.values["v"], eval(text, {"np": np, **names}), rtol=1e-15)
