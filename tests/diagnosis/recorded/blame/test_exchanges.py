"""Indices that stand in one another's places."""

import numpy as np
import pytest

from planted import Planted, repaired

RATES = np.random.default_rng(8).normal(size=(4, 3))


def pooled(rates):
    loss, d = 0.0, np.zeros(rates.shape)
    for i in range(3):
        for j in range(2):
            rows, columns = slice(i, i + 2), slice(j, j + 2)
            loss += np.max(rates[rows, columns]) ** 2
            window = rates[i : i + 2, j : j + 2]
            most = np.max(window)
            d[i : i + 2, j : j + 2] += 2 * most * (window == most)
    return loss, d


def cropped(rates):
    wide = np.pad(rates**2, 2)
    d = np.zeros(wide.shape)
    d += 3 * wide**2
    inner = d[2:-2, 2:-2]
    return np.sum(wide**3), inner * 2 * rates


MISTAKES = [
    (pooled, "window = rates[i : i + 2, j : j + 2]", "window = rates[j : j + 2, i : i + 2]"),
    (cropped, "inner = d[2:-2, 2:-2]", "inner = d[4:, 2:-2]"),
]


@pytest.mark.parametrize(("case", "old", "new"), MISTAKES)
def test_they_are_put_in_order(case, old, new, tmp_path):
    planted = Planted(__file__, tmp_path, {"rates": RATES})
    wrong = planted.wrong(old, new)

    (found,) = planted.errors(wrong, case.__name__)

    assert (found.line, found.fix) == (planted.line(old), old)
    assert planted.errors(repaired(wrong, found), case.__name__) == []
