"""Matrices of a recorded run: their values and classes are NumPy's, and nothing of them is lost."""

import numpy as np
import pytest

from gradtui.recording.array import plain
from gradtui.recording.library import NUMPY, record

A = np.arange(1.0, 7.0).reshape(2, 3)
SHAPES = [
    lambda m: m * m.T,
    lambda m: m * [[1.0], [2.0], [3.0]],
    lambda m: 2 * m,
    lambda m: m / m[0, 1],
    lambda m: m[0],
    lambda m: m[:, 1],
    lambda m: m[:, 1:],
    lambda m: m[m > 2],
    lambda m: m.sum(axis=0),
    lambda m: np.sum(m, axis=1),
    lambda m: np.mean(m, 0),
    lambda m: m.max(1),
    lambda m: m.ravel(),
    lambda m: m.flatten().T,
    lambda m: m.reshape(3, 2),
    lambda m: np.multiply(m, m),
    lambda m: np.exp(m) - 1,
    lambda m: (m * m.T) ** 2,
    lambda m: (m * m.T).I,
    lambda m: np.power(m, 2),
    lambda m: np.hstack([m, m]),
    lambda m: np.transpose(m),
    lambda m: m.copy(),
    lambda m: np.maximum(m, 2),
    lambda m: m.T[1],
]


def recorded(function, value):
    return record(NUMPY, lambda taking, given: function(given["a"]), {"a": value}, {"a": value},
                  function)  # fmt: skip


@pytest.mark.parametrize("function", SHAPES)
@pytest.mark.parametrize("make", [np.asmatrix, np.matrix])
def test_a_matrix_gives_what_numpy_gives_and_its_origin_is_known(function, make):
    expected = function(make(A))

    def made(a):
        return function(np.asmatrix(a) if make is np.asmatrix else np.matrix(a))

    result = recorded(made, A)

    assert isinstance(result.returned, np.matrix)
    np.testing.assert_allclose(plain(result.returned), expected)
    node = result.node(result.returned)
    assert node is not None and result.tape.active[node]


def test_what_is_no_matrix_is_none():
    def arrays(a):
        m = np.asmatrix(a)
        return [m.A, m.A1, np.asarray(m), np.array(m), np.where(m > 1, m, 0.0), m.sum(), m[0, 1]]

    result = recorded(arrays, A)

    assert not any(isinstance(one, np.matrix) for one in result.returned)
    assert all(result.tape.active[result.node(one)] for one in result.returned)
    assert [np.shape(one) for one in result.returned[:3]] == [(2, 3), (6,), (2, 3)]


def test_a_matrix_that_the_program_holds_or_is_given_stays_one():
    held = np.matrix(A)

    def product(a):
        return held.T * np.asmatrix(a)

    result = recorded(product, A)

    np.testing.assert_array_equal(plain(result.returned), A.T @ A)
    assert result.tape.active[result.node(result.returned)]
    assert recorded(lambda a: a.T * a, np.matrix(A)).returned.shape == (3, 3)


def test_rows_and_columns_of_a_matrix_are_written():
    def write(a):
        m = np.asmatrix(np.zeros((2, 3)))
        m[:, 0] += np.asmatrix(a)[:, 1]
        m[1] = np.asmatrix(a)[0]
        m *= np.asmatrix(np.eye(3))
        return m

    result = recorded(write, A)

    np.testing.assert_array_equal(plain(result.returned), [[2, 0, 0], [1, 2, 3]])
    assert result.tape.active[result.node(result.returned)]
