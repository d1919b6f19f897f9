"""Products with a stack of matrices that were left out."""

import numpy as np
import pytest

from planted import Planted, repaired

RNG = np.random.default_rng(19)
V, MIXED = RNG.normal(size=(2, 3, 4)), RNG.random((2, 3, 3))


def attended(V):
    y = MIXED @ V
    arriving = y**2
    d = MIXED.swapaxes(-1, -2) @ arriving
    return np.sum(y**3) / 3, d


MISTAKES = [(attended, "d = MIXED.swapaxes(-1, -2) @ arriving", "d = arriving")]


@pytest.mark.parametrize(("function", "old", "new"), MISTAKES)
def test_a_value_is_multiplied_by_a_stack_of_matrices(function, old, new, tmp_path):
    planted = Planted(__file__, tmp_path, {"V": V})
    at, wrong = planted.line(old), planted.wrong(old, new)

    (found,) = planted.errors(wrong, function.__name__)

    assert found.replaces == (at, at)
    assert planted.errors(repaired(wrong, found), function.__name__) == []
