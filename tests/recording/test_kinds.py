"""NumPy's classes of numbers convert recorded numbers without losing them."""

import numpy as np
import pytest
from numpy import float64

import gradtui

X = np.array([0.3, -0.7, 1.2])

CONVERTED = {
    "np.float64": lambda v: np.float64(v),
    "an imported class": lambda v: float64(v),
    "np.float32": lambda v: np.float32(v),
    "np.double": lambda v: np.double(v),
    "np.float64 and item": lambda v: np.float64(v).item(),
    "float": lambda v: float(v),
    "float and item": lambda v: float(v.item()),
    "float of a float": lambda v: np.float64(float(float(v))),
}


@pytest.mark.parametrize("convert", CONVERTED.values(), ids=CONVERTED)
def test_a_converted_number_is_recorded(convert):
    def case(x):
        return sum(v * v + convert(v) for v in x), {"x": 2 * x + 1}

    def wrong(x):
        return sum(v * v + convert(v) for v in x), {"x": 2 * x}

    assert gradtui.check(case, x=X) == []
    (found,) = gradtui.check(wrong, x=X)
    assert (found.severity, found.rule) == ("error", "missing-path")


def test_a_class_passes_for_the_one_that_it_stands_for():
    def case(x):
        v = x[0]
        assert isinstance(v, np.float64)
        assert type(v) is np.float64
        assert x.dtype == np.float64
        assert np.issubdtype(x.dtype, np.float64)
        assert np.zeros(2, np.float32).dtype == "float32"
        assert x.astype(np.float32).dtype == np.float32
        assert np.finfo(np.float32).eps == 2.0**-23
        assert np.float64("2.5") == 2.5
        assert np.float64([1.0, 2.0]).shape == (2,)
        assert {np.float64: "double"}[x.dtype.type] == "double"
        assert issubclass(np.float64, np.float64)
        assert issubclass(np.float32, np.floating)
        assert not issubclass(np.float32, float)
        return np.sum(x**2), {"x": 2 * x}

    assert gradtui.check(case, x=X) == []
