"""SciPy's distributions in a recorded run."""

import numpy as np
import pytest
from scipy import stats
from scipy.stats import norm

import gradtui
from findings import line_of, only
from recorded_gradients import assert_known, gradient, recorded

A = np.array([[0.3, -0.8], [1.4, 0.6]])
FUNCTIONS = {
    **{name: lambda a, name=name: getattr(norm, name)(a)
       for name in ("pdf", "logpdf", "cdf", "logcdf", "sf", "logsf")},
    "location and scale": lambda a: stats.norm.logpdf(a, loc=a[0], scale=np.exp(a[1])),
    "frozen": lambda a: norm(a[0], scale=2.0).cdf(a),
    "of a list": lambda a: norm.pdf([a[0, 0], 1.0], a[0]),
}  # fmt: skip


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_of_the_normal_distribution_is_known(name):
    assert_known(FUNCTIONS[name], A)


SPREAD = np.array([[1.2, 0.3], [0.3, 0.8]])
MULTIVARIATE = {
    "of several points": (lambda a: stats.multivariate_normal.logpdf(a, [0.5, 1.0], SPREAD), A),
    "of a mean": (lambda m: stats.multivariate_normal.pdf(A, m, 0.7), A[0]),
    "frozen": (lambda a: stats.multivariate_normal(a, SPREAD).pdf(A[1]), A[0]),
    "of variances": (lambda s: stats.multivariate_normal.logpdf(A[1], A[0], s), A[1]),
    "of a covariance": (lambda s: stats.multivariate_normal.logpdf(A[1], A[0], s), SPREAD),
    "of single numbers": (lambda a: stats.multivariate_normal.pdf(a, 0.2, 1.5), A[0]),
}


@pytest.mark.parametrize("name", MULTIVARIATE)
def test_the_density_of_a_multivariate_normal_distribution_is_known(name):
    assert_known(*MULTIVARIATE[name])


def test_a_singular_covariance_stays_opaque():
    """On the line of its ones the density of (a, a) is that of a normal one of variance 2."""

    def density(a):
        ones = np.ones((2, 2))
        return stats.multivariate_normal.pdf(a * np.ones(2), None, ones, allow_singular=True)

    known = np.exp(-0.49 / 2) / np.sqrt(4 * np.pi)
    assert float(recorded(density, np.array(0.7)).returned) == pytest.approx(known, rel=1e-12)


def test_a_density_far_from_its_mean_is_differenced_well():
    """The logarithm of exp(-x^2 / 2s^2) has the slope -x / s^2, here -1,500: s is 0.02."""
    found = gradient(lambda x: np.log(stats.halfnorm.pdf(x, 0.0, 0.02)), np.array(0.6))
    assert found == pytest.approx(-1500, rel=1e-9)


def test_another_distribution_is_opaque():
    """The density of the exponential distribution is a exp(-a x), as that of gamma with shape 1."""
    found = gradient(lambda a: stats.gamma(1.0, scale=1 / a).logpdf(2.0), np.array(0.8))
    assert found == pytest.approx(1 / 0.8 - 2, rel=1e-8)


class Exponential(stats.rv_continuous):
    """A distribution of the user's own."""

    def _pdf(self, x):
        return np.exp(-x)


EXPONENTIAL = Exponential(a=0.0)


def test_a_distribution_of_the_users_own_is_opaque():
    found = gradient(lambda a: EXPONENTIAL.pdf(a), np.array(0.8))
    assert found == pytest.approx(-np.exp(-0.8), rel=1e-8)


def test_a_distribution_has_the_attributes_and_types_of_its_own():
    def loss(a):
        assert norm.pdf(a.astype(np.float32)).dtype == np.float64
        return np.sum(stats.multivariate_normal([3.0, 4.0]).mean * a)

    assert gradient(loss, np.ones(2)).tolist() == [3, 4]


def test_a_distribution_draws_as_before():
    np.random.seed(3)
    expected = norm.rvs(size=2)

    def drawn(a):
        np.random.seed(3)
        return np.sum(norm.rvs(size=2) * a)

    np.testing.assert_array_equal(gradient(drawn, np.ones(2)), expected)


def improvement(mu, s):
    """The expected improvement over 0, whose slope by mu is the probability."""
    z = mu / s
    loss = np.sum(mu * norm.cdf(z) + s * norm.pdf(z))
    return loss, {"mu": norm.pdf(z), "s": norm.pdf(z)}


def test_a_density_for_a_probability_is_named():
    finding = only(gradtui.check(improvement, mu=A[0], s=A[1]))
    assert finding.line == line_of(improvement, 4)
    assert finding.fix == 'return loss, {"mu": norm.cdf(z), "s": norm.pdf(z)}'
