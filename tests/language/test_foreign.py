"""What is pasted that the language has not gets one error that says what to write instead."""

import numpy as np
import pytest

from gradtui.base.source import InputError
from gradtui.engine.builder import Builder
from gradtui.engine.graph import Kind
from gradtui.engine.interpreter import Interpreter
from gradtui.engine.lowering import lower_statement, lower_tree
from gradtui.engine.ops import FUNCTIONS
from gradtui.language.foreign import _PRODUCTS, FOREIGN
from gradtui.language.parser import parse_expression, parse_program
from gradtui.language.refusals import Context

MODEL = {"X": np.zeros((3, 2)), "y": np.zeros(3)}
SIZES = {"a": 2, "b": 3, "c": 4, "d": 5, "e": 6}


def refused(text, arrays=MODEL):
    builder = Builder()
    names = {name: builder.leaf(Kind.DATA, name, a.shape) for name, a in arrays.items()}
    with pytest.raises(InputError) as error:
        for line in parse_program(text, context=Context(functions=FUNCTIONS)):
            lower_statement(line, builder, names)
    return error.value


@pytest.mark.parametrize("spec", _PRODUCTS)
def test_what_is_written_for_an_einsum_is_the_same(spec):
    operands = spec.split("->")[0]
    random = np.random.default_rng(0)
    arrays = [
        random.normal(size=[SIZES[one] for one in letters]) for letters in operands.split(",")
    ]
    builder = Builder()
    names = {
        name: builder.leaf(Kind.DATA, name, array.shape)
        for name, array in zip("ab", arrays, strict=False)
    }
    root = lower_tree(parse_expression(_PRODUCTS[spec]), builder, lambda name: names[name.name])
    leaves = {id: array[None] for id, array in zip(names.values(), arrays, strict=True)}
    value = Interpreter(builder.nodes, leaves, 1).value(root)[0]
    assert np.allclose(value, np.einsum(spec, *arrays))


def value_of(text, arrays):
    builder = Builder()
    names = {name: builder.leaf(Kind.DATA, name, a.shape) for name, a in arrays.items()}
    root = lower_tree(parse_expression(text), builder, lambda name: names[name.name])
    leaves = {id: array[None] for id, array in zip(names.values(), arrays.values(), strict=True)}
    return Interpreter(builder.nodes, leaves, 1).value(root)[0]


