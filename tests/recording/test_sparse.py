"""Sparse matrices of SciPy's in a recorded run."""

import pickle

import numpy as np
import pytest
from scipy import sparse
from scipy.sparse import csr_matrix
from scipy.sparse.linalg import spsolve

import gradtui
from findings import line_of, only
from gradtui.recording.kept import Kept
from recorded_gradients import assert_known, gradient

A = np.array([[0.3, -0.8], [1.4, 0.6], [-0.2, 0.9]])
DENSE = np.array([[2.0, 0.0, 1.0], [0.0, 3.0, 0.0], [0.0, -1.0, 2.0]])
MATRIX, ARRAY = csr_matrix(DENSE), sparse.csr_array(DENSE)
PRODUCTS = {
    "@": lambda a: MATRIX @ a, "dot": lambda a: ARRAY.dot(a[:, 0]),
    "* of a matrix": lambda a: MATRIX * a, "on the right": lambda a: a.T @ MATRIX,
    "* on the right": lambda a: a.T * MATRIX, "of a vector": lambda a: a[:, 1] @ ARRAY,
    "turned": lambda a: MATRIX.T @ a, "rows": lambda a: MATRIX[1:] @ a,
    "a sum": lambda a: (MATRIX + 2 * MATRIX.T) @ a,
    "made on the way": lambda a: csr_matrix(DENSE) @ a,
    "made by a function": lambda a: sparse.diags([1.0, 2.0, 3.0]) @ a,
    "its numbers": lambda a: MATRIX.toarray() @ a + np.sum(MATRIX.data) * a,
}  # fmt: skip


@pytest.mark.parametrize("name", PRODUCTS)
def test_a_product_is_known(name):
    assert_known(PRODUCTS[name], A)


def test_it_passes_for_the_one_that_it_stands_for():
    def case(x):
        own = csr_matrix(DENSE)
        assert isinstance(MATRIX, csr_matrix) and isinstance(own, sparse.spmatrix)
        assert type(MATRIX) == csr_matrix and sparse.issparse(own)  # noqa: E721
        assert MATRIX.shape == (3, 3) and MATRIX.nnz == 5 and len(list(MATRIX)) == 3
        assert (pickle.loads(pickle.dumps(own)) != MATRIX).nnz == 0
        own[0, 0] = 4
        assert own[0, 0] == 4 and MATRIX[0, 0] == 2
        return np.sum(ARRAY * 2 @ x), {"x": 2 * DENSE.sum(axis=0)}

    assert gradtui.check(case, x=A[:, 0]) == []


def test_a_solution_comes_from_differences():
    found = gradient(lambda a: spsolve(MATRIX.tocsc(), a)[1], A[:, 0])
    np.testing.assert_allclose(found, [0, 1 / 3, 0], atol=1e-9)


def logistic(X, y, w):
    """Its gradient forgets the number of rows."""
    p = 1 / (1 + np.exp(-X.dot(w)))
    loss = -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))
    return loss, {"w": X.T.dot(p - y)}


def test_the_line_of_a_mistake_in_code_with_a_sparse_argument_is_named():
    finding = only(gradtui.check(logistic, X=MATRIX, y=np.array([1.0, 0, 1]), w=A[:, 0]))
    assert finding.line == line_of(logistic, 4)
    assert finding.rule == "constant-factor"


def test_its_numbers_are_kept():
    own = csr_matrix(DENSE)
    kept = Kept(lambda: own)

    own.data *= 2

    assert kept.undo()
    np.testing.assert_array_equal(own.toarray(), DENSE)
