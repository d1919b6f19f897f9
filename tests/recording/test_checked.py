import numpy as np
import pytest

from gradtui.recording.checked import checked


def scatter(values):
    found = np.zeros((2, 3))
    np.add.at(found, (slice(None), np.array([0, 0, 2])), values)
    return found


def test_values_of_more_axes_than_are_indexed_are_refused_while_edited_code_runs():
    module = np
    with checked(scatter):
        assert np.array_equal(scatter(1.0), [[2, 0, 1], [2, 0, 1]])
        assert np.add(1, 2) == 3 and np.add.reduce([1, 2]) == 3
        with pytest.raises(ValueError, match="more axes"):
            scatter(np.ones((1, 1, 2, 3)))
    assert np is module and isinstance(np.add, np.ufunc)
