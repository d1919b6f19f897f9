"""SciPy's functions of matrices: known in value, and in what flows back."""

import numpy as np
import pytest
from scipy import linalg
from scipy.spatial.distance import cdist

from recorded_gradients import assert_known, gradient

A = np.array([[2.0, 0.3, -0.4], [0.3, 1.5, 0.2], [-0.4, 0.2, 1.8]])
B = np.array([[0.5, -1.2], [0.7, 0.4], [-0.3, 1.1]])


def definite(a):
    return a @ a.T + np.eye(len(a))


FUNCTIONS = {
    "cholesky": lambda a: linalg.cholesky(definite(a)),
    "lower cholesky": lambda a: linalg.cholesky(definite(a), True),
    "upper triangle alone": lambda a: linalg.cholesky(np.triu(definite(a))),
    "cho_solve": lambda a: linalg.cho_solve(linalg.cho_factor(definite(a)), a @ B),
    "cho_solve, lower": lambda a: linalg.cho_solve((linalg.cholesky(definite(a), lower=True), True),
                                                   a[0]),
    "solve_triangular": lambda a: linalg.solve_triangular(a, a @ B),
    "solve_triangular, lower": lambda a: linalg.solve_triangular(a, a[:, 0], lower=True),
    "solve_triangular, turned": lambda a: linalg.solve_triangular(a, a, trans="T", lower=True),
    "solve_triangular, ones": lambda a: linalg.solve_triangular(a, a, unit_diagonal=True),
    "solve": lambda a: linalg.solve(a, a @ B, check_finite=False),
    "solve, symmetric": lambda a: linalg.solve(definite(a), a[:, 0], assume_a="pos"),
    "inv": lambda a: linalg.inv(a), "det": lambda a: linalg.det(a),
    "pinv": lambda a: linalg.pinv(a[:, :2]),
    "expm": lambda a: linalg.expm(a / 3), "sqrtm": lambda a: linalg.sqrtm(definite(a)).real,
    "block_diag": lambda a: linalg.block_diag(a, a[:1]),
    "toeplitz": lambda a: linalg.toeplitz(a[0], r=a[1]),
    "eigh": lambda a: linalg.eigh(definite(a))[1] ** 2 * linalg.eigvalsh(definite(a)),
    "eigenvalues alone": lambda a: linalg.eigh(definite(a), eigvals_only=True),
    "svdvals": lambda a: linalg.svdvals(a),
    "cdist": lambda a: cdist(a * 2, B.T @ a, "sqeuclidean"),
    "euclidean cdist": lambda a: cdist(XB=a, XA=np.concatenate([a, 2 * a])),
}  # fmt: skip


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_is_known(name):
    assert_known(FUNCTIONS[name], A + np.arange(9).reshape(3, 3) / 20)


def test_a_gradient_is_the_one_worked_out_by_hand():
    """The factor of ((4, 2), (2, 5)) is ((2, 0), (1, 2)); its first element is sqrt(4)."""
    found = gradient(lambda a: linalg.cholesky(a, lower=True)[0, 0], np.array([[4.0, 2], [2, 5]]))
    np.testing.assert_allclose(found, [[0.25, 0], [0, 0]], atol=1e-15)
