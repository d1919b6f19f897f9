"""Derivatives of inverses, solutions and determinants, in numbers worked out by hand."""

import numpy as np
import pytest

import gradtui
from gradtui.recording.library import NUMPY, record
from gradtui.recording.sweep import gradients

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
    "a stack": (lambda a: np.linalg.det(np.stack([a, 2 * a]))[1], 4 * COFACTORS),
}


def gradient(function, a):
    def run(world, given):
        return function(given["a"])

    result = record(NUMPY, run, {"a": a}, {"a": a}, run)
    leaf = result.tape.arguments["a"]
    return gradients(result.tape, result.node(result.returned), [leaf])[leaf]


@pytest.mark.parametrize("name", BY_HAND)
def test_a_gradient_is_the_one_worked_out_by_hand(name):
    function, by_hand = BY_HAND[name]
    assert np.allclose(gradient(function, A), by_hand, rtol=1e-14)


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
