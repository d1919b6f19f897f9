import numpy as np

from gradtui.engine.casting import cast


def test_numbers_of_the_type_are_not_copied():
    values = np.array([1.0, 2.0])
    assert cast(values, "float64") is values
    assert cast(values, "float32").dtype == np.float32


def test_a_number_beyond_the_type_is_infinite_without_a_warning():
    assert cast([1e39, -1e39, 1.5], "float32").tolist() == [np.inf, -np.inf, 1.5]
