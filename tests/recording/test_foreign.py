"""SciPy's functions in a recorded run, however they are named, called and given their numbers."""

import numpy as np
import pytest
from scipy import linalg, ndimage, stats
from scipy.spatial import distance

from recorded_gradients import gradient

A = np.array([[2.0, 0.3, -0.4], [0.5, 1.5, 0.2], [-0.4, 0.6, 1.8]])


def blurred_into(a):
    out = np.zeros((3, 3))
    ndimage.gaussian_filter(a, 1.0, output=out)
    return out


def factored_by_lapack(a):
    linalg.lapack.dpotrf(b := np.asfortranarray(a @ a.T), lower=1, overwrite_a=1)
    return b


@pytest.mark.parametrize("function", [blurred_into, factored_by_lapack])
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
