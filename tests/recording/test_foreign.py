"""SciPy's functions in a recorded run, however they are named, called and given their numbers."""

import numpy as np
import pytest
from scipy import linalg, ndimage, special, stats
from scipy.spatial import distance
from scipy.special import logsumexp

from gradtui.recording.tape import Call
from recorded_gradients import assert_known, gradient, recorded

A = np.array([[2.0, 0.3, -0.4], [0.5, 1.5, 0.2], [-0.4, 0.6, 1.8]])


class Layer:
    """A layer that holds functions as attributes of its class."""

    pooled = staticmethod(logsumexp)
    noise = stats.norm

    def forward(self, a):
        return self.pooled(a, axis=1) + self.noise.pdf(a[0])


def pooled(a, function=special.logsumexp, *, squashing=special.softmax):
    return function(a, axis=1) * squashing(a[0])


HELD = {
    "the attribute of a class": Layer().forward, "a default": pooled,
    "a list of numbers": lambda a: special.expit([a[0, 0], a[1, 1], 0.5]),
    "a list of arrays": lambda a: logsumexp([a[0], a[1]], axis=0),
}  # fmt: skip


@pytest.mark.parametrize("name", HELD)
def test_a_function_is_known_wherever_it_is_held_and_what_it_is_given(name):
    assert_known(HELD[name], A)


def test_functions_are_put_back_where_they_were():
    before = vars(Layer)["pooled"], pooled.__defaults__
    gradient(lambda a: np.sum(Layer().forward(a) + pooled(a)), A)
    assert (vars(Layer)["pooled"], pooled.__defaults__) == before


def solved_in_place(a):
    b = a[0].copy()
    linalg.solve_triangular(a, b, overwrite_b=True)
    return b


def factored_in_place(a):
    b = np.asfortranarray(a @ a.T)
    factor = linalg.cholesky(b, overwrite_a=True, check_finite=False)
    return factor + b


def blurred_into(a):
    out = np.zeros((3, 3))
    ndimage.gaussian_filter(a, 1.0, output=out)
    return out


@pytest.mark.parametrize("function", [solved_in_place, factored_in_place, blurred_into])
def test_what_a_function_writes_into_its_arrays_is_recorded(function):
    def loss(a):
        return np.sum(np.sin(function(a)) * A.T)

    found = gradient(loss, A, function)

    step = 1e-6 * np.eye(9).reshape(9, 3, 3)
    expected = [(loss(A + one) - loss(A - one)) / 2e-6 for one in step]
    np.testing.assert_allclose(found.ravel(), expected, rtol=1e-5, atol=1e-8)


def test_a_number_of_pythons_and_the_parts_of_a_result_are_recorded():
    x = np.array([3.0, 4.0, 1.0])
    assert gradient(lambda a: distance.euclidean(a[:2], np.zeros(2)), x).tolist() == pytest.approx(
        [0.6, 0.8, 0]
    )
    found = gradient(lambda a: stats.pearsonr(a, A[0]).statistic, x)
    assert found @ (x - x.mean()) == pytest.approx(0, abs=1e-8)  # it does not depend on the scale


def test_a_function_of_lapacks_has_its_name():
    result = recorded(lambda a: linalg.lapack.dpotrf(a @ a.T)[0], A)
    assert [one.name for one in result.tape.nodes if isinstance(one, Call)] == ["@", "scipy.dpotrf"]


def test_a_call_that_scipy_refuses_raises_its_own_message():
    with pytest.raises(TypeError, match="cholesky"):
        gradient(lambda a: linalg.cholesky(a, lowest=True)[0, 0], A)


def test_what_is_made_of_plain_numbers_takes_part():
    found = gradient(lambda a: linalg.toeplitz([1.0, 2.0, 3.0]).dot(a)[0], A[0])
    assert found.tolist() == [1, 2, 3]