CALLS = [
    ("np.matmul(u.T, v)", "u.T @ v"),
    ("np.multiply(u + v, v)", "(u + v)*v"),
    ("2*np.add(u, v)", "(u + v)"),
    ("np.subtract(u, v - 1)", "u - (v - 1)"),
    ("np.divide(u, v)", "u/v"),
    ("np.negative(u)", "-u"),
    ("np.square(u - v)", "(u - v)**2"),
    ("1/np.power(v, 3)", "(v**3)"),
    ("np.reciprocal(v)", "1/v"),
    ("np.log1p(np.exp(u))", "log(1 + np.exp(u))"),
    ("np.log2(v)", "log(v)/log(2)"),
    ("np.log10(v)", "log(v)/log(10)"),
    ("np.exp2(u)", "2**u"),
    ("np.expm1(u*v)", "exp(u*v) - 1"),
    ("np.tan(u)", "sin(u)/cos(u)"),
    ("np.sinh(u + v)", "(exp(u + v) - exp(-(u + v)))/2"),
    ("np.cosh(u)", "(exp(u) + exp(-u))/2"),
    ("np.hypot(u, v)", "sqrt(u**2 + v**2)"),
    ("np.absolute(u)", "abs(u)"),
    ("np.fabs(u)", "abs(u)"),
    ("0.5*(np.sign(u) + 1)", "((u > 0) - (u < 0))"),
    ("v*np.heaviside(u, 0)", "(u > 0)"),
    ("np.greater(u, v)", "u > v"),
    ("np.less_equal(u, v)", "u <= v"),
    ("np.logical_and(u > 0, v > 1)", "(u > 0)*(v > 1)"),
    ("np.logical_or(u > 0, v > 1)", "maximum(u > 0, v > 1)"),
    ("np.logical_not(u > 0)", "1 - (u > 0)"),
    ("np.std(u, axis=0)", "sqrt(var(u, axis=0))"),
    ("u.std(1)", "sqrt(var(u, axis=1))"),
    ("np.linalg.norm(u)", "sqrt(sum(u**2))"),
    ("np.linalg.norm(u, axis=1, keepdims=True)", "sqrt(sum(u**2, axis=1, keepdims=True))"),
    ("np.average(u, axis=1)", "mean(u, axis=1)"),
    ("np.amax(u, axis=0)", "max(u, axis=0)"),
    ("np.min(u, axis=1)", "-max(-u, axis=1)"),
    ("u.min()", "-max(-u)"),
    ("np.vdot(u[:, 0:1].sum(axis=1), v[:, 0:1].sum(axis=1))",
     "dot(u[:, 0:1].sum(axis=1), v[:, 0:1].sum(axis=1))"),
    ("np.zeros_like(u)", "0*u"),
    ("np.ones_like(u)/3", "(0*u + 1)"),
    ("np.full_like(u, 3)", "0*u + 3"),
    ("u.ravel()", "reshape(u, (-1,))"),
    ("np.concatenate([u, v], axis=1)", "concat(u, v, axis=1)"),
    ("np.concatenate((u, v))", "concat(u, v)"),
    ("np.vstack([u, v])", "concat(u, v)"),
    ("np.hstack((u, v))", "concat(u, v, axis=1)"),
    ("u*(v > 1).astype(float)", "(v > 1)"),
    ("u*np.array(v > 1, dtype=float)", "(v > 1)"),
    ("u.copy()", "u"),
    ("np.float64(2)*u", "2"),
]  # fmt: skip


@pytest.mark.parametrize("text, rewrite", CALLS)
def test_what_is_written_for_a_call_is_in_its_own_words_and_the_same(text, rewrite):
    random = np.random.default_rng(1)
    arrays = {"u": random.normal(size=(3, 2)), "v": random.uniform(0.5, 2, size=(3, 2))}
    error = refused(f"z = {text}", arrays)
    said = error.message.split(" write ")[1].removesuffix(" alone")
    assert said == rewrite
    shown = text[error.place.column - 5 :][: error.place.width]
    if shown.startswith(("linalg", "copy")):
        shown = f"np.{shown}"
    wanted = eval(shown, {"np": np, **arrays})
    assert np.allclose(value_of(said, arrays), wanted)


@pytest.mark.parametrize("function", sorted(FOREIGN))
@pytest.mark.parametrize("call", ["z = np.%s(X, X)", "z = 2*X.%s(1, axis=0)", "z = %s()"])
def test_all_that_is_known_not_to_be_of_the_language_is_refused_with_what_to_do(function, call):
    error = refused(call % function)
    assert error.message.startswith(f"'{function}' is not a function of the language: ")
    assert "{" not in error.message


def test_a_function_of_the_language_is_never_foreign():
    assert not FOREIGN & set(FUNCTIONS)
    program = parse_program("z = X.square()", context=Context(functions=("square",)))
    assert program[0].value.function == "square"


INDICES = [
    ("X[0]", "X[0:1].sum(axis=0)"),
    ("X[-1]", "X[-1:].sum(axis=0)"),
    ("X[-2]", "X[-2:-1].sum(axis=0)"),
    ("X[:, 1]", "X[:, 1:2].sum(axis=1)"),
    ("X[0, :]", "X[0:1, :].sum(axis=0)"),
    ("X[1:3, 0]", "X[1:3, 0:1].sum(axis=1)"),
    ("X[2, 1]", "X[2:3, 1:2].sum(axis=(0, 1))"),
]


