"""Derivatives of inverses, solutions and determinants, in numbers worked out by hand."""

import numpy as np
import pytest

import gradtui
from findings import line_of, only
from recorded_gradients import assert_known, gradient

A = np.array([[2.0, 1.0], [1.0, 3.0]])
"""Its determinant is 5, its inverse [[0.6, -0.2], [-0.2, 0.4]]."""
COFACTORS = np.array([[3.0, -1.0], [-1.0, 2.0]])
B = np.array([3.0, 4.0])
"""A x = B for x = (1, 1)."""
OF_SOLUTION = [[-0.6, -0.6], [0.2, 0.2]]
BY_HAND = {
    "det": (lambda a: np.linalg.det(a), COFACTORS),
    "slogdet": (lambda a: np.linalg.slogdet(a)[1], COFACTORS / 5),
    "inv": (lambda a: np.linalg.inv(a)[0, 1], [[0.12, -0.24], [-0.04, 0.08]]),
    "solve": (lambda a: np.linalg.solve(a, B)[0], OF_SOLUTION),
    "solve for columns": (lambda a: np.linalg.solve(a, B[:, None])[0, 0], OF_SOLUTION),
    "cholesky": (lambda a: np.linalg.cholesky(a)[0, 0], [[0.5 / 2**0.5, 0], [0, 0]]),
    "eigvalsh": (lambda a: np.sum(np.linalg.eigvalsh(a)), np.eye(2)),
    "a stack": (lambda a: np.linalg.det(np.stack([a, 2 * a]))[1], 4 * COFACTORS),
}


@pytest.mark.parametrize("name", BY_HAND)
def test_a_gradient_is_the_one_worked_out_by_hand(name):
    function, by_hand = BY_HAND[name]
    assert np.allclose(gradient(function, A), by_hand, rtol=1e-14)


def test_options_in_their_places_are_heard():
    singular = np.diag([1.0, 1e-3])
    assert gradient(lambda a: np.linalg.pinv(a, 1e-2)[1, 1], singular).tolist() == [[0, 0], [0, 0]]
    assert gradient(lambda a: np.linalg.eigvalsh(a, "U")[0], A - 1)[1, 0] == 0


def test_the_right_side_of_a_solution_has_a_gradient():
    found = gradient(lambda a: np.linalg.solve(A, a)[0], B)
    assert np.allclose(found, [0.6, -0.2], rtol=1e-14)


def test_the_gradient_of_a_determinant_at_a_singular_matrix_comes_from_differences():
    found = gradient(np.linalg.det, np.ones((2, 2)))
    assert np.allclose(found, [[1, -1], [-1, 1]], rtol=1e-6)


def distances(M):
    """Of points far apart: the matrix is ill-conditioned."""
    loss = np.linalg.slogdet(M @ M.T + 1e-7 * np.eye(3))[1]
    return loss, 2 * np.linalg.inv(M @ M.T + 1e-7 * np.eye(3)) @ M


def test_what_is_seen_inside_is_compared_though_a_matrix_is_nearly_singular():
    M = np.array([[1.0, 0.5, 0.2], [1.0, 0.501, 0.2], [0.3, -0.2, 1.1]])
    assert gradtui.check(distances, M=M) == []


W = np.array([[0.7, -0.2, 0.4], [0.1, 1.3, -0.6], [-0.5, 0.3, 0.9]])
"""A matrix like no other."""
FACTORS = {
    "cholesky": lambda a: np.linalg.cholesky(a @ a.T + np.eye(3)),
    "cholesky of a triangle": lambda a: np.linalg.cholesky(np.tril(a @ a.T) + np.eye(3)),
    "cholesky of a stack": lambda a: np.linalg.cholesky(np.stack([a @ a.T, 2 * (a.T @ a)])),
    "eigvalsh": lambda a: np.linalg.eigvalsh(a @ a.T),
    "eigh": lambda a: np.linalg.eigh(a @ a.T)[1] ** 2,
    "eigh, both": lambda a: (lambda found: found[1] @ np.diag(np.sqrt(found[0])) @ found[1].T)(
        np.linalg.eigh(a @ a.T)
    ),
    "pinv": lambda a: np.linalg.pinv(a[:, :2]),
    "singular values": lambda a: np.linalg.svd(a[:2], compute_uv=False),
}


@pytest.mark.parametrize("name", FACTORS)
def test_a_factor_is_known(name):
    assert_known(FACTORS[name], W)


def evidence(s, noise):
    """The likelihood of points on a line, of a kernel nearly singular; it lacks a factor of 2."""
    x = np.linspace(-2, 2, 20)[:, None]
    e = np.exp(-((x - x.T) ** 2) / 2)
    root = np.linalg.cholesky(s**2 * e + noise**2 * np.eye(20))
    inverse = np.linalg.inv(root).T @ np.linalg.inv(root)
    a = inverse @ np.sin(x[:, 0])
    loss = 0.5 * np.sin(x[:, 0]) @ a + np.sum(np.log(np.diag(root)))
    inner = np.outer(a, a) - inverse
    return loss, {"s": -0.5 * np.sum(inner * e) * s, "noise": -np.trace(inner) * noise}


def test_rounding_that_looks_like_a_corner_hides_no_mistake():
    finding = only(gradtui.check(evidence, s=0.9, noise=1e-4))
    assert finding.line == line_of(evidence, 9) and "0.5 must be 1" in finding.message
