"""Mistakes in indices."""

import numpy as np
import pytest

from planted import Planted, repaired

RNG = np.random.default_rng(8)
WEIGHTS = RNG.normal(size=5)


def lengths(steps):
    along, slopes = np.cumsum(steps**2), np.zeros((5, 5))
    for i in range(5):
        slopes[i:, i] = 2 * steps[i]
    return np.sum(WEIGHTS * along), WEIGHTS @ slopes


MISTAKES = [("slopes[i:, i] = 2 * steps[i]", "slopes[i, i] = 2 * steps[i]")]


@pytest.mark.parametrize(("old", "new"), MISTAKES)
def test_an_index_stands_for_all_from_it_on(old, new, tmp_path):
    planted = Planted(__file__, tmp_path, {"steps": RNG.normal(size=5)})
    wrong = planted.wrong(old, new)

    (found,) = planted.errors(wrong, "lengths")

    assert (found.line, found.fix) == (planted.line(old), old)
    assert planted.errors(repaired(wrong, found), "lengths") == []
