"""Functions that NumPy lacks, at the ends of the range."""

import math

import numpy as np
import pytest

from gradtui.engine.kernels import (
    erf,
    gelu,
    largest,
    one_hot,
    raised,
    relu,
    sigmoid,
    softplus,
    take,
)

FAR = np.array([-1000.0, 0.0, 1000.0])


def test_no_exponential_overflows():
    assert sigmoid(FAR).tolist() == [0.0, 0.5, 1.0]
    assert softplus(FAR).tolist() == [0.0, math.log(2), 1000.0]
    assert relu(FAR).tolist() == [0.0, 0.0, 1000.0]
    assert gelu(FAR)[1:].tolist() == [0.0, 1000.0]


def test_the_error_function_is_the_standard_librarys():
    assert erf(np.array([-0.5, 0.0, 2.0])).tolist() == [math.erf(-0.5), 0.0, math.erf(2.0)]


@pytest.mark.parametrize(
    ("base", "power", "expected"),
    [(2.0, 10.0, 1024.0), (0.0, -1.0, math.inf), (10.0, 400.0, math.inf), (-2.0, 3.0, -8.0)],
)
def test_a_power_too_large_is_infinite(base, power, expected):
    with np.errstate(all="ignore"):
        assert raised(base, power) == expected


def test_a_root_of_a_negative_number_is_none():
    with np.errstate(all="ignore"):
        assert math.isnan(raised(-2.0, 0.5))


def test_a_label_that_is_no_class_is_none():
    found = one_hot(np.array([1.0, 5.0]), 3)
    assert found[0].tolist() == [0, 1, 0] and np.isnan(found[1]).all()
    rows = take(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([1.0, -1.0]), 2, 1)
    assert rows[0].tolist() == [3, 4] and np.isnan(rows[1]).all()


def test_the_largest_of_nothing_is_less_than_any():
    assert largest(np.empty((2, 0)), (-1,), False).tolist() == [-np.inf, -np.inf]
