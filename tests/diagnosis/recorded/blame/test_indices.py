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


def along(steps):
    ahead = np.cumsum(WEIGHTS[::-1])[::-1]
    d = np.zeros(5)
    d[:4] = 2 * steps[:4] * (WEIGHTS[:4] + ahead[1:])
    d[4] = 2 * steps[4] * WEIGHTS[4]
    return np.sum(WEIGHTS * np.cumsum(steps**2)), d


MISTAKES = [
    (lengths, "slopes[i:, i] = 2 * steps[i]", "slopes[i, i] = 2 * steps[i]"),
    (
        along,
        "d[:4] = 2 * steps[:4] * (WEIGHTS[:4] + ahead[1:])",
        "d[:4] = 2 * steps[:4] * (WEIGHTS[:4] + ahead[1])",
    ),
]


@pytest.mark.parametrize(("case", "old", "new"), MISTAKES)
def test_an_index_stands_for_all_from_it_on(case, old, new, tmp_path):
    planted = Planted(__file__, tmp_path, {"steps": RNG.normal(size=5)})
    wrong = planted.wrong(old, new)

    (found,) = planted.errors(wrong, case.__name__)

    assert (found.line, found.fix) == (planted.line(old), old)
    assert planted.errors(repaired(wrong, found), case.__name__) == []
