"""Points that are drawn stay where the user's own arguments show that the code is defined."""

import numpy as np
import pytest

import gradtui

RNG = np.random.default_rng(5)
ABOVE = 1.1 + 2 * RNG.random((3, 4))
WITHIN = RNG.random((2, 4, 3)) - 0.5


def arcosh(power):
    def case(x):
        y = np.maximum(x, 1 + 1e-15)
        return np.sum(np.log(y + np.sqrt(y * y - 1))), 1 / (y * y - 1) ** power

    return case


def distance(scale):
    def grad(u, v, alpha, beta, z):
        a = ((1 - beta - 2 * np.sum(u * v, -1) + 1) / alpha**2)[:, None] * u - v / alpha[:, None]
        return scale * a / (np.sqrt(z * z - 1) * beta)[:, None]

    def case(u, v):
        alpha = 1 - np.clip(np.sum(u * u, -1), 0, 1 - 1e-5)
        beta = 1 - np.clip(np.sum(v * v, -1), 0, 1 - 1e-5)
        z = 1 + 2 * np.sum((u - v) ** 2, -1) / (alpha * beta)
        loss = np.sum(np.log(z + np.sqrt(z * z - 1)))
        return loss, (grad(u, v, alpha, beta, z), grad(v, u, beta, alpha, z))

    return case


@pytest.mark.parametrize(
    ("case", "arguments"), [(arcosh(0.5), (ABOVE,)), (distance(4), tuple(WITHIN))]
)
def test_a_bound_that_keeps_a_root_from_being_no_number_is_not_crossed(case, arguments):
    assert gradtui.check(case, *arguments) == []


@pytest.mark.parametrize(
    ("case", "arguments"), [(arcosh(1.0), (ABOVE,)), (distance(2), tuple(WITHIN))]
)
def test_what_is_wrong_within_the_bounds_is_found(case, arguments):
    assert {one.severity for one in gradtui.check(case, *arguments)} == {"error"}


def test_a_bound_that_is_part_of_the_function_is_crossed():
    def case(x):
        return np.sum(np.maximum(x, 0.0) ** 2), 2 * x

    assert [one.severity for one in gradtui.check(case, ABOVE)] == ["error"]


def likely(times):
    def case(a):
        """Return minus infinity, as likelihoods do, where there is no density."""
        if np.any(a <= 0.6):
            return -np.inf, np.full(a.shape, np.nan)
        return np.sum(np.log(a - 0.5)), times / (a - 0.5)

    return case


@pytest.mark.parametrize(("times", "rules"), [(1, []), (2, ["wrong-variable"])])
def test_where_the_code_gives_up_with_an_infinite_loss_it_is_not_judged(times, rules):
    assert [one.rule for one in gradtui.check(likely(times), ABOVE)] == rules


def solved(times):
    def case(a):
        """Return the sum of the root of a, by a series that converges for positive ones alone."""
        size = np.sqrt(np.sum(a * a))
        y, z = a / size, np.eye(len(a))
        for _ in range(30):
            t = 1.5 * np.eye(len(a)) - 0.5 * z @ y
            y, z = y @ t, t @ z
        root = y * np.sqrt(size)
        s, v = np.linalg.eigh(root)
        inner = v.T @ np.ones_like(a) @ v
        return np.sum(root), times * v @ (inner / (s[:, None] + s)) @ v.T

    return case


def test_a_positive_definite_matrix_stays_one():
    b = RNG.normal(size=(3, 6))
    a = b @ b.T / 6 + 0.5 * np.eye(3)

    assert gradtui.check(solved(1), a) == []
    assert gradtui.check(solved(2), a)[0].severity == "error"
