"""The points at which gradients are compared."""

import numpy as np

import gradtui


def near_obstacles(x):
    """A loss to which nothing is added where no row is near: there it is a plain number."""
    loss, dx = 0.0, np.zeros_like(x)
    for at, row in enumerate(x):
        distance = np.sqrt((row**2).sum())
        if distance < 0.3:
            loss += (0.3 - distance) ** 2
            dx[at] = -2 * (0.3 - distance) * row / distance
    return loss, {"x": dx}


def test_a_point_with_a_loss_of_no_array_leaves_the_others():
    assert gradtui.check(near_obstacles, x=np.array([[1.4, 0.3], [0.05, -0.08]])) == []
