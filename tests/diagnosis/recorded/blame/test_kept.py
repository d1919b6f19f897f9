"""What one half keeps in a list tells in which order the other half restores it."""

import numpy as np
import pytest

from planted import Planted, repaired

RNG = np.random.default_rng(9)
ARRAYS = {"w": RNG.normal(size=4), "u": RNG.normal(size=4)}


def chain(w, u):
    x, kept = np.full(4, 0.3), []
    for _ in range(3):
        p = np.sin(x * w)
        q = np.cos(x * u)
        kept.append((x, p, q))
        x = p * q
    dw, du, dx = np.zeros(4), np.zeros(4), 2 * x
    for t in (2, 1, 0):
        x, p, q = kept[t]
        dp, dq = dx * q * np.cos(x * w), -dx * p * np.sin(x * u)
        dw += dp * x
        du += dq * x
        dx = dp * w + dq * u
    return np.sum((np.array(kept[-1][1]) * kept[-1][2]) ** 2), dw, du


MISTAKES = [("x, p, q = kept[t]", "x, q, p = kept[t]")]


@pytest.mark.parametrize(("right", "jumbled"), MISTAKES)
def test_the_line_that_restores_it_in_another_order_is_wrong(right, jumbled, tmp_path):
    planted = Planted(__file__, tmp_path, ARRAYS)
    wrong = planted.wrong(right, jumbled)

    (found,) = planted.errors(wrong, "chain")

    assert (found.line, found.fix) == (planted.line(right), right)
    assert "instead" not in found.message
    assert planted.errors(repaired(wrong, found), "chain") == []
