"""What is special about given data: how it is called, and that data redrawn keep it."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gradtui.diagnosis.backward.structure import redrawn, structures_of
from gradtui.engine.lowering import Leaf, build_graph
from gradtui.language.parser import parse_program

COUNT = 5


def structures(model="L = sum(w**2)", w=2.0, **data):
    """Return name -> what is special about it, for the data of which something is."""
    leaves = [Leaf(name, np.shape(value)) for name, value in data.items()]
    graph = build_graph([Leaf("w", np.shape(w))], leaves, parse_program(model), "L")
    found = structures_of(graph, {name: np.asarray(value, float) for name, value in data.items()})
    return {graph.nodes[id].name: structure for id, structure in found.items()}


def others(value, seed=0, **rest):
    """Return random data in the place of an array, with what is recognised of it."""
    value = np.asarray(value, float)
    return redrawn(structures(a=value, **rest).get("a"), value, COUNT, np.random.default_rng(seed))


ALONE = {
    "has a single 1": [0, 0, 1, 0],
    "has a single 1 in every row": [[1, 0, 0], [0, 0, 1]],
    "has a single 1 in every column": [[1, 0, 0], [0, 1, 1]],
    "has a single 1 along axis 2": [[[1, 0], [0, 1], [1, 0]], [[1, 0], [0, 1], [0, 1]]],
    "has a single 1 along axis 0": [[[1, 0], [0, 0]], [[0, 1], [1, 1]]],
    "is the identity": [[1, 0], [0, 1]],
    "is a permutation": [[0, 1, 0], [0, 0, 1], [1, 0, 0]],
    "is 0 everywhere": [0, 0, 0],
    "is 0 or 1 everywhere": [0, 1, 1, 0],
    "is triangular": [[3, 0], [-1, 2]],
    "is symmetric": [[3, 1], [1, -2]],
    "is skew-symmetric": [[0, 2, 1], [-2, 0, -4], [-1, 4, 0]],
    "is a projection": [[3, -1], [6, -2]],
    "sums to 1": [0.2, 0.3, 0.5],
    "sums to 1 in every row": [[0.25, 0.75, 0], [0.5, 0.25, 0.25]],
    "sums to 1 in every column": [[0.1, 0.2, 0.3], [0.9, 0.8, 0.7]],
    "has length 1": [0.48, -0.6, 0.64],
    "has length 1 in every row": [[0.6, 0.8, 0], [0.28, 0, 0.96]],
    "sums to 0": [2.5, -1, -1.5],
    "sums to 0 in every column": [[1, 2], [-4, 0], [3, -2]],
    "has orthogonal rows": [[1, 2, 0], [2, -1, 3]],
    "has orthogonal columns": [[2, 1], [1, -3], [1, 1]],
    "is 1 or -1 everywhere": [1, -1, 1],
    "has only two values": [0.5, 2, 2, 0.5, 0.5],
}
"""What is said of an array that stands alone."""


@pytest.mark.parametrize("text", ALONE)
def test_what_is_special_about_an_array_is_told(text):
    assert structures(a=ALONE[text])["a"].text == text


@pytest.mark.parametrize("value", [[[1.5, 2], [0.3, -1]], [0.2, -1, 3], [[1.5, 2], [-2, 1]]])
def test_measurements_have_nothing_special(value):
    assert structures(a=value) == {}
    assert others(value) is None


def test_what_is_special_in_two_ways_is_told_and_held():
    rotation = [[0.6, -0.8], [0.8, 0.6]]
    text = structures(a=rotation)["a"].text
    assert text == "has length 1 in every row and has length 1 in every column"
    assert np.all(others(rotation) == rotation)


@pytest.mark.parametrize("text", ["is 1/4", "is 1/6"])
def test_a_number_that_is_one_by_a_size_is_told_and_held(text):
    number = 1 / float(text[-1])
    for matrix in ({"X": np.arange(24.0).reshape(4, 6) ** 1.5}, {"w": np.ones((4, 6))}):
        assert structures(**matrix, a=number)["a"].text.startswith(f"{text}, ")
    assert structures(X=[1.5, 0.2, -1.0], a=number) == {}


def test_a_count_of_rows_is_held_and_no_number_else():
    rows = [[1.5, 0.2], [0.3, -0.7], [1.1, 2.0]]
    assert others(3.0, X=rows).tolist() == [3.0] * COUNT
    assert others(4.0, X=rows) is None
    assert others(1.0, X=[[0.3, -0.7]]) is None


def test_what_is_not_finite_is_held():
    assert np.array_equal(others([1.0, np.inf, 0.3])[0], [1.0, np.inf, 0.3])


A = np.array([[1.5, -0.3, 0.2], [0.7, 2.0, -1.1]])
B = np.array([1.5, -0.3, 0.2])
MADE = {
    "is 1 - A": 1 - A,
    "is -A": -A,
    "is A**2": A**2,
    "is A.T": A.T,
    "is 1 - A.T": 1 - A.T,
    "is the sums of the rows of A": A.sum(axis=1),
    "is A@A.T": A @ A.T,
    "is A.T@A": A.T @ A,
    "is diag of the sums of the rows of A": np.diag(A.sum(axis=1)),
    "is outer(B, B)": np.outer(B, B),
    "is diag(B)": np.diag(B),
}


@pytest.mark.parametrize("text", MADE)
def test_what_is_made_of_other_data_is_told_and_made_of_theirs(text):
    name, source = ("B", B) if "B" in text else ("A", A)
    found = structures(**{name: source, "a": MADE[text]})
    assert found["a"].text == text
    assert np.allclose(found["a"].make(source), MADE[text])
    assert name not in found or found[name].make is None


def test_what_is_made_of_what_is_made_follows_it():
    found = structures(A=A, K=A @ A.T, d=np.diag((A @ A.T).sum(axis=1)))
    assert found["K"].text == "is A@A.T"
    assert found["d"].text == "is diag of the sums of the rows of K"


LABELS = np.array([0, 2, 1, 2])
ROWS = np.eye(3)[LABELS]


@pytest.mark.parametrize("first", [0, 1])
def test_numbers_of_classes_are_made_of_their_one_hot_rows(first):
    found = structures(Y=ROWS, a=first + LABELS)
    assert (found["Y"].kind, found["a"].text) == ("one-hot", "is the classes of Y")
    assert found["a"].make(np.eye(3)).tolist() == [first, first + 1, first + 2]


@pytest.mark.parametrize("order", [("Y", "a"), ("a", "Y")])
def test_one_hot_rows_are_made_of_the_classes_that_something_is_looked_up_by(order):
    data = {name: {"Y": ROWS, "a": LABELS}[name] for name in order}
    found = structures("L = sum(take(w, a))", w=[0.1, 0.2, 0.3], **data)
    assert (found["a"].kind, found["Y"].text) == ("labels", "has a single 1 in every row")
    assert found["Y"].make(np.array([1, 0])).tolist() == [[0, 1, 0], [1, 0, 0]]


def test_a_single_1_along_two_axes_is_held():
    shifts = [np.eye(3), np.eye(3)[[1, 2, 0]]]
    found = structures(a=shifts)["a"]
    assert found.text == "has a single 1 along axis 2 and along axis 1"
    assert np.all(others(shifts) == shifts)


def test_whole_numbers_that_look_something_up_are_drawn_among_the_given_ones():
    value = np.array([0, 2, 1, 2, 2])
    model = "L = sum(take(w, a)) + cross_entropy(S, b)"
    scores = np.arange(15.0).reshape(5, 3) ** 1.5
    found = structures(model, w=[0.1, 0.2, 0.3], a=value, b=value, S=scores)
    assert (found["a"].kind, found["b"].kind) == ("labels", "labels")
    drawn = redrawn(found["a"], value, COUNT, np.random.default_rng(0))
    assert np.all(np.sort(drawn, axis=1) == [0, 1, 2, 2, 2])
    assert len({tuple(row) for row in drawn}) > 1


def one_hot(rng, shape):
    return np.eye(shape[-1])[rng.integers(0, shape[-1], shape[:-1])]


def is_one_hot_elsewhere(value):
    """Return whether there is a single 1 along an axis before the last one, too."""
    return any(np.all(value.sum(axis=axis) == 1) for axis in range(value.ndim - 1))


def binary(rng, shape):
    return rng.integers(0, 2, shape).astype(float)


def signs(rng, shape):
    return 2 * binary(rng, shape) - 1


def shares(rng, shape):
    weights = rng.random(shape) + 0.01
    return weights / weights.sum(axis=-1, keepdims=True)


def unit(rng, shape):
    rows = rng.standard_normal(shape)
    return rows / np.linalg.norm(rows, axis=-1, keepdims=True)


def centred(rng, shape):
    rows = 100 * rng.standard_normal(shape)
    return rows - rows.mean(axis=-1, keepdims=True)


ALONG = {
    one_hot: lambda a: np.all((a == 0) | (a == 1)) and np.all(a.sum(axis=-1) == 1),
    binary: lambda a: np.all((a == 0) | (a == 1)),
    signs: lambda a: np.all(np.abs(a) == 1),
    shares: lambda a: np.all(a >= 0) and np.allclose(a.sum(axis=-1), 1),
    unit: lambda a: np.allclose(np.linalg.norm(a, axis=-1), 1),
    centred: lambda a: np.allclose(a.sum(axis=-1), 0, atol=1e-9 * np.abs(a).max()),
}
"""How numbers along the last axis are drawn, and what is then true of them."""
SEEDS = st.integers(0, 2**32 - 1)


@pytest.mark.parametrize("draw", ALONG, ids=lambda draw: draw.__name__)
@given(shape=st.lists(st.integers(2, 4), min_size=1, max_size=3), data=st.data(), seed=SEEDS)
def test_data_redrawn_keep_what_is_special_along_an_axis(draw, shape, data, seed):
    axis = data.draw(st.integers(0, len(shape) - 1))
    last = draw(np.random.default_rng(seed), tuple(shape))
    assume(draw is not signs or not np.all(last == 1))  # what is 1 everywhere is taken for a mask
    assume(draw is not one_hot or not is_one_hot_elsewhere(last))
    found = others(np.moveaxis(last, -1, axis), seed)
    assert found.shape == (COUNT, *np.moveaxis(last, -1, axis).shape)
    for other in found:
        assert ALONG[draw](np.moveaxis(other, axis, -1))


def symmetric(rng, size):
    square = rng.standard_normal((size, size))
    return square + square.T


def hollow(rng, size):
    return symmetric(rng, size) * (1 - np.eye(size))


def adjacency(rng, size):
    upper = np.triu(binary(rng, (size, size)), 1)
    return upper + upper.T


def triangular(rng, size):
    return np.tril(rng.standard_normal((size, size)))


def orthogonal(rng, size):
    return np.linalg.qr(rng.standard_normal((size, size)))[0]


def skew(rng, size):
    square = rng.standard_normal((size, size))
    return square - square.T


def projection(rng, size):
    columns = orthogonal(rng, size)[:, : size // 2]
    return columns @ columns.T


def permutation(rng, size):
    return np.eye(size)[rng.permutation(size)]


SQUARE = {
    symmetric: lambda a: np.array_equal(a, a.T),
    hollow: lambda a: np.array_equal(a, a.T) and not np.diag(a).any(),
    adjacency: lambda a: np.array_equal(a, a.T) and set(a.flat) <= {0, 1} and not np.diag(a).any(),
    triangular: lambda a: not np.triu(a, 1).any(),
    orthogonal: lambda a: np.allclose(a @ a.T, np.eye(len(a))),
    skew: lambda a: np.array_equal(a, -a.T),
    projection: lambda a: np.allclose(a @ a, a),
    permutation: lambda a: np.array_equal(a @ a.T, np.eye(len(a))) and set(a.flat) <= {0, 1},
}
"""How square matrices are drawn, and what is then true of them."""


@pytest.mark.parametrize("draw", SQUARE, ids=lambda draw: draw.__name__)
@given(size=st.integers(2, 6), seed=SEEDS)
def test_square_matrices_redrawn_keep_what_is_special(draw, size, seed):
    value = draw(np.random.default_rng(seed), size)
    assume(value.any())
    found = others(value, seed)
    assert found.shape == (COUNT, *value.shape)
    assert all(SQUARE[draw](other) for other in found)


@pytest.mark.parametrize("draw", [one_hot, binary, signs, shares, unit, centred])
def test_data_redrawn_are_other_data(draw):
    value = draw(np.random.default_rng(0), (5, 4))
    found = others(value, seed=1)
    assert len({other.tobytes() for other in (*found, value)}) == COUNT + 1
