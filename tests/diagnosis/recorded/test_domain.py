"""Points that are drawn stay where the user's own arguments show that the code is defined."""

import warnings

import numpy as np
import pytest

import gradtui
from findings import line_of
from gradtui.diagnosis.recorded import faults, points
from gradtui.diagnosis.recorded.blame.gradients import Blamed
from gradtui.diagnosis.recorded.check import check_target
from gradtui.diagnosis.recorded.target import target_of

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
@pytest.mark.usefixtures("unsearched")
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


@pytest.mark.parametrize(("times", "rules"), [(1, []), (2, ["constant-factor"])])
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


@pytest.mark.usefixtures("unsearched")
def test_a_positive_definite_matrix_stays_one():
    b = RNG.normal(size=(3, 6))
    a = b @ b.T / 6 + 0.5 * np.eye(3)

    (only,) = gradtui.check(solved(1), a)
    assert only.severity == "info" and "symmetric" in only.message
    assert gradtui.check(solved(2), a)[0].severity == "error"


def iterated(rounds, adjoint):
    def case(a, b):
        """Return half the squares of the x with x = a x + b, found by iteration if a is small."""
        x = np.zeros_like(b)
        for _ in range(rounds):
            x = a @ x + b
        dx = adjoint(np.eye(len(b)) - a, x)
        return np.sum(x * x) / 2, (np.outer(dx, x), dx)

    return case


SLOW, SIDE = 0.4 * np.random.default_rng(0).normal(size=(4, 4)), RNG.normal(size=4)


def test_a_loop_that_settles_at_the_users_arguments_settles_at_the_others():
    right = iterated(80, lambda m, x: np.linalg.solve(m.T, x))
    wrong = iterated(80, lambda m, x: np.linalg.solve(m, x))

    assert gradtui.check(right, SLOW, SIDE) == []
    assert gradtui.check(wrong, SLOW, SIDE)[0].severity == "error"


def test_a_loop_that_does_not_settle_is_judged_by_what_it_computes(monkeypatch):
    # No line is asked for.
    monkeypatch.setattr(faults, "blamed_on_fewer", lambda *arguments: Blamed())
    unrolled = iterated(4, lambda m, x: np.linalg.solve(m.T, x))

    assert gradtui.check(unrolled, SLOW, SIDE)[0].severity == "error"


def test_values_that_settle_by_chance_exclude_no_points():
    def case(w, x):
        """Return the squares of functions of inputs, of which the last ones are the same."""
        hs = [np.tanh(row * w) for row in x]
        slopes = [2 * h * (1 - h * h) * row for h, row in zip(hs, x, strict=True)]
        return sum(np.sum(h * h) for h in hs), (np.sum(slopes, axis=0), None)

    x = np.concatenate([RNG.normal(size=(6, 2)), np.ones((4, 2))])
    outcome = check_target(target_of(case, None, (np.array([0.5, 2.0]), x), {}))

    assert (outcome.findings, outcome.points) == ((), 7)


@pytest.mark.parametrize(("told", "severities"), [(True, []), (False, ["warning"])])
def test_where_only_there_the_code_warns_is_beyond_what_it_is_for(told, severities):
    def case(x):
        """Return the sum of the roots; of negative numbers, it takes those of their size."""
        if np.any(x < 0) and told:
            warnings.warn("there are negative numbers", stacklevel=1)
        root = np.sqrt(np.abs(x))
        return np.sum(root), 0.5 / root

    assert [one.severity for one in gradtui.check(case, ABOVE / 10)] == severities


def test_what_is_wrong_where_the_code_always_warns_is_found():
    def case(x):
        warnings.warn("this is slow", stacklevel=1)
        return np.sum(np.abs(x) ** 3), 2 * x * x

    with pytest.warns(UserWarning, match="slow"):
        assert gradtui.check(case, ABOVE)[0].severity == "error"


def clipped(sign):
    def case(U, V):
        """Return the loss of pairs by a sigmoid that is flat from 2 on."""
        p = 1 / (1 + np.exp(-np.clip(np.sum(U * V, axis=1), -2, 2)))
        loss = -np.sum(np.log(p + 1e-9))
        ds = (sign * (p - 1)).reshape(-1, 1)
        return loss, (ds * V, ds * U)

    return case


def test_where_only_there_a_sigmoid_is_flat_no_edit_is_tried():
    U, V = RNG.uniform(0.3, 0.9, size=(2, 4, 3))
    (found,) = gradtui.check(clipped(-1), U, V)

    assert (found.severity, found.evidence["gradients"]) == ("error", ["U", "V"])
    assert "approximation" not in found.message
    assert found.fix is not None and found.line == line_of(clipped(1), 4)


def test_a_long_run_is_judged_at_a_near_point_and_at_a_far_one(monkeypatch):
    monkeypatch.setattr(points, "VAST", 50)
    right = target_of(iterated(80, lambda m, x: np.linalg.solve(m.T, x)), None, (SLOW, SIDE), {})

    assert check_target(right).points == 3


def log_density(factor, least):
    def case(x):
        p = np.exp(-100 * x**2)
        slopes = np.zeros_like(x)
        for at, own in enumerate(p):
            if own > least:
                slopes[at] = factor * x[at] * own / own
        return np.sum(np.log(p)), slopes

    return case


@pytest.mark.parametrize(
    ("factor", "least", "wrong"), [(-200, 1e-15, False), (-100, 1e-15, True), (-200, 1e-2, True)]
)
def test_where_a_number_is_too_small_to_divide_by_nothing_is_compared(factor, least, wrong):
    found = gradtui.check(log_density(factor, least), np.array([0.4, -0.3, 0.2]))
    assert any(one.severity == "error" for one in found) is wrong