@pytest.mark.parametrize("text, rewrite", INDICES)
def test_what_is_written_for_an_index_is_the_same(text, rewrite):
    X = np.arange(6.0).reshape(3, 2)
    assert refused(f"z = {text}").message.endswith(f"; write {rewrite}")
    assert np.array_equal(value_of(rewrite, {"X": X}), eval(text, {"X": X}))


@pytest.mark.parametrize(
    "text, hint",
    [
        ("z = np.einsum('nd,nk->dk', X, X)", "write X.T @ X"),
        ("z = np.einsum('nd,nk->dk', X - 1, X, optimize=True)", "write (X - 1).T @ X"),
        ('z = np.einsum("ij,jk,kl->il", X, X, X)', "write it with @, .T and sum"),
        ("z = 'a'", "strings are not part of the language"),
        ("z = cache['h']*2", "write h, and pass it to the function"),
        ("h = cache['h']", "leave the line out, and pass h to the function"),
        ("grads['W'] = X + 1  # so", "write dW = X + 1, and return dW"),
        ("grads['dW'] = sum(\n  X)", "write dW = …, and return dW"),
        ("grads['W'] += 2*X", "rename the one above to dW_1, and write dW = dW_1 + 2*X"),
        ("grads['W'] /= len(y) + 1", "and write dW = dW_1 / (len(y) + 1)"),
        ("z = X[y]", "write take(X, y)"),
        ("z = X[X > 0]", "multiply by the mask: X*(X > 0)"),
        ("z = X[..., None]", "write a ':' for each axis"),
        ("z = X[range(3), y]", "write (X*one_hot(y, k)).sum(axis=1) for k classes"),
        ("z = X[np.arange(3), y]", "write (X*one_hot(y, k)).sum(axis=1) for k classes"),
        ("z = np.eye(4)[y]", "write one_hot(y, 4)"),
        ("X[X < 0] = 0", "write X_2 = where(X < 0, 0, X), and use X_2 from here on"),
        (
            "h = X\nh[h < 0] = 0.1",
            "rename the one above to h_1, and write h = where(h_1 < 0, 0.1, h_1)",
        ),
        ("h = X\nh[h < 0] *= 0.1", "write h = where(h_1 < 0, h_1*0.1, h_1)"),
        ("h = X\nh[range(3), y] -= 1", "write h = h_1 - one_hot(y, k)"),
        ("X[np.arange(3), y] -= 1", "write X_2 = X - one_hot(y, k) for k classes"),
        ("h = X\nh += 1 + X", "rename the one above to h_1, and write h = h_1 + 1 + X"),
        ("h = X\nh -= 2*X", "write h = h_1 - 2*X"),
        ("h = X\nh += -X", "write h = h_1 + (-X)"),
        ("h = X\nh -= 1 + X", "write h = h_1 - (1 + X)"),
        (
            "h_1 = X\nh = 2*h_1\nh /= 3*h",
            "rename the one above to h_2, and write h = h_2 / (3*h_2)",
        ),
        ("z = torch.relu(X)", "'torch.' is not part of the language"),
        ("z = math.sqrt(2)", "only np. may stand before a name: write sqrt(…)"),
        ("z = math.pi*X", "write 3.141592653589793"),
        ("z = scipy.special.expit(X)", "write sigmoid(X)"),
        ("z = X/y.size", "write len(y) for a vector"),
        ("z = self.X", "'.X' is not part of the language: write X"),
        ("z = X.ndim", "after '.' expected T, shape[0] or a method"),
        ("z = np.sum(X, dtype=np.float64)", "sum has no option 'dtype': leave it out"),
        ("z = X.var(axis=0, ddof=1)", "for n numbers and ddof=1 multiply it by n/(n - 1)"),
        ("z = X*np.float32", "'np.float32' is a type"),
    ],
)
def test_a_hint_says_what_to_write(text, hint):
    error = refused(text)
    assert hint in error.message
    assert error.place is not None


def test_a_new_axis_has_its_long_name_too():
    assert parse_expression("y[:, np.newaxis]").function == "expand"
    assert parse_expression("y[:, np.newaxis]").options == parse_expression("y[:, None]").options
