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


MISTAKES = [
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
    planted = Planted(__file__, tmp_path, {"steps": RNG.normal(size=5)})
    wrong = planted.wrong(old, new)

    (found,) = planted.errors(wrong, case.__name__)

    assert (found.line, found.fix) == (planted.line(old), old)
    assert planted.errors(repaired(wrong, found), case.__name__) == []
