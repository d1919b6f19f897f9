"""Kernels that cannot be seen inside, beside lines that an edit makes right."""

import numpy as np

import gradtui
from findings import line_of, only

C = np.array([[2.0, 0.3, 0.1], [0.3, 1.5, 0.2], [0.1, 0.2, 1.1]])
Y = np.array([0.4, -1.2, 0.7])
T = np.array([0.8])


def likelihood(t=T):
    K = t * C + np.eye(3)
    loss = np.log(np.linalg.det(K)) + Y @ np.linalg.solve(K, Y)
    dK = np.linalg.inv(K) @ (np.outer(Y, Y) + K) @ np.linalg.inv(K)
    return loss, {"t": -np.sum(dK * C)}


def test_a_line_that_an_edit_makes_right_is_named_by_the_edit():
    """The inverse is the gradient of the logarithm of the determinant, and right."""
    errors = [one for one in gradtui.check(likelihood) if one.severity == "error"]
    finding = only(errors)

    assert (finding.rule, finding.line) == ("sign", line_of(likelihood, 3))
    assert finding.fix == "dK = np.linalg.inv(K) @ (np.outer(Y, Y) - K) @ np.linalg.inv(K)"
