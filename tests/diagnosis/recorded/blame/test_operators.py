"""A power of a number that is 1 tells nothing: the factor beside it does not belong there."""

import numpy as np
import pytest

from planted import Planted

X = np.random.default_rng(4).normal(size=(5, 3))
ARRAYS = {"w": np.linspace(-1, 1, 3)}
SCALE = 1.0


def scaled(w):
    h = np.tanh(X @ w)
    back = SCALE * (1 - h**2)
    return SCALE * np.sum(h), X.T @ back


WIDTH = 0.7


def narrowed(w):
    h = np.tanh(X @ w)
    width = WIDTH
    return WIDTH * np.sum(h), X.T @ (width * (1 - h**2))


P = np.random.default_rng(5).uniform(0.1, 1.0, size=(4, 3))
ANCHORS = np.random.default_rng(7).normal(size=(3, 2))


def embedded(Y):
    apart = Y[:, None, :] - ANCHORS[None, :, :]
    Q = np.sum(apart**2, axis=2) / 2
    loss = np.sum((Q - P) ** 2)
    to_anchors = Y[:, None, :] - ANCHORS[None, :, :]
    QP_diff = Q - P
    return loss, 2 * np.sum(QP_diff[:, :, None] * to_anchors, axis=1)


def gated(w):
    z, n, h = 1 / (1 + np.exp(-(X @ w))), np.tanh(X[:, 0]), X[:, 1]
    new = z * n + (1 - z) * h
    dnew = 2 * new
    dz = n * dnew - h * dnew
    dlogit = dz * z * (1 - z)
    return np.sum(new**2), X.T @ dlogit


def attended(w):
    scale = 1 / np.sqrt(len(w) + 0.5)
    h = np.tanh(X @ w / np.sqrt(len(w) + 0.5))
    return np.sum(h), X.T @ (1 - h**2) * scale


MISTAKES = [("back = SCALE * (1", "back = SCALE * 2 * (1")]


def test_a_number_that_is_1_needs_no_power(tmp_path):
    planted = Planted(__file__, tmp_path, ARRAYS)
    ((right, mistaken),) = MISTAKES

    (found,) = planted.errors(planted.wrong(right, mistaken), "scaled")

    assert found.line == planted.line(right)
    assert found.fix == "back = SCALE * (1 - h**2)"


def test_what_is_inverted_may_be_meant_as_it_is(tmp_path):
    planted = Planted(__file__, tmp_path, ARRAYS)

    (found,) = planted.errors(planted.wrong("width = WIDTH", "width = 1 / WIDTH"), "narrowed")

    assert (found.line, found.fix) == (planted.line("width = WIDTH"), "width = WIDTH")


def test_a_difference_stands_in_the_order_of_its_name(tmp_path):
    planted = Planted(__file__, tmp_path, {"Y": np.random.default_rng(6).normal(size=(4, 2))})

    (found,) = planted.errors(planted.wrong("QP_diff = Q - P", "QP_diff = P - Q"), "embedded")

    assert (found.line, found.fix) == (planted.line("QP_diff = Q - P"), "QP_diff = Q - P")


@pytest.mark.parametrize(
    ("name", "right", "mistaken"),
    [
        ("gated", "dlogit = dz * z * (1 - z)", "dlogit = dz * z * (1 / z)"),
        ("gated", "dz = n * dnew - h * dnew", "dz = n * dnew * h * dnew"),
        ("attended", "scale = 1 / np.sqrt(len(w) + 0.5)", "scale = 1 - np.sqrt(len(w) + 0.5)"),
    ],
)
def test_any_operator_may_stand_for_another(tmp_path, name, right, mistaken):
    planted = Planted(__file__, tmp_path, ARRAYS)

    (found,) = planted.errors(planted.wrong(right, mistaken), name)

    assert (found.line, found.fix) == (planted.line(right), right)
