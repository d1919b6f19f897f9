"""What is right but for an approximation is a note; what is right but for a branch is wrong."""

from types import SimpleNamespace

import numpy as np
import pytest
from scipy.optimize import approx_fprime

import gradtui
from gradtui.diagnosis.recorded.approximate import (
    approximate,
    approximate_far,
    is_approached,
    is_right_near,
)

X = np.linspace(-0.5, 0.5, 7)


def case(x):
    return np.sum(x - x**3 / 6 + x**5 / 120), np.cos(x)


def test_an_approximation_is_a_note():
    (finding,) = gradtui.check(case, X)

    assert (finding.rule, finding.severity) == ("unexplained", "info")
    assert "as an approximation is" in finding.message


def point(share, *, near):
    true = np.array([1.0, -2.0, 4.0])
    return SimpleNamespace(near=near, hand={"x": true + 4 * share}, true={"x": true})


@pytest.mark.parametrize(
    ("own", "beside", "far", "found"),
    [(1e-5, 2e-5, 0.1, 2e-5), (1e-5, 1e-2, 0.1, None), (1e-5, 0.0, 0.1, None)],
)
def test_a_gradient_is_approximate_where_it_is_slightly_off_all_around(own, beside, far, found):
    points = point(own, near=True), point(far, near=False), point(beside, near=True)

    assert approximate("x", points, 1e-6) == (None if found is None else pytest.approx(found))


def test_a_comparison_to_few_digits_tells_no_approximation_from_what_is_exact():
    points = point(1e-7, near=True), point(0.1, near=False), point(1e-7, near=True)

    assert approximate("x", points, 1e-6) == pytest.approx(1e-7)
    assert approximate("x", points, 1e-4) is approximate("x", points, 1e-3) is None
    points = point(5e-5, near=True), point(0.1, near=False)
    assert approximate("x", points, 1e-3) == pytest.approx(5e-5)


def squared(x):
    return float(np.sum(np.asarray(x) ** 2))


def forward_differences(scale):
    def case(x):
        grown, loss = np.zeros_like(x), np.sum(x**2)
        for at in range(x.size):
            moved = x.copy()
            moved[at] += 1e-6
            grown[at] = scale * (np.sum(moved**2) - loss) / 1e-6
        return loss, grown

    return case


def of_a_library(x):
    return np.sum(x**2), approx_fprime(x, squared, 1e-6)


@pytest.mark.parametrize(
    ("case", "severity"),
    [(forward_differences(1), "info"), (of_a_library, "info"), (forward_differences(2), "error")],
)
def test_differences_are_approximations_and_no_edit_of_a_step_is_offered(case, severity):
    (found,) = gradtui.check(case, X)
    assert (found.severity, found.fix is None) == (severity, severity == "info")


@pytest.mark.usefixtures("unsearched")
def test_a_mistake_that_shows_only_far_out_is_no_approximation_in_single_precision():
    def far_out(w):
        t = np.tanh(w)
        return np.sum(t**2) + np.sum(np.where(w > 1, np.sin(w), 0)), 2 * t * (1 - t * t)

    (finding,) = gradtui.check(far_out, w=np.array([0.3, -0.2, 0.6], np.float32))
    assert finding.severity == "error"


def of_logits(seed):
    rng = np.random.default_rng(seed)
    rows, labels = rng.normal(size=(1, 4)), (rng.random(size=(1, 2)) < 0.5).astype(float)

    def rectified(U, V):
        h = np.maximum(rows @ U, 0)
        p = 1 / (1 + np.exp(-4 * h @ V))
        loss = -np.sum(labels * np.log(p + 1e-9) + (1 - labels) * np.log(1 - p + 1e-9))
        d = 4 * (p - labels)
        dh = d @ V.T * (h < 1)
        return loss, (rows.T @ dh, h.T @ d)

    return rectified, rng.normal(size=(4, 3)), rng.normal(size=(3, 2))


@pytest.mark.parametrize("seed", [4, 31, 35])
def test_a_small_number_that_counts_where_a_sigmoid_is_saturated_hides_no_mistake(seed):
    mistake, *others = gradtui.check(*of_logits(seed))

    assert mistake.fix == "dh = d @ V.T * (h > 0)"
    assert [one.severity for one in others] == ["info"]
    assert "the gradient of V leaves out the 1e-9" in others[0].message


@pytest.mark.parametrize(("near", "exact", "right"), [
    (True, False, False),
    (True, True, True),
    (False, False, True),
])  # fmt: skip
def test_what_is_exact_near_the_arguments_may_be_approximate_beyond_them(near, exact, right):
    true = np.array([1.0, -2.0, 4.0])
    beyond = np.array([0.0, 0.0, 0.0 if near else 9.0])  # the largest error stays as it is
    before, after = true + beyond + [3.0, 0, 0], true + beyond + [1e-15, 0, 0]

    assert is_approached(before, after, true, near=near, exact=exact) == right


@pytest.mark.parametrize(("beside", "right"), [(0.0, True), (1e-5, True), (0.1, False)])
def test_a_gradient_may_be_wrong_only_far_from_the_arguments(beside, right):
    points = point(0.0, near=True), point(0.5, near=False), point(beside, near=True)

    assert is_right_near("x", points) == right


@pytest.mark.parametrize(("beside", "far", "found"), [
    (0.0, 3e-3, 3e-3),
    (0.0, 0.1, None),
    (1e-5, 3e-3, None),
    (0.0, 0.0, None),
])  # fmt: skip
def test_a_gradient_may_be_approximate_only_far_from_the_arguments(beside, far, found):
    points = point(0.0, near=True), point(far, near=False), point(beside, near=True)

    told = approximate_far("x", points)
    assert told is None if found is None else told == pytest.approx(found)


def test_a_limit_for_large_numbers_is_a_note():
    def limited(z):
        far = z > 2
        size = np.exp(-z * z / 2)
        loss = np.where(far, np.log(np.abs(z) + 9) + z * z, np.log(size + 1))
        return np.sum(loss), {"z": np.where(far, 2 * z + 0.1, -z * size / (size + 1))}

    (found,) = gradtui.check(limited, z=np.array([0.3, -0.2, 0.6]))
    assert found.severity == "info" and "it is right near the given arguments" in found.message
