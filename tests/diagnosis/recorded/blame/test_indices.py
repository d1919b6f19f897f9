"""Mistakes in indices."""

import numpy as np
import pytest

from planted import Planted, repaired

RNG = np.random.default_rng(8)
WEIGHTS = RNG.normal(size=5)
X, OWN = RNG.normal(size=(6, 4)), np.array([2, 0, 1, 2, 1, 0])
ARRAYS = {"steps": RNG.normal(size=5), "rates": RNG.normal(size=(4, 3))}


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


def places(steps):
    inner, turned = np.pad(steps, 2)[1:-1], steps[0:4:2]
    some = np.take(steps, [1, 3])
    kept = [np.sin(steps), np.cos(steps), np.ones(5), np.exp(steps)]
    d, wide = np.zeros(5), np.zeros(9)
    wide[1:-1] = np.array([1, 2, 3, 4, 5, 6, 7.0])
    d += wide[2:-2]
    d[0:4:2] += 2 * turned
    d[[1, 3]] += 3 * some**2
    for i in (1, 2, 3):
        d += kept[i - 1] * WEIGHTS
    sums = np.sum(WEIGHTS * (kept[1] * -1 + kept[0] + steps))
    return inner @ wide[1:-1] + np.sum(turned**2) + np.sum(some**3) + sums, d


def margins(rates):
    loss, d = 0.0, np.zeros(rates.shape)
    for i in range(6):
        scores = X[i] @ rates
        for j in range(3):
            if j != OWN[i] and scores[j] - scores[OWN[i]] + 1 > 0:
                loss += scores[j] - scores[OWN[i]] + 1
                d[:, j] += X[i]
                d[:, OWN[i]] -= X[i]
    return loss, d


MISTAKES = [
    (margins, "d[:, OWN[i]] -= X[i]", "d[:, j] -= X[i]"),
    (margins, "d[:, j] += X[i]", "d[:, OWN[i]] += X[i]"),
    (places, "d += wide[2:-2]", "d += wide[1:-3]"),
    (places, "d[0:4:2] += 2 * turned", "d[1:5:2] += 2 * turned"),
    (places, "d[[1, 3]] += 3 * some**2", "d[[1, 4]] += 3 * some**2"),
    (places, "d += kept[i - 1] * WEIGHTS", "d += kept[i - 2] * WEIGHTS"),
    (lengths, "slopes[i:, i] = 2 * steps[i]", "slopes[i, i] = 2 * steps[i]"),
    (
        along,
        "d[:4] = 2 * steps[:4] * (WEIGHTS[:4] + ahead[1:])",
        "d[:4] = 2 * steps[:4] * (WEIGHTS[:4] + ahead[1])",
    ),
]


@pytest.mark.parametrize(("case", "old", "new"), MISTAKES)
def test_the_right_index_is_told(case, old, new, tmp_path):
    planted = Planted(__file__, tmp_path, ARRAYS)
    wrong = planted.wrong(old, new)

    (found,) = planted.errors(wrong, case.__name__)

    assert (found.line, found.fix) == (planted.line(old), old)
    assert planted.errors(repaired(wrong, found), case.__name__) == []
