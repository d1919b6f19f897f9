"""Gradients by symmetric matrices that stand inside an argument."""

import numpy as np
import pytest

import gradtui


def errors(code, *args):
    return [one.target for one in gradtui.check(code, *args) if one.severity == "error"]


RNG = np.random.default_rng(5)
ROOT = RNG.normal(size=(3, 4))
PRECISION = ROOT @ ROOT.T / 4 + 2 * np.eye(3)
H = RNG.normal(size=3)
NATURAL = np.concatenate([H, -0.5 * PRECISION.reshape(9)])
OTHER = np.concatenate([H, -0.5 * (PRECISION + np.triu(RNG.normal(size=(3, 3)), 1)).reshape(9)])


def partition(slope):
    """Return h @ S @ h / 2 for the covariance S, whose slope by -P/2 is (S h)(S h)ᵀ."""

    def case(natural):
        h, precision = natural[:3], -2 * natural[3:].reshape(3, 3)
        inverse = np.linalg.inv(precision)
        covariance = (inverse + inverse.T) / 2
        mean = covariance @ h
        return h @ mean / 2, np.concatenate([mean, slope(mean, covariance).reshape(9)])

    return case


def right(mean, covariance):
    return np.outer(mean, mean)


def test_a_gradient_that_is_right_for_symmetric_matrices_gives_a_note():
    (found,) = gradtui.check(partition(right), NATURAL)
    assert (found.rule, found.severity, found.target) == ("relies-on-data", "info", "natural")
    assert found.message.startswith(
        "the gradient of natural is right only where the matrices inside natural are symmetric, as "
        "those given: elsewhere natural["
    )
    assert found.evidence["claimed"] != pytest.approx(found.evidence["true"], rel=1e-3)


@pytest.mark.parametrize(
    "slope",
    [
        lambda mean, covariance: np.outer(mean, mean) / 2,
        lambda mean, covariance: -np.outer(mean, mean),
        lambda mean, covariance: covariance,
        lambda mean, covariance: np.outer(mean, H),
        lambda mean, covariance: np.triu(2 * np.outer(mean, mean), 1) + np.diag(mean**2),
    ],
)
@pytest.mark.usefixtures("unsearched")
def test_one_that_is_wrong_for_symmetric_matrices_is_an_error(slope):
    assert errors(partition(slope), NATURAL) == ["natural"]


@pytest.mark.usefixtures("unsearched")
def test_with_a_matrix_that_is_not_symmetric_the_same_gradient_is_wrong():
    assert errors(partition(right), OTHER) == ["natural"]


def test_a_missing_transpose_is_an_error_where_nothing_makes_the_matrix_symmetric():
    def case(x):
        inverse = np.linalg.inv(x.reshape(3, 3))
        first = inverse @ H
        return H @ first / 2, -np.outer(first, first).reshape(9) / 2

    assert errors(case, PRECISION.reshape(9)) == ["x"]


def test_elements_that_happen_to_be_equal_are_told_apart():
    def case(x):
        return np.sum(x * np.array([1.0, 2.0, 3.0, 4.0])), np.array([1.0, 3.0, 2.0, 4.0])

    assert errors(case, np.array([1.0, 0.7, 0.7, 2.0])) == ["x"]


def test_matrices_of_a_batch_stay_symmetric_too():
    batch = np.stack([NATURAL, 1.5 * NATURAL])

    def case(natural):
        h, precision = natural[:, :3], natural[:, 3:].reshape(2, 3, 3) * -2
        inverse = np.linalg.inv(precision)
        covariance = (inverse + inverse.swapaxes(1, 2)) / 2
        mean = (covariance @ h[:, :, None])[:, :, 0]
        by_matrix = mean[:, :, None] * mean[:, None, :]
        return np.sum(h * mean) / 2, np.concatenate([mean, by_matrix.reshape(2, 9)], axis=1)

    (found,) = gradtui.check(case, batch)
    assert (found.rule, found.severity) == ("relies-on-data", "info")


TURNED = RNG.normal(size=(3, 3))
EVEN, UNEVEN = TURNED + TURNED.T, TURNED + 3 * np.eye(3)


def by_determinant(turned):
    def case(W):
        inverse = np.linalg.inv(W)
        return np.linalg.slogdet(W)[1], inverse.T if turned else inverse

    return case


@pytest.mark.parametrize("given", [EVEN, EVEN @ EVEN])
def test_a_missing_transpose_that_a_given_symmetric_matrix_hides_gives_a_note(given):
    (found,) = gradtui.check(by_determinant(turned=False), given)
    assert (found.rule, found.severity, found.target) == ("relies-on-data", "info", "W")
    assert found.message.startswith(
        "the gradient of W is right only where W is symmetric, as given: elsewhere W["
    )
    assert errors(by_determinant(turned=False), UNEVEN) == ["W"]


@pytest.mark.parametrize("given", [EVEN, EVEN @ EVEN, UNEVEN])
def test_a_transpose_that_no_symmetric_matrix_needs_gives_no_note(given):
    assert gradtui.check(by_determinant(turned=True), given) == []


def lower_half(W):
    half = np.tril(W)
    return (half**2).sum(), 2 * half


def test_a_gradient_of_one_triangle_of_a_symmetric_matrix_gives_no_note():
    assert gradtui.check(lower_half, EVEN) == []
