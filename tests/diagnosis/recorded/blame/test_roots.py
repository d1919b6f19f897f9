"""A square root that the forward pass takes is likelier missing than another name."""

import numpy as np
import pytest

from planted import Planted, repaired

RNG = np.random.default_rng(4)
ARRAYS = {"Q": RNG.normal(size=(3, 4))}


def scores(Q):
    n, width = Q.shape
    far = Q / np.sqrt(width)
    d = 2 * far
    d = d / np.sqrt(width) + 0.0 * (n - 1)
    return np.sum(far**2), d


MISTAKES = [("d = d / np.sqrt(width) +", "d = d / width +")]


@pytest.mark.parametrize(("right", "mistaken"), MISTAKES)
def test_the_root_is_put_back(right, mistaken, tmp_path):
    planted = Planted(__file__, tmp_path, ARRAYS)
    wrong = planted.wrong(right, mistaken)

    (found,) = planted.errors(wrong, "scores")

    assert found.fix.startswith(right)
    assert planted.errors(repaired(wrong, found), "scores") == []
